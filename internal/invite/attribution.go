package invite

import (
	"context"
	"strings"
)

// attribution says whose answer a reply is.
type attribution struct {
	email  string // whose record it belongs to; "" when nobody's, and reason says why
	grade  Grade
	by     string // the other address that answered
	guest  bool   // not the invited person, if there is no record yet: came by a forwarded mail
	token  bool   // the answer is to the invitation in the token
	reason string
}

// Reasons why an answer is nobody's, or is not counted.
const (
	ReasonNotAttendee    = "not-attendee"    // no token, and the mail does not authenticate as the attendee
	ReasonForwardedGuest = "forwarded-guest" // by the organizer's policy
	ReasonGuestRefused   = "guest-refused"   // a forwarded guest whom the organizer turned away: nobody is told again
)

// attribute decides whose answer a reply is (spec §2.5, field rule 32):
//
//   - the token and ATTENDEE agree: the invited person's, proven; if somebody else mailed it, that is a delegate: probable;
//   - the token is known and the mail authenticates as the invited person (or as another spelling of the same mailbox), with another
//     ATTENDEE: an alias of theirs, probable;
//   - the token is known, but neither ATTENDEE nor From is the invited person: somebody to whom the mail was forwarded, recorded under
//     the address that answered: probable when ATTENDEE and the authenticated From agree, else claimed;
//   - no token: ATTENDEE must be the authenticated From, probable.
//
// The token is proof only of having received the invitation. So an address that merely holds it never answers for the invited
// person, unless the mail names or comes from that person.
func attribute(r Reply) attribution {
	attendee, from := known(r.Attendee), ""
	if r.Authenticated {
		from = known(r.From)
	}
	invited := known(r.Invited)
	switch {
	case invited == "":
		switch {
		case from == "" || attendee != "" && !sameAddress(attendee, from):
			return attribution{reason: ReasonNotAttendee}
		default:
			return attribution{email: from, grade: Probable, guest: true}
		}
	case r.Channel == ChannelPage:
		return attribution{email: invited, grade: Proven, token: true}
	case sameAddress(attendee, invited) && (from == "" || sameAddress(from, invited)):
		return attribution{email: invited, grade: Proven, token: true}
	case sameAddress(attendee, invited):
		return attribution{email: invited, grade: Probable, by: from, token: true}
	case sameAddress(from, invited), attendee != "" && sameMailbox(attendee, invited), from != "" && sameMailbox(from, invited):
		by := attendee
		if by == "" || sameAddress(by, invited) {
			by = from
		}
		return attribution{email: invited, grade: Probable, by: by, token: true}
	case from != "" && (attendee == "" || sameAddress(attendee, from)):
		return attribution{email: from, grade: Probable, guest: true}
	case from != "":
		return attribution{email: from, grade: Claimed, guest: true}
	case attendee != "":
		return attribution{email: attendee, grade: Claimed, guest: true}
	}
	return attribution{email: invited, grade: Probable, token: true} // no ATTENDEE at all, as some room calendars answer (field rule 30)
}

// known is the address in the form of records; "" when it is none.
func known(address string) string {
	parsed, err := ParseAddress(address)
	if err != nil {
		return ""
	}
	return parsed
}

func sameAddress(a, b string) bool { return a != "" && strings.EqualFold(a, b) }

// sender is who sent a mail about an event of ours, other than an answer.
type sender struct {
	event    Event
	attendee Attendee
	grade    Grade
	reason   string // why it is nobody whom the event knows
}

// knownSender reads the event that a mail from an attendee is about, and the record of who sent it. What is not an answer is taken of known
// attendees alone, for events by our own UIDs (spec §5): a forwarded guest becomes one by answering. One call.
func (s *Service) knownSender(ctx context.Context, r Reply) (sender, error) {
	who := attribute(r)
	if who.reason != "" {
		return sender{reason: who.reason}, nil
	}
	uid := ownUID(r.UID)
	if uid == "" {
		return sender{reason: ReasonUnknownEvent}, nil
	}
	found, err := s.store.Answering(ctx, uid, concerned(r, who))
	if err != nil {
		return sender{}, err
	}
	if found.Event == nil {
		return sender{reason: ReasonUnknownEvent}, nil
	}
	attendee, has := found.Attendees[who.email]
	if !has {
		return sender{event: *found.Event, reason: ReasonUnknownAttendee}, nil
	}
	return sender{event: *found.Event, attendee: attendee, grade: who.grade}, nil
}
