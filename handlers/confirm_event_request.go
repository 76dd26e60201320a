package handlers

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"

	"github.com/calendarinvite/calendarinviteserver/internal/api"
	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/maillog"
	"github.com/calendarinvite/calendarinviteserver/internal/page"
	"github.com/calendarinvite/calendarinviteserver/internal/seal"
)

// confirmEventRequest serves /confirm/{token}: GET shows the held request and changes nothing, POST starts its workflow again,
// confirmed. However often the button is pressed, it starts once.
func confirmEventRequest(ctx context.Context, a *app.App) any {
	workflow, bucket := a.Settings.Text("EVENT_REQUEST_WORKFLOW"), a.Settings.Text("MAIL_BUCKET")
	flows, keys, pages := a.Flows(), a.Keys(ctx), a.Pages()

	return asPage(a, pages, func(ctx context.Context, request api.Request) (api.Response, error) {
		link, err := openLink(a, keys, seal.Confirm, request)
		if err != nil {
			return api.Response{}, err
		}
		var held HeldRequest
		if err := json.Unmarshal([]byte(link.Extra), &held); err != nil {
			return api.Response{}, fault.Wrap(fault.NotFound, reasonLinkBroken, err)
		}
		if request.HTTPMethod != http.MethodPost {
			html, err := pages.ConfirmRequest(page.ConfirmRequest{Event: page.Event{Title: held.Summary}, Mailto: link.Email, Action: string(held.Action)})
			return shown(pages, http.StatusOK, html, err)
		}
		mail := held.Mail
		mail.Bucket, mail.Confirmed = bucket, true
		if err := flows.Start(ctx, workflow, mail.MessageID+"-confirmed", mail); err != nil {
			return api.Response{}, err
		}
		a.Log.Note(ctx, maillog.Received, slog.String("message_id", mail.MessageID), slog.Bool("confirmed", true), maillog.Address("source", mail.Source))
		done := page.RequestConfirmed{Title: held.Summary}
		if held.Action == invite.ActionCreate { // updates and cancellations are silent
			done.Mailto = link.Email
		}
		html, err := pages.RequestConfirmed(done)
		return shown(pages, http.StatusOK, html, err)
	})
}
