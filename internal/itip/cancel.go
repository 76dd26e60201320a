package itip

import (
	"slices"
	"strings"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
	goical "github.com/emersion/go-ical"
)

// Cancellation is an organizer's CANCEL of single instances, merged into the series (RFC 5546 §3.2.5).
type Cancellation struct {
	Calendar  *ical.Calendar // the series without the cancelled instances
	Cancelled []string       // keys of the instances that were cancelled now
	Whole     bool           // nothing is left: the stored event was about these instances only
}

// CancelInstances takes the instances that the arrived message names out of the stored series. Each gets an EXDATE, since an
// invitation may not carry STATUS:CANCELLED (RFC 5546 §3.2.2), and an override that says cancelled, which is no part of any
// invitation but remembers the revision. Instances that were out already change nothing. A message older than the stored revision
// of its instance is left out; when all are, stale is true.
func CancelInstances(stored, arrived *ical.Calendar) (cancellation Cancellation, stale bool) {
	merged := cloneCalendar(stored)
	known := overrides(stored)
	stale = true
	for _, e := range arrived.Overrides("") {
		key := InstanceKeyOf(e)
		if RevisionOf(e).Compare(revisionOfInstance(stored, known, key)) < 0 {
			continue
		}
		stale = false
		if cancelInstance(merged, e, key) {
			cancellation.Cancelled = append(cancellation.Cancelled, key)
		}
	}
	addZones(merged, arrived)
	cancellation.Calendar = ical.NewCalendar(merged)
	cancellation.Whole = !Series(stored) && !slices.ContainsFunc(cancellation.Calendar.Events(), func(e ical.Event) bool { return e.Status() != cancelled })
	return cancellation, stale
}

const cancelled = "CANCELLED"

// cancelInstance takes one instance out; false when it was out already, or is not among those of a calendar without a series.
func cancelInstance(c *goical.Component, e ical.Event, key string) bool {
	main := seriesIn(c)
	id := e.Props.Get(goical.PropRecurrenceID)
	switch {
	case main == nil:
		before, had := overrides(ical.NewCalendar(c))[key]
		if !had || before.Status() == cancelled {
			return false
		}
	case strings.EqualFold(param(id, "RANGE"), "THISANDFUTURE") && main.Props.Get(goical.PropRecurrenceRule) != nil:
		return endBefore(c, main, e)
	case !Exclude(c, id):
		return false
	}
	putOverride(c, off(e), key)
	return true
}

// off is the instance's VEVENT, saying that it is cancelled.
func off(e ical.Event) *goical.Component {
	c := clone(e.Component)
	c.Props[goical.PropStatus] = []goical.Prop{{Name: goical.PropStatus, Params: goical.Params{}, Value: cancelled}}
	if c.Props.Get(goical.PropDateTimeStart) == nil {
		start := *c.Props.Get(goical.PropRecurrenceID) // some leave it out; a CANCEL that goes on needs it (field rule 20)
		start.Name = goical.PropDateTimeStart
		c.Props[goical.PropDateTimeStart] = []goical.Prop{start}
	}
	return c
}

// Exclude takes the instance with this RECURRENCE-ID out of the series in the calendar, by an EXDATE; false when it was out already,
// or there is no series. The series' properties must be the caller's own to change.
func Exclude(c *goical.Component, id *goical.Prop) bool {
	main := seriesIn(c)
	if main == nil || slices.Contains(excluded(c, main), InstanceKey(ical.NewCalendar(c).Zones().Time(id))) {
		return false
	}
	p := goical.Prop{Name: goical.PropExceptionDates, Value: strings.TrimSpace(id.Value), Params: goical.Params{}}
	for _, name := range []string{goical.ParamTimezoneID, goical.ParamValue} {
		if v := param(id, name); v != "" {
			p.Params[name] = []string{v}
		}
	}
	main.Props[p.Name] = append(slices.Clip(main.Props[p.Name]), p)
	return true
}

// excluded are the keys of the instances that are out of the series.
func excluded(c, main *goical.Component) (keys []string) {
	zones := ical.NewCalendar(c).Zones()
	for i := range main.Props[goical.PropExceptionDates] {
		for _, t := range zones.Times(&main.Props[goical.PropExceptionDates][i]) {
			keys = append(keys, InstanceKey(t))
		}
	}
	return keys
}

// endBefore makes the series end before the instance: CANCEL with RANGE=THISANDFUTURE (RFC 5545 §3.2.13).
func endBefore(c *goical.Component, main *goical.Component, e ical.Event) bool {
	id, _ := e.RecurrenceID()
	until := id.Wall.AddDate(0, 0, -1).Format("20060102")
	if !id.AllDay {
		last := id.Wall.Add(-time.Second)
		until = last.Format("20060102T150405")
		if !id.At.IsZero() {
			until = id.At.Add(-time.Second).UTC().Format("20060102T150405Z") // RFC 5545 §3.3.10: UTC where DTSTART has a zone
		}
	}
	rule := *main.Props.Get(goical.PropRecurrenceRule)
	var parts []string
	for part := range strings.SplitSeq(rule.Value, ";") {
		name, value, _ := strings.Cut(part, "=")
		if name = strings.ToUpper(strings.TrimSpace(name)); name == "UNTIL" && strings.TrimSpace(value) <= until {
			return false
		} else if name != "UNTIL" && name != "COUNT" {
			parts = append(parts, part)
		}
	}
	rule.Value = strings.Join(append(parts, "UNTIL="+until), ";")
	main.Props[goical.PropRecurrenceRule] = []goical.Prop{rule}
	from := InstanceKey(id)
	removeOverrides(c, func(key string) bool { return key >= from })
	return true
}

// seriesIn is the VEVENT without RECURRENCE-ID, or nil.
func seriesIn(c *goical.Component) *goical.Component {
	for _, child := range c.Children {
		if child.Name == goical.CompEvent && child.Props.Get(goical.PropRecurrenceID) == nil {
			return child
		}
	}
	return nil
}

func removeOverrides(c *goical.Component, remove func(key string) bool) {
	zones := ical.NewCalendar(c).Zones()
	c.Children = slices.DeleteFunc(c.Children, func(child *goical.Component) bool {
		id := child.Props.Get(goical.PropRecurrenceID)
		return child.Name == goical.CompEvent && id != nil && remove(InstanceKey(zones.Time(id)))
	})
}

// removeExDate puts an instance back that was taken out; false when it was not out.
func removeExDate(c *goical.Component, key string) bool {
	main := seriesIn(c)
	if main == nil || len(main.Props[goical.PropExceptionDates]) == 0 {
		return false
	}
	zones := ical.NewCalendar(c).Zones()
	found := false
	var kept []goical.Prop
	for _, p := range main.Props[goical.PropExceptionDates] {
		var values []string
		for _, t := range zones.Times(&p) {
			if InstanceKey(t) == key {
				found = true
			} else {
				values = append(values, t.Value)
			}
		}
		if len(values) > 0 {
			p.Value = strings.Join(values, ",")
			kept = append(kept, p)
		}
	}
	if found {
		main.Props[goical.PropExceptionDates] = kept
		if len(kept) == 0 {
			delete(main.Props, goical.PropExceptionDates)
		}
	}
	return found
}

func param(p *goical.Prop, name string) string {
	if p == nil || len(p.Params[name]) == 0 {
		return ""
	}
	return p.Params[name][0]
}
