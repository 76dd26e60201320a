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

// maxReplies is how many answers of one mail are read: one per VEVENT, and a calendar sends one VEVENT per instance answered.
const maxReplies = 20

// Reasons why a reply is not read.
const (
	ReasonForgedToken = "forged-token" // its UID imitates ours
	ReasonNoAnswer    = "no-answer"    // no VEVENT with a UID
)

// NewReplies reads the answers in a mail from an attendee's calendar: one for each of its VEVENTs, attributed by the sealed token in
// the UID. A mail without a readable answer is a fault InvalidRequest; one whose UID imitates a token of ours NotAuthorized.
func NewReplies(mail Mail, _ *imip.Message, part *imip.CalendarPart, judged mailauth.Judgement, keys *seal.Keys) ([]Reply, error) {
	if part == nil || part.Calendar == nil {
		return nil, fault.New(fault.InvalidRequest, imip.ReasonNoCalendar, "")
	}
	var replies []Reply
	seen := map[string]bool{}
	for _, e := range part.Calendar.Events() {
		uid := e.UID()
		key := itip.UIDKey(uid) + " " + itip.InstanceKeyOf(e)
		if uid == "" || seen[key] || len(replies) == maxReplies {
			continue
		}
		seen[key] = true
		token, err := keys.OpenUID(uid)
		if errors.Is(err, seal.ErrForged) {
			return nil, fault.New(fault.NotAuthorized, ReasonForgedToken, "")
		}
		reply := newReply(mail, part, judged, e, token)
		if err == nil {
			reply.UID, reply.Generation, reply.Invited = token.UID, token.Generation, invitedBy(token, reply)
		}
		replies = append(replies, reply)
	}
	if len(replies) == 0 {
		return nil, fault.New(fault.InvalidRequest, ReasonNoAnswer, "")
	}
	return replies, nil
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
