package handlers

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/maillog"
)

// fanOutName names the execution that tells the attendees about an event's revision, so that a repeat starts nothing.
func fanOutName(e invite.Event) string { return fmt.Sprintf("%s-%d", e.UID, e.Sequence) }

// FanOut is the data of the workflows event-update and event-cancellation.
type FanOut struct {
	UID      string `json:"uid"`
	Sequence int    `json:"sequence"` // the revision that started it; a newer one is told of by its own fan-out
	// Execution is the execution's name where it is not the first for its revision (fanOutName).
	Execution string `json:"execution"`
	Staged    struct {
		Done Staged `json:"done"`
	} `json:"staged"` // by the pass before
}

// Staged is the answer of the steps that list an event's attendees for a fan-out.
type Staged struct {
	Count       int    `json:"count"`  // attendees who do not hold the newest revision yet
	People      int    `json:"people"` // how many the first pass found
	Bucket      string `json:"bucket,omitempty"`
	List        string `json:"list,omitempty"` // key of the list, one JSON object (StagedAttendee) a line
	Concurrency int    `json:"concurrency"`
	Pass        int    `json:"pass"`      // from 1
	Wait        int    `json:"wait"`      // before the pass, in seconds
	Exhausted   bool   `json:"exhausted"` // there were as many passes as there may be
}

// StagedAttendee is an item of a fan-out's list.
type StagedAttendee struct {
	Email string `json:"email"`
}

// stageAttendees lists in S3 who does not hold the event's newest revision. Each pass stages again, so that the fan-out ends when
// everybody was reached, whatever failed on the way and whichever newer revision came in between.
func stageAttendees(a *app.App, kind invite.WorkKind) any {
	service, blobs := a.Events(), blobs(a)
	bucket, concurrency := a.Settings.Text("MAIL_BUCKET"), a.Settings.Count("FAN_OUT_CONCURRENCY")
	return asStep(a, func(ctx context.Context, in FanOut) (Staged, error) {
		staged := Staged{Bucket: bucket, Concurrency: concurrency, Pass: in.Staged.Done.Pass + 1}
		if staged.Pass > 1 {
			staged.Wait = passPause * (staged.Pass - 2)
		}
		staged.List = fmt.Sprintf("fan_outs/%s/%d/pass-%d.jsonl", in.UID, in.Sequence, staged.Pass)
		list := blobs.Create(ctx, bucket, staged.List, "application/jsonl")
		defer list.Abort()
		lines := json.NewEncoder(list)
		found, err := service.StageAttendees(ctx, in.UID, in.Sequence, func(email string) error { return lines.Encode(StagedAttendee{email}) })
		if err != nil {
			return staged, err
		}
		staged.Count, staged.People = found.Behind, found.Behind
		if staged.Pass > 1 {
			staged.People = in.Staged.Done.People
		}
		if found.Event.Sequence == in.Sequence {
			work := fanOutWork(kind, found, staged.People)
			work.Execution = cmp.Or(in.Execution, work.Execution)
			if err := service.NoteWork(ctx, work); err != nil {
				return staged, err
			}
		}
		a.Log.Note(ctx, maillog.Staged, slog.String("event", in.UID), slog.Int("attendees", staged.Count), slog.Int("pass", staged.Pass))
		if staged.Count == 0 {
			return staged, nil
		}
		staged.Exhausted = staged.Pass > maxPasses
		return staged, list.Close()
	})
}

// fanOutWork is what the event's page shows of a fan-out. It starts with its revision.
func fanOutWork(kind invite.WorkKind, found invite.Staging, people int) invite.Work {
	e := found.Event
	return invite.Work{
		UID: e.UID, Kind: kind, Workflow: "event-" + string(kind), Execution: fanOutName(e), Sequence: e.Sequence,
		People: people, Behind: found.Behind, OutOfDate: found.OutOfDate, Started: e.DTStamp,
	}
}

// FanOutBatch is what the Distributed Map hands to one of its children: what they share, and up to 89 attendees.
type FanOutBatch struct {
	BatchInput struct {
		UID      string `json:"uid"`
		Sequence int    `json:"sequence"`
	} `json:"BatchInput"`
	Items []StagedAttendee `json:"Items"`
}

// tellAttendees sends the event's newest revision to the attendees of a batch who do not hold it. What SES does not take for now
// makes the step fail, and the next run sends only that.
func tellAttendees(ctx context.Context, a *app.App) any {
	service := a.Updater(ctx)
	return asStep(a, func(ctx context.Context, batch FanOutBatch) (invite.UpdatesSent, error) {
		emails := make([]string, 0, len(batch.Items))
		for _, item := range batch.Items {
			emails = append(emails, item.Email)
		}
		sent, err := service.SendUpdates(ctx, batch.BatchInput.UID, batch.BatchInput.Sequence, emails)
		if err != nil {
			return sent, err
		}
		a.Log.Note(ctx, maillog.Updates, slog.String("event", batch.BatchInput.UID), slog.Any("sent", sent))
		return sent, nil
	})
}
