package handlers

import (
	"context"
	"log/slog"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/bulk"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/imip"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/mailauth"
	"github.com/calendarinvite/calendarinviteserver/internal/maillog"
)

// actionReport is the action of a BulkRead whose list has no row to send: only the report is due. The others are send, fail and ignore.
const (
	actionSend   = "send"
	actionReport = "report"
)

// BulkRead is what a mail to bulk@ asks for; it runs through the workflow bulk-invites.
type BulkRead struct {
	Action string        `json:"action"`           // send, report, fail or ignore
	Reason string        `json:"reason,omitempty"` // why it failed or is ignored
	Public string        `json:"public,omitempty"` // the reason as a sentence for the sender
	Mail   invite.Mail   `json:"mail"`
	Sender Correspondent `json:"sender"`

	Owner       invite.Organizer `json:"owner"`
	Origin      string           `json:"origin"` // of the invitations: bulk, dashboard
	Again       bool             `json:"again"`  // invite.BatchRequest.Again
	Bucket      string           `json:"bucket"`
	Accepted    string           `json:"accepted"` // key of the rows to send, one JSON object (bulk.Item) a line
	Rejected    string           `json:"rejected"` // key of the others (bulk.Rejected)
	Results     string           `json:"results"`  // prefix of the results of the Distributed Map
	Concurrency int              `json:"concurrency"`
	Rows        int              `json:"rows"`
	File        string           `json:"file,omitempty"` // the list's name
}

// getNewBulkEventInvitesFromEmail reads a mail to bulk@: may its sender send lists, is a list in it, and which of its rows can be
// sent. The rows go to S3, the good ones and the others. Who may not send lists is not answered.
func getNewBulkEventInvitesFromEmail(_ context.Context, a *app.App) any {
	reader := bulkReader{
		policy:  mailauth.Policy{Gray: mailauth.Choice(a.Settings.Choice("DMARC_GRAY", string(mailauth.Accept), string(mailauth.Confirm))), OwnAddresses: a.OwnAddresses()},
		service: a.Events(), blobs: blobs(a), bucket: a.Settings.Text("MAIL_BUCKET"), own: a.OwnAddresses(), concurrency: a.Settings.Count("BULK_CONCURRENCY"),
	}
	return asStep(a, func(ctx context.Context, mail invite.Mail) (BulkRead, error) {
		read, err := reader.read(ctx, mail)
		if err != nil {
			return BulkRead{}, err
		}
		what := map[string]maillog.What{string(invite.ActionIgnore): maillog.Ignored, actionFail: maillog.Refused}[read.Action]
		if what == "" {
			what = maillog.Received
		}
		a.Log.Note(ctx, what, slog.String("message_id", mail.MessageID), slog.String("reason", read.Reason), slog.Int("rows", read.Rows),
			maillog.Address("from", read.Sender.Email))
		return read, nil
	})
}

// bulkReader reads mails with lists.
type bulkReader struct {
	policy      mailauth.Policy
	service     *invite.Service
	blobs       objects
	bucket      string
	own         []string
	concurrency int
}

func (b bulkReader) read(ctx context.Context, mail invite.Mail) (BulkRead, error) {
	raw, err := b.blobs.Get(ctx, mail.Bucket, mail.Key)
	if err != nil {
		return BulkRead{}, err
	}
	read := BulkRead{Action: string(invite.ActionIgnore), Mail: mail}
	message, unread := imip.Read(raw, imip.Limits{})
	if message == nil {
		read.Reason = fault.ReasonOf(unread)
		return read, nil
	}
	message.NullReturnPath = message.NullReturnPath || mail.Source == ""
	judged := mailauth.Judge(mail.Verdicts, message, b.policy)
	read.Reason = judged.Reason
	read.Sender = Correspondent{Email: judged.Person, Answer: judged.Answer, MessageID: message.MessageID, Subject: message.Subject}
	if !judged.Act && !judged.Hold {
		return read, nil
	}
	read.Owner, read.Origin = invite.Organizer{Tenant: mail.Tenant, Email: judged.Person}, invite.OriginBulk
	standings, err := b.service.Standings(ctx, read.Owner)
	switch {
	case err != nil:
		return read, err
	case standings.Bulk == 0:
		read.Reason = invite.ReasonNoBulk
		return read, nil
	case standings.Suspended != 0:
		return read.failed(fault.New(fault.NotAuthorized, invite.ReasonSuspended, "This account is suspended."))
	case judged.Hold: // a list is not held for a confirmation: it can be sent again from a provider that vouches for its sender
		return read.failed(fault.New(fault.NotAuthorized, judged.Reason, "Your mail provider does not vouch that this message is from you (DMARC), which this server asks for."))
	case unread != nil:
		return read.failed(unread)
	}
	return b.split(ctx, read, message)
}

