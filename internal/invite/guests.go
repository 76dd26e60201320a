package invite

import (
	"context"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/imip"
)

// turnAway applies the policy to the answer of a guest to whom the invitation was forwarded, or who answers without having had any; without a
// result, the guest joins.
func (s *Service) turnAway(ctx context.Context, r Reply, answered Answered, policy GuestPolicy, e Event) (Answered, error) {
	guest := Guest{UID: e.UID, Email: answered.Attendee, Name: cut(oneLine(r.Name), maxName), Reply: r, State: GuestHeld, Updated: s.now().Unix()}
	guest.Reply.Sequence = min(r.Sequence, e.Sequence) // a made-up one must not make their later answers look old
	switch {
	case policy != HoldGuests && policy != RefuseGuests:
		return answered, nil
	case e.Cancelled(): // nobody is admitted any more
		answered.Result, answered.Reason = AnswerRefused, ReasonEventCancelled
		return answered, nil
	case policy == RefuseGuests:
		guest.State = GuestRefused
		answered.Result, answered.Reason, answered.Guest = AnswerRefused, ReasonForwardedGuest, &guest
		return answered, nil
	}
	earlier, err := s.guest(ctx, e.UID, guest.Email)
	switch {
	case err == nil && earlier.State == GuestRefused:
		answered.Result, answered.Reason = AnswerRefused, ReasonGuestRefused
		return answered, nil
	case err == nil && earlier.State == GuestAdmitted:
		return answered, nil
	case err != nil && fault.KindOf(err) != fault.NotFound:
		return answered, err
	}
	if err := s.store.PutGuest(ctx, guest); err != nil {
		return answered, err
	}
	answered.Result, answered.Reason, answered.Guest = AnswerHeld, ReasonForwardedGuest, &guest
	return answered, nil
}

// Guests lists the forwarded guests of the event whom the organizer was asked about, in the order of their addresses: at most limit,
// after the given position ("" = from the start); next is "" on the last page.
func (s *Service) Guests(ctx context.Context, uid, after string, limit int) (page []Guest, next string, err error) {
	page, next, err = s.store.Guests(ctx, uid, after, limit)
	return page, next, wrap("list guests", err)
}

// guest is one of them; a fault NotFound when there is none.
func (s *Service) guest(ctx context.Context, uid, email string) (Guest, error) {
	page, _, err := s.store.Guests(ctx, uid, before(email), 1)
	if err != nil {
		return Guest{}, err
	}
	if len(page) == 0 || page[0].Email != email {
		return Guest{}, fault.New(fault.NotFound, "unknown-guest", "There is no such guest.")
	}
	return page[0], nil
}

// AdmitGuest lets a held guest join, as if their answer came now under the policy accept; also one who was refused, if the organizer
// thinks better of it. Admitting again answers duplicate. A fault NotFound when nobody is held under the address, Conflict when the event
// was called off meanwhile: then there is nothing to join.
func (s *Service) AdmitGuest(ctx context.Context, uid, email string) (Answered, error) {
	guest, err := s.guest(ctx, uid, known(email))
	if err != nil {
		return Answered{}, wrap("admit guest", err)
	}
	event, err := s.store.Event(ctx, uid)
	if err == nil && event.Cancelled() {
		err = fault.New(fault.Conflict, ReasonEventCancelled, "This event is cancelled.")
	}
	if err != nil {
		return Answered{}, wrap("admit guest", err)
	}
	answered, err := s.admit(ctx, guest)
	return answered, wrap("admit guest", err)
}

// admit gives the guest's answer again and notes that. A crash in between leaves an attendee whose record of being held is finished
// by the next call.
func (s *Service) admit(ctx context.Context, guest Guest) (Answered, error) {
	answered, err := s.answerUnder(ctx, guest.Reply, AcceptGuests)
	if err != nil || answered.Result == AnswerRefused || answered.Result == AnswerUnknownEvent {
		return answered, err
	}
	guest.State, guest.Updated = GuestAdmitted, s.now().Unix()
	return answered, s.store.PutGuest(ctx, guest)
}

