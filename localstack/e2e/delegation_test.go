package e2e

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/localstack/states"
)

// delegates lets a guest send somebody in their place, as their calendar says it (RFC 5546 §3.2.2.3).
func (p *party) delegates(guest int, client imiptest.Client, to imiptest.Address) invite.Answered {
	p.t.Helper()
	who := p.guests[guest]
	r := imiptest.Reply{Client: client, Answer: imiptest.Delegated, At: time.Now(), DelegatedTo: to}
	return p.result(p.reply(p.lastMail(who), who.Email, r))
}

// attendeeIn is the one ATTENDEE of a mail.
func (s *system) attendeeIn(mail []byte) ical.Person {
	s.t.Helper()
	people := s.invited(mail).Attendees()
	if len(people) != 1 {
		s.t.Fatalf("the mail is to %+v", people)
	}
	return people[0]
}

// A guest sends somebody in their place (RFC 5546 §3.2.2.3): both are kept, and each has their own answer and hears of every change.
func TestDelegation(t *testing.T) {
	s := start(t)

	for _, client := range imiptest.Clients {
		t.Run("from "+string(client), func(t *testing.T) {
			s := s.on(t)
			p := s.party(tea(somebody("ada")), 2)
			boss, delegate := p.guests[0], somebody("delegate")
			if got := p.delegates(0, client, delegate); got.Result != "applied" || got.Attendee != boss.Email || got.Status != "delegated" || got.Grade != "proven" {
				t.Errorf("%+v", got)
			}
			if got := s.attendee(p.uid, boss.Email); got.DelegatedTo != delegate.Email || len(got.History) != 1 || got.History[0].Status != "delegated" {
				t.Errorf("%+v", got)
			}
			if counts := s.statistics(p.uid); counts.RSVP["delegated"] != 1 || counts.Pending != 1 || counts.Attendees != 2 {
				t.Errorf("before the delegate answers: %+v", counts)
			}

			// The delegate has the mail that the boss handed on.
			r := imiptest.Reply{Client: client, As: delegate, DelegatedFrom: boss, Comment: "Instead of the boss"}
			if got := p.brings(delegate, r); got.Result != "applied" || got.Attendee != delegate.Email || got.Status != "accepted" {
				t.Errorf("%+v", got)
			}
			counts := s.statistics(p.uid)
			if counts.RSVP["delegated"] != 1 || counts.Confirmed != 1 || counts.Pending != 1 || counts.Attendees != 3 || counts.Origin["shared"] != 1 {
				t.Errorf("%+v", counts)
			}
			if got := s.attendee(p.uid, delegate.Email); got.Via != boss.Email || got.Comment != "Instead of the boss" || got.DelegatedTo != "" {
				t.Errorf("%+v", got)
			}
			_, rows := s.report(p.uid, p.event.Organizer.Email)
			if b, d := rows[boss.Email], rows[delegate.Email]; b["status"] != "delegated" || b["delegated_to"] != delegate.Email || d["status"] != "accepted" || d["comment"] != "Instead of the boss" {
				t.Errorf("the report has %v and %v", b, d)
			}

			p.update(p.next(func(e *imiptest.Event) { e.Summary = "Cake" }))
			if got := s.attendeeIn(p.lastMail(boss)); got.Email != boss.Email || got.PartStat != "DELEGATED" || got.DelegatedTo != delegate.Email {
				t.Errorf("the update for the boss is to %+v", got)
			}
			if got := p.friendSees(delegate); got.Summary != "Cake" || got.PartStat != "ACCEPTED" || s.sentTo(delegate.Email) != 1 {
				t.Errorf("%d mails: the delegate sees %+v", s.sentTo(delegate.Email), got)
			}

			// The boss comes after all; the delegate's answer is the delegate's.
			if got := p.says(0, client, imiptest.Accepted); got != "applied" {
				t.Errorf("taken back: %s", got)
			}
			if got := s.attendee(p.uid, boss.Email); got.DelegatedTo != "" || got.Status != "accepted" {
				t.Errorf("%+v", got)
			}
			if counts := s.statistics(p.uid); counts.RSVP["delegated"] != 0 || counts.Confirmed != 2 || counts.Attendees != 3 {
				t.Errorf("%+v", counts)
			}
			p.callOff(p.next(func(*imiptest.Event) {}))
			if !p.sees(boss).Cancelled || !p.friendSees(delegate).Cancelled {
				t.Errorf("the boss sees %+v, the delegate %+v", p.sees(boss), p.friendSees(delegate))
			}
		})
	}

	t.Run("a reschedule asks both again", func(t *testing.T) {
		s := s.on(t)
		p := s.party(tea(somebody("ada")), 1)
		delegate := somebody("delegate")
		p.delegates(0, imiptest.Outlook, delegate)
		p.brings(delegate, imiptest.Reply{DelegatedFrom: p.guests[0]})
		p.update(p.next(func(e *imiptest.Event) { e.Start, e.End = e.Start.Add(time.Hour), e.End.Add(time.Hour) }))
		if b, d := s.attendeeIn(p.lastMail(p.guests[0])), s.attendeeIn(p.lastMail(delegate)); b.PartStat != "NEEDS-ACTION" || d.PartStat != "NEEDS-ACTION" || b.DelegatedTo != "" {
			t.Errorf("the updates are to %+v and %+v", b, d)
		}
		if counts := s.statistics(p.uid); counts.Pending != 2 || counts.RSVP["delegated"] != 0 {
			t.Errorf("%+v", counts)
		}
	})

	t.Run("to somebody who is invited as well", func(t *testing.T) {
		s := s.on(t)
		p := s.party(tea(somebody("ada")), 2)
		p.delegates(0, imiptest.Gmail, p.guests[1])
		if got := p.says(1, imiptest.Apple, imiptest.Tentative); got != "applied" {
			t.Errorf("%s", got)
		}
		if got := p.brings(p.guests[1], imiptest.Reply{At: time.Now().Add(time.Minute), DelegatedFrom: p.guests[0]}); got.Result != "applied" || got.Attendee != p.guests[1].Email {
			t.Errorf("%+v", got)
		}
		if counts := s.statistics(p.uid); counts.Attendees != 2 || counts.RSVP["delegated"] != 1 || counts.Confirmed != 1 || s.attendee(p.uid, p.guests[1].Email).Origin != "api" {
			t.Errorf("%+v", counts)
		}
	})

	t.Run("to nobody that mail can reach", func(t *testing.T) {
		s := s.on(t)
		p := s.party(tea(somebody("ada")), 1)
		if got := p.delegates(0, imiptest.Generic, imiptest.Address{Email: "room 7"}); got.Result != "applied" || got.Status != "delegated" {
			t.Errorf("%+v", got)
		}
		p.update(p.next(func(e *imiptest.Event) { e.Summary = "Cake" }))
		if got := p.sees(p.guests[0]); got.PartStat != "DELEGATED" || s.attendee(p.uid, p.guests[0].Email).DelegatedTo != "" {
			t.Errorf("%+v", got)
		}
		s.statistics(p.uid)
	})
}

