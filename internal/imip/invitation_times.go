package imip

import (
	"strings"
	"time"

	goical "github.com/emersion/go-ical"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
)

// times writes when the event is, and reports whether it lasts whole days.
func (w *calendarWriter) times(e ical.Event) (allDay bool) {
	start, _ := e.Start()
	if id, ok := e.RecurrenceID(); ok && !id.Wall.IsZero() {
		p := w.timeProp(goical.PropRecurrenceID, e.Like(id, w.start)) // as the recipient's calendar knows the instance
		if span := e.Props.Get(goical.PropRecurrenceID).Params.Get(goical.ParamRange); span != "" {
			p.Params.Set(goical.ParamRange, span)
		}
		w.prop(p)
	}
	w.prop(w.timeProp(goical.PropDateTimeStart, start))
	if end, ok := endOf(e, start); ok {
		w.prop(w.timeProp(goical.PropDateTimeEnd, end))
	}
	if e.IsOverride() { // RFC 5545 §3.8.4.4: an instance has no recurrence of its own
		return start.AllDay
	}
	series := seriesOf(e, start)
	for _, rule := range series.rules {
		w.text(goical.PropRecurrenceRule, rule)
	}
	for _, p := range series.periods {
		w.prop(w.inZone(&p))
	}
	w.dates(goical.PropRecurrenceDates, series.dates)
	w.dates(goical.PropExceptionDates, append(series.exceptions, w.cancelledInstances(e, start)...))
	return start.AllDay
}

// endOf is DTEND as it should be sent: after the start, of the start's kind, and for whole days always there (field rule 23). An
// event without length, or whose end is before its start, has none (RFC 5545 §3.8.2.2: DTEND is later than DTSTART).
func endOf(e ical.Event, start ical.Time) (ical.Time, bool) {
	end, ok := e.End()
	if start.AllDay {
		if !ok || !end.AllDay || !end.Wall.After(start.Wall) {
			end = ical.Time{AllDay: true, Wall: start.Wall.AddDate(0, 0, 1), Source: ical.ZoneAllDay}
		}
		return end, true
	}
	if !ok || end.AllDay || end.Wall.IsZero() {
		return ical.Time{}, false
	}
	if !start.At.IsZero() && !end.At.IsZero() {
		return end, end.At.After(start.At)
	}
	return end, end.Wall.After(start.Wall)
}

// timeProp writes a time: a date; UTC where all times of the calendar are, or the organizer wrote it so; in its zone; or floating.
func (w *calendarWriter) timeProp(name string, t ical.Time) *goical.Prop {
	p := &goical.Prop{Name: name, Params: goical.Params{}}
	zone := w.zones.names[strings.ToLower(t.TZID)]
	switch {
	case t.AllDay:
		p.Params.Set(goical.ParamValue, string(goical.ValueDate))
		p.Value = t.Wall.Format(dateForm)
	case t.Source == ical.ZoneUTC, w.utc && !t.At.IsZero(), zone == "" && !t.At.IsZero():
		p.Value = moment(t.At)
	case zone != "" && t.TZID != "":
		p.Params.Set(goical.ParamTimezoneID, zone)
		p.Value = t.Wall.Format(localForm)
	default:
		p.Value = t.Wall.Format(localForm)
	}
	return p
}

// dates writes one property a date.
func (w *calendarWriter) dates(name string, dates []ical.Time) {
	seen := map[string]bool{}
	for _, t := range dates {
		if t.Wall.IsZero() {
			continue
		}
		p := w.timeProp(name, t)
		if !seen[p.Value] {
			seen[p.Value] = true
			w.prop(p)
		}
	}
}

// zoneOf is the named zone in which a time was written, or nil where the calendar's own VTIMEZONE says something else.
func zoneOf(t ical.Time) *time.Location {
	location, _ := ical.Location(t.TZID)
	if location == nil || t.Disputed != nil {
		return nil
	}
	return location
}

// inZone is a property that is sent as written, under our name of its zone.
func (w *calendarWriter) inZone(p *goical.Prop) *goical.Prop {
	copied := goical.Prop{Name: p.Name, Params: goical.Params{}, Value: p.Value}
	for name, values := range p.Params {
		copied.Params[name] = values
	}
	if zone := w.zones.names[strings.ToLower(p.Params.Get(goical.ParamTimezoneID))]; zone != "" {
		copied.Params.Set(goical.ParamTimezoneID, zone)
	} else {
		copied.Params.Del(goical.ParamTimezoneID)
	}
	return &copied
}

// cancelledInstances are the instances that the organizer cancelled by an override: a REQUEST can only say so by exclusion.
func (w *calendarWriter) cancelledInstances(e ical.Event, start ical.Time) []ical.Time {
	var cancelled []ical.Time
	for _, override := range overridesOf(w.inv.Calendar, e) {
		if id, ok := override.RecurrenceID(); ok && override.Status() == "CANCELLED" {
			cancelled = append(cancelled, e.Like(id, start))
		}
	}
	return cancelled
}
