package invite

import (
	"strings"

	"github.com/calendarinvite/calendarinviteserver/internal/itip"
)

// Proposal is another time that a guest proposed (a COUNTER, RFC 5546 §3.2.7). A guest's newest proposal for an event, or for an
// instance of it, replaces their earlier one.
type Proposal struct {
	UID          string        `json:"uid"` // of the event
	Email        string        `json:"email"`
	Name         string        `json:"name,omitempty"`
	RecurrenceID string        `json:"recurrence_id,omitempty"` // itip.InstanceKey of the instance; "" = the whole event
	Start        int64         `json:"start"`                   // seconds since 1970; all-day and floating times as if the zone were UTC
	End          int64         `json:"end"`
	AllDay       bool          `json:"all_day,omitempty"`
	TZID         string        `json:"tzid,omitempty"`
	Location     string        `json:"location,omitempty"` // only where another place is proposed
	Comment      string        `json:"comment,omitempty"`
	Sequence     int           `json:"sequence"` // the revision that it is to
	DTStamp      int64         `json:"dtstamp"`
	At           int64         `json:"at"` // when it arrived
	MessageID    string        `json:"message_id,omitempty"`
	State        ProposalState `json:"state"`
	Answered     int64         `json:"answered,omitempty"` // when the organizer declined it
}

// Key names the proposal among those for its event.
func (p Proposal) Key() string { return p.Email + " " + p.RecurrenceID }

// ParseProposalKey is the address and the instance that a Key names.
func ParseProposalKey(key string) (email, instance string) {
	email, instance, _ = strings.Cut(key, " ")
	return email, instance
}

// ProposalState says what the organizer made of a proposal. One that is taken up arrives as an update of the event.
type ProposalState string

// The states.
const (
	ProposalOpen     ProposalState = "open"
	ProposalDeclined ProposalState = "declined"
	ProposalOver     ProposalState = "over" // never stored: it was open when the time changed, or the event was called off
)

// StateAt is what became of the proposal at the event as it stands. What was proposed instead of a time that is no longer leaves nothing to
// decide, whether it was taken up or not (as itip.Counter says of those that arrive then).
func (p Proposal) StateAt(e Event) ProposalState {
	planned := occasionOf(e, p.RecurrenceID)
	if p.State == ProposalOpen && (planned.Cancelled || p.Sequence < planned.Rescheduled || p.calledOff(e)) {
		return ProposalOver
	}
	return p.State
}

// calledOff reports whether the instance that the proposal is about takes place no more.
func (p Proposal) calledOff(e Event) bool {
	if p.RecurrenceID == "" {
		return false
	}
	calendar, err := e.ReadCalendar()
	if err != nil {
		return false // a record without its calendar cannot tell
	}
	_, takesPlace := itip.CounteredEvent(calendar, itip.Proposal{Instance: p.RecurrenceID})
	return !takesPlace
}
