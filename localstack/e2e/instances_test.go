package e2e

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/itip"
)

// answered are the answers of a guest to single instances.
func (p *party) answered(who imiptest.Address) map[string]itip.Status {
	p.t.Helper()
	answers := map[string]itip.Status{}
	for key, instance := range p.attendee(p.uid, who.Email).Instances {
		answers[key] = instance.Status
	}
	return answers
}

// answers are instances and what was answered to them, in their order.
func answers(pairs ...any) string {
	all := map[string]itip.Status{}
	for i := 0; i+1 < len(pairs); i += 2 {
		key, ok := pairs[i].(string)
		if !ok {
			key = pairs[i].(time.Time).UTC().Format("20060102T150405Z")
		}
		all[key] = itip.Status(pairs[i+1].(string))
	}
	return fmt.Sprint(all)
}

// A guest who answers for one instance of a series (RECURRENCE-ID) keeps their answer to the others, in every form that calendars name
// the instance.
func TestInstanceAnswers(t *testing.T) {
	s := start(t)
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	weekly := func() imiptest.Event {
		e := tea(somebody("ada"))
		e.Start, e.End, e.Rule = e.Start.In(berlin), e.End.In(berlin), "FREQ=WEEKLY;COUNT=6"
		return e
	}
	week := func(e imiptest.Event, n int) time.Time { return e.Start.AddDate(0, 0, 7*n) }

	for _, client := range imiptest.Clients {
		t.Run("from "+string(client), func(t *testing.T) {
			s := s.on(t)
			e := weekly()
			p := s.party(e, 1)
			who, invitation, now := p.guests[0], p.inbox(p.guests[0])[0], time.Now().Truncate(time.Second)
			answer := func(word string, instance time.Time, at time.Time) invite.Answered {
				t.Helper()
				r := imiptest.Reply{Client: client, Answer: word, At: at, Instance: instance}
				if word == imiptest.Tentative {
					r.Comment = "If it rains"
				}
				return s.result(s.reply(invitation, who.Email, r))
			}
			if got := answer(imiptest.Declined, week(e, 1), now); got.Result != "applied" || got.Attendee != who.Email {
				t.Errorf("%+v", got)
			}
			if counts := s.statistics(p.uid); counts.Pending != 1 || counts.Declined != 0 {
				t.Errorf("one instance is counted as the series: %+v", counts)
			}
			answer(imiptest.Accepted, time.Time{}, now.Add(time.Minute))
			answer(imiptest.Tentative, week(e, 5), now.Add(2*time.Minute)) // beyond a change of the clocks, as the month may be
			if got := answers(week(e, 1), "declined", week(e, 5), "tentative"); got != fmt.Sprint(p.answered(who)) {
				t.Errorf("%v, want %s", p.answered(who), got)
			}
			for _, c := range []struct {
				word, result string
				at           time.Time
			}{{imiptest.Accepted, "stale", now.Add(-time.Minute)}, {imiptest.Declined, "duplicate", now}, {imiptest.Accepted, "applied", now.Add(3 * time.Minute)}} {
				if got := answer(c.word, week(e, 1), c.at); got.Result != c.result {
					t.Errorf("%s at %s: %+v", c.word, c.at, got)
				}
			}
			got := s.attendee(p.uid, who.Email)
			if got.Status != "accepted" || fmt.Sprint(p.answered(who)) != answers(week(e, 1), "accepted", week(e, 5), "tentative") || len(got.History) != 4 || got.Comment != "If it rains" {
				t.Errorf("%+v", got)
			}
			if h := got.History[0]; h.Status != "declined" || h.RecurrenceID != week(e, 1).UTC().Format("20060102T150405Z") || h.Channel != "mail" || h.Grade != "proven" {
				t.Errorf("history %+v", h)
			}
			if counts := s.statistics(p.uid); counts.Confirmed != 1 || counts.Tentative != 0 || counts.Attendees != 1 {
				t.Errorf("%+v", counts)
			}
			_, rows := s.report(p.uid, e.Organizer.Email)
			if row := rows[who.Email]; row["status"] != "accepted" || row["instances"] != week(e, 5).UTC().Format("20060102T150405Z")+"=tentative" {
				t.Errorf("the report has %v", row)
			}
		})
	}

	// Google answers for the series and for what differs in one mail (field rule 30).
	t.Run("several in one mail", func(t *testing.T) {
		s := s.on(t)
		e := weekly()
		p := s.party(e, 1)
		who, invitation := p.guests[0], p.inbox(p.guests[0])[0]
		compose := func(word string, instance time.Time) []byte {
			raw, err := imiptest.ComposeReply(invitation, imiptest.Reply{Client: imiptest.Generic, Answer: word, At: time.Now(), Instance: instance})
			if err != nil {
				t.Fatal(err)
			}
			return raw
		}
		event := func(raw []byte) []byte {
			from, to := bytes.Index(raw, []byte("BEGIN:VEVENT")), bytes.Index(raw, []byte("END:VCALENDAR"))
			return raw[from:to]
		}
		raw := compose(imiptest.Accepted, time.Time{})
		more := bytes.Join([][]byte{event(compose(imiptest.Declined, week(e, 2))), event(compose(imiptest.Tentative, week(e, 3))), event(compose(imiptest.Declined, week(e, 2))), []byte("END:VCALENDAR")}, nil)
		x := s.WaitExecution("event-reply", s.SendMail(who.Email, rsvp, bytes.Replace(raw, []byte("END:VCALENDAR"), more, 1)))
		s.endsIn(x, "ReplyRecorded")
		got := s.attendee(p.uid, who.Email)
		if got.Status != "accepted" || fmt.Sprint(p.answered(who)) != answers(week(e, 2), "declined", week(e, 3), "tentative") || len(got.History) != 3 {
			t.Errorf("%+v", got)
		}
		s.startAgain("event-reply", x)
		if again := s.attendee(p.uid, who.Email); again.Version != got.Version {
			t.Errorf("read twice: %+v", again)
		}
		if counts := s.statistics(p.uid); counts.Confirmed != 1 || counts.Declined != 0 {
			t.Errorf("%+v", counts)
		}
	})

	t.Run("of whole days", func(t *testing.T) {
		s := s.on(t)
		for _, client := range imiptest.Clients {
			e := tea(somebody("ada"))
			e.Client, e.AllDay, e.Rule = client, true, "FREQ=WEEKLY;COUNT=4"
			e.Start = e.Start.Truncate(24 * time.Hour)
			e.End = e.Start.AddDate(0, 0, 1)
			p := s.party(e, 1)
			no := imiptest.Reply{Client: client, Answer: imiptest.Declined, At: time.Now(), Instance: week(e, 1)}
			if got := s.result(s.reply(p.inbox(p.guests[0])[0], p.guests[0].Email, no)); got.Result != "applied" {
				t.Errorf("%s: %+v", client, got)
			}
			if got := fmt.Sprint(p.answered(p.guests[0])); got != answers(week(e, 1).Format("20060102"), "declined") {
				t.Errorf("%s: %s", client, got)
			}
			p.update(p.instance(week(e, 1), func(e *imiptest.Event) { e.Summary = "Cake" }))
			if got := p.sees(p.guests[0]); len(got.Instances) != 1 || got.Instances[0].PartStat != "DECLINED" || got.Instances[0].Summary != "Cake" {
				t.Errorf("%s: %+v", client, got)
			}
		}
	})

	t.Run("of a time without a zone", func(t *testing.T) {
		s := s.on(t)
		e := tea(somebody("ada"))
		e.Client, e.Rule = imiptest.Generic, "FREQ=WEEKLY;COUNT=4"
		raw, err := imiptest.ComposeRequest(e)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range []time.Time{e.Start, e.End} {
			raw = bytes.ReplaceAll(raw, []byte(":"+at.Format("20060102T150405Z")), []byte(":"+at.Format("20060102T150405")))
		}
		x := s.mail(e.Organizer.Email, raw)
		s.endsIn(x, "EventCreated")
		p := &party{system: s, event: e, uid: x.Name}
		for _, client := range []imiptest.Client{imiptest.Apple, imiptest.Generic} {
			who := somebody("guest")
			invitation := s.invite(p.uid, who)
			if got := s.shown(p.uid, invitation); !got.Floating {
				t.Fatalf("%+v", got)
			}
			no := imiptest.Reply{Client: client, Answer: imiptest.Declined, At: time.Now(), Instance: week(e, 1)}
			if got := s.result(s.reply(invitation, who.Email, no)); got.Result != "applied" {
				t.Errorf("%s: %+v", client, got)
			}
			if got := fmt.Sprint(p.answered(who)); got != answers(week(e, 1).Format("20060102T150405"), "declined") {
				t.Errorf("%s: %s", client, got)
			}
		}
	})

	t.Run("to the old time of an instance, or of the series", func(t *testing.T) {
		s := s.on(t)
		e := weekly()
		p := s.party(e, 1)
		who, first := p.guests[0], p.inbox(p.guests[0])[0]
		at := time.Now()
		answer := func(mail []byte, instance time.Time) string {
			t.Helper()
			at = at.Add(time.Second) // the same answer of the same second is a repeat
			return string(s.result(s.reply(mail, who.Email, imiptest.Reply{Client: imiptest.Outlook, Answer: imiptest.Accepted, At: at, Instance: instance})).Result)
		}
		p.update(p.instance(week(e, 1), func(e *imiptest.Event) { e.Start, e.End = e.Start.Add(time.Hour), e.End.Add(time.Hour) }))
		moved := p.lastMail(who)
		if got := answer(first, week(e, 1)); got != "outdated" {
			t.Errorf("to the instance's old time: %s", got)
		}
		if got := answer(first, week(e, 2)); got != "applied" {
			t.Errorf("to another instance: %s", got)
		}
		if got := answer(moved, week(e, 1)); got != "applied" {
			t.Errorf("to the instance's new time: %s", got)
		}
		if got := fmt.Sprint(p.answered(who)); got != answers(week(e, 1), "accepted", week(e, 2), "accepted") {
			t.Errorf("%s", got)
		}
		p.update(p.next(func(e *imiptest.Event) { e.Start, e.End = e.Start.Add(2*time.Hour), e.End.Add(2*time.Hour) }))
		if got := p.sees(who); got.PartStat != "NEEDS-ACTION" || len(got.Instances) != 0 {
			t.Errorf("%+v", got)
		}
		if got := answer(moved, week(e, 1)); got != "outdated" {
			t.Errorf("to an instance of the old series: %s", got)
		}
		if counts := s.statistics(p.uid); counts.Pending != 1 {
			t.Errorf("%+v", counts)
		}
		_, rows := s.report(p.uid, e.Organizer.Email)
		if row := rows[who.Email]; row["instances"] != "" || row["status"] != "noaction" {
			t.Errorf("the report has %v", row)
		}
	})

	t.Run("of somebody to whom the invitation was forwarded", func(t *testing.T) {
		s := s.on(t)
		e := weekly()
		p := s.party(e, 1)
		friend := somebody("friend")
		if got := p.brings(friend, imiptest.Reply{Client: imiptest.Apple, Instance: week(e, 2)}); got.Result != "applied" || got.Attendee != friend.Email {
			t.Errorf("%+v", got)
		}
		if counts := s.statistics(p.uid); counts.Attendees != 2 || counts.Pending != 2 || counts.Confirmed != 0 {
			t.Errorf("%+v", counts)
		}
		if got := fmt.Sprint(p.answered(friend)); got != answers(week(e, 2), "accepted") {
			t.Errorf("%s", got)
		}
		p.update(p.instance(week(e, 2), func(e *imiptest.Event) { e.Summary = "Cake" }))
		if got := p.friendSees(friend); got.Summary != "Tea" || len(got.Instances) != 1 || got.Instances[0].PartStat != "ACCEPTED" || got.Instances[0].Summary != "Cake" {
			t.Errorf("the friend sees %+v", got)
		}
	})

	t.Run("without end", func(t *testing.T) {
		s := s.on(t)
		e := tea(somebody("ada"))
		e.Rule = "FREQ=DAILY"
		p := s.party(e, 1)
		who := p.guests[0]
		raw, err := imiptest.ComposeReply(p.inbox(who)[0], imiptest.Reply{Client: imiptest.Generic, Answer: imiptest.Declined, At: time.Now(), Instance: e.Start})
		if err != nil {
			t.Fatal(err)
		}
		from, to := bytes.Index(raw, []byte("BEGIN:VEVENT")), bytes.Index(raw, []byte("END:VCALENDAR"))
		id := "RECURRENCE-ID:" + e.Start.UTC().Format("20060102T150405Z")
		for mail := range 6 { // each with as many instances as are read of one
			var events strings.Builder
			for i := range 20 {
				day := e.Start.AddDate(0, 0, 20*mail+i)
				events.WriteString(strings.Replace(string(raw[from:to]), id, "RECURRENCE-ID:"+day.UTC().Format("20060102T150405Z"), 1))
			}
			all := string(raw[:from]) + events.String() + string(raw[to:])
			s.endsIn(s.WaitExecution("event-reply", s.SendMail(who.Email, rsvp, []byte(all))), "ReplyRecorded")
		}
		got := p.answered(who)
		if last := e.Start.AddDate(0, 0, 119).UTC().Format("20060102T150405Z"); len(got) != 100 || got[last] != "declined" {
			t.Errorf("%d answers are kept", len(got))
		}
		if counts := s.statistics(p.uid); counts.Pending != 1 || len(s.attendee(p.uid, who.Email).History) != 50 {
			t.Errorf("%+v", counts)
		}
	})
}
