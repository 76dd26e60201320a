package invite

import (
	"context"
	"sync"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/imip"
	"github.com/calendarinvite/calendarinviteserver/internal/itip"
)

// takeOver is how long a queued invitation is left to the request that queued it. After that, the request is dead (an Express
// execution lives five minutes), and the next request for the same person sends it.
const takeOver = 6 * time.Minute

// Send invites a person whom Verify let pass: it records, counts and takes from the event's limit in one transaction, hands the mail
// to SES, and notes SES's id. A crash between these loses nothing: the same request (its ID) run again sends what was not sent, the
// same bytes; another request for the same person is told already. Two writes and one mail.
func (s *Service) Send(ctx context.Context, q InviteRequest, e Event) (Sent, error) {
	r, reason := s.checkRequest(q)
	if reason != "" {
		return Sent{Result: SentRefused, Reason: reason}, nil
	}
	now := s.now()
	next := Invitation{Event: e, Attendee: s.newAttendee(r, e, now), Caps: s.caps(r)}
	next.Change = move(e, nil, next.Attendee)
	next.Change.Invites = 1
	for range maxAttempts {
		outcome, err := s.store.Invite(ctx, next)
		if err != nil {
			return Sent{}, wrap("send invitation", err)
		}
		switch outcome.State {
		case InviteRecorded:
			next.Attendee.Version++
			return s.dispatch(ctx, next.Event, next.Attendee)
		case InviteLimit:
			return Sent{Result: SentLimitReached, Reason: ReasonInviteLimit}, nil
		case InviteCapped:
			return Sent{Result: SentCapped, Reason: outcome.Cap}, nil
		case InviteChanged:
			if e, err = s.store.Event(ctx, r.UID); err != nil {
				return Sent{}, wrap("send invitation", err)
			}
			if e.Cancelled() {
				return Sent{Result: SentRefused, Reason: ReasonEventCancelled}, nil
			}
			next = Invitation{Event: e, Attendee: s.newAttendee(r, e, now), Caps: next.Caps}
			next.Change = move(e, nil, next.Attendee)
			next.Change.Invites = 1
		case InviteKnown:
			known := outcome.Known
			if known.RequestID == r.ID && r.ID != "" { // this request's own earlier work
				if known.Delivery == DeliverySent {
					return Sent{Result: SentNow, SESMessageID: known.SESMessageID, Generation: known.Generation}, nil
				}
				return s.dispatch(ctx, next.Event, known)
			}
			again, reason := s.inviteAgain(r, next.Event, known, now)
			if reason != "" {
				return Sent{Result: SentRefused, Reason: reason}, nil
			}
			if again == nil {
				return Sent{Result: SentAlready, SESMessageID: known.SESMessageID, Generation: known.Generation}, nil
			}
			again.Caps = next.Caps
			next = *again
		}
	}
	return Sent{}, wrap("send invitation", errContended())
}

// newAttendee is the record of somebody invited for the first time.
func (s *Service) newAttendee(r InviteRequest, e Event, now time.Time) Attendee {
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
	case known.Undeliverable:
		return nil, ReasonUndeliverable
	case known.Delivery == DeliveryQueued && now.Unix()-known.QueuedAt < int64(takeOver.Seconds()):
		return nil, ""
	case known.Delivery == DeliveryQueued: // whoever queued it died before sending; it was counted then
		invites = 0
	case known.Delivery == "": // a guest who came by a forwarded mail: the answer stands
		after.Generation = known.Generation + 1
	case known.StatusAt(e) == itip.Declined: // a calendar shows the same UID as cancelled after a decline (field rule 19)
		after.Generation = known.Generation + 1
		after.Status, after.Rescheduled = itip.NoAction, e.Rescheduled
		after.AnsweredBy, after.DelegatedTo = "", ""
	case r.Origin == OriginTest:
	default:
		return nil, ""
	}
	change := move(e, &known, after)
	change.Invites = invites
	return &Invitation{Event: e, Attendee: after, Change: change}, ""
}

// dispatch sends the invitation that is recorded and notes that it was sent.
func (s *Service) dispatch(ctx context.Context, e Event, a Attendee) (Sent, error) {
	raw, err := s.compose(e, a)
	if err != nil {
		return Sent{}, wrap("send invitation", err)
	}
	id, err := s.mailer.Send(ctx, Outgoing{From: s.config.Sender, To: a.Email, Raw: raw, Tags: map[string]string{"uid": e.UID, "tenant": e.Tenant}})
	if err != nil {
		return Sent{}, wrap("send invitation", err)
	}
	if err := s.store.MarkSent(ctx, a, id, s.now().Unix()); err != nil {
		return Sent{}, wrap("send invitation", err)
	}
	return Sent{Result: SentNow, SESMessageID: id, Generation: a.Generation}, nil
}

// compose writes the mail. Its DTSTAMP is the revision's, so the same invitation is the same bytes whenever it is written.
func (s *Service) compose(e Event, a Attendee) ([]byte, error) {
	composer, err := s.composers.of(e, s.newComposer)
	if err != nil {
		return nil, err
	}
	return composer.Append(nil, imip.Recipient{Email: a.Email, Name: a.Name, Generation: a.Generation, PartStat: a.StatusAt(e).PartStat()})
}

func (s *Service) newComposer(e Event) (*imip.Composer, error) {
	calendar, err := e.ReadCalendar()
	if err != nil {
		return nil, fault.Wrap(fault.Internal, "stored-calendar", err)
	}
	return imip.NewComposer(imip.Invitation{
		Calendar: calendar, Method: imip.MethodRequest, UID: e.UID, Sequence: e.Sequence, DTStamp: time.Unix(e.DTStamp, 0).UTC(),
		OrganizerName: e.Organizer, OrganizerEmail: e.MailTo, RSVP: s.config.RSVP, Sender: s.config.Sender, Domain: s.config.Domain,
		Brand: s.config.Brand, LinkBase: s.config.LinkBase, UnsubscribeMailbox: s.config.Unsubscribe,
	}, s.keys)
}

// composers keeps what the mails of one revision of an event share, since one process often invites many people to one event.
type composers struct {
	mu   sync.Mutex
	kept map[revisionKey]*imip.Composer
}

type revisionKey struct {
	uid      string
	sequence int
	dtstamp  int64
}

// maxComposers bounds the memory that composers keep.
const maxComposers = 16

func (c *composers) of(e Event, compose func(Event) (*imip.Composer, error)) (*imip.Composer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := revisionKey{e.UID, e.Sequence, e.DTStamp}
	if composer, ok := c.kept[key]; ok {
		return composer, nil
	}
	composer, err := compose(e)
	if err != nil {
		return nil, err
	}
	if c.kept == nil || len(c.kept) >= maxComposers {
		c.kept = map[revisionKey]*imip.Composer{}
	}
	c.kept[key] = composer
	return composer, nil
}
