package ical_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	goical "github.com/emersion/go-ical"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
)

// mustRead reads a calendar that is known to be one.
func mustRead(t testing.TB, text string) *ical.Calendar {
	t.Helper()
	calendar, err := ical.Read([]byte(text), ical.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return calendar
}

// mustEvent is the main event of a calendar with one event of the lines.
func mustEvent(t testing.TB, lines ...string) ical.Event {
	t.Helper()
	event, ok := mustRead(t, wrap(strings.Join(lines, "\r\n")+"\r\n")).Main()
	if !ok {
		t.Fatal("no event")
	}
	return event
}

func TestCalendar(t *testing.T) {
	calendar := mustRead(t, "BEGIN:VCALENDAR\r\nMETHOD: request \r\nPRODID: -//X//EN \r\nBEGIN:VEVENT\r\nUID:A\r\nRECURRENCE-ID:20200101T000000Z\r\nEND:VEVENT\r\n"+
		"BEGIN:VEVENT\r\nUID:a\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:b\r\nRECURRENCE-ID:20200102T000000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
	if got := calendar.Method(); got != "REQUEST" { // RFC 5545 §3.7.2
		t.Errorf("Method: %q", got)
	}
	if got := calendar.ProdID(); got != "-//X//EN" { // RFC 5545 §3.7.3
		t.Errorf("ProdID: %q", got)
	}
	if main, ok := calendar.Main(); !ok || main.UID() != "a" {
		t.Errorf("Main: %v, %v", main, ok)
	}
	if got := calendar.Overrides("a"); len(got) != 1 || got[0].UID() != "A" { // UIDs compare without case
		t.Errorf("Overrides of a: %v", got)
	}
	if got := calendar.Overrides(""); len(got) != 2 {
		t.Errorf("Overrides: %v", got)
	}
	if _, ok := mustRead(t, "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n").Main(); ok {
		t.Error("Main of an empty calendar")
	}
}

// TestNewCalendar: a calendar that was built, not read, has its zones too.
func TestNewCalendar(t *testing.T) {
	zone, err := ical.VTimezone("Asia/Tokyo", time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	zone.Props.SetText("TZID", "Head office")
	event := goical.NewComponent("VEVENT")
	event.Props.Set(&goical.Prop{Name: "DTSTART", Params: goical.Params{"TZID": {"Head office"}}, Value: "20260401T090000"})
	object := goical.NewComponent("VCALENDAR")
	object.Children = []*goical.Component{zone, event}
	main, ok := ical.NewCalendar(object).Main()
	if !ok {
		t.Fatal("no event")
	}
	if start, _ := main.Start(); start.Source != ical.ZoneVTimezone || start.At.Hour() != 0 {
		t.Errorf("starts %+v", start)
	}
	alone := ical.Event{Component: event} // without its calendar, its zones are not known
	if start, _ := alone.Start(); start.Source != ical.ZoneUnresolved {
		t.Errorf("alone: starts %+v", start)
	}
}

func TestEvent(t *testing.T) {
	e := mustEvent(t, "UID: 0400 \r\n  00E0 ", "SEQUENCE: 7 ", "DTSTAMP:20200102T030405Z", `SUMMARY:a\, b`, `DESCRIPTION:x\ny`, "LOCATION:Café ",
		"STATUS:confirmed", "RRULE:FREQ=DAILY;COUNT=3 ", "COMMENT:one", `COMMENT:two\;`, `CATEGORIES:A,B\,C`, "CATEGORIES: D ,", "DURATION:PT1H",
		"EXDATE:20200103T000000Z,20200104T000000Z", "EXDATE;VALUE=DATE:20200105", "RDATE;VALUE=PERIOD:20200106T000000Z/PT1H")
	for name, pair := range map[string][2]any{
		"UID §3.8.4.7":         {e.UID(), "0400  00E0"},
		"SEQUENCE §3.8.7.4":    {e.Sequence(), 7},
		"DTSTAMP §3.8.7.2":     {e.DTStamp(), time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)},
		"SUMMARY §3.8.1.12":    {e.Summary(), "a, b"},
		"DESCRIPTION §3.8.1.5": {e.Description(), "x\ny"},
		"LOCATION §3.8.1.7":    {e.Location(), "Café "},
		"STATUS §3.8.1.11":     {e.Status(), "CONFIRMED"},
		"RRULE §3.8.5.3":       {e.RRule(), "FREQ=DAILY;COUNT=3"},
		"COMMENT §3.8.1.4":     {e.Comment(), "one\ntwo;"},
		"CATEGORIES §3.8.1.2":  {e.Categories(), []string{"A", "B,C", "D"}},
	} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("%s: got %#v, want %#v", name, pair[0], pair[1])
		}
	}
	var dates []string
	for _, name := range []string{"EXDATE", "RDATE"} { // §3.8.5.1-2
		for _, d := range e.Dates(name) {
			dates = append(dates, d.Value)
		}
	}
	if !slices.Equal(dates, []string{"20200103T000000Z", "20200104T000000Z", "20200105", "20200106T000000Z"}) {
		t.Errorf("Dates: %q", dates)
	}
	for _, bad := range []string{"x", "-1", "1.5", "99999999999999999", ""} {
		if got := mustEvent(t, "SEQUENCE:"+bad).Sequence(); got != 0 {
			t.Errorf("SEQUENCE %q: %d", bad, got)
		}
	}
	if got := mustEvent(t, "SEQUENCE:1407317367304").Sequence(); got != 1407317367304 {
		t.Errorf("SEQUENCE made of a time: %d", got)
	}
	if got := mustEvent(t, "DTSTAMP:20200102T030405").DTStamp(); got.Hour() != 3 { // the Z forgotten
		t.Errorf("DTSTAMP without Z: %v", got)
	}
	empty := mustEvent(t, "X-A:1")
	if _, ok := empty.Organizer(); ok || empty.Attendees() != nil || !empty.DTStamp().IsZero() || empty.IsOverride() {
		t.Error("an empty event has something")
	}
}

