package e2e

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
)

func TestInviteLink(t *testing.T) {
	s := start(t)
	organizer := somebody("ada")
	uid := s.register(tea(organizer))

	t.Run("one native invitation", func(t *testing.T) {
		s := s.on(t)
		guest := somebody("guest")
		a := s.link(uid, guest.Email, "name", "Grace 'Amazing' Hopper ☕", "origin", "hubspot")
		if a.Status != 302 || a.Header.Get("Location") != "http://"+s.API+"/landing" {
			t.Fatalf("%d to %q", a.Status, a.Header.Get("Location"))
		}
		mail := read(t, s.WaitSent(guest.Email, 1)[0].Raw)
		var tree []string
		for _, part := range mail.Parts {
			tree = append(tree, strings.Join(part.Nesting, " > "))
		}
		want := []string{"multipart/mixed > multipart/alternative > text/plain", "multipart/mixed > multipart/alternative > text/html",
			"multipart/mixed > multipart/alternative > text/calendar", "multipart/mixed > application/ics"}
		if fmt.Sprint(tree) != fmt.Sprint(want) {
			t.Errorf("the mail is %v", tree)
		}
		part, err := mail.Calendar()
		if err != nil {
			t.Fatal(err)
		}
		event, _ := part.Calendar.Main()
		host, _ := event.Organizer()
		guests := event.Attendees()
		if part.Method != "REQUEST" || part.MethodParam != "REQUEST" || host.Email != rsvp || len(guests) != 1 || guests[0].Email != guest.Email || guests[0].RSVP != "TRUE" {
			t.Errorf("method %s/%s, organizer %+v, attendees %+v", part.Method, part.MethodParam, host, guests)
		}
		if !strings.HasPrefix(event.UID(), uid+"-") || !strings.HasSuffix(event.UID(), "@cis.localhost") || len(event.UID()) > 255 {
			t.Errorf("UID is %s", event.UID())
		}
		if mail.From.Email != "invites@cis.localhost" || mail.ReplyTo.Email != organizer.Email || !strings.Contains(mail.Header.Get("List-Unsubscribe"), "/unsubscribe/") {
			t.Errorf("From %v, Reply-To %v, List-Unsubscribe %q", mail.From, mail.ReplyTo, mail.Header.Get("List-Unsubscribe"))
		}
		s.link(uid, strings.ToUpper(guest.Email))
		if n := s.sentTo(guest.Email); n != 1 {
			t.Errorf("%d invitations", n)
		}
		if counts := s.statistics(uid); counts.Origin["hubspot"] != 1 {
			t.Errorf("origins %v", counts.Origin)
		}
	})

	t.Run("origin test sends again", func(t *testing.T) {
		s := s.on(t)
		guest := somebody("tester")
		for range 3 {
			if a := s.link(uid, guest.Email, "origin", "test"); a.Status != 302 {
				t.Fatalf("%d %s", a.Status, a.Body)
			}
		}
		if s.WaitSent(guest.Email, 3); s.sentTo(guest.Email) != 3 {
			t.Errorf("%d mails", s.sentTo(guest.Email))
		}
		s.statistics(uid)
	})

	t.Run("an address is invited at most ten times an hour", func(t *testing.T) {
		s := s.on(t)
		guest := somebody("flooded")
		for range 10 {
			s.link(uid, guest.Email, "origin", "test")
		}
		if a := s.link(uid, guest.Email, "origin", "test"); a.Status != 429 {
			t.Errorf("the 11th answers %d %s", a.Status, a.Body)
		}
		if n := s.sentTo(guest.Email); n != 10 {
			t.Errorf("%d mails", n)
		}
	})

	t.Run("refused with the reason", func(t *testing.T) {
		s := s.on(t)
		for _, c := range []struct {
			uid, query string
			status     int
		}{
			{uid, "", 400},
			{uid, "email=nobody", 400},
			{uid, "email=a@example.com&origin=carrier-pigeon", 400},
			{uid, "email=a@example.com&origin=bulk", 403},
			{uid, "email=a@example.com&origin=vip", 403},
			{uid, "email=" + create, 400},
			{uid, "email=" + url.QueryEscape(organizer.Email), 400},
			{strings.Repeat("z", 40), "email=a@example.com", 404},
			{"..%2f..", "email=a@example.com", 404},
		} {
			a := s.Do("GET", "/event/"+c.uid+"/invite?"+c.query, "")
			if a.Status != c.status || !strings.HasPrefix(a.Body, `{"message":"`) {
				t.Errorf("%s: %d %s, want %d", c.query, a.Status, a.Body, c.status)
			}
		}
		if n := s.sentTo("a@example.com"); n != 0 {
			t.Errorf("%d mails all the same", n)
		}
	})

	t.Run("a page for people", func(t *testing.T) {
		a := s.Do("GET", "/event/"+uid+"/invite?email=nobody", "", "Accept", "text/html,*/*")
		if a.Status != 400 || !strings.Contains(a.Body, "<html") {
			t.Errorf("%d %s", a.Status, a.Body)
		}
	})

	t.Run("landing is never an open redirect", func(t *testing.T) {
		s := s.on(t)
		for _, landing := range []string{"https://evil.example/", "//evil.example", "javascript:alert(1)", "http://" + s.API + "@evil.example/"} {
			if a := s.link(uid, somebody("guest").Email, "landing", landing); a.Header.Get("Location") != "http://"+s.API+"/landing" {
				t.Errorf("%s leads to %s", landing, a.Header.Get("Location"))
			}
		}
		if a := s.Do("GET", "/landing", ""); a.Status != 200 || !strings.Contains(a.Body, "on its way") {
			t.Errorf("landing: %d %s", a.Status, a.Body)
		}
	})

	t.Run("nothing for who blocked the organizer", func(t *testing.T) {
		s := s.on(t)
		guest := somebody("annoyed")
		mail := read(t, s.invite(uid, guest))
		link := mail.Header.Get("List-Unsubscribe")
		link = link[strings.Index(link, "/unsubscribe/"):strings.Index(link, ">")]
		if a := s.Do("GET", link, ""); a.Status != 200 {
			t.Fatalf("the page answers %d", a.Status)
		}
		if a := s.link(uid, guest.Email, "origin", "test"); a.Status != 302 || s.sentTo(guest.Email) != 2 {
			t.Errorf("opening the page already blocks: %d, %d mails", a.Status, s.sentTo(guest.Email))
		}
		if a := s.Do("POST", link, "List-Unsubscribe=One-Click", "Content-Type", "application/x-www-form-urlencoded"); a.Status != 200 {
			t.Fatalf("one click answers %d %s", a.Status, a.Body)
		}
		if a := s.link(uid, guest.Email, "origin", "test"); a.Status != 302 || s.sentTo(guest.Email) != 2 {
			t.Errorf("a blocked organizer gets through: %d, %d mails", a.Status, s.sentTo(guest.Email))
		}
		s.Do("POST", link, "choice=undo", "Content-Type", "application/x-www-form-urlencoded")
		if s.link(uid, guest.Email, "origin", "test"); s.sentTo(guest.Email) != 3 {
			t.Errorf("undone, but %d mails", s.sentTo(guest.Email))
		}
	})

	t.Run("with the bulk permission also vip", func(t *testing.T) {
		s := s.on(t)
		s.put("organizer#"+organizer.Email, "bulk#"+organizer.Email)
		guest := somebody("vip")
		if a := s.link(uid, guest.Email, "origin", "vip"); a.Status != 302 || s.sentTo(guest.Email) != 1 {
			t.Errorf("%d %s, %d mails", a.Status, a.Body, s.sentTo(guest.Email))
		}
	})

	t.Run("an event that is over", func(t *testing.T) {
		s := s.on(t)
		e := tea(organizer)
		e.Key, e.Start, e.End = "past", time.Now().UTC().AddDate(0, 0, -3), time.Now().UTC().AddDate(0, 0, -2)
		if a := s.link(s.register(e), "late@example.com"); a.Status != 409 {
			t.Errorf("%d %s", a.Status, a.Body)
		}
	})
}

