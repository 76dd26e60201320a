package handlers

import (
	"context"
	"net/http"

	"github.com/calendarinvite/calendarinviteserver/internal/api"
	"github.com/calendarinvite/calendarinviteserver/internal/app"
)

// getOrganizerStatistics answers GET /shadow/organizer/{organizer}/statistics: the counts of all the organizer's events.
func getOrganizerStatistics(_ context.Context, a *app.App) any {
	service, callers := a.Events(), a.Callers()
	return asRoute(a, func(ctx context.Context, request api.Request) (api.Response, error) {
		caller, err := callers.Caller(request)
		if err != nil {
			return api.Response{}, err
		}
		organizer, err := organizerOf(caller, pathOrganizer(request))
		if err != nil {
			return api.Response{}, err
		}
		counts, err := service.OrganizerStatistics(ctx, organizer)
		if err != nil {
			return api.Response{}, err
		}
		return api.JSON(http.StatusOK, counts), nil
	})
}
