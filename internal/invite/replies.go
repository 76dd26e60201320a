package invite

import (
	"errors"
	"slices"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/ical"
	"github.com/calendarinvite/calendarinviteserver/internal/imip"
	"github.com/calendarinvite/calendarinviteserver/internal/itip"
	"github.com/calendarinvite/calendarinviteserver/internal/mailauth"
	"github.com/calendarinvite/calendarinviteserver/internal/seal"
)

// What a mail to the RSVP mailbox is: values of Incoming.Action.
const (
	IncomingReply    = "reply"    // answers (METHOD:REPLY)
	IncomingCounter  = "counter"  // another time is proposed (COUNTER)
	IncomingRefresh  = "refresh"  // the invitation is asked for again (REFRESH)
	IncomingQuestion = "question" // a person wrote in words
	IncomingIgnore   = "ignore"   // nothing to do; Reason says why
)

// Incoming is what a mail to the RSVP mailbox says.
type Incoming struct {
	Action   string    `json:"action"`
	Reason   string    `json:"reason,omitempty"`
	Replies  []Reply   `json:"replies,omitempty"` // one per instance that is answered; a counter's, where an answer comes with it
	Counter  *Counter  `json:"counter,omitempty"`
	Refresh  *Reply    `json:"refresh,omitempty"` // who asks for which event; nothing is answered
	Question *Question `json:"question,omitempty"`
}

func ignore(reason string) Incoming { return Incoming{Action: IncomingIgnore, Reason: reason} }

// Reasons why a mail to the RSVP mailbox is not read.
const (
	ReasonForgedToken  = "forged-token"   // its UID imitates ours
	ReasonNoAnswer     = "no-answer"      // no VEVENT with a UID
	ReasonNoProposal   = "no-proposal"    // a COUNTER without a time that can be read
	ReasonNotAReply    = "not-a-reply"    // a method that attendees do not send (RFC 5546 §1.4)
	ReasonAutomatic    = "automatic"      // words that no person wrote
	ReasonNoWords      = "no-words"       // neither a calendar nor words
	ReasonNamesNothing = "names-no-event" // words that belong to no event
)

// ReadReply reads a mail to the RSVP mailbox: what it is, and whose and about which event by the sealed token in it.
func ReadReply(mail Mail, m *imip.Message, judged mailauth.Judgement, keys *seal.Keys) Incoming {
	if !judged.Act {
		return ignore(judged.Reason)
	}
	part, err := m.Calendar()
	switch fault.ReasonOf(err) {
	case "":
	case imip.ReasonNoCalendar, imip.ReasonSharedCalendar:
		return readQuestion(mail, m, judged, keys)
	default:
		return ignore(fault.ReasonOf(err))
	}
	switch part.Method {
	case "REPLY":
		replies, err := NewReplies(mail, m, part, judged, keys)
		if err != nil {
			return ignore(fault.ReasonOf(err))
		}
		return Incoming{Action: IncomingReply, Replies: replies}
	case "COUNTER":
		return readCounter(mail, part, judged, keys)
	case "REFRESH":
		said, err := readEvents(mail, part, judged, keys)
		if err != nil {
			return ignore(fault.ReasonOf(err))
		}
		return Incoming{Action: IncomingRefresh, Refresh: &said[0].reply}
	case "":
		return readQuestion(mail, m, judged, keys)
	}
	if part.InsideRFC822 { // what is attached does not speak for the mail
		return readQuestion(mail, m, judged, keys)
	}
	return ignore(ReasonNotAReply)
}

// maxReplies is how many answers of one mail are read: one per VEVENT, and a calendar sends one VEVENT per instance answered.
const maxReplies = 20

// NewReplies reads the answers in a mail from an attendee's calendar: one for each of its VEVENTs, attributed by the sealed token in
// the UID. A mail without a readable answer is a fault InvalidRequest; one whose UID imitates a token of ours NotAuthorized.
func NewReplies(mail Mail, _ *imip.Message, part *imip.CalendarPart, judged mailauth.Judgement, keys *seal.Keys) ([]Reply, error) {
	said, err := readEvents(mail, part, judged, keys)
	if err != nil {
		return nil, err
	}
	replies := make([]Reply, len(said))
	for i := range said {
		replies[i] = said[i].reply
	}
	return replies, nil
}

