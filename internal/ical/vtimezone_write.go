package ical

import (
	"errors"
	"fmt"
	"sort"
	"strings"
	"time"

	goical "github.com/emersion/go-ical"
)

// ErrUnknownZone is returned for a name that is no IANA zone.
var ErrUnknownZone = errors.New("ical: unknown time zone")

const (
	maxZoneYears  = 60 // the longest span written out
	regularYears  = 28 // years that a rule must hold to count as regular: weekdays and leap years repeat after 28
	maxZoneChange = 2000
)

// VTimezone makes a complete VTIMEZONE (RFC 5545 §3.6.5) for an IANA zone, good for any time between from and to and, when
// the zone's present rule is regular, for ever after. A zone with daylight saving time by a regular rule has one STANDARD and
// one DAYLIGHT with an RRULE each; changes that follow no rule are listed one by one. A zero to, or one more than 60 years
// after from, means 60 years. The error is ErrUnknownZone.
func VTimezone(tzid string, from, to time.Time) (*goical.Component, error) {
	loc := ianaLocation(tzid)
	if loc == nil {
		return nil, ErrUnknownZone
	}
	if limit := from.AddDate(maxZoneYears, 0, 0); to.IsZero() || to.After(limit) {
		to = limit
	}
	if to.Before(from) {
		to = from
	}
	// A year before the span, so that every reader finds an observance in force at its start.
	begin := from.AddDate(-1, 0, 0)
	changes := zoneChanges(loc, begin, time.Date(to.UTC().Year()+regularYears+1, 1, 1, 0, 0, 0, 0, time.UTC))

	zone := goical.NewComponent(goical.CompTimezone)
	zone.Props.Set(&goical.Prop{Name: goical.PropTimezoneID, Params: goical.Params{}, Value: EscapeText(tzid)})
	var single []zoneChange
	if regular, rules := regularChanges(changes); rules != nil {
		single = changes[:regular]
		for i, rule := range rules {
			zone.Children = append(zone.Children, observance(changes[regular+i:regular+i+1], rule))
		}
	} else {
		single = singleChanges(changes, to)
	}
	for _, group := range groupChanges(single) {
		zone.Children = append(zone.Children, observance(group, ""))
	}
	if len(zone.Children) == 0 {
		zone.Children = append(zone.Children, observance([]zoneChange{constantZone(loc, begin)}, ""))
	}
	sort.SliceStable(zone.Children, func(i, j int) bool {
		return value(zone.Children[i], goical.PropDateTimeStart) < value(zone.Children[j], goical.PropDateTimeStart)
	})
	return zone, nil
}

// zoneChange is one change of a zone's offset.
type zoneChange struct {
	onset
	name     string // abbreviation after it
	daylight bool
}

// zoneChanges lists a zone's changes of offset from the last one before begin up to end.
func zoneChanges(loc *time.Location, begin, end time.Time) []zoneChange {
	at, ok := lastChange(begin.In(loc))
	if !ok {
		return nil
	}
	var changes []zoneChange
	for n := 0; n < maxZoneChange && at.Before(end); n++ {
		before := at.Add(-time.Second)
		_, from := before.Zone()
		name, to := at.Zone()
		if from != to {
			changes = append(changes, zoneChange{
				onset: onset{wall: at.UTC().Add(time.Duration(from) * time.Second), from: from, to: to},
				name:  name,
				// Ireland and Morocco call their winter time daylight saving (negative); readers expect it the other way round.
				daylight: to > from && (at.IsDST() || before.IsDST()),
			})
		}
		_, next := at.ZoneBounds()
		switch {
		case next.IsZero():
			return changes
		case next.After(at):
			at = next
		default: // Go 1.26 gives a bound that is not after the time itself on 31 December of leap years
			at = at.AddDate(0, 0, 1)
		}
	}
	return changes
}

// lastChange is a zone's last change at or before a time, or else its first; false when it never changes. Where a rule gives
// the changes, ZoneBounds also stops at the turns of years, which are no changes.
func lastChange(at time.Time) (time.Time, bool) {
	for range 4 {
		start, end := at.ZoneBounds()
		if start.IsZero() {
			return end, !end.IsZero()
		}
		at = start
		_, before := start.Add(-time.Second).Zone()
		if _, after := start.Zone(); before != after {
			break
		}
		at = start.Add(-time.Second)
	}
	return at, true
}

// constantZone stands for a zone that has not changed since long before begin.
func constantZone(loc *time.Location, begin time.Time) zoneChange {
	name, offset := begin.In(loc).Zone()
	return zoneChange{
		onset: onset{wall: time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC), from: offset, to: offset},
		name:  name,
	}
}

// singleChanges drops the changes after the span, which were only looked at to find a rule.
func singleChanges(changes []zoneChange, to time.Time) []zoneChange {
	n := sort.Search(len(changes), func(i int) bool { return changes[i].instant().After(to) })
	return changes[:n]
}

