package handlers

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/internal/api"
	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/page"
)

// getNewEventInviteFromAPI answers the public link GET /event/{uid}/invite: it runs the workflow event-invite and leads the
// person to the landing page, which is the event's own unless the deployment or the link names another.
func getNewEventInviteFromAPI(ctx context.Context, a *app.App) any {
	inviter, pages := newInviter(ctx, a), a.Pages()
	landing, hosts := a.Settings.URL("LANDING_PAGE"), a.Settings.List("LANDING_HOSTS")

	serve := func(ctx context.Context, request api.Request) (api.Response, error) {
		asked, err := inviteQuery(request)
		if err != nil {
			return api.Response{}, err
		}
		wanted := wantedInvite(request, asked)
		wanted.Email = strings.ReplaceAll(wanted.Email, " ", "+") // merge tags leave + as it is, which a query reads as a space
		if wanted.Email, err = checkInviteQuery(wanted); err != nil {
			return api.Response{}, err
		}
		if err := inviter.sign(&wanted, asked.Get("token")); err != nil {
			return api.Response{}, err
		}
		target := api.Landing(asked.Get("landing"), landingPage(landing, wanted.UID), hosts)
		if inviter.mode == app.LinksConfirm && request.HTTPMethod == http.MethodGet {
			html, err := pages.ConfirmInvite(confirmation(asked, wanted))
			return shown(pages, http.StatusOK, html, err, target)
		}
		if err := inviter.invite(ctx, wanted); err != nil {
			return api.Response{}, err
		}
		return api.Redirect(target), nil
	}
	plain, people := asRoute(a, serve), asPage(a, pages, serve)
	return func(ctx context.Context, request api.Request) (api.Response, error) {
		if wantsPage(request) {
			return people(ctx, request)
		}
		return plain(ctx, request)
	}
}

// landingPage is the page that the setting names, for the event: {uid} in it stands for the event's uid.
func landingPage(setting, uid string) string {
	return strings.ReplaceAll(setting, "{uid}", url.PathEscape(uid))
}

// inviteQuery is what the caller asks for: the query of the link, or the form of the confirmation page's button.
func inviteQuery(request api.Request) (url.Values, error) {
	if request.HTTPMethod == http.MethodPost {
		return api.Form(request)
	}
	query := url.Values{}
	for name, value := range request.QueryStringParameters {
		query.Set(name, value)
	}
	return query, nil
}

// checkInviteQuery returns the address to invite, normalised, or says what is wrong with the parameters.
func checkInviteQuery(wanted invite.InviteRequest) (string, error) {
	if wanted.Email == "" {
		return "", fault.New(fault.InvalidRequest, invite.ReasonBadAddress, "The parameter email is missing.")
	}
	address, err := invite.ParseAddress(wanted.Email)
	if err != nil {
		return "", fault.New(fault.InvalidRequest, invite.ReasonBadAddress, "The parameter email is not a mail address.")
	}
	if wanted.Origin != "" && !invite.KnownOrigin(wanted.Origin) {
		return "", fault.New(fault.InvalidRequest, invite.ReasonUnknownOrigin, "The parameter origin is not one of the known origins.")
	}
	return address, nil
}

func confirmation(asked url.Values, wanted invite.InviteRequest) page.ConfirmInvite {
	view := page.ConfirmInvite{Email: wanted.Email, Post: "invite"} // relative: the same route, without the query
	for _, name := range []string{"email", "name", "origin", "landing", "token"} {
		if value := asked.Get(name); value != "" {
			view.Fields = append(view.Fields, page.Field{Name: name, Value: value})
		}
	}
	return view
}
