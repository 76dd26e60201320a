// Package when says in words when an event is: days, times, zone and repetition, for mails and pages that people read.
package when

import (
	"strconv"
	"strings"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
	"github.com/calendarinvite/calendarinviteserver/internal/itip"
)

// Span is an event's time as people are told it. Start and End carry the zone in which they are shown. The zero Span is unknown and
// reads as "".
type Span struct {
	Start    time.Time
	End      time.Time // exclusive, as DTEND is (RFC 5545 §3.6.1); zero or not after Start = open
	AllDay   bool      // Start and End are dates; their times of day mean nothing
	Floating bool      // local time wherever the reader is (RFC 5545 §3.3.5, form 1); no zone is named
	Rule     string    // RRULE value (RFC 5545 §3.3.10) or ""
}

// New makes a Span from an event record's fields: epoch seconds (0 = unknown) and a zone's name, IANA's or Windows', or itip.Floating. A name that
// nobody knows is shown in UTC: right, if less friendly.
func New(start, end int64, allDay bool, tzid, rule string) Span {
	if start == 0 && end == 0 {
		return Span{}
	}
	zone := time.UTC
	if named, _ := ical.Location(tzid); named != nil && !allDay {
		zone = named
	}
	span := Span{Start: time.Unix(start, 0).In(zone), AllDay: allDay, Floating: tzid == itip.Floating && !allDay, Rule: rule}
	if end > start {
		span.End = time.Unix(end, 0).In(zone)
	}
	return span
}

const (
	dayFormat      = "Monday, 2 January"
	fullDayFormat  = "Monday, 2 January 2006"
	clockFormat    = "15:04"
	dayClockFormat = fullDayFormat + ", " + clockFormat
)

// Known reports whether there is anything to say.
func (s Span) Known() bool { return !s.Start.IsZero() }

// String is one line, such as "Thursday, 12 March 2026, 10:00 – 11:00 CET (Europe/Berlin), every week". Clocks have 24 hours: the one
// form that cannot be mistaken for its opposite.
func (s Span) String() string {
	if !s.Known() {
		return ""
	}
	text := s.timed()
	if s.AllDay {
		text = s.days()
	}
	if repeats := Repeats(s.Rule); repeats != "" {
		text += ", " + repeats
	}
	return text
}

func (s Span) days() string {
	last := s.End.AddDate(0, 0, -1)
	switch {
	case !last.After(s.Start):
		return s.Start.Format(fullDayFormat) + ", all day"
	case last.Year() == s.Start.Year():
		return s.Start.Format(dayFormat) + " – " + last.Format(fullDayFormat) + ", all day"
	}
	return s.Start.Format(fullDayFormat) + " – " + last.Format(fullDayFormat) + ", all day"
}

func (s Span) timed() string {
	if !s.End.After(s.Start) {
		return s.Start.Format(dayClockFormat) + s.zone(s.Start) + s.place()
	}
	text := s.Start.Format(dayClockFormat)
	if s.zone(s.Start) != s.zone(s.End) { // a clock change lies between
		text += s.zone(s.Start)
	}
	if sameDay(s.Start, s.End) {
		text += " – " + s.End.Format(clockFormat)
	} else {
		text += " – " + s.End.Format(dayClockFormat)
	}
	return text + s.zone(s.End) + s.place()
}

// zone is " CET", or " UTC+3" where the zone has no letters of its own.
func (s Span) zone(at time.Time) string {
	if s.Floating {
		return ""
	}
	name, offset := at.Zone()
	if name != "" && name[0] != '+' && name[0] != '-' {
		return " " + name
	}
	if offset == 0 {
		return " UTC"
	}
	sign := "+"
	if offset < 0 {
		sign, offset = "−", -offset
	}
	text := " UTC" + sign + strconv.Itoa(offset/3600)
	if minutes := offset / 60 % 60; minutes != 0 {
		text += ":" + twoDigits(minutes)
	}
	return text
}

// place is " (Europe/Berlin)": abbreviations alone are ambiguous (CST is three different zones).
func (s Span) place() string {
	name := s.Start.Location().String()
	if s.Floating || !strings.Contains(name, "/") {
		return ""
	}
	return " (" + strings.ReplaceAll(name, "_", " ") + ")"
}

func twoDigits(n int) string {
	if n < 10 {
		return "0" + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}
