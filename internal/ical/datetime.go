package ical

import (
	"errors"
	"strings"
	"time"

	goical "github.com/emersion/go-ical"
)

// ZoneSource says how a Time was turned into an instant.
type ZoneSource string

// The sources, in the order in which they are tried.
const (
	ZoneUTC        ZoneSource = "utc"        // the value ends in Z
	ZoneVTimezone  ZoneSource = "vtimezone"  // the VTIMEZONE in the same calendar
	ZoneIANA       ZoneSource = "iana"       // the TZID is an IANA name
	ZoneWindows    ZoneSource = "windows"    // the TZID is a Windows name or display name
	ZoneFloating   ZoneSource = "floating"   // no zone: the same clock time everywhere
	ZoneAllDay     ZoneSource = "all-day"    // a date
	ZoneUnresolved ZoneSource = "unresolved" // an unknown zone, or a value that is no date
)

// Time is a DATE or DATE-TIME value (RFC 5545 §3.3.4-5).
type Time struct {
	Value string // as written; of a computed end, as it would be written
	TZID  string // the TZID parameter
	// AllDay marks a DATE, Floating a DATE-TIME without a zone; both have no instant.
	AllDay, Floating bool
	// Wall is the date and clock time as written, carried in UTC; zero when Value is no date. Only for comparing and
	// arithmetic within one zone.
	Wall time.Time
	// At is the instant in UTC; zero for AllDay, Floating and ZoneUnresolved.
	At     time.Time
	Source ZoneSource
	// Disputed is the other instant, when the VTIMEZONE in the calendar contradicts the IANA zone of the same name.
	Disputed *time.Time
}

// Equal reports whether both are the same moment: the same instant, or, when neither has one, the same date and clock time
// of the same kind.
func (t Time) Equal(u Time) bool {
	if t.At.IsZero() != u.At.IsZero() || t.AllDay != u.AllDay {
		return false
	}
	if !t.At.IsZero() {
		return t.At.Equal(u.At)
	}
	return t.TZID == u.TZID && t.Wall.Equal(u.Wall) && (!t.Wall.IsZero() || t.Value == u.Value)
}

// In is the instant as seen in loc: At, or for AllDay and Floating the written date and clock time there. It is zero for
// ZoneUnresolved.
func (t Time) In(loc *time.Location) time.Time {
	switch {
	case !t.At.IsZero():
		return t.At.In(loc)
	case t.AllDay || t.Floating:
		return localTime(t.Wall, loc).In(loc)
	}
	return time.Time{}
}

var errNotADate = errors.New("ical: not a date or date-time")

// parseDateTime reads DATE and DATE-TIME as written by strict and sloppy senders: separators of ISO 8601's extended form,
// seconds left out, hour 24, lower case. wall carries date and clock in UTC.
func parseDateTime(s string) (wall time.Time, date, utc bool, err error) {
	s = strings.TrimSpace(s)
	if len(s) > 32 {
		return time.Time{}, false, false, errNotADate
	}
	var digits [14]int
	n := 0
	t := -1
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= '0' && c <= '9' && n < len(digits) && !utc:
			digits[n] = int(c - '0')
			n++
		case (c == 'T' || c == 't' || c == ' ') && n == 8 && t < 0:
			t = i
		case (c == 'Z' || c == 'z') && t >= 0 && i == len(s)-1:
			utc = true
		case c == '-' && (n == 4 || n == 6) && t < 0, c == ':' && (n == 10 || n == 12):
		default:
			return time.Time{}, false, false, errNotADate
		}
	}
	number := func(from, count int) int {
		v := 0
		for _, d := range digits[from : from+count] {
			v = v*10 + d
		}
		return v
	}
	if n != 8 && n != 12 && n != 14 || (n == 8) != (t < 0) {
		return time.Time{}, false, false, errNotADate
	}
	year, month, day := number(0, 4), number(4, 2), number(6, 2)
	hour, minute, second := number(8, 2), number(10, 2), number(12, 2)
	if second == 60 { // RFC 5545 §3.3.12: a leap second, which the clock here does not have
		second = 59
	}
	if year < 1 || month < 1 || month > 12 || day < 1 || day > daysIn(year, time.Month(month)) ||
		hour > 24 || hour == 24 && minute+second > 0 || minute > 59 || second > 59 {
		return time.Time{}, false, false, errNotADate
	}
	return time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC), n == 8, utc, nil
}

// daysIn is the number of days in the month.
func daysIn(year int, month time.Month) int {
	return time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// Time resolves the first value of a DATE or DATE-TIME property.
func (z *Zones) Time(p *goical.Prop) Time {
	v := p.Value
	if i := strings.IndexByte(v, ','); i >= 0 {
		v = v[:i]
	}
	return z.time(p, v)
}

// Times resolves all values of a property that may hold several (RFC 5545 §3.1.2); of a PERIOD, its start (§3.3.9).
func (z *Zones) Times(p *goical.Prop) []Time {
	values := strings.Split(p.Value, ",")
	all := make([]Time, 0, len(values))
	for _, v := range values {
		start, _, _ := strings.Cut(v, "/")
		if start = strings.TrimSpace(start); start != "" {
			all = append(all, z.time(p, start))
		}
	}
	return all
}

func (z *Zones) time(p *goical.Prop, v string) Time {
	t := Time{Value: strings.TrimSpace(v), TZID: strings.TrimSpace(joined(p, "TZID")), Source: ZoneUnresolved}
	wall, date, utc, err := parseDateTime(v)
	if err != nil {
		return t
	}
	t.Wall = wall
	midnight := wall.Hour()+wall.Minute()+wall.Second() == 0
	switch {
	case date, paramWord(p, "VALUE") == "DATE" && midnight:
		t.AllDay, t.Source, t.TZID = true, ZoneAllDay, "" // RFC 5545 §3.2.19: no TZID on a DATE
	case utc:
		t.At, t.Source = wall, ZoneUTC // RFC 5545 §3.3.5 form 2; a TZID beside it means nothing
	case t.TZID == "":
		t.Floating, t.Source = true, ZoneFloating // §3.3.5 form 1
	default:
		z.resolve(&t) // §3.3.5 form 3
	}
	return t
}

// add moves a time by a duration as RFC 5545 §3.3.6 says: days are nominal (the clock stays), hours and less are exact.
func (z *Zones) add(t Time, d Duration) Time {
	if t.Wall.IsZero() {
		t.Value = ""
		return t
	}
	t.Wall = t.Wall.AddDate(0, 0, d.Days)
	switch {
	case t.AllDay:
		t.Wall = t.Wall.Add(d.Time.Truncate(24 * time.Hour))
		t.Value = t.Wall.Format("20060102")
	case t.Floating, t.Source == ZoneUnresolved:
		t.Wall = t.Wall.Add(d.Time)
		t.Value = t.Wall.Format("20060102T150405")
	case t.Source == ZoneUTC:
		t.Wall = t.Wall.Add(d.Time)
		t.At = t.Wall
		t.Value = t.Wall.Format("20060102T150405Z")
	default:
		z.resolve(&t)
		t.At = t.At.Add(d.Time)
		if t.Disputed != nil {
			at := t.Disputed.Add(d.Time)
			t.Disputed = &at
		}
		t.Wall = z.wall(t)
		t.Value = t.Wall.Format("20060102T150405")
	}
	return t
}
