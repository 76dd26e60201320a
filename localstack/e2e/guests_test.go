package e2e

import (
	"maps"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/seal"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
)

// brings lets the first guest's invitation be answered by somebody to whom it was forwarded.
func (p *party) brings(friend imiptest.Address, r imiptest.Reply) invite.Answered {
	p.t.Helper()
	r.As = friend
	if r.Client == "" {
		r.Client = imiptest.Gmail
	}
	if r.Answer == "" {
		r.Answer = imiptest.Accepted
	}
	if r.At.IsZero() {
		r.At = time.Now()
	}
	return p.result(p.reply(p.inbox(p.guests[0])[0], friend.Email, r))
}

// choose presses a button of a page of guests.
func (s *system) choose(page, choice, email string) stacktest.Answer {
	s.t.Helper()
	return s.Do("POST", page, url.Values{"guest": {email}, "choice": {choice}}.Encode(), asForm...)
}

// held are the guests of an event about whom the organizer was asked, by address.
func (s *system) held(uid string) map[string]invite.GuestState {
	s.t.Helper()
	guests := map[string]invite.GuestState{}
	for _, record := range s.scan() {
		if record.text("pk") == "event#"+uid && strings.HasPrefix(record.text("sk"), "guest#") {
			var g invite.Guest
			s.decode(record, &g)
			guests[g.Email] = g.State
		}
	}
	return guests
}

// friendSees is what the calendar of somebody shows who got the first guest's invitation, and then mails of ours.
func (p *party) friendSees(friend imiptest.Address) imiptest.Entry {
	p.t.Helper()
	return p.shown(p.uid, append([][]byte{p.inbox(p.guests[0])[0]}, p.inbox(friend)...)...)
}

