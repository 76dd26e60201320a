package handlers

import (
	"context"
	"log/slog"

	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/maillog"
)

// recordEventProposal keeps the time that a known attendee proposes for the organizer to decide about.
func recordEventProposal(_ context.Context, a *app.App) any {
	service := a.Proposals()
	return asStep(a, func(ctx context.Context, read ReplyRead) (invite.Countered, error) {
		if read.Counter == nil {
			return invite.Countered{}, fault.New(fault.InvalidRequest, "no-proposal", "The data holds no proposal.")
		}
		countered, err := service.Counter(ctx, *read.Counter)
		if err != nil {
			return invite.Countered{}, err
		}
		a.Log.Note(ctx, maillog.Proposed, slog.String("message_id", read.Mail.MessageID), slog.String("event", countered.UID),
			slog.String("result", countered.Result), slog.String("reason", countered.Reason), maillog.Address("attendee", countered.Proposal.Email))
		return countered, nil
	})
}
