package handlers

import (
	"context"
	"log/slog"

	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/maillog"
)

// createNewEventRecord registers the event of a request. An organizer at the limit, or a suspended one, is an answer, not an
// error; a repeated run finds its own event and answers "created" again.
func createNewEventRecord(_ context.Context, a *app.App) any {
	service := a.Registrar()
	return asStep(a, func(ctx context.Context, read RequestRead) (invite.Created, error) {
		if read.Asked == nil {
			return invite.Created{}, errNoRequest
		}
		created, err := service.CreateEvent(ctx, *read.Asked)
		if err != nil {
			return invite.Created{}, err
		}
		what := maillog.Created
		if created.Result != invite.ResultCreated {
			what = maillog.Refused
		}
		a.Log.Note(ctx, what, slog.String("message_id", read.Mail.MessageID), slog.String("result", created.Result), maillog.Address("organizer", read.Asked.MailTo))
		created.Event.Calendar = nil // the next states do not need it, and state data has a limit of 256 KiB
		return created, nil
	})
}

// errNoRequest is what a step of event-request answers to data without a request.
var errNoRequest = fault.New(fault.InvalidRequest, "no-request", "The data holds no request.")
