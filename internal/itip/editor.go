package itip

import (
	"maps"
	"slices"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
	goical "github.com/emersion/go-ical"
)

// editor changes a copy of a calendar instance by instance, in time linear in the calendar and the changes: both may be as large
// as a stranger's mail.
type editor struct {
	calendar *goical.Component
	series   *goical.Component // the VEVENT without RECURRENCE-ID; nil when there is none
	zones    *ical.Zones
	place    map[string]int  // of the instances' VEVENTs among the calendar's children, by key
	out      map[string]bool // keys of the instances that are out of the series
	back     map[string]bool // keys of those that come back
}

// edit begins to change the calendar, which gets the time zones of from (nil = none) first.
func edit(c, from *ical.Calendar) *editor {
	e := &editor{calendar: clone(c.Component), place: map[string]int{}, out: map[string]bool{}, back: map[string]bool{}}
	e.calendar.Children = slices.Clone(c.Children)
	if from != nil {
		addZones(e.calendar, from)
	}
	e.zones = ical.NewCalendar(e.calendar).Zones()
	for i, child := range e.calendar.Children {
		if child.Name != goical.CompEvent {
			continue
		}
		if id := child.Props.Get(goical.PropRecurrenceID); id != nil {
			e.place[InstanceKey(e.zones.Time(id))] = i
		} else if e.series == nil {
			e.series = clone(child)
			e.calendar.Children[i] = e.series
		}
	}
	if e.series != nil {
		for i := range e.series.Props[goical.PropExceptionDates] {
			for _, t := range e.zones.Times(&e.series.Props[goical.PropExceptionDates][i]) {
				e.out[InstanceKey(t)] = true
			}
		}
	}
	return e
}

// put replaces the instance's VEVENT or adds it after the last one.
func (e *editor) put(key string, event *goical.Component) {
	if i, has := e.place[key]; has {
		e.calendar.Children[i] = event
		return
	}
	e.place[key] = len(e.calendar.Children)
	e.calendar.Children = append(e.calendar.Children, event)
}

// exclude takes the instance with this RECURRENCE-ID out of the series, by an EXDATE; false when it was out already, or there is no
// series.
func (e *editor) exclude(id *goical.Prop) bool {
	key := InstanceKey(e.zones.Time(id))
	if e.series == nil || e.out[key] {
		return false
	}
	e.out[key] = true
	p := goical.Prop{Name: goical.PropExceptionDates, Value: strings.TrimSpace(id.Value), Params: goical.Params{}}
	for _, name := range []string{goical.ParamTimezoneID, goical.ParamValue} {
		if v := id.Params.Get(name); v != "" {
			p.Params.Set(name, v)
		}
	}
	e.series.Props[p.Name] = append(slices.Clip(e.series.Props[p.Name]), p)
	return true
}

// include puts an instance back that was taken out; false when it was not out.
func (e *editor) include(key string) bool {
	if !e.out[key] {
		return false
	}
	delete(e.out, key)
	e.back[key] = true
	return true
}

// drop removes the VEVENTs of the instances that remove names.
func (e *editor) drop(remove func(key string) bool) {
	at := map[int]bool{}
	for key, i := range e.place {
		if remove(key) {
			at[i] = true
		}
	}
	var kept []*goical.Component
	e.place = map[string]int{}
	for i, child := range e.calendar.Children {
		if at[i] {
			continue
		}
		if id := child.Props.Get(goical.PropRecurrenceID); child.Name == goical.CompEvent && id != nil {
			e.place[InstanceKey(e.zones.Time(id))] = len(kept)
		}
		kept = append(kept, child)
	}
	e.calendar.Children = kept
}

// done is the changed calendar.
func (e *editor) done() *ical.Calendar {
	if len(e.back) > 0 {
		var kept []goical.Prop
		for _, p := range e.series.Props[goical.PropExceptionDates] {
			var values []string
			for _, t := range e.zones.Times(&p) {
				if key := InstanceKey(t); !e.back[key] || e.out[key] {
					values = append(values, t.Value)
				}
			}
			if len(values) > 0 {
				p.Value = strings.Join(values, ",")
				kept = append(kept, p)
			}
		}
		e.series.Props[goical.PropExceptionDates] = kept
		if len(kept) == 0 {
			delete(e.series.Props, goical.PropExceptionDates)
		}
	}
	return ical.NewCalendar(e.calendar)
}

// Exclude is the calendar whose series goes on without the instances with these RECURRENCE-IDs.
func Exclude(c *ical.Calendar, ids []*goical.Prop) *ical.Calendar {
	e := edit(c, nil)
	for _, id := range ids {
		e.exclude(id)
	}
	return e.done()
}

// clone copies a component so deep that its properties can be replaced.
func clone(c *goical.Component) *goical.Component {
	return &goical.Component{Name: c.Name, Props: maps.Clone(c.Props), Children: c.Children}
}

// addZones adds the time zones of from that c does not have yet.
func addZones(c *goical.Component, from *ical.Calendar) {
	have := map[string]bool{}
	for _, child := range c.Children {
		if child.Name == goical.CompTimezone {
			have[zoneName(child)] = true
		}
	}
	var zones []*goical.Component
	for _, child := range from.Children {
		if child.Name == goical.CompTimezone && !have[zoneName(child)] {
			zones = append(zones, child)
		}
	}
	c.Children = append(zones, c.Children...)
}

func zoneName(c *goical.Component) string {
	if p := c.Props.Get(goical.PropTimezoneID); p != nil {
		return p.Value
	}
	return ""
}