// Whoever answers another's invitation waits until the organizer admits or refuses them (FORWARDED_GUESTS=hold).
func TestHeldGuests(t *testing.T) {
	s := start(t, stacktest.Env("FORWARDED_GUESTS", "hold"))
	pages := func(p *party) (path string) {
		p.t.Helper()
		return linkIn(p.t, p.lastMail(p.event.Organizer), "/guests/")
	}

	for _, client := range imiptest.Clients {
		t.Run("admitted, from "+string(client), func(t *testing.T) {
			s := s.on(t)
			p := s.party(tea(somebody("ada")), 1)
			friend, organizer := somebody("friend"), p.event.Organizer
			if got := p.brings(friend, imiptest.Reply{Client: client, Answer: imiptest.Tentative, Comment: "May I come, too?"}); got.Result != "held" || got.Reason != "forwarded-guest" || got.Attendee != friend.Email {
				t.Fatalf("%+v", got)
			}
			if counts := s.statistics(p.uid); counts.Attendees != 1 || counts.Pending != 1 || counts.Tentative != 0 {
				t.Errorf("who waits is counted: %+v", counts)
			}
			mail := p.lastMail(organizer)
			message, text := read(t, mail), textOf(t, mail)
			if s.sentTo(organizer.Email) != 2 || message.From.Email != "support@cis.localhost" || message.Auto.Submitted != "auto-generated" || !strings.Contains(message.Subject, "Tea") {
				t.Errorf("%d mails; %q from %s, %s", s.sentTo(organizer.Email), message.Subject, message.From.Email, message.Auto.Submitted)
			}
			for _, want := range []string{friend.Name, friend.Email, "Invited: " + p.guests[0].Email, "Answer: Maybe", "May I come, too?", "Tea", clocks(p.event.Start, p.event.End)} {
				if !strings.Contains(text, want) {
					t.Errorf("the mail to the organizer does not say %q:\n%s", want, text)
				}
			}

			link := pages(p)
			for range 2 {
				page := s.page(link)
				if strings.Count(page, "<form") != 1 || !strings.Contains(page, friend.Email) || !strings.Contains(page, p.guests[0].Email) || !strings.Contains(page, "May I come, too?") || !strings.Contains(page, "Maybe") {
					t.Errorf("the page shows\n%s", page)
				}
			}
			if got := s.held(p.uid)[friend.Email]; got != invite.GuestHeld {
				t.Errorf("after a look at the page, the guest is %s", got)
			}
			for range 2 { // an impatient finger
				if a := s.choose(link, "admit", friend.Email); a.Status != 200 || strings.Contains(a.Body, "<form") || !strings.Contains(a.Body, "On the guest list") {
					t.Errorf("%d %s", a.Status, a.Body)
				}
			}
			counts := s.statistics(p.uid)
			if counts.Attendees != 2 || counts.Pending != 1 || counts.Tentative != 1 || counts.Origin["shared"] != 1 {
				t.Errorf("%+v", counts)
			}
			if got := s.attendee(p.uid, friend.Email); got.Status != "tentative" || got.Comment != "May I come, too?" || got.Via != p.guests[0].Email || len(got.History) != 1 {
				t.Errorf("%+v", got)
			}

			// From now on, they are a guest like the others.
			if got := p.brings(friend, imiptest.Reply{Client: client, At: time.Now().Add(time.Minute)}); got.Result != "applied" || got.Previous != "tentative" {
				t.Errorf("a change of mind: %+v", got)
			}
			if a := s.choose(link, "refuse", friend.Email); a.Status != 409 || !strings.Contains(a.Body, "on your list already") {
				t.Errorf("refusing an attendee answers %d %s", a.Status, a.Body)
			}
			p.update(p.next(func(e *imiptest.Event) { e.Summary = "Cake" }))
			if got := p.friendSees(friend); got.Summary != "Cake" || got.PartStat != "ACCEPTED" || s.sentTo(friend.Email) != 1 {
				t.Errorf("%d mails: %+v", s.sentTo(friend.Email), got)
			}
			if counts := s.statistics(p.uid); counts.Confirmed != 1 || counts.Tentative != 0 || s.sentTo(organizer.Email) != 2 {
				t.Errorf("%d mails to the organizer: %+v", s.sentTo(organizer.Email), counts)
			}
		})
	}

	t.Run("refused: the event goes out of their calendar, and nobody is told of them again", func(t *testing.T) {
		s := s.on(t)
		p := s.party(tea(somebody("ada")), 1)
		friend := somebody("friend")
		p.brings(friend, imiptest.Reply{Client: imiptest.Apple})
		link := pages(p)
		for range 2 {
			if a := s.choose(link, "refuse", friend.Email); a.Status != 200 || strings.Contains(a.Body, "<form") || !strings.Contains(a.Body, "Refused") {
				t.Errorf("%d %s", a.Status, a.Body)
			}
		}
		if n := s.sentTo(friend.Email); n != 1 {
			t.Fatalf("%d mails to the guest", n)
		}
		mail := p.lastMail(friend)
		part := s.calendarOf(mail)
		if e := s.invited(mail); part.Method != "CANCEL" || e.UID() != s.invited(p.inbox(p.guests[0])[0]).UID() || len(e.Attendees()) != 1 || e.Attendees()[0].Email != friend.Email {
			t.Errorf("the %s is of %s, to %+v", part.Method, e.UID(), e.Attendees())
		}
		if text := textOf(t, mail); !strings.Contains(text, "For everybody else it takes place") {
			t.Errorf("the mail does not say that the event takes place:\n%s", text)
		}
		if got := p.friendSees(friend); !got.Cancelled {
			t.Errorf("the friend sees %+v", got)
		}
		if got := p.sees(p.guests[0]); got.Cancelled {
			t.Errorf("the invited person sees %+v", got)
		}
		if got := p.brings(friend, imiptest.Reply{At: time.Now().Add(time.Minute)}); got.Result != "refused" || got.Reason != "guest-refused" {
			t.Errorf("another answer: %+v", got)
		}
		if s.sentTo(friend.Email) != 1 || s.sentTo(p.event.Organizer.Email) != 2 {
			t.Errorf("%d mails to the guest, %d to the organizer", s.sentTo(friend.Email), s.sentTo(p.event.Organizer.Email))
		}
		p.update(p.next(func(e *imiptest.Event) { e.Summary = "Cake" }))
		if counts := s.statistics(p.uid); counts.Attendees != 1 || counts.Pending != 1 || s.sentTo(friend.Email) != 1 {
			t.Errorf("%d mails to the guest: %+v", s.sentTo(friend.Email), counts)
		}

		// The organizer thinks better of it: the event comes back into their calendar.
		if a := s.choose(link, "admit", friend.Email); a.Status != 200 || !strings.Contains(a.Body, "On the guest list") {
			t.Errorf("%d %s", a.Status, a.Body)
		}
		p.update(p.next(func(e *imiptest.Event) { e.Location = "Paris" }))
		if got := p.friendSees(friend); got.Cancelled || got.Location != "Paris" || got.PartStat != "ACCEPTED" {
			t.Errorf("the friend sees %+v", got)
		}
		s.statistics(p.uid)
	})

	t.Run("the newest answer is the one that waits", func(t *testing.T) {
		s := s.on(t)
		p := s.party(tea(somebody("ada")), 1)
		friend, now := somebody("friend"), time.Now().Truncate(time.Second)
		p.brings(friend, imiptest.Reply{Answer: imiptest.Declined, At: now})
		p.brings(friend, imiptest.Reply{Answer: imiptest.Accepted, At: now.Add(2 * time.Minute)})
		x := s.reply(p.inbox(p.guests[0])[0], friend.Email, imiptest.Reply{Client: imiptest.Outlook, Answer: imiptest.Tentative, At: now.Add(time.Minute), As: friend}) // overtaken on its way
		if got := s.result(x); got.Result != "held" {
			t.Errorf("%+v", got)
		}
		link := pages(p)
		if page := s.page(link); strings.Count(page, "<form") != 1 || !strings.Contains(page, "Yes") {
			t.Errorf("the page shows\n%s", page)
		}
		organizer := s.sentTo(p.event.Organizer.Email)
		s.startAgain("event-reply", x)
		if n := s.sentTo(p.event.Organizer.Email); n != organizer {
			t.Errorf("a mail that is read twice is told twice: %d, were %d", n, organizer)
		}
		s.choose(link, "admit", friend.Email)
		if counts := s.statistics(p.uid); counts.Confirmed != 1 || counts.Attendees != 2 {
			t.Errorf("%+v", counts)
		}
	})

	t.Run("several at once, each decided alone", func(t *testing.T) {
		s := s.on(t)
		p := s.party(tea(somebody("ada")), 1)
		var friends []imiptest.Address
		for range 5 {
			friends = append(friends, somebody("friend"))
			p.brings(friends[len(friends)-1], imiptest.Reply{})
		}
		link := pages(p)
		if n := strings.Count(s.page(link), "<form"); n != 5 {
			t.Errorf("%d guests wait", n)
		}
		s.choose(link, "admit", friends[1].Email)
		s.choose(link, "refuse", friends[2].Email)
		s.choose(link, "admit", friends[3].Email)
		want := map[string]invite.GuestState{friends[0].Email: "held", friends[1].Email: "admitted", friends[2].Email: "refused", friends[3].Email: "admitted", friends[4].Email: "held"}
		if got := s.held(p.uid); !maps.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
		if counts := s.statistics(p.uid); counts.Attendees != 3 || counts.Confirmed != 2 {
			t.Errorf("%+v", counts)
		}

		// In two windows at the same time.
		var clicks sync.WaitGroup
		for i := range 8 {
			clicks.Go(func() {
				if a := s.choose(link, "admit", friends[i%2*4].Email); a.Status != 200 {
					t.Errorf("%d %s", a.Status, a.Body)
				}
			})
		}
		clicks.Wait()
		if counts := s.statistics(p.uid); counts.Attendees != 5 || counts.Confirmed != 4 || counts.Origin["shared"] != 4 {
			t.Errorf("%+v", counts)
		}
		for _, i := range []int{0, 4} {
			if got := s.attendee(p.uid, friends[i].Email); len(got.History) != 1 || s.held(p.uid)[friends[i].Email] != invite.GuestAdmitted {
				t.Errorf("%+v", got)
			}
		}
	})

	t.Run("only by the organizer's link", func(t *testing.T) {
		s := s.on(t)
		p := s.party(tea(somebody("ada")), 1)
		friend, organizer := somebody("friend"), p.event.Organizer
		p.brings(friend, imiptest.Reply{})
		link := pages(p)
		sealed := func(l seal.Link) string { return "/guests/" + s.keys().Link(l) }
		for name, bad := range map[string]string{
			"forged":              forge(link),
			"nonsense":            "/guests/x",
			"expired":             sealed(seal.Link{Purpose: seal.Guests, UID: p.uid, Email: organizer.Email, Expires: time.Now().Add(-time.Minute).Unix()}),
			"of another purpose":  sealed(seal.Link{Purpose: seal.Proposals, UID: p.uid, Email: organizer.Email}),
			"the guest's own":     sealed(seal.Link{Purpose: seal.Guests, UID: p.uid, Email: friend.Email}),
			"of an unknown event": sealed(seal.Link{Purpose: seal.Guests, UID: strings.Repeat("z", 40), Email: organizer.Email}),
			"of another's RSVP":   "/guests/" + strings.TrimPrefix(linkIn(t, p.inbox(p.guests[0])[0], "/rsvp/"), "/rsvp/"),
		} {
			if a := s.Do("GET", bad, ""); a.Status != 404 || !strings.Contains(a.Body, "</html>") || strings.Contains(a.Body, friend.Email) {
				t.Errorf("%s: GET answers %d %s", name, a.Status, a.Body)
			}
			for _, choice := range []string{"admit", "refuse"} {
				if a := s.choose(bad, choice, friend.Email); a.Status != 404 {
					t.Errorf("%s: %s answers %d", name, choice, a.Status)
				}
			}
		}
		for name, c := range map[string]struct {
			choice, email string
			status        int
		}{
			"a choice that is none": {"perhaps", friend.Email, 400},
			"no choice":             {"", friend.Email, 400},
			"nobody":                {"admit", somebody("nobody").Email, 404},
			"no address":            {"refuse", "not an address", 404},
			"the invited person":    {"refuse", p.guests[0].Email, 404},
		} {
			if a := s.choose(link, c.choice, c.email); a.Status != c.status || !strings.Contains(a.Body, "</html>") {
				t.Errorf("%s: %d %s", name, a.Status, a.Body)
			}
		}
		if got := s.held(p.uid)[friend.Email]; got != invite.GuestHeld || s.sentTo(friend.Email) != 0 || s.statistics(p.uid).Attendees != 1 {
			t.Errorf("the guest is %s, and has %d mails", got, s.sentTo(friend.Email))
		}
	})

	t.Run("whom the invited person sends is no stranger", func(t *testing.T) {
		s := s.on(t)
		p := s.party(tea(somebody("ada")), 2)
		early, late := somebody("early"), somebody("late")
		if got := p.brings(early, imiptest.Reply{DelegatedFrom: p.guests[0]}); got.Result != "held" {
			t.Errorf("nobody has said that they send them: %+v", got)
		}
		delegates := func(guest int, to imiptest.Address) {
			t.Helper()
			r := imiptest.Reply{Client: imiptest.Outlook, Answer: imiptest.Delegated, At: time.Now(), DelegatedTo: to}
			if got := s.result(s.reply(p.inbox(p.guests[guest])[0], p.guests[guest].Email, r)); got.Result != "applied" || got.Status != "delegated" {
				t.Errorf("%+v", got)
			}
		}
		delegates(0, early)
		if counts := s.statistics(p.uid); counts.RSVP["delegated"] != 1 || counts.Confirmed != 1 || counts.Attendees != 3 {
			t.Errorf("the delegate who came first: %+v", counts)
		}
		delegates(1, late)
		r := imiptest.Reply{Client: imiptest.Gmail, Answer: imiptest.Tentative, At: time.Now(), As: late, DelegatedFrom: p.guests[1]}
		if got := s.result(s.reply(p.inbox(p.guests[1])[0], late.Email, r)); got.Result != "applied" {
			t.Errorf("the delegate who came second: %+v", got)
		}
		if counts := s.statistics(p.uid); counts.RSVP["delegated"] != 2 || counts.Confirmed != 1 || counts.Tentative != 1 || counts.Attendees != 4 {
			t.Errorf("%+v", counts)
		}
		if n := s.sentTo(p.event.Organizer.Email); n != 2 { // the confirmation, and the question about who came too early
			t.Errorf("the organizer has %d mails", n)
		}
	})

	t.Run("called off while they wait", func(t *testing.T) {
		s := s.on(t)
		p := s.party(tea(somebody("ada")), 1)
		friend, other := somebody("friend"), somebody("other")
		p.brings(friend, imiptest.Reply{})
		link := pages(p)
		p.callOff(p.next(func(*imiptest.Event) {}))
		if got := p.brings(other, imiptest.Reply{}); got.Result != "refused" || got.Reason != "event-cancelled" {
			t.Errorf("who comes too late: %+v", got)
		}
		if a := s.choose(link, "admit", friend.Email); a.Status != 409 || !strings.Contains(a.Body, "cancelled") {
			t.Errorf("%d %s", a.Status, a.Body)
		}
		if counts := s.statistics(p.uid); counts.Attendees != 1 || s.held(p.uid)[friend.Email] != invite.GuestHeld {
			t.Errorf("%v, %+v", s.held(p.uid), counts)
		}
		if a := s.choose(link, "refuse", friend.Email); a.Status != 200 || !p.friendSees(friend).Cancelled {
			t.Errorf("%d: the friend sees %+v", a.Status, p.friendSees(friend))
		}
	})

	t.Run("moved while they wait: their answer was to the old time", func(t *testing.T) {
		s := s.on(t)
		p := s.party(tea(somebody("ada")), 1)
		friend := somebody("friend")
		p.brings(friend, imiptest.Reply{})
		p.update(p.next(func(e *imiptest.Event) { e.Start, e.End = e.Start.Add(time.Hour), e.End.Add(time.Hour) }))
		if a := s.choose(pages(p), "admit", friend.Email); a.Status != 200 {
			t.Errorf("%d %s", a.Status, a.Body)
		}
		if counts := s.statistics(p.uid); counts.Attendees != 2 || counts.Pending != 2 || counts.Confirmed != 0 {
			t.Errorf("%+v", counts)
		}
		p.update(p.next(func(e *imiptest.Event) { e.Summary = "Cake" }))
		if got := p.friendSees(friend); !got.Start.Equal(p.event.Start) || got.PartStat != "NEEDS-ACTION" {
			t.Errorf("the friend sees %+v", got)
		}
	})

	t.Run("words stay words", func(t *testing.T) {
		s := s.on(t)
		p := s.party(tea(somebody("ada")), 1)
		friend := somebody("friend")
		friend.Name = `<b onclick=alert(1)>Eve</b>`
		p.brings(friend, imiptest.Reply{Client: imiptest.Outlook, Comment: `<script>alert("x")</script> {guests_link}`})
		mail := p.lastMail(p.event.Organizer)
		if html := htmlOf(t, mail); strings.Contains(html, "<script") || strings.Contains(html, "<b onclick") || !strings.Contains(textOf(t, mail), `<script>alert("x")</script> {guests_link}`) {
			t.Errorf("the mail reads\n%s", mail)
		}
		if page := s.page(pages(p)); strings.Contains(page, "<script") || strings.Contains(page, "<b onclick") || !strings.Contains(page, "{guests_link}") {
			t.Errorf("the page shows\n%s", page)
		}
	})
}

