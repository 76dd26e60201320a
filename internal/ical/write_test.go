package ical_test

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	goical "github.com/emersion/go-ical"
	"pgregory.net/rapid"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
)

func sorted[K cmp.Ordered, V any, M ~map[K]V](m M) []K { return slices.Sorted(maps.Keys(m)) }

func TestAppendProp(t *testing.T) {
	prop := func(name, value string, params ...string) goical.Prop {
		p := goical.Prop{Name: name, Value: value, Params: goical.Params{}}
		for i := 0; i < len(params); i += 2 {
			p.Params.Add(params[i], params[i+1])
		}
		return p
	}
	for _, test := range []struct {
		name string
		prop goical.Prop
		want string
	}{
		{"§3.1: plain", prop("SUMMARY", "x"), "SUMMARY:x\r\n"},
		{"§3.1: exactly 75 octets", prop("SUMMARY", strings.Repeat("a", 67)), "SUMMARY:" + strings.Repeat("a", 67) + "\r\n"},
		{"§3.1: 76 octets", prop("SUMMARY", strings.Repeat("a", 68)), "SUMMARY:" + strings.Repeat("a", 67) + "\r\n a\r\n"},
		{"§3.1: the space counts", prop("SUMMARY", strings.Repeat("a", 67+74+1)), "SUMMARY:" + strings.Repeat("a", 67) + "\r\n " + strings.Repeat("a", 74) + "\r\n a\r\n"},
		{"§3.1: not inside a character", prop("SUMMARY", strings.Repeat("a", 66)+"é"), "SUMMARY:" + strings.Repeat("a", 66) + "\r\n é\r\n"},
		{"§3.1: not inside a character of four", prop("SUMMARY", strings.Repeat("a", 64)+"😀"), "SUMMARY:" + strings.Repeat("a", 64) + "\r\n 😀\r\n"},
		{"not inside an escape", prop("SUMMARY", strings.Repeat("a", 66)+`\nb`), "SUMMARY:" + strings.Repeat("a", 66) + "\r\n \\nb\r\n"},
		{"an escaped backslash may end a line", prop("SUMMARY", strings.Repeat("a", 65)+`\\nb`), "SUMMARY:" + strings.Repeat("a", 65) + "\\\\\r\n nb\r\n"},
		{"§3.1: parameters by name", prop("ATTENDEE", "mailto:a@x", "RSVP", "TRUE", "CN", "A"), "ATTENDEE;CN=A;RSVP=TRUE:mailto:a@x\r\n"},
		{"§3.2: quoted when needed", prop("ATTENDEE", "mailto:a@x", "CN", "Cave, Ann", "DIR", "ldap:x", "X-A", "a;b", "X-B", "a b"), "ATTENDEE;CN=\"Cave, Ann\";DIR=\"ldap:x\";X-A=\"a;b\";X-B=a b:mailto:a@x\r\n"},
		{"§3.1.1: list of values", prop("ATTENDEE", "mailto:a@x", "MEMBER", "mailto:b@x", "MEMBER", "c"), "ATTENDEE;MEMBER=\"mailto:b@x\",c:mailto:a@x\r\n"},
		{"quotes in a parameter", prop("ATTENDEE", "mailto:a@x", "CN", `Ann "A" Cave`), "ATTENDEE;CN=Ann 'A' Cave:mailto:a@x\r\n"},
		{"line break in a parameter", prop("ATTENDEE", "mailto:a@x", "CN", "A\r\nATTENDEE:mailto:evil@x\x00"), "ATTENDEE;CN=\"A ATTENDEE:mailto:evil@x\":mailto:a@x\r\n"},
		{"line break in a value", prop("SUMMARY", "A\r\nATTENDEE:mailto:evil@x\x00"), "SUMMARY:AATTENDEE:mailto:evil@x\r\n"},
		{"not UTF-8", prop("SUMMARY", "a\xffb"), "SUMMARY:a\uFFFDb\r\n"},
		{"lower case", prop("summary", "x", "LANGUAGE", "de"), "SUMMARY;LANGUAGE=de:x\r\n"},
		{"impossible parameter name", prop("SUMMARY", "x", "A B", "y"), "SUMMARY:x\r\n"},
		{"impossible name", prop("A\r\nB", "x"), ""},
		{"no name", prop("", "x"), ""},
		{"a delimiter", prop("END", "VEVENT"), ""},
	} {
		if got := string(ical.AppendProp(nil, &test.prop)); got != test.want {
			t.Errorf("%s:\ngot  %q\nwant %q", test.name, got, test.want)
		}
		if got := string(ical.AppendProp([]byte("before"), &test.prop)); got != "before"+test.want {
			t.Errorf("%s: does not append: %q", test.name, got)
		}
	}
}