// admitDelegate lets somebody join whose answer was held before the invited person said that they delegate to them.
func (s *Service) admitDelegate(ctx context.Context, uid, delegate string) error {
	if delegate == "" {
		return nil
	}
	guest, err := s.guest(ctx, uid, delegate)
	switch {
	case err != nil && fault.KindOf(err) == fault.NotFound:
		return nil
	case err != nil:
		return err
	case guest.State != GuestHeld:
		return nil
	}
	_, err = s.admit(ctx, guest)
	return err
}

// Results of RefuseGuest and RefuseHeldGuest.
const (
	RefusedNow     = "refused"
	RefusedAlready = "already"
)

// Refused is the outcome of turning a guest away.
type Refused struct {
	Result       string `json:"result"`
	SESMessageID string `json:"ses_message_id,omitempty"` // of the CANCEL
	Guest        Guest  `json:"guest"`
}

// RefuseHeldGuest turns a held guest away: a CANCEL takes the event out of their calendar, and their later answers change nothing. A
// guest who was admitted stays: a fault Conflict. Refusing again mails nothing; a crash between the mail and the note may mail it
// twice. A fault NotFound when nobody is held under the address; NotAuthorized when the organizer is suspended.
func (s *Service) RefuseHeldGuest(ctx context.Context, uid, email string) (Refused, error) {
	guest, err := s.guest(ctx, uid, known(email))
	if err != nil {
		return Refused{}, wrap("refuse guest", err)
	}
	switch guest.State {
	case GuestRefused:
		return Refused{Result: RefusedAlready, Guest: guest}, nil
	case GuestAdmitted:
		return Refused{}, fault.New(fault.Conflict, "guest-admitted", "This guest has joined the event already.")
	}
	event, err := s.store.Event(ctx, uid)
	if err == nil {
		err = s.maySend(ctx, event.Owner())
	}
	if err != nil {
		return Refused{}, wrap("refuse guest", err)
	}
	refused, err := s.refuse(ctx, event, guest)
	if err != nil {
		return Refused{}, wrap("refuse guest", err)
	}
	guest.State, guest.Updated = GuestRefused, s.now().Unix()
	refused.Guest = guest
	return refused, wrap("refuse guest", s.store.PutGuest(ctx, guest))
}

// RefuseGuest turns away a forwarded guest whom the organizer's policy refuses. It keeps nothing: the caller sees to it that a message is
// answered once (notify.Claims). One call and one mail.
func (s *Service) RefuseGuest(ctx context.Context, guest Guest) (Refused, error) {
	found, err := s.store.Answering(ctx, guest.UID, []string{guest.Email})
	if err == nil && found.Event == nil {
		err = unknownEvent()
	}
	if err != nil {
		return Refused{}, wrap("refuse guest", err)
	}
	refused, err := s.refuse(ctx, *found.Event, guest)
	return refused, wrap("refuse guest", err)
}

// refuse sends a CANCEL for the UID that the forwarded guest's calendar holds, to the guest alone (RFC 5546 §3.2.3, field rule 32). Who answered
// without having had any invitation holds none.
func (s *Service) refuse(ctx context.Context, e Event, guest Guest) (Refused, error) {
	if known(guest.Reply.Invited) == "" {
		return Refused{Result: RefusedNow, Guest: guest}, nil
	}
	cancel, err := s.invitation(e, imip.MethodCancel)
	if err != nil {
		return Refused{}, err
	}
	// Every CANCEL counts SEQUENCE up (RFC 5546 §2.1.4); a later update of the same SEQUENCE has the later DTSTAMP. Sent again, it is the
	// same bytes.
	cancel.Sequence++
	cancel.DTStamp = time.Unix(max(e.DTStamp, guest.Updated), 0).UTC()
	cancel.Subject = "Not on the guest list: " + e.Summary
	cancel.Comment = "This invitation was forwarded to you, and the organizer keeps the event to the guests on the list. For everybody else it takes place as planned."
	composer, err := imip.NewComposer(cancel, s.keys)
	if err != nil {
		return Refused{}, err
	}
	id, err := s.mail(ctx, composer, e, imip.Recipient{
		Email: guest.Email, Name: guest.Name, UIDEmail: known(guest.Reply.Invited), UIDGeneration: guest.Reply.Generation,
	})
	return Refused{Result: RefusedNow, SESMessageID: id, Guest: guest}, err
}
