package ical

import (
	"math"
	"sort"
	"strconv"
	"strings"
	"time"
)

// yearRule is a recurrence rule as VTIMEZONEs use it (RFC 5545 §3.6.5): FREQ=YEARLY, and in which month, on which days.
type yearRule struct {
	start    onset
	interval int
	count    int       // 0: no COUNT
	until    time.Time // the last clock time, carried in UTC; zero: no UNTIL
	months   []time.Month
	days     []weekdayRule // BYDAY; empty: none
	dates    []int         // BYMONTHDAY; empty: none
	yearly   bool          // BYDAY counts within the year, not the month
}

// weekdayRule is one BYDAY value: the nth weekday, or with nth 0 every one.
type weekdayRule struct {
	nth int
	day time.Weekday
}

const (
	maxRuleYears = 500 // that a rule with an end is followed; some histories begin in 1601
	maxMonths    = 2   // in BYMONTH; one is what time zones have
	maxDays      = 7   // in BYDAY, and in BYMONTHDAY
)

var weekdays = map[string]time.Weekday{"SU": 0, "MO": 1, "TU": 2, "WE": 3, "TH": 4, "FR": 5, "SA": 6}

// parseYearRule reads an RRULE of an observance. It is false for a rule of another kind than VTIMEZONEs have.
func parseYearRule(s string, start onset) (yearRule, bool) {
	r := yearRule{start: start, interval: 1}
	yearly := false
	for _, part := range strings.Split(s, ";") {
		name, v, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(part)), "=")
		ok := true
		switch name {
		case "FREQ":
			yearly = v == "YEARLY"
		case "INTERVAL":
			r.interval, ok = number(v, 1, 100)
		case "COUNT":
			r.count, ok = number(v, 1, 100_000)
		case "UNTIL":
			ok = r.setUntil(v)
		case "BYMONTH":
			for _, m := range strings.Split(v, ",") {
				n, good := number(m, 1, 12)
				ok = ok && good
				r.months = append(r.months, time.Month(n))
			}
		case "BYMONTHDAY":
			for _, d := range strings.Split(v, ",") {
				n, good := number(d, -31, 31)
				ok = ok && good && n != 0
				r.dates = append(r.dates, n)
			}
		case "BYDAY":
			for _, d := range strings.Split(v, ",") {
				day, good := parseWeekday(d)
				ok = ok && good
				r.days = append(r.days, day)
			}
		case "", "WKST", "BYHOUR", "BYMINUTE", "BYSECOND": // the time of day is DTSTART's
		default:
			ok = false
		}
		if !ok || len(r.months) > maxMonths || len(r.dates) > maxDays || len(r.days) > maxDays {
			return yearRule{}, false
		}
	}
	if len(r.months) == 0 {
		// Without BYMONTH, an nth weekday is of the year (RFC 5545 §3.3.10); anything else is in DTSTART's month.
		r.yearly = len(r.days) > 0 && len(r.dates) == 0
		r.months = []time.Month{start.wall.Month()}
	}
	return r, yearly
}

// number reads a decimal between low and high.
func number(s string, low, high int) (int, bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil && n >= low && n <= high
}

// parseWeekday reads a BYDAY value such as SU, 1SU or -1SU.
func parseWeekday(s string) (weekdayRule, bool) {
	s = strings.TrimSpace(s)
	if len(s) < 2 {
		return weekdayRule{}, false
	}
	day, ok := weekdays[s[len(s)-2:]]
	if !ok || len(s) == 2 {
		return weekdayRule{day: day}, ok
	}
	nth, ok := number(s[:len(s)-2], -53, 53)
	return weekdayRule{nth: nth, day: day}, ok && nth != 0
}

// setUntil reads UNTIL: in UTC (RFC 5545 §3.3.10 for VTIMEZONE), or as many write it, a local time or a date.
func (r *yearRule) setUntil(v string) bool {
	wall, date, utc, err := parseDateTime(v)
	if err != nil {
		return false
	}
	switch {
	case utc:
		wall = wall.Add(time.Duration(r.start.from) * time.Second)
	case date:
		wall = wall.AddDate(0, 0, 1).Add(-time.Second)
	}
	r.until = wall
	return true
}

// ends reports whether the rule has a last onset.
func (r *yearRule) ends() bool { return r.count > 0 || !r.until.IsZero() }

// hits reports whether the rule itself yields that clock time.
func (r *yearRule) hits(wall time.Time) bool {
	hit := false
	r.inYear(wall.Year(), func(w time.Time) { hit = hit || w.Equal(wall) })
	return hit
}

