package handlers

import (
	"context"
	"encoding/json"
	"log/slog"

	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/maillog"
)

// FeedbackEvent is the data of the workflow delivery-feedback: an event of SES as EventBridge hands it on.
type FeedbackEvent struct {
	Detail json.RawMessage `json:"detail"`
}

// FeedbackDone is what became of it: one result for each recipient that the event names.
type FeedbackDone struct {
	Results []invite.FeedbackRecorded `json:"results"`
}

// recordDeliveryFeedback notes in the attendees' records what SES reports about mails that were sent. A hard bounce and a complaint
// end further mail. Told again, an event changes nothing.
func recordDeliveryFeedback(_ context.Context, a *app.App) any {
	service := a.Editor()
	return asStep(a, func(ctx context.Context, event FeedbackEvent) (FeedbackDone, error) {
		done := FeedbackDone{Results: []invite.FeedbackRecorded{}}
		feedback, err := invite.ReadFeedback(event.Detail)
		if err != nil {
			return done, fault.Wrap(fault.InvalidRequest, "bad-feedback", err)
		}
		for _, f := range feedback {
			recorded, err := service.RecordFeedback(ctx, f)
			if err != nil {
				return done, err
			}
			a.Log.Note(ctx, maillog.Feedback, slog.String("kind", string(f.Kind)), slog.String("event", f.UID), slog.String("result", recorded.Result),
				slog.String("reason", recorded.Reason), maillog.Address("attendee", f.Email))
			done.Results = append(done.Results, recorded)
		}
		return done, nil
	})
}
