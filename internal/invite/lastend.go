package invite

import (
	"strings"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
	goical "github.com/emersion/go-ical"
	"github.com/teambition/rrule-go"
)

// Bounds on counting instances: a rule that needs more has no known end, which only means that its event is never over.
const (
	maxInstances = 5000
	maxYears     = 100
)

// lastEnd is the end of the event's last instance in seconds since 1970; 0 when there is no last one, or it is too far to count.
func lastEnd(c *ical.Calendar, main ical.Event) int64 {
	start, _ := main.Start()
	end, ok := main.End()
	length := int64(0)
	if ok {
		length = max(0, epoch(end)-epoch(start))
	}
	last := epoch(start)
	for _, p := range main.Props[goical.PropRecurrenceRule] {
		of, known := lastOfRule(p.Value, start)
		if !known {
			return 0
		}
		last = max(last, of)
	}
	for _, t := range main.Dates(goical.PropRecurrenceDates) {
		last = max(last, epoch(t))
	}
	last += length
	for _, e := range c.Overrides("") { // an instance may have been moved to after the end of the series
		if e.Status() == "CANCELLED" {
			continue
		}
		if moved, ok := e.End(); ok {
			last = max(last, epoch(moved))
		} else if moved, ok := e.Start(); ok {
			last = max(last, epoch(moved))
		}
	}
	return last
}

// lastOfRule is the start of the last instance of a recurrence rule (RFC 5545 §3.3.10), or UNTIL, which is not before it; false when
// the rule has no end or it is too far to count.
func lastOfRule(rule string, start ical.Time) (last int64, known bool) {
	option, err := rrule.StrToROption(strings.TrimSpace(rule))
	if err != nil {
		return 0, false
	}
	if !option.Until.IsZero() {
		if untilIsUTC(rule) {
			return option.Until.Unix(), true
		}
		return option.Until.Add(24 * time.Hour).Unix(), true // a date, or the clock of a zone: the day may go on elsewhere
	}
	if option.Count <= 0 || option.Count > maxInstances {
		return 0, false
	}
	option.Dtstart = start.Wall
	option.Until = start.Wall.AddDate(maxYears, 0, 0) // a rule that never matches must end too
	starts, ok := ical.Instances(*option, option.Count)
	if !ok || len(starts) < option.Count {
		return 0, false
	}
	latest := starts[len(starts)-1]
	return epoch(start) + int64(latest.Sub(start.Wall).Seconds()) + int64(maxShift.Seconds()), true
}

// untilIsUTC reports whether the rule's UNTIL is an instant.
func untilIsUTC(rule string) bool {
	for part := range strings.SplitSeq(strings.ToUpper(rule), ";") {
		if value, ok := strings.CutPrefix(strings.TrimSpace(part), "UNTIL="); ok {
			return strings.HasSuffix(strings.TrimSpace(value), "Z")
		}
	}
	return false
}

// maxShift is how much the clock of a zone may have shifted between the first and the last instance.
const maxShift = 2 * time.Hour