func TestPerson(t *testing.T) {
	for _, test := range []struct {
		line string
		want ical.Person
	}{
		{"ATTENDEE;CUTYPE=individual;ROLE=REQ-PARTICIPANT;PARTSTAT=needs-action;RSVP=true;CN=\"Cave, Ann\";X-NUM-GUESTS=2:mailto:Ann@Example.org",
			ical.Person{Email: "ann@example.org", CN: "Cave, Ann", CUType: "INDIVIDUAL", Role: "REQ-PARTICIPANT", PartStat: "NEEDS-ACTION", RSVP: "TRUE", ExtraGuests: 2}},
		{"ATTENDEE:MAILTO:a@x.org", ical.Person{Email: "a@x.org"}},
		{"ATTENDEE: MailTo: a@x.org ", ical.Person{Email: "a@x.org"}},
		{"ATTENDEE:mailto:mailto:a@x.org", ical.Person{Email: "a@x.org"}},
		{"ATTENDEE:a@x.org", ical.Person{Email: "a@x.org"}},
		{"ATTENDEE:mailto:Ann Cave <a@x.org>", ical.Person{Email: "a@x.org"}},
		{"ATTENDEE:mailto:a%2Bb@x.org?subject=x", ical.Person{Email: "a+b@x.org"}},
		{"ATTENDEE:mailto:a%0d%0aBcc%3a@x.org", ical.Person{Email: "abcc:@x.org"}},
		{"ATTENDEE;EMAIL=B@x.org:/principals/7/", ical.Person{Email: "/principals/7/", EmailParam: "b@x.org", NotMailto: true}},
		{"ATTENDEE:mailto:", ical.Person{Email: "mailto:", NotMailto: true}},
		{"ATTENDEE:invalid:nomail", ical.Person{Email: "invalid:nomail", NotMailto: true}},
		{"ATTENDEE:https://x.org/@a", ical.Person{Email: "https://x.org/@a", NotMailto: true}},
		{"ATTENDEE;SENT-BY=mailto:s@x.org;DELEGATED-TO=\"mailto:d@x.org\",\"mailto:e@x.org\";DELEGATED-FROM=mailto:F@x.org:mailto:a@x.org",
			ical.Person{Email: "a@x.org", SentBy: "s@x.org", DelegatedTo: "d@x.org", DelegatedFrom: "f@x.org"}},
		{`ATTENDEE;CN=Cave\, Ann:mailto:a@x.org`, ical.Person{Email: "a@x.org", CN: "Cave, Ann"}},
		{`ATTENDEE;CN=Ann ^'A^' ^^:mailto:a@x.org`, ical.Person{Email: "a@x.org", CN: `Ann "A" ^`}}, // RFC 6868 §3.1
	} {
		got := mustEvent(t, test.line).Attendees()
		if len(got) != 1 || !reflect.DeepEqual(got[0], test.want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", test.line, got, test.want)
		}
	}
	if p := mustEvent(t, "ORGANIZER;EMAIL=b@x.org:/p/").Attendees(); p != nil {
		t.Error("the organizer is no attendee")
	}
	if p, ok := mustEvent(t, "ORGANIZER;EMAIL=b@x.org:/p/").Organizer(); !ok || p.Address() != "b@x.org" {
		t.Errorf("Address: %+v", p)
	}
	if p, _ := mustEvent(t, "ORGANIZER;EMAIL=b@x.org:mailto:a@x.org").Organizer(); p.Address() != "a@x.org" {
		t.Errorf("Address: %+v", p)
	}
}

