package handlers

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/notify"
)

// RequestFailed is the data of the failure notification: a request that was not understood, or one that the record refused.
type RequestFailed struct {
	RequestRead
	Error *ExecutionError `json:"error"` // what a Catch of the state machine put there
}

// ExecutionError is an error as Step Functions hands it to a Catch.
type ExecutionError struct {
	Error string
	Cause string
}

// notifyOrganizerOfFailedEventCreation tells the organizer why nothing was registered and what to do.
func notifyOrganizerOfFailedEventCreation(_ context.Context, a *app.App) any {
	notifier := a.Notifier()
	return asStep(a, func(ctx context.Context, failed RequestFailed) (notify.Told, error) {
		told := notify.FailedEvent{Mailto: failed.Sender.Email, Summary: failed.Sender.Subject, Reason: failed.Reason, Public: failed.Public}
		if failed.Asked != nil {
			told.Summary = failed.Asked.Summary
		}
		if failed.Error != nil {
			told.Reason, told.Public = failed.Error.reason(), ""
		}
		return tell(ctx, a, notifier, failed.RequestRead, told)
	})
}

// reason is the word for an error that a later step answered, which stands in parentheses after the kind (fault.Error). The mail
// explains the words it knows and is general about others.
func (e *ExecutionError) reason() string {
	var cause struct {
		ErrorMessage string `json:"errorMessage"`
	}
	if err := json.Unmarshal([]byte(e.Cause), &cause); err != nil {
		return e.Error
	}
	if _, after, found := strings.Cut(cause.ErrorMessage, e.Error+" ("); found {
		if reason, _, closed := strings.Cut(after, ")"); closed {
			return reason
		}
	}
	return e.Error
}