func TestWriteOrder(t *testing.T) {
	text := wrap("X-B:1\r\nATTENDEE:mailto:b@x\r\nDTSTART:20200101\r\nX-A:1\r\nATTENDEE:mailto:a@x\r\nDTSTAMP:20200101T000000Z\r\nUID:u\r\nCLASS:PUBLIC\r\n")
	text = strings.Replace(text, "BEGIN:VEVENT", "METHOD:REQUEST\r\nX-WR-CALNAME:n\r\nPRODID:p\r\nVERSION:2.0\r\nCALSCALE:GREGORIAN\r\nBEGIN:VEVENT", 1)
	calendar, err := ical.Read([]byte(text), ical.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := ical.Write(calendar.Component)
	if err != nil {
		t.Fatal(err)
	}
	want := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:p\r\nCALSCALE:GREGORIAN\r\nMETHOD:REQUEST\r\nX-WR-CALNAME:n\r\n" +
		"BEGIN:VEVENT\r\nUID:u\r\nDTSTAMP:20200101T000000Z\r\nDTSTART:20200101\r\nATTENDEE:mailto:b@x\r\nATTENDEE:mailto:a@x\r\nCLASS:PUBLIC\r\nX-A:1\r\nX-B:1\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	if string(got) != want {
		t.Errorf("got\n%s", got)
	}
}

func TestWriteRefuses(t *testing.T) {
	loop := goical.NewComponent("VEVENT")
	loop.Children = []*goical.Component{loop}
	badName := goical.NewComponent("VEVENT")
	badName.Props.Add(&goical.Prop{Name: "X Y"})
	delimiter := goical.NewComponent("VEVENT")
	delimiter.Props.Add(&goical.Prop{Name: "END", Value: "VEVENT"})
	for name, c := range map[string]*goical.Component{
		"nil": nil, "no name": {}, "line break in the name": {Name: "A\r\nB"}, "contains itself": loop, "bad property": badName,
		"END as property": delimiter, "nil child": {Name: "VEVENT", Children: []*goical.Component{nil}},
	} {
		if _, err := ical.Write(c); !errors.Is(err, ical.ErrUnwritable) {
			t.Errorf("%s: got %v, want ErrUnwritable", name, err)
		}
	}
}

