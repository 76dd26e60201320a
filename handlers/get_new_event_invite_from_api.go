package handlers

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/api"
	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/page"
	"github.com/calendarinvite/calendarinviteserver/internal/seal"
)

// InviteRun is the outcome of the workflow event-invite.
type InviteRun struct {
	invite.Verification
	Sent struct {
		Done invite.Sent `json:"done"`
	} `json:"sent"`
}

// getNewEventInviteFromAPI answers the public link GET /event/{uid}/invite: it runs the workflow event-invite and leads the
// person to the landing page. It waits for the workflow's end, so that an unknown event, a cancelled one and a cap that is
// reached get an honest answer; what concerns the invited person alone (invited before, blocked) looks like success, because
// whoever opens the link need not be that person.
func getNewEventInviteFromAPI(ctx context.Context, a *app.App) any {
	flows, pages := a.Flows(), a.Pages()
	workflow := a.Settings.Text("EVENT_INVITE_WORKFLOW")
	landing, hosts := a.Settings.URL("LANDING_PAGE"), a.Settings.List("LANDING_HOSTS")
	mode := a.InviteLinks()
	keys := a.LinkKeys(ctx)

	serve := func(ctx context.Context, request api.Request) (api.Response, error) {
		asked, err := inviteQuery(request)
		if err != nil {
			return api.Response{}, err
		}
		wanted := invite.InviteRequest{
			ID:       request.RequestContext.RequestID,
			UID:      pathUID(request),
			Email:    strings.ReplaceAll(strings.TrimSpace(asked.Get("email")), " ", "+"), // merge tags leave + as it is, which a query reads as a space
			Name:     asked.Get("name"),
			Origin:   asked.Get("origin"),
			SourceIP: request.RequestContext.Identity.SourceIP,
		}
		if wanted.Email, err = checkInviteQuery(wanted); err != nil {
			return api.Response{}, err
		}
		if mode == app.LinksSigned {
			if err := checkSignature(keys, asked.Get("token"), wanted, a.Now()); err != nil {
				return api.Response{}, err
			}
			wanted.Signed = true
		}
		target := api.Landing(asked.Get("landing"), landing, hosts)
		if mode == app.LinksConfirm && request.HTTPMethod == http.MethodGet {
			html, err := pages.ConfirmInvite(confirmation(asked, wanted))
			return shown(pages, http.StatusOK, html, err, target)
		}
		var run InviteRun
		if err := flows.Run(ctx, workflow, wanted, &run); err != nil {
			return api.Response{}, err
		}
		if err := run.refusal(); err != nil {
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

// checkSignature lets a link pass whose token was sealed for the event and, if it names one, for this address.
func checkSignature(keys *seal.Keys, token string, wanted invite.InviteRequest, now time.Time) error {
	link, err := keys.OpenLink(seal.Invite, token)
	if err != nil || link.UID != wanted.UID || link.Expired(now) || link.Email != "" && link.Email != wanted.Email {
		return fault.New(fault.NotAuthorized, reasonLinkBroken, "This link is not signed for this event and address.")
	}
	return nil
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

// refusal is the error to answer, or nil when the caller may go on to the landing page.
func (r InviteRun) refusal() error {
	reason := r.Reason
	if r.Verified {
		if r.Sent.Done.Result == invite.SentNow || r.Sent.Done.Result == invite.SentAlready {
			return nil
		}
		reason = r.Sent.Done.Reason
		if r.Sent.Done.Result == invite.SentLimitReached {
			reason = invite.ReasonInviteLimit
		}
	}
	switch reason {
	case invite.ReasonBlocked, invite.ReasonUndeliverable:
		return nil
	case invite.ReasonUnknownEvent, invite.ReasonBadUID:
		return fault.New(fault.NotFound, reason, "There is no such event.")
	case invite.ReasonEventCancelled:
		return fault.New(fault.Conflict, reason, "The event is cancelled.")
	case invite.ReasonEventOver:
		return fault.New(fault.Conflict, reason, "The event is over.")
	case invite.ReasonInviteLimit:
		return fault.New(fault.Conflict, reason, "The event has used up its invitations.")
	case invite.ReasonSuspended, invite.ReasonNoBulk:
		return fault.New(fault.NotAuthorized, reason, "The organizer may not send this invitation.")
	case invite.ReasonAddressCap, invite.ReasonSourceCap:
		return fault.New(fault.Throttled, reason, "Too many invitations were asked for; please try again in an hour.")
	}
	return fault.New(fault.InvalidRequest, reason, "This address cannot be invited.")
}
