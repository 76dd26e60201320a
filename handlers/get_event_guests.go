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
)

// getEventGuests serves /guests/{token} for the organizer: GET shows the guests to whom an invitation was forwarded and changes
// nothing, POST admits or refuses one.
func getEventGuests(ctx context.Context, a *app.App) any {
	service, keys, pages := a.Host(ctx), a.Keys(ctx), a.Pages()
	return asPage(a, pages, func(ctx context.Context, request api.Request) (api.Response, error) {
		_, event, err := organizersLink(ctx, a, service, keys, seal.Guests, request)
		if err != nil {
			return api.Response{}, err
		}
		view := page.Guests{Summary: event.Summary, When: event.Span()}
		decided := ""
		if request.HTTPMethod == http.MethodPost {
			form, err := api.Form(request)
			if err != nil {
				return api.Response{}, err
			}
			decided, view.Choice = form.Get(page.FieldGuest), form.Get(page.FieldChoice)
			switch view.Choice {
			case page.ChoiceAdmit:
				_, err = service.AdmitGuest(ctx, event.UID, decided)
			case page.ChoiceRefuse:
				_, err = service.RefuseHeldGuest(ctx, event.UID, decided)
			default:
				err = fault.New(fault.InvalidRequest, "no-choice", "The form holds no choice.")
			}
			if err != nil {
				return api.Response{}, err
			}
			a.Log.Note(ctx, maillog.Answered, slog.String("event", event.UID), slog.String("choice", view.Choice), maillog.Address("attendee", decided))
		}
		guests, _, err := service.Guests(ctx, event.UID, "", maxShown)
		if err != nil {
			return api.Response{}, err
		}
		for _, g := range guests {
			if g.Email == decided {
				view.Done = nameOr(g.Name, g.Email)
			}
			view.Items = append(view.Items, page.Guest{
				Name: g.Name, Email: g.Email, Invited: g.Reply.Invited, Answer: page.Answer(answerWord(g.Reply.PartStat)), Comment: g.Reply.Comment,
				State: page.GuestState(g.State), Key: g.Email,
			})
		}
		html, err := pages.Guests(view)
		return shown(pages, http.StatusOK, html, err)
	})
}