// The limit of an event's invitations is exact, whoever asks at the same time, and the organizer is told once.
func TestInviteLimit(t *testing.T) {
	s := start(t, stacktest.Env("EVENT_INVITE_LIMIT", "3"), stacktest.Env("LANDING_HOSTS", "shop.example.org"))
	organizer := somebody("ada")
	uid := s.register(tea(organizer))
	s.WaitSent(organizer.Email, 1)
	var wg sync.WaitGroup
	answers := make(chan int, 20)
	for i := range 20 {
		wg.Go(func() {
			a := s.Do("GET", fmt.Sprintf("/event/%s/invite?email=guest%d@example.net&landing=%s", uid, i, url.QueryEscape("https://shop.example.org/thanks")), "")
			if a.Status == 302 && a.Header.Get("Location") != "https://shop.example.org/thanks" {
				t.Errorf("leads to %s", a.Header.Get("Location"))
			}
			answers <- a.Status
		})
	}
	wg.Wait()
	close(answers)
	got := map[int]int{}
	for status := range answers {
		got[status]++
	}
	if got[302] != 3 || got[409] != 17 || s.sentTo("@example.net") != 3 {
		t.Errorf("answers %v, %d mails", got, s.sentTo("@example.net"))
	}
	if counts := s.statistics(uid); counts.Attendees != 3 {
		t.Errorf("%+v", counts)
	}
	told := s.WaitSent(organizer.Email, 2)
	if len(told) != 2 || !strings.Contains(told[1].Subject, "limit") {
		t.Errorf("%d mails to the organizer, the last: %s", len(told), told[len(told)-1].Subject)
	}
}

