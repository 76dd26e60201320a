package ical_test

import (
	"testing"
	"time"

	"github.com/teambition/rrule-go"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
)

func TestInstances(t *testing.T) {
	start := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for rule, want := range map[string]int{
		"FREQ=WEEKLY;COUNT=5":                              5,
		"FREQ=DAILY;UNTIL=20260304T090000Z":                3,
		"FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=2;COUNT=2":     0, // never
		"FREQ=WEEKLY;COUNT=101":                            -1,
		"FREQ=MONTHLY;BYDAY=10FR;BYSETPOS=01;COUNT=1":      -1, // panics inside rrule-go
		"FREQ=DAILY;INTERVAL=2000000000;COUNT=2":           -1,
		"FREQ=SECONDLY;COUNT=3":                            -1,
		"FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10;COUNT=3": -1,
	} {
		option, err := rrule.StrToROption(rule)
		if err != nil {
			t.Fatal(rule, err)
		}
		option.Dtstart = start
		if option.Until.IsZero() {
			option.Until = start.AddDate(20, 0, 0)
		}
		starts, ok := ical.Instances(*option, 100)
		if got := len(starts); ok != (want >= 0) || ok && got != want {
			t.Errorf("%s: %d starts, %t; want %d", rule, got, ok, want)
		}
	}
}
