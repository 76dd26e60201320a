package invite

import (
	"context"
	"errors"

	"github.com/calendarinvite/calendarinviteserver/internal/fact"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
)

// CreateEvent registers a new event of the sender's (spec §3). Its uid is the message id of the request's mail, so the step that
// runs again finds its own event and answers created again. Two calls: one read, one transaction.
func (s *Service) CreateEvent(ctx context.Context, r Request) (Created, error) {
	uid, err := ParseUID(r.MessageID)
	if err != nil {
		return Created{}, wrap("create event", err)
	}
	for range maxAttempts {
		found, err := s.store.Registration(ctx, r.owner(), r.OriginalUID, uid)
		switch {
		case err != nil:
			return Created{}, wrap("create event", err)
		case found.Own != nil && found.Own.Owner() == r.owner():
			return Created{Result: ResultCreated, Event: *found.Own, Events: found.Events}, wrap("create event", s.tell(ctx, eventFact(fact.EventCreated, *found.Own)))
		case found.Own != nil:
			return Created{}, fault.New(fault.Conflict, "uid-taken", "") // message ids are unique: this one was made up
		case found.Known != "" && found.Known != uid:
			return Created{Result: ResultExists, Event: Event{UID: found.Known}}, nil
		case found.Suspended:
			return Created{Result: ResultSuspended}, nil
		}
		limit := s.config.EventLimit
		if found.Subscribed {
			limit = 0
		}
		event := r.newEvent(s.config.EventInviteLimit, s.now())
		switch err = s.store.CreateEvent(ctx, event, limit); {
		case err == nil:
			event.Version = 1
			return Created{Result: ResultCreated, Event: event, Events: found.Events + 1}, wrap("create event", s.tell(ctx, eventFact(fact.EventCreated, event)))
		case errors.Is(err, ErrEventLimit):
			return Created{Result: ResultLimitReached, Events: found.Events, Limit: limit}, nil
		case !errors.Is(err, ErrEventExists):
			return Created{}, wrap("create event", err)
		}
	}
	return Created{}, wrap("create event", errContended())
}
