package itip

import (
	"strings"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
)

// weekly is a series as it is stored: one instance moved, one renamed, one called off by the organizer's CANCEL as Exchange writes it,
// one left out.
const weekly = `BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
UID:1@example.com
DTSTAMP:20260101T000000Z
DTSTART;TZID=Europe/Berlin:20260303T140000
DTEND;TZID=Europe/Berlin:20260303T153000
RRULE:FREQ=WEEKLY;BYDAY=TU;UNTIL=20260630T120000Z
RDATE;TZID=Europe/Berlin:20260804T140000
EXDATE;TZID=Europe/Berlin:20260317T140000
EXDATE:20260324T130000Z
SUMMARY:Stand-up
LOCATION:Library
END:VEVENT
BEGIN:VEVENT
UID:1@example.com
RECURRENCE-ID:20260310T130000Z
DTSTART;TZID=Europe/Berlin:20260311T160000
DTEND;TZID=Europe/Berlin:20260311T170000
SUMMARY:Stand-up (moved)
END:VEVENT
BEGIN:VEVENT
UID:1@example.com
RECURRENCE-ID;TZID=Europe/Berlin:20260324T140000
DTSTART;TZID=Europe/Berlin:20260324T140000
STATUS:CANCELLED
SUMMARY:Canceled: Stand-up
END:VEVENT
END:VCALENDAR`

func read(t testing.TB, text string) *ical.Calendar {
	t.Helper()
	c, err := ical.Read([]byte(strings.ReplaceAll(text, "\n", "\r\n")+"\r\n"), ical.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSplitInstances(t *testing.T) {
	alone := strings.Replace(weekly, weekly[strings.Index(weekly, "BEGIN:VEVENT"):strings.Index(weekly, "END:VEVENT\n")+len("END:VEVENT\n")], "", 1)
	local := strings.NewReplacer(";TZID=Europe/Berlin", "", "UNTIL=20260630T120000Z", "UNTIL=20260630").Replace(weekly)
	for name, test := range map[string]struct {
		calendar, keys, on, off string
		whole                   bool
	}{
		"moved":                     {weekly, "20260310T130000Z", "20260310T130000Z", "", false},
		"called off":                {weekly, "20260324T130000Z", "", "20260324T130000Z", false},
		"left out":                  {weekly, "20260317T130000Z", "", "20260317T130000Z", false},
		"as the series says":        {weekly, "20260407T120000Z", "20260407T120000Z", "", false},
		"some of each, twice":       {weekly, "20260324T130000Z 20260310T130000Z 20260310T130000Z", "20260310T130000Z", "20260324T130000Z", false},
		"the last one":              {weekly, "20260630T120000Z", "20260630T120000Z", "", false},
		"after the end":             {weekly, "20260707T120000Z", "", "", true},
		"after the end, but a date": {weekly, "20260804T120000Z", "20260804T120000Z", "", false},
		"on the last day":           {local, "20260630T140000", "20260630T140000", "", false},
		"after the last day":        {local, "20260707T140000", "", "", true},
		"without the series":        {alone, "20260310T130000Z 20260324T130000Z 20260407T120000Z", "20260310T130000Z", "20260324T130000Z", false},
		"none":                      {weekly, "", "", "", false},
		"no time":                   {weekly, "soon", "", "", false},
	} {
		on, off, whole := SplitInstances(read(t, test.calendar), strings.Fields(test.keys))
		if strings.Join(on, " ") != test.on || strings.Join(off, " ") != test.off || whole != test.whole {
			t.Errorf("%s: on %v, off %v, whole %v", name, on, off, whole)
		}
	}
}

func TestOnlyInstances(t *testing.T) {
	for name, test := range map[string]struct{ calendar, key, want string }{
		"its own": {weekly, "20260310T130000Z", "RECURRENCE-ID:20260310T130000Z DTSTART;TZID=Europe/Berlin:20260311T160000 DTEND;TZID=Europe/Berlin:20260311T170000 SUMMARY:Stand-up (moved)"},
		"the series', in summer": {weekly, "20260407T120000Z",
			"RECURRENCE-ID;TZID=Europe/Berlin:20260407T140000 DTSTART;TZID=Europe/Berlin:20260407T140000 DTEND;TZID=Europe/Berlin:20260407T153000 SUMMARY:Stand-up"},
		"called off, and completed": {weekly, "20260324T130000Z",
			"RECURRENCE-ID;TZID=Europe/Berlin:20260324T140000 DTSTART;TZID=Europe/Berlin:20260324T140000 DTEND;TZID=Europe/Berlin:20260324T153000 STATUS:CANCELLED SUMMARY:Stand-up"},
		"left out": {weekly, "20260317T130000Z",
			"RECURRENCE-ID;TZID=Europe/Berlin:20260317T140000 DTSTART;TZID=Europe/Berlin:20260317T140000 DTEND;TZID=Europe/Berlin:20260317T153000 STATUS:CANCELLED SUMMARY:Stand-up"},
		"whole days": {strings.NewReplacer(";TZID=Europe/Berlin:20260303T140000", ";VALUE=DATE:20260303", ";TZID=Europe/Berlin:20260303T153000", ";VALUE=DATE:20260305").Replace(weekly), "20260407",
			"RECURRENCE-ID;VALUE=DATE:20260407 DTSTART;VALUE=DATE:20260407 DTEND;VALUE=DATE:20260409 SUMMARY:Stand-up"},
		"floating": {strings.ReplaceAll(weekly, ";TZID=Europe/Berlin", ""), "20260407T140000",
			"RECURRENCE-ID:20260407T140000 DTSTART:20260407T140000 DTEND:20260407T153000 SUMMARY:Stand-up"},
		"a duration": {strings.Replace(weekly, "DTEND;TZID=Europe/Berlin:20260303T153000", "DURATION:PT90M", 1), "20260407T120000Z",
			"RECURRENCE-ID;TZID=Europe/Berlin:20260407T140000 DTSTART;TZID=Europe/Berlin:20260407T140000 DURATION:PT90M SUMMARY:Stand-up"},
		"over a clock change": {strings.NewReplacer("20260303T140000", "20260328T230000", "20260303T153000", "20260329T010000").Replace(weekly), "20261024T210000Z",
			"RECURRENCE-ID;TZID=Europe/Berlin:20261024T230000 DTSTART;TZID=Europe/Berlin:20261024T230000 DTEND;TZID=Europe/Berlin:20261025T010000 SUMMARY:Stand-up"},
		"no time": {weekly, "soon", ""},
	} {
		only := OnlyInstances(read(t, test.calendar), []string{test.key, test.key})
		var got []string
		for _, e := range only.Events() {
			for _, name := range []string{"RECURRENCE-ID", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "STATUS", "SUMMARY"} {
				for i := range e.Props[name] {
					got = append(got, strings.TrimSpace(string(ical.AppendProp(nil, &e.Props[name][i]))))
				}
			}
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, strings.Join(got, " "), test.want)
		}
	}
}
