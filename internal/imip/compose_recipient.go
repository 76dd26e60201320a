package imip

import (
	"strings"

	goical "github.com/emersion/go-ical"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/ical"
	"github.com/calendarinvite/calendarinviteserver/internal/seal"
)

// slip is what one recipient fills the holes with, and room to make it in, kept for the next one.
type slip struct {
	values   [holes][]byte
	raw      []byte
	calendar []byte
	uid      goical.Prop
	attendee goical.Prop
}

func newSlip() *slip {
	s := &slip{uid: goical.Prop{Name: goical.PropUID}}
	// The shape that both Gmail and Outlook take (field rule 16).
	s.attendee = goical.Prop{Name: goical.PropAttendee, Params: goical.Params{
		goical.ParamCalendarUserType: {"INDIVIDUAL"}, goical.ParamRole: {"REQ-PARTICIPANT"}, goical.ParamParticipationStatus: {""},
		goical.ParamRSVP: {"TRUE"}, goical.ParamCommonName: {""}, "X-NUM-GUESTS": {"0"},
	}}
	return s
}

// knownPartStat reports whether it is a PARTSTAT of an event (RFC 5545 §3.2.12), or none.
func knownPartStat(partStat string) bool {
	switch partStat {
	case "", "NEEDS-ACTION", "ACCEPTED", "DECLINED", "TENTATIVE", "DELEGATED":
		return true
	}
	return false
}

func (s *slip) fill(c *Composer, r Recipient) error {
	known := knownPartStat(r.PartStat)
	for _, partStat := range r.Instances {
		known = known && knownPartStat(partStat)
	}
	if !known {
		return fault.New(fault.InvalidRequest, "bad-partstat", "")
	}
	sealed := seal.Invitation{UID: c.uid, Email: r.Email, Generation: r.Generation}
	if r.UIDEmail != "" {
		sealed.Email, sealed.Generation = r.UIDEmail, r.UIDGeneration
	}
	name := cleanName(r.Name)
	v := &s.values

	v[holeTo] = appendMailbox(v[holeTo][:0], name, r.Email)
	v[holeUID] = c.keys.AppendUID(v[holeUID][:0], sealed, c.domain)
	s.uid.Value = string(v[holeUID])
	v[holeUIDLine] = ical.AppendProp(v[holeUIDLine][:0], &s.uid)
	v[holeUIDEncoded] = appendQuotedPrintable(v[holeUIDEncoded][:0], v[holeUIDLine])
	s.attendee.Params[goical.ParamCommonName][0] = name
	if name == "" {
		s.attendee.Params[goical.ParamCommonName][0] = r.Email
	}
	s.attendee.Value = mailtoURI(r.Email)
	v[holeAttendeeLine] = s.appendAttendee(v[holeAttendeeLine][:0], r.PartStat, r.DelegatedTo)
	v[holeAttendeeEncoded] = appendQuotedPrintable(v[holeAttendeeEncoded][:0], v[holeAttendeeLine])

	v[holeUnsubscribe] = c.keys.AppendLink(v[holeUnsubscribe][:0], seal.Link{Purpose: seal.Unsubscribe, UID: c.uid, Email: r.Email, Extra: c.organizer})
	s.raw = c.keys.AppendLink(s.raw[:0], seal.Link{Purpose: seal.RSVP, UID: c.uid, Email: r.Email, Generation: r.Generation})
	s.encode(holeRSVP, s.raw)
	s.encode(holeStop, v[holeUnsubscribe])

	s.raw = s.raw[:0]
	if name != "" {
		s.raw = append(append(s.raw, ' '), name...)
	}
	s.encode(holeNameText, s.raw)
	if s.raw = s.raw[:0]; name != "" {
		s.raw = appendEscapedHTML(append(s.raw, ' '), name)
	}
	s.encode(holeNameHTML, s.raw)
	s.raw = append(s.raw[:0], r.Email...)
	s.encode(holeEmailText, s.raw)
	s.raw = appendEscapedHTML(s.raw[:0], r.Email)
	s.encode(holeEmailHTML, s.raw)
	return nil
}

// appendAttendee appends the recipient's ATTENDEE property with an answer. A recipient who delegated may still be asked (RSVP stays
// TRUE): they can take it back.
func (s *slip) appendAttendee(dst []byte, partStat, delegatedTo string) []byte {
	if partStat == "" {
		partStat = "NEEDS-ACTION"
	}
	s.attendee.Params[goical.ParamParticipationStatus][0] = partStat
	delete(s.attendee.Params, goical.ParamDelegatedTo)
	if partStat == "DELEGATED" && checkAddress(delegatedTo) == nil {
		s.attendee.Params.Set(goical.ParamDelegatedTo, mailtoURI(delegatedTo))
	}
	return ical.AppendProp(dst, &s.attendee)
}

// append appends a piece as it is for the recipient.
func (s *slip) append(dst []byte, p *piece, r *Recipient) []byte {
	if p.hole == literal {
		return append(dst, p.text...)
	}
	partStat, differs := r.Instances[p.instance]
	if p.instance == "" || !differs {
		return append(dst, s.values[p.hole]...)
	}
	s.raw = s.appendAttendee(s.raw[:0], partStat, r.DelegatedTo)
	if p.hole == holeAttendeeEncoded {
		return appendQuotedPrintable(dst, s.raw)
	}
	return append(dst, s.raw...)
}

// encode fills a hole in a body of quoted-printable, which ends with a soft line break where it is not empty.
func (s *slip) encode(h hole, text []byte) {
	s.values[h] = s.values[h][:0]
	if len(text) > 0 {
		s.values[h] = append(appendQuotedPrintable(s.values[h], text), softBreak...)
	}
}

// mailtoURI is an address as a URI (RFC 6068 §2), in which calendars know people.
func mailtoURI(address string) string {
	for i := 0; i < len(address); i++ {
		if mustEncode(address[i]) {
			var b strings.Builder
			b.WriteString("mailto:")
			for j := 0; j < len(address); j++ {
				if c := address[j]; mustEncode(c) {
					b.Write([]byte{'%', upperHex[c>>4], upperHex[c&15]})
				} else {
					b.WriteByte(c)
				}
			}
			return b.String()
		}
	}
	return "mailto:" + address
}

// mustEncode lists what a mailto: URI may not hold as it is (RFC 6068 §2 item 1; RFC 3986 §2).
func mustEncode(c byte) bool { return strings.IndexByte("%/?#[]&;=^`{|}", c) >= 0 }