// TestText: RFC 5545 §3.3.11.
func TestText(t *testing.T) {
	for text, escaped := range map[string]string{
		"plain": "plain", "a,b;c\\d": `a\,b\;c\\d`, "line\nline": `line\nline`, "crlf\r\nx": `crlf\nx`, "cr\rx": `cr\nx`,
		"tab\t": "tab\t", "nul\x00bell\x07": "nulbell", "colon: \"q\"": "colon: \"q\"", "\xff": "\uFFFD", "é😀": "é😀", `\n`: `\\n`,
	} {
		if got := ical.EscapeText(text); got != escaped {
			t.Errorf("EscapeText(%q) = %q, want %q", text, got, escaped)
		}
	}
	for escaped, text := range map[string]string{
		`a\,b\;c\\d`: `a,b;c\d`, `x\nx\Nx`: "x\nx\nx", `\\n`: `\n`, `\\\n`: "\\\n", `\x\"`: `\x\"`, `end\`: `end\`, `a\:b`: `a\:b`, "": "",
	} {
		if got := ical.UnescapeText(escaped); got != text {
			t.Errorf("UnescapeText(%q) = %q, want %q", escaped, got, text)
		}
	}
	if got := ical.SplitText(`A,B\,C,\\,D`); !slices.Equal(got, []string{"A", "B,C", `\`, "D"}) {
		t.Errorf("SplitText: %q", got)
	}
}

// TestCleanParam: RFC 5545 §3.1, QSAFE-CHAR.
func TestCleanParam(t *testing.T) {
	for text, want := range map[string]string{
		"plain": "plain", `"a" b`: "'a' b", "a\r\nb": "a b", "a\nb\rc": "a b c", "a\tb": "a\tb", "\x00a\x7f": "a", "\xff": "\uFFFD", "é": "é",
	} {
		if got := ical.CleanParam(text); got != want {
			t.Errorf("CleanParam(%q) = %q, want %q", text, got, want)
		}
	}
}

// TestTextProperty: any text that a value can hold comes back as it was.
func TestTextProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.OneOf(rapid.RuneFrom([]rune(`\;,n"`+"\n\t :é😀")), rapid.Rune())).Draw(t, "text")
		clean := strings.Map(func(r rune) rune {
			if r < ' ' && r != '\n' && r != '\t' || r == 0x7f {
				return -1
			}
			return r
		}, text)
		if got := ical.UnescapeText(ical.EscapeText(clean)); got != clean {
			t.Fatalf("%q becomes %q", clean, got)
		}
	})
}

// TestRoundTripProperty: any model with writable names, and values cleaned as the writer cleans them, is read again as it was.
func TestRoundTripProperty(t *testing.T) {
	name := rapid.SampledFrom([]string{"SUMMARY", "ATTENDEE", "DTSTART", "X-A", "X-LONG-NAME-OF-A-PROPERTY", "CN"})
	param := rapid.SampledFrom([]string{"CN", "TZID", "SENT-BY", "X-P", "ALTREP", "VALUE"})
	text := rapid.StringOf(rapid.OneOf(rapid.RuneFrom([]rune(`:;,\="' ^`+"\tabé😀0")), rapid.Rune()))
	word := rapid.SampledFrom([]string{"mailto", "mailto:a@x", ":mailto:", "http", "//x", "20200101", "(UTC+01:00) X", "BEGIN:VEVENT"})
	rapid.Check(t, func(t *rapid.T) {
		event := goical.NewComponent("VEVENT")
		value := func(label string) string {
			var b strings.Builder
			for _, s := range rapid.SliceOfN(rapid.OneOf(text, word), 0, 4).Draw(t, label) {
				b.WriteString(s)
			}
			return b.String()
		}
		for range rapid.IntRange(0, 6).Draw(t, "properties") {
			p := goical.NewProp(name.Draw(t, "name"))
			for range rapid.IntRange(0, 3).Draw(t, "params") {
				p.Params.Add(param.Draw(t, "param"), ical.CleanParam(value("param value")))
			}
			p.Value = strings.Map(func(r rune) rune {
				if r < ' ' && r != '\t' || r == 0x7f {
					return -1
				}
				return r
			}, value("value"))
			event.Props.Add(p)
		}
		calendar := goical.NewComponent("VCALENDAR")
		calendar.Children = []*goical.Component{event}
		written, err := ical.Write(calendar)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ical.Read(written, ical.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if len(again.Problems) > 0 {
			t.Fatalf("what was written has problems: %v\n%s", again.Problems, written)
		}
		want, got := flatten(event), flatten(again.Children[0])
		if !slices.Equal(want, got) {
			t.Fatalf("got  %q\nwant %q\n%s", got, want, written)
		}
	})
}
