package handlers

import (
	"context"
	"net/http"

	"github.com/calendarinvite/calendarinviteserver/internal/api"
	"github.com/calendarinvite/calendarinviteserver/internal/app"
)

// getEventAttendeeSanitizedList answers GET /event/{uid}/attendees: who is invited, with addresses and names masked.
func getEventAttendeeSanitizedList(ctx context.Context, a *app.App) any {
	service, lists := a.Events(), newLister(ctx, a)
	return asRoute(a, func(ctx context.Context, request api.Request) (api.Response, error) {
		caller, err := lists.callers.Caller(request)
		if err != nil {
			return api.Response{}, err
		}
		event, err := service.Event(ctx, caller.Tenant, pathUID(request))
		if err != nil {
			return api.Response{}, err
		}
		wanted, err := lists.read(request, "attendees", event.UID)
		if err != nil {
			return api.Response{}, err
		}
		attendees, next, err := service.Attendees(ctx, event.UID, wanted.after, wanted.limit)
		if err != nil {
			return api.Response{}, err
		}
		return api.JSON(http.StatusOK, AttendeePage{Attendees: sanitized(event, attendees), Cursor: lists.next(wanted, next)}), nil
	})
}