// split checks every row and writes it to where it belongs.
func (b bulkReader) split(ctx context.Context, read BulkRead, message *imip.Message) (BulkRead, error) {
	part, err := bulk.Attachment(message)
	if err != nil {
		return read.failed(err)
	}
	rows, err := bulk.Rows(part.Body, bulk.Options{UID: uidIn(message.Subject), Charset: part.Params["charset"]})
	if err != nil {
		return read.failed(err)
	}
	stored := bulk.StoredAs(read.Mail.MessageID)
	read.File, read.Bucket, read.Concurrency = part.Filename, b.bucket, b.concurrency
	read.Accepted, read.Rejected, read.Results = stored.Accepted, stored.Rejected, stored.Results
	accepted := b.blobs.Create(ctx, b.bucket, read.Accepted, "application/jsonl")
	defer accepted.Abort()
	rejected := b.blobs.Create(ctx, b.bucket, read.Rejected, "application/jsonl")
	defer rejected.Abort()
	check := bulk.NewCheck(ownEvents{b.service, read.Owner}, read.Owner.Email, b.own...)
	summary, err := bulk.Split(ctx, rows, check, accepted, rejected)
	if err != nil {
		return read.failed(err)
	}
	if err := accepted.Close(); err != nil {
		return read, err
	}
	if err := rejected.Close(); err != nil {
		return read, err
	}
	read.Action, read.Reason, read.Rows = actionSend, "", summary.Rows
	if summary.Accepted == 0 {
		read.Action = actionReport
	}
	return read, noteLists(ctx, b.service, summary, read.Mail.MessageID, read.Mail.Received)
}

// maxNotedLists is for how many of its events a list is noted.
const maxNotedLists = 25

// noteLists notes for the events of a list that it is on its way.
func noteLists(ctx context.Context, service *invite.Service, summary bulk.Summary, execution string, at int64) error {
	uids := slices.Sorted(maps.Keys(summary.Events))
	for _, uid := range uids[:min(len(uids), maxNotedLists)] {
		work := invite.Work{UID: uid, Kind: invite.WorkList, Workflow: "bulk-invites", Execution: execution, People: summary.Events[uid], Started: at}
		if err := service.NoteWork(ctx, work); err != nil {
			return err
		}
	}
	return nil
}

// failed turns a permanent error into the way to the failure notification, if the sender may be answered.
func (r BulkRead) failed(err error) (BulkRead, error) {
	if !fault.KindOf(err).Permanent() {
		return BulkRead{}, err
	}
	r.Reason, r.Public = fault.ReasonOf(err), fault.PublicOf(err)
	r.Action = string(invite.ActionIgnore)
	if r.Sender.Answer {
		r.Action = actionFail
	}
	return r, nil
}

// ownEvents implements bulk.Events: a list concerns its sender's own events only (spec §2.4).
type ownEvents struct {
	service *invite.Service
	owner   invite.Organizer
}

func (o ownEvents) Event(ctx context.Context, uid string) (reason string, err error) {
	return o.service.MayInvite(ctx, o.owner, uid)
}

// uidIn is the first word of a subject that looks like an event's uid.
func uidIn(subject string) string {
	for _, word := range strings.Fields(subject) {
		word = strings.Trim(path.Base(word), "[]()<>.,:;")
		if uid, err := invite.ParseUID(word); err == nil && invite.LooksLikeUID(word) {
			return uid
		}
	}
	return ""
}