// regularChanges finds where changes become regular: from index on there are two a year, each by its rule, to the end.
// rules is nil when the last years follow none.
func regularChanges(changes []zoneChange) (index int, rules []string) {
	if len(changes) < 2*regularYears {
		return 0, nil
	}
	last := changes[len(changes)-2*regularYears:]
	rules = make([]string, 2)
	for i := range rules {
		var walls []time.Time
		for j := i; j < len(last); j += 2 {
			if !last[j].like(last[i]) || last[j].wall.Year() != last[i].wall.Year()+j/2 {
				return 0, nil
			}
			walls = append(walls, last[j].wall)
		}
		if rules[i] = yearlyRule(walls); rules[i] == "" {
			return 0, nil
		}
	}
	// As far back as both rules hold.
	index = len(changes) - 2*regularYears
	for index >= 2 && follows(changes[index-2], changes[index], rules[0]) && follows(changes[index-1], changes[index+1], rules[1]) {
		index -= 2
	}
	if index >= 1 && follows(changes[index-1], changes[index+1], rules[1]) { // half a year more
		return index - 1, []string{rules[1], rules[0]}
	}
	return index, rules
}

// like reports whether two changes are the same but for their time.
func (c zoneChange) like(d zoneChange) bool {
	return c.from == d.from && c.to == d.to && c.name == d.name && c.daylight == d.daylight
}

// follows reports whether c is what the rule gives one year before d.
func follows(c, d zoneChange, rule string) bool {
	if !c.like(d) || c.wall.Year() != d.wall.Year()-1 {
		return false
	}
	r, ok := parseYearRule(rule, c.onset)
	return ok && r.hits(c.wall)
}

// yearlyRule describes one moment a year by an RRULE, or is "" when no rule of the kind that calendars understand does.
func yearlyRule(walls []time.Time) string {
	first := walls[0]
	nth := (first.Day() + 6) / 7
	sameDate, sameNth, allLast := true, true, true
	low, high := first.Day(), first.Day()
	for _, w := range walls {
		if w.Month() != first.Month() || w.Sub(w.Truncate(24*time.Hour)) != first.Sub(first.Truncate(24*time.Hour)) {
			return ""
		}
		sameDate = sameDate && w.Day() == first.Day()
		if w.Weekday() != first.Weekday() {
			sameNth, allLast, low = false, false, -31
		}
		sameNth = sameNth && (w.Day()+6)/7 == nth
		allLast = allLast && w.Day()+7 > daysIn(w.Year(), w.Month())
		low, high = min(low, w.Day()), max(high, w.Day())
	}
	rule := fmt.Sprintf("FREQ=YEARLY;BYMONTH=%d", first.Month())
	day := strings.ToUpper(first.Weekday().String()[:2])
	switch {
	case sameDate:
		return fmt.Sprintf("%s;BYMONTHDAY=%d", rule, first.Day())
	case allLast:
		return rule + ";BYDAY=-1" + day
	case sameNth:
		return fmt.Sprintf("%s;BYDAY=%d%s", rule, nth, day)
	case high-low == 6: // such as Israel's Friday on or after 23 March
		dates := make([]string, 0, 7)
		for d := low; d <= high; d++ {
			dates = append(dates, fmt.Sprint(d))
		}
		return fmt.Sprintf("%s;BYDAY=%s;BYMONTHDAY=%s", rule, day, strings.Join(dates, ","))
	}
	return ""
}

// groupChanges puts changes that differ only in time together, in order of the first.
func groupChanges(changes []zoneChange) [][]zoneChange {
	var groups [][]zoneChange
next:
	for _, c := range changes {
		for i := range groups {
			if groups[i][0].like(c) {
				groups[i] = append(groups[i], c)
				continue next
			}
		}
		groups = append(groups, []zoneChange{c})
	}
	return groups
}

// observance makes a STANDARD or DAYLIGHT sub-component of changes that differ only in time, the first by rule if not "".
func observance(changes []zoneChange, rule string) *goical.Component {
	c := changes[0]
	name := goical.CompTimezoneStandard
	if c.daylight {
		name = goical.CompTimezoneDaylight
	}
	component := goical.NewComponent(name)
	set := func(name, v string) {
		component.Props.Add(&goical.Prop{Name: name, Params: goical.Params{}, Value: v})
	}
	const local = "20060102T150405" // RFC 5545 §3.6.5: local time, by the offset before the change
	set(goical.PropDateTimeStart, c.wall.Format(local))
	set(goical.PropTimezoneOffsetFrom, formatOffset(c.from))
	set(goical.PropTimezoneOffsetTo, formatOffset(c.to))
	set(goical.PropTimezoneName, EscapeText(c.name))
	if rule != "" {
		set(goical.PropRecurrenceRule, rule)
	}
	for _, more := range changes[1:] {
		set(goical.PropRecurrenceDates, more.wall.Format(local))
	}
	return component
}

// formatOffset writes a UTC-OFFSET (RFC 5545 §3.3.14).
func formatOffset(seconds int) string {
	sign := '+'
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	s := fmt.Sprintf("%c%02d%02d", sign, seconds/3600, seconds/60%60)
	if seconds%60 != 0 {
		s += fmt.Sprintf("%02d", seconds%60)
	}
	return s
}
