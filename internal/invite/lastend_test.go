package invite

import (
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
)

func TestLastOfRule(t *testing.T) {
	start := ical.Time{Wall: time.Date(2026, 4, 1, 9, 0, 0, 0, time.UTC), At: time.Date(2026, 4, 1, 9, 0, 0, 0, time.UTC)}
	for _, test := range []struct {
		rule string
		last time.Time // without the slack for clock changes; zero = not known
	}{
		{"FREQ=DAILY;COUNT=3", time.Date(2026, 4, 3, 9, 0, 0, 0, time.UTC)},
		{"FREQ=WEEKLY;BYDAY=MO,WE;COUNT=3", time.Date(2026, 4, 8, 9, 0, 0, 0, time.UTC)},
		{"FREQ=YEARLY;COUNT=2", time.Date(2027, 4, 1, 9, 0, 0, 0, time.UTC)},
		{"FREQ=DAILY", time.Time{}},
		{"FREQ=DAILY;COUNT=1000000", time.Time{}},
		{"FREQ=SECONDLY;COUNT=5", time.Time{}},
		{"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=2", time.Time{}},
		{"FREQ=YEARLY;INTERVAL=9223372036854775807;COUNT=5", time.Time{}},
		{"FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11;COUNT=5", time.Time{}},
		{"nonsense", time.Time{}},
		{"", time.Time{}},
	} {
		got, known := lastOfRule(test.rule, start)
		if known != !test.last.IsZero() || known && (got < test.last.Unix() || got > test.last.Add(maxShift).Unix()) {
			t.Errorf("%q: %s %v, want %s", test.rule, time.Unix(got, 0).UTC(), known, test.last)
		}
	}
}

// Rules come from strangers' mails: none may take long or end the process.
func FuzzLastOfRule(f *testing.F) {
	for _, rule := range []string{"FREQ=DAILY;COUNT=3", "FREQ=MONTHLY;BYDAY=-1FR;BYSETPOS=-1;COUNT=10;WKST=SU", "FREQ=YEARLY;BYWEEKNO=53;BYEASTER=1;COUNT=9", "FREQ=WEEKLY;INTERVAL=-5;COUNT=2"} {
		f.Add(rule)
	}
	start := ical.Time{Wall: time.Date(2026, 4, 1, 9, 0, 0, 0, time.UTC), At: time.Date(2026, 4, 1, 9, 0, 0, 0, time.UTC)}
	f.Fuzz(func(t *testing.T, rule string) {
		begin := time.Now()
		lastOfRule(rule, start)
		if took := time.Since(begin); took > 2*time.Second {
			t.Errorf("%q took %s", rule, took)
		}
	})
}

func TestOver(t *testing.T) {
	now := time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)
	at := func(h int) int64 { return now.Add(time.Duration(h) * time.Hour).Unix() }
	for _, test := range []struct {
		name string
		e    Event
		over bool
	}{
		{"ended", Event{Ends: at(-1)}, true}, {"going on", Event{Ends: at(1)}, false}, {"without end", Event{}, false},
		{"a day that goes on elsewhere", Event{Ends: at(-11), AllDay: true}, false}, {"a day that is over everywhere", Event{Ends: at(-13), AllDay: true}, true},
	} {
		if test.e.Over(now) != test.over {
			t.Errorf("%s: %v", test.name, !test.over)
		}
	}
}
