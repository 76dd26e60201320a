package handlers

import (
	"context"
	"net/http"

	"github.com/calendarinvite/calendarinviteserver/internal/api"
	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

// Organizer is what an administrator sees of an organizer.
type Organizer struct {
	Organizer    string `json:"organizer"`
	Bulk         bool   `json:"bulk"`         // may send lists
	Suspended    bool   `json:"suspended"`    // creates and sends nothing
	Subscription bool   `json:"subscription"` // has no event limit

	BulkSince         int64  `json:"bulk_since,omitempty"` // seconds since 1970, as the next two
	SuspendedSince    int64  `json:"suspended_since,omitempty"`
	SubscriptionSince int64  `json:"subscription_since,omitempty"`
	Product           string `json:"product,omitempty"` // of the order that made the subscription
	Order             string `json:"order,omitempty"`   // its number

	Statistics invite.Statistics `json:"statistics"`
}

// getOrganizer answers GET /system/organizer/{organizer}, for administrators.
func getOrganizer(_ context.Context, a *app.App) any {
	service, callers := a.Events(), a.Callers()
	return asRoute(a, func(ctx context.Context, request api.Request) (api.Response, error) {
		caller, err := admin(callers, request)
		if err != nil {
			return api.Response{}, err
		}
		organizer, err := organizerOf(caller, pathOrganizer(request))
		if err != nil {
			return api.Response{}, err
		}
		return describeOrganizer(ctx, service, organizer)
	})
}

func describeOrganizer(ctx context.Context, service *invite.Service, organizer invite.Organizer) (api.Response, error) {
	standings, err := service.Standings(ctx, organizer)
	if err != nil {
		return api.Response{}, err
	}
	counts, err := service.OrganizerStatistics(ctx, organizer)
	if err != nil {
		return api.Response{}, err
	}
	shown := Organizer{
		Organizer: organizer.Email, Statistics: counts,
		Bulk: standings.Bulk != 0, BulkSince: standings.Bulk,
		Suspended: standings.Suspended != 0, SuspendedSince: standings.Suspended,
	}
	if s := standings.Subscription; s != nil {
		shown.Subscription, shown.SubscriptionSince, shown.Product, shown.Order = true, s.Created, s.Product, s.Order
	}
	return api.JSON(http.StatusOK, shown), nil
}
