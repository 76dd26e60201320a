package handlers

import (
	"context"
	"net/http"

	"github.com/calendarinvite/calendarinviteserver/internal/api"
	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/page"
)

// getLandingPage answers GET /landing: the invitation is on its way. The text is the same for every event and address, so the
// page tells a stranger nothing.
func getLandingPage(_ context.Context, a *app.App) any {
	pages, sender := a.Pages(), a.Settings.Address("SENDER")
	return asPage(a, pages, func(context.Context, api.Request) (api.Response, error) {
		html, err := pages.Landing(page.Landing{Sender: sender})
		return shown(pages, http.StatusOK, html, err)
	})
}
