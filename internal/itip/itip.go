// Package itip decides what a scheduling message means (RFC 5546): which of two revisions is newer, what a new revision changes,
// what an answer does to what is known of an attendee, and what a cancellation takes away. It is pure: what is stored and what
// arrived come in, a decision or a named reason comes out. It does no I/O and asks no clock.
package itip

import "github.com/calendarinvite/calendarinviteserver/internal/ical"

// Floating stands for the zone of an event whose times belong to no zone (RFC 5545 §3.3.5, form 1).
const Floating = "floating"

// Revision says which revision of an object this is (RFC 5546 §2.1.5).
type Revision struct {
	Sequence int
	DTStamp  int64 // seconds since 1970; 0 = unknown, which is neither older nor newer than any other
}

// RevisionOf is the revision that an event claims to be.
func RevisionOf(e ical.Event) Revision {
	r := Revision{Sequence: e.Sequence()}
	if stamp := e.DTStamp(); !stamp.IsZero() {
		r.DTStamp = stamp.Unix()
	}
	return r
}

// Compare is -1 when r is older than other, 1 when it is newer, and 0 when the two cannot be told apart: the higher SEQUENCE is
// newer, and of the same SEQUENCE the later DTSTAMP (RFC 5546 §2.1.5 rules 3 and 4).
func (r Revision) Compare(other Revision) int {
	switch {
	case r.Sequence != other.Sequence:
		return sign(r.Sequence > other.Sequence)
	case r.DTStamp == other.DTStamp, r.DTStamp == 0, other.DTStamp == 0:
		return 0
	}
	return sign(r.DTStamp > other.DTStamp)
}

func sign(newer bool) int {
	if newer {
		return 1
	}
	return -1
}
