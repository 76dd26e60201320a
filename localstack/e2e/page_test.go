package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/internal/seal"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
)

// The page is the second way to answer, for people whose calendar mails no reply.
func TestRSVPPage(t *testing.T) {
	s := start(t)

	t.Run("looking changes nothing, the button answers", func(t *testing.T) {
		s := s.on(t)
		uid := s.register(tea(somebody("ada")))
		guest := somebody("guest")
		link := linkIn(t, s.invite(uid, guest), "/rsvp/")
		if a := s.Do("GET", link+"?answer=accepted", ""); a.Status != 200 || !strings.Contains(a.Body, "Tea") {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		if counts := s.statistics(uid); counts.Pending != 1 {
			t.Errorf("looking answers: %+v", counts)
		}
		for _, word := range []string{"accepted", "declined"} {
			a := s.Do("POST", link, "answer="+word+"&comment=By+the+page", "Content-Type", "application/x-www-form-urlencoded")
			if a.Status != 200 {
				t.Errorf("%s: %d %s", word, a.Status, a.Body)
			}
		}
		if counts := s.statistics(uid); counts.Declined != 1 || counts.Confirmed != 0 {
			t.Errorf("%+v", counts)
		}
		if a := s.Do("POST", link, "answer=perhaps", "Content-Type", "application/x-www-form-urlencoded"); a.Status != 400 {
			t.Errorf("an answer that is none: %d", a.Status)
		}
		if got := s.attendee(uid, guest.Email); got.Grade != "proven" || got.History[1].Channel != "page" || got.Comment != "By the page" {
			t.Errorf("%+v", got)
		}
		expired := s.keys().Link(seal.Link{Purpose: seal.RSVP, UID: uid, Email: guest.Email, Generation: 1, Expires: time.Now().Add(-time.Minute).Unix()})
		other := s.keys().Link(seal.Link{Purpose: seal.Unsubscribe, UID: uid, Email: guest.Email})
		for name, bad := range map[string]string{"forged": forge(link), "nonsense": "/rsvp/x", "expired": "/rsvp/" + expired, "of another purpose": "/rsvp/" + other} {
			for _, method := range []string{"GET", "POST"} {
				if a := s.Do(method, bad, "answer=accepted", "Content-Type", "application/x-www-form-urlencoded"); a.Status != 404 || !strings.Contains(a.Body, "</html>") {
					t.Errorf("%s: %s answers %d", name, method, a.Status)
				}
			}
		}
		if counts := s.statistics(uid); counts.Declined != 1 || counts.Confirmed != 0 {
			t.Errorf("%+v", counts)
		}
	})

	t.Run("a page that was open while the time changed", func(t *testing.T) {
		s := s.on(t)
		p := s.party(tea(somebody("ada")), 1)
		link := linkIn(t, p.lastMail(p.guests[0]), "/rsvp/")
		sequence := field(t, s.Do("GET", link, "").Body, "sequence")
		p.update(p.next(func(e *imiptest.Event) { e.Start, e.End = e.Start.Add(24*time.Hour), e.End.Add(24*time.Hour) }))
		answer := func(sequence string) stacktest.Answer {
			return s.Do("POST", link, "answer=accepted&sequence="+sequence, "Content-Type", "application/x-www-form-urlencoded")
		}
		if a := answer(sequence); a.Status != 409 || !strings.Contains(a.Body, "This event has changed") {
			t.Errorf("%d %s", a.Status, a.Body)
		}
		if counts := s.statistics(p.uid); counts.Pending != 1 || counts.Confirmed != 0 {
			t.Errorf("an answer to the time that was: %+v", counts)
		}
		if a := answer(field(t, s.Do("GET", link, "").Body, "sequence")); a.Status != 200 {
			t.Errorf("%d %s", a.Status, a.Body)
		}
		if counts := s.statistics(p.uid); counts.Confirmed != 1 {
			t.Errorf("%+v", counts)
		}
	})

	t.Run("of an event that is cancelled", func(t *testing.T) {
		s := s.on(t)
		e := tea(somebody("ada"))
		uid := s.register(e)
		link := linkIn(t, s.invite(uid, somebody("guest")), "/rsvp/")
		e.At, e.Sequence = e.At.Add(time.Minute), 1
		s.endsIn(s.cancel(e), "EventCancelled")
		for _, method := range []string{"GET", "POST"} {
			if a := s.Do(method, link, "answer=accepted", "Content-Type", "application/x-www-form-urlencoded"); a.Status != 409 || !strings.Contains(a.Body, "cancelled") {
				t.Errorf("%s answers %d %s", method, a.Status, a.Body)
			}
		}
		if counts := s.statistics(uid); counts.Pending != 1 {
			t.Errorf("%+v", counts)
		}
	})
}
