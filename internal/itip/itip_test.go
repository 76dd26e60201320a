package itip

import (
	"strings"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
)

func TestRevisionOrder(t *testing.T) { // RFC 5546 §2.1.5
	for _, test := range []struct {
		name string
		a, b Revision
		want int
	}{
		{"the same", Revision{1, 100}, Revision{1, 100}, 0},
		{"higher SEQUENCE", Revision{2, 100}, Revision{1, 200}, 1},
		{"lower SEQUENCE", Revision{1, 300}, Revision{2, 200}, -1},
		{"later DTSTAMP", Revision{1, 201}, Revision{1, 200}, 1},
		{"earlier DTSTAMP", Revision{1, 199}, Revision{1, 200}, -1},
		{"unknown DTSTAMP", Revision{1, 0}, Revision{1, 200}, 0},
	} {
		if got := test.a.Compare(test.b); got != test.want {
			t.Errorf("%s: %d, want %d", test.name, got, test.want)
		}
		if got := test.b.Compare(test.a); got != -test.want {
			t.Errorf("%s, the other way: %d, want %d", test.name, got, -test.want)
		}
	}
}

func TestStatusOf(t *testing.T) { // RFC 5545 §3.2.12
	for partStat, want := range map[string]Status{
		"": NoAction, "NEEDS-ACTION": NoAction, "accepted": Accepted, " Declined ": Declined, "TENTATIVE": Tentative, "DELEGATED": Delegated,
		"X-PERHAPS": NoAction, "COMPLETED": NoAction, "IN-PROCESS": NoAction, "NEEDS": NoAction,
	} {
		if got := StatusOf(partStat); got != want {
			t.Errorf("PARTSTAT %q: %s, want %s", partStat, got, want)
		}
	}
	for _, status := range Statuses() {
		if got := StatusOf(status.PartStat()); got != status || !status.Known() {
			t.Errorf("%s does not come back: %s", status, got)
		}
	}
	if Status("yes").Known() {
		t.Error("yes is no status")
	}
}

func TestUIDKey(t *testing.T) { // field rule 29
	const series = "040000008200E00074C5B7101A82E00800000000B0AA5BC5A5D5D50100000000000000001000000031A0D3B4C2B4AF4C8B5C1B5E1D2A3F40"
	const instance = "040000008200E00074C5B7101A82E00807E40107B0AA5BC5A5D5D50100000000000000001000000031A0D3B4C2B4AF4C8B5C1B5E1D2A3F40"
	const wrapped = "040000008200E00074C5B7101A82E0080000000000000000000000000000000000000000310000007643616C2D5569640100000041424340" +
		"6F7267616E697A65722E6578616D706C6500"
	for _, test := range []struct {
		name, a, b string
		same       bool
	}{
		{"itself", "abc@example.com", "abc@example.com", true},
		{"case and space", " ABC@Example.com ", "abc@example.com", true},
		{"others", "abc@example.com", "abd@example.com", false},
		{"an Exchange instance", series, instance, true},
		{"an Exchange instance in lower case", series, strings.ToLower(instance), true},
		{"another Exchange event", series, series[:len(series)-1] + "1", false},
		{"wrapped by Exchange", wrapped, "abc@organizer.example", true},
		{"cut off", series[:40], instance[:40], false},
		{"cut off, the same", series[:50], series[:50], true},
		{"cut off, and whole", series[:50], series, false},
		{"not hexadecimal", series + "x", instance + "x", false},
		{"a fold with a space too many", series[:75] + " " + series[75:], instance, true},
		{"nothing", "", "", true},
	} {
		if got := SameUID(test.a, test.b); got != test.same {
			t.Errorf("%s: %v (%q, %q)", test.name, got, UIDKey(test.a), UIDKey(test.b))
		}
	}
	long := strings.Repeat("x", 5000)
	if key := UIDKey(long); len(key) > maxUIDKey || !SameUID(long, strings.ToUpper(long)) || SameUID(long, long+"x") {
		t.Errorf("long UIDs: %d octets", len(key))
	}
}

