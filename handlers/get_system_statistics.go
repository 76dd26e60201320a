package handlers

import (
	"context"
	"net/http"

	"github.com/calendarinvite/calendarinviteserver/internal/api"
	"github.com/calendarinvite/calendarinviteserver/internal/app"
)

// getSystemStatistics answers GET /system/statistics: the counts of the whole tenant, for administrators.
func getSystemStatistics(_ context.Context, a *app.App) any {
	service, callers := a.Events(), a.Callers()
	return asRoute(a, func(ctx context.Context, request api.Request) (api.Response, error) {
		caller, err := admin(callers, request)
		if err != nil {
			return api.Response{}, err
		}
		counts, err := service.SystemStatistics(ctx, caller.Tenant)
		if err != nil {
			return api.Response{}, err
		}
		return api.JSON(http.StatusOK, counts), nil
	})
}
