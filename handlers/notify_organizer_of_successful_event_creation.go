package handlers

import (
	"context"
	"net/url"

	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/notify"
	"github.com/calendarinvite/calendarinviteserver/internal/seal"
)

// RequestDone is the data of the notifications: a request and what was created of it.
type RequestDone struct {
	RequestRead
	Created struct {
		Done invite.Created `json:"done"`
	} `json:"created"`
}

// notifyOrganizerOfSuccessfulEventCreation confirms to the organizer that the event is registered, with its uid and links. A
// deployment whose BRAND_STAGE is dev sends the development variant, which is marked as a test.
func notifyOrganizerOfSuccessfulEventCreation(ctx context.Context, a *app.App) any {
	notifier, apiURL, dashboard := a.Notifier(), a.Settings.URL("API_URL"), a.Settings.Optional("BRAND_DASHBOARD_URL")
	development := a.Settings.Optional("BRAND_STAGE") == "dev"
	keys := a.LinkKeys(ctx)
	return asStep(a, func(ctx context.Context, done RequestDone) (notify.Told, error) {
		e := done.Created.Done.Event
		if e.UID == "" {
			return notify.Told{}, fault.New(fault.InvalidRequest, "no-event", "The data holds no event.")
		}
		unknownZone := ""
		if done.Asked != nil {
			unknownZone = done.Asked.UnknownZone
		}
		return tell(ctx, a, notifier, done.RequestRead, notify.NewEvent{
			Mailto:      e.MailTo,
			Organizer:   e.Organizer,
			Summary:     e.Summary,
			UID:         e.UID,
			When:        e.Span(),
			Where:       e.Location,
			Events:      done.Created.Done.Events,
			InviteLink:  inviteLink(apiURL, e.UID, keys),
			EventPage:   eventPage(dashboard, e.UID),
			UnknownZone: unknownZone,
			Development: development,
		})
	})
}

// inviteLink is the public link that invites people to the event; keys are nil unless such links must be signed.
func inviteLink(apiURL, uid string, keys *seal.Keys) string {
	link := apiURL + "/event/" + url.PathEscape(uid) + "/invite"
	if keys != nil {
		link += "?token=" + keys.Link(seal.Link{Purpose: seal.Invite, UID: uid})
	}
	return link
}

// eventPage is the dashboard's page about the event; "" without a dashboard.
func eventPage(dashboard, uid string) string {
	if dashboard == "" {
		return ""
	}
	page, err := url.JoinPath(dashboard, "events", url.PathEscape(uid))
	if err != nil {
		return ""
	}
	return page
}
