package handlers

import (
	"context"

	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

// stageAttendeesForUpdatedEvent lists whom to send an update.
func stageAttendeesForUpdatedEvent(_ context.Context, a *app.App) any {
	return stageAttendees(a, invite.WorkUpdate)
}
