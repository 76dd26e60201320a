package invite

import (
	"context"
	"errors"
	"maps"

	"github.com/calendarinvite/calendarinviteserver/internal/fact"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/ical"
	"github.com/calendarinvite/calendarinviteserver/internal/itip"
)

// changeCancelled is Event.SourceChange of a cancellation.
const changeCancelled = "cancelled"

// CancelEvent calls off the sender's own event, or the instances that the request names (spec §3, "Cancel"). Cancelling twice does
// nothing. An event that is not the sender's is unknown-event. Two calls.
func (s *Service) CancelEvent(ctx context.Context, uid string, r Request) (Cancelled, error) {
	for range maxAttempts {
		event, err := s.ownEvent(ctx, uid, r.owner())
		if fault.KindOf(err) == fault.NotFound && err != nil {
			return Cancelled{Result: ResultUnknown}, nil
		}
		if err != nil {
			return Cancelled{}, wrap("cancel event", err)
		}
		cancelled, err := s.cancel(ctx, event, r)
		if err == nil && cancelled.Result == ResultCancelled {
			err = s.tell(ctx, cancelledFact(cancelled.Event))
		}
		if !errors.Is(err, ErrEventChanged) {
			return cancelled, wrap("cancel event", err)
		}
	}
	return Cancelled{}, wrap("cancel event", errContended())
}

// cancel is one attempt against the event as it was read.
func (s *Service) cancel(ctx context.Context, event Event, r Request) (Cancelled, error) {
	switch {
	case event.SourceMessage == r.MessageID && event.SourceChange == changeCancelled: // this step's own earlier work
		return Cancelled{Result: ResultCancelled, Instances: event.SourceInstances, Event: event}, nil
	case event.Cancelled():
		return Cancelled{Result: ResultAlready, Event: event}, nil
	}
	next := event
	now := s.now()
	if r.RecurrenceID == "" {
		if r.revision().Compare(event.source()) < 0 {
			return Cancelled{Result: ResultStale, Event: event}, nil
		}
		next.Sequence++
		next.DTStamp, next.LastModified = now.Unix(), now.Unix()
		next.SourceSequence, next.SourceDTStamp, next.SourceMessage, next.SourceInstances = r.SourceSequence, r.SourceDTStamp, r.MessageID, nil
		next.Status = StatusCancelled
	} else {
		result, instances, err := s.cancelInstances(&next, r)
		if err != nil || result != ResultCancelled {
			return Cancelled{Result: result, Event: event}, err
		}
		if len(instances) == 0 {
			next.Status = StatusCancelled
		}
	}
	next.Method, next.SourceChange, next.SourceFields = "CANCEL", changeCancelled, nil
	if err := s.store.Revise(ctx, next, false); err != nil {
		return Cancelled{}, err
	}
	next.Version++
	return Cancelled{Result: ResultCancelled, Instances: next.SourceInstances, Event: next}, nil
}

// cancelInstances takes the request's instances out of the event; an empty list of instances means that nothing is left of it.
func (s *Service) cancelInstances(event *Event, r Request) (result string, instances []string, err error) {
	stored, err := unpack(event.Calendar)
	if err != nil {
		return "", nil, fault.Wrap(fault.Internal, "stored-calendar", err)
	}
	arrived, err := unpack(r.Calendar)
	if err != nil {
		return "", nil, fault.Wrap(fault.InvalidRequest, "calendar-unreadable", err)
	}
	cancellation, stale := itip.CancelInstances(stored, arrived)
	switch {
	case stale:
		return ResultStale, nil, nil
	case len(cancellation.Cancelled) == 0:
		return ResultAlready, nil, nil
	}
	instances = cancellation.Cancelled
	if cancellation.Whole {
		instances = nil
	}
	next, err := event.withInstances(r, cancellation.Calendar, instances, s.now())
	if err != nil {
		return "", nil, err
	}
	next.Instances = maps.Clone(event.Instances)
	*event = next
	return ResultCancelled, instances, nil
}

// cancelledFact tells of the cancellation that made the event's present revision: of the event, or of instances of it, which goes on.
func cancelledFact(e Event) fact.Fact {
	if e.Cancelled() {
		return eventFact(fact.EventCancelled, e)
	}
	return eventFact(fact.EventUpdated, e)
}

// ReadCalendar reads the event's stored calendar.
func (e Event) ReadCalendar() (*ical.Calendar, error) { return unpack(e.Calendar) }
