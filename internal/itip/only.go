package itip

import (
	"slices"
	"strings"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
	goical "github.com/emersion/go-ical"
)

// SplitInstances says how guests hear of a revision that changed these instances (keys as InstanceKey gives them) alone: on are the
// ones that take place, which a REQUEST carries, and off those that are called off, which a CANCEL names; one mail has one METHOD.
// whole is true when the series ends before one of them: then a REQUEST of the whole series, its rule being the news, is the only mail.
// What a calendar without the series does not hold is neither.
func SplitInstances(c *ical.Calendar, keys []string) (on, off []string, whole bool) {
	v := view(c)
	for _, key := range slices.Compact(slices.Sorted(slices.Values(keys))) {
		own, had := v.own[key]
		switch {
		case had && own.Status() == cancelled:
			off = append(off, key)
		case had:
			on = append(on, key)
		case v.series.Component == nil, v.at(key).Wall.IsZero():
		case v.out[key]:
			off = append(off, key)
		case v.endsBefore(key):
			whole = true
		default:
			on = append(on, key)
		}
	}
	return on, off, whole
}

// OnlyInstances is the calendar with these instances of the series alone, in order, each a VEVENT with RECURRENCE-ID: the organizer's
// own, or else what the series says of that date. An instance that is called off says STATUS:CANCELLED, and has from the series what
// the organizer's CANCEL left out (field rule 20). Keys that name no instance are left out.
func OnlyInstances(c *ical.Calendar, keys []string) *ical.Calendar {
	v := view(c)
	only := &goical.Component{Name: c.Name, Props: c.Props}
	for _, child := range c.Children {
		if child.Name == goical.CompTimezone {
			only.Children = append(only.Children, child)
		}
	}
	for _, key := range slices.Compact(slices.Sorted(slices.Values(keys))) {
		own, had := v.own[key]
		switch {
		case had && own.Status() == cancelled:
			only.Children = append(only.Children, v.completed(own))
		case had:
			only.Children = append(only.Children, own.Component)
		case v.series.Component != nil:
			if planned := v.planned(key); planned != nil {
				only.Children = append(only.Children, planned)
			}
		}
	}
	return ical.NewCalendar(only)
}

// seriesView is a series as its instances are looked up in it.
type seriesView struct {
	calendar *ical.Calendar
	series   ical.Event // its Component is nil when the calendar holds single instances only
	start    ical.Time
	own      map[string]ical.Event // the instances' own VEVENTs
	out      map[string]bool       // excluded by EXDATE
}

func view(c *ical.Calendar) seriesView {
	v := seriesView{calendar: c, own: overrides(c), out: map[string]bool{}}
	if main, ok := c.Main(); ok && !main.IsOverride() {
		v.series = main
		v.start, _ = main.Start()
		for _, t := range main.Dates(goical.PropExceptionDates) {
			v.out[InstanceKey(t)] = true
			v.out[InstanceKey(main.Like(t, v.start))] = true
		}
	}
	return v
}

// at is the moment that a key names, in the form of the series' start.
func (v seriesView) at(key string) ical.Time {
	return v.series.Like(v.calendar.Zones().Time(&goical.Prop{Name: goical.PropRecurrenceID, Value: key}), v.start)
}

// endsBefore reports whether the series' rule ends before the instance, as it does after a CANCEL of this and all following ones.
func (v seriesView) endsBefore(key string) bool {
	until := ""
	for part := range strings.SplitSeq(v.series.RRule(), ";") {
		if name, value, _ := strings.Cut(part, "="); strings.EqualFold(strings.TrimSpace(name), "UNTIL") {
			until = strings.TrimSpace(value)
		}
	}
	end := v.calendar.Zones().Time(&goical.Prop{Name: goical.PropRecurrenceRule, Value: until})
	at := v.at(key)
	if end.Wall.IsZero() || at.Wall.IsZero() {
		return false
	}
	for _, t := range v.series.Dates(goical.PropRecurrenceDates) {
		if InstanceKey(t) == key {
			return false
		}
	}
	switch {
	case end.AllDay: // that day's instance still is one
		return !at.Wall.Before(end.Wall.AddDate(0, 0, 1))
	case !end.At.IsZero() && !at.At.IsZero():
		return at.At.After(end.At)
	}
	return at.Wall.After(end.Wall)
}

// planned is the VEVENT of an instance of which the series says all; nil for a key that is no time.
func (v seriesView) planned(key string) *goical.Component {
	at := v.at(key)
	if at.Wall.IsZero() || v.start.Wall.IsZero() {
		return nil
	}
	c := clone(v.series.Component)
	for _, name := range []string{goical.PropRecurrenceRule, goical.PropRecurrenceDates, goical.PropExceptionDates, "EXRULE", goical.PropDateTimeEnd} {
		delete(c.Props, name)
	}
	set(c, at.Prop(goical.PropRecurrenceID))
	set(c, at.Prop(goical.PropDateTimeStart))
	if end, ok := v.endFrom(at); ok && c.Props.Get(goical.PropDuration) == nil {
		set(c, end.Prop(goical.PropDateTimeEnd))
	}
	if v.out[key] {
		set(c, goical.Prop{Name: goical.PropStatus, Params: goical.Params{}, Value: cancelled})
	}
	return c
}

// endFrom is when an instance of the series ends that starts at the moment: all are exactly as long (RFC 5545 §3.8.5.3).
func (v seriesView) endFrom(at ical.Time) (ical.Time, bool) {
	end, ok := v.series.End()
	if !ok || end.Wall.IsZero() {
		return ical.Time{}, false
	}
	if end.At.IsZero() || v.start.At.IsZero() || at.At.IsZero() {
		later := at
		later.Wall = at.Wall.Add(end.Wall.Sub(v.start.Wall))
		return later, true
	}
	then := at.At.Add(end.At.Sub(v.start.At))
	return v.series.Like(ical.Time{At: then, Wall: then, Source: ical.ZoneUTC}, end), true
}

// completed is the VEVENT of a cancelled instance with the title and the end that guests know. Outlook writes "Canceled: " before the
// title; some write no end.
func (v seriesView) completed(own ical.Event) *goical.Component {
	if v.series.Component == nil {
		return own.Component
	}
	c := clone(own.Component)
	title := v.series.Props[goical.PropSummary]
	if len(title) > 0 && strings.HasSuffix(own.Summary(), v.series.Summary()) {
		c.Props[goical.PropSummary] = title
	}
	if start, ok := own.Start(); ok && !start.Wall.IsZero() && !own.Has(goical.PropDateTimeEnd) && !own.Has(goical.PropDuration) {
		if end, ok := v.endFrom(own.Like(start, v.start)); ok {
			set(c, end.Prop(goical.PropDateTimeEnd))
		}
	}
	return c
}

// set replaces the properties of a name by one.
func set(c *goical.Component, p goical.Prop) { c.Props[p.Name] = []goical.Prop{p} }

// length is how long the event takes on the clock.
func length(e ical.Event) time.Duration {
	start, _ := e.Start()
	end, ok := e.End()
	if !ok {
		return 0
	}
	return end.Wall.Sub(start.Wall)
}
