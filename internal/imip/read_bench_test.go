package imip

import (
	"bytes"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	goical "github.com/emersion/go-ical"
	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // the bare decode converts charsets too
)

// googleInvitation has the shape and size of an invitation from Google Calendar: text, html, calendar, and the calendar again.
func googleInvitation() []byte {
	description := strings.Repeat("Agenda and notes of the meeting\\, point by point. ", 12)
	calendar := strings.Replace(event("REQUEST", "Planning", "DTEND:20250301T110000Z", "ORGANIZER;CN=Ada Ng:mailto:ada@example.com",
		"ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=\r\n TRUE;CN=create@example.net;X-NUM-GUESTS=0:mailto:create@example.net",
		"DESCRIPTION:"+wrap(description, 70, "\r\n "), "LOCATION:Room 1", "SEQUENCE:0", "STATUS:CONFIRMED", "TRANSP:OPAQUE"),
		"BEGIN:VEVENT", strings.Join([]string{"BEGIN:VTIMEZONE", "TZID:Europe/Berlin",
			"BEGIN:DAYLIGHT", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0200", "TZNAME:CEST", "DTSTART:19700329T020000", "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", "END:DAYLIGHT",
			"BEGIN:STANDARD", "TZOFFSETFROM:+0200", "TZOFFSETTO:+0100", "TZNAME:CET", "DTSTART:19701025T030000", "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU", "END:STANDARD",
			"END:VTIMEZONE", "BEGIN:VEVENT"}, "\r\n"), 1)
	calendar = strings.Replace(calendar, "DTSTART:20250301T100000Z", "DTSTART;TZID=Europe/Berlin:20250301T110000", 1)
	html := strings.Repeat("<table border=3D0 cellpadding=3D\"0\" style=3D\"width:100%\"><tr><td>Planning</td></tr></table>=\r\n", 150)
	return []byte("Return-Path: <ada@example.com>\r\nReceived: from mail.example.com by mx.example.net; Sat, 1 Mar 2025 10:00:00 +0000\r\n" + from +
		"Subject: =?UTF-8?Q?Invitation=3A_Planning?=\r\nMessage-ID: <1@example.com>\r\nTo: create@example.net\r\nDate: Sat, 1 Mar 2025 10:00:00 +0000\r\n" +
		multi("mixed", "000000000000302e400615cc2412",
			multi("alternative", "000000000000302e3f0615cc2410",
				part("text/plain; charset=\"UTF-8\"; format=flowed", wrap(b64(strings.Repeat("You are invited. ", 40)), 76, "\r\n"), base64Header),
				part("text/html; charset=\"UTF-8\"", html, "Content-Transfer-Encoding: quoted-printable"),
				part("text/calendar; charset=\"UTF-8\"; method=REQUEST", calendar, "Content-Transfer-Encoding: 7bit")),
			part("application/ics; name=\"invite.ics\"", wrap(b64(calendar), 76, "\r\n"), base64Header, "Content-Disposition: attachment; filename=\"invite.ics\"")))
}

// benchmarkMails are the invitation above and, where they are, real ones that the bare libraries can read.
func benchmarkMails(b *testing.B) map[string][]byte {
	mails := map[string][]byte{"google-shaped": googleInvitation()}
	if dir, err := findCorpus(); err == nil {
		for _, name := range []string{"requests/gmail-2024-tallinn-qp.eml", "requests/exchange-online-fle.eml", "requests/ios6-invite-umlaut.eml"} {
			raw, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				b.Fatal(err)
			}
			mails[strings.TrimSuffix(filepath.Base(name), ".eml")] = raw
		}
	}
	return mails
}

// BenchmarkRead reads invitations twice: "bare" is go-message's and go-ical's own decode of the bytes, "model" is ours, MIME walk, calendar and
// model. It must stay within twice the bare decode (the metric x-bare).
func BenchmarkRead(b *testing.B) {
	mails := benchmarkMails(b)
	for _, name := range slices.Sorted(maps.Keys(mails)) {
		raw := mails[name]
		var bare float64 // ns/op
		b.Run(name+"/bare", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(raw)))
			for b.Loop() {
				if events := bareRead(b, raw); events == 0 {
					b.Fatal("no event")
				}
			}
			bare = perOp(b)
		})
		b.Run(name+"/model", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(raw)))
			for b.Loop() {
				readModel(b, raw)
			}
			if bare > 0 { // it was not left out by -bench
				b.ReportMetric(perOp(b)/bare, "x-bare")
			}
		})
	}
}

func perOp(b *testing.B) float64 { return float64(b.Elapsed()) / float64(b.N) }

// readModel reads what the server wants to know of an invitation.
func readModel(b *testing.B, raw []byte) {
	m, err := Read(raw, Limits{})
	if err != nil {
		b.Fatal(err)
	}
	p, err := m.Calendar()
	if err != nil {
		b.Fatal(err)
	}
	e, _ := p.Calendar.Main()
	start, _ := e.Start()
	if e.UID() == "" || e.Summary() == "" || start.At.IsZero() || len(e.Attendees()) == 0 {
		b.Fatal("not read")
	}
}

func bareRead(b *testing.B, raw []byte) (events int) {
	root, err := message.Read(bytes.NewReader(raw))
	if err != nil {
		b.Fatal(err)
	}
	err = root.Walk(func(_ []int, e *message.Entity, err error) error {
		if err != nil {
			return err
		}
		mediaType, _, err := e.Header.ContentType()
		if err != nil || strings.HasPrefix(mediaType, "multipart/") {
			return err
		}
		body, err := io.ReadAll(e.Body)
		if err != nil || mediaType != "text/calendar" {
			return err
		}
		cal, err := goical.NewDecoder(bytes.NewReader(body)).Decode()
		if err == nil {
			events += len(cal.Events())
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return events
}
