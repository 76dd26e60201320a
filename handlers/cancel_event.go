package handlers

import (
	"context"
	"log/slog"

	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/maillog"
)

// cancelEvent marks the event, or one instance of it, as cancelled in the record. A second time changes nothing.
func cancelEvent(_ context.Context, a *app.App) any {
	service := a.Events()
	return asStep(a, func(ctx context.Context, read RequestRead) (invite.Cancelled, error) {
		if read.Asked == nil {
			return invite.Cancelled{}, errNoRequest
		}
		cancelled, err := service.CancelEvent(ctx, read.UID, *read.Asked)
		if err != nil {
			return invite.Cancelled{}, err
		}
		a.Log.Note(ctx, maillog.Cancelled, slog.String("message_id", read.Mail.MessageID), slog.String("event", read.UID), slog.String("result", cancelled.Result))
		cancelled.Event.Calendar = nil
		return cancelled, nil
	})
}
