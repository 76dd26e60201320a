package handlers

import (
	"context"
	"log/slog"

	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/imip"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/mailauth"
	"github.com/calendarinvite/calendarinviteserver/internal/maillog"
)

// Actions of a RequestRead beside those of invite.Route.
const (
	actionHold = "hold" // the organizer must confirm by a link first
	actionFail = "fail" // the organizer is told why nothing was done
)

// RequestRead is what an organizer's mail asks for; it runs through the workflow event-request.
type RequestRead struct {
	Action string          `json:"action"`           // create, update, cancel, hold, fail or ignore
	Reason string          `json:"reason,omitempty"` // why it is held, failed or ignored
	Public string          `json:"public,omitempty"` // the reason as a sentence for the organizer
	Held   invite.Action   `json:"held,omitempty"`   // what a held request would do
	Mail   invite.Mail     `json:"mail"`
	Sender Correspondent   `json:"sender"`
	UID    string          `json:"uid,omitempty"` // of the event to update or cancel
	Asked  *invite.Request `json:"request,omitempty"`
}

// Correspondent is the person who wrote a mail, as far as an answer needs to know them.
type Correspondent struct {
	Email     string `json:"email,omitempty"`
	Answer    bool   `json:"answer"` // a mail may go back to the address
	MessageID string `json:"message_id,omitempty"`
	Subject   string `json:"subject,omitempty"`
}

// getNewEventRequestFromEmail reads a mail to create@: may its sender speak, is a calendar event in it, and does it create,
// update or cancel. A mail that cannot be acted on is an answer, not an error: no mail is tried for ever.
func getNewEventRequestFromEmail(_ context.Context, a *app.App) any {
	policy := mailauth.Policy{
		Gray:             mailauth.Choice(a.Settings.Choice("DMARC_GRAY", string(mailauth.Accept), string(mailauth.Confirm))),
		ForeignOrganizer: mailauth.Choice(a.Settings.Choice("FOREIGN_ORGANIZER", string(mailauth.Accept), string(mailauth.Confirm))),
		OwnAddresses:     a.OwnAddresses(),
	}
	blobs, service := a.Blobs(), a.Events()

	return asStep(a, func(ctx context.Context, mail invite.Mail) (RequestRead, error) {
		raw, err := blobs.Get(ctx, mail.Bucket, mail.Key)
		if err != nil {
			return RequestRead{}, err
		}
		read, err := readRequest(ctx, service, policy, mail, raw)
		if err != nil {
			return RequestRead{}, err
		}
		if what, found := map[string]maillog.What{string(invite.ActionIgnore): maillog.Ignored, actionFail: maillog.Refused, actionHold: maillog.Held}[read.Action]; found {
			a.Log.Note(ctx, what, slog.String("message_id", mail.MessageID), slog.String("reason", read.Reason), maillog.Address("from", read.Sender.Email))
		}
		return read, nil
	})
}

func readRequest(ctx context.Context, service *invite.Service, policy mailauth.Policy, mail invite.Mail, raw []byte) (RequestRead, error) {
	message, unread := imip.Read(raw, imip.Limits{})
	if message == nil {
		return RequestRead{Action: string(invite.ActionIgnore), Reason: fault.ReasonOf(unread), Mail: mail}, nil
	}
	message.NullReturnPath = message.NullReturnPath || mail.Source == ""
	judgement := mailauth.Judge(mail.Verdicts, message, policy)
	read := RequestRead{
		Action: string(invite.ActionIgnore),
		Reason: judgement.Reason,
		Mail:   mail,
		Sender: Correspondent{Email: judgement.Person, Answer: judgement.Answer, MessageID: message.MessageID, Subject: message.Subject},
	}
	held := judgement.Hold && !mail.Confirmed
	if !judgement.Act && !judgement.Hold {
		return read, nil
	}
	if unread != nil { // too large: only its header was read, enough to know whom to tell
		return read.failed(unread)
	}
	part, err := message.Calendar()
	if err != nil {
		return read.failed(err)
	}
	asked, err := invite.NewRequest(mail, message, part)
	if err != nil {
		return read.failed(err)
	}
	route, err := service.Route(ctx, asked)
	if err != nil {
		return read.failed(err)
	}
	read.Action, read.Reason, read.UID, read.Asked = string(route.Action), route.Reason, route.UID, &asked
	if held && route.Action != invite.ActionIgnore {
		read.Action, read.Reason, read.Held = actionHold, judgement.Reason, route.Action
	}
	return read, nil
}

// failed turns a permanent error into the way to the failure notification, if the sender may be answered.
func (r RequestRead) failed(err error) (RequestRead, error) {
	if !fault.KindOf(err).Permanent() {
		return RequestRead{}, err
	}
	r.Reason, r.Public = fault.ReasonOf(err), fault.PublicOf(err)
	r.Action = string(invite.ActionIgnore)
	if r.Sender.Answer {
		r.Action = actionFail
	}
	return r, nil
}