// expand appends the onsets of a rule that ends, while there are fewer than limit.
func (r *yearRule) expand(to []onset, limit int) []onset {
	count := r.count
	if count == 0 {
		count = math.MaxInt
	}
	first := r.start.wall.Year()
	for year := first; year < first+maxRuleYears && count > 0 && len(to) < limit; year += r.interval {
		var inYear []time.Time
		r.inYear(year, func(w time.Time) { inYear = append(inYear, w) })
		sort.Slice(inYear, func(i, j int) bool { return inYear[i].Before(inYear[j]) })
		for _, w := range inYear {
			if !r.until.IsZero() && w.After(r.until) {
				return to
			}
			if w.Before(r.start.wall) || count == 0 || len(to) >= limit {
				continue
			}
			count--
			to = append(to, onset{wall: w, from: r.start.from, to: r.start.to})
		}
		if !r.until.IsZero() && year > r.until.Year() {
			return to
		}
	}
	return to
}

// around gives the onsets of an unending rule that can be the last before a moment in the year: of that year, the next (a
// clock at the turn of the year), and back to the one before.
func (r *yearRule) around(year int, consider func(onset)) {
	first := r.start.wall.Year()
	if year+1 < first {
		return
	}
	latest := year + 1 - ((year+1-first)%r.interval+r.interval)%r.interval
	for y, n := latest, 0; y >= first && n < 3; y, n = y-r.interval, n+1 {
		r.inYear(y, func(w time.Time) {
			if !w.Before(r.start.wall) {
				consider(onset{wall: w, from: r.start.from, to: r.start.to})
			}
		})
	}
}

// first gives the onsets of the first year that has some.
func (r *yearRule) first(consider func(onset)) {
	found := false
	for y, n := r.start.wall.Year(), 0; n < 10 && !found; y, n = y+r.interval, n+1 {
		r.inYear(y, func(w time.Time) {
			if !w.Before(r.start.wall) {
				found = true
				consider(onset{wall: w, from: r.start.from, to: r.start.to})
			}
		})
	}
}

// inYear yields what the rule names in one year, in no particular order, before DTSTART, COUNT and UNTIL are looked at.
func (r *yearRule) inYear(year int, yield func(time.Time)) {
	if year < 1 || year > 9999 {
		return
	}
	h, m, s := r.start.wall.Clock()
	at := func(month time.Month, day int) { yield(time.Date(year, month, day, h, m, s, 0, time.UTC)) }
	if r.yearly {
		length := time.Date(year, 12, 31, 0, 0, 0, 0, time.UTC).YearDay()
		first := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC).Weekday()
		for _, d := range r.days {
			nthWeekday(d, first, length, func(day int) { at(time.January, day) })
		}
		return
	}
	for _, month := range r.months {
		length := daysIn(year, month)
		first := time.Date(year, month, 1, 0, 0, 0, 0, time.UTC).Weekday()
		switch {
		case len(r.days) > 0:
			for _, d := range r.days {
				nthWeekday(d, first, length, func(day int) {
					if len(r.dates) == 0 || hasDate(r.dates, day, length) {
						at(month, day)
					}
				})
			}
		case len(r.dates) > 0:
			for day := 1; day <= length; day++ {
				if hasDate(r.dates, day, length) {
					at(month, day)
				}
			}
		default:
			if day := r.start.wall.Day(); day <= length {
				at(month, day)
			}
		}
	}
}

// nthWeekday yields the days, from 1 to length, that a BYDAY value names in a span whose first day is the weekday first.
func nthWeekday(d weekdayRule, first time.Weekday, length int, yield func(day int)) {
	earliest := 1 + (int(d.day)-int(first)+7)%7
	switch {
	case d.nth > 0:
		if day := earliest + 7*(d.nth-1); day <= length {
			yield(day)
		}
	case d.nth < 0:
		latest := earliest + (length-earliest)/7*7
		if day := latest + 7*(d.nth+1); day >= 1 {
			yield(day)
		}
	default:
		for day := earliest; day <= length; day += 7 {
			yield(day)
		}
	}
}

// hasDate reports whether a BYMONTHDAY list names the day; negative ones count from the end of the month.
func hasDate(dates []int, day, length int) bool {
	for _, d := range dates {
		if d == day || d < 0 && length+1+d == day {
			return true
		}
	}
	return false
}
