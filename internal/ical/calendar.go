// Package ical reads and writes iCalendar objects (RFC 5545) within stated limits. The model is go-ical's; the reader is
// tolerant of what calendars really send, the writer is strict, and time zones are resolved as the sender meant them.
package ical

import (
	"strings"
	"sync"

	goical "github.com/emersion/go-ical"
)

// Calendar is one VCALENDAR object (RFC 5545 §3.4) as read. Property values stay as written (escaped) in the embedded
// component; the methods here and on Event interpret them. A Calendar may be read by several goroutines at once.
type Calendar struct {
	*goical.Component

	// Objects is how many VCALENDAR objects the text held; this one is the first with a VEVENT, else the first.
	Objects int
	// Problems is what the reader had to repair or leave out, in order, at most maxProblems of them.
	Problems []Problem

	zonesOnce sync.Once
	zones     *Zones
}

// NewCalendar makes a Calendar of a component that was built or kept rather than read.
func NewCalendar(c *goical.Component) *Calendar {
	return &Calendar{Component: c, Objects: 1}
}

// Problem is one departure from RFC 5545 that the reader tolerated.
type Problem struct {
	Line int    // number of the physical line, from 1
	What string // one of the fixed phrases of this package; never holds data from the calendar
}

// Method is the METHOD in upper case (RFC 5545 §3.7.2), or "" when absent.
func (c *Calendar) Method() string {
	return strings.ToUpper(strings.TrimSpace(value(c.Component, "METHOD")))
}

// ProdID is the PRODID as written, without space around it, or "" when absent (RFC 5545 §3.7.3).
func (c *Calendar) ProdID() string { return strings.TrimSpace(value(c.Component, "PRODID")) }

// Events lists the VEVENTs in order.
func (c *Calendar) Events() []Event { return c.Components(goical.CompEvent) }

// Components lists the direct children of the given name, in order, for the few places that look at a VFREEBUSY or VTODO
// through an Event's accessors.
func (c *Calendar) Components(name string) []Event {
	var events []Event
	for _, child := range c.Children {
		if child.Name == name {
			events = append(events, Event{Component: child, calendar: c})
		}
	}
	return events
}

// Main is the event the message is about: the first VEVENT without RECURRENCE-ID, else the first VEVENT; false when there
// is none.
func (c *Calendar) Main() (Event, bool) {
	events := c.Events()
	for _, event := range events {
		if !event.IsOverride() {
			return event, true
		}
	}
	if len(events) > 0 {
		return events[0], true
	}
	return Event{}, false
}

// Overrides lists the VEVENTs with the given UID (compared without case) that replace one instance of a series: those with
// a RECURRENCE-ID (RFC 5545 §3.8.4.4). An empty uid lists all.
func (c *Calendar) Overrides(uid string) []Event {
	var overrides []Event
	for _, event := range c.Events() {
		if event.IsOverride() && (uid == "" || strings.EqualFold(uid, event.UID())) {
			overrides = append(overrides, event)
		}
	}
	return overrides
}

// Zones resolves the calendar's time zone names.
func (c *Calendar) Zones() *Zones {
	c.zonesOnce.Do(func() { c.zones = newZones(c.Component) })
	return c.zones
}

// value is the raw value of the component's first property of that name, or "".
func value(c *goical.Component, name string) string {
	if props := c.Props[name]; len(props) > 0 {
		return props[0].Value
	}
	return ""
}
