package ical

import (
	"sort"
	"testing"
)

// TestGeneratedTables: the tables are in order, and every zone in them exists.
func TestGeneratedTables(t *testing.T) {
	for name, table := range map[string][]zoneName{"windowsZones": windowsZones[:], "displayZones": displayZones[:]} {
		if !sort.SliceIsSorted(table, func(i, j int) bool { return table[i].key < table[j].key }) {
			t.Errorf("%s is not in order", name)
		}
		for _, zone := range table {
			if loadLocation(zone.iana) == nil {
				t.Errorf("%s: %s: no zone %s", name, zone.key, zone.iana)
			}
		}
	}
	if len(windowsZones) < 130 {
		t.Errorf("only %d Windows zones", len(windowsZones))
	}
}
