package imip

import (
	"strings"
	"time"

	goical "github.com/emersion/go-ical"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
)

// zoneHorizon is how far ahead of an event a VTIMEZONE that we write must be right where the zone follows no rule.
const zoneHorizon = 10 // years

// zoneTable is the VTIMEZONEs of a composed calendar and the names under which its times refer to them.
type zoneTable struct {
	components []*goical.Component
	names      map[string]string // TZID as the organizer wrote it, in lower case, to TZID as we write it
}

// timeProps are the properties whose values may have a TZID (RFC 5545 §3.2.19).
var timeProps = []string{
	goical.PropDateTimeStart, goical.PropDateTimeEnd, goical.PropRecurrenceID, goical.PropRecurrenceDates, goical.PropExceptionDates,
}

// newZoneTable collects a complete VTIMEZONE for every zone that the events use (field rule 22), and for that of the series' start,
// first, so that it has the same name in every mail of the event. It is empty when all times go out in UTC. A name that nobody can
// resolve has none; its times go out as they read, without a zone.
func newZoneTable(calendar *ical.Calendar, start ical.Time, events []ical.Event, utc bool) zoneTable {
	table := zoneTable{names: map[string]string{}}
	if utc {
		return table
	}
	if start.TZID != "" {
		table.add(calendar, strings.ToLower(start.TZID), start)
	}
	for _, event := range events {
		for _, name := range timeProps {
			for _, t := range event.Dates(name) {
				if key := strings.ToLower(t.TZID); t.TZID != "" && table.names[key] == "" {
					table.add(calendar, key, t)
				}
			}
		}
	}
	return table
}

func (table *zoneTable) add(calendar *ical.Calendar, key string, t ical.Time) {
	if t.Source == ical.ZoneUnresolved {
		return // nobody knows the name, and to look for it again takes long
	}
	embedded := embeddedZone(calendar, t.TZID)
	location, _ := ical.Location(t.TZID)
	if embedded != nil && t.Source == ical.ZoneVTimezone && (location == nil || t.Disputed != nil || complete(embedded, location, t.At)) {
		table.put(key, t.TZID, embedded)
		return
	}
	if location == nil {
		return
	}
	name := location.String()
	if written, err := ical.VTimezone(name, t.At.AddDate(-1, 0, 0), t.At.AddDate(zoneHorizon, 0, 0)); err == nil {
		table.put(key, name, written)
	}
}

func (table *zoneTable) put(key, name string, zone *goical.Component) {
	for _, used := range table.names {
		if strings.EqualFold(used, name) {
			table.names[key] = used
			return
		}
	}
	table.names[key] = name
	table.components = append(table.components, zone)
}

// embeddedZone is the calendar's own VTIMEZONE of that name, or nil.
func embeddedZone(calendar *ical.Calendar, tzid string) *goical.Component {
	for _, child := range calendar.Children {
		if child.Name != goical.CompTimezone {
			continue
		}
		id := child.Props[goical.PropTimezoneID]
		if len(id) == 0 {
			continue
		}
		for _, name := range []string{ical.UnescapeText(id[0].Value), id[0].Value} { // as ical.Zones finds it
			if strings.EqualFold(strings.TrimSpace(name), tzid) {
				return child
			}
		}
	}
	return nil
}

// complete reports whether a VTIMEZONE has both of its sides, or the zone of that name has only one around the event: half a
// VTIMEZONE shifts Outlook by an hour (field rule 22).
func complete(zone *goical.Component, location *time.Location, near time.Time) bool {
	var standard, daylight bool
	for _, child := range zone.Children {
		standard = standard || child.Name == goical.CompTimezoneStandard
		daylight = daylight || child.Name == goical.CompTimezoneDaylight
	}
	if standard && daylight {
		return true
	}
	_, offset := near.In(location).Zone()
	for month := range 12 {
		if _, other := near.AddDate(0, month, 0).In(location).Zone(); other != offset {
			return false
		}
	}
	return true
}
