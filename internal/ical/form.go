package ical

import (
	"time"

	goical "github.com/emersion/go-ical"
)

// Like is the moment t in the form of model, another time of the event: a date, UTC, the clock time of model's zone, or floating.
// RFC 5545 §3.8.4.4 and §3.8.5.1 ask this of RECURRENCE-ID and EXDATE beside DTSTART, and Outlook finds the instance by it; yet
// calendars write them in UTC beside a zone (field rule 30), or as a date. A date beside clock times is the instance of that day. A
// moment that has no such form, or cannot be read, comes back as it is.
func (e Event) Like(t, model Time) Time { return e.zones().like(t, model) }

func (z *Zones) like(t, model Time) Time {
	if t.Wall.IsZero() || model.Wall.IsZero() || model.Source == ZoneVTimezone && z.embedded[zoneKey(model.TZID)] == nil {
		return t
	}
	as := Time{TZID: model.TZID, AllDay: model.AllDay, Floating: model.Floating, Source: model.Source}
	switch {
	case model.AllDay:
		as.Wall = midnight(t.Wall)
	case t.AllDay:
		as.Wall = t.Wall.Add(model.Wall.Sub(midnight(model.Wall)))
		z.settle(&as)
	case t.At.IsZero():
		as.Wall = t.Wall
		z.settle(&as)
	case model.At.IsZero():
		return t // an instant has no floating clock time
	default:
		as.At, as.Disputed = t.At, model.Disputed
		as.Wall = z.wall(as)
	}
	as.Value = as.form()
	return as
}

// settle sets At of a clock time whose zone is known.
func (z *Zones) settle(t *Time) {
	switch t.Source {
	case ZoneUTC:
		t.At = t.Wall
	case ZoneVTimezone, ZoneIANA, ZoneWindows:
		z.resolve(t)
	}
}

// form is the time as a DATE or DATE-TIME value.
func (t Time) form() string {
	switch {
	case t.AllDay:
		return t.Wall.Format("20060102")
	case t.Source == ZoneUTC:
		return t.Wall.Format("20060102T150405Z")
	}
	return t.Wall.Format("20060102T150405")
}

// Prop is the time as a property: with VALUE=DATE for a date, with TZID for a clock time of a zone.
func (t Time) Prop(name string) goical.Prop {
	p := goical.Prop{Name: name, Params: goical.Params{}, Value: t.Value}
	if !t.Wall.IsZero() {
		p.Value = t.form()
	}
	switch {
	case t.AllDay:
		p.Params.Set(goical.ParamValue, string(goical.ValueDate))
	case t.Source != ZoneUTC && t.TZID != "":
		p.Params.Set(goical.ParamTimezoneID, t.TZID)
	}
	return p
}

func midnight(wall time.Time) time.Time {
	return time.Date(wall.Year(), wall.Month(), wall.Day(), 0, 0, 0, 0, time.UTC)
}
