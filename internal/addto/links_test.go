package addto

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
)

// calendar is a calendar with one event of those lines, and after it what else is given.
func calendar(t *testing.T, lines []string, more ...string) *ical.Calendar {
	t.Helper()
	text := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\nUID:tea@example.com\r\nDTSTAMP:20260301T080000Z\r\n" +
		strings.Join(lines, "\r\n") + "\r\nEND:VEVENT\r\n" + strings.Join(more, "\r\n") + "\r\nEND:VCALENDAR\r\n"
	read, err := ical.Read([]byte(text), ical.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return read
}

// ownZone is a zone that no one else knows, five hours behind UTC all year.
var ownZone = []string{"BEGIN:VTIMEZONE", "TZID:Our Office", "BEGIN:STANDARD", "DTSTART:19700101T000000", "TZOFFSETFROM:-0500", "TZOFFSETTO:-0500", "END:STANDARD", "END:VTIMEZONE"}

func TestLinks(t *testing.T) {
	const berlin = "DTSTART;TZID=Europe/Berlin:20260312T100000"
	override := []string{"BEGIN:VEVENT", "UID:tea@example.com", "RECURRENCE-ID;TZID=Europe/Berlin:20260319T100000", "DTSTART;TZID=Europe/Berlin:20260319T110000", "END:VEVENT"}
	for _, test := range []struct {
		name        string
		lines, more []string
		google      string // dates, ctz and recur
		outlook     string // startdt, enddt and allday
		yahoo       string // st, et and dur
		firstOnly   string // the links that say only the first date, by their initials
	}{
		{
			name: "in UTC", lines: []string{"DTSTART:20260312T090000Z", "DTEND:20260312T100000Z"},
			google: "20260312T090000Z/20260312T100000Z", outlook: "2026-03-12T09:00:00Z 2026-03-12T10:00:00Z", yahoo: "20260312T090000Z 20260312T100000Z",
		},
		{
			name: "in a zone", lines: []string{berlin, "DURATION:PT90M"},
			google: "20260312T100000/20260312T113000 Europe/Berlin", outlook: "2026-03-12T09:00:00Z 2026-03-12T10:30:00Z", yahoo: "20260312T090000Z 20260312T103000Z",
		},
		{
			name: "in a zone by its Windows name", lines: []string{"DTSTART;TZID=W. Europe Standard Time:20260712T100000", "DTEND;TZID=W. Europe Standard Time:20260712T110000"},
			google: "20260712T100000/20260712T110000 Europe/Berlin", outlook: "2026-07-12T08:00:00Z 2026-07-12T09:00:00Z", yahoo: "20260712T080000Z 20260712T090000Z",
		},
		{
			name: "in two zones, over midnight", lines: []string{berlin, "DTEND;TZID=Asia/Tokyo:20260313T010000"},
			google: "20260312T100000/20260312T170000 Europe/Berlin", outlook: "2026-03-12T09:00:00Z 2026-03-12T16:00:00Z", yahoo: "20260312T090000Z 20260312T160000Z",
		},
		{
			name: "in a zone of the calendar's own", lines: []string{"DTSTART;TZID=Our Office:20260312T100000", "DTEND;TZID=Our Office:20260312T110000"}, more: ownZone,
			google: "20260312T150000Z/20260312T160000Z", outlook: "2026-03-12T15:00:00Z 2026-03-12T16:00:00Z", yahoo: "20260312T150000Z 20260312T160000Z",
		},
		{
			name: "in no zone", lines: []string{"DTSTART:20260312T100000", "DTEND:20260312T110000"},
			google: "20260312T100000/20260312T110000", outlook: "2026-03-12T10:00:00 2026-03-12T11:00:00", yahoo: "20260312T100000 20260312T110000",
		},
		{
			name: "in a zone that nobody knows, as it reads", lines: []string{"DTSTART;TZID=Middle Earth:20260312T100000", "DTEND;TZID=Middle Earth:20260312T110000"},
			google: "20260312T100000/20260312T110000", outlook: "2026-03-12T10:00:00 2026-03-12T11:00:00", yahoo: "20260312T100000 20260312T110000",
		},
		{
			name: "without an end", lines: []string{"DTSTART:20260312T090000Z"},
			google: "20260312T090000Z/20260312T090000Z", outlook: "2026-03-12T09:00:00Z 2026-03-12T09:00:00Z", yahoo: "20260312T090000Z 20260312T090000Z",
		},
		{
			name: "with the end first", lines: []string{"DTSTART:20260312T090000Z", "DTEND:20260312T080000Z"},
			google: "20260312T090000Z/20260312T090000Z", outlook: "2026-03-12T09:00:00Z 2026-03-12T09:00:00Z", yahoo: "20260312T090000Z 20260312T090000Z",
		},
		{
			name: "a day", lines: []string{"DTSTART;VALUE=DATE:20261231"},
			google: "20261231/20270101", outlook: "2026-12-31 2027-01-01 true", yahoo: "20261231 20261231 allday",
		},
		{
			name: "three days", lines: []string{"DTSTART;VALUE=DATE:20260312", "DTEND;VALUE=DATE:20260315"},
			google: "20260312/20260315", outlook: "2026-03-12 2026-03-15 true", yahoo: "20260312 20260314 allday",
		},
		{
			name: "a day with the end of a time", lines: []string{"DTSTART;VALUE=DATE:20260312", "DTEND:20260312T100000Z"},
			google: "20260312/20260313", outlook: "2026-03-12 2026-03-13 true", yahoo: "20260312 20260312 allday",
		},
		{
			name: "every week", lines: []string{berlin, "DURATION:PT1H", "RRULE:freq=weekly;byday=th"},
			google: "20260312T100000/20260312T110000 Europe/Berlin RRULE:FREQ=WEEKLY;BYDAY=TH", outlook: "2026-03-12T09:00:00Z 2026-03-12T10:00:00Z",
			yahoo: "20260312T090000Z 20260312T100000Z", firstOnly: "OOY",
		},
		{
			name: "every week, a day", lines: []string{"DTSTART;VALUE=DATE:20260312", "RRULE:FREQ=WEEKLY"},
			google: "20260312/20260313 RRULE:FREQ=WEEKLY", outlook: "2026-03-12 2026-03-13 true", yahoo: "20260312 20260312 allday", firstOnly: "OOY",
		},
		{
			name: "every week in no zone", lines: []string{"DTSTART:20260312T100000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY"},
			google: "20260312T100000/20260312T110000 RRULE:FREQ=WEEKLY", outlook: "2026-03-12T10:00:00 2026-03-12T11:00:00", yahoo: "20260312T100000 20260312T110000", firstOnly: "OOY",
		},
		{
			name: "every week in UTC", lines: []string{"DTSTART:20260312T090000Z", "RRULE:FREQ=WEEKLY"},
			google: "20260312T090000Z/20260312T090000Z RRULE:FREQ=WEEKLY", outlook: "2026-03-12T09:00:00Z 2026-03-12T09:00:00Z", yahoo: "20260312T090000Z 20260312T090000Z", firstOnly: "OOY",
		},
		{
			name: "every week in a zone of the calendar's own", lines: []string{"DTSTART;TZID=Our Office:20260312T100000", "RRULE:FREQ=WEEKLY"}, more: ownZone,
			google: "20260312T150000Z/20260312T150000Z", outlook: "2026-03-12T15:00:00Z 2026-03-12T15:00:00Z", yahoo: "20260312T150000Z 20260312T150000Z", firstOnly: "GOOY",
		},
		{
			name: "every week but one", lines: []string{berlin, "RRULE:FREQ=WEEKLY", "EXDATE;TZID=Europe/Berlin:20260319T100000"},
			google: "20260312T100000/20260312T100000 Europe/Berlin", outlook: "2026-03-12T09:00:00Z 2026-03-12T09:00:00Z", yahoo: "20260312T090000Z 20260312T090000Z", firstOnly: "GOOY",
		},
		{
			name: "every week, once later", lines: []string{berlin, "RRULE:FREQ=WEEKLY"}, more: override,
			google: "20260312T100000/20260312T100000 Europe/Berlin", outlook: "2026-03-12T09:00:00Z 2026-03-12T09:00:00Z", yahoo: "20260312T090000Z 20260312T090000Z", firstOnly: "GOOY",
		},
		{
			name: "on listed dates", lines: []string{berlin, "RDATE;TZID=Europe/Berlin:20260401T100000"},
			google: "20260312T100000/20260312T100000 Europe/Berlin", outlook: "2026-03-12T09:00:00Z 2026-03-12T09:00:00Z", yahoo: "20260312T090000Z 20260312T090000Z", firstOnly: "GOOY",
		},
		{
			name: "one date of a series", lines: []string{berlin, "RECURRENCE-ID;TZID=Europe/Berlin:20260312T100000"},
			google: "20260312T100000/20260312T100000 Europe/Berlin", outlook: "2026-03-12T09:00:00Z 2026-03-12T09:00:00Z", yahoo: "20260312T090000Z 20260312T090000Z",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			e, ok := Of(calendar(t, append(test.lines, "SUMMARY:Tea"), test.more...))
			if !ok {
				t.Fatal("no event")
			}
			links := e.Links()
			firstOnly := ""
			for _, link := range links {
				if link.FirstOnly {
					firstOnly += link.Name[:1]
				}
			}
			if firstOnly != test.firstOnly {
				t.Errorf("the first date only: %q, want %q", firstOnly, test.firstOnly)
			}
			for i, want := range []struct {
				values string
				names  []string
			}{
				{test.google, []string{"dates", "ctz", "recur"}}, {test.outlook, []string{"startdt", "enddt", "allday"}},
				{test.outlook, []string{"startdt", "enddt", "allday"}}, {test.yahoo, []string{"st", "et", "dur"}},
			} {
				u, err := url.Parse(links[i].URL)
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for _, name := range want.names {
					if value := u.Query().Get(name); value != "" {
						got = append(got, value)
					}
				}
				if text := strings.Join(got, " "); text != want.values {
					t.Errorf("%s says %s, want %s", links[i].Name, text, want.values)
				}
			}
		})
	}
}

