package addto

import (
	"strings"
	"time"

	goical "github.com/emersion/go-ical"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
	"github.com/calendarinvite/calendarinviteserver/internal/imip"
	"github.com/calendarinvite/calendarinviteserver/internal/plain"
)

// Longest texts in a link, in characters. The whole stays within what browsers and servers take for an address, also percent-encoded.
const (
	maxTitle   = 200
	maxWhere   = 200
	maxDetails = 800
)

// Event is what links say of an event.
type Event struct {
	Title   string // one line
	Where   string // one line; may be empty
	Details string // plain text of several lines; may be empty
	Start   ical.Time
	End     ical.Time // exclusive, of the kind of Start; Start itself where the event takes no time
	Rule    string    // RRULE value (RFC 5545 §3.3.10), where it says all dates; else empty
	Series  bool      // the event has more dates than the first
}

// Of reads the main event of a calendar; false when there is none with a start.
func Of(calendar *ical.Calendar) (Event, bool) {
	main, ok := calendar.Main()
	if !ok {
		return Event{}, false
	}
	start, ok := main.Start()
	if !ok || start.Wall.IsZero() {
		return Event{}, false
	}
	e := Event{
		Title: plain.Line(main.Summary(), maxTitle), Where: plain.Line(main.Location(), maxWhere), Details: plain.Lines(imip.PlainDescription(main), maxDetails),
		Start: start, End: endOf(main, start),
	}
	if e.Title == "" {
		e.Title = "(no title)"
	}
	if !main.IsOverride() { // RFC 5545 §3.8.4.4: an instance has no recurrence of its own
		rules := main.Props[goical.PropRecurrenceRule]
		e.Series = len(rules) > 0 || main.Has(goical.PropRecurrenceDates)
		if len(rules) == 1 && !main.Has(goical.PropRecurrenceDates) && !main.Has(goical.PropExceptionDates) && len(calendar.Overrides("")) == 0 {
			e.Rule = strings.ToUpper(main.RRule())
		}
	}
	return e, true
}

// endOf is the event's end: after the start and of its kind, for whole days at least the day after (RFC 5545 §3.6.1).
func endOf(e ical.Event, start ical.Time) ical.Time {
	end, ok := e.End()
	switch {
	case start.AllDay:
		if !ok || !end.AllDay || !end.Wall.After(start.Wall) {
			return ical.Time{AllDay: true, Wall: start.Wall.AddDate(0, 0, 1), Source: ical.ZoneAllDay}
		}
	case !ok || end.Wall.IsZero() || end.At.IsZero() != start.At.IsZero():
		return start
	case start.At.IsZero() && end.Wall.Before(start.Wall), end.At.Before(start.At):
		return start
	}
	return end
}

// zone is the zone in which a time was written, or nil: it is UTC or belongs to none, or its name is not one that other systems know, or
// says something else there.
func zone(t ical.Time) *time.Location {
	if t.At.IsZero() || t.Source == ical.ZoneUTC || t.Disputed != nil {
		return nil
	}
	named, _ := ical.Location(t.TZID)
	return named
}
