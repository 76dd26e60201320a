package handlers

import (
	"context"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/internal/api"
	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/page"
	"github.com/calendarinvite/calendarinviteserver/internal/seal"
)

// asPage makes a step that people open in a browser: errors become pages too, with the status that a program gets (openapi.yaml).
func asPage(a *app.App, pages *page.Pages, f func(context.Context, api.Request) (api.Response, error)) func(context.Context, api.Request) (api.Response, error) {
	return guarded(a, f, func(err error) api.Response {
		response := problem(pages, problemReason(err))
		response.StatusCode = fault.KindOf(err).HTTPStatus()
		return response
	})
}

// shown is the answer of a page that was drawn.
func shown(pages *page.Pages, status int, html []byte, err error, formTargets ...string) (api.Response, error) {
	if err != nil {
		return api.Response{}, err
	}
	return api.Page(status, html, pages.Headers(formTargets...)), nil
}

// problem is the answer that tells a person what is wrong.
func problem(pages *page.Pages, reason page.Reason) api.Response {
	html, err := pages.Problem(page.Problem{Reason: reason})
	if err != nil {
		return api.Error(err)
	}
	return api.Page(reason.Status(), html, pages.Headers())
}

// problemReason chooses the page for an error.
func problemReason(err error) page.Reason {
	switch fault.ReasonOf(err) {
	case reasonLinkBroken:
		return page.LinkBroken
	case reasonLinkExpired:
		return page.LinkExpired
	case invite.ReasonEventCancelled:
		return page.EventCancelled
	case invite.ReasonEventOver:
		return page.EventOver
	case invite.ReasonBadAddress:
		return page.BadAddress
	}
	switch fault.KindOf(err) {
	case fault.NotFound:
		return page.NotFound
	case fault.NotAuthorized:
		return page.NotAllowed
	case fault.Throttled:
		return page.TooMany
	case fault.InvalidRequest, fault.Conflict:
		return page.Reason(fault.ReasonOf(err)) // trying again in a minute, which the last page advises, does not help
	}
	return page.Unavailable
}

// Reasons why a sealed link leads nowhere.
const (
	reasonLinkBroken  = "link-broken"
	reasonLinkExpired = "link-expired"
)

// openLink opens the sealed token of the route.
func openLink(a *app.App, keys *seal.Keys, purpose seal.Purpose, request api.Request) (seal.Link, error) {
	link, err := keys.OpenLink(purpose, request.PathParameters["token"])
	if err != nil {
		return seal.Link{}, fault.Wrap(fault.NotFound, reasonLinkBroken, err)
	}
	if link.Expired(a.Now()) {
		return seal.Link{}, fault.New(fault.NotFound, reasonLinkExpired, "This link has expired.")
	}
	return link, nil
}

// eventView is what pages show of an event.
func eventView(e invite.Event) page.Event {
	organizer := e.Organizer
	if organizer == "" {
		organizer = e.MailTo
	}
	return page.Event{Title: e.Summary, When: e.Span(), Where: e.Location, Organizer: organizer}
}

// wantsPage reports whether a browser asks, rather than a program.
func wantsPage(request api.Request) bool {
	return strings.Contains(api.Header(request, "Accept"), "text/html")
}