// Whoever answers another's invitation is turned away (FORWARDED_GUESTS=refuse).
func TestRefusedGuests(t *testing.T) {
	s := start(t, stacktest.Env("FORWARDED_GUESTS", "refuse"))

	for _, client := range imiptest.Clients {
		t.Run("from "+string(client), func(t *testing.T) {
			s := s.on(t)
			p := s.party(tea(somebody("ada")), 1)
			friend := somebody("friend")
			x := s.reply(p.inbox(p.guests[0])[0], friend.Email, imiptest.Reply{Client: client, Answer: imiptest.Accepted, At: time.Now(), As: friend})
			if got := s.result(x); got.Result != "refused" || got.Reason != "forwarded-guest" {
				t.Errorf("%+v", got)
			}
			s.startAgain("event-reply", x)
			if n := s.sentTo(friend.Email); n != 1 {
				t.Fatalf("%d mails", n)
			}
			if got, mail := p.friendSees(friend), p.lastMail(friend); !got.Cancelled || s.calendarOf(mail).Method != "CANCEL" {
				t.Errorf("the friend sees %+v", got)
			}
			if got := p.says(0, client, imiptest.Accepted); got != "applied" {
				t.Errorf("the invited person's answer is %s", got)
			}
			if counts := s.statistics(p.uid); counts.Attendees != 1 || counts.Confirmed != 1 || len(s.held(p.uid)) != 0 || s.sentTo(p.event.Organizer.Email) != 1 {
				t.Errorf("%d mails to the organizer: %+v", s.sentTo(p.event.Organizer.Email), counts)
			}
			p.callOff(p.next(func(*imiptest.Event) {}))
			if n := s.sentTo(friend.Email); n != 1 {
				t.Errorf("%d mails", n)
			}
		})
	}

	t.Run("but whom the invited person sends may come", func(t *testing.T) {
		s := s.on(t)
		p := s.party(tea(somebody("ada")), 1)
		delegate := somebody("delegate")
		boss := imiptest.Reply{Client: imiptest.Apple, Answer: imiptest.Delegated, At: time.Now(), DelegatedTo: delegate}
		s.reply(p.inbox(p.guests[0])[0], p.guests[0].Email, boss)
		if got := p.brings(delegate, imiptest.Reply{DelegatedFrom: p.guests[0]}); got.Result != "applied" {
			t.Errorf("%+v", got)
		}
		if counts := s.statistics(p.uid); counts.RSVP["delegated"] != 1 || counts.Confirmed != 1 || s.sentTo(delegate.Email) != 0 {
			t.Errorf("%+v", counts)
		}
	})

	t.Run("not whoever is invited as well", func(t *testing.T) {
		s := s.on(t)
		p := s.party(tea(somebody("ada")), 2)
		if got := p.brings(p.guests[1], imiptest.Reply{}); got.Result != "applied" || got.Attendee != p.guests[1].Email || s.sentTo(p.guests[1].Email) != 1 {
			t.Errorf("%+v", got)
		}
		if got := p.brings(p.event.Organizer, imiptest.Reply{}); got.Result != "refused" || got.Reason != "organizer" || s.sentTo(p.event.Organizer.Email) != 1 {
			t.Errorf("the organizer: %+v", got)
		}
		s.statistics(p.uid)
	})
}

