package handlers

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/mailauth"
	"github.com/calendarinvite/calendarinviteserver/internal/maillog"
)

// Mailbox is one address that receives mail (wiring.yaml, mailboxes).
type Mailbox struct {
	Prefix   string `json:"prefix"`   // of the object key; the message id follows
	Workflow string `json:"workflow"` // ARN of the state machine that its mail starts; empty: stored only
}

// Started is the answer of receive-mail: SES ignores it, a person reads it.
type Started struct {
	Mails []invite.Mail `json:"mails"` // those that started a workflow
}

// setupNotice is the message id of the object that SES writes when receiving is set up.
const setupNotice = "AMAZON_SES_SETUP_NOTIFICATION"

// receiveMail is invoked by SES after it has stored a mail. It starts the mailbox's workflow under the message id's name, so
// that a repeated delivery starts nothing. Only the SES event carries verdicts that a sender cannot forge; they go along as
// the execution's input.
func receiveMail(_ context.Context, a *app.App) any {
	bucket := a.Settings.Text("MAIL_BUCKET")
	var mailboxes map[string]Mailbox
	a.Settings.JSON("MAILBOXES", &mailboxes)
	var tenants map[string]string
	a.Settings.JSON("TENANTS", &tenants)
	tenant := a.Settings.Text("TENANT")
	flows := a.Flows()

	return asStep(a, func(ctx context.Context, event events.SimpleEmailEvent) (Started, error) {
		started := Started{Mails: []invite.Mail{}}
		for _, record := range event.Records {
			if record.SES.Mail.MessageID == setupNotice {
				a.Log.Note(ctx, maillog.Ignored, slog.String("reason", "ses-setup"))
				continue
			}
			for _, mail := range mailsOf(record.SES, mailboxes, tenants, tenant) {
				mail.Bucket = bucket
				workflow := mailboxes[mail.Mailbox].Workflow
				if workflow == "" {
					a.Log.Note(ctx, maillog.Ignored, slog.String("message_id", mail.MessageID), slog.String("mailbox", mail.Mailbox), slog.String("reason", "stored-only"))
					continue
				}
				if err := flows.Start(ctx, workflow, mail.MessageID, mail); err != nil {
					return started, err
				}
				a.Log.Note(ctx, maillog.Received, slog.String("message_id", mail.MessageID), slog.String("mailbox", mail.Mailbox), maillog.Address("source", mail.Source))
				started.Mails = append(started.Mails, mail)
			}
		}
		if len(event.Records) == 0 {
			return started, fault.New(fault.InvalidRequest, "no-records", "The event names no mail.")
		}
		return started, nil
	})
}

// mailsOf is one Mail for each of our mailboxes that the SES record names. Execution and event are named after the mail, so the same mailbox of
// a further tenant gets a mail of another name.
func mailsOf(record events.SimpleEmailService, mailboxes map[string]Mailbox, tenants map[string]string, tenant string) []invite.Mail {
	var mails []invite.Mail
	seen, named := map[string]bool{}, map[string]bool{}
	for _, recipient := range record.Receipt.Recipients {
		local, domain, _ := strings.Cut(strings.ToLower(recipient), "@")
		name, _, _ := strings.Cut(local, "+") // SES delivers create+label@ to create@ as well
		mailbox, ours := mailboxes[name]
		owner := tenants[domain]
		if owner == "" {
			owner = tenant
		}
		if !ours || seen[name+"@"+owner] {
			continue
		}
		seen[name+"@"+owner] = true
		id := record.Mail.MessageID
		if named[name] {
			id = furtherName(id, owner)
		}
		named[name] = true
		mails = append(mails, invite.Mail{
			MessageID:  id,
			Key:        mailbox.Prefix + record.Mail.MessageID,
			Mailbox:    name,
			Tenant:     owner,
			Domain:     domain,
			Recipients: record.Receipt.Recipients,
			Source:     record.Mail.Source,
			Received:   record.Receipt.Timestamp.Unix(),
			Verdicts: mailauth.Verdicts{
				SPF:         mailauth.Verdict(record.Receipt.SPFVerdict.Status),
				DKIM:        mailauth.Verdict(record.Receipt.DKIMVerdict.Status),
				DMARC:       mailauth.Verdict(record.Receipt.DMARCVerdict.Status),
				Spam:        mailauth.Verdict(record.Receipt.SpamVerdict.Status),
				Virus:       mailauth.Verdict(record.Receipt.VirusVerdict.Status),
				DMARCPolicy: record.Receipt.DMARCPolicy,
			},
		})
	}
	return mails
}

// furtherName names a mail for a further tenant: as long as SES's own names, and the same when SES delivers again.
func furtherName(messageID, tenant string) string {
	sum := sha256.Sum256([]byte(messageID + "\x00" + tenant))
	return hex.EncodeToString(sum[:20])
}
