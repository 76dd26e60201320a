package e2e

import (
	"bytes"
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
		if a.Status != 302 || a.Header.Get("Location") != s.eventPage(uid) {
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
		alternative, attached := mail.Parts[2], mail.Parts[3]
		if alternative.Disposition != "" || attached.Disposition != "attachment" || attached.Filename != "invite.ics" || !bytes.Equal(alternative.Body, attached.Body) {
			t.Errorf("the calendar is %q, its copy %q %q", alternative.Disposition, attached.Disposition, attached.Filename)
		}
		if name := guests[0].CN; name != "Grace 'Amazing' Hopper ☕" || !strings.Contains(mail.Header.Get("To"), guest.Email) {
			t.Errorf("to %q, ATTENDEE %q", mail.Header.Get("To"), name)
		}
		if mail.Auto.Submitted != "auto-generated" || mail.Header.Get("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click" {
			t.Errorf("Auto-Submitted %q, List-Unsubscribe-Post %q", mail.Auto.Submitted, mail.Header.Get("List-Unsubscribe-Post"))
		}
		got := s.attendee(uid, guest.Email)
		if got.Delivery != "sent" || got.SESMessageID == "" || got.Origin != "hubspot" || got.Status != "noaction" || got.Generation != 1 {
			t.Errorf("recorded as %+v", got)
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
		sent := s.WaitSent(guest.Email, 3)
		if len(sent) != 3 || s.invited(sent[0].Raw).UID() != s.invited(sent[2].Raw).UID() {
			t.Errorf("%d mails, not all about the same invitation", len(sent))
		}
		s.statistics(uid)
	})

	t.Run("asked for by twenty at once, sent once", func(t *testing.T) {
		s := s.on(t)
		guest := somebody("popular")
		var wg sync.WaitGroup
		answers := make([]int, 20)
		for i := range answers {
			wg.Go(func() { answers[i] = s.Do("GET", "/event/"+uid+"/invite?email="+guest.Email, "").Status })
		}
		wg.Wait()
		for _, status := range answers {
			if status != 302 {
				t.Errorf("answers %v", answers)
				break
			}
		}
		if n := s.sentTo(guest.Email); n != 1 {
			t.Errorf("%d mails", n)
		}
		s.statistics(uid)
	})

	t.Run("invited again after a decline, as a new generation", func(t *testing.T) {
		s := s.on(t)
		guest := somebody("regretful")
		first := s.invite(uid, guest)
		s.reply(first, guest.Email, imiptest.Reply{Client: imiptest.Gmail, Answer: imiptest.Declined, At: time.Now()})
		if a := s.link(uid, guest.Email); a.Status != 302 {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		second := s.WaitSent(guest.Email, 2)[1].Raw
		if s.invited(first).UID() == s.invited(second).UID() {
			t.Error("the second invitation has the UID of the declined one")
		}
		if got := s.attendee(uid, guest.Email); got.Status != "noaction" || got.Generation != 2 || len(got.History) != 1 {
			t.Errorf("%+v", got)
		}
		if got := s.result(s.reply(second, guest.Email, imiptest.Reply{Client: imiptest.Gmail, Answer: imiptest.Accepted, At: time.Now().Add(time.Minute)})); got.Result != "applied" {
			t.Errorf("%+v", got)
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

	t.Run("pages for people", func(t *testing.T) {
		s := s.on(t)
		cancelled := tea(organizer)
		cancelled.Key = "cancelled"
		cancelledUID := s.register(cancelled)
		cancelled.At, cancelled.Sequence = cancelled.At.Add(time.Minute), 1
		s.endsIn(s.cancel(cancelled), "EventCancelled")
		for _, c := range []struct {
			path   string
			status int
		}{
			{uid + "/invite?email=nobody", 400},
			{uid + "/invite", 400},
			{uid + "/invite?email=a@example.com&origin=vip", 403},
			{uid + "/invite?email=a@example.com&origin=carrier-pigeon", 400},
			{uid + "/invite?email=" + organizer.Email, 400},
			{strings.Repeat("z", 40) + "/invite?email=a@example.com", 404},
			{cancelledUID + "/invite?email=a@example.com", 409},
		} {
			a := s.Do("GET", "/event/"+c.path, "", "Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
			if a.Status != c.status || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") || !strings.Contains(a.Body, "</html>") {
				t.Errorf("%s: %d %s %s, want %d", c.path, a.Status, a.Header.Get("Content-Type"), a.Body, c.status)
			}
		}
		if a := s.Do("GET", "/event/"+uid+"/invite?email="+somebody("browser").Email, "", "Accept", "text/html"); a.Status != 302 {
			t.Errorf("a good link answers a browser %d", a.Status)
		}
	})

	t.Run("landing is never an open redirect", func(t *testing.T) {
		s := s.on(t)
		for _, landing := range []string{"https://evil.example/", "//evil.example", "javascript:alert(1)", "http://" + s.API + "@evil.example/"} {
			if a := s.link(uid, somebody("guest").Email, "landing", landing); a.Header.Get("Location") != s.eventPage(uid) {
				t.Errorf("%s leads to %s", landing, a.Header.Get("Location"))
			}
		}
		if a := s.link(uid, somebody("guest").Email, "landing", "http://"+s.API+"/e/"+uid+"?from=here"); a.Header.Get("Location") != "http://"+s.API+"/e/"+uid+"?from=here" {
			t.Errorf("our own page leads to %s", a.Header.Get("Location"))
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

	t.Run("nothing for a person with a block, and nobody learns of it", func(t *testing.T) {
		s := s.on(t)
		guest := somebody("hidden")
		if got := s.unsubscribed(guest.Email, unsubscribe, fmt.Appendf(nil, "From: %s\r\nTo: %s\r\nSubject: unsubscribe <%s>\r\n\r\nNever.\r\n", guest.Email, unsubscribe, organizer.Email)); got != "blocked" {
			t.Fatalf("a block without an invitation is %s", got)
		}
		if a := s.link(uid, guest.Email); a.Status != 302 || a.Header.Get("Location") != s.eventPage(uid) {
			t.Errorf("%d %s", a.Status, a.Body)
		}
		if s.sentTo(guest.Email) != 0 || s.attendee(uid, guest.Email).Email != "" {
			t.Errorf("%d mails, recorded as %+v", s.sentTo(guest.Email), s.attendee(uid, guest.Email))
		}
		other := s.register(tea(somebody("grace"))) // a block is between two people
		if s.invite(other, guest); s.sentTo(guest.Email) != 1 {
			t.Errorf("%d mails from another organizer", s.sentTo(guest.Email))
		}
	})

	t.Run("nothing from a suspended organizer", func(t *testing.T) {
		s := s.on(t)
		e, guest := tea(somebody("spammer")), somebody("guest")
		suspended := s.register(e)
		s.put("organizer#"+e.Organizer.Email, "suspended#"+e.Organizer.Email)
		if a := s.link(suspended, guest.Email); a.Status != 403 || s.sentTo(guest.Email) != 0 {
			t.Errorf("%d %s, %d mails", a.Status, a.Body, s.sentTo(guest.Email))
		}
	})

	t.Run("with the bulk permission also vip", func(t *testing.T) {
		s := s.on(t)
		s.put("organizer#"+organizer.Email, "bulk#"+organizer.Email)
		guest := somebody("vip")
		if a := s.link(uid, guest.Email, "origin", "vip"); a.Status != 302 || s.sentTo(guest.Email) != 1 {
			t.Errorf("%d %s, %d mails", a.Status, a.Body, s.sentTo(guest.Email))
		}
		if got := s.attendee(uid, guest.Email); got.Origin != "vip" {
			t.Errorf("%+v", got)
		}
	})

	t.Run("an event that is over", func(t *testing.T) {
		s := s.on(t)
		e := tea(organizer)
		e.Key, e.Start, e.End = "past", time.Now().UTC().AddDate(0, 0, -3), time.Now().UTC().AddDate(0, 0, -2)
		if a := s.link(s.register(e), "late@example.com"); a.Status != 409 {
			t.Errorf("%d %s", a.Status, a.Body)
		}
		e.Key, e.Rule = "weekly", "FREQ=WEEKLY;COUNT=4"
		if a := s.link(s.register(e), somebody("guest").Email); a.Status != 302 {
			t.Errorf("a series that goes on: %d %s", a.Status, a.Body)
		}
	})
}

// One source may ask for so many invitations in an hour, for whomever.
func TestSourceCap(t *testing.T) {
	s := start(t, stacktest.Env("LINK_SOURCE_CAP", "3"))
	uid := s.register(tea(somebody("ada")))
	for i := range 5 {
		guest, want := somebody("guest"), 302
		if i >= 3 {
			want = 429
		}
		if a := s.link(uid, guest.Email); a.Status != want || (s.sentTo(guest.Email) == 1) != (want == 302) {
			t.Errorf("link %d answers %d %s, %d mails", i+1, a.Status, a.Body, s.sentTo(guest.Email))
		}
	}
	if counts := s.statistics(uid); counts.Attendees != 3 {
		t.Errorf("%+v", counts)
	}
}

// The limit of an event's invitations is exact, whoever asks at the same time, and the organizer is told once.
func TestInviteLimit(t *testing.T) {
	s := start(t, stacktest.Env("EVENT_INVITE_LIMIT", "2"), stacktest.Env("LANDING_HOSTS", "shop.example.org"))
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
	if got[302] != 2 || got[409] != 18 || s.sentTo("@example.net") != 2 {
		t.Errorf("answers %v, %d mails", got, s.sentTo("@example.net"))
	}
	if counts := s.statistics(uid); counts.Attendees != 2 {
		t.Errorf("%+v", counts)
	}
	if a := s.Do("GET", "/event/"+uid+"/invite?email=late@example.net", "", "Accept", "text/html"); a.Status != 409 || !strings.Contains(a.Body, "</html>") {
		t.Errorf("a browser gets %d %s", a.Status, a.Body)
	}
	told := s.WaitSent(organizer.Email, 2)
	if len(told) != 2 || !strings.Contains(told[1].Subject, "limit") {
		t.Errorf("%d mails to the organizer, the last: %s", len(told), told[len(told)-1].Subject)
	}
}
