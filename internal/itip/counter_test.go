package itip

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
)

func proposal(t *testing.T, lines ...string) (Proposal, bool) {
	t.Helper()
	main, _ := event(t, lines...).Main()
	return ProposalOf(main)
}

func TestProposalOf(t *testing.T) {
	for name, test := range map[string]struct {
		lines                                     []string
		start, end, was, instance, place, comment string
	}{
		"Google": {[]string{"DTSTART:20250415T103000Z", "DTEND:20250415T110000Z", "DTSTAMP:20250415T091711Z", "ORGANIZER;CN=Tuan:mailto:a@example.com",
			`ATTENDEE;CUTYPE=INDIVIDUAL;PARTSTAT=TENTATIVE;X-RESPONSE-COMMENT="later\, please":mailto:b@example.com`, "LOCATION:", "SEQUENCE:0"},
			"20250415T103000Z", "20250415T110000Z", "", "", "", "later, please"},
		"Exchange": {[]string{"ATTENDEE;PARTSTAT=TENTATIVE;CN=B:MAILTO:b@example.com", `COMMENT;LANGUAGE=en-US:Will be better for me\, thx\n`, "SUMMARY;LANGUAGE=en-US:New Time Proposed: lole",
			"DTSTART;TZID=W. Europe Standard Time:20180315T120000", "DTEND;TZID=W. Europe Standard Time:20180315T123000", "LOCATION;LANGUAGE=en-US:Room 1",
			"X-MS-OLK-ORIGINALSTART;TZID=W. Europe Standard Time:20180314T100000", "X-MS-OLK-ORIGINALEND;TZID=W. Europe Standard Time:20180314T103000"},
			"20180315T110000Z", "20180315T113000Z", "20180314T090000Z", "", "Room 1", "Will be better for me, thx"},
		"RFC 5546 §4.2.4": {[]string{"RECURRENCE-ID:19970715T210000Z", "SEQUENCE:4", "ORGANIZER:mailto:a@example.com", "ATTENDEE;ROLE=CHAIR:mailto:a@example.com", "ATTENDEE:mailto:b@example.com",
			"DTSTART:19970715T220000Z", "DTEND:19970715T230000Z", "LOCATION:Conference Call", "COMMENT:May we bump this by an hour? I have a conflict"},
			"19970715T220000Z", "19970715T230000Z", "", "19970715T210000Z", "Conference Call", "May we bump this by an hour? I have a conflict"},
		"whole days":              {[]string{"DTSTART;VALUE=DATE:20260501", "DTEND;VALUE=DATE:20260503"}, "20260501", "20260503", "", "", "", ""},
		"whole days as midnights": {[]string{"DTSTART;TZID=UTC:20260501T000000", "DTEND;TZID=UTC:20260503T000000", "X-MICROSOFT-CDO-ALLDAYEVENT:TRUE", "X-MS-OLK-ORIGINALSTART:20260401T000000"}, "20260501", "20260503", "20260401", "", "", ""},
		"floating":                {[]string{"DTSTART:20260501T080000", "DURATION:PT45M"}, "20260501T080000", "20260501T084500", "", "", "", ""},
		"no end":                  {[]string{"DTSTART:20260501T080000Z"}, "20260501T080000Z", "", "", "", "", ""},
		"an end before the start": {[]string{"DTSTART:20260501T080000Z", "DTEND:20260501T070000Z"}, "20260501T080000Z", "", "", "", "", ""},
	} {
		p, ok := proposal(t, test.lines...)
		key := func(at ical.Time) string {
			if at.Wall.IsZero() {
				return ""
			}
			return InstanceKey(at)
		}
		if !ok || key(p.Start) != test.start || key(p.End) != test.end || key(p.WasStart) != test.was || p.Instance != test.instance || p.Location != test.place || p.Comment != test.comment {
			t.Errorf("%s: %+v, %v", name, p, ok)
		}
	}
	for _, lines := range [][]string{{"SUMMARY:no start"}, {"DTSTART:soon"}} {
		if p, ok := proposal(t, lines...); ok {
			t.Errorf("%v is a proposal: %+v", lines, p)
		}
	}
}

