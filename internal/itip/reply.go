package itip

// Known is what is stored of an attendee when an answer arrives. The zero value is an attendee of whom nothing is known.
type Known struct {
	Status     Status
	Last       Revision // of the newest answer seen
	Seen       bool     // there is such an answer
	Generation int      // of the newest invitation; 0 = never invited by us
	// Recorded reports whether the history holds this very answer already; nil = it does not.
	Recorded func(Answer) bool
}

// Occasion is what an answer is to.
type Occasion struct {
	Sequence    int  // of the event's present revision
	Rescheduled int  // SEQUENCE at its last reschedule (of the instance, for an answer to one)
	Cancelled   bool // the event is called off
}

// Answer is a REPLY to one object (RFC 5546 §3.2.3).
type Answer struct {
	Revision
	Status     Status
	Generation int // of the invitation that is answered; 0 = unknown
}

// Outcome is what an answer does.
type Outcome string

// The outcomes.
const (
	Apply     Outcome = "apply"     // it is the attendee's answer now
	Duplicate Outcome = "duplicate" // known already: nothing changes
	Stale     Outcome = "stale"     // older than what is known: nothing changes
	Record    Outcome = "record"    // worth keeping in the history, but it does not count
)

// Reasons for an outcome other than Apply.
const (
	ReasonRepeated        = "repeated"         // the same answer came before
	ReasonOlderReply      = "older-reply"      // a newer answer is known (RFC 5546 §2.1.5)
	ReasonOlderInvitation = "older-invitation" // to an invitation that a newer one replaced
	ReasonOldTime         = "old-time"         // to a revision from before the last reschedule
	ReasonEventCancelled  = "event-cancelled"
)

// Fold decides what an answer does to what is known of its attendee (RFC 5546 §2.1.5, field rule 31). The answer comes back as it
// is to be stored.
//
// A SEQUENCE beyond the event's own is read as the event's: no such revision exists, and a made-up number must not make the
// attendee's later answers look old. Two different answers that cannot be told apart count in the order of arrival, since some
// calendars stamp every answer with the invitation's DTSTAMP.
func Fold(known Known, event Occasion, answer Answer) (Answer, Outcome, string) {
	answer.Sequence = min(answer.Sequence, event.Sequence)
	if known.Generation > 0 && answer.Generation > 0 && answer.Generation < known.Generation {
		return answer, Stale, ReasonOlderInvitation
	}
	if known.Recorded != nil && known.Recorded(answer) {
		return answer, Duplicate, ReasonRepeated
	}
	if known.Seen {
		switch order := answer.Compare(known.Last); {
		case order < 0:
			return answer, Stale, ReasonOlderReply
		case order == 0 && answer.Status == known.Status:
			return answer, Duplicate, ReasonRepeated
		}
	}
	switch {
	case event.Cancelled:
		return answer, Record, ReasonEventCancelled
	case answer.Sequence < event.Rescheduled:
		return answer, Record, ReasonOldTime
	}
	return answer, Apply, ""
}
