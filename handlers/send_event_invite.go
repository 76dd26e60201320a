package handlers

import (
	"context"
	"log/slog"

	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/maillog"
)

// sendEventInvite records the attendee and the counts in one transaction, sends the invitation, and marks it sent. Run again,
// it sends only what was not sent.
func sendEventInvite(ctx context.Context, a *app.App) any {
	service := a.Inviter(ctx)
	return asStep(a, func(ctx context.Context, verified invite.Verification) (invite.Sent, error) {
		sent, err := service.Send(ctx, verified.Request, verified.Event)
		if err != nil {
			return invite.Sent{}, err
		}
		what := maillog.Invited
		if sent.Result != invite.SentNow {
			what = maillog.Refused
		}
		a.Log.Note(ctx, what, slog.String("event", verified.Request.UID), slog.String("result", sent.Result), slog.String("reason", sent.Reason),
			maillog.Address("attendee", verified.Request.Email), slog.String("ses_message_id", sent.SESMessageID))
		return sent, nil
	})
}
