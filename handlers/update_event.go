package handlers

import (
	"context"
	"log/slog"

	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/maillog"
)

// UpdateRequest is the data of update-event: a request, and, when creating found the event, what it found.
type UpdateRequest struct {
	RequestRead
	Created struct {
		Done invite.Created `json:"done"`
	} `json:"created"`
}

// EventUpdated is the answer of update-event.
type EventUpdated struct {
	invite.Updated
	FanOut string `json:"fan_out"` // name of the execution that tells the attendees
}

// updateEvent brings the record to the organizer's newest version. Only a real change raises our SEQUENCE; a re-sent or older
// request changes nothing.
func updateEvent(_ context.Context, a *app.App) any {
	service := a.Editor()
	return asStep(a, func(ctx context.Context, in UpdateRequest) (EventUpdated, error) {
		if in.Asked == nil {
			return EventUpdated{}, errNoRequest
		}
		uid := in.UID
		if found := in.Created.Done.Event.UID; found != "" {
			uid = found
		}
		updated, err := service.UpdateEvent(ctx, uid, *in.Asked)
		if err != nil {
			return EventUpdated{}, err
		}
		a.Log.Note(ctx, maillog.Updated, slog.String("message_id", in.Mail.MessageID), slog.String("event", uid), slog.String("result", updated.Result))
		updated.Event.Calendar = nil
		return EventUpdated{Updated: updated, FanOut: fanOutName(updated.Event)}, nil
	})
}
