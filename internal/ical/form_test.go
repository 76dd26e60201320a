package ical

import (
	"strings"
	"testing"
)

func TestLike(t *testing.T) {
	const office = "BEGIN:VTIMEZONE\r\nTZID:Our Office\r\nBEGIN:STANDARD\r\nDTSTART:16010101T000000\r\nTZOFFSETFROM:+0230\r\nTZOFFSETTO:+0230\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
	for name, test := range map[string]struct{ start, id, want string }{
		"UTC beside a zone":              {"DTSTART;TZID=Europe/Berlin:20260303T140000", "RECURRENCE-ID:20260310T130000Z", "RECURRENCE-ID;TZID=Europe/Berlin:20260310T140000"},
		"after the clocks changed":       {"DTSTART;TZID=Europe/Berlin:20260303T140000", "RECURRENCE-ID:20260407T120000Z", "RECURRENCE-ID;TZID=Europe/Berlin:20260407T140000"},
		"another name of the zone":       {"DTSTART;TZID=W. Europe Standard Time:20260303T140000", "RECURRENCE-ID;TZID=Europe/Berlin:20260310T140000", "RECURRENCE-ID;TZID=W. Europe Standard Time:20260310T140000"},
		"the calendar's own zone":        {"DTSTART;TZID=Our Office:20260303T140000", "RECURRENCE-ID:20260310T113000Z", "RECURRENCE-ID;TZID=Our Office:20260310T140000"},
		"a zone beside UTC":              {"DTSTART:20260303T130000Z", "RECURRENCE-ID;TZID=Europe/Berlin:20260310T140000", "RECURRENCE-ID:20260310T130000Z"},
		"the same form":                  {"DTSTART;TZID=Europe/Berlin:20260303T140000", "RECURRENCE-ID;TZID=Europe/Berlin:20260310T140000", "RECURRENCE-ID;TZID=Europe/Berlin:20260310T140000"},
		"dates":                          {"DTSTART;VALUE=DATE:20260303", "RECURRENCE-ID;VALUE=DATE:20260310", "RECURRENCE-ID;VALUE=DATE:20260310"},
		"a clock time beside dates":      {"DTSTART;VALUE=DATE:20260303", "RECURRENCE-ID;TZID=Europe/Berlin:20260310T000000", "RECURRENCE-ID;VALUE=DATE:20260310"},
		"a date beside a zone":           {"DTSTART;TZID=Europe/Berlin:20260303T140000", "RECURRENCE-ID;VALUE=DATE:20260310", "RECURRENCE-ID;TZID=Europe/Berlin:20260310T140000"},
		"a date beside UTC":              {"DTSTART:20260303T130000Z", "RECURRENCE-ID;VALUE=DATE:20260310", "RECURRENCE-ID:20260310T130000Z"},
		"floating":                       {"DTSTART:20260303T140000", "RECURRENCE-ID:20260310T140000", "RECURRENCE-ID:20260310T140000"},
		"floating beside a zone":         {"DTSTART;TZID=Europe/Berlin:20260303T140000", "RECURRENCE-ID:20260310T140000", "RECURRENCE-ID;TZID=Europe/Berlin:20260310T140000"},
		"an instant beside floating":     {"DTSTART:20260303T140000", "RECURRENCE-ID:20260310T140000Z", "RECURRENCE-ID:20260310T140000Z"},
		"what is no time":                {"DTSTART:20260303T140000", "RECURRENCE-ID:soon", "RECURRENCE-ID:soon"},
		"beside what is no time":         {"DTSTART:soon", "RECURRENCE-ID:20260310T140000Z", "RECURRENCE-ID:20260310T140000Z"},
		"both in a zone nobody knows":    {"DTSTART;TZID=Nowhere:20260303T140000", "RECURRENCE-ID;TZID=Nowhere:20260310T140000", "RECURRENCE-ID;TZID=Nowhere:20260310T140000"},
		"instant beside a lost zone":     {"DTSTART;TZID=Nowhere:20260303T140000", "RECURRENCE-ID:20260310T140000Z", "RECURRENCE-ID:20260310T140000Z"},
		"a lost zone beside a known one": {"DTSTART;TZID=Europe/Berlin:20260303T140000", "RECURRENCE-ID;TZID=Nowhere:20260310T140000", "RECURRENCE-ID;TZID=Europe/Berlin:20260310T140000"},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := Read([]byte("BEGIN:VCALENDAR\r\n"+office+"BEGIN:VEVENT\r\nUID:1\r\n"+test.start+"\r\n"+test.id+"\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"), Limits{})
			if err != nil {
				t.Fatal(err)
			}
			e, _ := c.Main()
			start, _ := e.Start()
			id, _ := e.RecurrenceID()
			as := e.Like(id, start)
			p := as.Prop("RECURRENCE-ID")
			if got := strings.TrimSpace(string(AppendProp(nil, &p))); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			read := c.Zones().Time(&p)
			if !as.Equal(read) || as.Source != read.Source {
				t.Errorf("%+v is read as %+v", as, read)
			}
			if !id.At.IsZero() && !as.At.IsZero() && !id.At.Equal(as.At) {
				t.Errorf("another moment: %v, was %v", as.At, id.At)
			}
			if again := e.Like(as, start); !again.Equal(as) {
				t.Errorf("not the same twice: %+v, %+v", as, again)
			}
		})
	}
}
