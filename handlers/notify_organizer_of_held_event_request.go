package handlers

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/mailauth"
	"github.com/calendarinvite/calendarinviteserver/internal/notify"
	"github.com/calendarinvite/calendarinviteserver/internal/seal"
	"github.com/calendarinvite/calendarinviteserver/internal/when"
)

// confirmWithin is how long a held request can be confirmed. The mail itself is kept longer.
const confirmWithin = 7 * 24 * time.Hour

// HeldRequest is what the confirmation link carries: the mail to read again, and what the page shows.
type HeldRequest struct {
	Mail    invite.Mail   `json:"m"`
	Action  invite.Action `json:"a"`
	Summary string        `json:"s"`
}

// notifyOrganizerOfHeldEventRequest asks the person in whose name a request came whether it is theirs. The sealed link in the
// mail is the only key to the request.
func notifyOrganizerOfHeldEventRequest(ctx context.Context, a *app.App) any {
	notifier, apiURL, keys := a.Notifier(), a.Settings.URL("API_URL"), a.Keys(ctx)
	return asStep(a, func(ctx context.Context, read RequestRead) (notify.Told, error) {
		if read.Asked == nil {
			return notify.Told{}, errNoRequest
		}
		mail := read.Mail
		mail.Recipients, mail.Bucket = nil, ""
		held, err := json.Marshal(HeldRequest{Mail: mail, Action: read.Held, Summary: firstRunes(read.Asked.Summary, 80)})
		if err != nil {
			return notify.Told{}, fmt.Errorf("encode the held request: %w", err)
		}
		token := keys.Link(seal.Link{
			Purpose: seal.Confirm,
			Email:   read.Sender.Email,
			Extra:   string(held),
			Expires: time.Unix(mail.Received, 0).Add(confirmWithin).Unix(),
		})
		read.Sender.Answer = true // it is the confirmation that shows whether the address spoke
		return tell(ctx, a, notifier, read, notify.ConfirmRequest{
			Mailto:      read.Sender.Email,
			Summary:     read.Asked.Summary,
			When:        when.New(read.Asked.DTStart, read.Asked.DTEnd, read.Asked.AllDay, read.Asked.TZID, read.Asked.RRule),
			Where:       read.Asked.Location,
			Action:      notify.Action(read.Held),
			Why:         whyHeld(read),
			ConfirmLink: apiURL + "/confirm/" + token,
		})
	})
}

func whyHeld(read RequestRead) string {
	if read.Reason == mailauth.ReasonForeignOrganizer {
		return "The event names " + read.Asked.OriginalOrganizer + " as its organizer, but it was mailed from your address."
	}
	return ""
}

// firstRunes is the beginning of the text, at most n characters.
func firstRunes(text string, n int) string {
	for i := range text {
		if n == 0 {
			return text[:i]
		}
		n--
	}
	return text
}
