package e2e

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/imip"
	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/seal"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
	"github.com/calendarinvite/calendarinviteserver/localstack/states"
)

// counter mails a proposal of another time, made from an invitation, and waits for the workflow's end.
func (s *system) counter(invitation []byte, from string, c imiptest.Counter) states.Execution {
	s.t.Helper()
	raw, err := imiptest.ComposeCounter(invitation, c)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.WaitExecution("event-reply", s.SendMail(from, rsvp, raw))
}

// countered is what became of a proposal.
func (s *system) countered(x states.Execution) invite.Countered {
	s.t.Helper()
	var out struct {
		Proposed struct{ Done invite.Countered }
	}
	s.output(x.Output, &out)
	return out.Proposed.Done
}

// proposes lets a guest propose that what was planned be so much later, and returns the mail that brings it to the organizer.
func (p *party) proposes(guest int, c imiptest.Counter, later time.Duration) []byte {
	p.t.Helper()
	start := p.event.Start
	if !c.Instance.IsZero() {
		start = c.Instance
	}
	c.Start = start.Add(later)
	c.End, c.Answer = c.Start.Add(p.event.End.Sub(p.event.Start)), imiptest.Tentative
	if c.At.IsZero() {
		c.At = time.Now()
	}
	if c.Client == "" {
		c.Client = imiptest.Gmail
	}
	before := p.sentTo(p.event.Organizer.Email)
	x := p.counter(p.lastMail(p.guests[guest]), p.guests[guest].Email, c)
	p.endsIn(x, "ReplyForwarded")
	if n := p.sentTo(p.event.Organizer.Email) - before; n != 1 {
		p.t.Fatalf("the organizer gets %d mails", n)
	}
	return p.lastMail(p.event.Organizer)
}

// textOf is the text of a mail in one line: texts are wrapped.
func textOf(t testing.TB, mail []byte) string {
	t.Helper()
	return strings.Join(strings.Fields(read(t, mail).Text()), " ")
}

// htmlOf is the HTML of a mail.
func htmlOf(t testing.TB, mail []byte) string {
	t.Helper()
	for _, part := range read(t, mail).Parts {
		if part.Type == "text/html" {
			return string(part.Body)
		}
	}
	t.Fatalf("the mail has no HTML:\n%s", mail)
	return ""
}

// linksIn are the paths of the links in a mail's text that lead below a route, in their order.
func linksIn(t testing.TB, mail []byte, route string) (paths []string) {
	t.Helper()
	for i, rest := range strings.Split(read(t, mail).Text(), route) {
		if i > 0 {
			link, _, _ := strings.Cut(strings.Join(strings.Fields(rest[:min(len(rest), 2000)]), " "), " ")
			paths = append(paths, route+link)
		}
	}
	return paths
}

// clocks is how texts say when something takes place.
func clocks(from, to time.Time) string {
	return from.Format("Monday, 2 January 2006, 15:04") + " – " + to.Format("15:04 MST")
}

// decline presses the button of a page of proposals.
func (s *system) decline(page, email, instance, comment string) stacktest.Answer {
	s.t.Helper()
	form := url.Values{"proposal": {email + " " + instance}, "choice": {"decline"}, "comment": {comment}}
	return s.Do("POST", page, form.Encode(), asForm...)
}

// page opens a page, which must be there.
func (s *system) page(path string) string {
	s.t.Helper()
	a := s.Do("GET", path, "")
	if a.Status != 200 || !strings.Contains(a.Body, "</html>") {
		s.t.Fatalf("%s answers %d %s", path, a.Status, a.Body)
	}
	return a.Body
}

