package asl

import (
	"strings"
	"time"
)

// parseTimestamp reads a timestamp of the states language: RFC 3339 with an upper-case T, and an upper-case Z
// where there is no numeric offset.
// https://states-language.net/#timestamps
func parseTimestamp(s string) (time.Time, bool) {
	if len(s) < len("2006-01-02T15:04:05Z") || s[10] != 'T' || strings.ContainsAny(s, "z,") {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	return t, err == nil
}

// formatTimestamp writes a time as the context object does: UTC, milliseconds.
func formatTimestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
