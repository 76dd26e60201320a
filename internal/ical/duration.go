package ical

import (
	"errors"
	"strings"
	"time"

	goical "github.com/emersion/go-ical"
)

// Duration is a DURATION value (RFC 5545 §3.3.6). Days are nominal: a day is not 24 hours where the clocks change.
type Duration struct {
	Days int           // weeks count as seven
	Time time.Duration // hours, minutes and seconds; the sign is that of Days
}

// ErrDuration is returned for a text that is no DURATION.
var ErrDuration = errors.New("ical: not a duration")

// maxDuration bounds each number in a duration, in its own unit: about 2,700 years of days.
const maxDuration = 1_000_000

// ParseDuration reads a DURATION value (RFC 5545 §3.3.6), also in lower case and with parts in any order.
func ParseDuration(s string) (Duration, error) {
	s = strings.ToUpper(strings.TrimSpace(s))
	sign := 1
	switch {
	case strings.HasPrefix(s, "-"):
		sign, s = -1, s[1:]
	case strings.HasPrefix(s, "+"):
		s = s[1:]
	}
	if len(s) < 3 || s[0] != 'P' {
		return Duration{}, ErrDuration
	}
	var d Duration
	inTime := false
	number, digits, parts := 0, 0, 0
	for i := 1; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= '0' && c <= '9':
			number = number*10 + int(c-'0')
			digits++
			if number > maxDuration {
				return Duration{}, ErrDuration
			}
			continue
		case c == 'T' && !inTime && digits == 0:
			inTime = true
			continue
		case digits == 0:
			return Duration{}, ErrDuration
		case c == 'W' && !inTime:
			d.Days += 7 * number
		case c == 'D' && !inTime:
			d.Days += number
		case c == 'H' && inTime:
			d.Time += time.Duration(number) * time.Hour
		case c == 'M' && inTime:
			d.Time += time.Duration(number) * time.Minute
		case c == 'S' && inTime:
			d.Time += time.Duration(number) * time.Second
		default:
			return Duration{}, ErrDuration
		}
		number, digits = 0, 0
		if parts++; parts > 8 {
			return Duration{}, ErrDuration
		}
	}
	if digits > 0 || parts == 0 {
		return Duration{}, ErrDuration
	}
	d.Days *= sign
	d.Time *= time.Duration(sign)
	return d, nil
}

// Period is a PERIOD value (RFC 5545 §3.3.9): start and end, or start and duration.
type Period struct {
	Start, End Time
}

// Periods resolves all PERIODs of a property (FREEBUSY, RDATE;VALUE=PERIOD). Values that are not periods are left out.
func (z *Zones) Periods(p *goical.Prop) []Period {
	var all []Period
	for _, v := range strings.Split(p.Value, ",") {
		from, to, ok := strings.Cut(v, "/")
		if !ok {
			continue
		}
		period := Period{Start: z.time(p, from)}
		if d, err := ParseDuration(to); err == nil {
			period.End = z.add(period.Start, d)
		} else {
			period.End = z.time(p, to)
		}
		if period.Start.Wall.IsZero() || period.End.Wall.IsZero() {
			continue
		}
		all = append(all, period)
	}
	return all
}