// TestTime: RFC 5545 §3.3.4, §3.3.5, and what sloppy senders write.
func TestTime(t *testing.T) {
	at := func(s string) time.Time {
		u, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	for _, test := range []struct {
		line   string
		at     string // "" for none
		source ical.ZoneSource
	}{
		{"DTSTART:20200102T030405Z", "2020-01-02T03:04:05Z", ical.ZoneUTC},
		{"DTSTART:20200102T030405", "", ical.ZoneFloating},
		{"DTSTART:20200102", "", ical.ZoneAllDay},
		{"DTSTART;VALUE=DATE:20200102", "", ical.ZoneAllDay},
		{"DTSTART;VALUE=DATE:20200102T000000", "", ical.ZoneAllDay},
		{"DTSTART;VALUE=DATE;TZID=Europe/Berlin:20200102", "", ical.ZoneAllDay},
		{"DTSTART;TZID=Europe/Berlin:20200102T030405", "2020-01-02T02:04:05Z", ical.ZoneIANA},
		{"DTSTART;TZID=Europe/Berlin:20200702T030405", "2020-07-02T01:04:05Z", ical.ZoneIANA},
		{"DTSTART;TZID=Europe/Berlin:20200702T030405Z", "2020-07-02T03:04:05Z", ical.ZoneUTC},
		{"DTSTART;TZID=europe/berlin:20200702T030405", "2020-07-02T01:04:05Z", ical.ZoneIANA},
		{"DTSTART;TZID=/Europe/Berlin:20200702T030405", "2020-07-02T01:04:05Z", ical.ZoneIANA},
		{"DTSTART;TZID=/mozilla.org/20050126_1/Europe/Berlin:20200702T030405", "2020-07-02T01:04:05Z", ical.ZoneIANA},
		{"DTSTART;TZID=/freeassociation.sourceforge.net/America/Argentina/Salta:20200702T030405", "2020-07-02T06:04:05Z", ical.ZoneIANA},
		{"DTSTART;TZID=W. Europe Standard Time:20200702T030405", "2020-07-02T01:04:05Z", ical.ZoneWindows},
		{"DTSTART;TZID=w. europe standard time:20200702T030405", "2020-07-02T01:04:05Z", ical.ZoneWindows},
		{"DTSTART;TZID=Pacific Standard Time 1:20200702T030405", "2020-07-02T10:04:05Z", ical.ZoneWindows},
		{"DTSTART;TZID=UTC-11:20200702T030405", "2020-07-02T14:04:05Z", ical.ZoneWindows},
		{`DTSTART;TZID="(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna":20200702T030405`, "2020-07-02T01:04:05Z", ical.ZoneWindows},
		{`DTSTART;TZID=(UTC+01:00) Amsterdam, Berlin:20200702T030405`, "2020-07-02T01:04:05Z", ical.ZoneWindows}, // not quoted
		{`DTSTART;TZID="(GMT-08.00) Pacific Time (US & Canada)/Tijuana":20200702T030405`, "2020-07-02T10:04:05Z", ical.ZoneWindows},
		{`DTSTART;TZID="(UTC) Dublin, Edinburgh, Lisbon, London":20200702T030405`, "2020-07-02T02:04:05Z", ical.ZoneWindows},
		{`DTSTART;TZID="(UTC-04:00) Georgetown, La Paz, Manaus, San Juan":20200702T030405`, "2020-07-02T07:04:05Z", ical.ZoneWindows},
		{`DTSTART;TZID="(UTC-05:00) Berlin":20200702T030405`, "", ical.ZoneUnresolved}, // offset and place disagree
		{`DTSTART;TZID="(UTC) Coordinated Universal Time":20200702T030405`, "2020-07-02T03:04:05Z", ical.ZoneWindows},
		{`DTSTART;TZID="tzone://Microsoft/Utc":20200702T030405`, "2020-07-02T03:04:05Z", ical.ZoneWindows},
		{"DTSTART;TZID=BRT:20200702T030405", "", ical.ZoneUnresolved},
		{"DTSTART;TZID=FLE:20200702T030405", "", ical.ZoneUnresolved},
		{"DTSTART;TZID=Local:20200702T030405", "", ical.ZoneUnresolved},
		{"DTSTART;TZID=../UTC:20200702T030405", "", ical.ZoneUnresolved},
		// §3.3.5: a time that is skipped is read with the offset before the gap; one that occurs twice means the first.
		{"DTSTART;TZID=America/New_York:20070311T023000", "2007-03-11T07:30:00Z", ical.ZoneIANA},
		{"DTSTART;TZID=America/New_York:20071104T013000", "2007-11-04T05:30:00Z", ical.ZoneIANA},
		{"DTSTART;TZID=Australia/Lord_Howe:20201004T021500", "2020-10-03T15:45:00Z", ical.ZoneIANA},
		{"DTSTART;TZID=Australia/Lord_Howe:20200405T014500", "2020-04-04T14:45:00Z", ical.ZoneIANA},
		{"DTSTART: 2020-01-02T03:04:05Z ", "2020-01-02T03:04:05Z", ical.ZoneUTC},
		{"DTSTART:20200102t0304z", "2020-01-02T03:04:00Z", ical.ZoneUTC},
		{"DTSTART:20200102T240000Z", "2020-01-03T00:00:00Z", ical.ZoneUTC},
		{"DTSTART:20161231T235960Z", "2016-12-31T23:59:59Z", ical.ZoneUTC},
		{"DTSTART:20200230T000000Z", "", ical.ZoneUnresolved},
		{"DTSTART:2100000Z", "", ical.ZoneUnresolved},
		{"DTSTART:20200102T030405+0100", "", ical.ZoneUnresolved},
		{"DTSTART:", "", ical.ZoneUnresolved},
		{"DTSTART:0000000000000000000000000000", "", ical.ZoneUnresolved},
	} {
		got, ok := mustEvent(t, test.line).Start()
		want := time.Time{}
		if test.at != "" {
			want = at(test.at)
		}
		if !ok || !got.At.Equal(want) || got.Source != test.source || got.AllDay != (test.source == ical.ZoneAllDay) || got.Floating != (test.source == ical.ZoneFloating) {
			t.Errorf("%s: got %+v, want %v by %s", test.line, got, want, test.source)
		}
	}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	day, _ := mustEvent(t, "DTSTART:20200702").Start()
	if got := day.In(berlin); !got.Equal(at("2020-07-01T22:00:00Z")) {
		t.Errorf("a date in Berlin begins at %v", got)
	}
	unknown, _ := mustEvent(t, "DTSTART;TZID=BRT:20200702T030405").Start()
	if got := unknown.In(berlin); !got.IsZero() {
		t.Errorf("an unresolved time became %v", got)
	}
}

func TestTimeEqual(t *testing.T) {
	start := func(line string) ical.Time {
		s, _ := mustEvent(t, line).Start()
		return s
	}
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{"DTSTART:20200102T020000Z", "DTSTART;TZID=Europe/Berlin:20200102T030000", true},
		{"DTSTART:20200102T020000Z", "DTSTART:20200102T020000", false},
		{"DTSTART:20200102", "DTSTART:20200102", true},
		{"DTSTART:20200102", "DTSTART:20200102T000000", false},
		{"DTSTART:20200102T020000", "DTSTART:20200102T020000", true},
		{"DTSTART;TZID=BRT:20200102T020000", "DTSTART;TZID=BRT:20200102T020000", true},
		{"DTSTART;TZID=BRT:20200102T020000", "DTSTART;TZID=FLE:20200102T020000", false},
		{"DTSTART:x", "DTSTART:y", false},
	} {
		if got := start(test.a).Equal(start(test.b)); got != test.want {
			t.Errorf("%s, %s: %v", test.a, test.b, got)
		}
	}
}

