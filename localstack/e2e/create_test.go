package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
)

func TestOrganizersEvents(t *testing.T) {
	s := start(t)

	for _, client := range []imiptest.Client{imiptest.Gmail, imiptest.Outlook, imiptest.Apple} {
		t.Run("registered and confirmed from "+string(client), func(t *testing.T) {
			s := s.on(t)
			e := tea(somebody("ada"))
			e.Client = client
			uid := s.register(e)
			got := s.event(uid)
			if got.Summary != "Tea" || got.Status != "confirmed" || got.MailTo != e.Organizer.Email || got.DTStart != e.Start.Unix() || got.Sequence != 0 {
				t.Errorf("registered as %+v", got)
			}
			confirmation := read(t, s.WaitSent(e.Organizer.Email, 1)[0].Raw)
			if confirmation.From.Email != "support@cis.localhost" || confirmation.Auto.Submitted != "auto-replied" || confirmation.InReplyTo == "" || !strings.Contains(confirmation.Subject, "Tea") {
				t.Errorf("confirmation: %+v", confirmation)
			}
			var kinds []string
			for _, part := range confirmation.Parts {
				kinds = append(kinds, part.Type)
				if text := string(part.Body); !strings.Contains(text, uid) || !strings.Contains(text, "/event/"+uid+"/invite") {
					t.Errorf("the %s part lacks the uid or the invite link", part.Type)
				}
			}
			if fmt.Sprint(kinds) != "[text/plain text/html]" {
				t.Errorf("confirmation has %v", kinds)
			}
		})
	}

	t.Run("with thousands of other guests, who stay unknown", func(t *testing.T) {
		s := s.on(t)
		e := tea(somebody("ada"))
		for i := range 5000 {
			e.Guests = append(e.Guests, imiptest.Address{Name: "Other", Email: fmt.Sprintf("other%d@example.net", i)})
		}
		mail := string(s.invite(s.register(e), somebody("guest")))
		if strings.Contains(mail, "example.net") || len(mail) > 50_000 {
			t.Errorf("the invitation of %d octets names other guests", len(mail))
		}
	})

	t.Run("sent again in silence", func(t *testing.T) {
		s := s.on(t)
		e := tea(somebody("ada"))
		uid := s.register(e)
		e.At = e.At.Add(time.Minute)
		s.endsIn(s.request(e), "NothingToDo")
		if got := s.event(uid); got.Sequence != 0 || s.sentTo(e.Organizer.Email) != 1 {
			t.Errorf("%+v, %d mails", got, s.sentTo(e.Organizer.Email))
		}
	})

	t.Run("changed, moved, and never back", func(t *testing.T) {
		s := s.on(t)
		e := tea(somebody("ada"))
		old := e
		uid := s.register(e)
		guest := s.invite(uid, somebody("guest"))
		s.reply(guest, "guest@example.com", imiptest.Reply{Client: imiptest.Gmail, Answer: imiptest.Accepted, At: time.Now()})
		e.Summary, e.At = "Tea and cake", e.At.Add(time.Minute)
		s.endsIn(s.request(e), "EventUpdated")
		if got := s.event(uid); got.Summary != "Tea and cake" || got.Sequence != 1 {
			t.Errorf("after a new title: %+v", got)
		}
		if counts := s.statistics(uid); counts.Confirmed != 1 {
			t.Errorf("a new title resets answers: %+v", counts)
		}
		e.Start, e.End, e.At, e.Sequence = e.Start.Add(time.Hour), e.End.Add(time.Hour), e.At.Add(time.Minute), 1
		s.endsIn(s.request(e), "EventUpdated")
		if got := s.event(uid); got.DTStart != e.Start.Unix() || got.Sequence != 2 {
			t.Errorf("after a move: %+v", got)
		}
		if counts := s.statistics(uid); counts.Confirmed != 0 || counts.Pending != 1 {
			t.Errorf("a move keeps answers: %+v", counts)
		}
		old.Summary = "Late copy of an old version"
		s.endsIn(s.request(old), "NothingToDo")
		if got := s.event(uid); got.Summary != "Tea and cake" || got.Sequence != 2 {
			t.Errorf("after an old request: %+v", got)
		}
	})

	t.Run("cancelled once", func(t *testing.T) {
		s := s.on(t)
		e := tea(somebody("ada"))
		uid := s.register(e)
		e.At, e.Sequence = e.At.Add(time.Minute), 1
		s.endsIn(s.cancel(e), "EventCancelled")
		if got := s.event(uid); got.Status != "cancelled" || got.Sequence != 1 {
			t.Errorf("%+v", got)
		}
		s.endsIn(s.cancel(e), "NothingToDo")
		if got := s.event(uid); got.Sequence != 1 {
			t.Errorf("cancelled twice: %+v", got)
		}
		if a := s.link(uid, "late@example.com"); a.Status != 409 {
			t.Errorf("inviting to a cancelled event answers %d %s", a.Status, a.Body)
		}
	})

	t.Run("one instance of a series cancelled", func(t *testing.T) {
		s := s.on(t)
		e := tea(somebody("ada"))
		e.Rule = "FREQ=WEEKLY;COUNT=5"
		uid := s.register(e)
		e.Instance, e.At, e.Sequence = e.Start.AddDate(0, 0, 7), e.At.Add(time.Minute), 1
		s.endsIn(s.cancel(e), "EventCancelled")
		if got := s.event(uid); got.Status != "confirmed" || got.Sequence != 1 {
			t.Errorf("the series is %+v", got)
		}
	})

	t.Run("another organizer's event of the same UID is another event", func(t *testing.T) {
		s := s.on(t)
		mine, yours := tea(somebody("ada")), tea(somebody("mallory"))
		mine.UID, yours.UID = "shared-uid@example.com", "shared-uid@example.com"
		first := s.register(mine)
		yours.Summary = "Hijacked"
		second := s.register(yours)
		if first == second || s.event(first).Summary != "Tea" {
			t.Errorf("%s, %s: %+v", first, second, s.event(first))
		}
		s.endsIn(s.cancel(yours), "EventCancelled")
		if got := s.event(first); got.Status != "confirmed" {
			t.Errorf("a stranger's cancellation reached it: %+v", got)
		}
	})

	t.Run("five events without a subscription", func(t *testing.T) {
		s := s.on(t)
		organizer := somebody("ada")
		event := func(i int) imiptest.Event {
			e := tea(organizer)
			e.Key = fmt.Sprint("event", i)
			return e
		}
		for i := range 5 {
			s.register(event(i))
		}
		s.endsIn(s.request(event(5)), "LimitReached")
		told := s.WaitSent(organizer.Email, 6)[5]
		if !strings.Contains(told.Subject, "limit") {
			t.Errorf("the organizer is told %q", told.Subject)
		}
		s.put("organizer#"+organizer.Email, "subscription#"+organizer.Email)
		s.register(event(6))
	})

	t.Run("nothing for a suspended organizer", func(t *testing.T) {
		s := s.on(t)
		e := tea(somebody("ada"))
		s.put("organizer#"+e.Organizer.Email, "suspended#"+e.Organizer.Email)
		x := s.request(e)
		s.endsIn(x, "NothingToDo")
		if a := s.Get("/event/" + x.Name); a.Status != 404 {
			t.Errorf("the event is there: %d %s", a.Status, a.Body)
		}
	})

	t.Run("no key, a wrong key", func(t *testing.T) {
		s := s.on(t)
		uid := s.register(tea(somebody("ada")))
		for _, key := range []string{"", "wrong"} {
			if a := s.Do("GET", "/event/"+uid, "", "x-api-key", key); a.Status != 403 || !strings.Contains(a.Body, `"message"`) {
				t.Errorf("key %q: %d %s", key, a.Status, a.Body)
			}
		}
	})
}

// EVENT_LIMIT=0 in the environment of make run lifts the limit.
func TestNoEventLimit(t *testing.T) {
	s := start(t, stacktest.Env("EVENT_LIMIT", "0"))
	organizer := somebody("ada")
	for i := range 7 {
		e := tea(organizer)
		e.Key = fmt.Sprint("event", i)
		s.register(e)
	}
}
