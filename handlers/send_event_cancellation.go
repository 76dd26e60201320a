package handlers

import (
	"context"

	"github.com/calendarinvite/calendarinviteserver/internal/app"
)

// sendEventCancellation takes a cancelled event out of the calendars of up to 89 attendees.
func sendEventCancellation(ctx context.Context, a *app.App) any { return tellAttendees(ctx, a) }