// Whole links, as they stand on a page; what is in the texts never becomes a parameter.
func TestWholeLinks(t *testing.T) {
	e, ok := Of(calendar(t, []string{"DTSTART:20260312T090000Z", "DTEND:20260312T100000Z", `SUMMARY:Tea & cake\, 100%`, `LOCATION:Café\nLondon`, `DESCRIPTION:Bring a+b\nhttps://example.com/?a=b#c`}))
	if !ok {
		t.Fatal("no event")
	}
	var got []string
	for _, link := range e.Links() {
		got = append(got, link.Name+" "+link.URL)
	}
	const title, where, details = "Tea%20%26%20cake%2C%20100%25", "Caf%C3%A9%20London", "Bring%20a%2Bb%0Ahttps%3A%2F%2Fexample.com%2F%3Fa%3Db%23c"
	outlook := "/calendar/0/deeplink/compose?path=%2Fcalendar%2Faction%2Fcompose&rru=addevent&subject=" + title + "&startdt=2026-03-12T09%3A00%3A00Z&enddt=2026-03-12T10%3A00%3A00Z&body=" + details + "&location=" + where
	want := []string{
		"Google Calendar https://calendar.google.com/calendar/render?action=TEMPLATE&text=" + title + "&dates=20260312T090000Z%2F20260312T100000Z&details=" + details + "&location=" + where,
		"Outlook.com https://outlook.live.com" + outlook,
		"Office 365 https://outlook.office.com" + outlook,
		"Yahoo https://calendar.yahoo.com/?v=60&title=" + title + "&st=20260312T090000Z&et=20260312T100000Z&desc=" + details + "&in_loc=" + where,
	}
	if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Long texts are cut, markup is no text, and an event without a title has one.
func TestTexts(t *testing.T) {
	long := strings.Repeat("ä", 5000)
	e, _ := Of(calendar(t, []string{"DTSTART:20260312T090000Z", "SUMMARY:" + long, "LOCATION:" + long, "DESCRIPTION:" + long}))
	for _, link := range e.Links() {
		if len(link.URL) > 8000 {
			t.Errorf("the link to %s has %d octets", link.Name, len(link.URL))
		}
	}
	e, _ = Of(calendar(t, []string{"DTSTART:20260312T090000Z", `DESCRIPTION:<p>Bring <b>cake</b></p><p>and tea</p>`}))
	if e.Title != "(no title)" || strings.ContainsAny(e.Details, "<>") || !strings.Contains(e.Details, "Bring cake") {
		t.Errorf("%+v", e)
	}
}

func TestNothingToAdd(t *testing.T) {
	for name, lines := range map[string][]string{"no start": {"SUMMARY:Tea"}, "no date": {"DTSTART:tomorrow"}} {
		if e, ok := Of(calendar(t, lines)); ok {
			t.Errorf("%s: %+v", name, e)
		}
	}
	empty, err := ical.Read([]byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"), ical.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if e, ok := Of(empty); ok {
		t.Errorf("%+v", e)
	}
}

// No event makes a link that leads elsewhere or that has a parameter more than once.
func FuzzLinks(f *testing.F) {
	f.Add("Tea & cake", "DTSTART:20260312T090000Z", "RRULE:FREQ=WEEKLY;X=&text=evil")
	f.Add("=#?&", "DTSTART;TZID=Europe/Berlin:20260312T100000", "DTEND;TZID=Asia/Tokyo:20260313T010000")
	f.Add("", "DTSTART;VALUE=DATE:00010101", "DTEND;VALUE=DATE:99991231")
	f.Fuzz(func(t *testing.T, summary, start, more string) {
		text := "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n" + start + "\r\n" + more + "\r\nSUMMARY:" + ical.EscapeText(summary) + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
		read, err := ical.Read([]byte(text), ical.Limits{})
		if err != nil {
			return
		}
		e, ok := Of(read)
		if !ok {
			return
		}
		hosts := map[string]bool{"calendar.google.com": true, "outlook.live.com": true, "outlook.office.com": true, "calendar.yahoo.com": true}
		for _, link := range e.Links() {
			u, err := url.Parse(link.URL)
			if err != nil || u.Scheme != "https" || !hosts[u.Host] || u.Fragment != "" {
				t.Fatalf("%q: %v", link.URL, err)
			}
			values, err := url.ParseQuery(u.RawQuery)
			if err != nil {
				t.Fatal(err)
			}
			for name, all := range values {
				if len(all) != 1 {
					t.Errorf("%s has %d times %s", link.Name, len(all), name)
				}
			}
		}
	})
}
