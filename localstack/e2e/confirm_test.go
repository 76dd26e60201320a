package e2e

import (
	"bytes"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
)

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
		link := linkIn(t, s.WaitSent(from, 1)[0].Raw, "/confirm/")
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
		if n := s.sentTo(from); n != 2 {
			t.Errorf("%d mails, want the question and the confirmation", n)
		}
		if got := s.event(x.Name); got.MailTo != from {
			t.Errorf("%+v", got)
		}
		if a := s.Do("POST", forge(link), ""); a.Status != 404 {
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
	t.Run("a cancellation", func(t *testing.T) {
		s := s.on(t)
		e := tea(somebody("ada"))
		uid := s.register(e)
		e.At, e.Sequence = e.At.Add(time.Minute), 1
		raw, err := imiptest.ComposeCancel(e)
		if err != nil {
			t.Fatal(err)
		}
		x := s.mail(e.Organizer.Email, with(raw, "X-Local-Verdicts: dmarc=gray"))
		s.endsIn(x, "RequestHeld")
		if got := s.event(uid); got.Status != "confirmed" {
			t.Fatalf("%+v", got)
		}
		link := linkIn(t, s.WaitSent(e.Organizer.Email, 2)[1].Raw, "/confirm/")
		if a := s.Do("POST", link, "", "Content-Type", "application/x-www-form-urlencoded"); a.Status != 200 {
			t.Fatalf("the button: %d %s", a.Status, a.Body)
		}
		s.endsIn(s.WaitExecution("event-request", x.Name+"-confirmed"), "EventCancelled")
		if got := s.event(uid); got.Status != "cancelled" {
			t.Errorf("%+v", got)
		}
	})
	t.Run("a request that is sure is not held", func(t *testing.T) {
		s := s.on(t)
		e := tea(somebody("ada"))
		if s.register(e); s.sentTo(e.Organizer.Email) != 1 {
			t.Errorf("%d mails", s.sentTo(e.Organizer.Email))
		}
	})
	t.Run("what is not authenticated is not even held", func(t *testing.T) {
		s := s.on(t)
		e := tea(somebody("ada"))
		raw, err := imiptest.ComposeRequest(e)
		if err != nil {
			t.Fatal(err)
		}
		if s.ignored(s.mail(e.Organizer.Email, with(raw, "X-Local-Verdicts: dmarc=fail")), "dmarc-fail"); s.sentTo(e.Organizer.Email) != 0 {
			t.Errorf("%d mails", s.sentTo(e.Organizer.Email))
		}
	})
}
