package itip

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
)

// instances is a calendar with n instances of a series, without the series.
func instances(t *testing.T, method string, n int) *ical.Calendar {
	t.Helper()
	var b strings.Builder
	b.WriteString("BEGIN:VCALENDAR\r\nMETHOD:" + method + "\r\n")
	day := time.Date(2026, 4, 1, 9, 0, 0, 0, time.UTC)
	for i := range n {
		at := day.AddDate(0, 0, i).Format("20060102T150405Z")
		fmt.Fprintf(&b, "BEGIN:VEVENT\r\nUID:1\r\nSEQUENCE:2\r\nRECURRENCE-ID:%s\r\nDTSTART:%s\r\nSUMMARY:%d\r\nEND:VEVENT\r\n", at, at, i)
	}
	c, err := ical.Read([]byte(b.String()+"END:VCALENDAR\r\n"), ical.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A mail may hold thousands of instances: the time must stay in proportion.
func TestManyInstances(t *testing.T) {
	const n = 2500
	series := event(t, "DTSTART:20260401T090000Z", "RRULE:FREQ=DAILY", "SUMMARY:A")
	begin := time.Now()
	update, _ := MergeInstances(series, instances(t, "REQUEST", n))
	if len(update.Changed) != n || len(update.Moved) != 0 {
		t.Fatalf("changed %d, moved %d", len(update.Changed), len(update.Moved))
	}
	cancellation, _ := CancelInstances(update.Calendar, instances(t, "CANCEL", n))
	if len(cancellation.Cancelled) != n {
		t.Fatalf("cancelled %d", len(cancellation.Cancelled))
	}
	back, _ := MergeInstances(cancellation.Calendar, instances(t, "REQUEST", n))
	if len(back.Moved) != n {
		t.Fatalf("back %d", len(back.Moved))
	}
	if d := Compare(update.Calendar, back.Calendar); d.Change != Nothing {
		t.Errorf("not as before: %v", d.Fields)
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
}

func TestMergeLeavesStoredAlone(t *testing.T) {
	series := event(t, "DTSTART:20260401T090000Z", "RRULE:FREQ=DAILY", "EXDATE:20260402T090000Z", "SUMMARY:A")
	before, err := ical.Write(series.Component)
	if err != nil {
		t.Fatal(err)
	}
	MergeInstances(series, instances(t, "REQUEST", 3))
	CancelInstances(series, instances(t, "CANCEL", 3))
	after, err := ical.Write(series.Component)
	if err != nil || string(before) != string(after) {
		t.Errorf("the stored calendar changed:\n%s", after)
	}
}

// Both calendars are what strangers sent: nothing in them may end the process, and what comes out must be a calendar.
func FuzzMerge(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.txt")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		all := messages(string(text))
		for i := range all[1:] {
			f.Add(all[0].text, all[i+1].text)
		}
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		stored, err := ical.Read([]byte(first), ical.Limits{})
		if err != nil {
			return
		}
		arrived, err := ical.Read([]byte(second), ical.Limits{})
		if err != nil {
			return
		}
		if _, ok := stored.Main(); !ok {
			return
		}
		if _, ok := arrived.Main(); !ok {
			return
		}
		if d := Compare(stored, stored); d.Change != Nothing {
			t.Errorf("differs from itself: %v", d.Fields)
		}
		Compare(stored, KeepInstances(stored, arrived))
		update, _ := MergeInstances(stored, arrived)
		cancellation, _ := CancelInstances(update.Calendar, arrived)
		if _, err := ical.Write(cancellation.Calendar.Component); err != nil {
			t.Errorf("cannot be written: %v", err)
		}
	})
}
