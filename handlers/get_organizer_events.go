package handlers

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/calendarinvite/calendarinviteserver/internal/api"
	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

// getOrganizerEvents answers POST /organizer/events, whose body names the organizer.
func getOrganizerEvents(ctx context.Context, a *app.App) any {
	return organizerEvents(ctx, a, func(request api.Request) (string, error) {
		body, err := api.Body(request)
		if err != nil {
			return "", err
		}
		var query struct {
			Organizer string `json:"organizer"`
		}
		if err := json.Unmarshal(body, &query); err != nil {
			return "", fault.New(fault.NotFound, "no-organizer", "The body names no organizer.")
		}
		return query.Organizer, nil
	})
}

// organizerEvents lists the events of the organizer whom the request names, the last modified first.
func organizerEvents(ctx context.Context, a *app.App, named func(api.Request) (string, error)) any {
	service, lists := a.Events(), newLister(ctx, a)
	return asRoute(a, func(ctx context.Context, request api.Request) (api.Response, error) {
		caller, err := lists.callers.Caller(request)
		if err != nil {
			return api.Response{}, err
		}
		address, err := named(request)
		if err != nil {
			return api.Response{}, err
		}
		organizer, err := organizerOf(caller, address)
		if err != nil {
			return api.Response{}, err
		}
		wanted, err := lists.read(request, "organizer-events", organizer.Tenant+"/"+organizer.Email)
		if err != nil {
			return api.Response{}, err
		}
		var events []invite.Event
		var next string
		if events, next, err = service.OrganizerEvents(ctx, organizer, wanted.after, wanted.limit); err != nil {
			return api.Response{}, err
		}
		return api.JSON(http.StatusOK, EventPage{Events: listed(events), Cursor: lists.next(wanted, next)}), nil
	})
}
