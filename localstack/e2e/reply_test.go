package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
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
			if n := s.sentTo(guest.Email); n != 1 { // a calendar's answer is not answered
				t.Errorf("%s: %d mails to the guest", c.client, n)
			}
		}
		counts := s.statistics(uid)
		if counts.Confirmed != 2 || counts.Declined != 1 || counts.Tentative != 1 || counts.Pending != 0 || len(counts.ProdID) != 4 {
			t.Errorf("%+v", counts)
		}
		_, guests := s.records(uid)
		for _, g := range guests {
			if len(g.History) != 1 || g.Comment != "See you" || g.ProdID == "" {
				t.Fatalf("%s: %q, history %+v", g.ProdID, g.Comment, g.History)
			}
			if h := g.History[0]; h.Status != g.Status || h.Timestamp < now.Unix() || h.DTStamp != now.Unix() || h.ProdID != g.ProdID || h.Sequence != 0 || h.Channel != "mail" {
				t.Errorf("history %+v", h)
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
		var words []string
		for _, h := range s.attendee(uid, guest.Email).History {
			words = append(words, string(h.Status))
		}
		if fmt.Sprint(words) != "[tentative accepted]" {
			t.Errorf("history %v", words)
		}
	})

	t.Run("read again by an execution that was started twice, as Express workflows may be", func(t *testing.T) {
		s, uid := event(t)
		guest := somebody("guest")
		x := s.reply(s.invite(uid, guest), guest.Email, answer(imiptest.Outlook, imiptest.Accepted, now))
		s.startAgain("event-reply", x)
		if got := s.attendee(uid, guest.Email); got.Status != "accepted" || len(got.History) != 1 {
			t.Errorf("%+v", got)
		}
		if counts := s.statistics(uid); counts.Confirmed != 1 {
			t.Errorf("%+v", counts)
		}
	})

	t.Run("everybody at once", func(t *testing.T) {
		s, uid := event(t)
		words := []string{imiptest.Accepted, imiptest.Declined, imiptest.Tentative}
		var answers []string
		for i := range 12 {
			guest := somebody("guest")
			invitation := s.invite(uid, guest)
			for minute := range 3 { // everyone changes their mind twice; the last answer stands, in whatever order they are read
				raw, err := imiptest.ComposeReply(invitation, answer(imiptest.Clients[i%4], words[(i+minute)%3], now.Add(time.Duration(minute)*time.Minute)))
				if err != nil {
					t.Fatal(err)
				}
				answers = append(answers, s.SendMail(guest.Email, rsvp, raw))
			}
		}
		for _, id := range answers {
			s.endsIn(s.WaitExecution("event-reply", id), "ReplyRecorded")
		}
		if counts := s.statistics(uid); counts.Confirmed != 4 || counts.Declined != 4 || counts.Tentative != 4 || counts.Pending != 0 {
			t.Errorf("%+v", counts)
		}
	})

	t.Run("an alias in ATTENDEE answers for the invited person, who mailed it", func(t *testing.T) {
		s, uid := event(t)
		guest := somebody("guest")
		x := s.WaitExecution("event-reply", s.SendMail(guest.Email, rsvp, plainReply(guest.Email, s.invited(s.invite(uid, guest)).UID(), "alias."+guest.Email)))
		if got := s.result(x); got.Result != "applied" || got.Attendee != guest.Email || got.Grade != "probable" {
			t.Errorf("%+v", got)
		}
		if counts := s.statistics(uid); counts.Attendees != 1 || counts.Confirmed != 1 {
			t.Errorf("%+v", counts)
		}
	})

	t.Run("no ATTENDEE at all is no answer", func(t *testing.T) {
		s, uid := event(t)
		guest := somebody("room")
		raw := plainReply(guest.Email, s.invited(s.invite(uid, guest)).UID(), guest.Email)
		raw = bytes.Replace(raw, []byte("ATTENDEE;PARTSTAT=ACCEPTED:mailto:"+guest.Email+"\r\n"), nil, 1)
		s.WaitExecution("event-reply", s.SendMail(guest.Email, rsvp, raw))
		if counts := s.statistics(uid); counts.Attendees != 1 || counts.Pending != 1 {
			t.Errorf("%+v", counts)
		}
	})

	t.Run("delegated, and the delegate answers", func(t *testing.T) {
		s, uid := event(t)
		guest, delegate := somebody("boss"), somebody("assistant")
		ours := s.invited(s.invite(uid, guest)).UID()
		raw := plainReply(guest.Email, ours, guest.Email)
		raw = bytes.Replace(raw, []byte("PARTSTAT=ACCEPTED"), []byte(`PARTSTAT=DELEGATED;DELEGATED-TO="mailto:`+delegate.Email+`"`), 1)
		if got := s.result(s.WaitExecution("event-reply", s.SendMail(guest.Email, rsvp, raw))); got.Result != "applied" || got.Status != "delegated" {
			t.Errorf("%+v", got)
		}
		raw = plainReply(delegate.Email, ours, delegate.Email)
		raw = bytes.Replace(raw, []byte("PARTSTAT=ACCEPTED"), []byte(`PARTSTAT=ACCEPTED;DELEGATED-FROM="mailto:`+guest.Email+`"`), 1)
		if got := s.result(s.WaitExecution("event-reply", s.SendMail(delegate.Email, rsvp, raw))); got.Result != "applied" || got.Attendee != delegate.Email {
			t.Errorf("%+v", got)
		}
		if counts := s.statistics(uid); counts.RSVP["delegated"] != 1 || counts.Confirmed != 1 || counts.Attendees != 2 {
			t.Errorf("%+v", counts)
		}
		if got := s.attendee(uid, guest.Email); got.DelegatedTo != delegate.Email {
			t.Errorf("%+v", got)
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
		other := s.register(tea(somebody("grace")))
		for name, forged := range map[string]string{
			"a token of our shape":         strings.Replace(invited.UID(), token, strings.Repeat("a", len(token)), 1),
			"the token of another event's": strings.Replace(invited.UID(), uid, other, 1),
		} {
			s.ignored(s.WaitExecution("event-reply", s.SendMail(guest.Email, rsvp, plainReply(guest.Email, forged, guest.Email))), "forged-token")
			if counts := s.statistics(uid); counts.Pending != 1 || counts.Attendees != 1 {
				t.Errorf("%s: %+v", name, counts)
			}
		}
		x := s.WaitExecution("event-reply", s.SendMail(guest.Email, rsvp, plainReply(guest.Email, "nobody-knows-this@calendar.example", guest.Email)))
		if got := s.result(x); got.Result != "unknown-event" {
			t.Errorf("%+v", got)
		}
		s.statistics(other)
	})

	t.Run("an answer to an event that is cancelled is kept but not counted", func(t *testing.T) {
		s := s.on(t)
		e := tea(somebody("ada"))
		uid := s.register(e)
		guest := somebody("guest")
		invitation := s.invite(uid, guest)
		e.At, e.Sequence = e.At.Add(time.Minute), 1
		s.endsIn(s.cancel(e), "EventCancelled")
		if got := s.result(s.reply(invitation, guest.Email, answer(imiptest.Apple, imiptest.Accepted, now))); got.Result != "cancelled" || got.Reason != "event-cancelled" {
			t.Errorf("%+v", got)
		}
		if counts := s.statistics(uid); counts.Confirmed != 0 || counts.Pending != 1 {
			t.Errorf("%+v", counts)
		}
	})

	t.Run("told as the API's contract says", func(t *testing.T) {
		s, uid := event(t)
		guest := somebody("guest")
		s.reply(s.invite(uid, guest), guest.Email, answer(imiptest.Gmail, imiptest.Accepted, now))
		s.invite(uid, somebody("silent"))
		a := s.Get("/event/" + uid + "/statistics")
		var got, want any
		if err := json.Unmarshal([]byte(a.Body), &got); err != nil {
			t.Fatal(err)
		}
		text := fmt.Sprintf(`{"event_id": %q, "attendee_count": 2, "rsvp_confirmed": 1, "rsvp_declined": 0, "rsvp_tentative": 0, "rsvp_pending": 1,
			"attendees": 2, "invites": 2, "origin": {"api": 2}, "prodid": {%q: 1}, "rsvp": {"accepted": 1, "declined": 0, "tentative": 0, "noaction": 1, "delegated": 0}}`,
			uid, s.attendee(uid, guest.Email).ProdID)
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s", a.Body)
		}
		if a := s.Get("/event/" + strings.Repeat("z", 40) + "/statistics"); a.Status != 404 || !strings.HasPrefix(a.Body, `{"message":"`) {
			t.Errorf("of an unknown event: %d %s", a.Status, a.Body)
		}
		if a := s.Do("GET", "/event/"+uid+"/statistics", ""); a.Status != 403 {
			t.Errorf("without a key: %d %s", a.Status, a.Body)
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
		if got := s.attendee(uid, guest.Email); len(got.Instances) != 1 || got.Status != "accepted" {
			t.Errorf("%s, instances %+v", got.Status, got.Instances)
		}
		late := answer(imiptest.Outlook, imiptest.Tentative, now) // before the answer to the instance, and mailed after it
		late.Instance = one.Instance
		if got := s.result(s.reply(invitation, guest.Email, late)); got.Result != "stale" {
			t.Errorf("%+v", got)
		}
		for _, instance := range s.attendee(uid, guest.Email).Instances {
			if instance.Status != "declined" {
				t.Errorf("%+v", instance)
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

// The organizer's policy decides about guests to whom an invitation was forwarded; delegates are the invited person's own choice.
func TestForwardedGuests(t *testing.T) {
	for policy, result := range map[string]string{"hold": "held", "refuse": "refused"} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			s := start(t, stacktest.Env("FORWARDED_GUESTS", policy))
			uid := s.register(tea(somebody("ada")))
			guest, friend := somebody("guest"), somebody("friend")
			ours := s.invited(s.invite(uid, guest)).UID()
			x := s.WaitExecution("event-reply", s.SendMail(friend.Email, rsvp, plainReply(friend.Email, ours, friend.Email)))
			if got := s.result(x); got.Result != result || got.Reason != "forwarded-guest" {
				t.Errorf("%+v", got)
			}
			if counts := s.statistics(uid); counts.Attendees != 1 || counts.Pending != 1 {
				t.Errorf("%+v", counts)
			}
			if x := s.WaitExecution("event-reply", s.SendMail(guest.Email, rsvp, plainReply(guest.Email, ours, guest.Email))); s.result(x).Result != "applied" {
				t.Errorf("the invited person: %+v", s.result(x))
			}
		})
	}
}

// plainReply is the least that is a reply: the attendee accepts.
func plainReply(from, uid, attendee string) []byte {
	return fmt.Appendf(nil, "From: %s\r\nTo: %s\r\nSubject: Accepted\r\nMIME-Version: 1.0\r\nContent-Type: text/calendar; method=REPLY; charset=UTF-8\r\n\r\n"+
		"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//X//EN\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20260101T000000Z\r\n"+
		"ATTENDEE;PARTSTAT=ACCEPTED:mailto:%s\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n", from, rsvp, uid, attendee)
}
