package invite

import (
	"context"

	"github.com/calendarinvite/calendarinviteserver/internal/imip"
)

// Results of Refresh.
const (
	RefreshSent    = "sent"
	RefreshRefused = "refused" // Reason says why
)

// Refreshed is the outcome of Refresh.
type Refreshed struct {
	Result       string `json:"result"`
	Reason       string `json:"reason,omitempty"`
	UID          string `json:"uid,omitempty"`
	Attendee     string `json:"attendee,omitempty"` // whom it is sent to
	SESMessageID string `json:"ses_message_id,omitempty"`
}

// Refresh sends the attendee's invitation again as the event is now (RFC 5546 §3.2.6): the same UID and generation, the present
// revision, their own answer; a CANCEL when the event is called off. Only known attendees get it, by the address of their record, and
// none who blocked the organizer or cannot be reached. Each call mails: the caller sees to it that a message is answered once, and an
// address not without end (notify.Claims). Two calls, one mail and a note.
func (s *Service) Refresh(ctx context.Context, r Reply) (Refreshed, error) {
	from, err := s.knownSender(ctx, r)
	if err != nil {
		return Refreshed{}, wrap("refresh", err)
	}
	event, attendee := from.event, from.attendee
	refreshed := Refreshed{Result: RefreshRefused, Reason: from.reason, UID: event.UID, Attendee: attendee.Email}
	if refreshed.Reason != "" {
		return refreshed, nil
	}
	standing, err := s.store.Standing(ctx, StandingQuery{UID: event.UID, Owner: event.Owner(), Email: attendee.Email, Known: true})
	if err != nil {
		return Refreshed{}, wrap("refresh", err)
	}
	switch {
	case attendee.Undeliverable != "":
		refreshed.Reason = ReasonUndeliverable
	case standing.Blocked:
		refreshed.Reason = ReasonBlocked
	case standing.Suspended:
		refreshed.Reason = ReasonSuspended
	}
	if refreshed.Reason != "" {
		return refreshed, nil
	}
	as := letter{method: imip.MethodRequest}
	if event.Cancelled() {
		as.method = imip.MethodCancel
	}
	composer, err := s.composer(event, as)
	if err != nil {
		return Refreshed{}, wrap("refresh", err)
	}
	if refreshed.SESMessageID, err = s.mail(ctx, composer, event, recipient(event, attendee)); err != nil {
		return Refreshed{}, wrap("refresh", err)
	}
	refreshed.Result = RefreshSent
	return refreshed, wrap("refresh", s.store.MarkUpdated(ctx, []UpdateMark{{
		UID: event.UID, Email: attendee.Email, Sequence: event.Sequence, Rescheduled: event.Rescheduled,
		SESMessageID: refreshed.SESMessageID, At: s.now().Unix(),
	}}))
}

// mail sends one mail about the event to one person.
func (s *Service) mail(ctx context.Context, composer Composer, e Event, to imip.Recipient) (sesMessageID string, err error) {
	raw, err := composer.Append(nil, to)
	if err != nil {
		return "", err
	}
	return s.mailer.Send(ctx, Outgoing{From: s.config.Sender, To: to.Email, Raw: raw, Tags: tags(e)})
}
