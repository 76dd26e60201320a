package e2e

import (
	"bytes"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
)

// with puts header lines on top of a mail.
func with(raw []byte, lines ...string) []byte {
	return append([]byte(strings.Join(lines, "\r\n")+"\r\n"), raw...)
}

func TestWhoMaySpeak(t *testing.T) {
	s := start(t)

	// What SES finds wrong changes nothing and is not answered: an answer would go to the victim of a spoofed address.
	for _, c := range []struct{ verdicts, reason string }{
		{"virus=fail", "virus"},
		{"spam=fail", "spam"},
		{"dmarc=fail", "dmarc-fail"},
		{"spf=fail dkim=fail", "not-authenticated"},
		{"spf=gray dkim=gray dmarc=gray", "not-authenticated"},
		{"spf=processing_failed dkim=fail dmarc=gray", "not-authenticated"},
		{"spf=fail", ""},
		{"dkim=fail", ""},
		{"dmarc=gray", ""},
	} {
		t.Run("verdicts "+c.verdicts, func(t *testing.T) {
			s := s.on(t)
			e := tea(somebody("ada"))
			raw, err := imiptest.ComposeRequest(e)
			if err != nil {
				t.Fatal(err)
			}
			forged := []string{"X-Local-Verdicts: " + c.verdicts, "X-SES-Spam-Verdict: PASS", "X-SES-Virus-Verdict: PASS",
				"Authentication-Results: amazonses.com; spf=pass; dkim=pass; dmarc=pass"}
			x := s.mail(e.Organizer.Email, with(raw, forged...))
			if c.reason == "" {
				s.endsIn(x, "EventCreated")
				return
			}
			s.endsIn(x, "NothingToDo")
			if got := s.reason(x); got != c.reason {
				t.Errorf("reason %q, want %q", got, c.reason)
			}
			if a := s.Get("/event/" + x.Name); a.Status != 404 || s.sentTo(e.Organizer.Email) != 0 {
				t.Errorf("event: %d; %d answers", a.Status, s.sentTo(e.Organizer.Email))
			}
		})
		t.Run("a reply with verdicts "+c.verdicts, func(t *testing.T) {
			s := s.on(t)
			uid := s.register(tea(somebody("ada")))
			guest := somebody("guest")
			raw, err := imiptest.ComposeReply(s.invite(uid, guest), imiptest.Reply{Client: imiptest.Gmail, Answer: imiptest.Accepted, At: time.Now()})
			if err != nil {
				t.Fatal(err)
			}
			s.WaitExecution("event-reply", s.SendMail(guest.Email, rsvp, with(raw, "X-Local-Verdicts: "+c.verdicts)))
			want := 0
			if c.reason == "" {
				want = 1
			}
			if counts := s.statistics(uid); counts.Confirmed != want {
				t.Errorf("%+v", counts)
			}
		})
	}

	// Automatic mail starts nothing and is never answered (RFC 3834); calendars that mail as auto-generated are read all the same.
	for _, c := range []struct {
		name, from string
		headers    []string
		state      string
	}{
		{"vacation", "", []string{"Auto-Submitted: auto-replied"}, "NothingToDo"},
		{"mailing list", "", []string{"Precedence: list"}, "NothingToDo"},
		{"bulk mail", "", []string{"Precedence: bulk"}, "NothingToDo"},
		{"calendar service", "", []string{"Auto-Submitted: auto-generated"}, "EventCreated"},
		{"null return path", "<>", nil, "NothingToDo"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := s.on(t)
			e := tea(somebody("ada"))
			raw, err := imiptest.ComposeRequest(e)
			if err != nil {
				t.Fatal(err)
			}
			from := e.Organizer.Email
			if c.from == "<>" {
				from = ""
			}
			s.endsIn(s.mail(from, with(raw, c.headers...)), c.state)
			if c.state == "NothingToDo" && s.sentTo(e.Organizer.Email) != 0 {
				t.Errorf("%d answers", s.sentTo(e.Organizer.Email))
			}
		})
	}

	t.Run("our own addresses", func(t *testing.T) {
		s := s.on(t)
		for _, own := range []string{"support@cis.localhost", "invites@cis.localhost", "rsvp+x@cis.localhost"} {
			before := s.sentTo("cis.localhost")
			s.endsIn(s.request(tea(imiptest.Address{Email: own})), "NothingToDo")
			if s.sentTo("cis.localhost") != before {
				t.Errorf("%s is answered", own)
			}
		}
	})

	t.Run("nobody", func(t *testing.T) {
		s := s.on(t)
		raw, err := imiptest.ComposeRequest(tea(somebody("ada")))
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := bytes.Cut(raw, []byte("From:"))
		_, rest, _ = bytes.Cut(rest, []byte("\r\n"))
		s.endsIn(s.mail("envelope@example.com", rest), "NothingToDo")
	})

	t.Run("told why, once", func(t *testing.T) {
		s := s.on(t)
		ada := somebody("ada")
		x := s.mail(ada.Email, fmt.Appendf(nil, "From: %s\r\nTo: %s\r\nSubject: Lunch?\r\nMessage-ID: <lunch@example.com>\r\n\r\nShall we?\r\n", ada.Email, create))
		s.endsIn(x, "RequestRefused")
		told := s.WaitSent(ada.Email, 1)
		if mail := read(t, told[0].Raw); len(told) != 1 || mail.InReplyTo != "lunch@example.com" || !strings.Contains(string(mail.Parts[0].Body), "calendar") {
			t.Errorf("%d mails: %s", len(told), told[0].Raw)
		}
	})

	t.Run("too large, and told so", func(t *testing.T) {
		s := s.on(t)
		line := strings.Repeat("x", 900) + "\r\n"
		for name, body := range map[string]string{
			"a message over 10 MiB": "Content-Type: text/plain\r\n\r\n" + strings.Repeat(line, 12_000),
			"a calendar over 1 MiB": "MIME-Version: 1.0\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:big\r\n" +
				"DTSTART:20300101T100000Z\r\nSUMMARY:Big\r\nDESCRIPTION:x\r\n" + strings.Repeat(" "+line, 1300) + "END:VEVENT\r\nEND:VCALENDAR\r\n",
		} {
			ada := somebody("ada")
			x := s.mail(ada.Email, fmt.Appendf(nil, "From: %s\r\nTo: %s\r\nSubject: Big\r\n%s", ada.Email, create, body))
			s.endsIn(x, "RequestRefused")
			if reason := s.reason(x); reason != "too-large" {
				t.Errorf("%s: reason %q", name, reason)
			}
			s.WaitSent(ada.Email, 1)
		}
	})

	t.Run("one delivery, one execution", func(t *testing.T) {
		s := s.on(t)
		e := tea(somebody("ada"))
		x := s.request(e)
		if _, err := s.States.Start(t.Context(), "cis-event-request", x.Name, x.Input); err == nil {
			t.Error("a closed execution of the same name starts again")
		}
		if s.sentTo(e.Organizer.Email) != 1 {
			t.Errorf("%d confirmations", s.sentTo(e.Organizer.Email))
		}
	})
}