// TestEnd: RFC 5545 §3.6.1 and §3.3.6.
func TestEnd(t *testing.T) {
	for _, test := range []struct{ lines, value, at string }{
		{"DTSTART:20200102T100000Z\r\nDTEND:20200102T110000Z", "20200102T110000Z", "2020-01-02T11:00:00Z"},
		{"DTSTART:20200102T100000Z\r\nDURATION:PT90M", "20200102T113000Z", "2020-01-02T11:30:00Z"},
		{"DTSTART:20200102T100000Z\r\nDTEND:20200102T110000Z\r\nDURATION:PT5H", "20200102T110000Z", "2020-01-02T11:00:00Z"},
		{"DTSTART;VALUE=DATE:20200228", "20200229", ""},
		{"DTSTART;VALUE=DATE:20200228\r\nDURATION:P1W", "20200306", ""},
		{"DTSTART:20200102T100000\r\nDURATION:P1DT1H", "20200103T110000", ""},
		// A day keeps the clock, an hour is an hour, also when the clocks change (29 March 2020).
		{"DTSTART;TZID=Europe/Berlin:20200328T120000\r\nDURATION:P1D", "20200329T120000", "2020-03-29T10:00:00Z"},
		{"DTSTART;TZID=Europe/Berlin:20200328T120000\r\nDURATION:PT24H", "20200329T130000", "2020-03-29T11:00:00Z"},
		{"DTSTART:20200102T100000Z", "", ""},
		{"DTSTART:20200102T100000Z\r\nDURATION:junk", "", ""},
		{"SUMMARY:x", "", ""},
	} {
		got, ok := mustEvent(t, test.lines).End()
		at := ""
		if !got.At.IsZero() {
			at = got.At.Format(time.RFC3339)
		}
		if ok != (test.value != "") || got.Value != test.value || at != test.at {
			t.Errorf("%q: got %v %+v, want %s", test.lines, ok, got, test.value)
		}
	}
}

