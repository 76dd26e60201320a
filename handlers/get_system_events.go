package handlers

import (
	"context"
	"net/http"

	"github.com/calendarinvite/calendarinviteserver/internal/api"
	"github.com/calendarinvite/calendarinviteserver/internal/app"
)

// getSystemEvents answers GET /system/events: all events of the tenant, for administrators.
func getSystemEvents(ctx context.Context, a *app.App) any {
	service, lists := a.Events(), newLister(ctx, a)
	return asRoute(a, func(ctx context.Context, request api.Request) (api.Response, error) {
		caller, err := admin(lists.callers, request)
		if err != nil {
			return api.Response{}, err
		}
		wanted, err := lists.read(request, "system-events", caller.Tenant)
		if err != nil {
			return api.Response{}, err
		}
		events, next, err := service.SystemEvents(ctx, caller.Tenant, wanted.after, wanted.limit)
		if err != nil {
			return api.Response{}, err
		}
		return api.JSON(http.StatusOK, EventPage{Events: listed(events), Cursor: lists.next(wanted, next)}), nil
	})
}
