package handlers

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/internal/api"
	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/page"
	"github.com/calendarinvite/calendarinviteserver/internal/seal"
)

// pageProdID names our page among the calendars that answer.
const pageProdID = "-//Calendar Invite Server//RSVP page//EN"

// getNewEventReplyFromPage serves /rsvp/{token}, the second channel for calendars that never mail a reply: GET shows the event
// and the three answers and changes nothing, POST answers.
func getNewEventReplyFromPage(ctx context.Context, a *app.App) any {
	service, keys, pages := a.Answers(), a.Keys(ctx), a.Pages()

	return asPage(a, pages, func(ctx context.Context, request api.Request) (api.Response, error) {
		link, err := openLink(a, keys, seal.RSVP, request)
		if err != nil {
			return api.Response{}, err
		}
		event, given, err := service.Invitation(ctx, link.UID, link.Email)
		if err != nil {
			return api.Response{}, err
		}
		switch {
		case event.Cancelled():
			return problem(pages, page.EventCancelled), nil
		case event.Over(a.Now()):
			return problem(pages, page.EventOver), nil
		}
		if request.HTTPMethod != http.MethodPost {
			html, err := pages.RSVP(page.RSVP{
				Event: eventView(event), Guest: link.Email, Given: page.Answer(given),
				Chosen: page.Answer(request.QueryStringParameters["answer"]), Sequence: event.Sequence,
			})
			return shown(pages, http.StatusOK, html, err)
		}
		form, err := api.Form(request)
		if err != nil {
			return api.Response{}, err
		}
		return recordPageAnswer(ctx, a, service, pages, link, event, form)
	})
}

func recordPageAnswer(ctx context.Context, a *app.App, service *invite.Service, pages *page.Pages, link seal.Link, event invite.Event, form url.Values) (api.Response, error) {
	answer := page.Answer(form.Get(page.FieldAnswer))
	if answer.Word() == "" {
		html, err := pages.RSVP(page.RSVP{Event: eventView(event), Guest: link.Email, Comment: form.Get(page.FieldComment), Sequence: event.Sequence})
		return shown(pages, http.StatusBadRequest, html, err)
	}
	answered, err := service.Answer(ctx, invite.Reply{
		UID:           event.UID,
		Attendee:      link.Email,
		Invited:       link.Email,
		Generation:    link.Generation,
		From:          link.Email,
		Authenticated: true,
		PartStat:      strings.ToUpper(string(answer)),
		DTStamp:       a.Now().Unix(),
		Sequence:      seen(event, form),
		ProdID:        pageProdID,
		Comment:       form.Get(page.FieldComment),
		Channel:       invite.ChannelPage,
	})
	if err != nil {
		return api.Response{}, err
	}
	noteAnswer(ctx, a, "", answered)
	switch answered.Result {
	case invite.AnswerRefused, invite.AnswerHeld:
		return problem(pages, page.NotInvited), nil
	case invite.AnswerUnknownEvent:
		return api.Response{}, fault.New(fault.NotFound, invite.ReasonUnknownEvent, "There is no such event.")
	case invite.AnswerCancelled:
		return problem(pages, page.EventCancelled), nil
	case invite.AnswerOutdated, invite.AnswerStale:
		return problem(pages, page.EventChanged), nil
	}
	html, err := pages.Answered(page.Answered{Event: eventView(event), Guest: link.Email, Answer: answer, Change: "?"})
	return shown(pages, http.StatusOK, html, err)
}

// seen is the event's revision that the guest had before them: the present one, unless the form says that it was an earlier one.
func seen(e invite.Event, form url.Values) int {
	if sequence, err := strconv.Atoi(form.Get(page.FieldSequence)); err == nil && sequence >= 0 {
		return min(sequence, e.Sequence)
	}
	return e.Sequence
}
