package when

import (
	"testing"
	"time"
)

func TestShortAndMove(t *testing.T) {
	berlin, dubai := zone(t, "Europe/Berlin"), zone(t, "Asia/Dubai")
	at := func(loc *time.Location, month time.Month, day, hour, minute int) time.Time {
		return time.Date(2026, month, day, hour, minute, 0, 0, loc)
	}
	hour := func(start time.Time) Span { return Span{Start: start, End: start.Add(time.Hour)} }
	day := func(month time.Month, day, days int) Span {
		return Span{Start: at(time.UTC, month, day, 0, 0), End: at(time.UTC, month, day+days, 0, 0), AllDay: true}
	}
	floating := Span{Start: at(time.UTC, 3, 12, 10, 0), End: at(time.UTC, 3, 12, 11, 0), Floating: true}
	ten := hour(at(berlin, 3, 12, 10, 0))
	for _, test := range []struct {
		name     string
		from, to Span
		want     string
	}{
		{"the same day", ten, hour(at(berlin, 3, 12, 14, 0)), "Thu 12 Mar 2026, 10:00–11:00 CET → 14:00–15:00 CET"},
		{"another day", ten, hour(at(berlin, 3, 13, 14, 0)), "Thu 12 Mar 2026, 10:00–11:00 CET → Fri 13 Mar 2026, 14:00–15:00 CET"},
		{"proposed in UTC", ten, hour(at(time.UTC, 3, 12, 13, 0)), "Thu 12 Mar 2026, 10:00–11:00 CET → 14:00–15:00 CET"},
		{"proposed elsewhere, without an end", ten, Span{Start: at(dubai, 3, 12, 16, 30)}, "Thu 12 Mar 2026, 10:00–11:00 CET → 13:30 CET"},
		{"into summer", ten, hour(at(berlin, 4, 2, 10, 0)), "Thu 12 Mar 2026, 10:00–11:00 CET → Thu 2 Apr 2026, 10:00–11:00 CEST"},
		{"over a clock change", ten, Span{Start: at(berlin, 3, 29, 1, 0), End: at(berlin, 3, 29, 4, 0)}, "Thu 12 Mar 2026, 10:00–11:00 CET → Sun 29 Mar 2026, 01:00 CET–04:00 CEST"},
		{"over midnight", ten, Span{Start: at(berlin, 3, 12, 22, 0), End: at(berlin, 3, 13, 2, 0)}, "Thu 12 Mar 2026, 10:00–11:00 CET → Thu 12 Mar 2026, 22:00 – Fri 13 Mar 2026, 02:00 CET"},
		{"all day", day(3, 12, 1), day(3, 13, 2), "Thu 12 Mar 2026, all day → Fri 13 Mar 2026 – Sat 14 Mar 2026, all day"},
		{"to all day", ten, day(3, 12, 1), "Thu 12 Mar 2026, 10:00–11:00 CET → Thu 12 Mar 2026, all day"},
		{"floating", floating, Span{Start: floating.Start.Add(time.Hour), End: floating.End.Add(time.Hour), Floating: true}, "Thu 12 Mar 2026, 10:00–11:00 → 11:00–12:00"},
		{"the old time is unknown", Span{}, ten, "Thu 12 Mar 2026, 10:00–11:00 CET"},
		{"the new time is unknown", ten, Span{}, "Thu 12 Mar 2026, 10:00–11:00 CET"},
		{"nothing is known", Span{}, Span{}, ""},
	} {
		if got := Move(test.from, test.to); got != test.want {
			t.Errorf("%s:\n%s\nwant\n%s", test.name, got, test.want)
		}
	}
	if got := Day(ten.Start) + " " + ShortDay(ten.Start); got != "Thursday, 12 March 2026 Thu 12 Mar 2026" {
		t.Errorf("got %q", got)
	}
}
