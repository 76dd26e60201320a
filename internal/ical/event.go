package ical

import (
	"strconv"
	"strings"
	"time"

	goical "github.com/emersion/go-ical"
)

// Event is a VEVENT (RFC 5545 §3.6.1) with the calendar it stands in, whose time zones its times are read by. What has no
// accessor here (URL, CONFERENCE, X- properties ...) is in Props.
type Event struct {
	*goical.Component
	calendar *Calendar
}

// UID is the event's identifier without space around it (RFC 5545 §3.8.4.7). Compare UIDs without regard to case.
func (e Event) UID() string {
	return strings.TrimSpace(UnescapeText(value(e.Component, goical.PropUID)))
}

// Sequence is the revision number (RFC 5545 §3.8.7.4); 0 when absent, negative or not a number. Some calendars make it of a time in
// milliseconds, which is more than the 31 bits of an INTEGER (§3.3.8); that counts, or what comes later would look older.
func (e Event) Sequence() int {
	n, err := strconv.ParseInt(strings.TrimSpace(value(e.Component, goical.PropSequence)), 10, 53)
	if err != nil || n < 0 {
		return 0
	}
	return int(n)
}

// DTStamp is the moment this object was made (RFC 5545 §3.8.7.2), in UTC even where the sender forgot the Z; zero when
// absent or unreadable.
func (e Event) DTStamp() time.Time {
	t, ok := e.Time(goical.PropDateTimeStamp)
	if !ok {
		return time.Time{}
	}
	if t.At.IsZero() {
		return t.Wall
	}
	return t.At
}

// Text is the unescaped text of the first property of that name, or "".
func (e Event) Text(name string) string { return UnescapeText(value(e.Component, name)) }

// Has reports whether the event has a property of that name, whatever its value.
func (e Event) Has(name string) bool { return len(e.Props[name]) > 0 }

// Summary is the title (RFC 5545 §3.8.1.12).
func (e Event) Summary() string { return e.Text(goical.PropSummary) }

// Description is the plain text body (RFC 5545 §3.8.1.5).
func (e Event) Description() string { return e.Text(goical.PropDescription) }

// Location is where it takes place (RFC 5545 §3.8.1.7).
func (e Event) Location() string { return e.Text(goical.PropLocation) }

// Comment is the note to the other side; in a REPLY, the attendee's words (RFC 5546 §3.2.3). Several are joined by line
// feeds.
func (e Event) Comment() string {
	var notes []string
	for _, p := range e.Props[goical.PropComment] {
		notes = append(notes, UnescapeText(p.Value))
	}
	return strings.Join(notes, "\n")
}

// Categories lists all categories (RFC 5545 §3.8.1.2), unescaped, without empty ones.
func (e Event) Categories() []string {
	var all []string
	for _, p := range e.Props[goical.PropCategories] {
		for _, category := range SplitText(p.Value) {
			if category = strings.TrimSpace(category); category != "" {
				all = append(all, category)
			}
		}
	}
	return all
}

// Status is the event's own state in upper case: TENTATIVE, CONFIRMED, CANCELLED (RFC 5545 §3.8.1.11), or "" when absent.
func (e Event) Status() string {
	return strings.ToUpper(strings.TrimSpace(value(e.Component, goical.PropStatus)))
}

// RRule is the recurrence rule as written (RFC 5545 §3.8.5.3), or "" when absent.
func (e Event) RRule() string {
	return strings.TrimSpace(value(e.Component, goical.PropRecurrenceRule))
}

// IsOverride reports whether the event stands for one instance of a series: it has a RECURRENCE-ID.
func (e Event) IsOverride() bool { return e.Has(goical.PropRecurrenceID) }

// Start is DTSTART; false when absent.
func (e Event) Start() (Time, bool) { return e.Time(goical.PropDateTimeStart) }

// RecurrenceID is the original start of the instance that this event stands for; false when absent.
func (e Event) RecurrenceID() (Time, bool) { return e.Time(goical.PropRecurrenceID) }

// End is DTEND, or DTSTART plus DURATION, or for an all-day event without either the day after DTSTART (RFC 5545 §3.6.1).
// A timed event without either has no length, and End is false.
func (e Event) End() (Time, bool) {
	if end, ok := e.Time(goical.PropDateTimeEnd); ok {
		return end, true
	}
	start, ok := e.Start()
	if !ok {
		return Time{}, false
	}
	if d, err := ParseDuration(value(e.Component, goical.PropDuration)); err == nil {
		return e.zones().add(start, d), true
	}
	if start.AllDay {
		return e.zones().add(start, Duration{Days: 1}), true
	}
	return Time{}, false
}

// Time is the first DATE or DATE-TIME of the property; false when the property is absent. One that cannot be read, or whose
// zone cannot be resolved, is returned with Source ZoneUnresolved.
func (e Event) Time(name string) (Time, bool) {
	props := e.Props[name]
	if len(props) == 0 {
		return Time{}, false
	}
	return e.zones().Time(&props[0]), true
}

// Dates lists every moment of a property that may hold several (EXDATE, RDATE; RFC 5545 §3.8.5.1-2) over all its lines;
// of a PERIOD, its start.
func (e Event) Dates(name string) []Time {
	var all []Time
	for i := range e.Props[name] {
		all = append(all, e.zones().Times(&e.Props[name][i])...)
	}
	return all
}

// Organizer is who organizes the event (RFC 5545 §3.8.4.3); false when absent.
func (e Event) Organizer() (Person, bool) {
	props := e.Props[goical.PropOrganizer]
	if len(props) == 0 {
		return Person{}, false
	}
	return NewPerson(&props[0]), true
}

// Attendees lists the attendees in order (RFC 5545 §3.8.4.1).
func (e Event) Attendees() []Person {
	props := e.Props[goical.PropAttendee]
	if len(props) == 0 {
		return nil
	}
	all := make([]Person, 0, len(props))
	for i := range props {
		all = append(all, NewPerson(&props[i]))
	}
	return all
}

func (e Event) zones() *Zones {
	if e.calendar == nil {
		return newZones(nil)
	}
	return e.calendar.Zones()
}