// TestDuration: RFC 5545 §3.3.6.
func TestDuration(t *testing.T) {
	for text, want := range map[string]ical.Duration{
		"P15DT5H0M20S": {Days: 15, Time: 5*time.Hour + 20*time.Second},
		"P7W":          {Days: 49},
		"-PT15M":       {Time: -15 * time.Minute},
		"-P1DT1H":      {Days: -1, Time: -time.Hour},
		"+PT1H":        {Time: time.Hour},
		"pt1h30m":      {Time: 90 * time.Minute},
		"-PT00H15M00S": {Time: -15 * time.Minute},
		"P0D":          {},
		"P1DT":         {Days: 1}, // seen in practice
	} {
		if got, err := ical.ParseDuration(text); err != nil || got != want {
			t.Errorf("%s: got %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "P", "PT", "1H", "P1", "PT1", "P1H", "PT1D", "PD", "P99999999999D", "P1D1", "PT1H-", "P1Y"} {
		if got, err := ical.ParseDuration(text); err == nil {
			t.Errorf("%s: got %+v", text, got)
		}
	}
}

// TestPeriods: RFC 5545 §3.3.9.
func TestPeriods(t *testing.T) {
	calendar := mustRead(t, wrap(""))
	p := goical.Prop{Name: "FREEBUSY", Value: "20200101T100000Z/20200101T110000Z, 20200101T120000Z/PT2H,junk,x/y"}
	var got []string
	for _, period := range calendar.Zones().Periods(&p) {
		got = append(got, period.Start.Value+" "+period.End.Value)
	}
	if want := []string{"20200101T100000Z 20200101T110000Z", "20200101T120000Z 20200101T140000Z"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}
