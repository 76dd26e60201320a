package ical

import (
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // so that a Lambda function needs no zone files

	goical "github.com/emersion/go-ical"
)

// Zones turns the local times of one calendar into instants: by the VTIMEZONE in the calendar, which is what the sender
// meant; else by the IANA name; else by the Windows name or display name (CLDR's table).
type Zones struct {
	embedded map[string]*vtimezone // by lower-case TZID

	mu      sync.Mutex
	named   map[string]namedZone // by the TZID as it is written: to look for a name that nobody knows takes long, and a list of dates repeats it
	unknown int                  // of named
}

// namedZone is what Location says of a TZID.
type namedZone struct {
	location *time.Location
	source   ZoneSource
}

// maxUnknown is how many names that nobody knows are looked for in a calendar; those that follow are unknown as well.
const maxUnknown = 100

// newZones reads the VTIMEZONEs of a calendar, which may be nil.
func newZones(c *goical.Component) *Zones {
	z := &Zones{}
	if c == nil {
		return z
	}
	for _, child := range c.Children {
		if child.Name != goical.CompTimezone || len(z.embedded) == maxZones {
			continue
		}
		written := value(child, goical.PropTimezoneID)
		id := zoneKey(UnescapeText(written)) // the property is a text, the parameter is not (RFC 5545 §3.8.3.1, §3.2.19)
		if _, seen := z.embedded[id]; seen || id == "" {
			continue
		}
		if zone := readVTimezone(child); zone != nil {
			if z.embedded == nil {
				z.embedded = make(map[string]*vtimezone)
			}
			z.embedded[id] = zone
			if raw := zoneKey(written); z.embedded[raw] == nil {
				z.embedded[raw] = zone // for who escapes the parameter as well
			}
		}
	}
	return z
}

// zoneKey makes a TZID comparable: without quotes and space around it, in lower case.
func zoneKey(tzid string) string { return strings.ToLower(strings.Trim(tzid, " \t\"'")) }

// Location is the zone of a TZID that the calendar does not define itself, and how it was found: ZoneIANA or ZoneWindows; nil
// and ZoneUnresolved for an unknown name.
func Location(tzid string) (*time.Location, ZoneSource) {
	tzid = strings.Trim(tzid, " \t\"'")
	if loc := ianaLocation(tzid); loc != nil {
		return loc, ZoneIANA
	}
	if name := windowsZone(tzid); name != "" {
		if loc := loadLocation(name); loc != nil {
			return loc, ZoneWindows
		}
	}
	return nil, ZoneUnresolved
}

// resolve sets At, Source and Disputed of a local time with a TZID.
func (z *Zones) resolve(t *Time) {
	t.At, t.Disputed, t.Source = time.Time{}, nil, ZoneUnresolved
	if zone := z.embedded[zoneKey(t.TZID)]; zone != nil {
		if at, ok := zone.instant(t.Wall); ok {
			t.At, t.Source = at, ZoneVTimezone
			if loc := ianaLocation(t.TZID); loc != nil {
				if other := localTime(t.Wall, loc); !other.Equal(at) {
					t.Disputed = &other
				}
			}
			return
		}
	}
	if loc, source := z.location(t.TZID); loc != nil {
		t.At, t.Source = localTime(t.Wall, loc), source
	}
}

// location is Location, remembered.
func (z *Zones) location(tzid string) (*time.Location, ZoneSource) {
	z.mu.Lock()
	defer z.mu.Unlock()
	zone, seen := z.named[tzid]
	if seen || z.unknown == maxUnknown {
		return zone.location, zone.source
	}
	zone.location, zone.source = Location(tzid)
	if zone.location == nil {
		z.unknown++
	}
	if z.named == nil {
		z.named = map[string]namedZone{}
	}
	z.named[tzid] = zone
	return zone.location, zone.source
}

// wall is the clock time of t.At in the zone of t.
func (z *Zones) wall(t Time) time.Time {
	offset := 0
	switch t.Source {
	case ZoneVTimezone:
		offset = z.embedded[zoneKey(t.TZID)].offset(t.At)
	case ZoneIANA, ZoneWindows:
		loc, _ := z.location(t.TZID)
		_, offset = t.At.In(loc).Zone()
	}
	return t.At.Add(time.Duration(offset) * time.Second)
}

// ianaLocation finds an IANA zone, also under the names that calendars make of it: "/Europe/Berlin",
// "/mozilla.org/20050126_1/Europe/Berlin", "europe/berlin". It is nil when there is none.
func ianaLocation(tzid string) *time.Location {
	if len(tzid) > 128 {
		return nil
	}
	if loc := loadLocation(tzid); loc != nil {
		return loc
	}
	if strings.HasPrefix(tzid, "/") {
		// The name proper is the last one to three segments: UTC, Europe/Berlin, America/Argentina/Salta.
		segments := strings.Split(strings.Trim(tzid, "/"), "/")
		for n := min(3, len(segments)); n > 0; n-- {
			if loc := loadLocation(strings.Join(segments[len(segments)-n:], "/")); loc != nil {
				return loc
			}
		}
	}
	if strings.Contains(tzid, "/") {
		return loadLocation(titleCase(tzid))
	}
	return nil
}

// locations remembers zones by name: reading one takes far longer than using it, and a zone never changes while we run. Only
// names that exist are kept, so it is as large as the tz database at most.
var locations sync.Map // string to *time.Location

// loadLocation is time.LoadLocation for names from outside: never the machine's own zone, never a path.
func loadLocation(name string) *time.Location {
	if loc, ok := locations.Load(name); ok {
		return loc.(*time.Location)
	}
	switch {
	case name == "", name[0] == '/', strings.Contains(name, ".."):
		return nil
	case name == "Local", name == "localtime", name == "posixrules", strings.HasPrefix(name, "posix/"), strings.HasPrefix(name, "right/"):
		return nil // not IANA names, but files that stand beside them
	}
	for i := 0; i < len(name); i++ {
		c := name[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '+' || c == '/') {
			return nil
		}
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	locations.Store(strings.Clone(name), loc)
	return loc
}

// titleCase guesses the spelling of an IANA name: "europe/isle_of_man" becomes "Europe/Isle_Of_Man", which is right for most.
func titleCase(name string) string {
	b := []byte(strings.ToLower(name))
	start := true
	for i, c := range b {
		if start && c >= 'a' && c <= 'z' {
			b[i] = c - 'a' + 'A'
		}
		start = c == '/' || c == '_' || c == '-'
	}
	return string(b)
}

// localTime is the instant, in UTC, of a clock time in a zone as RFC 5545 §3.3.5 defines it: of a time that occurs twice, the
// first; a time that is skipped is read with the offset before the gap. time.Date promises neither.
func localTime(wall time.Time, loc *time.Location) time.Time {
	t := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), 0, loc)
	if start, _ := t.ZoneBounds(); !start.IsZero() {
		if earlier := withOffsetOf(wall, start.Add(-time.Second)); earlier.Before(start) {
			return earlier // the time occurs before and after start
		}
	}
	_, offset := t.Zone()
	if other := withOffsetOf(wall, t); !t.Add(time.Duration(offset)*time.Second).UTC().Equal(wall) && other.After(t) {
		return other // skipped: both readings are wrong; the one with the offset before the gap is the later
	}
	return t.UTC()
}

// withOffsetOf reads a clock time with the offset in force at another moment.
func withOffsetOf(wall, at time.Time) time.Time {
	_, offset := at.Zone()
	return wall.Add(-time.Duration(offset) * time.Second)
}
