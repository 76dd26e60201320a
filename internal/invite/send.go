package invite

import (
	"context"
	"sync"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/fact"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/imip"
	"github.com/calendarinvite/calendarinviteserver/internal/itip"
)

// takeOver is how long a queued invitation is left to the request that queued it. After that, the request is dead (an Express
// execution lives five minutes), and the next request for the same person sends it.
const takeOver = 6 * time.Minute

// Send invites a person whom Verify let pass: it records, counts and takes from the event's limit in one transaction, hands the mail
// to SES, notes SES's id, and tells others. A crash between these loses nothing: the same request (its ID) run again sends what was
// not sent, the same bytes; another request for the same person is told already. Two writes and one mail.
func (s *Service) Send(ctx context.Context, q InviteRequest, e Event) (Sent, error) {
	r, reason := s.checkRequest(q)
	if reason != "" {
		return Sent{Result: SentRefused, Reason: reason}, nil
	}
	sent, at, err := s.send(ctx, r, e)
	if err != nil {
		return Sent{}, wrap("send invitation", err)
	}
	switch sent.Result {
	case SentNow:
		invited := fact.Invite{Attendee: r.Email, Name: r.Name, Origin: r.Origin, SESMessageID: sent.SESMessageID}
		err = s.tell(ctx, invitesFact(fact.InviteSent, e, r.ID, at, []fact.Invite{invited}))
	case SentLimitReached, SentCapped, SentRefused:
		err = s.tell(ctx, refusedFact(r, e, sent.Reason, s.now().Unix()))
	}
	return sent, wrap("send invitation", err)
}

// send records and sends; at is when the mail was sent.
func (s *Service) send(ctx context.Context, r InviteRequest, e Event) (sent Sent, at int64, err error) {
	now := s.now()
	next := s.firstInvitation(r, e, now)
	for range maxAttempts {
		outcome, err := s.store.Invite(ctx, next)
		if err != nil {
			return Sent{}, 0, err
		}
		switch outcome.State {
		case InviteRecorded:
			next.Attendee.Version++
			return s.dispatch(ctx, next.Event, next.Attendee)
		case InviteLimit:
			return Sent{Result: SentLimitReached, Reason: ReasonInviteLimit}, 0, nil
		case InviteCapped:
			return Sent{Result: SentCapped, Reason: outcome.Cap}, 0, nil
		case InviteChanged:
			if e, err = s.store.Event(ctx, r.UID); err != nil {
				return Sent{}, 0, err
			}
			if e.Cancelled() {
				return Sent{Result: SentRefused, Reason: ReasonEventCancelled}, 0, nil
			}
			next = s.firstInvitation(r, e, now)
		case InviteKnown:
			known := outcome.Known
			if known.RequestID == r.ID && r.ID != "" {
				return s.resume(ctx, next.Event, known)
			}
			again, reason := s.inviteAgain(r, next.Event, known, now)
			if reason != "" {
				return Sent{Result: SentRefused, Reason: reason}, 0, nil
			}
			if again == nil {
				return Sent{Result: SentAlready, SESMessageID: known.SESMessageID, Generation: known.Generation}, 0, nil
			}
			again.Caps = next.Caps
			next = *again
		}
	}
	return Sent{}, 0, errContended()
}

// resume goes on where this very request stopped earlier.
func (s *Service) resume(ctx context.Context, e Event, known Attendee) (Sent, int64, error) {
	switch {
	case known.Delivery == DeliverySent:
		return Sent{Result: SentNow, SESMessageID: known.SESMessageID, Generation: known.Generation}, known.SentAt, nil
	case known.Delivery == DeliveryFailed:
		return Sent{Result: SentRefused, Reason: ReasonRefused}, 0, s.tell(ctx, bounceFact(known))
	case known.SentSequence > e.Sequence: // recorded against a newer revision than the caller knows: the mail must not be older
		newer, err := s.store.Event(ctx, e.UID)
		if err != nil {
			return Sent{}, 0, err
		}
		if newer.Cancelled() {
			return Sent{Result: SentRefused, Reason: ReasonEventCancelled}, 0, nil
		}
		e = newer
	}
	return s.dispatch(ctx, e, known)
}

