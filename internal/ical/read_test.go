package ical_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	goical "github.com/emersion/go-ical"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
)

// wrap makes a calendar with one event of the lines.
func wrap(lines string) string {
	return "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n" + lines + "END:VEVENT\r\nEND:VCALENDAR\r\n"
}

// readTests: what is read from a text, for each rule and each quirk. want is "NAME;PARAM=value|value:VALUE" lines of the
// event, in order of names.
var readTests = []struct {
	name, text string
	want       []string
	problems   int
}{
	{"RFC 5545 §3.1: fold with a space", wrap("SUMMARY:one\r\n  two\r\n"), []string{"SUMMARY:one two"}, 0},
	{"RFC 5545 §3.1: fold with a tab", wrap("SUMMARY:one\r\n\ttwo\r\n"), []string{"SUMMARY:onetwo"}, 0},
	{"RFC 5545 §3.1: fold inside a character", wrap("SUMMARY:Caf\xc3\r\n \xa9\r\n"), []string{"SUMMARY:Café"}, 0},
	{"RFC 5545 §3.1: fold inside a name", wrap("SUMM\r\n ARY:x\r\n"), []string{}, 2},
	{"RFC 5545 §3.1: names in any case", strings.ToLower(wrap("SUMMARY;LANGUAGE=de:x\r\n")), []string{"SUMMARY;LANGUAGE=de:x"}, 0},
	{"RFC 5545 §3.1.1: list of parameter values", wrap("ATTENDEE;MEMBER=\"mailto:a@x\",\"mailto:b@x\":mailto:c@x\r\n"), []string{"ATTENDEE;MEMBER=mailto:a@x|mailto:b@x:mailto:c@x"}, 0},
	{"RFC 5545 §3.2: quoted value with delimiters", wrap("ATTENDEE;CN=\"a;b:c,d\";RSVP=TRUE:mailto:c@x\r\n"), []string{"ATTENDEE;CN=a;b:c,d;RSVP=TRUE:mailto:c@x"}, 0},
	{"RFC 5545 §3.2: empty values", wrap("ATTENDEE;CN=;ROLE=\"\":mailto:c@x\r\n"), []string{"ATTENDEE;CN=;ROLE=:mailto:c@x"}, 0},
	{"line ends: LF", strings.ReplaceAll(wrap("SUMMARY:one\r\n two\r\n"), "\r\n", "\n"), []string{"SUMMARY:onetwo"}, 0},
	{"line ends: CR", strings.ReplaceAll(wrap("SUMMARY:one\r\n two\r\n"), "\r\n", "\r"), []string{"SUMMARY:onetwo"}, 0},
	{"line ends: doubled CR", strings.ReplaceAll(wrap("SUMMARY:one\r\n two\r\n"), "\r\n", "\r\r\n"), []string{"SUMMARY:onetwo"}, 0},
	{"line ends: mixed", "BEGIN:VCALENDAR\rBEGIN:VEVENT\nSUMMARY:x\r\n\tyz\rEND:VEVENT\nEND:VCALENDAR", []string{"SUMMARY:xyz"}, 0},
	{"blank lines, also before a fold", wrap("\r\nSUMMARY:one\r\n\r\n two\r\n\r\n\r\n"), []string{"SUMMARY:onetwo"}, 0},
	{"byte order mark", "\xef\xbb\xbf" + wrap("SUMMARY:x\r\n"), []string{"SUMMARY:x"}, 0},
	{"UTF-16 with byte order mark", utf16le("\ufeff" + wrap("SUMMARY:é\r\n")), []string{"SUMMARY:é"}, 0},
	{"Windows-1252", wrap("SUMMARY:Caf\xe9 \x80\r\n"), []string{"SUMMARY:Café €"}, 0},
	{"junk before and after", "Hello,\r\nsee: below\r\n" + wrap("SUMMARY:x\r\n") + "-- \r\nsignature: me\r\n", []string{"SUMMARY:x"}, 2},
	{"END missing", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:x", []string{"SUMMARY:x"}, 1},
	{"END of the event missing", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:x\r\nEND:VCALENDAR\r\n", []string{"SUMMARY:x"}, 1},
	{"END of the alarm missing", wrap("BEGIN:VALARM\r\nACTION:DISPLAY\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\n"), []string{}, 1},
	{"stray END", wrap("END:VALARM\r\nSUMMARY:x\r\n"), []string{"SUMMARY:x"}, 1},
	{"no VCALENDAR around it", "BEGIN:VEVENT\r\nSUMMARY:x\r\nEND:VEVENT\r\n", []string{"SUMMARY:x"}, 2},
	{"parameter without value, no colon", wrap("ATTENDEE;CN=foo\r\nSUMMARY:x\r\n"), []string{"SUMMARY:x"}, 1},
	{"no colon at all", wrap("SUMMARY:x\r\nATTENDEE;\r\nUID:1\r\n"), []string{"SUMMARY:x", "UID:1"}, 1},
	{"parameter without equals sign", wrap("ATTENDEE;RSVP:mailto:c@x\r\n"), []string{"ATTENDEE;RSVP=:mailto:c@x"}, 0},
	{"parameter with an impossible name", wrap("ATTENDEE;R P=x;CN=y:mailto:c@x\r\n"), []string{"ATTENDEE;CN=y:mailto:c@x"}, 1},
	{"text after a quoted parameter", wrap("ATTENDEE;CN=\"Ann\" Cave:mailto:c@x\r\n"), []string{"ATTENDEE;CN=Ann Cave:mailto:c@x"}, 1},
	{"quotes within a parameter", wrap("ATTENDEE;CN=Ann \"the; boss\" Cave:mailto:c@x\r\n"), []string{"ATTENDEE;CN=Ann the; boss Cave:mailto:c@x"}, 1},
	{"quote never closed", wrap("ATTENDEE;CN=\"Ann;RSVP=TRUE:mailto:c@x\r\n"), []string{"ATTENDEE;CN=Ann;RSVP=TRUE:mailto:c@x"}, 1},
	{"unquoted SENT-BY", wrap("ORGANIZER;SENT-BY=mailto:a@x:mailto:b@x\r\n"), []string{"ORGANIZER;SENT-BY=mailto:a@x:mailto:b@x"}, 1},
	{"unquoted colon in CN", wrap("ORGANIZER;CN=Sales: EMEA:MAILTO:b@x\r\n"), []string{"ORGANIZER;CN=Sales: EMEA:MAILTO:b@x"}, 1},
	{"unquoted colon in TZID", wrap("DTSTART;TZID=(UTC+01:00) Berlin:20200101T100000\r\n"), []string{"DTSTART;TZID=(UTC+01:00) Berlin:20200101T100000"}, 1},
	{"unquoted ALTREP", wrap("SUMMARY;ALTREP=https://x/y:text: more\r\n"), []string{"SUMMARY;ALTREP=https://x/y:text: more"}, 1},
	{"broken before the colon (Exchange 2000)", wrap("ATTENDEE;CN=\"MHMN002\"\r\n:\r\n  MAILTO:a@x\r\n"), []string{"ATTENDEE;CN=MHMN002: MAILTO:a@x"}, 1},
	{"fold without its space", wrap("DESCRIPTION:" + strings.Repeat("a", 64) + "\r\nbb\r\n"), []string{"DESCRIPTION:" + strings.Repeat("a", 64) + "bb"}, 1},
	{"raw line break in a text", wrap("DESCRIPTION:Hello\r\nhttps://example.org/x\r\nsee you\r\n"), []string{`DESCRIPTION:Hello\nhttps://example.org/x\nsee you`}, 2},
	{"a line that means nothing", wrap("UID:abc@example.com\r\nsome junk\r\nSEQUENCE:1\r\n"), []string{"SEQUENCE:1", "UID:abc@example.com"}, 1},
	{"control characters", wrap("SUMMARY:a\x00b\x07c\td\r\n"), []string{"SUMMARY:abc\td"}, 1},
}

func utf16le(s string) string {
	var b []byte
	for _, r := range s {
		b = append(b, byte(r), byte(r>>8))
	}
	return string(b)
}

func TestRead(t *testing.T) {
	for _, test := range readTests {
		t.Run(test.name, func(t *testing.T) {
			calendar, err := ical.Read([]byte(test.text), ical.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			event, ok := calendar.Main()
			if !ok {
				t.Fatal("no event")
			}
			if got := flatten(event.Component); !reflect.DeepEqual(got, test.want) {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
			if len(calendar.Problems) != test.problems {
				t.Errorf("got problems %v, want %d", calendar.Problems, test.problems)
			}
			roundTrip(t, calendar)
		})
	}
}

// flatten lists the properties of a component as text, by name.
func flatten(c *goical.Component) []string {
	all := []string{}
	for _, name := range sorted(c.Props) {
		for _, p := range c.Props[name] {
			line := name
			for _, param := range sorted(p.Params) {
				line += ";" + param + "=" + strings.Join(p.Params[param], "|")
			}
			all = append(all, line+":"+p.Value)
		}
	}
	return all
}

func TestReadSeveralCalendars(t *testing.T) {
	text := "BEGIN:VCALENDAR\r\nPRODID:1\r\nBEGIN:VTODO\r\nEND:VTODO\r\nEND:VCALENDAR\r\n" +
		"BEGIN:VCALENDAR\r\nPRODID:2\r\n" + // END missing
		"BEGIN:VCALENDAR\r\nPRODID:3\r\nBEGIN:VEVENT\r\nUID:e\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	calendar, err := ical.Read([]byte(text), ical.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if calendar.Objects != 3 || calendar.ProdID() != "3" {
		t.Errorf("got object %q of %d, want the first with an event, 3 of 3", calendar.ProdID(), calendar.Objects)
	}
}

func TestLimits(t *testing.T) {
	event := func(lines string) []byte { return []byte(wrap(lines)) }
	for _, test := range []struct {
		name string
		text []byte
		lim  ical.Limits
	}{
		{"bytes", event("SUMMARY:x\r\n"), ical.Limits{Bytes: 20}},
		{"default bytes", event("X:" + strings.Repeat("a", 1<<20) + "\r\n"), ical.Limits{}},
		{"lines", event(strings.Repeat(" x\r\n", 10)), ical.Limits{Lines: 5}},
		{"default lines", event("X:y\r\n" + strings.Repeat("\r\n\t", 120_000)), ical.Limits{}},
		{"properties", event(strings.Repeat("X:y\r\n", 10)), ical.Limits{Properties: 5}},
		{"default properties", event(strings.Repeat("X:y\r\n", 25_000)), ical.Limits{}},
		{"parameters", event("X;A=1;B=2;C=3:y\r\n"), ical.Limits{Params: 2}},
		{"values of a parameter", event("X;A=" + strings.Repeat(",", 150_000) + ":y\r\n"), ical.Limits{}},
		{"depth", []byte("BEGIN:VCALENDAR\r\n" + strings.Repeat("BEGIN:X\r\n", 10)), ical.Limits{}},
	} {
		if _, err := ical.Read(test.text, test.lim); !errors.Is(err, ical.ErrTooLarge) {
			t.Errorf("%s: got %v, want ErrTooLarge", test.name, err)
		}
	}
}

// TestReadIsLinear: texts made to be slow take time in proportion to their length.
func TestReadIsLinear(t *testing.T) {
	for name, unit := range map[string]string{
		"bare CRs": "X:y\r", "colons": ":", "quotes": `"`, "parameters": `;A="`, "unclosed": `;CN=a:`, "mailto": ";CN=:mailto:", "backslashes": `\`, "folds": "\r\n x", "junk": "\r\n,",
	} {
		lim := ical.Limits{Bytes: 1 << 24, Lines: 1 << 24, Properties: 1 << 24, Params: 1 << 24}
		measure := func(octets int) time.Duration {
			text := []byte(wrap("ATTENDEE" + strings.Repeat(unit, octets/len(unit)) + ":x\r\n"))
			best := time.Hour
			for range 3 {
				start := time.Now()
				calendar, err := ical.Read(text, lim)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := ical.Write(calendar.Component); err != nil {
					t.Fatal(err)
				}
				best = min(best, time.Since(start))
			}
			return best
		}
		small, large := measure(1<<15), measure(1<<19) // 16 times as much
		if large > 100*small && large > 500*time.Millisecond {
			t.Errorf("%s: %v for 32 KiB, %v for 512 KiB", name, small, large)
		}
	}
}

func TestDecodeText(t *testing.T) {
	for _, test := range []struct{ name, data, charset, text, used string }{
		{"ASCII under any label", "abc", "utf-8", "abc", "ascii"},
		{"UTF-8", "Café", "utf-8", "Café", "utf-8"},
		{"UTF-8 without label", "Café", "", "Café", "utf-8"},
		{"UTF-8 under a wrong label", "Café", "iso-8859-1", "Café", "utf-8"},
		{"byte order mark", "\xef\xbb\xbfabc", "", "abc", "utf-8"},
		{"two byte order marks", "\xef\xbb\xbf\xef\xbb\xbfabc", "", "abc", "utf-8"},
		{"Latin-1", "Caf\xe9", "ISO-8859-1", "Café", "iso-8859-1"},
		{"Latin-1 called UTF-8", "Caf\xe9", "utf-8", "Café", "windows-1252"},
		{"Latin-1 without label", "Caf\xe9", "", "Café", "windows-1252"},
		{"unknown label", "Caf\xe9", "x-none", "Café", "windows-1252"},
		{"quoted label", "\xa4", `"iso-8859-15"`, "€", "iso-8859-15"},
		{"UTF-16", utf16le("\ufeffé"), "utf-8", "é", "utf-16le"},
		{"UTF-16 without mark", utf16le("BEGIN:VCALENDAR"), "", "BEGIN:VCALENDAR", "utf-16le"},
		{"Japanese", "\x1b$B$3$s\x1b(B", "iso-2022-jp", "こん", "iso-2022-jp"},
		{"Chinese", "\xc4\xe3", "gb2312", "你", "gbk"},
		{"fold inside a character", "x:\xc3\r\n \xa9", "utf-8", "x:é", "utf-8"},
		{"mostly UTF-8", "äöüß\xff", "utf-8", "äöüß\uFFFD", "utf-8"},
	} {
		text, used := ical.DecodeText([]byte(test.data), test.charset)
		if string(text) != test.text || used != test.used {
			t.Errorf("%s: got %q as %s, want %q as %s", test.name, text, used, test.text, test.used)
		}
	}
}
