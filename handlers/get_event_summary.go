package handlers

import (
	"context"
	"net/http"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/internal/api"
	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

// EventSummary is the answer of GET /event/{uid}: the event lists' fields and what else a caller needs to show the event.
type EventSummary struct {
	UID             string `json:"uid"`
	MailTo          string `json:"mailto"`
	Organizer       string `json:"organizer"`
	Status          string `json:"status"`
	Sequence        int    `json:"sequence"`
	Created         int64  `json:"created"`
	LastModified    int64  `json:"last_modified"`
	DTStart         int64  `json:"dtstart"`
	DTEnd           int64  `json:"dtend"`
	AllDay          bool   `json:"all_day"`
	TZID            string `json:"tzid,omitempty"`
	RRule           string `json:"rrule,omitempty"`
	Summary         string `json:"summary"`
	SummaryHTML     string `json:"summary_html"`
	Description     string `json:"description"`
	DescriptionHTML string `json:"description_html"`
	Location        string `json:"location"`
	LocationHTML    string `json:"location_html"`
	InviteLimit     int    `json:"invite_limit"`
}

// getEventSummary answers GET /event/{uid}.
func getEventSummary(_ context.Context, a *app.App) any {
	service, callers := a.Events(), a.Callers()
	return asRoute(a, func(ctx context.Context, request api.Request) (api.Response, error) {
		caller, err := callers.Caller(request)
		if err != nil {
			return api.Response{}, err
		}
		event, err := service.Event(ctx, caller.Tenant, pathUID(request))
		if err != nil {
			return api.Response{}, err
		}
		return api.JSON(http.StatusOK, summaryOf(event)), nil
	})
}

func summaryOf(e invite.Event) EventSummary {
	return EventSummary{
		UID: e.UID, MailTo: e.MailTo, Organizer: e.Organizer, Status: e.Status, Sequence: e.Sequence,
		Created: e.Created, LastModified: e.LastModified, DTStart: e.DTStart, DTEnd: e.DTEnd, AllDay: e.AllDay, TZID: e.TZID, RRule: e.RRule,
		Summary: e.Summary, SummaryHTML: e.SummaryHTML, Description: e.Description, DescriptionHTML: e.DescriptionHTML,
		Location: e.Location, LocationHTML: e.LocationHTML, InviteLimit: e.InviteLimit,
	}
}

// pathUID is the uid of the route. Uids are lower-case.
func pathUID(request api.Request) string { return strings.ToLower(request.PathParameters["uid"]) }
