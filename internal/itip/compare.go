package itip

import (
	"maps"
	"slices"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
)

// Change is how much a new revision changes.
type Change string

// The changes, from the least to the greatest.
const (
	Nothing    Change = "nothing"    // what people see is the same: nothing is sent
	Details    Change = "details"    // answers stand (RFC 5546 §3.2.2.2)
	Reschedule Change = "reschedule" // another time: answers are asked for again (RFC 5546 §3.2.2.1)
)

// Field is what a new revision changes.
type Field string

// The fields that are compared (spec §3).
const (
	FieldSummary      Field = "summary"
	FieldDescription  Field = "description"
	FieldLocation     Field = "location"
	FieldStart        Field = "start"
	FieldEnd          Field = "end"
	FieldRecurrence   Field = "recurrence" // RRULE, RDATE, EXDATE
	FieldStatus       Field = "status"
	FieldConferencing Field = "conferencing"
	FieldInstances    Field = "instances" // some instance has details or times of its own
)

// Reschedules reports whether a change of the field is a reschedule.
func (f Field) Reschedules() bool { return f == FieldStart || f == FieldEnd || f == FieldRecurrence }

// Difference is what a new revision changes.
type Difference struct {
	Change Change
	Fields []Field
	// Moved are the keys (InstanceKey) of the instances that have another time of their own than before.
	Moved []string
}

// Compare says what the new revision of a whole event changes against the old one: both calendars as Request messages carry them,
// the event without RECURRENCE-ID and its overrides. Other properties may differ freely: they are no reason to write to anybody.
func Compare(old, new *ical.Calendar) Difference {
	was, _ := old.Main()
	is, _ := new.Main()
	d := Difference{Change: Nothing, Fields: compareEvents(was, is)}
	if changed, moved := compareOverrides(old, new); changed {
		d.Fields, d.Moved = append(d.Fields, FieldInstances), moved
	}
	for _, field := range d.Fields {
		if field.Reschedules() {
			d.Change = Reschedule
			return d
		}
		d.Change = Details
	}
	return d
}

// compareEvents lists the fields in which two VEVENTs of the same kind differ.
func compareEvents(was, is ical.Event) []Field {
	changed := compareTexts(was, is)
	recurs := repeats(was) || repeats(is)
	wasStart, _ := was.Start()
	isStart, _ := is.Start()
	if !sameTime(wasStart, isStart, recurs) {
		changed = append(changed, FieldStart)
	}
	wasEnd, wasHas := was.End()
	isEnd, isHas := is.End()
	if wasHas != isHas || wasHas && !sameTime(wasEnd, isEnd, recurs) {
		changed = append(changed, FieldEnd)
	}
	if !sameRule(was.RRule(), is.RRule()) || !slices.Equal(moments(was, "RDATE"), moments(is, "RDATE")) ||
		!slices.Equal(moments(was, "EXDATE"), moments(is, "EXDATE")) {
		changed = append(changed, FieldRecurrence)
	}
	return changed
}

// compareTexts lists the fields that are no times.
func compareTexts(was, is ical.Event) (changed []Field) {
	differs := func(field Field, same bool) {
		if !same {
			changed = append(changed, field)
		}
	}
	differs(FieldSummary, sameText(was.Summary(), is.Summary()))
	differs(FieldDescription, sameText(was.Description(), is.Description()) && sameText(was.Text(propAltDesc), is.Text(propAltDesc)))
	differs(FieldLocation, sameText(was.Location(), is.Location()))
	differs(FieldStatus, status(was) == status(is))
	differs(FieldConferencing, slices.Equal(conferencing(was), conferencing(is)))
	return changed
}

