package ical_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
)

// findShared finds a folder of what this project shares with others, beside the repository.
func findShared(t testing.TB, path string) (folder string, ok bool) {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the working directory")
		}
	}
	folder = filepath.Join(dir, "..", "shared", path)
	_, err = os.Stat(folder)
	return folder, err == nil
}

type corpusFile struct {
	File, Origin string
	Expect       map[string]any
}

func readManifest(t testing.TB, folder string) []corpusFile {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, "MANIFEST.json"))
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct{ Files []corpusFile }
	if err := json.Unmarshal(text, &manifest); err != nil {
		t.Fatal(err)
	}
	return manifest.Files
}

// TestCorpus reads every calendar file of the shared corpus and compares every value that its manifest states.
func TestCorpus(t *testing.T) {
	folder, ok := findShared(t, "corpus")
	if !ok {
		t.Skipf("%s is not there", folder)
	}
	var table strings.Builder
	fmt.Fprintf(&table, "\n%-48s %8s %11s\n", "file", "compared", "mismatches")
	files, compared := 0, 0
	for _, file := range readManifest(t, folder) {
		if !strings.HasSuffix(file.File, ".ics") {
			continue
		}
		files++
		t.Run(file.File, func(t *testing.T) {
			raw, err := os.ReadFile(filepath.Join(folder, file.File))
			if err != nil {
				t.Fatal(err)
			}
			c := comparison{t: t, expect: file.Expect}
			c.file(raw)
			compared += c.compared
			fmt.Fprintf(&table, "%-48s %8d %11d\n", file.File, c.compared, c.mismatches)
		})
	}
	fmt.Fprintf(&table, "%d files, %d values", files, compared)
	t.Log(table.String())
	if files < 20 {
		t.Errorf("only %d calendar files in the corpus", files)
	}
}

// comparison compares one file with its expected values.
type comparison struct {
	t                    *testing.T
	expect               map[string]any
	compared, mismatches int
}

func (c *comparison) same(name string, want, got any) {
	c.t.Helper()
	c.compared++
	want, got = number(want), number(got)
	if !reflect.DeepEqual(want, got) {
		c.mismatches++
		c.t.Errorf("%s: got %#v, want %#v", name, got, want)
	}
}

// number makes JSON's only number and Go's kinds of integer comparable.
func number(v any) any {
	switch n := v.(type) {
	case float64:
		return int64(n)
	case int:
		return int64(n)
	}
	return v
}

// Keys that say something about the mail or the reading rather than the calendar.
var notCompared = map[string]bool{
	"action": true, "is_invite": true, "notes": true, "container": true, // itip's and imip's, or remarks
	"lenient": true, "lenient_note": true, "accept_refusal": true, "refusal_note": true, // looked at below
}

func (c *comparison) file(raw []byte) {
	text, used := ical.DecodeText(raw, "")
	calendar, err := ical.Read(text, ical.Limits{})
	if err != nil {
		c.t.Fatal(err)
	}
	direct, err := ical.Read(raw, ical.Limits{})
	if err != nil {
		c.t.Fatal(err)
	}
	if !reflect.DeepEqual(direct.Component, calendar.Component) {
		c.t.Error("reading the raw bytes gives another calendar than reading the decoded text")
	}
	for key, want := range c.expect {
		switch key {
		case "charset_used":
			c.same(key, want, used)
		case "n_vcalendar":
			c.same(key, want, calendar.Objects)
		case "n_components":
			n := 0
			for _, child := range calendar.Children {
				if child.Name != "VTIMEZONE" {
					n++
				}
			}
			c.same(key, want, n)
		case "component":
			c.same(key, want, mainComponent(calendar).Name)
		case "method":
			c.same(key, want, orNil(calendar.Method(), len(calendar.Props["METHOD"]) > 0))
		case "prodid":
			c.same(key, want, orNil(calendar.ProdID(), len(calendar.Props["PRODID"]) > 0))
		case "events":
			events := calendar.Events()
			list := want.([]any)
			c.same("number of events", len(list), len(events))
			for i := range min(len(list), len(events)) {
				c.event(fmt.Sprintf("events[%d].", i), list[i].(map[string]any), events[i], nil)
			}
		}
	}
	lenient, _ := c.expect["lenient"].(map[string]any)
	c.event("", c.expect, mainComponent(calendar), lenient)
}

// mainComponent is the main event, or in a calendar without events the first component that is no time zone.
func mainComponent(calendar *ical.Calendar) ical.Event {
	if event, ok := calendar.Main(); ok {
		return event
	}
	for _, child := range calendar.Children {
		if child.Name != "VTIMEZONE" {
			return calendar.Components(child.Name)[0]
		}
	}
	return ical.Event{}
}

