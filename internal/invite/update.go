package invite

import (
	"context"
	"errors"
	"maps"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/fact"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/ical"
	"github.com/calendarinvite/calendarinviteserver/internal/itip"
)

// UpdateEvent makes a new revision of the sender's own event, if the request is not older than what is stored and changes anything
// that people see (spec §3, "Update"). The attendees get it by the update's fan-out, which Updated describes. Somebody else's event
// is a fault NotFound; one that was cancelled, and is now put back in the organizer's calendar, a Conflict ReasonEventCancelled. Two calls, three for a reschedule.
func (s *Service) UpdateEvent(ctx context.Context, uid string, r Request) (Updated, error) {
	for range maxAttempts {
		event, err := s.ownEvent(ctx, uid, r.owner())
		if err != nil {
			return Updated{}, wrap("update event", err)
		}
		updated, err := s.update(ctx, event, r)
		if err == nil && updated.Result == ResultUpdated {
			err = s.tell(ctx, eventFact(fact.EventUpdated, updated.Event))
		}
		if !errors.Is(err, ErrEventChanged) {
			return updated, wrap("update event", err)
		}
	}
	return Updated{}, wrap("update event", errContended())
}

// update is one attempt against the event as it was read.
func (s *Service) update(ctx context.Context, event Event, r Request) (Updated, error) {
	switch {
	case event.SourceMessage == r.MessageID && event.UID != r.MessageID: // this step's own earlier work
		return Updated{
			Result: ResultUpdated, Reschedule: event.SourceChange == string(itip.Reschedule), Instances: event.SourceInstances,
			Changed: event.SourceFields, Event: event,
		}, nil
	case event.Cancelled() && r.revision().Compare(event.source()) > 0:
		return Updated{}, fault.New(fault.Conflict, ReasonEventCancelled, "The event was cancelled, and its guests were told so.")
	case event.Cancelled():
		return Updated{Result: ResultCancelled, Event: event}, nil
	}
	stored, err := unpack(event.Calendar)
	if err != nil {
		return Updated{}, fault.Wrap(fault.Internal, "stored-calendar", err)
	}
	arrived, err := unpack(r.Calendar)
	if err != nil {
		return Updated{}, fault.Wrap(fault.InvalidRequest, "calendar-unreadable", err)
	}
	if r.RecurrenceID != "" && (itip.Series(stored) || !itip.HasInstance(stored, r.RecurrenceID)) {
		return s.updateInstances(ctx, event, r, stored, arrived)
	}
	if r.revision().Compare(event.source()) < 0 {
		return Updated{Result: ResultStale, Event: event}, nil
	}
	arrived = itip.KeepInstances(stored, arrived)
	difference := itip.Compare(stored, arrived)
	next := event
	r.applyTo(&next, s.now())
	if next.Calendar, err = pack(arrived); err != nil {
		return Updated{}, err
	}
	if difference.Change == itip.Nothing {
		// Nobody is told, but the newest request counts when the next one is ordered, and its calendar goes to new guests.
		next.DTStamp, next.LastModified, next.SourceMessage = event.DTStamp, event.LastModified, event.SourceMessage
		if next.source() != event.source() {
			err = s.store.Note(ctx, next)
		}
		return Updated{Result: ResultUnchanged, Event: event}, err
	}
	next.Sequence = event.Sequence + 1
	next.SourceChange, next.SourceInstances, next.SourceFields = string(difference.Change), nil, difference.Fields
	reschedule := difference.Change == itip.Reschedule
	if reschedule {
		next.Rescheduled, next.Instances = next.Sequence, nil
	} else {
		next.Instances = movedInstances(event.Instances, difference.Moved, next.Sequence)
	}
	if err := s.store.Revise(ctx, next, reschedule); err != nil {
		return Updated{}, err
	}
	next.Version++
	return Updated{Result: ResultUpdated, Reschedule: reschedule, Changed: difference.Fields, Event: next}, nil
}

// updateInstances makes a new revision in which only the instances that the request holds may differ. The answers to the series
// stand; answers to an instance that moved are asked for again.
func (s *Service) updateInstances(ctx context.Context, event Event, r Request, stored, arrived *ical.Calendar) (Updated, error) {
	merged, stale := itip.MergeInstances(stored, arrived)
	if stale {
		return Updated{Result: ResultStale, Event: event}, nil
	}
	next, err := event.withInstances(r, merged.Calendar, merged.Changed, s.now())
	if err != nil {
		return Updated{}, err
	}
	if len(merged.Changed) == 0 {
		next.Sequence, next.DTStamp, next.LastModified = event.Sequence, event.DTStamp, event.LastModified
		next.SourceMessage, next.SourceChange, next.SourceInstances, next.SourceFields = event.SourceMessage, event.SourceChange, event.SourceInstances, event.SourceFields
		return Updated{Result: ResultUnchanged, Event: event}, s.store.Note(ctx, next)
	}
	next.SourceChange, next.SourceFields = string(itip.Details), merged.Fields
	next.Instances = movedInstances(event.Instances, merged.Moved, next.Sequence)
	if err := s.store.Revise(ctx, next, false); err != nil {
		return Updated{}, err
	}
	next.Version++
	return Updated{Result: ResultUpdated, Instances: merged.Changed, Changed: merged.Fields, Event: next}, nil
}

// withInstances is the next revision of the event with the calendar in which the instances differ.
func (e Event) withInstances(r Request, calendar *ical.Calendar, changed []string, now time.Time) (Event, error) {
	next := e
	var err error
	if next.Calendar, err = pack(calendar); err != nil {
		return Event{}, err
	}
	if main, ok := calendar.Main(); ok {
		if _, ok := main.Start(); ok {
			next.Ends = lastEnd(calendar, main)
		}
	}
	next.Sequence++
	next.DTStamp, next.LastModified = now.Unix(), now.Unix()
	next.SourceMessage, next.SourceInstances = r.MessageID, changed
	return next, nil
}

// maxMoved is how many instances are remembered to have moved on their own. A series with more is treated as if all had kept
// their answers.
const maxMoved = 500

// movedInstances is what is remembered of moved instances after a revision moved some more.
func movedInstances(before map[string]int, moved []string, sequence int) map[string]int {
	if len(moved) == 0 {
		return before
	}
	after := maps.Clone(before)
	if after == nil {
		after = make(map[string]int, len(moved))
	}
	for _, key := range moved {
		if len(after) < maxMoved {
			after[key] = sequence
		}
	}
	return after
}

// ownEvent reads an event of the organizer's; anybody else's does not exist for them (spec §2.4).
func (s *Service) ownEvent(ctx context.Context, uid string, o Organizer) (Event, error) {
	event, err := s.store.Event(ctx, uid)
	if err == nil && event.Owner() != o {
		return Event{}, unknownEvent()
	}
	return event, err
}

// errContended says that others changed the record again and again while this call was trying to.
func errContended() error {
	return fault.New(fault.Throttled, "contended", "Too many changes at the same time. Please try again.")
}
