package handlers

import (
	"context"
	"net/url"

	"github.com/calendarinvite/calendarinviteserver/internal/api"
	"github.com/calendarinvite/calendarinviteserver/internal/app"
)

// getOrganizerEventsLegacy answers GET /organizer/{organizer}/events and GET /shadow/organizer/{organizer}/events: getOrganizerEvents
// for older callers, who put the organizer in the path.
func getOrganizerEventsLegacy(ctx context.Context, a *app.App) any {
	return organizerEvents(ctx, a, func(request api.Request) (string, error) { return pathOrganizer(request), nil })
}

// pathOrganizer is the organizer in the path. API Gateway hands path parameters on as they were sent or decoded, by the client's
// encoding; an address holds no %, so decoding again does no harm.
func pathOrganizer(request api.Request) string {
	address := request.PathParameters["organizer"]
	if decoded, err := url.PathUnescape(address); err == nil {
		return decoded
	}
	return address
}
