package when

import (
	"testing"
	"time"
	_ "time/tzdata" // the test must not depend on the machine's zone files
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func TestSpanString(t *testing.T) {
	berlin, dubai, kolkata, newYork := zone(t, "Europe/Berlin"), zone(t, "Asia/Dubai"), zone(t, "Asia/Kolkata"), zone(t, "America/New_York")
	at := func(loc *time.Location, month time.Month, day, hour, minute int) time.Time {
		return time.Date(2026, month, day, hour, minute, 0, 0, loc)
	}
	day := func(year int, month time.Month, day int) time.Time {
		return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	}
	tests := []struct {
		name string
		span Span
		want string
	}{
		{"unknown", Span{}, ""},
		{"an hour", Span{Start: at(berlin, 3, 12, 10, 0), End: at(berlin, 3, 12, 11, 0)}, "Thursday, 12 March 2026, 10:00 – 11:00 CET (Europe/Berlin)"},
		{"no end", Span{Start: at(berlin, 7, 1, 9, 5)}, "Wednesday, 1 July 2026, 09:05 CEST (Europe/Berlin)"},
		{"over midnight", Span{Start: at(newYork, 3, 12, 22, 0), End: at(newYork, 3, 13, 2, 0)}, "Thursday, 12 March 2026, 22:00 – Friday, 13 March 2026, 02:00 EDT (America/New York)"},
		{"over a clock change", Span{Start: at(berlin, 3, 29, 1, 0), End: at(berlin, 3, 29, 4, 0)}, "Sunday, 29 March 2026, 01:00 CET – 04:00 CEST (Europe/Berlin)"},
		{"zone without letters", Span{Start: at(dubai, 3, 12, 10, 0)}, "Thursday, 12 March 2026, 10:00 UTC+4 (Asia/Dubai)"},
		{"half-hour zone with letters", Span{Start: at(kolkata, 3, 12, 10, 0)}, "Thursday, 12 March 2026, 10:00 IST (Asia/Kolkata)"},
		{"nameless fixed zone", Span{Start: at(time.FixedZone("", -34200), 3, 12, 10, 0)}, "Thursday, 12 March 2026, 10:00 UTC−9:30"},
		{"utc", Span{Start: at(time.UTC, 3, 12, 10, 0), End: at(time.UTC, 3, 12, 10, 30)}, "Thursday, 12 March 2026, 10:00 – 10:30 UTC"},
		{"floating", Span{Start: at(time.UTC, 3, 12, 10, 0), End: at(time.UTC, 3, 12, 10, 30), Floating: true}, "Thursday, 12 March 2026, 10:00 – 10:30"},
		{"one day", Span{Start: day(2026, 3, 12), End: day(2026, 3, 13), AllDay: true}, "Thursday, 12 March 2026, all day"},
		{"one day without end", Span{Start: day(2026, 3, 12), AllDay: true}, "Thursday, 12 March 2026, all day"},
		{"three days", Span{Start: day(2026, 3, 12), End: day(2026, 3, 15), AllDay: true}, "Thursday, 12 March – Saturday, 14 March 2026, all day"},
		{"over new year", Span{Start: day(2026, 12, 31), End: day(2027, 1, 2), AllDay: true}, "Thursday, 31 December 2026 – Friday, 1 January 2027, all day"},
		{"repeating", Span{Start: at(time.UTC, 3, 12, 10, 0), Rule: "FREQ=WEEKLY"}, "Thursday, 12 March 2026, 10:00 UTC, every week"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := test.span.String(); got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

func TestNew(t *testing.T) {
	tests := []struct {
		name       string
		start, end int64
		allDay     bool
		tzid, want string
	}{
		{"record", 1773306000, 1773309600, false, "Europe/Berlin", "Thursday, 12 March 2026, 10:00 – 11:00 CET (Europe/Berlin)"},
		{"Windows zone", 1773306000, 1773309600, false, "W. Europe Standard Time", "Thursday, 12 March 2026, 10:00 – 11:00 CET (Europe/Berlin)"},
		{"floating", 1773306000, 1773309600, false, "floating", "Thursday, 12 March 2026, 09:00 – 10:00"},
		{"unknown zone is UTC", 1773306000, 1773309600, false, "Middle Earth", "Thursday, 12 March 2026, 09:00 – 10:00 UTC"},
		{"the machine's zone is never used", 1773306000, 0, false, "Local", "Thursday, 12 March 2026, 09:00 UTC"},
		{"a date has no zone", 1773273600, 1773360000, true, "America/New_York", "Thursday, 12 March 2026, all day"},
		{"nothing", 0, 0, false, "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := New(test.start, test.end, test.allDay, test.tzid, "").String(); got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

func TestRepeats(t *testing.T) {
	tests := []struct{ rule, want string }{
		{"", ""},
		{"FREQ=DAILY", "every day"},
		{"FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH;COUNT=10", "every 2 weeks on Tuesday and Thursday, 10 times"},
		{"freq=weekly;byday=mo,we,fr;wkst=su", "every week on Monday, Wednesday and Friday"},
		{"FREQ=MONTHLY;UNTIL=20261231T235959Z", "every month, until 31 December 2026"},
		{"FREQ=WEEKLY;COUNT=1", ""},
		{"FREQ=MONTHLY;BYDAY=2TU", "repeats"},
		{"FREQ=MONTHLY;BYDAY=TU", "repeats"},
		{"FREQ=YEARLY;BYMONTH=3", "repeats"},
		{"FREQ=WEEKLY;INTERVAL=0", "repeats"},
		{"FREQ=WEEKLY;UNTIL=soon", "repeats"},
		{"FREQ=HOURLY", "repeats"},
		{"nonsense", "repeats"},
	}
	for _, test := range tests {
		if got := Repeats(test.rule); got != test.want {
			t.Errorf("Repeats(%q) = %q, want %q", test.rule, got, test.want)
		}
	}
}