// A daily cap keeps us from flooding an address, whatever is mailed in its name.
func TestDailyCap(t *testing.T) {
	s := start(t, stacktest.Env("ANSWER_CAP", "2"), stacktest.Env("EVENT_LIMIT", "0"))
	organizer := somebody("ada")
	for i := range 4 {
		e := tea(organizer)
		e.Key = fmt.Sprint("event", i)
		s.register(e)
	}
	if n := s.sentTo(organizer.Email); n != 2 {
		t.Errorf("%d answers", n)
	}
}

// A request that is not beyond doubt waits for its organizer's click; looking at the page is not one.
func TestConfirmation(t *testing.T) {
	s := start(t, stacktest.Env("DMARC_GRAY", "confirm"), stacktest.Env("FOREIGN_ORGANIZER", "confirm"))
	held := func(t *testing.T, raw []byte, from string) {
		s := s.on(t)
		x := s.mail(from, raw)
		s.endsIn(x, "RequestHeld")
		if a := s.Get("/event/" + x.Name); a.Status != 404 {
			t.Fatalf("the event is there already: %d", a.Status)
		}
		text := string(read(t, s.WaitSent(from, 1)[0].Raw).Parts[0].Body)
		link := text[strings.Index(text, "/confirm/"):]
		link = link[:strings.IndexAny(link, " \r\n>")]
		if a := s.Do("GET", link, ""); a.Status != 200 || !strings.Contains(a.Body, "<form") {
			t.Fatalf("the page: %d %s", a.Status, a.Body)
		}
		if a := s.Get("/event/" + x.Name); a.Status != 404 {
			t.Fatal("looking at the page confirms")
		}
		for range 2 {
			if a := s.Do("POST", link, url.Values{}.Encode(), "Content-Type", "application/x-www-form-urlencoded"); a.Status != 200 {
				t.Fatalf("the button: %d %s", a.Status, a.Body)
			}
		}
		s.endsIn(s.WaitExecution("event-request", x.Name+"-confirmed"), "EventCreated")
		if got := s.event(x.Name); got.MailTo != from {
			t.Errorf("%+v", got)
		}
		if a := s.Do("POST", link[:len(link)-3]+"aaa", ""); a.Status != 404 {
			t.Errorf("a forged link answers %d", a.Status)
		}
	}
	t.Run("DMARC says nothing", func(t *testing.T) {
		e := tea(somebody("ada"))
		raw, err := imiptest.ComposeRequest(e)
		if err != nil {
			t.Fatal(err)
		}
		held(t, with(raw, "X-Local-Verdicts: dmarc=gray"), e.Organizer.Email)
	})
	t.Run("ORGANIZER is somebody else", func(t *testing.T) {
		e := tea(somebody("ada"))
		raw, err := imiptest.ComposeRequest(e)
		if err != nil {
			t.Fatal(err)
		}
		secretary := somebody("secretary").Email
		_, rest, _ := bytes.Cut(raw, []byte("From:"))
		_, rest, _ = bytes.Cut(rest, []byte("\r\n"))
		held(t, with(rest, "From: "+secretary), secretary)
	})
}
