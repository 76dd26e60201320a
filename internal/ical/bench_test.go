package ical_test

import (
	"bytes"
	"os"
	"testing"
	"time"

	goical "github.com/emersion/go-ical"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
)

// invitation is a calendar as Google sends it, of usual size.
func invitation(b *testing.B) []byte {
	b.Helper()
	text, err := os.ReadFile("testdata/google-request.ics")
	if err != nil {
		b.Fatal(err)
	}
	return text
}

// BenchmarkRead reads an invitation; BenchmarkReadGoIcal is go-ical's own decoder on the same bytes.
func BenchmarkRead(b *testing.B) {
	text := invitation(b)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ical.Read(text, ical.Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadGoIcal(b *testing.B) {
	text := invitation(b)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := goical.NewDecoder(bytes.NewReader(text)).Decode(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkModel reads an invitation and asks for everything that the server asks for.
func BenchmarkModel(b *testing.B) {
	text := invitation(b)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		calendar, err := ical.Read(text, ical.Limits{})
		if err != nil {
			b.Fatal(err)
		}
		event, ok := calendar.Main()
		start, _ := event.Start()
		end, _ := event.End()
		organizer, _ := event.Organizer()
		if !ok || start.Source != ical.ZoneVTimezone || !end.At.After(start.At) || organizer.Email == "" || len(event.Attendees()) == 0 || event.Summary() == "" || event.Description() == "" {
			b.Fatal("not the invitation")
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	calendar, err := ical.Read(invitation(b), ical.Limits{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ical.Write(calendar.Component); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendProp(b *testing.B) {
	p := goical.Prop{Name: "ATTENDEE", Value: "mailto:someone.with.a.long.name@example.org", Params: goical.Params{
		"CUTYPE": {"INDIVIDUAL"}, "ROLE": {"REQ-PARTICIPANT"}, "PARTSTAT": {"NEEDS-ACTION"}, "RSVP": {"TRUE"}, "CN": {"Someone, With a Long Name"}, "X-NUM-GUESTS": {"0"},
	}}
	var line []byte
	b.ReportAllocs()
	for b.Loop() {
		line = ical.AppendProp(line[:0], &p)
	}
}

func BenchmarkVTimezone(b *testing.B) {
	from := time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ical.VTimezone("Europe/Berlin", from, from.AddDate(1, 0, 0)); err != nil {
			b.Fatal(err)
		}
	}
}
