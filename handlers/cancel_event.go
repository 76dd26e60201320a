package handlers

import (
	"context"
	"log/slog"

	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/maillog"
)

// EventCancelled is the answer of cancel-event.
type EventCancelled struct {
	invite.Cancelled
	FanOut string `json:"fan_out"` // name of the execution that tells the attendees
}

// cancelEvent marks the event, or one instance of it, as cancelled in the record. A second time changes nothing.
func cancelEvent(_ context.Context, a *app.App) any {
	service := a.Editor()
	return asStep(a, func(ctx context.Context, read RequestRead) (EventCancelled, error) {
		if read.Asked == nil {
			return EventCancelled{}, errNoRequest
		}
		cancelled, err := service.CancelEvent(ctx, read.UID, *read.Asked)
		if err != nil {
			return EventCancelled{}, err
		}
		a.Log.Note(ctx, maillog.Cancelled, slog.String("message_id", read.Mail.MessageID), slog.String("event", read.UID), slog.String("result", cancelled.Result))
		cancelled.Event.Calendar = nil
		return EventCancelled{Cancelled: cancelled, FanOut: fanOutName(cancelled.Event)}, nil
	})
}
