package handlers

import (
	"context"

	"github.com/calendarinvite/calendarinviteserver/internal/app"
)

// sendEventUpdate brings up to 89 attendees to the newest revision of a changed event.
func sendEventUpdate(ctx context.Context, a *app.App) any { return tellAttendees(ctx, a) }