// event compares the values of one component. lenient, if not nil, holds values that are also right.
func (c *comparison) event(prefix string, expect map[string]any, e ical.Event, lenient map[string]any) {
	c.t.Helper()
	organizer, hasOrganizer := e.Organizer()
	for key, want := range expect {
		name := prefix + key
		switch key {
		case "uid":
			c.same(name, want, e.UID())
		case "sequence":
			c.same(name, want, orNil(e.Sequence(), e.Has("SEQUENCE")))
		case "summary":
			c.same(name, want, orNil(e.Summary(), e.Has("SUMMARY")))
		case "location":
			c.same(name, want, orNil(e.Location(), e.Has("LOCATION")))
		case "comment":
			c.same(name, want, e.Comment())
		case "status":
			c.same(name, want, orNil(e.Status(), e.Has("STATUS")))
		case "rrule":
			c.same(name, want, orNil(e.RRule(), e.Has("RRULE")))
		case "duration":
			c.same(name, want, e.Text("DURATION"))
		case "exdate":
			var values []any
			for _, d := range e.Dates("EXDATE") {
				values = append(values, d.Value)
			}
			c.same(name, want, values)
		case "organizer":
			c.same(name, lower(want), orNil(organizer.Email, hasOrganizer))
		case "organizer_cn":
			c.same(name, want, organizer.CN)
		case "organizer_email_param":
			c.same(name, lower(want), organizer.EmailParam)
		case "organizer_sent_by":
			c.same(name, lower(want), organizer.SentBy)
		case "attendees":
			c.attendees(name, want.([]any), e.Attendees(), lenient)
		case "dtstart":
			start, ok := e.Start()
			c.time(name, want, start, ok)
		case "dtend":
			end, ok := e.Time("DTEND")
			c.time(name, want, end, ok)
		case "recurrence_id":
			id, ok := e.RecurrenceID()
			c.time(name, want, id, ok)
		case "charset_used", "n_vcalendar", "n_components", "component", "method", "prodid", "events":
		default:
			if !notCompared[key] {
				c.t.Errorf("%s: this test does not know what it means", name)
			}
		}
	}
}

func (c *comparison) attendees(name string, want []any, got []ical.Person, lenient map[string]any) {
	c.t.Helper()
	if more, ok := lenient["attendees"].([]any); ok && len(got) == len(more) {
		want = more // what a lenient reader may recover
	}
	c.same("number of "+name, len(want), len(got))
	for i := range min(len(want), len(got)) {
		for key, value := range want[i].(map[string]any) {
			at, p := fmt.Sprintf("%s[%d].%s", name, i, key), got[i]
			switch key {
			case "email":
				c.same(at, lower(value), strings.ToLower(p.Email))
			case "partstat":
				c.same(at, value, orNil(p.PartStat, p.PartStat != ""))
			case "cn":
				c.same(at, value, p.CN)
			case "role":
				c.same(at, value, p.Role)
			case "cutype":
				c.same(at, value, p.CUType)
			case "rsvp":
				c.same(at, value, p.RSVP)
			case "delegated_to":
				c.same(at, lower(value), p.DelegatedTo)
			case "delegated_from":
				c.same(at, lower(value), p.DelegatedFrom)
			case "email_param":
				c.same(at, lower(value), p.EmailParam)
			case "value_is_not_mailto":
				c.same(at, value, p.NotMailto)
			default:
				c.t.Errorf("%s: this test does not know what it means", at)
			}
		}
	}
}

// zoneSources maps the manifest's words to ours.
var zoneSources = map[string]ical.ZoneSource{"utc": ical.ZoneUTC, "vtimezone": ical.ZoneVTimezone, "iana name": ical.ZoneIANA}

func (c *comparison) time(name string, want any, got ical.Time, present bool) {
	c.t.Helper()
	if want == nil {
		c.same(name, false, present)
		return
	}
	fields := want.(map[string]any)
	for key, value := range fields {
		at := name + "." + key
		switch key {
		case "value":
			c.same(at, value, got.Value)
		case "tzid":
			c.same(at, value, got.TZID)
		case "all_day":
			c.same(at, value, got.AllDay)
		case "floating":
			c.same(at, value, got.Floating)
		case "zone_source":
			if fields["disputed"] != true {
				c.same(at, zoneSources[value.(string)], got.Source)
			}
		case "epoch":
			other, disputed := fields["epoch_by_iana_name"].(float64)
			switch {
			case disputed && !got.At.IsZero() && got.At.Unix() == int64(other):
				c.compared++
			case value == nil:
				c.same(at, true, got.At.IsZero())
				c.same(at+" source", ical.ZoneUnresolved, got.Source)
			default:
				c.same(at, value, got.At.Unix())
			}
		case "disputed":
			c.same(at, value, got.Disputed != nil)
		case "epoch_by_iana_name":
		default:
			c.t.Errorf("%s: this test does not know what it means", at)
		}
	}
}

func orNil(v any, present bool) any {
	if !present {
		return nil
	}
	return v
}

func lower(v any) any {
	if s, ok := v.(string); ok {
		return strings.ToLower(s)
	}
	return v
}

// TestReadRefuses: what is no calendar is refused by name, whatever its bytes.
func TestReadRefuses(t *testing.T) {
	for _, text := range []string{"", "\r\n", "hello", "BEGIN:VCARD\r\nFN:x\r\nEND:VCARD\r\n", "<html>BEGIN</html>", "\xEF\xBB\xBF", "\xFF\xFE", "BEGIN:VCALENDAR2"} {
		if _, err := ical.Read([]byte(text), ical.Limits{}); !errors.Is(err, ical.ErrNoCalendar) {
			t.Errorf("%q: got %v, want ErrNoCalendar", text, err)
		}
	}
}