// declined checks that the last mail to a guest declines their proposal (RFC 5546 §3.2.8), and changes nothing in their calendar.
func (p *party) declined(guest int, sequence int, words string) *imip.CalendarPart {
	p.t.Helper()
	who := p.guests[guest]
	mails := p.inbox(who)
	last := mails[len(mails)-1]
	part := p.calendarOf(last)
	events := part.Calendar.Events()
	if len(events) != 1 || part.Method != "DECLINECOUNTER" {
		p.t.Fatalf("%s got a %s of %d events:\n%s", who.Email, part.Method, len(events), last)
	}
	e := events[0]
	if e.UID() != p.invited(mails[0]).UID() || e.Sequence() != sequence || e.Comment() != words || len(e.Attendees()) != 1 || e.Attendees()[0].Email != who.Email {
		p.t.Errorf("%s got %s of revision %d, want %d, with %q, to %+v", who.Email, e.UID(), e.Sequence(), sequence, e.Comment(), e.Attendees())
	}
	if before, after := p.shown(p.uid, mails[:len(mails)-1]...), p.shown(p.uid, mails...); fmt.Sprint(before) != fmt.Sprint(after) {
		p.t.Errorf("the calendar showed %+v, and shows %+v", before, after)
	}
	if text := textOf(p.t, last); !strings.Contains(text, words) {
		p.t.Errorf("the mail does not say %q:\n%s", words, text)
	}
	return part
}