func TestFold(t *testing.T) {
	event := Occasion{Sequence: 3, Rescheduled: 2}
	known := Known{Status: Accepted, Last: Revision{2, 100}, Seen: true, Generation: 2}
	for _, test := range []struct {
		name    string
		known   Known
		event   Occasion
		answer  Answer
		outcome Outcome
		reason  string
	}{
		{"the first", Known{Status: NoAction}, event, Answer{Revision{3, 50}, Declined, 1}, Apply, ""},
		{"a newer one", known, event, Answer{Revision{3, 50}, Declined, 2}, Apply, ""},
		{"the same again", known, event, Answer{Revision{2, 100}, Accepted, 2}, Duplicate, ReasonRepeated},
		{"the same stamp, another answer", known, event, Answer{Revision{2, 100}, Declined, 2}, Apply, ""},
		{"recorded earlier", Known{Recorded: func(Answer) bool { return true }}, event, Answer{Revision{3, 200}, Accepted, 2}, Duplicate, ReasonRepeated},
		{"older", known, event, Answer{Revision{2, 99}, Declined, 2}, Stale, ReasonOlderReply},
		{"to an older invitation", known, event, Answer{Revision{3, 500}, Declined, 1}, Stale, ReasonOlderInvitation},
		{"without a token", known, event, Answer{Revision{3, 500}, Declined, 0}, Apply, ""},
		{"to the old time", Known{Status: NoAction, Last: Revision{1, 100}, Seen: true}, event, Answer{Revision{1, 200}, Accepted, 0}, Record, ReasonOldTime},
		{"to a cancelled event", known, Occasion{Sequence: 3, Cancelled: true}, Answer{Revision{3, 200}, Declined, 2}, Record, ReasonEventCancelled},
	} {
		_, outcome, reason := Fold(test.known, test.event, test.answer)
		if outcome != test.outcome || reason != test.reason {
			t.Errorf("%s: %s %q, want %s %q", test.name, outcome, reason, test.outcome, test.reason)
		}
	}
	if answer, outcome, _ := Fold(known, event, Answer{Revision{99, 200}, Declined, 2}); outcome != Apply || answer.Sequence != 3 {
		t.Errorf("a SEQUENCE beyond the event's: %s %d", outcome, answer.Sequence)
	}
}

