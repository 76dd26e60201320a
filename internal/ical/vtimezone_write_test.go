package ical_test

import (
	"archive/zip"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	goical "github.com/emersion/go-ical"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
)

// ianaZones lists all zones and links of the tz database that comes with Go.
func ianaZones(t *testing.T) []string {
	t.Helper()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	archive, err := zip.OpenReader(filepath.Join(strings.TrimSpace(string(root)), "lib", "time", "zoneinfo.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	var names []string
	for _, file := range archive.File {
		if !strings.HasSuffix(file.Name, "/") {
			names = append(names, file.Name)
		}
	}
	if len(names) < 500 {
		t.Fatalf("only %d zones", len(names))
	}
	return names
}

// calendarIn is a calendar with one VTIMEZONE, written and read again, so that all of it is what a recipient gets.
func calendarIn(t *testing.T, tzid string, zone *goical.Component) *ical.Calendar {
	t.Helper()
	calendar := goical.NewComponent("VCALENDAR")
	calendar.Children = []*goical.Component{zone, goical.NewComponent("VEVENT")}
	text, err := ical.Write(calendar)
	if err != nil {
		t.Fatal(err)
	}
	read, err := ical.Read(text, ical.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if len(read.Problems) > 0 {
		t.Fatalf("%s: %v", tzid, read.Problems)
	}
	return read
}

// TestVTimezoneAllZones: for every zone, the VTIMEZONE we send says what the tz database says, from 2020 to 2040, around every
// change and in between.
func TestVTimezoneAllZones(t *testing.T) {
	from, to := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2041, 1, 1, 0, 0, 0, 0, time.UTC)
	regular, listed, constant := 0, 0, 0
	for _, name := range ianaZones(t) {
		loc, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		zone, err := ical.VTimezone(name, from, to)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		rules, dates := 0, 0
		for _, child := range zone.Children {
			rules += len(child.Props["RRULE"])
			dates += len(child.Props["RDATE"])
			for _, required := range []string{"DTSTART", "TZOFFSETFROM", "TZOFFSETTO"} { // RFC 5545 §3.6.5
				if len(child.Props[required]) != 1 {
					t.Errorf("%s: %s has %d %s", name, child.Name, len(child.Props[required]), required)
				}
			}
		}
		switch {
		case rules == 2:
			regular++
		case rules == 0 && len(zone.Children) == 1:
			constant++
		default:
			listed++
		}
		zones := calendarIn(t, name, zone).Zones()
		check := func(at time.Time) {
			local := at.In(loc)
			p := goical.Prop{Name: "DTSTART", Params: goical.Params{"TZID": {name}}, Value: local.Format("20060102T150405")}
			got := zones.Time(&p)
			if got.Source != ical.ZoneVTimezone {
				t.Fatalf("%s: %s read by %s", name, p.Value, got.Source)
			}
			if got.Disputed != nil {
				t.Fatalf("%s: %s is %v by the VTIMEZONE, %v by the tz database", name, p.Value, got.At, got.Disputed)
			}
			// A clock time that occurs twice means the first (RFC 5545 §3.3.5).
			if !got.At.Equal(at) && got.At.In(loc).Format(time.DateTime) != local.Format(time.DateTime) {
				t.Fatalf("%s: %s is %v, want %v", name, p.Value, got.At, at.UTC())
			}
		}
		for at := from; at.Before(to); at = at.Add(301 * time.Hour) {
			check(at)
		}
		for at := from.In(loc); at.Before(to); {
			_, next := at.ZoneBounds()
			if next.IsZero() || !next.Before(to) {
				break
			}
			for _, d := range []time.Duration{-3 * time.Hour, -time.Hour, -time.Second, 0, time.Second, 30 * time.Minute, time.Hour, 3 * time.Hour} {
				check(next.Add(d))
			}
			if !next.After(at) { // see zoneChanges
				at = at.AddDate(0, 0, 1)
				continue
			}
			at = next
		}
	}
	t.Logf("%d zones by rule, %d listed, %d constant", regular, listed, constant)
	if regular < 100 || constant < 200 {
		t.Error("too few zones by rule or constant")
	}
}

func TestVTimezone(t *testing.T) {
	from := time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC)
	for _, test := range []struct{ zone, want string }{
		{"Europe/Berlin", `BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:STANDARD
DTSTART:20241027T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:20250330T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
END:VTIMEZONE
`},
		{"America/New_York", `BEGIN:VTIMEZONE
TZID:America/New_York
BEGIN:DAYLIGHT
DTSTART:20250309T020000
TZOFFSETFROM:-0500
TZOFFSETTO:-0400
TZNAME:EDT
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:20251102T020000
TZOFFSETFROM:-0400
TZOFFSETTO:-0500
TZNAME:EST
RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU
END:STANDARD
END:VTIMEZONE
`},
		{"Asia/Kolkata", `BEGIN:VTIMEZONE
TZID:Asia/Kolkata
BEGIN:STANDARD
DTSTART:19451015T000000
TZOFFSETFROM:+0630
TZOFFSETTO:+0530
TZNAME:IST
END:STANDARD
END:VTIMEZONE
`},
		{"Etc/UTC", `BEGIN:VTIMEZONE
TZID:Etc/UTC
BEGIN:STANDARD
DTSTART:19700101T000000
TZOFFSETFROM:+0000
TZOFFSETTO:+0000
TZNAME:UTC
END:STANDARD
END:VTIMEZONE
`},
		{"Asia/Jerusalem", `BEGIN:VTIMEZONE
TZID:Asia/Jerusalem
BEGIN:STANDARD
DTSTART:20241027T020000
TZOFFSETFROM:+0300
TZOFFSETTO:+0200
TZNAME:IST
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:20250328T020000
TZOFFSETFROM:+0200
TZOFFSETTO:+0300
TZNAME:IDT
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=FR;BYMONTHDAY=23,24,25,26,27,28,29
END:DAYLIGHT
END:VTIMEZONE
`},
		{"Europe/Dublin", `BEGIN:VTIMEZONE
TZID:Europe/Dublin
BEGIN:STANDARD
DTSTART:20241027T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0000
TZNAME:GMT
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:20250330T010000
TZOFFSETFROM:+0000
TZOFFSETTO:+0100
TZNAME:IST
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
END:VTIMEZONE
`},
	} {
		zone, err := ical.VTimezone(test.zone, from, from.AddDate(1, 0, 0))
		if err != nil {
			t.Fatal(err)
		}
		got, err := ical.Write(zone)
		if err != nil {
			t.Fatal(err)
		}
		if want := strings.ReplaceAll(test.want, "\n", "\r\n"); string(got) != want {
			t.Errorf("%s: got\n%s", test.zone, got)
		}
	}
	for _, name := range []string{"", "Local", "BRT", "../etc/passwd", "/etc/localtime", "Europe/Nowhere"} {
		if _, err := ical.VTimezone(name, from, from); !errors.Is(err, ical.ErrUnknownZone) {
			t.Errorf("%q: got %v, want ErrUnknownZone", name, err)
		}
	}
}