// compareOverrides compares the instances that have a VEVENT of their own.
func compareOverrides(old, new *ical.Calendar) (changed bool, moved []string) {
	was, is := overrides(old), overrides(new)
	series, _ := new.Main()
	for _, instances := range []map[string]ical.Event{was, is} { // one that is off is EXDATE's business; the main event was compared
		maps.DeleteFunc(instances, func(_ string, e ical.Event) bool { return e.Status() == cancelled })
		delete(instances, InstanceKeyOf(series))
	}
	for key, now := range is {
		before, had := was[key]
		fields := compareInstance(series, before, now, had)
		changed = changed || len(fields) > 0
		if slices.ContainsFunc(fields, Field.Reschedules) {
			moved = append(moved, key)
		}
	}
	for key, before := range was {
		if _, has := is[key]; has {
			continue
		}
		fields := compareInstance(series, ical.Event{}, before, false) // back to what the series says
		changed = changed || len(fields) > 0
		if slices.ContainsFunc(fields, Field.Reschedules) {
			moved = append(moved, key)
		}
	}
	slices.Sort(moved)
	return changed, slices.Compact(moved)
}

// compareInstance lists the fields in which an instance's VEVENT differs from what was known of the instance: its earlier VEVENT,
// or else (had is false) what the series says.
func compareInstance(series, before, now ical.Event, had bool) []Field {
	if had {
		return slices.DeleteFunc(compareEvents(before, now), func(f Field) bool { return f == FieldRecurrence })
	}
	if series.Component == nil {
		return []Field{FieldStart}
	}
	changed := compareTexts(series, now)
	planned, _ := now.RecurrenceID()
	start, ok := now.Start()
	if ok && !sameTime(planned, start, false) {
		changed = append(changed, FieldStart)
	}
	if length(series) != length(now) {
		changed = append(changed, FieldEnd)
	}
	return changed
}

const propAltDesc = "X-ALT-DESC"

// conferencingProps are where calendars put the link to join by (RFC 7986 §5.11 and the makers' own).
var conferencingProps = []string{
	"CONFERENCE", "URL", "X-GOOGLE-CONFERENCE", "X-GOOGLE-HANGOUT", "X-MICROSOFT-SKYPETEAMSMEETINGURL", "X-MICROSOFT-ONLINEMEETINGCONFLINK",
	"X-MICROSOFT-ONLINEMEETINGEXTERNALLINK", "X-MICROSOFT-ONLINEMEETINGINFORMATION", "X-TELEMOST-CONFERENCE", "X-ZOOM-MEETING-URL",
}

func conferencing(e ical.Event) (links []string) {
	for _, name := range conferencingProps {
		for _, p := range e.Props[name] {
			links = append(links, name+" "+strings.TrimSpace(p.Value))
		}
	}
	return links
}

// status is STATUS, with its default.
func status(e ical.Event) string {
	if s := e.Status(); s != "" {
		return s
	}
	return "CONFIRMED"
}

// repeats reports whether the event is a series.
func repeats(e ical.Event) bool { return e.Has("RRULE") || e.Has("RDATE") }

// sameText compares texts as people see them: calendars differ in line ends and in space at the ends of lines.
func sameText(a, b string) bool { return a == b || visible(a) == visible(b) }

func visible(s string) string {
	lines := strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " \t\r\u00a0")
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// sameTime compares moments. Of a series the zone counts too: it decides when the next instances are.
func sameTime(a, b ical.Time, zoned bool) bool {
	if !a.Equal(b) {
		return false
	}
	return !zoned || a.Wall.Equal(b.Wall)
}

// moments lists the values of a property that may hold several, in order of time, each once.
func moments(e ical.Event, name string) []string {
	var all []string
	for _, t := range e.Dates(name) {
		all = append(all, InstanceKey(t))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// sameRule compares recurrence rules (RFC 5545 §3.3.10): the order of parts and of list members, case, and parts that say the
// default do not matter.
func sameRule(a, b string) bool { return a == b || slices.Equal(ruleParts(a), ruleParts(b)) }

func ruleParts(rule string) []string {
	var parts []string
	for part := range strings.SplitSeq(strings.ToUpper(rule), ";") {
		name, list, _ := strings.Cut(strings.TrimSpace(part), "=")
		values := strings.Split(list, ",")
		slices.Sort(values)
		part = name + "=" + strings.Join(values, ",")
		if name != "" && part != "INTERVAL=1" && part != "WKST=MO" {
			parts = append(parts, part)
		}
	}
	slices.Sort(parts)
	return parts
}
