package handlers

import (
	"context"
	"net/http"

	"github.com/calendarinvite/calendarinviteserver/internal/api"
	"github.com/calendarinvite/calendarinviteserver/internal/app"
)

// Health is the answer of GET /health.
type Health struct {
	Status string `json:"status"` // ok
}

// health answers GET /health: the function runs. It asks no other service, so that a check costs nothing and an outage of one
// service does not read as an outage of all.
func health(_ context.Context, a *app.App) any {
	return asRoute(a, func(context.Context, api.Request) (api.Response, error) {
		return api.JSON(http.StatusOK, Health{Status: "ok"}), nil
	})
}
