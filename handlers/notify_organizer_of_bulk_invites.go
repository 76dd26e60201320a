package handlers

import (
	"context"
	"log/slog"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/bulk"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/imip"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/maillog"
	"github.com/calendarinvite/calendarinviteserver/internal/notify"
)

// A list that is not settled after a pass gets another one, after a pause that grows, up to maxPasses.
const (
	maxPasses = 6
	passPause = 20 // seconds
)

// BulkSent is the data of notify-organizer-of-bulk-invites: the list, and what the last pass over it left in S3.
type BulkSent struct {
	BulkRead
	Sent struct {
		ResultWriterDetails struct {
			Bucket string
			Key    string // of the manifest
		}
	} `json:"sent"`
	Report struct {
		Done BulkReported `json:"done"`
	} `json:"report"` // of the pass before
}

// BulkReported is the answer of notify-organizer-of-bulk-invites.
type BulkReported struct {
	Again   bool                  `json:"again"`   // another pass may send what this one did not; nobody was told anything yet
	Wait    int                   `json:"wait"`    // before it, in seconds
	Pass    int                   `json:"pass"`    // from 1
	Total   bulk.Tally            `json:"total"`   // rows by their result
	Limited []invite.Verification `json:"limited"` // the events that have used up their invitations, as event-invite names them
	Told    notify.Told           `json:"told"`
}

// notifyOrganizerOfBulkInvites adds up what became of every row, and mails the sender the status report with every row's outcome. As
// long as rows may still go out, it asks for another pass instead.
func notifyOrganizerOfBulkInvites(ctx context.Context, a *app.App) any {
	notifier, service, files := a.Notifier(), a.Events(), newReportFiles(ctx, a)
	return asStep(a, func(ctx context.Context, in BulkSent) (BulkReported, error) {
		reported := BulkReported{Pass: in.Report.Done.Pass + 1, Limited: []invite.Verification{}}
		key := "reports/bulk/" + in.Mail.MessageID + ".csv"
		csv := files.Create(ctx, files.bucket, key, "text/csv; charset=UTF-8")
		defer csv.Abort()
		outcome, err := bulk.Report(ctx, files, bulk.Files{
			Bucket: in.Bucket, Accepted: in.Accepted, Rejected: in.Rejected, Manifest: in.Sent.ResultWriterDetails.Key,
		}, csv)
		if err != nil {
			return reported, err
		}
		reported.Total = outcome.Total
		if outcome.Unsettled > 0 && reported.Pass < maxPasses {
			reported.Again, reported.Wait = true, passPause*reported.Pass
			a.Log.Note(ctx, maillog.Staged, slog.String("message_id", in.Mail.MessageID), slog.Int("unsettled", outcome.Unsettled), slog.Int("pass", reported.Pass))
			return reported, nil
		}
		if err := csv.Close(); err != nil {
			return reported, err
		}
		told, limited, err := tally(ctx, service, in, outcome)
		if err != nil {
			return reported, err
		}
		reported.Limited = limited
		if !in.Sender.Answer {
			return reported, nil
		}
		received := time.Unix(in.Mail.Received, 0)
		told.File = "results.csv"
		file, err := files.enclose(ctx, key, told.File, csv.Size(), received)
		if err != nil {
			return reported, err
		}
		told.Download, told.DownloadUntil = file.link, file.until
		reported.Told, err = send(ctx, a, notifier, notify.Answer{
			To: in.Sender.Email, MessageID: in.Mail.MessageID, InReplyTo: in.Sender.MessageID, Auto: imip.AutoReplied, Received: received,
			Tell: told, Attachments: file.attachments,
		})
		return reported, err
	})
}

// maxNamed is how many events of a list the report names; each costs a read, and the mail shows no more.
const maxNamed = 50

// tally is the outcome as the mail tells it, and the events that have reached their limit.
func tally(ctx context.Context, service *invite.Service, in BulkSent, outcome bulk.Outcome) (notify.BulkInvites, []invite.Verification, error) {
	told := notify.BulkInvites{Mailto: in.Sender.Email, Rows: outcome.Rows}
	limited := []invite.Verification{}
	rest := outcome.Total
	for i, of := range outcome.Events {
		event := notify.BulkEvent{UID: of.UID, Sent: of.Sent, Already: of.Already, Blocked: of.Blocked, Invalid: of.Invalid, Limit: of.Limit, Failed: of.Failed}
		rest = without(rest, of.Tally)
		if i < maxNamed {
			e, err := service.Event(ctx, in.Owner.Tenant, of.UID)
			if err != nil && fault.KindOf(err) != fault.NotFound {
				return told, nil, err
			}
			event.Summary = e.Summary
			if of.Limit > 0 && err == nil {
				limited = append(limited, invite.Verification{
					Verified: true, Request: invite.InviteRequest{ID: in.Mail.MessageID, UID: e.UID},
					Event: invite.Event{UID: e.UID, MailTo: e.MailTo, Summary: e.Summary, InviteLimit: e.InviteLimit},
				})
			}
		}
		told.Events = append(told.Events, event)
	}
	if rest != (bulk.Tally{}) {
		told.Events = append(told.Events, notify.BulkEvent{
			Sent: rest.Sent, Already: rest.Already, Blocked: rest.Blocked, Invalid: rest.Invalid, Limit: rest.Limit, Failed: rest.Failed,
		})
	}
	return told, limited, nil
}

func without(t, part bulk.Tally) bulk.Tally {
	return bulk.Tally{
		Sent: t.Sent - part.Sent, Already: t.Already - part.Already, Blocked: t.Blocked - part.Blocked,
		Invalid: t.Invalid - part.Invalid, Limit: t.Limit - part.Limit, Failed: t.Failed - part.Failed,
	}
}
