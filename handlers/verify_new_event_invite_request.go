package handlers

import (
	"context"
	"log/slog"

	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/maillog"
)

// verifyNewEventInviteRequest decides whether the event may reach the person now. A refusal is an answer that names the
// reason. The event goes along, so that the next step need not read it.
func verifyNewEventInviteRequest(_ context.Context, a *app.App) any {
	service := a.Gatekeeper()
	return asStep(a, func(ctx context.Context, request invite.InviteRequest) (invite.Verification, error) {
		verification, err := service.Verify(ctx, request)
		if err != nil {
			return invite.Verification{}, err
		}
		if !verification.Verified {
			if err := service.Refused(ctx, verification); err != nil {
				return invite.Verification{}, err
			}
			verification.Event.Calendar = nil
			a.Log.Note(ctx, maillog.Refused, slog.String("event", request.UID), slog.String("reason", verification.Reason), maillog.Address("attendee", request.Email))
		}
		return verification, nil
	})
}
