package imip

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
	"github.com/calendarinvite/calendarinviteserver/internal/itip"
	"github.com/calendarinvite/calendarinviteserver/internal/when"
)

// What calendars really send as COUNTER.
func TestProposalsOfTheCorpus(t *testing.T) {
	dir := corpusDir(t)
	for file, want := range map[string]string{
		"gmail-propose-new-time.eml": "COUNTER  Tue 15 Apr 2025, 10:30–11:00 UTC ",
		"rfc5546-counter.ics":        "COUNTER 19970715T210000Z Tue 15 Jul 1997, 22:00–23:00 UTC May we bump this by an hour? I have a conflict",
	} {
		raw, err := os.ReadFile(filepath.Join(dir, "counters", file))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, ".ics") {
			raw = append([]byte("Content-Type: text/calendar\r\n\r\n"), raw...)
		}
		m, err := Read(raw, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		part, err := m.Calendar()
		if err != nil {
			t.Fatal(err)
		}
		main, _ := part.Calendar.Main()
		p, ok := itip.ProposalOf(main)
		if got := part.Method + " " + p.Instance + " " + ProposalSpan(part.Calendar, main, p).Short() + " " + p.Comment; !ok || got != want {
			t.Errorf("%s: %q, want %q", file, got, want)
		}
	}
}

func TestProposalSpan(t *testing.T) {
	for name, test := range map[string]struct{ stored, proposed, want string }{
		"in UTC":                {"DTSTART;TZID=Europe/Berlin:20260312T100000|DTEND;TZID=Europe/Berlin:20260312T110000", "DTSTART:20260312T130000Z|DTEND:20260312T140000Z", "Thu 12 Mar 2026, 10:00–11:00 CET → 14:00–15:00 CET"},
		"in the guest's zone":   {"DTSTART;TZID=Europe/Berlin:20260312T100000|DTEND;TZID=Europe/Berlin:20260312T110000", "DTSTART;TZID=Tokyo Standard Time:20260313T180000|DTEND;TZID=Tokyo Standard Time:20260313T190000", "Thu 12 Mar 2026, 10:00–11:00 CET → Fri 13 Mar 2026, 10:00–11:00 CET"},
		"as long as the event":  {"DTSTART;TZID=Europe/Berlin:20260312T100000|DTEND;TZID=Europe/Berlin:20260312T110000", "DTSTART:20260312T130000Z", "Thu 12 Mar 2026, 10:00–11:00 CET → 14:00–15:00 CET"},
		"whole days":            {"DTSTART;VALUE=DATE:20260501", "DTSTART;VALUE=DATE:20260502|DTEND;VALUE=DATE:20260504", "Fri 1 May 2026, all day → Sat 2 May 2026 – Sun 3 May 2026, all day"},
		"floating":              {"DTSTART:20260501T080000|DURATION:PT45M", "DTSTART:20260501T090000|DURATION:PT45M", "Fri 1 May 2026, 08:00–08:45 → 09:00–09:45"},
		"instead of whole days": {"DTSTART;VALUE=DATE:20260501", "DTSTART;TZID=Europe/Berlin:20260501T100000|DTEND;TZID=Europe/Berlin:20260501T110000", "Fri 1 May 2026, all day → Fri 1 May 2026, 10:00–11:00 CEST"},
	} {
		read := func(lines string) (*ical.Calendar, ical.Event) {
			c, err := ical.Read([]byte("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\n"+strings.ReplaceAll(lines, "|", "\r\n")+"\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"), ical.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			main, _ := c.Main()
			return c, main
		}
		calendar, current := read(test.stored)
		_, counter := read(test.proposed)
		p, ok := itip.ProposalOf(counter)
		if got := when.Move(SpanOf(calendar, current), ProposalSpan(calendar, current, p)); !ok || got != test.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, test.want)
		}
	}
}

// REFRESH and COUNTER are read like every other method, whatever is left out (RFC 5546 §3.2.6, §3.2.7).
func TestReadRefresh(t *testing.T) {
	for _, method := range []string{"REFRESH", "COUNTER", "DECLINECOUNTER"} {
		for _, lines := range []string{"UID:1\r\nATTENDEE:mailto:b@example.com", "UID:1"} {
			raw := "From: b@example.com\r\nContent-Type: text/calendar; method=" + strings.ToLower(method) + "\r\n\r\nBEGIN:VCALENDAR\r\nMETHOD:" + method + "\r\nBEGIN:VEVENT\r\n" + lines + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
			m, err := Read([]byte(raw), Limits{})
			if err != nil {
				t.Fatal(err)
			}
			part, err := m.Calendar()
			if err != nil || part.Method != method {
				t.Errorf("%s of %q: %v, %v", method, lines, part, err)
				continue
			}
			main, _ := part.Calendar.Main()
			if _, ok := itip.ProposalOf(main); ok || main.UID() != "1" {
				t.Errorf("%s of %q proposes something", method, lines)
			}
		}
	}
}
