package handlers

import (
	"context"
	"net/http"

	"github.com/calendarinvite/calendarinviteserver/internal/api"
	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/page"
	"github.com/calendarinvite/calendarinviteserver/internal/seal"
)

// maxShown is how many proposals or guests a page shows.
const maxShown = 200

// getEventProposals serves /proposals/{token} for the organizer: GET shows the times that guests propose and changes nothing, POST
// declines one, and the guest's calendar is told.
func getEventProposals(ctx context.Context, a *app.App) any {
	service, keys, pages := a.Correspondent(ctx), a.Keys(ctx), a.Pages()
	return asPage(a, pages, func(ctx context.Context, request api.Request) (api.Response, error) {
		link, event, err := organizersLink(ctx, a, service, keys, seal.Proposals, request)
		if err != nil {
			return api.Response{}, err
		}
		view := page.Proposals{Summary: event.Summary, When: event.Span()}
		if request.HTTPMethod == http.MethodPost {
			form, err := api.Form(request)
			if err != nil {
				return api.Response{}, err
			}
			email, instance := invite.ParseProposalKey(form.Get(page.FieldProposal))
			declined, err := service.DeclineProposal(ctx, event.UID, email, instance, form.Get(page.FieldComment))
			if err != nil {
				return api.Response{}, err
			}
			if declined.Result != invite.DeclinedOver {
				view.Done = nameOr(declined.Proposal.Name, declined.Proposal.Email)
			}
		}
		proposals, _, err := service.Proposals(ctx, event.UID, "", maxShown)
		if err != nil {
			return api.Response{}, err
		}
		for _, p := range proposals {
			key, state := p.Key(), p.StateAt(event)
			view.Items = append(view.Items, page.Proposal{
				Name: p.Name, Email: p.Email, Proposed: p.Span(event), Instance: event.InstanceSpan(p.RecurrenceID), Comment: p.Comment,
				State: page.ProposalState(state), Key: key, Chosen: key == link.Extra && state == invite.ProposalOpen,
			})
		}
		html, err := pages.Proposals(view)
		return shown(pages, http.StatusOK, html, err)
	})
}

// organizersLink opens a link that was mailed to an event's organizer. It is void when the event is another's by now.
func organizersLink(ctx context.Context, a *app.App, service *invite.Service, keys *seal.Keys, purpose seal.Purpose, request api.Request) (seal.Link, invite.Event, error) {
	link, err := openLink(a, keys, purpose, request)
	if err != nil {
		return link, invite.Event{}, err
	}
	event, err := service.Event(ctx, "", link.UID)
	if err == nil && event.MailTo != link.Email {
		err = fault.New(fault.NotFound, reasonLinkBroken, "This link does not work.")
	}
	return link, event, err
}

func nameOr(name, email string) string {
	if name != "" {
		return name
	}
	return email
}