// firstInvitation is the invitation of somebody who has no record yet.
func (s *Service) firstInvitation(r InviteRequest, e Event, now time.Time) Invitation {
	i := Invitation{Event: e, Attendee: newAttendee(r, e, now), Caps: s.caps(r)}
	i.Change = move(e, nil, i.Attendee)
	i.Change.Invites = 1
	return i
}

// newAttendee is the record of somebody invited for the first time.
func newAttendee(r InviteRequest, e Event, now time.Time) Attendee {
	return Attendee{
		UID: e.UID, Email: r.Email, Name: r.Name, MailTo: e.MailTo, Tenant: e.Tenant, Origin: r.Origin,
		Status: itip.NoAction, Rescheduled: e.Rescheduled,
		Delivery: DeliveryQueued, Generation: 1, RequestID: r.ID, QueuedAt: now.Unix(), SentSequence: e.Sequence,
		Created: now.Unix(), LastModified: now.Unix(),
	}
}

// inviteAgain is the invitation of somebody who has a record already; nil when once was enough.
func (s *Service) inviteAgain(r InviteRequest, e Event, known Attendee, now time.Time) (*Invitation, string) {
	after := known
	after.Delivery, after.RequestID, after.QueuedAt, after.SentSequence, after.LastModified = DeliveryQueued, r.ID, now.Unix(), e.Sequence, now.Unix()
	after.SESMessageID = ""
	if after.Name == "" {
		after.Name = r.Name
	}
	invites := 1
	switch {
	case known.Undeliverable != "":
		return nil, ReasonUndeliverable
	case r.Listed && known.StatusAt(e) == itip.Declined: // a list never asks twice
		return nil, ""
	case known.Delivery == DeliveryQueued && now.Unix()-known.QueuedAt < int64(takeOver.Seconds()):
		return nil, ""
	case known.Delivery == DeliveryQueued: // whoever queued it died before sending; it was counted then
		invites = 0
	case known.StatusAt(e) == itip.Declined: // a calendar shows the same UID as cancelled after a decline (field rule 19)
		after.Generation = known.Generation + 1
		after.Status, after.Rescheduled = itip.NoAction, e.Rescheduled
		after.AnsweredBy, after.DelegatedTo, after.Instances = "", "", nil
		after.Via, after.ViaGeneration = "", 0
	case known.Delivery == "": // a guest who came by a forwarded mail: the answer stands, and so does the UID in their calendar
		after.Generation = known.Generation + 1
	case r.Again && known.missed(e): // it was counted when it was sent first
		invites = 0
	case r.Origin == OriginTest:
	default:
		return nil, ""
	}
	change := move(e, &known, after)
	change.Invites = invites
	return &Invitation{Event: e, Attendee: after, Change: change}, ""
}

// dispatch sends the invitation that is recorded and notes that it was sent, or that it never will be.
func (s *Service) dispatch(ctx context.Context, e Event, a Attendee) (Sent, int64, error) {
	raw, err := s.compose(e, a)
	id := ""
	if err == nil {
		id, err = s.mailer.Send(ctx, Outgoing{From: s.config.Sender, To: a.Email, Raw: raw, Tags: tags(e)})
	}
	at := s.now().Unix()
	switch {
	case err != nil && fault.KindOf(err).Permanent():
		failed, err := s.giveUp(ctx, a, err, at)
		if err == nil {
			err = s.tell(ctx, bounceFact(failed))
		}
		return Sent{Result: SentRefused, Reason: ReasonRefused}, 0, err
	case err != nil:
		return Sent{}, 0, err
	}
	return Sent{Result: SentNow, SESMessageID: id, Generation: a.Generation}, at, s.store.MarkSent(ctx, a, id, at)
}

