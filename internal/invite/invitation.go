package invite

import (
	"context"

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