// event is a calendar with one event of the given lines.
func event(t *testing.T, lines ...string) *ical.Calendar {
	t.Helper()
	text := "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	c, err := ical.Read([]byte(text), ical.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCompare(t *testing.T) { // spec §3, "Update"
	start, end := "DTSTART:20260401T090000Z", "DTEND:20260401T100000Z"
	for _, test := range []struct {
		name     string
		old, new []string
		change   Change
		fields   string
	}{
		{"nothing", []string{start, end, "SUMMARY:A"}, []string{start, end, "SUMMARY:A", "SEQUENCE:4", "DTSTAMP:20260301T000000Z"}, Nothing, ""},
		{"title", []string{start, "SUMMARY:A"}, []string{start, "SUMMARY:B"}, Details, "summary"},
		{"space at the end", []string{start, "SUMMARY:A"}, []string{start, "SUMMARY:A  "}, Nothing, ""},
		{"line ends", []string{start, `DESCRIPTION:A\nB`}, []string{start, `DESCRIPTION:A \nB\n`}, Nothing, ""},
		{"HTML description", []string{start, "X-ALT-DESC;FMTTYPE=text/html:<b>A</b>"}, []string{start, "X-ALT-DESC;FMTTYPE=text/html:<b>B</b>"}, Details, "description"},
		{"place", []string{start, "LOCATION:A"}, []string{start}, Details, "location"},
		{"status", []string{start}, []string{start, "STATUS:TENTATIVE"}, Details, "status"},
		{"status said", []string{start}, []string{start, "STATUS:CONFIRMED"}, Nothing, ""},
		{"Meet added", []string{start}, []string{start, "X-GOOGLE-CONFERENCE:https://meet.google.com/abc"}, Details, "conferencing"},
		{"Teams changed", []string{start, "X-MICROSOFT-SKYPETEAMSMEETINGURL:https://teams.example/1"}, []string{start, "X-MICROSOFT-SKYPETEAMSMEETINGURL:https://teams.example/2"}, Details, "conferencing"},
		{"URL", []string{start, "URL:https://a.example"}, []string{start, "URL:https://b.example"}, Details, "conferencing"},
		{"start", []string{start, end}, []string{"DTSTART:20260401T080000Z", end}, Reschedule, "start"},
		{"end", []string{start, end}, []string{start, "DTEND:20260401T110000Z"}, Reschedule, "end"},
		{"duration for end", []string{start, end}, []string{start, "DURATION:PT1H"}, Nothing, ""},
		{"no end", []string{start, end}, []string{start}, Reschedule, "end"},
		{"the same instant elsewhere", []string{start, end}, []string{"DTSTART;TZID=Europe/Berlin:20260401T110000", "DTEND;TZID=Europe/Berlin:20260401T120000"}, Nothing, ""},
		{"all day", []string{"DTSTART;VALUE=DATE:20260401"}, []string{"DTSTART;VALUE=DATE:20260401", "DTEND;VALUE=DATE:20260402"}, Nothing, ""},
		{"all day for an hour", []string{start, end}, []string{"DTSTART;VALUE=DATE:20260401"}, Reschedule, "start end"},
		{"a day more", []string{"DTSTART;VALUE=DATE:20260401"}, []string{"DTSTART;VALUE=DATE:20260401", "DTEND;VALUE=DATE:20260403"}, Reschedule, "end"},
		{"floating", []string{"DTSTART:20260401T090000"}, []string{"DTSTART:20260401T090000Z"}, Reschedule, "start"},
		{"rule", []string{start, "RRULE:FREQ=DAILY"}, []string{start, "RRULE:FREQ=WEEKLY"}, Reschedule, "recurrence"},
		{"rule in another order", []string{start, "RRULE:FREQ=WEEKLY;BYDAY=MO,TU;INTERVAL=1"}, []string{start, "RRULE:freq=weekly;BYDAY=TU,MO;WKST=MO"}, Nothing, ""},
		{"no longer a series", []string{start, "RRULE:FREQ=DAILY"}, []string{start}, Reschedule, "recurrence"},
		{"one day out", []string{start, "RRULE:FREQ=DAILY"}, []string{start, "RRULE:FREQ=DAILY", "EXDATE:20260402T090000Z"}, Reschedule, "recurrence"},
		{"the same days out", []string{start, "RRULE:FREQ=DAILY", "EXDATE:20260402T090000Z", "EXDATE:20260403T090000Z"},
			[]string{start, "RRULE:FREQ=DAILY", "EXDATE;TZID=Europe/Berlin:20260403T110000,20260402T110000"}, Nothing, ""},
		{"one day more", []string{start, "RDATE:20260405T090000Z"}, []string{start, "RDATE:20260405T090000Z,20260406T090000Z"}, Reschedule, "recurrence"},
		{"title and time", []string{start, "SUMMARY:A"}, []string{"DTSTART:20260401T080000Z", "SUMMARY:B"}, Reschedule, "summary start"},
		{"categories", []string{start, "CATEGORIES:A"}, []string{start, "CATEGORIES:B", "PRIORITY:1"}, Nothing, ""},
	} {
		d := Compare(event(t, test.old...), event(t, test.new...))
		var fields []string
		for _, field := range d.Fields {
			fields = append(fields, string(field))
		}
		if d.Change != test.change || strings.Join(fields, " ") != test.fields {
			t.Errorf("%s: %s %v, want %s %s", test.name, d.Change, fields, test.change, test.fields)
		}
	}
}

func TestInstanceKey(t *testing.T) {
	for line, want := range map[string]string{
		"RECURRENCE-ID:20260401T090000Z":                             "20260401T090000Z",
		"RECURRENCE-ID;TZID=Europe/Berlin:20260401T110000":           "20260401T090000Z",
		"RECURRENCE-ID;VALUE=DATE:20260401":                          "20260401",
		"RECURRENCE-ID:20260401T090000":                              "20260401T090000",
		"RECURRENCE-ID;TZID=Nowhere/Land:20260401T090000":            "20260401T090000",
		"RECURRENCE-ID;TZID=W. Europe Standard Time:20260401T110000": "20260401T090000Z",
	} {
		main, _ := event(t, "DTSTART:20260401T090000Z", line).Main()
		if got := InstanceKeyOf(main); got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

func TestInstanceStart(t *testing.T) {
	for key, want := range map[string]int64{"20260401T090000Z": 1775034000, "20260401": 1775001600, "20260401T090000": 1775034000, "": 0, "soon": 0, "20260401T0900": 0, "20260431": 0} {
		if got, ok := InstanceStart(key); got != want || ok != (want != 0) {
			t.Errorf("%q: %d, %v", key, got, ok)
		}
	}
}
