package itip

import (
	"slices"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
)

// InstanceKey is how records name an instance of a series: the moment it was first planned for (RFC 5545 §3.8.4.4), in UTC where
// there is an instant, since some calendars write RECURRENCE-ID in UTC although the series has a zone (field rule 30), else as
// written.
func InstanceKey(t ical.Time) string {
	switch {
	case !t.At.IsZero():
		return t.At.UTC().Format("20060102T150405Z")
	case t.AllDay && !t.Wall.IsZero():
		return t.Wall.Format("20060102")
	case !t.Wall.IsZero():
		return t.Wall.Format("20060102T150405")
	}
	return t.Value
}

// InstanceStart is the moment that a key names, in seconds since 1970: of a date or a floating time as if its zone were UTC. It is
// false for a key that names none.
func InstanceStart(key string) (int64, bool) {
	for _, form := range []string{"20060102T150405Z", "20060102", "20060102T150405"} {
		if at, err := time.Parse(form, key); err == nil {
			return at.Unix(), true
		}
	}
	return 0, false
}

// InstanceKeyOf is the key of the instance that a VEVENT is about; "" when it is about the whole event.
func InstanceKeyOf(e ical.Event) string {
	if id, ok := e.RecurrenceID(); ok {
		return InstanceKey(id)
	}
	return ""
}

// Series reports whether the calendar holds the whole event: a VEVENT without RECURRENCE-ID. Otherwise it is about single instances.
func Series(c *ical.Calendar) bool {
	main, ok := c.Main()
	return ok && !main.IsOverride()
}

// overrides are the VEVENTs with a RECURRENCE-ID by instance key.
func overrides(c *ical.Calendar) map[string]ical.Event {
	all := map[string]ical.Event{}
	for _, e := range c.Overrides("") {
		all[InstanceKeyOf(e)] = e
	}
	return all
}

// HasInstance reports whether the calendar holds a VEVENT for the instance.
func HasInstance(c *ical.Calendar, key string) bool {
	_, ok := overrides(c)[key]
	return ok
}

// KeepInstances is the arrived series with those overrides of the stored one that it does not speak of. Calendars differ in whether
// they send the overrides along with a changed series; where its times and rule are what they were, the overrides still stand.
func KeepInstances(stored, arrived *ical.Calendar) *ical.Calendar {
	was, _ := stored.Main()
	is, _ := arrived.Main()
	if !Series(stored) || !Series(arrived) || !repeats(was) || len(stored.Overrides("")) == 0 {
		return arrived
	}
	if slices.ContainsFunc(compareEvents(was, is), func(f Field) bool { return f == FieldStart || f == FieldRecurrence }) {
		return arrived
	}
	kept := edit(arrived, stored)
	for _, e := range stored.Overrides("") {
		key := InstanceKeyOf(e)
		if _, has := kept.place[key]; !has {
			kept.put(key, e.Component)
		}
	}
	return kept.done()
}

// Update is an organizer's message about single instances, merged into the series.
type Update struct {
	Calendar *ical.Calendar // the series with the instances as they are now
	Changed  []string       // keys of the instances that changed
	Moved    []string       // of these, those with another time than before
	Fields   []Field
}

// MergeInstances puts the VEVENTs of the arrived message, each about one instance, into the stored series. An instance older than
// what is stored of it (RFC 5546 §2.1.5 compares per UID and RECURRENCE-ID) is left out; when all are, stale is true.
func MergeInstances(stored, arrived *ical.Calendar) (update Update, stale bool) {
	merged := edit(stored, arrived)
	known := overrides(stored)
	series, _ := stored.Main()
	stale = true
	for _, e := range arrived.Overrides("") {
		key := InstanceKeyOf(e)
		before, had := known[key]
		if RevisionOf(e).Compare(revisionOfInstance(series, before, had)) < 0 {
			continue
		}
		stale = false
		fields := compareInstance(series, before, e, had && before.Status() != cancelled)
		wasOff := merged.include(key)
		merged.put(key, e.Component)
		if len(fields) == 0 && !wasOff {
			continue // it says what was known: kept for its SEQUENCE and DTSTAMP
		}
		update.Changed = append(update.Changed, key)
		update.Fields = append(update.Fields, fields...)
		if wasOff || slices.ContainsFunc(fields, Field.Reschedules) {
			update.Moved = append(update.Moved, key)
		}
	}
	slices.Sort(update.Fields)
	update.Fields = slices.Compact(update.Fields)
	update.Calendar = merged.done()
	return update, stale
}

// revisionOfInstance is the newest revision stored of an instance: its own, else the series'.
func revisionOfInstance(series, own ical.Event, had bool) Revision {
	if had {
		return RevisionOf(own)
	}
	return RevisionOf(series)
}