func TestLinksThatAsk(t *testing.T) {
	s := start(t, stacktest.Env("INVITE_LINKS", "confirm"))
	uid := s.register(tea(somebody("ada")))
	guest := somebody("guest")
	a := s.link(uid, guest.Email, "name", `<script>alert("x")</script>`)
	if a.Status != 200 || !strings.Contains(a.Body, "<form") || strings.Contains(a.Body, "<script") || s.sentTo(guest.Email) != 0 {
		t.Fatalf("%d, %d mails: %s", a.Status, s.sentTo(guest.Email), a.Body)
	}
	a = s.Do("POST", "/event/"+uid+"/invite", url.Values{"email": {guest.Email}}.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	if a.Status != 302 || s.sentTo(guest.Email) != 1 {
		t.Errorf("%d %s, %d mails", a.Status, a.Body, s.sentTo(guest.Email))
	}
}

func TestSignedLinks(t *testing.T) {
	s := start(t, stacktest.Env("INVITE_LINKS", "signed"))
	organizer := somebody("ada")
	uid := s.register(tea(organizer))
	other := tea(organizer)
	other.Key = "other"
	otherUID := s.register(other)
	confirmation := string(read(t, s.WaitSent(organizer.Email, 1)[0].Raw).Parts[0].Body)
	_, token, found := strings.Cut(confirmation, "/invite?token=")
	if !found {
		t.Fatalf("the confirmation has no signed link: %s", confirmation)
	}
	token = token[:strings.IndexAny(token, "& \r\n")]
	guest := somebody("guest")
	for _, c := range []struct {
		uid, token string
		status     int
	}{{uid, "", 403}, {uid, token[:len(token)-1] + "a", 403}, {otherUID, token, 403}, {uid, token, 302}} {
		if a := s.link(c.uid, guest.Email, "token", c.token); a.Status != c.status {
			t.Errorf("token %q: %d %s, want %d", c.token, a.Status, a.Body, c.status)
		}
	}
	if n := s.sentTo(guest.Email); n != 1 {
		t.Errorf("%d mails", n)
	}
}

// A mail tool's merge tag leaves a + as it is, which a query reads as a space.
func TestPlusInTheAddress(t *testing.T) {
	s := start(t)
	uid := s.register(tea(imiptest.Address{Name: "Ada", Email: "ada@example.com"}))
	if a := s.Do("GET", "/event/"+uid+"/invite?email=grace+tea@example.com", ""); a.Status != 302 || s.sentTo("grace+tea@example.com") != 1 {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}
