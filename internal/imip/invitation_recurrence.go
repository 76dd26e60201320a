package imip

import (
	"slices"
	"strconv"
	"strings"
	"time"

	goical "github.com/emersion/go-ical"
	"github.com/teambition/rrule-go"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
)

// series is the recurrence of an event as it is sent (RFC 5545 §3.8.5).
type series struct {
	rules      []string
	dates      []ical.Time   // RDATE
	periods    []goical.Prop // RDATE;VALUE=PERIOD, as written
	exceptions []ical.Time   // EXDATE
}

// Limits on rewriting a recurrence for Outlook. What is larger goes out as the organizer wrote it.
const (
	maxInstances  = 400
	maxExceptions = 366
	maxYears      = 20
)

// seriesOf reads the event's recurrence. One that Outlook refuses ("not supported calendar message.ics") is written as an equal
// one that it takes, where there is one (field rule 24): the same instances, so the same RECURRENCE-IDs. Dates are in the form of the
// start: Outlook matches exceptions by it.
func seriesOf(e ical.Event, start ical.Time) series {
	s := series{exceptions: e.Dates(goical.PropExceptionDates)}
	for i, t := range s.exceptions {
		s.exceptions[i] = e.Like(t, start)
	}
	for _, p := range e.Props[goical.PropRecurrenceRule] {
		if rule := strings.ToUpper(strings.TrimSpace(p.Value)); rule != "" {
			s.rules = append(s.rules, withUntil(rule, start))
		}
	}
	for i := range e.Props[goical.PropRecurrenceDates] {
		if p := e.Props[goical.PropRecurrenceDates][i]; strings.EqualFold(p.Params.Get(goical.ParamValue), "PERIOD") {
			s.periods = append(s.periods, p)
		}
	}
	if len(s.periods) == 0 {
		s.dates = e.Dates(goical.PropRecurrenceDates)
	}
	for i, t := range s.dates {
		if t.AllDay == start.AllDay {
			s.dates[i] = e.Like(t, start)
		}
	}
	if len(s.rules)+len(s.dates) == 0 || s.outlookTakes() || len(s.periods) > 0 {
		return s
	}
	if equal, ok := s.asDailyRule(start); ok {
		return equal
	}
	return s
}

// outlookTakes reports whether Outlook shows a series of this form (MS-OXCICAL §2.1.3.2; support.microsoft.com/kb/2643084): one
// rule, one pattern, and no RDATE without a rule.
func (s *series) outlookTakes() bool {
	if len(s.rules) != 1 {
		return false
	}
	parts := ruleParts(s.rules[0])
	days := listOf(parts["BYDAY"])
	numbered := slices.ContainsFunc(days, func(day string) bool { return len(day) > 2 })
	single := func(name string) bool { return len(listOf(parts[name])) <= 1 }
	for _, name := range []string{"BYSECOND", "BYMINUTE", "BYHOUR", "BYYEARDAY", "BYWEEKNO"} {
		if parts[name] != "" {
			return false
		}
	}
	if !single("BYMONTH") || !single("BYMONTHDAY") || !single("BYSETPOS") || numbered && len(days) > 1 {
		return false
	}
	switch parts["FREQ"] {
	case "DAILY", "WEEKLY":
		return !numbered && parts["BYMONTH"] == "" && parts["BYMONTHDAY"] == "" && parts["BYSETPOS"] == ""
	case "MONTHLY", "YEARLY":
		return len(days) == 0 || numbered || parts["BYSETPOS"] != ""
	}
	return false
}

// asDailyRule writes a recurrence that ends as "every n days", or "every n weeks", less the days on which it does not happen.
func (s *series) asDailyRule(start ical.Time) (series, bool) {
	instances, ok := s.instances(start)
	if !ok || len(instances) < 2 {
		return series{}, false
	}
	step := 0 // days
	for i, t := range instances[1:] {
		gap := t.Sub(instances[i])
		if gap%(24*time.Hour) != 0 { // another time of day: no rule by days says that
			return series{}, false
		}
		step = gcd(step, int(gap/(24*time.Hour)))
	}
	equal := series{exceptions: s.exceptions}
	slots := 0
	for t := instances[0]; !t.After(instances[len(instances)-1]); t = t.AddDate(0, 0, step) {
		slots++
		if _, happens := slices.BinarySearchFunc(instances, t, time.Time.Compare); !happens {
			if len(equal.exceptions) == maxExceptions {
				return series{}, false
			}
			equal.exceptions = append(equal.exceptions, at(start, t))
		}
	}
	rule := "FREQ=DAILY;INTERVAL=" + strconv.Itoa(step)
	if step%7 == 0 {
		rule = "FREQ=WEEKLY;INTERVAL=" + strconv.Itoa(step/7)
	}
	equal.rules = []string{rule + ";COUNT=" + strconv.Itoa(slots)}
	return equal, true
}

