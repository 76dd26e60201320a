package handlers

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/calendarinvite/calendarinviteserver/internal/api"
	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/maillog"
	"github.com/calendarinvite/calendarinviteserver/internal/page"
	"github.com/calendarinvite/calendarinviteserver/internal/seal"
	"github.com/calendarinvite/calendarinviteserver/internal/suppress"
)

// unsubscribe serves /unsubscribe/{token}: GET shows the choice and changes nothing, because mail scanners open links; POST blocks
// the organizer, at once when a mail client sends it for its user (RFC 8058 §3.1), or takes the block back.
func unsubscribe(ctx context.Context, a *app.App) any {
	store, facts, keys, pages := a.Store(), a.Facts(), a.Keys(ctx), a.Pages()

	return asPage(a, pages, func(ctx context.Context, request api.Request) (api.Response, error) {
		link, err := openLink(a, keys, seal.Unsubscribe, request)
		if err != nil {
			return api.Response{}, err
		}
		choice, err := unsubscribeChoice(request)
		if err != nil {
			return api.Response{}, err
		}
		about := suppress.FromLink(link)
		done, err := suppress.Apply(ctx, store, facts, about, choice, requestedAt(a, request))
		if err != nil {
			return api.Response{}, err
		}
		if choice != suppress.Keep {
			a.Log.Note(ctx, maillog.Blocked, slog.Bool("blocked", done.Blocked), maillog.Address("attendee", done.Attendee), maillog.Address("organizer", done.Organizer))
		}
		html, err := pages.Unsubscribe(page.Unsubscribe{Organizer: done.Organizer, Email: about.Attendee, Blocked: done.Blocked, Changed: choice != suppress.Keep})
		return shown(pages, http.StatusOK, html, err)
	})
}

// requestedAt is when the request came, in seconds since 1970: when the step runs twice, what it tells is the same fact.
func requestedAt(a *app.App, request api.Request) int64 {
	if milliseconds := request.RequestContext.RequestTimeEpoch; milliseconds > 0 {
		return milliseconds / 1000
	}
	return a.Now().Unix()
}

func unsubscribeChoice(request api.Request) (suppress.Choice, error) {
	if request.HTTPMethod != http.MethodPost {
		return suppress.Keep, nil
	}
	form, err := api.Form(request)
	if err != nil {
		return suppress.Keep, err
	}
	switch {
	case form.Get("List-Unsubscribe") == "One-Click", form.Get(page.FieldChoice) == page.ChoiceBlock:
		return suppress.Block, nil
	case form.Get(page.FieldChoice) == page.ChoiceUndo:
		return suppress.Undo, nil
	}
	return suppress.Keep, fault.New(fault.InvalidRequest, "no-choice", "The form holds no choice.")
}
