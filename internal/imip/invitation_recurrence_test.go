package imip

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/teambition/rrule-go"
	"pgregory.net/rapid"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
)

// A recurrence that is rewritten for Outlook has the same instances, and Outlook takes it.
func TestRewrittenSeriesIsTheSame(t *testing.T) {
	rewritten := 0
	rapid.Check(t, func(t *rapid.T) {
		start := time.Date(2026, time.Month(rapid.IntRange(1, 12).Draw(t, "month")), rapid.IntRange(1, 28).Draw(t, "day"), 9, 0, 0, 0, time.UTC)
		rule := drawRule(t)
		extra := rapid.SliceOfN(rapid.IntRange(1, 60), 0, 4).Draw(t, "extra days")
		lines := "DTSTART:" + moment(start) + "\r\n"
		if rule != "" {
			lines += "RRULE:" + rule + "\r\n"
		}
		for _, days := range extra {
			lines += "RDATE:" + moment(start.AddDate(0, 0, days)) + "\r\n"
		}
		calendar, err := ical.Read([]byte("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:x\r\n"+lines+"END:VEVENT\r\nEND:VCALENDAR\r\n"), ical.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		main, _ := calendar.Main()
		at, _ := main.Start()
		sent := seriesOf(main, at)
		if len(sent.rules) == 1 && sent.rules[0] == rule {
			return
		}
		if len(sent.rules) == 0 && rule == "" {
			return // nothing to rewrite, or it was too much
		}
		rewritten++
		if !sent.outlookTakes() || len(sent.dates) > 0 {
			t.Fatalf("Outlook does not take %+v", sent)
		}
		var wanted []time.Time
		if rule != "" {
			wanted = expand(t, rule, start)
		}
		for _, days := range append(extra, 0) {
			wanted = append(wanted, start.AddDate(0, 0, days))
		}
		slices.SortFunc(wanted, time.Time.Compare)
		wanted = slices.Compact(wanted)
		got := slices.DeleteFunc(expand(t, sent.rules[0], start), func(at time.Time) bool {
			return slices.ContainsFunc(sent.exceptions, func(exception ical.Time) bool { return exception.At.Equal(at) })
		})
		if !slices.EqualFunc(got, wanted, time.Time.Equal) {
			t.Fatalf("%s with %v became %+v:\n%v\nwant\n%v", rule, extra, sent, got, wanted)
		}
	})
	if rewritten == 0 {
		t.Error("nothing was rewritten")
	}
}

// drawRule draws a rule that ends, or none.
func drawRule(t *rapid.T) string {
	days := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"1MO", "3MO", "2TU", "-1FR", "4TH"}), 1, 3, func(s string) string { return s }).Draw(t, "days")
	numbers := rapid.SliceOfNDistinct(rapid.IntRange(1, 28), 2, 4, func(n int) int { return n }).Draw(t, "days of month")
	count := rapid.IntRange(2, 12).Draw(t, "count")
	switch rapid.IntRange(0, 3).Draw(t, "kind") {
	case 0:
		return fmt.Sprintf("FREQ=MONTHLY;BYDAY=%s;COUNT=%d", strings.Join(days, ","), count)
	case 1:
		return fmt.Sprintf("FREQ=MONTHLY;BYMONTHDAY=%s;COUNT=%d", strings.Trim(strings.ReplaceAll(fmt.Sprint(numbers), " ", ","), "[]"), count)
	case 2:
		return fmt.Sprintf("FREQ=MONTHLY;BYDAY=%s;UNTIL=20270131T235959Z", strings.Join(days, ","))
	}
	return ""
}

func expand(t *rapid.T, rule string, start time.Time) []time.Time {
	options, err := rrule.StrToROption(rule)
	if err != nil {
		t.Fatal(err)
	}
	options.Dtstart = start
	r, err := rrule.NewRRule(*options)
	if err != nil {
		t.Fatal(err)
	}
	return r.All()
}
