package invite

import (
	"context"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/imip"
	"github.com/calendarinvite/calendarinviteserver/internal/itip"
)

// Invitation reads an event for a guest who holds an invitation to it, and the answer that counts for that address now: noaction
// without one. A fault NotFound when there is no event. One call.
func (s *Service) Invitation(ctx context.Context, uid, email string) (Event, itip.Status, error) {
	id, err := ParseUID(uid)
	if err != nil {
		return Event{}, itip.NoAction, unknownEvent()
	}
	found, err := s.store.Answering(ctx, id, []string{email})
	if err != nil {
		return Event{}, itip.NoAction, wrap("read invitation", err)
	}
	if found.Event == nil {
		return Event{}, itip.NoAction, unknownEvent()
	}
	return *found.Event, found.Attendees[email].StatusAt(*found.Event), nil
}

// invitation is what a mail of the method says about the event's present revision.
func (s *Service) invitation(e Event, method string) (imip.Invitation, error) {
	calendar, err := e.ReadCalendar()
	if err != nil {
		return imip.Invitation{}, fault.Wrap(fault.Internal, "stored-calendar", err)
	}
	return imip.Invitation{
		Calendar: calendar, Method: method, UID: e.UID, Sequence: e.Sequence, DTStamp: time.Unix(e.DTStamp, 0).UTC(),
		OrganizerName: e.Organizer, OrganizerEmail: e.MailTo, RSVP: s.config.RSVP, Sender: s.config.Sender, Domain: s.config.Domain,
		Brand: s.config.Brand, LinkBase: s.config.LinkBase, UnsubscribeMailbox: s.config.Unsubscribe,
	}, nil
}
