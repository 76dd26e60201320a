package handlers

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/addto"
	"github.com/calendarinvite/calendarinviteserver/internal/api"
	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/imip"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/page"
)

// originEventPage is where an invitation comes from that was asked for on the event's page, unless the link to the page says another.
const originEventPage = "landingpage"

// publicEventPage serves the public page of an event: GET /e/{uid} shows it, POST there asks for the invitation as the public invite link does, and
// GET /e/{uid}/event.ics is a copy of it.
func publicEventPage(ctx context.Context, a *app.App) any {
	p := eventPages{
		app: a, events: a.Events(), inviter: newInviter(ctx, a), pages: a.Pages(),
		domain: a.Settings.Text("DOMAIN"), rsvp: a.Settings.Address("RSVP_EMAIL"), sender: a.Settings.Address("SENDER"),
	}
	return asPage(a, p.pages, func(ctx context.Context, request api.Request) (api.Response, error) {
		published, err := p.events.Published(ctx, pathUID(request))
		if err != nil {
			return api.Response{}, err
		}
		switch {
		case strings.HasSuffix(request.Resource, ".ics"):
			return p.file(published.Event)
		case request.HTTPMethod == http.MethodPost:
			return p.ask(ctx, request, published)
		}
		return p.show(request, published)
	})
}

type eventPages struct {
	app     *app.App
	events  *invite.Service
	inviter inviter
	pages   *page.Pages

	domain, rsvp, sender string
}

// show draws the page. With the parameter sent, whoever follows an invite link is told that the invitation is on its way: the same for every
// address, so that it tells a stranger nothing.
func (p eventPages) show(request api.Request, published invite.Published) (api.Response, error) {
	view, err := p.view(published)
	if err != nil {
		return api.Response{}, err
	}
	if request.QueryStringParameters["sent"] != "" {
		return p.sent(view, request)
	}
	email, err := p.inviter.open(request.QueryStringParameters["token"], published.Event.UID)
	if err != nil && view.Closed == "" {
		view.Closed = page.ByOrganizer
	}
	view.Email = email
	html, err := p.pages.EventPage(view)
	return shown(p.pages, http.StatusOK, html, err)
}

// sent draws the page that says that the invitation is on its way.
func (p eventPages) sent(view page.EventPage, request api.Request) (api.Response, error) {
	if view.Closed == page.InviteLimit { // this invitation may have been the last
		view.Closed = ""
	}
	view.Sent, view.Sender = view.Closed == "", p.sender
	if p.inviter.mode != app.LinksSigned || request.QueryStringParameters["token"] != "" {
		view.Again = "?" + kept(request).Encode()
	}
	html, err := p.pages.EventPage(view)
	return shown(p.pages, http.StatusOK, html, err)
}

// kept is what the address of the page says about invitations.
func kept(request api.Request) url.Values {
	query := url.Values{}
	for _, name := range []string{"origin", "token"} {
		if value := request.QueryStringParameters[name]; value != "" {
			query.Set(name, value)
		}
	}
	return query
}

// ask starts the invitation that the form asks for. Whatever is wrong with it is said on the page, beside the form where that can help.
func (p eventPages) ask(ctx context.Context, request api.Request, published invite.Published) (api.Response, error) {
	form, err := api.Form(request)
	if err != nil {
		return api.Response{}, err
	}
	view, err := p.view(published)
	if err != nil {
		return api.Response{}, err
	}
	if view.Closed == page.InviteLimit { // the workflow knows it exactly, and tells the organizer
		view.Closed = ""
	}
	wanted := wantedInvite(request, url.Values{"email": {form.Get(page.FieldEmail)}, "name": {form.Get(page.FieldName)}})
	if wanted.Origin = request.QueryStringParameters["origin"]; !invite.KnownOrigin(wanted.Origin) {
		wanted.Origin = originEventPage
	}
	asked := wanted
	if wanted.Email, err = checkInviteQuery(wanted); err == nil {
		if err = p.inviter.sign(&wanted, request.QueryStringParameters["token"]); err == nil {
			err = p.inviter.invite(ctx, wanted)
		}
	}
	if err == nil {
		return p.sent(view, request)
	}
	p.app.Log.Fail(ctx, err)
	view.Email, view.Name = asked.Email, asked.Name
	switch reason := problemReason(err); {
	case reason == page.NotFound:
		return api.Response{}, err
	case fault.ReasonOf(err) == reasonLinkBroken:
		view.Closed = page.ByOrganizer
	case reason == page.EventCancelled, reason == page.EventOver, reason == page.InviteLimit, reason == page.NotAllowed:
		view.Closed = reason
	default:
		view.Problem = reason
	}
	html, err2 := p.pages.EventPage(view)
	return shown(p.pages, fault.KindOf(err).HTTPStatus(), html, err2)
}

// view is the page of the event as it is now.
func (p eventPages) view(published invite.Published) (page.EventPage, error) {
	event := published.Event
	view := page.EventPage{Event: eventView(event)}
	view.Event.Organizer = event.Organizer // never the address: anybody can open the page
	calendar, err := event.ReadCalendar()
	if err != nil {
		return view, fault.Wrap(fault.Internal, "stored-calendar", err)
	}
	if main, ok := calendar.Main(); ok {
		view.Description = imip.PlainDescription(main)
	}
	switch {
	case event.Cancelled():
		view.Closed = page.EventCancelled
	case event.Over(p.app.Now()):
		view.Closed = page.EventOver
	case published.Full:
		view.Closed = page.InviteLimit
	}
	if copied, ok := addto.Of(calendar); ok && mayCopy(view.Closed) {
		view.File = event.UID + "/event.ics"
		for _, link := range copied.Links() {
			view.Services = append(view.Services, page.Service(link))
		}
	}
	return view, nil
}

// mayCopy reports whether a copy of the event is still of use.
func mayCopy(closed page.Reason) bool {
	return closed != page.EventCancelled && closed != page.EventOver
}

// file answers with the copy.
func (p eventPages) file(event invite.Event) (api.Response, error) {
	switch {
	case event.Cancelled():
		return problem(p.pages, page.EventCancelled), nil
	case event.Over(p.app.Now()):
		return problem(p.pages, page.EventOver), nil
	}
	calendar, err := event.ReadCalendar()
	if err != nil {
		return api.Response{}, fault.Wrap(fault.Internal, "stored-calendar", err)
	}
	text, err := addto.Copy{
		Calendar: calendar, UID: event.UID, Domain: p.domain, Sequence: event.Sequence, DTStamp: time.Unix(event.DTStamp, 0), Organizer: event.Organizer, RSVP: p.rsvp,
	}.File()
	if err != nil {
		return api.Response{}, err
	}
	return api.File(text, addto.ContentType, "event.ics"), nil
}
