package handlers

import (
	"context"
	"log/slog"

	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/maillog"
)

// sendGuestCancellation takes the event out of the calendar of a forwarded guest whom the organizer's policy turns away.
func sendGuestCancellation(ctx context.Context, a *app.App) any {
	service, once := a.Correspondent(ctx), newOnce(a)
	return asStep(a, func(ctx context.Context, refused HeldGuest) (invite.Refused, error) {
		var done invite.Refused
		claim, err := once.do(ctx, refused.Guest.Email, refused.Mail, func() (err error) {
			done, err = service.RefuseGuest(ctx, refused.Guest)
			return err
		})
		if err != nil {
			return done, err
		}
		a.Log.Note(ctx, maillog.Cancelled, slog.String("event", refused.Guest.UID), slog.String("claim", string(claim)), maillog.Address("to", refused.Guest.Email))
		return done, nil
	})
}
