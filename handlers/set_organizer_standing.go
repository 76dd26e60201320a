package handlers

import (
	"context"
	"log/slog"
	"net/http"
	"path"

	"github.com/calendarinvite/calendarinviteserver/internal/api"
	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/maillog"
)

// setOrganizerStanding answers PUT and DELETE of /system/organizer/{organizer}/bulk, /suspended and /subscription, for
// administrators: it grants the standing or takes it away, and shows the organizer as they stand then.
func setOrganizerStanding(_ context.Context, a *app.App) any {
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
		kind := invite.StandingKind(path.Base(request.Resource))
		switch kind {
		case invite.BulkAllowed, invite.Suspended, invite.Subscription:
		default:
			return api.Response{}, fault.New(fault.NotFound, "no-standing", "There is no such standing.")
		}
		on := request.HTTPMethod == http.MethodPut
		if err := service.SetStanding(ctx, organizer, kind, on); err != nil {
			return api.Response{}, err
		}
		a.Log.Note(ctx, maillog.Granted, slog.String("standing", string(kind)), slog.Bool("on", on), maillog.Address("organizer", organizer.Email))
		return describeOrganizer(ctx, service, organizer)
	})
}
