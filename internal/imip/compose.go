package imip

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/ical"
	"github.com/calendarinvite/calendarinviteserver/internal/seal"
)

// Composer writes the mails of one invitation. What they share is rendered once, in NewComposer; Append only fills the holes. It
// is safe for use by several goroutines.
type Composer struct {
	keys      *seal.Keys
	uid       string
	domain    string
	organizer string
	forbidden [2]string // addresses that are us (field rule 11)
	message   []piece
	calendar  []piece
	size      int // octets of a mail, about
	slips     sync.Pool
}

// NewComposer prepares the mails of an invitation: multipart/mixed { multipart/alternative { text/plain, text/html, text/calendar },
// application/ics } (field rule 1). The errors are *fault.Error of kind InvalidRequest: the invitation is incomplete, or its calendar
// has no event with a start.
func NewComposer(inv Invitation, keys *seal.Keys) (*Composer, error) {
	if err := inv.check(); err != nil {
		return nil, err
	}
	events, err := eventsToSend(&inv)
	if err != nil {
		return nil, err
	}
	text, html, err := composeBodies(&inv, events)
	if err != nil {
		return nil, err
	}
	calendar, err := composeCalendar(&inv, events)
	if err != nil {
		return nil, err
	}
	c := &Composer{
		keys: keys, uid: inv.UID, domain: strings.ToLower(inv.Domain), organizer: strings.ToLower(inv.OrganizerEmail),
		forbidden: [2]string{inv.RSVP, inv.Sender},
		calendar:  calendar,
	}
	c.slips.New = func() any { return newSlip() }
	mixed, alternative := boundaries(&inv, text, html, c.calendar)

	var m layout
	composeHeader(&m, &inv, subject(&inv, events))
	m.string("Content-Type: multipart/mixed;\r\n boundary=\"" + mixed + "\"\r\n\r\n")
	m.string("--" + mixed + "\r\nContent-Type: multipart/alternative;\r\n boundary=\"" + alternative + "\"\r\n\r\n")
	part := func(contentType string, body []piece) {
		m.string("--" + alternative + "\r\nContent-Type: " + contentType + "\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n")
		m.quotedPrintable(body)
		m.string("\r\n")
	}
	part("text/plain; charset=UTF-8", text)
	part("text/html; charset=UTF-8", html)
	// RFC 6047 §2.4: method equals METHOD; no disposition, so that clients show it as the invitation (field rules 2, 3).
	part("text/calendar; charset=UTF-8; method="+inv.Method+"; component=VEVENT", c.calendar)
	m.string("--" + alternative + "--\r\n\r\n")
	m.string("--" + mixed + "\r\nContent-Type: application/ics; name=\"invite.ics\"\r\n" +
		"Content-Disposition: attachment; filename=\"invite.ics\"\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	m.hole(holeAttachment)
	m.string("\r\n--" + mixed + "--\r\n")
	c.message = m.pieces
	for _, p := range c.message {
		c.size += len(p.text)
	}
	for _, p := range c.calendar {
		c.size += len(p.text) / base64Line * (maxEncodedLine + 2)
	}
	c.size += 8 << 10
	return c, nil
}

// composeHeader writes the header of the mail, all but Content-Type (field rules 8, 38-45).
func composeHeader(m *layout, inv *Invitation, subject string) {
	field := func(name string, value []byte) {
		m.string(name + ": ")
		m.write(value)
		m.string("\r\n")
	}
	brandName := cleanName(inv.Brand.Name)
	from := brandName
	if name := cleanName(inv.OrganizerName); name != "" && brandName != "" {
		from = name + " via " + brandName
	}
	field("From", appendMailbox(nil, from, inv.Sender)) // our own domain, so that DMARC passes (field rule 8)
	m.string("To: ")
	m.hole(holeTo)
	m.string("\r\n")
	field("Reply-To", appendMailbox(nil, cleanName(inv.OrganizerName), inv.OrganizerEmail))
	field("Subject", appendUnstructured(nil, subject))
	field("Date", []byte(inv.DTStamp.UTC().Format(time.RFC1123Z)))
	m.string("Message-ID: <" + messageKey(inv)) // SES replaces it and Date (field rule 43)
	m.hole(holeUID)
	m.string(">\r\nReferences: <") // SES leaves it alone: mails of one event thread by it
	m.hole(holeUID)
	m.string(">\r\nAuto-Submitted: auto-generated\r\n" + // RFC 3834 §5
		"X-Auto-Response-Suppress: OOF, AutoReply\r\n") // Exchange's own (field rule 44)
	m.string("List-Unsubscribe: <" + strings.TrimSuffix(inv.LinkBase, "/") + "/unsubscribe/")
	m.hole(holeUnsubscribe)
	m.string(">")
	if checkAddress(inv.UnsubscribeMailbox) == nil {
		m.string(",\r\n <" + mailtoURI(inv.UnsubscribeMailbox) + "?subject=")
		m.hole(holeUnsubscribe)
		m.string(">")
	}
	m.string("\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" + // RFC 8058 §3.1
		"Content-Class: urn:content-classes:calendarmessage\r\n" + // MS-ASCMD §4.16.2.1
		"MIME-Version: 1.0\r\n")
}

// messageKey tells the mails of one revision to the same recipient apart.
func messageKey(inv *Invitation) string {
	key := fmt.Sprintf("%d.%d.", inv.Sequence, inv.DTStamp.Unix())
	if inv.Method == MethodRequest && len(inv.Instances) == 0 {
		return key
	}
	sum := sha256.Sum256([]byte(inv.Method + "\x00" + strings.Join(inv.Instances, "\x00")))
	return key + hex.EncodeToString(sum[:6]) + "."
}

// noTitle stands for the title of an event that has none.
const noTitle = "(no title)"

// title is the event's title in one line.
func title(e ical.Event) string {
	if summary := cleanLine(e.Summary()); summary != "" {
		return summary
	}
	return noTitle
}

// boundaries derives the boundaries from what the mails share, so that the same invitation gives the same bytes.
func boundaries(inv *Invitation, parts ...[]piece) (mixed, alternative string) {
	hash := sha256.New()
	fmt.Fprintf(hash, "%s\n%s\n%d\n%d\n", inv.UID, inv.Method, inv.Sequence, inv.DTStamp.Unix())
	for _, part := range parts {
		for _, p := range part {
			hash.Write(p.text)
		}
	}
	return boundaryPair(hash.Sum(nil))
}

// boundaryPair makes the boundaries of the outer and the inner multipart. Both have "=_" in them, which no quoted-printable and no
// base64 ever contains (RFC 2045 §6.7): they cannot occur in a body, whatever a sender or recipient brings.
func boundaryPair(hash []byte) (mixed, alternative string) {
	sum := hex.EncodeToString(hash[:12])
	return "=_mixed_" + sum, "=_alternative_" + sum
}

// Append appends the mail to one recipient. The same input gives the same bytes. It refuses, with *fault.Error of kind
// InvalidRequest, an address that mail cannot be sent to ("bad-address"), an address of ours ("recipient-is-organizer"; field
// rule 11), and an unknown answer ("bad-partstat").
func (c *Composer) Append(dst []byte, r Recipient) ([]byte, error) {
	if err := checkAddress(r.Email); err != nil {
		return dst, err
	}
	for _, address := range c.forbidden {
		if strings.EqualFold(address, r.Email) {
			return dst, fault.New(fault.InvalidRequest, "recipient-is-organizer", "An invitation cannot be sent to the address that answers come to.")
		}
	}
	s := c.slips.Get().(*slip)
	defer c.slips.Put(s)
	if err := s.fill(c, r); err != nil {
		return dst, err
	}
	if dst == nil {
		dst = make([]byte, 0, c.size)
	}
	for i := range c.message {
		if c.message[i].hole == holeAttachment {
			dst = c.appendAttachment(dst, s, &r)
		} else {
			dst = s.append(dst, &c.message[i], &r)
		}
	}
	return dst, nil
}

// appendAttachment appends the calendar in base64.
func (c *Composer) appendAttachment(dst []byte, s *slip, r *Recipient) []byte {
	s.calendar = s.calendar[:0]
	for i := range c.calendar {
		s.calendar = s.append(s.calendar, &c.calendar[i], r)
	}
	return appendBase64(dst, s.calendar)
}
