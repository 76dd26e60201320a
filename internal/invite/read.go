package invite

import (
	"context"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
)

// Event reads an event of the tenant's; "" as tenant reads any, for administrators. A fault NotFound when there is none.
func (s *Service) Event(ctx context.Context, tenant, uid string) (Event, error) {
	id, err := ParseUID(uid)
	if err != nil {
		return Event{}, unknownEvent()
	}
	event, err := s.store.Event(ctx, id)
	if err == nil && tenant != "" && event.Tenant != tenant {
		err = unknownEvent()
	}
	if err != nil {
		return Event{}, wrap("read event", err)
	}
	return event, nil
}

// Statistics reads the counts of an event of the tenant's, as Event does.
func (s *Service) Statistics(ctx context.Context, tenant, uid string) (Statistics, error) {
	id, err := ParseUID(uid)
	if err != nil {
		return Statistics{}, unknownEvent()
	}
	event, counts, err := s.store.Statistics(ctx, id)
	if err == nil && tenant != "" && event.Tenant != tenant {
		err = unknownEvent()
	}
	if err != nil {
		return Statistics{}, wrap("read statistics", err)
	}
	return counts, nil
}

// NoteInviteLimitReached claims for the request the one notification that the event's invite limit is reached: true means that this
// request is to send it.
func (s *Service) NoteInviteLimitReached(ctx context.Context, uid, requestID string) (bool, error) {
	first, err := s.store.NoteInviteLimit(ctx, uid, requestID, s.now().Unix())
	return first, wrap("note invite limit", err)
}

func unknownEvent() error {
	return fault.New(fault.NotFound, ReasonUnknownEvent, "There is no such event.")
}
