package imiptest

import (
	"strings"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
)

// windowsNames are the names under which Outlook knows some zones (CLDR's windowsZones).
var windowsNames = map[string]string{
	"Europe/Berlin": "W. Europe Standard Time", "Europe/London": "GMT Standard Time", "Europe/Paris": "Romance Standard Time",
	"America/New_York": "Eastern Standard Time", "America/Los_Angeles": "Pacific Standard Time", "Asia/Tokyo": "Tokyo Standard Time",
	"UTC": "UTC",
}

// loadZone finds a zone by its own name or Microsoft's.
func loadZone(name string) (*time.Location, error) {
	for zone, windows := range windowsNames {
		if windows == name {
			name = zone
		}
	}
	return time.LoadLocation(name)
}

// zone writes the VTIMEZONE of a zone under a name.
func zone(location *time.Location, name string, near time.Time) lines {
	component, err := ical.VTimezone(location.String(), near.AddDate(-1, 0, 0), near.AddDate(5, 0, 0))
	if err != nil {
		return nil
	}
	text, err := ical.Write(component)
	if err != nil {
		return nil
	}
	unfolded := strings.ReplaceAll(strings.TrimSuffix(string(text), "\r\n"), "\r\n ", "")
	all := strings.Split(unfolded, "\r\n")
	for i, line := range all {
		if strings.HasPrefix(line, "TZID:") {
			all[i] = "TZID:" + name
		}
	}
	return all
}

// windowsZone is the zone that Outlook writes times of a location in: the same under Microsoft's name, or Berlin's for one that has
// none here, because Outlook writes its user's own zone whatever the invitation's was.
func windowsZone(location *time.Location) (*time.Location, string) {
	if name := windowsNames[location.String()]; name != "" && location != time.UTC {
		return location, name
	}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		return time.UTC, "UTC"
	}
	return berlin, windowsNames["Europe/Berlin"]
}
