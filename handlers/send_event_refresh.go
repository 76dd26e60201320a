package handlers

import (
	"context"
	"log/slog"

	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/maillog"
)

// sendEventRefresh sends an attendee whose calendar asks for it the event as it is now.
func sendEventRefresh(ctx context.Context, a *app.App) any {
	service, once := a.Correspondent(ctx), newOnce(a)
	return asStep(a, func(ctx context.Context, read ReplyRead) (invite.Refreshed, error) {
		if read.Refresh == nil {
			return invite.Refreshed{}, fault.New(fault.InvalidRequest, "no-refresh", "The data asks for nothing.")
		}
		var refreshed invite.Refreshed
		claim, err := once.do(ctx, read.Sender.Email, read.Mail, func() (err error) {
			refreshed, err = service.Refresh(ctx, *read.Refresh)
			return err
		})
		if err != nil {
			return refreshed, err
		}
		a.Log.Note(ctx, maillog.Updates, slog.String("message_id", read.Mail.MessageID), slog.String("event", refreshed.UID), slog.String("claim", string(claim)),
			slog.String("result", refreshed.Result), slog.String("reason", refreshed.Reason), maillog.Address("attendee", refreshed.Attendee))
		return refreshed, nil
	})
}