// instances lists the clock times of a recurrence that ends, in order, exceptions included; false for one that does not end
// within maxInstances and maxYears, or that cannot be counted by days. The start is always one (RFC 5545 §3.8.5.3).
func (s *series) instances(start ical.Time) ([]time.Time, bool) {
	all := []time.Time{start.Wall}
	horizon := start.Wall.AddDate(maxYears, 0, 0)
	for _, text := range s.rules {
		parts := ruleParts(text)
		switch parts["FREQ"] {
		case "DAILY", "WEEKLY", "MONTHLY", "YEARLY":
		default:
			return nil, false
		}
		options, err := rrule.StrToROption(text)
		if err != nil || options.Count == 0 && options.Until.IsZero() {
			return nil, false
		}
		options.Dtstart = start.Wall
		if options.Until.IsZero() || options.Until.After(horizon) {
			options.Until = horizon // a filter that never matches must not be searched for to the year 9999
		} else if location := zoneOf(start); location != nil && strings.HasSuffix(parts["UNTIL"], "Z") {
			options.Until = wallTime(options.Until.In(location))
		}
		starts, ok := ical.Instances(*options, maxInstances)
		if !ok || len(all)+len(starts) > maxInstances+1 {
			return nil, false
		}
		all = append(all, starts...)
		if last := all[len(all)-1]; parts["UNTIL"] == "" && last.AddDate(1, 0, 0).After(horizon) {
			return nil, false // the count may not be reached yet
		}
	}
	for _, t := range s.dates {
		if t.Wall.IsZero() || t.AllDay != start.AllDay || !strings.EqualFold(t.TZID, start.TZID) {
			return nil, false
		}
		all = append(all, t.Wall)
	}
	slices.SortFunc(all, time.Time.Compare)
	all = slices.Compact(all)
	return all, len(all) <= maxInstances && !all[0].Before(start.Wall)
}

// withUntil gives UNTIL the form that RFC 5545 §3.3.10 asks for: a date beside a date, else UTC where the start has a zone.
func withUntil(rule string, start ical.Time) string {
	until := ruleParts(rule)["UNTIL"]
	if until == "" {
		return rule
	}
	right := until
	switch {
	case start.AllDay && len(until) > 8:
		right = until[:8]
	case start.AllDay || start.Floating || strings.HasSuffix(until, "Z"):
	default:
		wall, err := time.Parse(localForm, until)
		if day, dayErr := time.Parse(dateForm, until); dayErr == nil { // a date means that day's instance too
			wall, err = day.Add(24*time.Hour-time.Second), nil
		}
		location := zoneOf(start)
		if start.Source == ical.ZoneUTC {
			location = time.UTC
		}
		if err != nil || location == nil {
			return rule
		}
		right = moment(time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), 0, location))
	}
	return strings.Replace(rule, "UNTIL="+until, "UNTIL="+right, 1)
}

// ruleParts splits a RECUR value (RFC 5545 §3.3.10) in upper case.
func ruleParts(rule string) map[string]string {
	parts := map[string]string{}
	for part := range strings.SplitSeq(rule, ";") {
		name, value, _ := strings.Cut(part, "=")
		parts[name] = value
	}
	return parts
}

func listOf(value string) []string {
	if value == "" {
		return nil
	}
	return strings.Split(value, ",")
}

// at is another clock time of the series, in the form of its start.
func at(start ical.Time, wall time.Time) ical.Time {
	t := ical.Time{TZID: start.TZID, AllDay: start.AllDay, Floating: start.Floating, Wall: wall, Source: start.Source}
	if start.Source == ical.ZoneUTC {
		t.At = wall
	}
	return t
}

// wallTime carries a clock time in UTC, as ical.Time.Wall does.
func wallTime(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
