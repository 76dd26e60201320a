package ical

import (
	"sort"
	"strconv"
	"strings"
	"time"
)

//go:generate go run gen_windows_zones.go

// zoneName is an entry of the generated tables, which are in the order of key. A display key may occur more than once.
type zoneName struct{ key, iana string }

// windowsZone finds the IANA name for what Windows calls a zone: its key ("W. Europe Standard Time", also with a number that
// Outlook adds to a changed zone), or the display name that Exchange sends ("(UTC+01:00) Amsterdam, Berlin, ..."), whose
// offset must then be right. It is "" when there is none.
func windowsZone(tzid string) string {
	if len(tzid) > 200 {
		return ""
	}
	key := strings.ToLower(strings.Trim(tzid, " \t\"'"))
	switch key {
	case "tzone://microsoft/utc", "(utc) coordinated universal time": // Exchange Online's, and a display name that is in no table
		return "Etc/UTC"
	}
	if names := lookupZone(windowsZones[:], strings.TrimRight(key, " 0123456789")); len(names) == 1 {
		return names[0].iana
	}
	if names := lookupZone(windowsZones[:], key); len(names) == 1 { // utc+12
		return names[0].iana
	}
	offset, known, text := displayName(key)
	for _, part := range displayParts(text, known) {
		for _, name := range lookupZone(displayZones[:], part) {
			if !known || hasOffset(name.iana, offset) {
				return name.iana
			}
		}
	}
	return ""
}

// lookupZone lists the entries of a key.
func lookupZone(table []zoneName, key string) []zoneName {
	from := sort.Search(len(table), func(i int) bool { return table[i].key >= key })
	to := from
	for to < len(table) && table[to].key == key {
		to++
	}
	return table[from:to]
}

// displayName takes "(utc+01:00) text", also with GMT or a point, apart. Text is "" when the offset makes no sense.
func displayName(key string) (offset time.Duration, known bool, text string) {
	inner, text, ok := strings.Cut(strings.TrimPrefix(key, "("), ")")
	if !ok || key[0] != '(' || len(inner) < 3 || inner[:3] != "utc" && inner[:3] != "gmt" {
		return 0, false, key
	}
	text = strings.TrimSpace(text)
	inner = strings.TrimSpace(inner[3:])
	if inner == "" {
		return 0, true, text
	}
	hours, minutes, _ := strings.Cut(strings.ReplaceAll(inner[1:], ".", ":"), ":")
	h, errH := strconv.ParseUint(hours, 10, 8)
	m, errM := strconv.ParseUint("0"+minutes, 10, 8)
	if errH != nil || errM != nil || h > 14 || m > 59 {
		return 0, false, ""
	}
	offset = time.Duration(h)*time.Hour + time.Duration(m)*time.Minute
	switch inner[0] {
	case '-':
		return -offset, true, text
	case '+':
		return offset, true, text
	}
	return 0, false, ""
}

// displayParts lists what a display name may be known by: all of it, and, when its offset guards against a wrong guess, each
// of its places.
func displayParts(text string, guarded bool) []string {
	parts := []string{text}
	if guarded {
		for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == '/' || r == ';' }) {
			parts = append(parts, strings.TrimSpace(part))
		}
	}
	return parts
}

// hasOffset reports whether a zone's standard time has the offset in recent years. Display names never name summer time.
func hasOffset(iana string, offset time.Duration) bool {
	loc := loadLocation(iana)
	if loc == nil {
		return false
	}
	for _, month := range []time.Month{time.January, time.July} {
		at := time.Date(displayYear, month, 1, 0, 0, 0, 0, time.UTC).In(loc)
		if _, seconds := at.Zone(); time.Duration(seconds)*time.Second == offset {
			return true
		}
	}
	return false
}

// displayYear is the year by which display names are checked: offsets change rarely, and a fixed year gives fixed answers.
const displayYear = 2024
