package handlers

import (
	"context"
	"net/http"

	"github.com/calendarinvite/calendarinviteserver/internal/api"
	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/itip"
)

// EventStatistics is the answer of GET /event/{uid}/statistics: the seeds' short form, and the counts as the records hold them.
type EventStatistics struct {
	EventID       string `json:"event_id"`
	AttendeeCount int    `json:"attendee_count"`
	RSVPConfirmed int    `json:"rsvp_confirmed"`
	RSVPDeclined  int    `json:"rsvp_declined"`
	RSVPTentative int    `json:"rsvp_tentative"`
	RSVPPending   int    `json:"rsvp_pending"`

	invite.Statistics
}

// getEventStatistics answers GET /event/{uid}/statistics.
func getEventStatistics(_ context.Context, a *app.App) any {
	service, callers := a.Events(), a.Callers()
	return asRoute(a, func(ctx context.Context, request api.Request) (api.Response, error) {
		caller, err := callers.Caller(request)
		if err != nil {
			return api.Response{}, err
		}
		uid := pathUID(request)
		counts, err := service.Statistics(ctx, caller.Tenant, uid)
		if err != nil {
			return api.Response{}, err
		}
		return api.JSON(http.StatusOK, EventStatistics{
			EventID:       uid,
			AttendeeCount: counts.Attendees,
			RSVPConfirmed: counts.RSVP[string(itip.Accepted)],
			RSVPDeclined:  counts.RSVP[string(itip.Declined)],
			RSVPTentative: counts.RSVP[string(itip.Tentative)],
			RSVPPending:   counts.RSVP[string(itip.NoAction)],
			Statistics:    counts,
		}), nil
	})
}
