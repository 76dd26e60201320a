package ical

import (
	"fmt"
	"testing"
	"time"
)

// A name that nobody knows is looked for once, and not without end: to fail takes long, and a calendar may have tens of thousands of dates.
func TestUnknownZones(t *testing.T) {
	zones := newZones(nil)
	resolve := func(tzid string) Time {
		at := Time{TZID: tzid, Wall: time.Date(2026, 4, 1, 9, 0, 0, 0, time.UTC)}
		zones.resolve(&at)
		return at
	}
	if at := resolve("Europe/Berlin"); at.Source != ZoneIANA {
		t.Errorf("%+v", at)
	}
	for range 1000 {
		resolve("Foo/Bar")
	}
	if zones.unknown != 1 {
		t.Errorf("%d names were looked for", zones.unknown)
	}
	for i := range 10 * maxUnknown {
		if at := resolve(fmt.Sprintf("Foo/Bar%d", i)); at.Source != ZoneUnresolved || !at.At.IsZero() {
			t.Errorf("%+v", at)
		}
	}
	if zones.unknown != maxUnknown {
		t.Errorf("%d names were looked for", zones.unknown)
	}
	if at := resolve("Europe/Berlin"); at.Source != ZoneIANA {
		t.Errorf("what is known stays so: %+v", at)
	}
}
