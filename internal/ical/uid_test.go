package ical_test

import (
	"encoding/hex"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
)

func TestUIDKey(t *testing.T) {
	const series = "040000008200E00074C5B7101A82E00800000000B0549C15F06DC1010000000000000000100000008BF784046BEC174CA6706A51BE3E8B33"
	const instance = "040000008200E00074C5B7101A82E00807D1060CB0549C15F06DC1010000000000000000100000008BF784046BEC174CA6706A51BE3E8B33"
	wrapped := "040000008200E00074C5B7101A82E008" + "00000000" + "0000000000000000" + "0000000000000000" + "1a000000" +
		hex.EncodeToString([]byte("vCal-Uid\x01\x00\x00\x00Abc@example.org\x00"))
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{"Abc@example.org", "abc@EXAMPLE.org", true},
		{"abc", "abd", false},
		{series, instance, true},
		{series[:75] + " " + series[75:], instance, true}, // a fold with a space too many
		{series, series[:len(series)-2] + "34", false},
		{wrapped, "abc@example.org", true},
		{series[:50], series[:50], true},
		{series[:50], series, false},
		{"", "", true},
	} {
		if got := ical.UIDKey(test.a) == ical.UIDKey(test.b); got != test.want {
			t.Errorf("%q and %q: %v", test.a, test.b, got)
		}
	}
}
