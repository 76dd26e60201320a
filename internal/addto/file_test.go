package addto

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/ical"
)

var update = flag.Bool("update", false, "write the golden files anew")

func file(t *testing.T, c *ical.Calendar) (string, error) {
	t.Helper()
	text, err := Copy{
		Calendar: c, UID: "m1", Domain: "example.org", Sequence: 2, DTStamp: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC), Organizer: `Ada "A." Lovelace`, RSVP: "rsvp@example.org",
	}.File()
	return string(text), err
}

func TestFile(t *testing.T) {
	about := []string{`SUMMARY:Tea\, with cake`, "LOCATION:London", `DESCRIPTION:Bring cake`, "STATUS:TENTATIVE", "CLASS:PUBLIC", "ORGANIZER:mailto:ada@example.com", "ATTENDEE:mailto:grace@example.com"}
	for _, test := range []struct {
		name        string
		lines, more []string
	}{
		{name: "utc", lines: []string{"DTSTART:20260312T090000Z", "DTEND:20260312T100000Z"}},
		{name: "zone", lines: []string{"DTSTART;TZID=Europe/Berlin:20260312T100000", "DTEND;TZID=Europe/Berlin:20260312T110000"}},
		{name: "floating", lines: []string{"DTSTART:20260312T100000", "DTEND:20260312T110000"}},
		{name: "all_day", lines: []string{"DTSTART;VALUE=DATE:20260312"}},
		{
			name: "series", lines: []string{"DTSTART;TZID=Europe/Berlin:20260312T100000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=10", "EXDATE;TZID=Europe/Berlin:20260402T100000"},
			more: []string{
				"BEGIN:VEVENT", "UID:tea@example.com", "RECURRENCE-ID;TZID=Europe/Berlin:20260319T100000", "DTSTART;TZID=Europe/Berlin:20260319T110000", "DURATION:PT1H", "SUMMARY:Later tea", "END:VEVENT",
				"BEGIN:VEVENT", "UID:tea@example.com", "RECURRENCE-ID;TZID=Europe/Berlin:20260326T100000", "DTSTART;TZID=Europe/Berlin:20260326T100000", "STATUS:CANCELLED", "END:VEVENT",
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := file(t, calendar(t, append(test.lines, about...), test.more...))
			if err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", test.name+".ics")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			conforms(t, got)
		})
	}
}

// conforms holds a file against the table of RFC 5546 §3.2.1.
func conforms(t *testing.T, text string) {
	t.Helper()
	read, err := ical.Read([]byte(text), ical.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if read.Method() != "PUBLISH" || len(read.Problems) > 0 {
		t.Errorf("METHOD %s, problems %v", read.Method(), read.Problems)
	}
	for _, event := range read.Events() {
		for _, name := range []string{"DTSTAMP", "DTSTART", "ORGANIZER", "SUMMARY", "UID", "SEQUENCE"} {
			if len(event.Props[name]) != 1 {
				t.Errorf("%d %s", len(event.Props[name]), name)
			}
		}
		if host, _ := event.Organizer(); host.Email != "rsvp@example.org" || event.UID() != "m1.copy@example.org" || event.Status() != "TENTATIVE" && !event.IsOverride() {
			t.Errorf("organizer %s, UID %s, status %s", host.Email, event.UID(), event.Status())
		}
		for _, name := range []string{"ATTENDEE", "REQUEST-STATUS", "METHOD"} {
			if event.Has(name) {
				t.Errorf("it has %s", name)
			}
		}
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\r\n"), "\r\n") {
		if len(line) > 75 || strings.ContainsAny(line, "\r\n") {
			t.Errorf("a line of %d octets: %q", len(line), line)
		}
	}
	if strings.Contains(text, "ada@example.com") || strings.Contains(text, "grace@example.com") {
		t.Error("the file names somebody's address")
	}
}

func TestNoFile(t *testing.T) {
	if text, err := file(t, calendar(t, []string{"SUMMARY:Tea"})); fault.KindOf(err) != fault.InvalidRequest {
		t.Errorf("%q, %v", text, err)
	}
}
