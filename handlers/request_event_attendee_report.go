package handlers

import (
	"context"
	"net/http"

	"github.com/calendarinvite/calendarinviteserver/internal/api"
	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

// requestEventAttendeeReport answers GET /event/{uid}/report: it starts the workflow that mails the report to the organizer.
func requestEventAttendeeReport(_ context.Context, a *app.App) any {
	service, flows, callers := a.Events(), a.Flows(), a.Callers()
	workflow := a.Settings.Text("ATTENDEE_REPORT_WORKFLOW")
	return asRoute(a, func(ctx context.Context, request api.Request) (api.Response, error) {
		caller, err := callers.Caller(request)
		if err != nil {
			return api.Response{}, err
		}
		event, err := service.Event(ctx, caller.Tenant, pathUID(request))
		if err != nil {
			return api.Response{}, err
		}
		wanted := invite.ReportRequest{ID: executionName("report", api.RequestID(request.RequestContext), event.UID), UID: event.UID, At: a.Now().Unix()}
		if err := flows.Start(ctx, workflow, wanted.ID, wanted); err != nil {
			return api.Response{}, err
		}
		return api.JSON(http.StatusOK, api.Message{Message: "Acknowledged"}), nil
	})
}