// Whoever answers another's invitation is welcome (FORWARDED_GUESTS=accept, the default), as one more guest.
func TestAcceptedGuests(t *testing.T) {
	s := start(t)
	p := s.party(tea(somebody("ada")), 1)
	p.says(0, imiptest.Gmail, imiptest.Declined)
	for i, client := range imiptest.Clients {
		friend := somebody("friend")
		if got := p.brings(friend, imiptest.Reply{Client: client, Comment: "Thanks"}); got.Result != "applied" || got.Attendee != friend.Email || got.Grade != "probable" {
			t.Errorf("%s: %+v", client, got)
		}
		if got := s.attendee(p.uid, friend.Email); got.Name != friend.Name && client != imiptest.Generic || got.Via != p.guests[0].Email || got.Origin != "shared" || got.Comment != "Thanks" {
			t.Errorf("%s: %+v", client, got)
		}
		if counts := s.statistics(p.uid); counts.Attendees != i+2 || counts.Confirmed != i+1 || counts.Declined != 1 || counts.Origin["shared"] != i+1 {
			t.Errorf("%s: %+v", client, counts)
		}
		if s.sentTo(friend.Email) != 0 || s.sentTo(p.event.Organizer.Email) != 1 {
			t.Errorf("%s: %d mails to the guest, %d to the organizer", client, s.sentTo(friend.Email), s.sentTo(p.event.Organizer.Email))
		}
	}
	if len(s.held(p.uid)) != 0 {
		t.Errorf("%v", s.held(p.uid))
	}
}