func TestCounter(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	single := []string{"DTSTART;TZID=Europe/Berlin:20260312T100000", "DTEND;TZID=Europe/Berlin:20260312T110000", "LOCATION:Library "}
	series := append([]string{"RRULE:FREQ=WEEKLY;UNTIL=20260409T080000Z", "EXDATE;TZID=Europe/Berlin:20260326T100000"}, single...)
	revised := Occasion{Sequence: 4, Rescheduled: 3}
	for _, test := range []struct {
		name     string
		event    []string
		occasion Occasion
		proposal []string
		outcome  Outcome
		reason   string
		changes  string
	}{
		{"another time", single, Occasion{}, []string{"DTSTART:20260312T110000Z", "DTEND:20260312T120000Z"}, Apply, "", "start end"},
		{"longer", single, Occasion{}, []string{"DTSTART:20260312T090000Z", "DTEND:20260312T120000Z"}, Apply, "", "end"},
		{"no end", single, Occasion{}, []string{"DTSTART:20260312T110000Z"}, Apply, "", "start"},
		{"another place", single, Occasion{}, []string{"DTSTART:20260312T090000Z", "DTEND:20260312T100000Z", "LOCATION:Café"}, Apply, "", "location"},
		{"the present time in another form", single, Occasion{}, []string{"DTSTART:20260312T090000Z", "DTEND:20260312T100000Z", "LOCATION:Library"}, Record, ReasonSameTime, ""},
		{"the present time without a place", single, Occasion{}, []string{"DTSTART:20260312T090000Z", "DTEND:20260312T100000Z", "LOCATION:"}, Record, ReasonSameTime, ""},
		{"the present start without an end", single, Occasion{}, []string{"DTSTART:20260312T090000Z"}, Record, ReasonSameTime, ""},
		{"yesterday", single, Occasion{}, []string{"DTSTART:20260228T090000Z", "DTEND:20260228T100000Z"}, Record, ReasonTimeOver, "start end"},
		{"now", single, Occasion{}, []string{"DTSTART:20260301T113000Z"}, Apply, "", "start"},
		{"an hour ago, as long as the event", single, Occasion{}, []string{"DTSTART:20260301T105900Z"}, Record, ReasonTimeOver, "start"},
		{"today, anywhere", single, Occasion{}, []string{"DTSTART:20260301T000000", "DTEND:20260301T003000"}, Apply, "", "start end"},
		{"yesterday, all day", single, Occasion{}, []string{"DTSTART;VALUE=DATE:20260228", "DTEND;VALUE=DATE:20260301"}, Apply, "", "start end"},
		{"the day before yesterday", single, Occasion{}, []string{"DTSTART;VALUE=DATE:20260227"}, Record, ReasonTimeOver, "start end"},
		{"a cancelled event", single, Occasion{Cancelled: true}, []string{"DTSTART:20260312T110000Z"}, Record, ReasonEventCancelled, "start"},
		{"against the old time", single, revised, []string{"DTSTART:20260312T110000Z", "SEQUENCE:2"}, Record, ReasonOldTime, "start"},
		{"against the present time", single, revised, []string{"DTSTART:20260312T110000Z", "SEQUENCE:3"}, Apply, "", "start"},
		{"a made-up revision", single, revised, []string{"DTSTART:20260312T110000Z", "SEQUENCE:99"}, Apply, "", "start"},
		{"one instance", series, Occasion{}, []string{"RECURRENCE-ID:20260319T090000Z", "DTSTART:20260319T110000Z", "DTEND:20260319T120000Z"}, Apply, "", "start end"},
		{"one instance as it is", series, Occasion{}, []string{"RECURRENCE-ID:20260319T090000Z", "DTSTART:20260319T090000Z", "DTEND:20260319T100000Z"}, Record, ReasonSameTime, ""},
		{"an instance that is out", series, Occasion{}, []string{"RECURRENCE-ID:20260326T090000Z", "DTSTART:20260326T110000Z"}, Record, ReasonUnknownInstance, ""},
		{"an instance after the last", series, Occasion{}, []string{"RECURRENCE-ID:20260423T080000Z", "DTSTART:20260423T110000Z"}, Record, ReasonUnknownInstance, ""},
		{"an instance that is no time", series, Occasion{}, []string{"RECURRENCE-ID:soon", "DTSTART:20260423T110000Z"}, Record, ReasonUnknownInstance, ""},
	} {
		p, ok := proposal(t, test.proposal...)
		if !ok {
			t.Fatalf("%s: no proposal", test.name)
		}
		c := event(t, test.event...)
		outcome, reason := Counter(c, test.occasion, p, now)
		var changes []string
		if current, ok := CounteredEvent(c, p); ok {
			for _, field := range p.Changes(current) {
				changes = append(changes, string(field))
			}
		}
		if outcome != test.outcome || reason != test.reason || strings.Join(changes, " ") != test.changes {
			t.Errorf("%s: %s %s %v, want %s %s %s", test.name, outcome, reason, changes, test.outcome, test.reason, test.changes)
		}
	}
}

// Whatever stands in the stored calendar and in the COUNTER, the rules give an answer, and what they say of instances is a calendar.
func FuzzCounter(f *testing.F) {
	f.Add(weekly, weekly, "20260310T130000Z")
	f.Add(weekly, "BEGIN:VCALENDAR\nMETHOD:COUNTER\nBEGIN:VEVENT\nUID:1\nRECURRENCE-ID:20260407T120000Z\nDTSTART:20260407T150000Z\nX-MICROSOFT-CDO-ALLDAYEVENT:TRUE\nEND:VEVENT\nEND:VCALENDAR", "20260407")
	files, _ := filepath.Glob("testdata/*.txt")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, m := range messages(string(text)) {
			f.Add(weekly, m.text, "20260630")
		}
	}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, first, second, key string) {
		stored, err := ical.Read([]byte(first), ical.Limits{})
		if err != nil {
			return
		}
		keys := []string{key}
		for _, e := range stored.Overrides("") {
			keys = append(keys, InstanceKeyOf(e))
		}
		on, off, _ := SplitInstances(stored, keys)
		for _, e := range OnlyInstances(stored, append(on, off...)).Events() {
			if !e.IsOverride() {
				t.Errorf("no instance: %v", e.Props)
			}
		}
		if n := len(OnlyInstances(stored, off).Events()); n != len(off) {
			t.Errorf("%d of %d instances that are off", n, len(off))
		}
		for _, e := range OnlyInstances(stored, off).Events() {
			if e.Status() != cancelled {
				t.Errorf("not off: %v", e.Props)
			}
		}
		if _, err := ical.Write(OnlyInstances(stored, keys).Component); err != nil {
			t.Errorf("cannot be written: %v", err)
		}
		arrived, err := ical.Read([]byte(second), ical.Limits{})
		if err != nil {
			return
		}
		for _, e := range arrived.Events() {
			p, ok := ProposalOf(e)
			if !ok {
				continue
			}
			if outcome, reason := Counter(stored, Occasion{}, p, now); (outcome == Apply) != (reason == "") {
				t.Errorf("%s %s", outcome, reason)
			}
			if current, ok := CounteredEvent(stored, p); ok {
				p.EndFor(current)
			}
		}
	})
}