// refresh mails what a calendar writes that wants to know how things are, and waits for the workflow's end.
func (s *system) refresh(invitation []byte, from imiptest.Address) (states.Execution, invite.Refreshed) {
	s.t.Helper()
	raw, err := imiptest.ComposeRefresh(invitation, imiptest.Reply{At: time.Now(), As: from})
	if err != nil {
		s.t.Fatal(err)
	}
	x := s.WaitExecution("event-reply", s.SendMail(from.Email, rsvp, raw))
	var out struct {
		Sent struct{ Done invite.Refreshed }
	}
	s.output(x.Output, &out)
	return x, out.Sent.Done
}

// A calendar that asks for the event (REFRESH, RFC 5546 §3.2.6) gets it as it is now, with the guest's own answer.
func TestRefresh(t *testing.T) {
	s := start(t)

	t.Run("as the event is now, to who asks alone", func(t *testing.T) {
		s := s.on(t)
		p := s.party(tea(somebody("ada")), 2)
		who, first := p.guests[0], p.inbox(p.guests[0])[0]
		p.says(0, imiptest.Gmail, imiptest.Accepted)
		p.update(p.next(func(e *imiptest.Event) { e.Summary, e.Location = "Cake", "Paris" }))
		x, got := s.refresh(first, who) // by the first version that they got
		s.endsIn(x, "ReplyRecorded")
		if got.Result != "sent" || got.Attendee != who.Email || s.sentTo(who.Email) != 3 || s.sentTo(p.guests[1].Email) != 2 {
			t.Errorf("%+v; %d mails, and %d to the other guest", got, s.sentTo(who.Email), s.sentTo(p.guests[1].Email))
		}
		shown := s.shown(p.uid, p.lastMail(who)) // to a calendar that had lost everything
		if shown.Summary != "Cake" || shown.Location != "Paris" || shown.Sequence != 1 || shown.PartStat != "ACCEPTED" || shown.UID != s.invited(first).UID() {
			t.Errorf("%+v", shown)
		}
		if p.sees(who).Summary != "Cake" || s.calendarOf(p.lastMail(who)).Method != "REQUEST" {
			t.Errorf("%+v", p.sees(who))
		}
		s.startAgain("event-reply", x)
		if n := s.sentTo(who.Email); n != 3 {
			t.Errorf("a mail that is read twice is answered twice: %d", n)
		}
		if counts := s.statistics(p.uid); counts.Confirmed != 1 || counts.Pending != 1 || len(s.attendee(p.uid, who.Email).History) != 1 {
			t.Errorf("asking is no answer: %+v", counts)
		}

		p.update(p.next(func(e *imiptest.Event) { e.Start, e.End = e.Start.Add(time.Hour), e.End.Add(time.Hour) }))
		s.refresh(first, who)
		if shown := s.shown(p.uid, p.lastMail(who)); !shown.Start.Equal(p.event.Start) || shown.Sequence != 2 || shown.PartStat != "NEEDS-ACTION" {
			t.Errorf("after a move: %+v", shown)
		}
		p.callOff(p.next(func(*imiptest.Event) {}))
		before := s.sentTo(who.Email)
		s.refresh(first, who)
		if shown := s.shown(p.uid, p.lastMail(who)); !shown.Cancelled || shown.Sequence != 3 || s.sentTo(who.Email) != before+1 {
			t.Errorf("%d mails; after the end: %+v", s.sentTo(who.Email)-before, shown)
		}
	})

	t.Run("a series with all its instances", func(t *testing.T) {
		s := s.on(t)
		e := tea(somebody("ada"))
		e.Rule = "FREQ=WEEKLY;COUNT=4"
		p := s.party(e, 1)
		week := func(n int) time.Time { return e.Start.AddDate(0, 0, 7*n) }
		no := imiptest.Reply{Client: imiptest.Outlook, Answer: imiptest.Declined, At: time.Now(), Instance: week(3)}
		s.reply(p.inbox(p.guests[0])[0], p.guests[0].Email, no)
		p.update(p.instance(week(1), func(e *imiptest.Event) { e.Start, e.End = e.Start.Add(2*time.Hour), e.End.Add(2*time.Hour) }))
		p.callOff(p.instance(week(2), func(*imiptest.Event) {}))
		s.refresh(p.inbox(p.guests[0])[0], p.guests[0])
		fresh, kept := s.shown(p.uid, p.lastMail(p.guests[0])), p.sees(p.guests[0])
		want := dates([]time.Time{week(0), week(1).Add(2 * time.Hour), week(3)})
		if dates(fresh.Starts(10)) != want || dates(kept.Starts(10)) != want || fresh.Sequence != 2 {
			t.Errorf("a new calendar shows %s, the one that had it %s, want %s", dates(fresh.Starts(10)), dates(kept.Starts(10)), want)
		}
	})

	t.Run("to guests alone, whom mail may reach", func(t *testing.T) {
		s := s.on(t)
		p := s.party(tea(somebody("ada")), 3)
		first := p.inbox(p.guests[0])[0]
		friend, stranger := somebody("friend"), somebody("stranger")
		p.brings(friend, imiptest.Reply{Client: imiptest.Apple})
		if _, got := s.refresh(first, friend); got.Result != "sent" || s.sentTo(friend.Email) != 1 || s.shown(p.uid, p.lastMail(friend)).PartStat != "ACCEPTED" {
			t.Errorf("a guest by a forwarded mail: %+v", got)
		}
		s.oneClick(p.inbox(p.guests[1])[0])
		bounced := imiptest.Address{Email: fmt.Sprintf("bounce+%d@simulator.amazonses.com", people.Add(1))}
		lost := s.invite(p.uid, bounced)
		s.Eventually("the bounce", func() bool { return s.attendee(p.uid, bounced.Email).Undeliverable != "" })
		for _, c := range []struct {
			who        imiptest.Address
			invitation []byte
			reason     string
		}{
			{stranger, first, "unknown-attendee"},
			{p.event.Organizer, first, "unknown-attendee"},
			{p.guests[1], p.inbox(p.guests[1])[0], "blocked"},
			{bounced, lost, "undeliverable"},
		} {
			before := s.sentTo(c.who.Email)
			if x, got := s.refresh(c.invitation, c.who); x.Status != "SUCCEEDED" || got.Result != "refused" || got.Reason != c.reason || s.sentTo(c.who.Email) != before {
				t.Errorf("%s: %+v, %d mails", c.who.Email, got, s.sentTo(c.who.Email)-before)
			}
		}

		raw, err := imiptest.ComposeRefresh(first, imiptest.Reply{At: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		sealed := p.uid + "-" + strings.TrimPrefix(s.invited(first).UID(), p.uid+"-")[:20] // the line goes on below
		for reason, mail := range map[string]string{
			"forged-token":      strings.ReplaceAll(string(raw), sealed, forge(sealed)),
			"dmarc-fail":        "X-Local-Verdicts: dmarc=fail\r\n" + string(raw),
			"not-authenticated": "X-Local-Verdicts: spf=fail dkim=fail dmarc=gray\r\n" + string(raw),
			"precedence":        "Precedence: bulk\r\n" + string(raw),
			"no-answer":         strings.ReplaceAll(string(raw), "\r\nUID:", "\r\nX-UID:"),
		} {
			s.ignored(s.WaitExecution("event-reply", s.SendMail(p.guests[0].Email, rsvp, []byte(mail))), reason)
		}
		if n := s.sentTo(p.guests[0].Email); n != 1 {
			t.Errorf("%d mails", n-1)
		}
	})
}

// What guests add to their answers is kept with them, and the organizer reads it in the report.
func TestComments(t *testing.T) {
	s := start(t)

	for _, client := range imiptest.Clients {
		t.Run("from "+string(client), func(t *testing.T) {
			s := s.on(t)
			p := s.party(tea(somebody("ada")), 1)
			who, now := p.guests[0], time.Now().Truncate(time.Second)
			answer := func(word, words string, at time.Time) string {
				t.Helper()
				r := imiptest.Reply{Client: client, Answer: word, At: at, Comment: words}
				return string(s.result(s.reply(p.inbox(who)[0], who.Email, r)).Result)
			}
			reads := func(status, words string) {
				t.Helper()
				_, rows := s.report(p.uid, p.event.Organizer.Email)
				if row := rows[who.Email]; row["comment"] != words || row["status"] != status {
					t.Errorf("%s: the report has %v, want %q", row["status"], row, words)
				}
			}
			const first = "Später: um 15:00, oder; \"nie\" ☕"
			quoted := first
			if client == imiptest.Gmail { // in a parameter, which has no quotes
				quoted = strings.ReplaceAll(first, `"`, "'")
			}
			if got := answer(imiptest.Tentative, first, now); got != "applied" {
				t.Errorf("%s", got)
			}
			reads("tentative", quoted)
			if got := answer(imiptest.Accepted, "", now.Add(time.Minute)); got != "applied" {
				t.Errorf("%s", got)
			}
			reads("accepted", quoted) // nothing was said since
			if got := answer(imiptest.Accepted, "Now I can", now.Add(2*time.Minute)); got != "applied" {
				t.Errorf("%s", got)
			}
			reads("accepted", "Now I can")
			if got := answer(imiptest.Declined, "Overtaken on its way", now.Add(time.Minute)); got != "stale" {
				t.Errorf("%s", got)
			}
			reads("accepted", "Now I can")
			p.update(p.next(func(e *imiptest.Event) { e.Start, e.End = e.Start.Add(time.Hour), e.End.Add(time.Hour) }))
			reads("noaction", "Now I can")
			if counts := s.statistics(p.uid); counts.Pending != 1 {
				t.Errorf("%+v", counts)
			}
		})
	}

	t.Run("on the page, and cut where they never end", func(t *testing.T) {
		s := s.on(t)
		p := s.party(tea(somebody("ada")), 1)
		who := p.guests[0]
		link := linkIn(t, p.inbox(who)[0], "/rsvp/")
		said := func(answer, words string) string {
			t.Helper()
			if a := s.Do("POST", link, url.Values{"answer": {answer}, "comment": {words}}.Encode(), asForm...); a.Status != 200 {
				t.Errorf("%d %s", a.Status, a.Body)
			}
			_, rows := s.report(p.uid, p.event.Organizer.Email)
			return rows[who.Email]["comment"]
		}
		if got := said("accepted", "By the page,\r\nin two lines"); !strings.Contains(got, "By the page,") || !strings.Contains(got, "in two lines") {
			t.Errorf("%q", got)
		}
		whole := strings.Repeat("茶", 1000) // as much as the page's form takes
		if got := said("tentative", whole); got != whole {
			t.Errorf("%d octets of %d", len(got), len(whole))
		}
		if got := said("declined", strings.Repeat("ü", 5000)); len(got) < 1000 || len(got) > 5000 || !strings.HasPrefix(got, "üüü") {
			t.Errorf("%d octets", len(got))
		}
		r := imiptest.Reply{Client: imiptest.Generic, Answer: imiptest.Tentative, At: time.Now().Add(time.Minute), Comment: strings.Repeat("ö", 20_000)}
		if got := s.result(s.reply(p.inbox(who)[0], who.Email, r)); got.Result != "applied" {
			t.Errorf("%+v", got)
		}
		if got := s.attendee(p.uid, who.Email); got.Status != "tentative" || len(got.Comment) > 5000 || !strings.HasPrefix(got.Comment, "ööö") {
			t.Errorf("%s, %d octets", got.Status, len(got.Comment))
		}
		s.statistics(p.uid)
	})

	t.Run("not in the list, which names nobody", func(t *testing.T) {
		s := s.on(t)
		p := s.party(tea(somebody("ada")), 1)
		r := imiptest.Reply{Client: imiptest.Outlook, Answer: imiptest.Accepted, At: time.Now(), Comment: "Call me: 555 0199"}
		s.reply(p.inbox(p.guests[0])[0], p.guests[0].Email, r)
		a := s.Get("/event/" + p.uid + "/attendees")
		if a.Status != 200 || !strings.Contains(a.Body, `"accepted"`) || strings.Contains(a.Body, "555") || strings.Contains(a.Body, p.guests[0].Email) {
			t.Errorf("%d %s", a.Status, a.Body)
		}
	})
}
