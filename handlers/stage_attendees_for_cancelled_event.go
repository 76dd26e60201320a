package handlers

import (
	"context"

	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

// stageAttendeesForCancelledEvent lists whom to send a cancellation.
func stageAttendeesForCancelledEvent(_ context.Context, a *app.App) any {
	return stageAttendees(a, invite.WorkCancellation)
}
