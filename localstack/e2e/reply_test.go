package e2e

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
)

func TestReplies(t *testing.T) {
	s := start(t)
	now := time.Now().UTC().Truncate(time.Second)
	answer := func(client imiptest.Client, word string, at time.Time) imiptest.Reply {
		return imiptest.Reply{Client: client, Answer: word, At: at}
	}
	event := func(t *testing.T) (*system, string) {
		s := s.on(t)
		return s, s.register(tea(somebody("ada")))
	}

	t.Run("counted from every calendar", func(t *testing.T) {
		s, uid := event(t)
		for _, c := range []struct {
			client imiptest.Client
			word   string
		}{{imiptest.Gmail, imiptest.Accepted}, {imiptest.Outlook, imiptest.Declined}, {imiptest.Apple, imiptest.Tentative}, {imiptest.Generic, imiptest.Accepted}} {
			guest := somebody("guest")
			r := answer(c.client, c.word, now)
			r.Comment = "See you"
			x := s.reply(s.invite(uid, guest), guest.Email, r)
			if got := s.result(x); got.Result != "applied" || got.Attendee != guest.Email || got.Grade != "proven" {
				t.Errorf("%s: %+v", c.client, got)
			}
		}
		counts := s.statistics(uid)
		if counts.Confirmed != 2 || counts.Declined != 1 || counts.Tentative != 1 || counts.Pending != 0 || len(counts.ProdID) != 4 {
			t.Errorf("%+v", counts)
		}
		_, guests := s.records(uid)
		for _, g := range guests {
			if len(g.History) != 1 || g.History[0].Channel != "mail" || g.Comment != "See you" {
				t.Errorf("%s: %q, history %+v", g.ProdID, g.Comment, g.History)
			}
		}
	})

	t.Run("a change of mind, a repeat, a late older answer", func(t *testing.T) {
		s, uid := event(t)
		guest := somebody("guest")
		invitation := s.invite(uid, guest)
		for _, c := range []struct {
			word, result string
			at           time.Time
		}{
			{imiptest.Tentative, "applied", now},
			{imiptest.Accepted, "applied", now.Add(2 * time.Minute)},
			{imiptest.Accepted, "duplicate", now.Add(2 * time.Minute)},
			{imiptest.Declined, "stale", now.Add(time.Minute)},
		} {
			if got := s.result(s.reply(invitation, guest.Email, answer(imiptest.Gmail, c.word, c.at))); got.Result != c.result {
				t.Errorf("%s at %s: %+v, want %s", c.word, c.at, got, c.result)
			}
		}
		if counts := s.statistics(uid); counts.Confirmed != 1 || counts.Attendees != 1 {
			t.Errorf("%+v", counts)
		}
	})

	t.Run("an alias answers for the invited person", func(t *testing.T) {
		s, uid := event(t)
		guest := somebody("guest")
		raw, err := imiptest.ComposeReply(s.invite(uid, guest), answer(imiptest.Generic, imiptest.Accepted, now))
		if err != nil {
			t.Fatal(err)
		}
		head, body, _ := bytes.Cut(raw, []byte("\r\n\r\n")) // the calendar keeps its ATTENDEE, the mail comes from another address of the guest's
		head = bytes.ReplaceAll(head, []byte(guest.Email), []byte("other."+guest.Email))
		raw = append(append(head, "\r\n\r\n"...), body...)
		if got := s.result(s.WaitExecution("event-reply", s.SendMail("other."+guest.Email, rsvp, raw))); got.Result != "applied" || got.Attendee != guest.Email || got.Grade != "probable" {
			t.Errorf("%+v", got)
		}
		if counts := s.statistics(uid); counts.Attendees != 1 || counts.Confirmed != 1 {
			t.Errorf("%+v", counts)
		}
	})

	t.Run("a forwarded guest answers for nobody else", func(t *testing.T) {
		s, uid := event(t)
		guest, friend := somebody("guest"), somebody("friend")
		r := answer(imiptest.Apple, imiptest.Accepted, now)
		r.As = friend
		if got := s.result(s.reply(s.invite(uid, guest), friend.Email, r)); got.Result != "applied" || got.Attendee != friend.Email {
			t.Errorf("%+v", got)
		}
		counts := s.statistics(uid)
		if counts.Attendees != 2 || counts.Confirmed != 1 || counts.Pending != 1 || counts.Origin["shared"] != 1 {
			t.Errorf("%+v", counts)
		}
	})

	t.Run("a forged or foreign UID counts nothing", func(t *testing.T) {
		s, uid := event(t)
		guest := somebody("guest")
		part, err := read(t, s.invite(uid, guest)).Calendar()
		if err != nil {
			t.Fatal(err)
		}
		invited, _ := part.Calendar.Main()
		token, _, _ := strings.Cut(strings.TrimPrefix(invited.UID(), uid+"-"), "@")
		forged := strings.Replace(invited.UID(), token, strings.Repeat("a", len(token)), 1)
		x := s.WaitExecution("event-reply", s.SendMail(guest.Email, rsvp, plainReply(guest.Email, forged, guest.Email)))
		s.endsIn(x, "NothingToDo")
		if counts := s.statistics(uid); counts.Pending != 1 || counts.Attendees != 1 {
			t.Errorf("%+v (%s)", counts, s.reason(x))
		}
	})

	t.Run("in capitals, as Exchange writes UIDs", func(t *testing.T) {
		s, uid := event(t)
		guest := somebody("guest")
		raw, err := imiptest.ComposeReply(s.invite(uid, guest), answer(imiptest.Generic, imiptest.Declined, now))
		if err != nil {
			t.Fatal(err)
		}
		raw = bytes.ReplaceAll(raw, []byte("UID:"+uid), []byte("UID:"+strings.ToUpper(uid)))
		if got := s.result(s.WaitExecution("event-reply", s.SendMail(guest.Email, rsvp, raw))); got.Result != "applied" {
			t.Errorf("%+v", got)
		}
	})

	t.Run("an answer to the old time is kept but not counted", func(t *testing.T) {
		s := s.on(t)
		e := tea(somebody("ada"))
		uid := s.register(e)
		guest := somebody("guest")
		invitation := s.invite(uid, guest)
		e.Start, e.End, e.At, e.Sequence = e.Start.Add(time.Hour), e.End.Add(time.Hour), e.At.Add(time.Minute), 1
		s.endsIn(s.request(e), "EventUpdated")
		if got := s.result(s.reply(invitation, guest.Email, answer(imiptest.Gmail, imiptest.Accepted, now))); got.Result != "outdated" {
			t.Errorf("%+v", got)
		}
		if counts := s.statistics(uid); counts.Confirmed != 0 || counts.Pending != 1 {
			t.Errorf("%+v", counts)
		}
		if _, guests := s.records(uid); len(guests[0].History) != 1 {
			t.Errorf("history %+v", guests[0].History)
		}
	})

	t.Run("an answer to one instance leaves the series'", func(t *testing.T) {
		s := s.on(t)
		e := tea(somebody("ada"))
		e.Rule = "FREQ=WEEKLY;COUNT=5"
		uid := s.register(e)
		guest := somebody("guest")
		invitation := s.invite(uid, guest)
		s.reply(invitation, guest.Email, answer(imiptest.Gmail, imiptest.Accepted, now))
		one := answer(imiptest.Gmail, imiptest.Declined, now.Add(time.Minute))
		one.Instance = e.Start.AddDate(0, 0, 7)
		s.reply(invitation, guest.Email, one)
		if counts := s.statistics(uid); counts.Confirmed != 1 || counts.Declined != 0 {
			t.Errorf("%+v", counts)
		}
		if _, guests := s.records(uid); len(guests[0].Instances) != 1 {
			t.Errorf("instances %+v", guests[0].Instances)
		}
	})

	t.Run("on the page: looking changes nothing, the button answers", func(t *testing.T) {
		s, uid := event(t)
		guest := somebody("guest")
		text := string(read(t, s.invite(uid, guest)).Parts[0].Body)
		link := text[strings.Index(text, "/rsvp/"):]
		link = link[:strings.Index(link, "?")]
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
		for _, bad := range []string{link[:len(link)-2] + "aa", "/rsvp/x"} {
			if a := s.Do("POST", bad, "answer=accepted", "Content-Type", "application/x-www-form-urlencoded"); a.Status != 404 {
				t.Errorf("%s: %d", bad, a.Status)
			}
		}
	})

	t.Run("invited by another system: the attendee must be the sender", func(t *testing.T) {
		s := s.on(t)
		e := tea(somebody("ada"))
		e.UID = fmt.Sprintf("old-invitation-%d@calendar.example", people.Add(1))
		uid := s.register(e)
		known, stranger := somebody("known"), somebody("stranger")
		for _, c := range []struct {
			from string
			want int
		}{{stranger.Email, 0}, {known.Email, 1}} {
			s.WaitExecution("event-reply", s.SendMail(c.from, rsvp, plainReply(c.from, e.UID, known.Email)))
			if counts := s.statistics(uid); counts.Confirmed != c.want {
				t.Errorf("from %s: %+v", c.from, counts)
			}
		}
	})
}

// plainReply is the least that is a reply: the attendee accepts.
func plainReply(from, uid, attendee string) []byte {
	return fmt.Appendf(nil, "From: %s\r\nTo: %s\r\nSubject: Accepted\r\nMIME-Version: 1.0\r\nContent-Type: text/calendar; method=REPLY; charset=UTF-8\r\n\r\n"+
		"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//X//EN\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20260101T000000Z\r\n"+
		"ATTENDEE;PARTSTAT=ACCEPTED:mailto:%s\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n", from, rsvp, uid, attendee)
}