// A guest's calendar proposes another time: the organizer reads it, and declines it by a button.
func TestProposals(t *testing.T) {
	s := start(t)

	for _, client := range imiptest.Clients {
		t.Run("read and declined, from "+string(client), func(t *testing.T) {
			s := s.on(t)
			p := s.party(tea(somebody("ada")), 2)
			who, organizer := p.guests[0], p.event.Organizer
			mail := p.proposes(0, imiptest.Counter{Reply: imiptest.Reply{Client: client, Comment: "My train is late; sorry, Ada"}}, 2*time.Hour)
			message, text := read(t, mail), textOf(t, mail)
			if message.From.Email != "support@cis.localhost" || message.Auto.Submitted != "auto-generated" || !strings.Contains(message.Subject, "Tea") {
				t.Errorf("%q from %s, %s", message.Subject, message.From.Email, message.Auto.Submitted)
			}
			proposed := clocks(p.event.Start.Add(2*time.Hour), p.event.End.Add(2*time.Hour))
			for _, want := range []string{who.Name, who.Email, "Tea", "Now: " + clocks(p.event.Start, p.event.End), "Proposed: " + proposed, "My train is late; sorry, Ada"} {
				if !strings.Contains(text, want) {
					t.Errorf("the mail to the organizer does not say %q:\n%s", want, text)
				}
			}
			if counts := s.statistics(p.uid); counts.Tentative != 1 || counts.Pending != 1 || counts.Attendees != 2 {
				t.Errorf("the Maybe that comes with the proposal does not count: %+v", counts)
			}

			links := linksIn(t, mail, "/proposals/")
			if len(links) != 2 || links[0] == links[1] {
				t.Fatalf("links %v", links)
			}
			for i, link := range links {
				for range 2 { // mail scanners open links, and more than once
					page := s.page(link)
					if !strings.Contains(page, who.Email) || !strings.Contains(page, proposed) || !strings.Contains(page, "My train is late; sorry, Ada") || !strings.Contains(page, "<form") {
						t.Errorf("%s shows\n%s", link, page)
					}
					if open := strings.Contains(page, "<details open"); open != (i == 0) {
						t.Errorf("%s has the form open: %t", link, open)
					}
				}
			}
			if n := s.sentTo(who.Email); n != 1 {
				t.Fatalf("looking mails %d times", n-1)
			}
			for i := range 3 { // an impatient finger, and then the other link
				a := s.decline(links[i/2], who.Email, "", "I cannot, either")
				if a.Status != 200 || strings.Contains(a.Body, "<form") || !strings.Contains(a.Body, "Declined") || !strings.Contains(a.Body, who.Email) {
					t.Errorf("%d %s", a.Status, a.Body)
				}
				if n := s.sentTo(who.Email); n != 2 {
					t.Errorf("after %d clicks, the guest has %d mails", i+1, n)
				}
			}
			p.declined(0, 0, "I cannot, either")
			if s.sentTo(p.guests[1].Email) != 1 || s.sentTo(organizer.Email) != 2 {
				t.Errorf("%d mails to the other guest, %d to the organizer", s.sentTo(p.guests[1].Email), s.sentTo(organizer.Email))
			}
			if got := s.event(p.uid); got.Sequence != 0 || got.DTStart != p.event.Start.Unix() {
				t.Errorf("%+v", got)
			}
		})
	}

	t.Run("a newer one takes the place of the older; whose mail comes twice is told once", func(t *testing.T) {
		s := s.on(t)
		p := s.party(tea(somebody("ada")), 2)
		now := time.Now().Truncate(time.Second)
		invitation, who := p.inbox(p.guests[0])[0], p.guests[0]
		at := func(at time.Time, hours int) imiptest.Counter {
			later := time.Duration(hours) * time.Hour
			return imiptest.Counter{Reply: imiptest.Reply{Client: imiptest.Outlook, Answer: imiptest.Tentative, At: at}, Start: p.event.Start.Add(later), End: p.event.End.Add(later)}
		}
		first := s.counter(invitation, who.Email, at(now, 1))
		s.endsIn(first, "ReplyForwarded")
		s.startAgain("event-reply", first)
		if n := s.sentTo(p.event.Organizer.Email); n != 2 {
			t.Errorf("the organizer has %d mails", n)
		}
		s.counter(invitation, who.Email, at(now.Add(2*time.Minute), 3))
		s.counter(invitation, who.Email, at(now.Add(time.Minute), 2)) // overtaken on its way
		other := p.proposes(1, imiptest.Counter{}, 5*time.Hour)
		page := s.page(linksIn(t, other, "/proposals/")[1])
		if n := strings.Count(page, "<form"); n != 2 {
			t.Errorf("%d proposals of two guests", n)
		}
		for hours, want := range map[int]bool{1: false, 2: false, 3: true, 5: true} {
			proposed := clocks(p.event.Start.Add(time.Duration(hours)*time.Hour), p.event.End.Add(time.Duration(hours)*time.Hour))
			if strings.Contains(page, proposed) != want {
				t.Errorf("%s is shown: %t", proposed, !want)
			}
		}

		// The first mail comes once more, after the organizer has decided: the decision stands.
		s.decline(linksIn(t, other, "/proposals/")[1], who.Email, "", "")
		s.startAgain("event-reply", first)
		if page := s.page(linksIn(t, other, "/proposals/")[1]); strings.Count(page, "<form") != 1 || s.sentTo(who.Email) != 2 {
			t.Errorf("%d mails to the guest; the page shows\n%s", s.sentTo(who.Email), page)
		}
	})

	t.Run("declined, and proposed anew", func(t *testing.T) {
		s := s.on(t)
		p := s.party(tea(somebody("ada")), 1)
		invitation := p.inbox(p.guests[0])[0]
		mail := p.proposes(0, imiptest.Counter{}, time.Hour)
		s.decline(linksIn(t, mail, "/proposals/")[0], p.guests[0].Email, "", "")
		p.declined(0, 0, "")
		again := imiptest.Counter{Reply: imiptest.Reply{Client: imiptest.Apple, Answer: imiptest.Tentative, At: time.Now().Add(time.Minute)}, Start: p.event.Start.Add(2 * time.Hour), End: p.event.End.Add(2 * time.Hour)}
		s.endsIn(s.counter(invitation, p.guests[0].Email, again), "ReplyForwarded")
		s.decline(linksIn(t, p.lastMail(p.event.Organizer), "/proposals/")[0], p.guests[0].Email, "", "Nor then")
		p.declined(0, 0, "Nor then")
		if n := s.sentTo(p.guests[0].Email); n != 3 {
			t.Errorf("%d mails", n)
		}
	})

	t.Run("taken up in the organizer's calendar", func(t *testing.T) {
		s := s.on(t)
		p := s.party(tea(somebody("ada")), 2)
		mail := p.proposes(0, imiptest.Counter{}, 2*time.Hour)
		p.update(p.next(func(e *imiptest.Event) { e.Start, e.End = e.Start.Add(2*time.Hour), e.End.Add(2*time.Hour) }))
		p.told(2)
		for _, who := range p.guests {
			if got := p.sees(who); !got.Start.Equal(p.event.Start) || got.PartStat != "NEEDS-ACTION" {
				t.Errorf("%s sees %+v", who.Email, got)
			}
		}
		s.page(linksIn(t, mail, "/proposals/")[0])

		// A proposal to the time that is no longer.
		invitation := p.inbox(p.guests[1])[0]
		late := imiptest.Counter{Reply: imiptest.Reply{Client: imiptest.Gmail, Answer: imiptest.Tentative, At: time.Now()}, Start: p.event.Start.Add(time.Hour), End: p.event.End.Add(time.Hour)}
		x := s.counter(invitation, p.guests[1].Email, late)
		if s.endsIn(x, "NothingToDo"); s.countered(x).Reason != "old-time" {
			t.Errorf("%+v", s.countered(x))
		}
	})

	t.Run("for one instance", func(t *testing.T) {
		s := s.on(t)
		berlin, err := time.LoadLocation("Europe/Berlin")
		if err != nil {
			t.Fatal(err)
		}
		for _, client := range imiptest.Clients {
			e := tea(somebody("ada"))
			e.Start, e.End, e.Rule = e.Start.In(berlin), e.End.In(berlin), "FREQ=WEEKLY;COUNT=5"
			p := s.party(e, 1)
			who, third := p.guests[0], e.Start.AddDate(0, 0, 14)
			whole := p.proposes(0, imiptest.Counter{Reply: imiptest.Reply{Client: client}}, time.Hour)
			mail := p.proposes(0, imiptest.Counter{Reply: imiptest.Reply{Client: client, Instance: third}}, 2*time.Hour)
			date := clocks(third, third.Add(time.Hour))
			proposed := clocks(third.Add(2*time.Hour), third.Add(3*time.Hour))
			if text := textOf(t, mail); !strings.Contains(text, "Which date: "+date) || !strings.Contains(text, "Proposed: "+proposed) {
				t.Errorf("%s: want %s instead of %s:\n%s", client, proposed, date, text)
			}
			if text := textOf(t, whole); strings.Contains(text, "Which date") {
				t.Errorf("%s: all of the series:\n%s", client, text)
			}
			link := linksIn(t, mail, "/proposals/")[0]
			if page := s.page(link); strings.Count(page, "<form") != 2 || strings.Count(page, "<details open") != 1 || !strings.Contains(page, "Instead of "+date) {
				t.Errorf("%s: the page shows\n%s", client, page)
			}
			key := third.UTC().Format("20060102T150405Z")
			if a := s.decline(link, who.Email, key, "Only this week I cannot"); a.Status != 200 || strings.Count(a.Body, "<form") != 1 {
				t.Errorf("%s: %d %s", client, a.Status, a.Body)
			}
			part := p.declined(0, 0, "Only this week I cannot")
			if id, ok := part.Calendar.Events()[0].Time("RECURRENCE-ID"); !ok || !id.At.Equal(third) {
				t.Errorf("%s: the answer is about %s", client, id.At)
			}

			// The organizer moves the one date: the proposal was to what it was before.
			p.update(p.instance(third, func(e *imiptest.Event) { e.Start, e.End = e.Start.Add(2*time.Hour), e.End.Add(2*time.Hour) }))
			gone := imiptest.Counter{Reply: imiptest.Reply{Client: client, Answer: imiptest.Tentative, At: time.Now().Add(time.Minute), Instance: third}, Start: third.Add(4 * time.Hour), End: third.Add(5 * time.Hour)}
			if got := s.countered(s.counter(p.inbox(who)[0], who.Email, gone)); got.Result != "ignored" || got.Reason != "old-time" {
				t.Errorf("%s: to the old time: %+v", client, got)
			}
			p.callOff(p.instance(third, func(*imiptest.Event) {}))
			if got := s.countered(s.counter(p.inbox(who)[1], who.Email, gone)); got.Result != "ignored" || got.Reason != "unknown-instance" {
				t.Errorf("%s: of a date that is off: %+v", client, got)
			}
		}
	})

	t.Run("nothing to decide", func(t *testing.T) {
		s := s.on(t)
		p := s.party(tea(somebody("ada")), 1)
		who, invitation := p.guests[0], p.inbox(p.guests[0])[0]
		stranger := somebody("stranger")
		to := func(as imiptest.Address, start time.Time) imiptest.Counter {
			return imiptest.Counter{Reply: imiptest.Reply{Client: imiptest.Gmail, Answer: imiptest.Tentative, At: time.Now(), As: as}, Start: start, End: start.Add(time.Hour)}
		}
		for name, c := range map[string]struct {
			from   imiptest.Address
			start  time.Time
			reason string
		}{
			"the present time":            {who, p.event.Start, "same-time"},
			"a time that is over":         {who, p.event.At.AddDate(0, 0, -2), "time-over"},
			"of somebody who only has it": {stranger, p.event.Start.Add(time.Hour), "unknown-attendee"},
		} {
			x := s.counter(invitation, c.from.Email, to(c.from, c.start))
			if s.endsIn(x, "NothingToDo"); s.countered(x).Reason != c.reason {
				t.Errorf("%s: %+v", name, s.countered(x))
			}
		}

		raw, err := imiptest.ComposeCounter(invitation, imiptest.Counter{Reply: imiptest.Reply{Client: imiptest.Generic, Answer: imiptest.Tentative, At: time.Now()}, Start: p.event.Start.Add(time.Hour), End: p.event.End.Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		sealed := p.uid + "-" + strings.TrimPrefix(s.invited(invitation).UID(), p.uid+"-")[:20] // the line goes on below
		for name, c := range map[string]struct{ raw, reason string }{
			"a forged token":     {strings.ReplaceAll(string(raw), sealed, forge(sealed)), "forged-token"},
			"not authenticated":  {"X-Local-Verdicts: spf=fail dkim=fail dmarc=fail\r\n" + string(raw), "dmarc-fail"},
			"a time beyond time": {strings.ReplaceAll(string(raw), "DTSTART:20", "DTSTART:99"), "no-proposal"},
			"no time":            {strings.ReplaceAll(string(raw), "DTSTART:", "X-START:"), "no-proposal"},
		} {
			if c.raw == string(raw) {
				t.Fatalf("%s: the mail is as before", name)
			}
			s.ignored(s.WaitExecution("event-reply", s.SendMail(who.Email, rsvp, []byte(c.raw))), c.reason)
		}

		p.callOff(p.next(func(*imiptest.Event) {}))
		if got := s.countered(s.counter(invitation, who.Email, to(who, p.event.Start.Add(time.Hour)))); got.Reason != "event-cancelled" {
			t.Errorf("to a cancelled event: %+v", got)
		}
		if n := s.sentTo(p.event.Organizer.Email); n != 1 {
			t.Errorf("the organizer has %d mails", n)
		}
		for _, record := range s.scan() {
			if strings.HasPrefix(record.text("sk"), "proposal#") && record.text("pk") == "event#"+p.uid {
				t.Errorf("kept: %s", record.text("sk"))
			}
		}
	})

	t.Run("only by the organizer's link", func(t *testing.T) {
		s := s.on(t)
		p := s.party(tea(somebody("ada")), 1)
		who, organizer := p.guests[0], p.event.Organizer
		other := s.party(tea(somebody("grace")), 1)
		links := linksIn(t, p.proposes(0, imiptest.Counter{}, time.Hour), "/proposals/")
		foreign := linksIn(t, other.proposes(0, imiptest.Counter{}, time.Hour), "/proposals/")[1]
		sealed := func(l seal.Link) string { return "/proposals/" + s.keys().Link(l) }
		for name, link := range map[string]string{
			"forged":                forge(links[0]),
			"forged, of all":        forge(links[1]),
			"nonsense":              "/proposals/x",
			"expired":               sealed(seal.Link{Purpose: seal.Proposals, UID: p.uid, Email: organizer.Email, Expires: time.Now().Add(-time.Minute).Unix()}),
			"of another purpose":    sealed(seal.Link{Purpose: seal.Guests, UID: p.uid, Email: organizer.Email}),
			"of another organizer":  sealed(seal.Link{Purpose: seal.Proposals, UID: p.uid, Email: who.Email}),
			"of an unknown event":   sealed(seal.Link{Purpose: seal.Proposals, UID: strings.Repeat("z", 40), Email: organizer.Email}),
			"the guest's own, RSVP": "/proposals/" + strings.TrimPrefix(linkIn(t, p.inbox(who)[0], "/rsvp/"), "/rsvp/"),
		} {
			if a := s.Do("GET", link, ""); a.Status != 404 || !strings.Contains(a.Body, "</html>") || strings.Contains(a.Body, who.Email) {
				t.Errorf("%s: GET answers %d %s", name, a.Status, a.Body)
			}
			if a := s.decline(link, who.Email, "", ""); a.Status != 404 {
				t.Errorf("%s: POST answers %d", name, a.Status)
			}
		}
		for name, c := range map[string]struct {
			page, email, instance string
			status                int
		}{
			"of another event":  {foreign, who.Email, "", 404},
			"of nobody":         {links[1], somebody("nobody").Email, "", 404},
			"of no instance":    {links[1], who.Email, "20260101T000000Z", 404},
			"of no address":     {links[1], "not an address", "", 400},
			"of nothing at all": {links[1], "", "", 400},
		} {
			if a := s.decline(c.page, c.email, c.instance, ""); a.Status != c.status || !strings.Contains(a.Body, "</html>") {
				t.Errorf("%s: %d %s", name, a.Status, a.Body)
			}
		}
		if n := s.sentTo(who.Email); n != 1 {
			t.Errorf("the guest has %d mails", n)
		}
		if page := s.page(links[1]); strings.Count(page, "<form") != 1 {
			t.Errorf("nothing is declined: %s", page)
		}
	})

	t.Run("words stay words", func(t *testing.T) {
		s := s.on(t)
		p := s.party(tea(somebody("ada")), 1)
		const evil = `<img src=x onerror=alert(1)> {uid} "quoted"; 1,2\3`
		mail := p.proposes(0, imiptest.Counter{Reply: imiptest.Reply{Client: imiptest.Outlook, Comment: evil}}, time.Hour)
		if !strings.Contains(textOf(t, mail), evil) || strings.Contains(htmlOf(t, mail), "<img src=x") {
			t.Errorf("the mail reads\n%s", mail)
		}
		links := linksIn(t, mail, "/proposals/")
		if page := s.page(links[1]); strings.Contains(page, "<img src=x") || !strings.Contains(page, "&lt;img src=x") || !strings.Contains(page, "{uid}") {
			t.Errorf("the page shows\n%s", page)
		}
		s.decline(links[0], p.guests[0].Email, "", evil)
		p.declined(0, 0, evil)
		if html := htmlOf(t, p.lastMail(p.guests[0])); strings.Contains(html, "<img src=x") {
			t.Errorf("the guest's mail reads\n%s", html)
		}
	})

	t.Run("who cannot be reached gets no answer, and the proposal is settled", func(t *testing.T) {
		s := s.on(t)
		p := s.party(tea(somebody("ada")), 0)
		who := imiptest.Address{Name: "Grace", Email: fmt.Sprintf("bounce+%d@simulator.amazonses.com", people.Add(1))}
		s.invite(p.uid, who)
		s.Eventually("the bounce", func() bool { return s.attendee(p.uid, who.Email).Undeliverable != "" })
		p.guests = append(p.guests, who)
		link := linksIn(t, p.proposes(0, imiptest.Counter{}, time.Hour), "/proposals/")[0]
		if a := s.decline(link, who.Email, "", ""); a.Status != 200 || strings.Contains(a.Body, "<form") || s.sentTo(who.Email) != 1 {
			t.Errorf("%d, %d mails: %s", a.Status, s.sentTo(who.Email), a.Body)
		}
	})

	t.Run("all day", func(t *testing.T) {
		s := s.on(t)
		e := tea(somebody("ada"))
		day := e.Start.Truncate(24 * time.Hour)
		e.AllDay, e.Start, e.End = true, day, day.AddDate(0, 0, 1)
		p := s.party(e, 1)
		text := textOf(t, p.proposes(0, imiptest.Counter{Reply: imiptest.Reply{Client: imiptest.Outlook}}, 34*time.Hour))
		if !strings.Contains(text, "Now: "+day.Format("Monday, 2 January 2006, all day")) || !strings.Contains(text, day.Add(34*time.Hour).Format("Monday, 2 January 2006, 15:04")) {
			t.Errorf("%s", text)
		}
	})
}
