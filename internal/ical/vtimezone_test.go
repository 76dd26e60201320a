package ical_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
)

// TestEmbeddedZone: RFC 5545 §3.6.5, one case for each way to say when an observance begins.
func TestEmbeddedZone(t *testing.T) {
	observance := func(kind, start, from, to string, more ...string) string {
		return fmt.Sprintf("BEGIN:%s\r\nDTSTART:%s\r\nTZOFFSETFROM:%s\r\nTZOFFSETTO:%s\r\n%sEND:%s\r\n", kind, start, from, to, strings.Join(append(more, ""), "\r\n"), kind)
	}
	eastern := observance("DAYLIGHT", "20070311T020000", "-0500", "-0400", "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU") +
		observance("STANDARD", "20071104T020000", "-0400", "-0500", "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU")
	for _, test := range []struct {
		name, tzid, zone, value, at string
		source                      ical.ZoneSource
	}{
		{"rules, winter", "Eastern", eastern, "20200115T120000", "2020-01-15T17:00:00Z", "vtimezone"},
		{"rules, summer", "Eastern", eastern, "20200715T120000", "2020-07-15T16:00:00Z", "vtimezone"},
		{"rules, turn of the year", "Eastern", eastern, "20200101T000000", "2020-01-01T05:00:00Z", "vtimezone"},
		{"rules, before the change", "Eastern", eastern, "20200308T015959", "2020-03-08T06:59:59Z", "vtimezone"},
		{"rules, skipped", "Eastern", eastern, "20200308T023000", "2020-03-08T07:30:00Z", "vtimezone"},
		{"rules, after the change", "Eastern", eastern, "20200308T030000", "2020-03-08T07:00:00Z", "vtimezone"},
		{"rules, twice", "Eastern", eastern, "20201101T013000", "2020-11-01T05:30:00Z", "vtimezone"},
		{"rules, after the second change", "Eastern", eastern, "20201101T020000", "2020-11-01T07:00:00Z", "vtimezone"},
		{"before all onsets", "Eastern", eastern, "20060715T120000", "2006-07-15T17:00:00Z", "vtimezone"},
		{"name in another case, quoted", "EASTERN", eastern, "20200115T120000", "2020-01-15T17:00:00Z", "vtimezone"},
		{"the calendar's zone wins over Windows", "W. Europe Standard Time", eastern, "20200115T120000", "2020-01-15T17:00:00Z", "vtimezone"},
		{"one constant offset", "X", observance("STANDARD", "16010101T000000", "+0530", "+0530"), "20200715T120000", "2020-07-15T06:30:00Z", "vtimezone"},
		{"offset with seconds", "X", observance("STANDARD", "18800101T000000", "+001730", "+001730"), "18900101T120000", "1890-01-01T11:42:30Z", "vtimezone"},
		{"no TZOFFSETFROM", "X", "BEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETTO:+0300\r\nEND:STANDARD\r\n", "20200715T120000", "2020-07-15T09:00:00Z", "vtimezone"},
		{"RDATE", "X", observance("STANDARD", "20000101T000000", "+0200", "+0100", "RDATE:20010101T000000,20030101T000000") +
			observance("DAYLIGHT", "20000601T000000", "+0100", "+0200", "RDATE:20020601T000000"), "20020801T120000", "2002-08-01T10:00:00Z", "vtimezone"},
		{"RDATE, later", "X", observance("STANDARD", "20000101T000000", "+0200", "+0100", "RDATE:20010101T000000,20030101T000000") +
			observance("DAYLIGHT", "20000601T000000", "+0100", "+0200", "RDATE:20020601T000000"), "20040801T120000", "2004-08-01T11:00:00Z", "vtimezone"},
		{"UNTIL in UTC", "X", observance("DAYLIGHT", "20000326T020000", "+0100", "+0200", "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU;UNTIL=20050327T010000Z") +
			observance("STANDARD", "20001029T030000", "+0200", "+0100", "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU;UNTIL=20051030T010000Z"), "20050801T120000", "2005-08-01T10:00:00Z", "vtimezone"},
		{"after UNTIL", "X", observance("DAYLIGHT", "20000326T020000", "+0100", "+0200", "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU;UNTIL=20050327T010000Z") +
			observance("STANDARD", "20001029T030000", "+0200", "+0100", "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU;UNTIL=20051030T010000Z"), "20200801T120000", "2020-08-01T11:00:00Z", "vtimezone"},
		{"COUNT", "X", observance("DAYLIGHT", "20000326T020000", "+0100", "+0200", "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU;COUNT=2") +
			observance("STANDARD", "20001029T030000", "+0200", "+0100", "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU;COUNT=2"), "20020801T120000", "2002-08-01T11:00:00Z", "vtimezone"},
		{"INTERVAL", "X", observance("DAYLIGHT", "20000601T000000", "+0100", "+0200", "RRULE:FREQ=YEARLY;INTERVAL=2;BYMONTH=6;BYMONTHDAY=1") +
			observance("STANDARD", "20010601T000000", "+0200", "+0100", "RRULE:FREQ=YEARLY;INTERVAL=2;BYMONTH=6;BYMONTHDAY=1"), "20210801T120000", "2021-08-01T11:00:00Z", "vtimezone"},
		{"weekday on or after a date", "X", observance("DAYLIGHT", "19760425T020000", "-0500", "-0400", "RRULE:FREQ=YEARLY;BYMONTH=4;BYDAY=SU;BYMONTHDAY=24,25,26,27,28,29,30") +
			observance("STANDARD", "19761031T020000", "-0400", "-0500", "RRULE:FREQ=YEARLY;BYMONTH=10;BYMONTHDAY=-1"), "19800427T030000", "1980-04-27T07:00:00Z", "vtimezone"},
		{"nth weekday of the year", "X", observance("STANDARD", "20000102T000000", "+0100", "+0200", "RRULE:FREQ=YEARLY;BYDAY=1SU") +
			observance("DAYLIGHT", "20001231T000000", "+0200", "+0100", "RRULE:FREQ=YEARLY;BYDAY=-1SU"), "20200601T120000", "2020-06-01T10:00:00Z", "vtimezone"},
		{"Exchange: DTSTART in 1601 that the rule does not hit", "X", observance("STANDARD", "16010101T020000", "-0700", "-0800", "RRULE:FREQ=YEARLY;WKST=MO;INTERVAL=1;BYMONTH=10;BYDAY=-1SU") +
			observance("DAYLIGHT", "16010101T020000", "-0800", "-0700", "RRULE:FREQ=YEARLY;WKST=MO;INTERVAL=1;BYMONTH=4;BYDAY=1SU"), "20050519T170000", "2005-05-20T00:00:00Z", "vtimezone"},
		{"offsets of three digits, as WebEx wrote", "X", observance("STANDARD", "20000101T000000", "-700", "-800"), "20200115T120000", "2020-01-15T20:00:00Z", "vtimezone"},
		{"contradicts itself: the name wins", "Europe/Berlin", observance("DAYLIGHT", "20111121T121448", "+0100", "+0200") +
			observance("STANDARD", "20111121T121448", "+0200", "+0100"), "20111121T130000", "2011-11-21T12:00:00Z", "iana"},
		{"no observance: the name wins", "Europe/Berlin", "", "20200115T120000", "2020-01-15T11:00:00Z", "iana"},
		{"unreadable observances: the name wins", "Europe/Berlin", observance("STANDARD", "x", "+0100", "+0100") + observance("STANDARD", "19700101T000000", "y", "z"), "20200115T120000", "2020-01-15T11:00:00Z", "iana"},
		{"a rule of another kind is left out", "X", observance("STANDARD", "20000101T000000", "+0100", "+0100", "RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=31"), "20200115T120000", "2020-01-15T11:00:00Z", "vtimezone"},
		{"a rule that never hits", "X", observance("STANDARD", "20000101T000000", "+0100", "+0100", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31") +
			observance("DAYLIGHT", "20000601T000000", "+0100", "+0200"), "20200115T120000", "2020-01-15T10:00:00Z", "vtimezone"},
	} {
		calendar := mustRead(t, "BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nTZID:"+strings.Replace(test.tzid, "EASTERN", `"Eastern"`, 1)+"\r\n"+test.zone+"END:VTIMEZONE\r\n"+
			"BEGIN:VEVENT\r\nDTSTART;TZID="+test.tzid+":"+test.value+"\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
		event, _ := calendar.Main()
		got, _ := event.Start()
		if got.At.Format(time.RFC3339) != test.at || got.Source != test.source {
			t.Errorf("%s: got %s by %s, want %s by %s", test.name, got.At.Format(time.RFC3339), got.Source, test.at, test.source)
		}
	}
}

// A TZID is escaped as a property, and is not as a parameter; some escape both.
func TestEscapedZone(t *testing.T) {
	for _, parameter := range []string{`"Chennai, Kolkata; Office"`, `"Chennai\, Kolkata\; Office"`} {
		calendar := mustRead(t, "BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nTZID:Chennai\\, Kolkata\\; Office\r\nBEGIN:STANDARD\r\nDTSTART:16010101T000000\r\nTZOFFSETFROM:+0530\r\n"+
			"TZOFFSETTO:+0530\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\nDTSTART;TZID="+parameter+":20200715T120000\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
		event, _ := calendar.Main()
		if got, _ := event.Start(); got.Source != ical.ZoneVTimezone || got.At.Format(time.RFC3339) != "2020-07-15T06:30:00Z" {
			t.Errorf("%s: %s by %s", parameter, got.At.Format(time.RFC3339), got.Source)
		}
	}
}

func TestDisputedZone(t *testing.T) {
	calendar := mustRead(t, "BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"+
		"BEGIN:VEVENT\r\nDTSTART;TZID=Europe/Berlin:20200715T120000\r\nDURATION:PT1H\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
	event, _ := calendar.Main()
	for _, read := range []func() (ical.Time, bool){event.Start, event.End} {
		got, _ := read()
		if got.Disputed == nil || got.At.Sub(*got.Disputed) != time.Hour {
			t.Errorf("%s: got %v, disputed by %v", got.Value, got.At, got.Disputed)
		}
	}
}

// TestManyOnsets: a VTIMEZONE made to be slow is not.
func TestManyOnsets(t *testing.T) {
	var b strings.Builder
	b.WriteString("BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nTZID:X\r\n")
	for i := range 3000 {
		fmt.Fprintf(&b, "BEGIN:STANDARD\r\nDTSTART:%04d0101T000000\r\nTZOFFSETTO:+0100\r\nRRULE:FREQ=YEARLY;BYMONTH=1,2;BYDAY=SU,MO,TU,WE,TH,FR,SA;BYMONTHDAY=1,2,3,4,5,6,7\r\nEND:STANDARD\r\n", 1+i%1900)
	}
	b.WriteString("END:VTIMEZONE\r\nBEGIN:VEVENT\r\nEXDATE;TZID=X:" + strings.Repeat("20200101T000000,", 2000) + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
	calendar := mustRead(t, b.String())
	event, _ := calendar.Main()
	start := time.Now()
	if got := event.Dates("EXDATE"); len(got) != 2000 {
		t.Fatalf("%d dates", len(got))
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("took %v", took)
	}
}

// TestWindowsZones: every entry of the generated tables leads to a zone of the tz database.
func TestWindowsZones(t *testing.T) {
	for _, name := range []string{"AUS Eastern Standard Time", "Dateline Standard Time", "FLE Standard Time", "Greenwich Standard Time", "Romance Standard Time", "UTC", "UTC+12", "Yukon Standard Time"} {
		if loc, _ := ical.Location(name); loc == nil {
			t.Errorf("%s: unknown", name)
		}
	}
	for _, name := range []string{"", "Standard Time", "Eastern", "(UTC+01:00)", "(UTC+01:00) ", "(UTC+99:00) Berlin", "()", "(UTC", "Berlin Standard Time"} {
		if loc, source := ical.Location(name); loc != nil {
			t.Errorf("%q: %v by %s", name, loc, source)
		}
	}
}