// giveUp notes and counts that SES will never take mail to the attendee.
func (s *Service) giveUp(ctx context.Context, a Attendee, cause error, at int64) (Attendee, error) {
	return s.amend(ctx, a, func(a *Attendee) bool {
		if a.Undeliverable != "" {
			return false
		}
		if a.Delivery == DeliveryQueued {
			a.Delivery = DeliveryFailed
		}
		a.Undeliverable = Rejected
		a.Bounce = &Bounce{Type: bounceRejected, Subtype: fault.ReasonOf(cause), Diagnostic: cut(oneLine(cause.Error()), maxLine), At: at}
		return true
	})
}

// tags name what SES's events about the mail are about.
func tags(e Event) map[string]string { return map[string]string{"uid": e.UID, "tenant": e.Tenant} }

// letter is a kind of mail about an event. Its zero value but for the method is an invitation.
type letter struct {
	method    string // imip.MethodRequest, imip.MethodCancel
	update    bool   // the recipients hold an earlier revision ...
	next      bool   // ... the one before this: the mail can say what differs
	instances bool   // only of the instances that the revision changed
}

// compose writes the invitation as it stands. Its DTSTAMP is the revision's, so the same invitation is the same bytes whenever it is
// written. A permanent fault is about the recipient.
func (s *Service) compose(e Event, a Attendee) ([]byte, error) {
	composer, err := s.composer(e, letter{method: imip.MethodRequest})
	if err != nil {
		return nil, err
	}
	return composer.Append(nil, recipient(e, a))
}

// recipient is whom a mail about the event goes to, with what our records hold as their answers.
func recipient(e Event, a Attendee) imip.Recipient {
	status := a.StatusAt(e)
	r := imip.Recipient{
		Email: a.Email, Name: a.Name, Generation: a.Generation, PartStat: status.PartStat(), DelegatedTo: a.DelegatedTo,
		UIDEmail: a.Via, UIDGeneration: a.ViaGeneration,
	}
	answer := func(key string) {
		if of := a.InstanceStatusAt(e, key); of != status {
			if r.Instances == nil {
				r.Instances = map[string]string{}
			}
			r.Instances[key] = of.PartStat()
		}
	}
	for key := range a.Instances {
		answer(key)
	}
	for key := range e.Instances {
		answer(key)
	}
	return r
}

// composer writes the letters about the event's present revision.
func (s *Service) composer(e Event, l letter) (Composer, error) {
	return s.composers.of(revisionKey{e.UID, e.Sequence, e.DTStamp, l}, func() (Composer, error) { return s.newComposer(e, l) })
}

func (s *Service) newComposer(e Event, l letter) (Composer, error) {
	invitation, err := s.invitation(e, l.method)
	if err != nil {
		return nil, err
	}
	invitation.Update = l.update
	if l.next {
		invitation.Changed = e.SourceFields
	}
	if l.instances {
		on, off, _ := itip.SplitInstances(invitation.Calendar, e.SourceInstances)
		if invitation.Instances = on; l.method == imip.MethodCancel {
			invitation.Instances = off
		}
	}
	composer, err := imip.NewComposer(invitation, s.keys)
	if err != nil { // not the recipient's fault
		return nil, fault.Wrap(fault.Internal, "stored-calendar", err)
	}
	return composer, nil
}

// composers keeps what the mails of one revision of an event share, since one process often invites many people to one event.
type composers struct {
	mu   sync.Mutex
	kept map[revisionKey]Composer
}

type revisionKey struct {
	uid      string
	sequence int
	dtstamp  int64
	letter   letter
}

// maxComposers bounds the memory that composers keep.
const maxComposers = 16

func (c *composers) of(key revisionKey, compose func() (Composer, error)) (Composer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if composer, ok := c.kept[key]; ok {
		return composer, nil
	}
	composer, err := compose()
	if err != nil {
		return nil, err
	}
	if c.kept == nil || len(c.kept) >= maxComposers {
		c.kept = map[revisionKey]Composer{}
	}
	c.kept[key] = composer
	return composer, nil
}