// saidOf is a VEVENT of an attendee's mail, and what it says in terms of an answer.
type saidOf struct {
	event ical.Event
	reply Reply
}

// readEvents reads the VEVENTs of an attendee's mail: at least one, each instance once.
func readEvents(mail Mail, part *imip.CalendarPart, judged mailauth.Judgement, keys *seal.Keys) ([]saidOf, error) {
	if part == nil || part.Calendar == nil {
		return nil, fault.New(fault.InvalidRequest, imip.ReasonNoCalendar, "")
	}
	var said []saidOf
	seen := map[string]bool{}
	for _, e := range part.Calendar.Events() {
		uid := e.UID()
		key := itip.UIDKey(uid) + " " + itip.InstanceKeyOf(e)
		if uid == "" || seen[key] || len(said) == maxReplies {
			continue
		}
		seen[key] = true
		token, err := keys.OpenUID(itip.UIDKey(uid)) // Exchange may wrap it, and bad folding leave a space in it
		if errors.Is(err, seal.ErrForged) {
			return nil, fault.New(fault.NotAuthorized, ReasonForgedToken, "")
		}
		reply := newReply(mail, part, judged, e, token)
		if err == nil {
			reply.UID, reply.Generation, reply.Invited = token.UID, token.Generation, invitedBy(token, reply)
		}
		said = append(said, saidOf{e, reply})
	}
	if len(said) == 0 {
		return nil, fault.New(fault.InvalidRequest, ReasonNoAnswer, "")
	}
	return said, nil
}

// invitedBy is the address that the token names. A token with only a hash tells whether an address at hand is the one; when it is
// none of them, nobody can say who was invited, and the reply counts as one without a token.
func invitedBy(token seal.Invitation, r Reply) string {
	if token.Email != "" {
		return token.Email
	}
	for _, address := range []string{r.Attendee, r.From} {
		if token.Matches(address) {
			return address
		}
	}
	return ""
}

func newReply(mail Mail, part *imip.CalendarPart, judged mailauth.Judgement, e ical.Event, token seal.Invitation) Reply {
	revision := itip.RevisionOf(e)
	r := Reply{
		MessageID: strings.ToLower(mail.MessageID), UID: e.UID(), From: judged.Person, Authenticated: judged.Authenticated,
		DTStamp: revision.DTStamp, Sequence: revision.Sequence, ProdID: part.Calendar.ProdID(), Comment: e.Comment(),
		RecurrenceID: itip.InstanceKeyOf(e), Channel: ChannelMail,
	}
	r.DTStamp = believable(r.DTStamp, mail.Received)
	if person, ok := answering(e.Attendees(), r.From, token); ok {
		r.Attendee, r.Name, r.PartStat, r.DelegatedTo = person.Address(), person.CN, person.PartStat, person.DelegatedTo
		if r.Comment == "" {
			r.Comment = person.Note // Google's place for it
		}
	}
	return r
}

// maxClockAhead is how far a calendar's clock may be ahead of ours, in seconds.
const maxClockAhead = 24 * 60 * 60

// believable is the DTSTAMP, or the mail's arrival where the DTSTAMP is missing or lies in the future: a stamp of next year would
// make everything that comes before next year look old.
func believable(dtstamp, received int64) int64 {
	if received != 0 && (dtstamp == 0 || dtstamp > received+maxClockAhead) {
		return received
	}
	return dtstamp
}

// answering is the attendee who answers: the only one of a REPLY (RFC 5546 §3.2.3). Of several, as some calendars send them, it is the
// sender, else the invited person, else the first who says anything.
func answering(attendees []ical.Person, from string, token seal.Invitation) (ical.Person, bool) {
	for _, is := range []func(ical.Person) bool{
		func(p ical.Person) bool { return sameAddress(p.Address(), from) },
		func(p ical.Person) bool { return token.UID != "" && token.Matches(p.Address()) },
		func(p ical.Person) bool { return itip.StatusOf(p.PartStat) != itip.NoAction },
		func(ical.Person) bool { return true },
	} {
		if i := slices.IndexFunc(attendees, is); i >= 0 {
			return attendees[i], true
		}
	}
	return ical.Person{}, false
}
