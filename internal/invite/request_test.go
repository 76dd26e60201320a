package invite

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/ical"
	"github.com/calendarinvite/calendarinviteserver/internal/imip"
	"github.com/calendarinvite/calendarinviteserver/internal/itip"
)

// request reads a calendar as a mail from Ada would bring it.
func request(t *testing.T, calendar string) (Request, error) {
	t.Helper()
	parsed, err := ical.Read([]byte(strings.ReplaceAll(calendar, "\n", "\r\n")), ical.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	mail := Mail{MessageID: "ABC123", Tenant: "default", Received: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).Unix()}
	return NewRequest(mail, &imip.Message{From: imip.Address{Name: "Ada", Email: "Ada@Organizer.example"}, HasFrom: true},
		&imip.CalendarPart{Method: parsed.Method(), Calendar: parsed})
}

func mustRequest(t *testing.T, calendar string) Request {
	t.Helper()
	r, err := request(t, calendar)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// event wraps lines of a VEVENT.
func event(lines ...string) string {
	return "BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nUID:u1\n" + strings.Join(lines, "\n") + "\nEND:VEVENT\nEND:VCALENDAR\n"
}

func TestNewRequest(t *testing.T) {
	r := mustRequest(t, `BEGIN:VCALENDAR
PRODID:-//Google Inc//Google Calendar 70.9054//EN
VERSION:2.0
METHOD:REQUEST
X-WR-CALNAME:Ada's private calendar
BEGIN:VTIMEZONE
TZID:Berlin
BEGIN:STANDARD
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
UID:Series-1@google.com
SEQUENCE:3
DTSTAMP:20260228T120000Z
DTSTART;TZID=Berlin:20260401T090000
DTEND;TZID=Berlin:20260401T100000
RRULE:FREQ=WEEKLY;COUNT=3
SUMMARY:Planning\, again
DESCRIPTION:Agenda <b>\nSee https://example.com/a?b=1&c=2.
X-ALT-DESC;FMTTYPE=text/html:<p>Agenda</p>
LOCATION:Room "1"
CATEGORIES:Work,Plans
X-GOOGLE-CONFERENCE:https://meet.google.com/abc-defg-hij
ORGANIZER;CN=Ada Ng;SCHEDULE-AGENT=SERVER:mailto:ada.ng@organizer.example
ATTENDEE;CN=Guest;SCHEDULE-STATUS=1.1:mailto:guest@example.com
ATTENDEE:mailto:create@cis.example
ATTACH:https://example.com/agenda.pdf
ATTACH;ENCODING=BASE64;VALUE=BINARY:AAAA
ATTACH:CID:part1@example.com
REQUEST-STATUS:2.0;Success
X-MOZ-LASTACK:20260101T000000Z
X-MICROSOFT-CDO-OWNERAPPTID:42
X-APPLE-CREATOR-IDENTITY:com.apple.calendar
BEGIN:VALARM
ACTION:DISPLAY
TRIGGER:-PT15M
END:VALARM
END:VEVENT
BEGIN:VEVENT
UID:series-1@google.com
RECURRENCE-ID;TZID=Berlin:20260408T090000
DTSTART;TZID=Berlin:20260408T110000
DTEND;TZID=Berlin:20260408T120000
SUMMARY:Planning\, later
ATTENDEE:mailto:guest@example.com
END:VEVENT
BEGIN:VEVENT
UID:series-1@google.com
RECURRENCE-ID;TZID=Berlin:20260415T090000
DTSTART;TZID=Berlin:20260415T090000
STATUS:CANCELLED
END:VEVENT
BEGIN:VEVENT
UID:something-else
DTSTART:20260401T090000Z
END:VEVENT
END:VCALENDAR
`)
	want := Request{
		MessageID: "abc123", Tenant: "default", MailTo: "ada@organizer.example", Organizer: "Ada Ng", OriginalUID: "Series-1@google.com",
		OriginalOrganizer: "ada.ng@organizer.example", Method: "REQUEST", Status: StatusConfirmed, ProdID: "-//Google Inc//Google Calendar 70.9054//EN",
		DTStart: time.Date(2026, 4, 1, 7, 0, 0, 0, time.UTC).Unix(), DTEnd: time.Date(2026, 4, 1, 8, 0, 0, 0, time.UTC).Unix(),
		Ends: time.Date(2026, 4, 15, 10, 0, 0, 0, time.UTC).Unix(), TZID: "Berlin", RRule: "FREQ=WEEKLY;COUNT=3",
		Summary: "Planning, again", SummaryHTML: "Planning, again",
		Description:     "Agenda <b>\nSee https://example.com/a?b=1&c=2.",
		DescriptionHTML: `Agenda &lt;b&gt;<br>See <a href="https://example.com/a?b=1&amp;c=2">https://example.com/a?b=1&amp;c=2</a>.`,
		Location:        `Room "1"`, LocationHTML: `Room &#34;1&#34;`,
		SourceSequence: 3, SourceDTStamp: time.Date(2026, 2, 28, 12, 0, 0, 0, time.UTC).Unix(),
		Calendar: r.Calendar,
	}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
	calendar, err := unpack(r.Calendar)
	if err != nil {
		t.Fatal(err)
	}
	text, err := ical.Write(calendar.Component)
	if err != nil {
		t.Fatal(err)
	}
	for _, gone := range []string{"METHOD", "guest@", "create@", "ORGANIZER", "VALARM", "BASE64", "CID:", "REQUEST-STATUS", "X-MOZ", "OWNERAPPTID", "X-APPLE-CREATOR", "X-WR-", "something-else"} {
		if bytes.Contains(text, []byte(gone)) {
			t.Errorf("the stored calendar has %s:\n%s", gone, text)
		}
	}
	for _, kept := range []string{"BEGIN:VTIMEZONE", "RRULE:FREQ=WEEKLY;COUNT=3", "CATEGORIES:Work,Plans", "X-ALT-DESC", "X-GOOGLE-CONFERENCE",
		"ATTACH:https://example.com/agenda.pdf", "RECURRENCE-ID;TZID=Berlin:20260408T090000", "EXDATE;TZID=Berlin:20260415T090000"} {
		if !bytes.Contains(text, []byte(kept)) {
			t.Errorf("the stored calendar lacks %s:\n%s", kept, text)
		}
	}
	again := mustRequest(t, strings.Replace(strings.ReplaceAll(string(text), "\r\n", "\n"), "BEGIN:VCALENDAR", "BEGIN:VCALENDAR\nMETHOD:REQUEST", 1))
	if !bytes.Equal(again.Calendar, r.Calendar) {
		t.Error("the normal form of the normal form is another")
	}
}

func TestNewRequestTimes(t *testing.T) {
	day := func(d, h int) int64 { return time.Date(2026, 4, d, h, 0, 0, 0, time.UTC).Unix() }
	for _, test := range []struct {
		name             string
		lines            []string
		start, end, ends int64
		allDay           bool
		tzid             string
	}{
		{"utc", []string{"DTSTART:20260401T090000Z", "DTEND:20260401T100000Z"}, day(1, 9), day(1, 10), day(1, 10), false, ""},
		{"duration", []string{"DTSTART:20260401T090000Z", "DURATION:PT2H"}, day(1, 9), day(1, 11), day(1, 11), false, ""},
		{"no end", []string{"DTSTART:20260401T090000Z"}, day(1, 9), day(1, 9), day(1, 9), false, ""},
		{"end before start", []string{"DTSTART:20260401T090000Z", "DTEND:20260401T080000Z"}, day(1, 9), day(1, 9), day(1, 9), false, ""},
		{"all day", []string{"DTSTART;VALUE=DATE:20260401"}, day(1, 0), day(2, 0), day(2, 0), true, ""},
		{"floating", []string{"DTSTART:20260401T090000", "DTEND:20260401T100000"}, day(1, 9), day(1, 10), day(1, 10), false, itip.Floating},
		{"Windows zone", []string{"DTSTART;TZID=W. Europe Standard Time:20260401T110000"}, day(1, 9), day(1, 9), day(1, 9), false, "W. Europe Standard Time"},
		{"a zone that nobody knows", []string{"DTSTART;TZID=BRT:20260401T090000"}, day(1, 9), day(1, 9), day(1, 9), false, itip.Floating},
		{"for ever", []string{"DTSTART:20260401T090000Z", "RRULE:FREQ=DAILY"}, day(1, 9), day(1, 9), 0, false, ""},
		{"until", []string{"DTSTART:20260401T090000Z", "DTEND:20260401T100000Z", "RRULE:FREQ=DAILY;UNTIL=20260405T090000Z"}, day(1, 9), day(1, 10), day(5, 10), false, ""},
		{"until a day", []string{"DTSTART:20260401T090000Z", "RRULE:FREQ=DAILY;UNTIL=20260405"}, day(1, 9), day(1, 9), day(6, 0), false, ""},
		{"extra day", []string{"DTSTART:20260401T090000Z", "RRULE:FREQ=DAILY;UNTIL=20260405T090000Z", "RDATE:20260420T090000Z"}, day(1, 9), day(1, 9), day(20, 9), false, ""},
	} {
		r := mustRequest(t, event(test.lines...))
		if r.DTStart != test.start || r.DTEnd != test.end || r.Ends != test.ends || r.AllDay != test.allDay || r.TZID != test.tzid {
			t.Errorf("%s: %d %d %d %v %q", test.name, r.DTStart, r.DTEnd, r.Ends, r.AllDay, r.TZID)
		}
		if unknown := strings.Contains(test.name, "nobody knows"); (r.UnknownZone == "BRT") != unknown {
			t.Errorf("%s: the unknown zone %q", test.name, r.UnknownZone)
		}
	}
}

func TestNewRequestStatus(t *testing.T) {
	for _, test := range []struct {
		name, calendar, method, status string
		cancels                        bool
	}{
		{"request", event("DTSTART:20260401T090000Z"), "REQUEST", StatusConfirmed, false},
		{"tentative", event("DTSTART:20260401T090000Z", "STATUS:TENTATIVE"), "REQUEST", StatusTentative, false},
		{"cancelled by status", event("DTSTART:20260401T090000Z", "STATUS:CANCELLED"), "REQUEST", StatusCancelled, true},
		{"cancelled by method", strings.Replace(event("DTSTART:20260401T090000Z"), "REQUEST", "CANCEL", 1), "CANCEL", StatusCancelled, true},
		{"cancelled without a start", strings.Replace(event("SUMMARY:x"), "REQUEST", "CANCEL", 1), "CANCEL", StatusCancelled, true},
		{"published", strings.Replace(event("DTSTART:20260401T090000Z"), "REQUEST", "PUBLISH", 1), "PUBLISH", StatusConfirmed, false},
		{"without a method", strings.Replace(event("DTSTART:20260401T090000Z"), "METHOD:REQUEST\n", "", 1), "REQUEST", StatusConfirmed, false},
	} {
		r := mustRequest(t, test.calendar)
		if r.Method != test.method || r.Status != test.status || r.Cancels() != test.cancels {
			t.Errorf("%s: %s %s %v", test.name, r.Method, r.Status, r.Cancels())
		}
	}
}

func TestNewRequestRefuses(t *testing.T) {
	noise := make([]byte, 0, 300<<10)
	for seed := uint32(1); len(noise) < 300<<10; {
		seed = seed*1664525 + 1013904223
		noise = append(noise, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[seed>>26])
	}
	for _, test := range []struct{ name, calendar, reason string }{
		{"no start", event("SUMMARY:x"), ReasonNoStart},
		{"unreadable start", event("DTSTART:soon"), ReasonNoStart},
		{"no event", "BEGIN:VCALENDAR\nEND:VCALENDAR\n", imip.ReasonNoEvent},
		{"no UID", strings.Replace(event("DTSTART:20260401T090000Z"), "UID:u1\n", "", 1), "no-uid"},
		{"too large", event("DTSTART:20260401T090000Z", "X-NOISE:"+string(noise)), imip.ReasonTooLarge},
	} {
		_, err := request(t, test.calendar)
		if fault.KindOf(err) != fault.InvalidRequest || fault.ReasonOf(err) != test.reason {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func TestNewRequestFitsAState(t *testing.T) {
	r, err := request(t, event("DTSTART:20260401T090000Z", "DESCRIPTION:"+strings.Repeat(`"<&>`, 20000), "SUMMARY:"+strings.Repeat("ü", 2000), "LOCATION:"+strings.Repeat("x ", 2000)))
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(r)
	if err != nil || len(text) > 256<<10 {
		t.Errorf("%d octets of JSON, %v", len(text), err)
	}
	if len(r.Description) > MaxDescription || len(r.Summary) > maxLine || !strings.HasSuffix(r.Summary, "ü…") {
		t.Errorf("not cut: %d %d %q", len(r.Description), len(r.Summary), r.Summary[len(r.Summary)-8:])
	}
}

func TestNewRequestSender(t *testing.T) {
	parsed, err := ical.Read([]byte(event("DTSTART:20260401T090000Z", "ORGANIZER:mailto:boss@organizer.example")), ical.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	part := &imip.CalendarPart{Calendar: parsed}
	for _, test := range []struct {
		name          string
		from          imip.Address
		has           bool
		mailto, shown string
		kind          fault.Kind
	}{
		{"From owns", imip.Address{Name: "Secretary", Email: "secretary@organizer.example"}, true, "secretary@organizer.example", "Secretary", ""},
		{"no name", imip.Address{Email: "secretary@organizer.example"}, true, "secretary@organizer.example", "secretary", ""},
		{"nobody", imip.Address{}, false, "", "", fault.NotAuthorized},
		{"no address", imip.Address{Email: "secretary"}, true, "", "", fault.NotAuthorized},
	} {
		r, err := NewRequest(Mail{MessageID: "m"}, &imip.Message{From: test.from, HasFrom: test.has}, part)
		if err != nil && fault.KindOf(err) != test.kind || (err == nil) != (test.kind == "") {
			t.Errorf("%s: %v", test.name, err)
		}
		if r.MailTo != test.mailto || r.Organizer != test.shown {
			t.Errorf("%s: %s %s", test.name, r.MailTo, r.Organizer)
		}
	}
}
