package ical

import (
	"sort"
	"strconv"
	"strings"
	"time"

	goical "github.com/emersion/go-ical"
)

const (
	maxZones  = 50   // VTIMEZONEs of a calendar that are looked at
	maxOnsets = 2000 // single onsets of a VTIMEZONE; the longest real histories have about 250
	maxRules  = 8    // unending rules of a VTIMEZONE; real ones have two

	maxNeighbours = 16 // single onsets looked at around a moment
)

// vtimezone is a VTIMEZONE (RFC 5545 §3.6.5), made ready for look-ups.
type vtimezone struct {
	onsets []onset    // single ones, and those of rules that end, in order of their clock time
	rules  []yearRule // rules without end
}

// onset is the moment an observance begins.
type onset struct {
	wall     time.Time // by the clock that was valid until then, carried in UTC
	from, to int       // offsets in seconds before and after
}

func (o onset) instant() time.Time { return o.wall.Add(-time.Duration(o.from) * time.Second) }

// readVTimezone is nil when the component has no usable observance.
func readVTimezone(c *goical.Component) *vtimezone {
	z := &vtimezone{}
	for _, child := range c.Children {
		if child.Name == goical.CompTimezoneStandard || child.Name == goical.CompTimezoneDaylight {
			z.observance(child)
		}
	}
	if len(z.onsets) == 0 && len(z.rules) == 0 {
		return nil
	}
	sort.SliceStable(z.onsets, func(i, j int) bool { return z.onsets[i].wall.Before(z.onsets[j].wall) })
	return z
}

// observance adds a STANDARD or DAYLIGHT sub-component.
func (z *vtimezone) observance(c *goical.Component) {
	from, okFrom := parseOffset(value(c, goical.PropTimezoneOffsetFrom))
	to, okTo := parseOffset(value(c, goical.PropTimezoneOffsetTo))
	start, _, _, err := parseDateTime(value(c, goical.PropDateTimeStart))
	if !okTo || err != nil {
		return
	}
	if !okFrom {
		from = to
	}
	first := onset{wall: start, from: from, to: to}
	synchronised := true // whether DTSTART counts as an onset itself
	for _, p := range c.Props[goical.PropRecurrenceRule] {
		rule, ok := parseYearRule(p.Value, first)
		if !ok {
			continue
		}
		synchronised = rule.hits(start)
		if !rule.ends() {
			if len(z.rules) < maxRules {
				z.rules = append(z.rules, rule)
			}
			continue
		}
		z.onsets = rule.expand(z.onsets, maxOnsets)
	}
	// A DTSTART that its rule does not hit (Exchange's 16010101T020000) begins nothing: RFC 5545 §3.8.5.3 leaves it undefined.
	if synchronised {
		z.add(first)
	}
	for _, p := range c.Props[goical.PropRecurrenceDates] {
		for _, v := range strings.Split(p.Value, ",") {
			v, _, _ = strings.Cut(v, "/")
			wall, _, utc, err := parseDateTime(v)
			if err != nil {
				continue
			}
			if utc {
				wall = wall.Add(time.Duration(from) * time.Second)
			}
			z.add(onset{wall: wall, from: from, to: to})
		}
	}
}

func (z *vtimezone) add(o onset) {
	if len(z.onsets) < maxOnsets {
		z.onsets = append(z.onsets, o)
	}
}

// instant is the instant of a clock time (carried in UTC). It is false when the VTIMEZONE contradicts itself there: two
// observances with different offsets begin at the same moment.
func (z *vtimezone) instant(wall time.Time) (time.Time, bool) {
	last, ok := z.lastOnset(wall, func(o onset) time.Time { return o.wall })
	if !ok {
		return time.Time{}, false
	}
	offset := last.to
	if gap := time.Duration(last.to-last.from) * time.Second; gap > 0 && wall.Before(last.wall.Add(gap)) {
		offset = last.from // RFC 5545 §3.3.5: a skipped time is read with the offset before the gap
	}
	return wall.Add(-time.Duration(offset) * time.Second), true
}

// offset is the offset from UTC in seconds at an instant.
func (z *vtimezone) offset(at time.Time) int {
	last, _ := z.lastOnset(at, onset.instant)
	return last.to
}

// lastOnset is the onset in force at a moment on the given time line (clock times or instants). Before all onsets it is one
// that keeps the offset from before the first.
func (z *vtimezone) lastOnset(at time.Time, when func(onset) time.Time) (last onset, ok bool) {
	found, tie := false, false
	consider := func(o onset) {
		switch w := when(o); {
		case w.After(at):
		case !found || w.After(when(last)):
			last, found, tie = o, true, false
		case w.Equal(when(last)) && o.to != last.to:
			tie = true
		}
	}
	// Clock times and instants of onsets can differ in order by a day at most; a few neighbours cover that.
	n := sort.Search(len(z.onsets), func(i int) bool { return z.onsets[i].wall.After(at.Add(26 * time.Hour)) })
	for i := n - 1; i >= 0 && i >= n-maxNeighbours; i-- {
		consider(z.onsets[i])
	}
	for i := range z.rules {
		z.rules[i].around(at.Year(), consider)
	}
	if found {
		return last, !tie
	}
	return z.before(), true
}

// before is what held before the first onset: that onset's TZOFFSETFROM.
func (z *vtimezone) before() onset {
	var earliest onset
	found := false
	consider := func(o onset) {
		if !found || o.wall.Before(earliest.wall) {
			earliest, found = o, true
		}
	}
	if len(z.onsets) > 0 {
		consider(z.onsets[0])
	}
	for i := range z.rules {
		z.rules[i].first(consider)
	}
	return onset{from: earliest.from, to: earliest.from}
}

// parseOffset reads a UTC-OFFSET (RFC 5545 §3.3.14) in seconds: +hhmm or +hhmmss; a missing sign and a colon are tolerated.
func parseOffset(s string) (seconds int, ok bool) {
	s = strings.ReplaceAll(strings.TrimSpace(s), ":", "")
	sign := 1
	switch {
	case strings.HasPrefix(s, "-"):
		sign, s = -1, s[1:]
	case strings.HasPrefix(s, "+"):
		s = s[1:]
	}
	if len(s) == 3 || len(s) == 5 {
		s = "0" + s // "-700", as WebEx wrote it
	}
	if len(s) != 2 && len(s) != 4 && len(s) != 6 {
		return 0, false
	}
	for unit := 3600; len(s) > 0; unit, s = unit/60, s[2:] {
		n, err := strconv.ParseUint(s[:2], 10, 8)
		if err != nil || n > 59 {
			return 0, false
		}
		seconds += int(n) * unit
	}
	if seconds > 26*3600 {
		return 0, false
	}
	return sign * seconds, true
}
