package ical_test

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	goical "github.com/emersion/go-ical"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
)

// goicalCrashers are content lines on which go-ical's own decoder panics.
var goicalCrashers = []string{
	"ATTENDEE;CN=foo",
	"ATTENDEE;CN=foo,",
	"ATTENDEE;CN=",
	"ATTENDEE;CN=\"foo\"bar:mailto:a@example.org",
	"ATTENDEE;CN=\"foo\"",
	"DTSTART;TZID",
	";",
	":",
}

// seedCalendars are calendars to start fuzzing from: every quirk the tests know, and the corpus where it is at hand.
func seedCalendars(f *testing.F) {
	for _, line := range goicalCrashers {
		f.Add([]byte("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n" + line + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"))
	}
	for _, test := range readTests {
		f.Add([]byte(test.text))
	}
	f.Add([]byte("BEGIN:VCALENDAR\rBEGIN:VTIMEZONE\rTZID:X\rBEGIN:STANDARD\rDTSTART:19700101T000000\rTZOFFSETTO:+0100\rRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\rEND:STANDARD\rEND:VTIMEZONE\rBEGIN:VEVENT\rDTSTART;TZID=X:20200101T000000\rDURATION:P1DT1H\rRDATE;VALUE=PERIOD:20200101T000000Z/PT1H\rEND:VEVENT\r"))
	folder, ok := findShared(f, "corpus")
	if !ok {
		return
	}
	files, err := filepath.Glob(filepath.Join(folder, "*", "*.ics"))
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
}

// FuzzRead: whatever the bytes, reading does not panic and yields no more than the text holds; what was read can be written,
// strictly, and read again as the same; and every accessor can be called.
func FuzzRead(f *testing.F) {
	seedCalendars(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		calendar, err := ical.Read(data, ical.Limits{})
		if err != nil {
			return
		}
		if n := modelSize(calendar.Component); n > 8*len(data)+64 { // a byte may become U+FFFD or a two-octet escape
			t.Fatalf("%d octets of model from %d of text", n, len(data))
		}
		roundTrip(t, calendar)
		touchAll(calendar)
	})
}

// modelSize is how many octets of names and values a model holds.
func modelSize(c *goical.Component) int {
	n := len(c.Name)
	for name, props := range c.Props {
		for _, p := range props {
			n += len(name) + len(p.Value)
			for param, values := range p.Params {
				n += len(param)
				for _, v := range values {
					n += len(v)
				}
			}
		}
	}
	for _, child := range c.Children {
		n += modelSize(child)
	}
	return n
}

// roundTrip checks that a calendar can be written strictly and read again as the same.
func roundTrip(t *testing.T, calendar *ical.Calendar) {
	t.Helper()
	text, err := ical.Write(calendar.Component)
	if err != nil {
		t.Fatalf("what was read cannot be written: %v", err)
	}
	checkStrict(t, text)
	again, err := ical.Read(text, ical.Limits{Bytes: 1 << 24})
	if err != nil {
		t.Fatalf("what was written cannot be read: %v\n%q", err, text)
	}
	if !reflect.DeepEqual(calendar.Component, again.Component) {
		t.Fatalf("what was written reads differently:\n%q\ngot  %v\nwant %v", text, again.Component, calendar.Component)
	}
}

// checkStrict checks the lines of a text against RFC 5545 §3.1.
func checkStrict(t *testing.T, text []byte) {
	t.Helper()
	if !utf8.Valid(text) {
		t.Fatalf("not UTF-8: %q", text)
	}
	if !bytes.HasSuffix(text, []byte("\r\n")) {
		t.Fatalf("does not end in CRLF: %q", text)
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\r\n"), "\r\n")
	for i, line := range lines {
		if len(line) > 75 || line == "" {
			t.Fatalf("line of %d octets: %q", len(line), line)
		}
		if !utf8.ValidString(line) {
			t.Fatalf("a character is cut in two: %q", line)
		}
		for _, c := range []byte(line) {
			if c < ' ' && c != '\t' || c == 0x7f {
				t.Fatalf("control character: %q", line)
			}
		}
		if continued := i+1 < len(lines) && lines[i+1][0] == ' '; continued {
			whole := strings.TrimPrefix(line, " ")
			if n := len(whole) - len(strings.TrimRight(whole, `\`)); n%2 == 1 {
				t.Fatalf("a backslash escape is cut in two: %q", line)
			}
		}
	}
}

// touchAll calls every accessor.
func touchAll(calendar *ical.Calendar) {
	calendar.Method()
	calendar.ProdID()
	calendar.Main()
	calendar.Overrides("")
	for _, child := range calendar.Children {
		for _, e := range calendar.Components(child.Name)[:1] {
			e.UID()
			e.Sequence()
			e.DTStamp()
			e.Summary()
			e.Comment()
			e.Categories()
			e.Status()
			e.Organizer()
			e.Attendees()
			e.End()
			e.RecurrenceID()
			e.Dates("RDATE")
			e.Dates("EXDATE")
			if start, ok := e.Start(); ok {
				start.In(time.UTC)
			}
			for i := range e.Props["FREEBUSY"] {
				calendar.Zones().Periods(&e.Props["FREEBUSY"][i])
			}
		}
	}
}

// FuzzDecodeText: any bytes under any label become UTF-8 of bounded size, and UTF-8 stays as it is.
func FuzzDecodeText(f *testing.F) {
	for _, label := range []string{"", "utf-8", "iso-8859-1", "windows-1252", "utf-16", "iso-2022-jp", "gb18030", "utf-7", "x-unknown"} {
		for _, text := range []string{"SUMMARY:Caf\xe9", "SUMMARY:Café", "SUMMARY:Caf\xc3\r\n \xa9", "\xef\xbb\xbfx", "\xff\xfeB\x00", "B\x00E\x00G\x00I\x00", "\x1b$B$3\x1b(B"} {
			f.Add([]byte(text), label)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, label string) {
		text, used := ical.DecodeText(data, label)
		if used == "" {
			t.Error("no charset named")
		}
		if !utf8.Valid(text) {
			t.Errorf("not UTF-8: %q", text)
		}
		if len(text) > 6*len(data)+6 {
			t.Errorf("%d octets from %d", len(text), len(data))
		}
		again, _ := ical.DecodeText(text, "utf-8")
		if !bytes.Equal(again, bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))) && !bytes.ContainsAny(text, "\x00\ufeff") {
			t.Errorf("UTF-8 does not stay as it is: %q, %q", text, again)
		}
	})
}

// FuzzLocation: no name panics, and what is found is not the machine's own zone.
func FuzzLocation(f *testing.F) {
	for _, name := range []string{"Europe/Berlin", "/mozilla.org/20050126_1/Europe/Berlin", "W. Europe Standard Time", "(UTC+01:00) Amsterdam, Berlin", "(GMT-08.00) Pacific Time (US & Canada)/Tijuana", "(utc", "(UTC+)x", "Local", "UTC+12"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		loc, source := ical.Location(name)
		if (loc == nil) != (source == ical.ZoneUnresolved) {
			t.Errorf("%q: %v, %s", name, loc, source)
		}
		if loc == time.Local {
			t.Errorf("%q is the machine's own zone", name)
		}
	})
}
