package invite

import (
	"maps"

	"github.com/calendarinvite/calendarinviteserver/internal/itip"
)

// Statistics are the counts of an event, an organizer or the whole system (spec §8). The same type holds the change that one
// step makes to them; then numbers may be negative.
type Statistics struct {
	Events    int            `json:"events,omitempty"` // of an organizer and the system only
	Attendees int            `json:"attendees"`
	Invites   int            `json:"invites"` // invitations sent, repeats included: what the event's invite limit counts
	Origin    map[string]int `json:"origin"`
	RSVP      map[string]int `json:"rsvp"` // by itip.Status; all statuses are present
	ProdID    map[string]int `json:"prodid"`
	Bounced   int            `json:"bounced,omitempty"` // attendees whose address bounced for good, or is refused
	// Blocked counts, of an event, the attendees who blocked the organizer by a mail about it; of an organizer and the system, the blocks.
	Blocked int `json:"blocked,omitempty"`
}

// NewStatistics returns zero counts, with every RSVP status present.
func NewStatistics() Statistics {
	s := Statistics{Origin: map[string]int{}, RSVP: map[string]int{}, ProdID: map[string]int{}}
	for _, status := range itip.Statuses() {
		s.RSVP[string(status)] = 0
	}
	return s
}

// Count adds the attendee as the statistics of the event count it: the definition that every counter is tested against.
func (s *Statistics) Count(e Event, a Attendee) {
	s.Attendees++
	s.Origin[a.Origin]++
	s.RSVP[string(a.StatusAt(e))]++
	if a.CountedProd != "" {
		s.ProdID[a.CountedProd]++
	}
	if a.Bounced() {
		s.Bounced++
	}
	if a.Blocked {
		s.Blocked++
	}
}

// move is the change when one attendee's record goes from before to after, at the event as it stands. A nil before is a new one.
func move(e Event, before *Attendee, after Attendee) Statistics {
	change := Statistics{Origin: map[string]int{}, RSVP: map[string]int{}, ProdID: map[string]int{}}
	change.Count(e, after)
	if before != nil {
		old := Statistics{Origin: map[string]int{}, RSVP: map[string]int{}, ProdID: map[string]int{}}
		old.Count(e, *before)
		change.Attendees -= old.Attendees
		change.Bounced -= old.Bounced
		change.Blocked -= old.Blocked
		subtract(change.Origin, old.Origin)
		subtract(change.RSVP, old.RSVP)
		subtract(change.ProdID, old.ProdID)
	}
	return change
}

func subtract(from, what map[string]int) {
	for key, n := range what {
		from[key] -= n
	}
	maps.DeleteFunc(from, func(_ string, n int) bool { return n == 0 })
}

// IsZero reports whether the change moves nothing.
func (s Statistics) IsZero() bool {
	return s.Events == 0 && s.Attendees == 0 && s.Invites == 0 && s.Bounced == 0 && s.Blocked == 0 &&
		len(s.Origin) == 0 && len(s.RSVP) == 0 && len(s.ProdID) == 0
}

// add adds another change.
func (s *Statistics) add(other Statistics) {
	s.Events += other.Events
	s.Attendees += other.Attendees
	s.Invites += other.Invites
	s.Bounced += other.Bounced
	s.Blocked += other.Blocked
	for _, counts := range []struct{ to, from map[string]int }{{s.Origin, other.Origin}, {s.RSVP, other.RSVP}, {s.ProdID, other.ProdID}} {
		for name, n := range counts.from {
			counts.to[name] += n
		}
	}
}
