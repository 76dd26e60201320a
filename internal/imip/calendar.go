package imip

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
)

// Calendar returns the calendar that the message is about: of the parts with an event in them, in this order, the first
// text/calendar with a method parameter, text/calendar, application/ics, a file named .ics, other text that is a calendar; parts of
// the message itself before those of messages attached to it. A copy that says what to do (METHOD, in the body or the Content-Type)
// goes before one that does not.
//
// When there is none, or the message is a report of the mail system (whatever was returned with it), the error is a *fault.Error of
// kind InvalidRequest with one of the Reasons and a public sentence.
func (m *Message) Calendar() (*CalendarPart, error) {
	if m.refusal != nil {
		return nil, m.refusal
	}
	return &m.Calendars[m.chosen], nil
}

// The order in which calendar parts are tried.
const (
	rankCalendarMethod = iota
	rankCalendar
	rankICS
	rankNamed
	rankSniffed
	rankNone
)

// findCalendars collects the parts that can hold a calendar, best first, and notices TNEF.
func (m *Message) findCalendars() {
	type candidate struct{ part, rank int }
	var found []candidate
	for i := range m.Parts {
		p := &m.Parts[i]
		if isTNEF(p) {
			m.TNEF = m.TNEF || !p.InsideRFC822
			continue
		}
		rank := calendarRank(p)
		if rank == rankNone {
			continue
		}
		if p.InsideRFC822 {
			rank += rankNone
		}
		found = append(found, candidate{i, rank})
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return a.rank - b.rank })
	for _, c := range found {
		p := m.Parts[c.part]
		p.Body = unwrapCalendar(p.Body)
		method := strings.ToUpper(strings.TrimSpace(p.Params["method"]))
		m.Calendars = append(m.Calendars, CalendarPart{Part: p, Method: method, MethodParam: method})
	}
}

// calendarRank says how likely a part holds the message's calendar; rankNone when it cannot.
func calendarRank(p *Part) int {
	switch p.Type {
	case "text/calendar":
		if p.Params["method"] != "" {
			return rankCalendarMethod
		}
		return rankCalendar
	case "application/ics":
		return rankICS
	case "application/x-ics", "text/ics", "text/x-ics", "application/calendar", "text/vcalendar", "text/x-vcalendar", "application/x-ical", "text/x-ical":
		return rankNamed
	}
	if name := strings.ToLower(strings.TrimSpace(p.Filename)); strings.HasSuffix(name, ".ics") || strings.HasSuffix(name, ".ical") {
		return rankNamed
	}
	if strings.HasPrefix(p.Type, "text/") || p.Type == "application/octet-stream" {
		if startsCalendar(p.Body) {
			return rankSniffed
		}
	}
	return rankNone
}

const beginCalendar = "BEGIN:VCALENDAR"

// startsCalendar reports whether the first text of the body begins an iCalendar object.
func startsCalendar(body []byte) bool {
	body = bytes.TrimPrefix(body[:min(len(body), 64)], []byte("\xef\xbb\xbf"))
	body = bytes.TrimLeft(body, " \t\r\n")
	return len(body) >= len(beginCalendar) && strings.EqualFold(string(body[:len(beginCalendar)]), beginCalendar)
}

// beginCalendarBase64 is the start of every base64 text that begins a calendar.
const beginCalendarBase64 = "QkVHSU46VkNBTEVOREFS"

// unwrapCalendar repairs a part whose Content-Transfer-Encoding does not say that it is base64.
func unwrapCalendar(body []byte) []byte {
	if bytes.HasPrefix(bytes.TrimLeft(body[:min(len(body), 64)], " \t\r\n"), []byte(beginCalendarBase64)) {
		return decodeBase64(body)
	}
	return body
}

// choose reads calendars in order until one has an event and a method, and keeps it; or keeps why there is none.
func (m *Message) choose(lim Limits) {
	m.refusal = m.refuseReport()
	if m.refusal != nil {
		return
	}
	problem := ""
	var cause error
	for i := range m.Calendars {
		p := &m.Calendars[i]
		if m.chosen >= 0 && p.InsideRFC822 {
			break
		}
		cal, charset, reason, err := readCalendar(p.Body, p.Params["charset"], lim)
		if reason != "" {
			if problem == "" {
				problem, cause = reason, err
			}
			continue
		}
		if m.chosen >= 0 && cal.Method() == "" {
			continue
		}
		if m.chosen >= 0 {
			m.Calendars[m.chosen].Calendar = nil
		}
		m.chosen = i
		p.Calendar, p.Charset, p.BodyMethod = cal, charset, cal.Method()
		if p.BodyMethod != "" {
			p.Method = p.BodyMethod
		}
		if p.Method != "" {
			break
		}
	}
	if m.chosen < 0 {
		m.refusal = m.refuseCalendars(problem, cause)
	}
}

// readCalendar reads one part's calendar; reason is "" when there is an event in it.
func readCalendar(body []byte, label string, lim Limits) (cal *ical.Calendar, charset, reason string, err error) {
	if len(body) > lim.CalendarBytes {
		return nil, "", ReasonTooLarge, nil
	}
	text, charset := ical.DecodeText(body, label)
	cal, err = ical.Read(text, ical.Limits{Bytes: 3 * lim.CalendarBytes}) // a byte of any code page is at most three in UTF-8
	switch {
	case errors.Is(err, ical.ErrTooLarge):
		return nil, charset, ReasonTooLarge, err
	case err != nil:
		return nil, charset, ReasonBroken, err
	}
	if _, ok := cal.Main(); ok {
		return cal, charset, "", nil
	}
	if len(cal.Problems) > 0 {
		return nil, charset, ReasonBroken, errors.New(cal.Problems[0].What)
	}
	return nil, charset, ReasonNoEvent, nil
}

// refuseReport refuses mail that is no invitation whatever is attached to it.
func (m *Message) refuseReport() error {
	switch {
	case m.Auto.SetupNotice:
		return refuse(ReasonSetupNotice, nil)
	case m.Auto.DeliveryReport:
		return refuse(ReasonDeliveryReport, nil)
	case m.Auto.DispositionReport:
		return refuse(ReasonReceipt, nil)
	case m.Auto.FeedbackReport:
		return refuse(ReasonComplaint, nil)
	}
	return nil
}

// refuseCalendars says why no calendar was found; problem is what was wrong with the first one tried.
func (m *Message) refuseCalendars(problem string, cause error) error {
	switch {
	case problem != "":
		return refuse(problem, cause)
	case m.TNEF:
		return refuse(ReasonTNEF, nil)
	case m.encrypted():
		return refuse(ReasonEncrypted, nil)
	case m.Auto.AutoReply || m.Auto.Submitted == "auto-replied":
		return refuse(ReasonAutoReply, nil)
	case m.sharesCalendar():
		return refuse(ReasonSharedCalendar, nil)
	}
	return refuse(ReasonNoCalendar, nil)
}

// encrypted reports whether the contents are out of reach: S/MIME that is encrypted or signed in opaque form (RFC 8551 §3.2), or
// PGP/MIME (RFC 3156).
func (m *Message) encrypted() bool {
	return slices.ContainsFunc(m.Parts, func(p Part) bool {
		switch p.Type {
		case "application/pkcs7-mime", "application/x-pkcs7-mime", "application/pgp-encrypted":
			return !p.InsideRFC822
		}
		return false
	})
}
