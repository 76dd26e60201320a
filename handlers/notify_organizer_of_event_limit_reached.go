package handlers

import (
	"context"
	"encoding/json"
	"log/slog"

	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/maillog"
	"github.com/calendarinvite/calendarinviteserver/internal/notify"
)

// notifyOrganizerOfEventLimitReached tells the organizer that no more events can be created (data of event-request, RequestDone),
// or, once per event, that the event has used up its invitations (data of event-invite, InviteRun).
func notifyOrganizerOfEventLimitReached(_ context.Context, a *app.App) any {
	notifier, service, dashboard := a.Notifier(), a.Events(), a.Settings.Optional("BRAND_DASHBOARD_URL")
	return asStep(a, func(ctx context.Context, data json.RawMessage) (notify.Told, error) {
		var which struct {
			Verified *bool `json:"verified"`
		}
		var done RequestDone
		var run InviteRun
		var into any = &done
		if err := json.Unmarshal(data, &which); err == nil && which.Verified != nil {
			into = &run
		}
		if err := json.Unmarshal(data, into); err != nil {
			return notify.Told{}, fault.Wrap(fault.InvalidRequest, "bad-data", err)
		}
		if which.Verified == nil {
			told := notify.EventLimit{Mailto: done.Sender.Email, Limit: done.Created.Done.Limit}
			if done.Asked != nil {
				told.Summary = done.Asked.Summary
			}
			return tell(ctx, a, notifier, done.RequestRead, told)
		}
		return tellInviteLimit(ctx, a, notifier, service, run, dashboard)
	})
}

func tellInviteLimit(ctx context.Context, a *app.App, notifier *notify.Notifier, service *invite.Service, run InviteRun, dashboard string) (notify.Told, error) {
	e := run.Event
	first, err := service.NoteInviteLimitReached(ctx, e.UID, run.Request.ID)
	if err != nil {
		return notify.Told{}, err
	}
	if !first {
		a.Log.Note(ctx, maillog.Silent, slog.String("event", e.UID), slog.String("reason", "told-before"))
		return notify.Told{Claim: notify.Done}, nil
	}
	return send(ctx, a, notifier, notify.Answer{
		To:        e.MailTo,
		MessageID: "invite-limit-" + e.UID,
		Auto:      "auto-generated",
		Received:  a.Now(),
		Tell:      notify.EventLimit{Mailto: e.MailTo, Summary: e.Summary, UID: e.UID, Limit: e.InviteLimit, Invites: true, EventPage: eventPage(dashboard, e.UID)},
	})
}
