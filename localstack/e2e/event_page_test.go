package e2e

import (
	"html"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/internal/seal"
	"github.com/calendarinvite/calendarinviteserver/localstack/aws"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
)

// eventPage is where an invite link leads that names no other page.
func (s *system) eventPage(uid string) string { return "http://" + s.API + "/e/" + uid + "?sent=1" }

// shows looks at a page of a browser's, and checks what is on it and what is not (behind a "!").
func (s *system) shows(a stacktest.Answer, status int, words ...string) {
	s.t.Helper()
	text := html.UnescapeString(a.Body)
	if a.Status != status || !strings.Contains(a.Body, "</html>") {
		s.t.Errorf("%d, want %d: %s", a.Status, status, a.Body)
	}
	for _, word := range words {
		if hidden, not := strings.CutPrefix(word, "!"); strings.Contains(text, hidden) == not {
			s.t.Errorf("the page has %q: %v\n%s", hidden, not, text)
		}
	}
	if policy := a.Header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'; ") || a.Header.Get("Referrer-Policy") != "no-referrer" {
		s.t.Errorf("Content-Security-Policy %q, Referrer-Policy %q", policy, a.Header.Get("Referrer-Policy"))
	}
}

// asks sends the form of an event's page.
func (s *system) asks(page string, form ...string) stacktest.Answer {
	s.t.Helper()
	values := url.Values{}
	for i := 0; i+1 < len(form); i += 2 {
		values.Set(form[i], form[i+1])
	}
	return s.Do("POST", page, values.Encode(), asForm...)
}

const (
	asksForAddress = `name="email"`
	onItsWay       = "Your invitation is on its way"
	copies         = "/event.ics"
)

func TestEventPage(t *testing.T) {
	s := start(t, stacktest.Env("LINK_ADDRESS_CAP", "3"))
	organizer := somebody("ada")
	organizer.Name = "Ada <b>Lovelace</b>"
	e := tea(organizer)
	e.Client, e.Summary, e.Description = imiptest.Outlook, "Tea & cake", "Bring <cake>\nMap: https://example.com/map"
	e.Start = time.Date(time.Now().Year()+1, 3, 12, 9, 0, 0, 0, time.UTC)
	e.End = e.Start.Add(time.Hour)
	uid := s.register(e)
	page := "/e/" + uid

	t.Run("shows the event to anybody", func(t *testing.T) {
		s := s.on(t)
		a := s.Do("GET", page, "")
		s.shows(a, 200, "Tea & cake", e.Start.Format("Monday, 2 January 2006"), "10:00 – 11:00 CET (Europe/Berlin)", "London", "Ada <b>Lovelace</b>", "Bring <cake>\nMap: ", asksForAddress, copies, "!"+organizer.Email, "!"+onItsWay)
		if strings.Contains(a.Body, "<cake>") || strings.Contains(a.Body, "<b>Lovelace") || !strings.Contains(a.Body, `<a href="https://example.com/map"`) {
			t.Errorf("what the organizer wrote is no text: %s", a.Body)
		}
		s.shows(s.Do("GET", "/e/"+strings.ToUpper(uid), ""), 200, "Tea & cake")
		for _, unknown := range []string{strings.Repeat("z", 40), "x"} {
			s.shows(s.Do("GET", "/e/"+unknown, ""), 404, "!"+asksForAddress)
			s.shows(s.asks("/e/"+unknown, "email", "a@example.com"), 404)
		}
		if counts := s.statistics(uid); counts.Attendees != 0 {
			t.Errorf("looking invites: %+v", counts)
		}
	})

	t.Run("sends the invitation once", func(t *testing.T) {
		s := s.on(t)
		guest := somebody("guest")
		for range 2 {
			s.shows(s.asks(page, "email", " "+strings.ToUpper(guest.Email)+" ", "name", "Grace Hopper"), 200, onItsWay, "invites@cis.localhost", "!"+asksForAddress, "!"+guest.Email)
		}
		if n := s.sentTo(guest.Email); n != 1 {
			t.Errorf("%d mails", n)
		}
		if got := s.attendee(uid, guest.Email); got.Origin != "landingpage" || got.Name != "Grace Hopper" || got.Delivery != "sent" {
			t.Errorf("recorded as %+v", got)
		}
		s.statistics(uid)
	})

	t.Run("keeps the origin that its link names, if it is one", func(t *testing.T) {
		s := s.on(t)
		for origin, want := range map[string]string{"wix": "wix", "carrier-pigeon": "landingpage"} {
			guest := somebody("guest")
			s.shows(s.asks(page+"?origin="+origin, "email", guest.Email), 200, onItsWay, `href="?origin=`+origin+`"`)
			if got := s.attendee(uid, guest.Email); got.Origin != want {
				t.Errorf("origin %s is recorded as %q", origin, got.Origin)
			}
		}
	})

	t.Run("is where an invite link leads, and names nobody", func(t *testing.T) {
		s := s.on(t)
		guest := somebody("guest")
		to := s.link(uid, guest.Email).Header.Get("Location")
		if to != s.eventPage(uid) {
			t.Fatalf("it leads to %s", to)
		}
		s.shows(s.Do("GET", strings.TrimPrefix(to, "http://"+s.API), ""), 200, onItsWay, "Tea & cake", copies, "!"+asksForAddress, "!"+guest.Email)
	})

	t.Run("says what is wrong with an address", func(t *testing.T) {
		s := s.on(t)
		for _, bad := range []string{"", "nobody", "a b@example.com", "a@example.com,b@example.com", rsvp, organizer.Email} {
			s.shows(s.asks(page, "email", bad, "name", `"><script>x</script>`), 400, asksForAddress, `"><script>x</script>`, "!"+onItsWay)
		}
		if n := s.sentTo("example.com,"); n != 0 {
			t.Errorf("%d mails", n)
		}
	})

	t.Run("says nothing of who was invited or has blocked the organizer", func(t *testing.T) {
		s := s.on(t)
		guest := somebody("annoyed")
		s.Do("POST", unsubscribeLink(t, s.invite(uid, guest)), "List-Unsubscribe=One-Click", asForm...)
		s.shows(s.asks(page+"?origin=test", "email", guest.Email), 200, onItsWay)
		if n := s.sentTo(guest.Email); n != 1 {
			t.Errorf("%d mails", n)
		}
	})

	t.Run("has the caps of links", func(t *testing.T) {
		s := s.on(t)
		guest := somebody("flooded")
		for range 3 {
			s.shows(s.asks(page+"?origin=test", "email", guest.Email), 200, onItsWay)
		}
		s.shows(s.asks(page+"?origin=test", "email", guest.Email), 429, "in an hour", asksForAddress, "!"+onItsWay)
		if a := s.link(uid, guest.Email, "origin", "test"); a.Status != 429 {
			t.Errorf("the link answers %d", a.Status)
		}
		if n := s.sentTo(guest.Email); n != 3 {
			t.Errorf("%d mails", n)
		}
	})

	t.Run("keeps what was typed when something fails here", func(t *testing.T) {
		s := s.on(t)
		guest := somebody("patient")
		s.fails(aws.Fault{Function: "event-page", Action: "states:StartSyncExecution", Kind: "error:AccessDeniedException"})
		s.shows(s.asks(page, "email", guest.Email), 500, asksForAddress, guest.Email, "Nothing was changed", "!"+onItsWay, "!AccessDenied")
		s.Faults.Clear()
		s.shows(s.asks(page, "email", guest.Email), 200, onItsWay)
	})

	t.Run("needs the permission for vip", func(t *testing.T) {
		s := s.on(t)
		guest := somebody("vip")
		s.shows(s.asks(page+"?origin=vip", "email", guest.Email), 403, "!"+asksForAddress, "!"+onItsWay)
		if n := s.sentTo(guest.Email); n != 0 {
			t.Errorf("%d mails", n)
		}
	})

	t.Run("has a copy that asks nobody", func(t *testing.T) {
		s := s.on(t)
		a := s.Do("GET", page+"/event.ics", "")
		if a.Status != 200 || a.Header.Get("Content-Type") != "text/calendar; charset=utf-8; method=PUBLISH" || a.Header.Get("Content-Disposition") != `attachment; filename="event.ics"` || a.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Fatalf("%d %v", a.Status, a.Header)
		}
		file, err := ical.Read([]byte(a.Body), ical.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		main, _ := file.Main()
		host, _ := main.Organizer()
		start, _ := main.Start()
		if file.Method() != "PUBLISH" || len(main.Attendees()) != 0 || main.UID() != uid+".copy@cis.localhost" || host.Email != rsvp || main.Summary() != "Tea & cake" || !start.At.Equal(e.Start) {
			t.Errorf("%s", a.Body)
		}
		if strings.Contains(a.Body, organizer.Email) {
			t.Errorf("the copy names the organizer's address: %s", a.Body)
		}
		page := html.UnescapeString(s.Do("GET", page, "").Body)
		for _, link := range []string{"https://calendar.google.com/calendar/render?action=TEMPLATE&text=Tea%20%26%20cake&dates=", "https://outlook.live.com/calendar/0/deeplink/compose?", "https://outlook.office.com/calendar/0/deeplink/compose?", "https://calendar.yahoo.com/?v=60&title=Tea%20%26%20cake&st="} {
			if !strings.Contains(page, link) {
				t.Errorf("the page has no link %s", link)
			}
		}
		if strings.Contains(page, "first date") {
			t.Error("the page says that one event has several dates")
		}
		reply := plainReply("grace@example.com", main.UID(), "grace@example.com") // of a calendar that mails one all the same
		if got := s.result(s.WaitExecution("event-reply", s.SendMail("grace@example.com", rsvp, reply))); got.Result == "applied" {
			t.Errorf("a copy is answered: %+v", got)
		}
	})

	t.Run("of a series says which links know its first date only", func(t *testing.T) {
		s := s.on(t)
		series := tea(organizer)
		series.Key, series.Rule = "series", "FREQ=WEEKLY;COUNT=4"
		uid := s.register(series)
		s.shows(s.Do("GET", "/e/"+uid, ""), 200, "every week, 4 times", "Outlook.com, Office 365 and Yahoo can take the first date only", "recur=RRULE%3AFREQ%3DWEEKLY")
		file, err := ical.Read([]byte(s.Do("GET", "/e/"+uid+"/event.ics", "").Body), ical.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if main, _ := file.Main(); !strings.HasPrefix(main.RRule(), "FREQ=WEEKLY") {
			t.Errorf("the copy's rule is %q", main.RRule())
		}
	})

	t.Run("of an event that is cancelled or over asks nobody", func(t *testing.T) {
		s := s.on(t)
		off := tea(organizer)
		off.Key = "off"
		cancelled := s.register(off)
		off.At, off.Sequence = off.At.Add(time.Minute), 1
		s.endsIn(s.cancel(off), "EventCancelled")
		past := tea(organizer)
		past.Key, past.Start, past.End = "past", time.Now().UTC().AddDate(0, 0, -3), time.Now().UTC().AddDate(0, 0, -2)
		for uid, word := range map[string]string{cancelled: "This event is cancelled", s.register(past): "This event is over"} {
			s.shows(s.Do("GET", "/e/"+uid, ""), 200, word, "!"+asksForAddress, "!"+copies)
			s.shows(s.Do("GET", "/e/"+uid+"?sent=1", ""), 200, word, "!"+onItsWay)
			s.shows(s.asks("/e/"+uid, "email", "late@example.com"), 409, word, "!"+asksForAddress)
			s.shows(s.Do("GET", "/e/"+uid+"/event.ics", ""), 409, word)
		}
		if n := s.sentTo("late@example.com"); n != 0 {
			t.Errorf("%d mails", n)
		}
	})

	t.Run("of a suspended organizer is shown to nobody", func(t *testing.T) {
		s := s.on(t)
		spam := tea(somebody("spammer"))
		uid := s.register(spam)
		s.put("organizer#"+spam.Organizer.Email, "suspended#"+spam.Organizer.Email)
		for _, path := range []string{"", "?sent=1", "/event.ics"} {
			s.shows(s.Do("GET", "/e/"+uid+path, ""), 404, "!Tea")
		}
		s.shows(s.asks("/e/"+uid, "email", "a@example.com"), 404, "!Tea")
	})
}

// An event without invitations left says so; its copy stays.
func TestEventPageIsFull(t *testing.T) {
	s := start(t, stacktest.Env("EVENT_INVITE_LIMIT", "1"))
	organizer := somebody("ada")
	page := "/e/" + s.register(tea(organizer))
	s.shows(s.asks(page, "email", somebody("first").Email), 200, onItsWay)
	s.shows(s.Do("GET", page+"?sent=1", ""), 200, onItsWay) // the last one is on its way
	s.shows(s.Do("GET", page, ""), 200, "No invitations are left", "!"+asksForAddress, copies)
	s.shows(s.asks(page, "email", somebody("second").Email), 409, "No invitations are left", "!"+asksForAddress)
	if told := s.WaitSent(organizer.Email, 2); !strings.Contains(told[1].Subject, "limit") {
		t.Errorf("the organizer is told %q", told[1].Subject)
	}
}

// Where links must be signed, the page shows the event, and asks for an address with a signed link alone.
func TestEventPageWithSignedLinks(t *testing.T) {
	s := start(t, stacktest.Env("INVITE_LINKS", "signed"))
	uid := s.register(tea(somebody("ada")))
	other := tea(somebody("grace"))
	otherUID := s.register(other)
	guest, stranger := somebody("guest"), somebody("stranger")
	page, now := "/e/"+uid, time.Now()
	sealed := func(l seal.Link) string { return "?token=" + s.keys().Link(l) }
	for name, token := range map[string]string{
		"none": "", "nonsense": "?token=x", "of another event": sealed(seal.Link{Purpose: seal.Invite, UID: otherUID}),
		"of another purpose": sealed(seal.Link{Purpose: seal.RSVP, UID: uid}), "expired": sealed(seal.Link{Purpose: seal.Invite, UID: uid, Expires: now.Add(-time.Hour).Unix()}),
	} {
		t.Run("token "+name, func(t *testing.T) {
			s := s.on(t)
			s.shows(s.Do("GET", page+token, ""), 200, "Tea", "come from the organizer", "!"+asksForAddress)
			s.shows(s.asks(page+token, "email", stranger.Email), 403, "come from the organizer", "!"+asksForAddress)
		})
	}
	own := sealed(seal.Link{Purpose: seal.Invite, UID: uid, Email: guest.Email})
	s.shows(s.Do("GET", page+own, ""), 200, asksForAddress, guest.Email)
	s.shows(s.asks(page+own, "email", stranger.Email), 403, "!"+onItsWay)
	s.shows(s.asks(page+own, "email", guest.Email), 200, onItsWay)
	anybody := sealed(seal.Link{Purpose: seal.Invite, UID: uid})
	s.shows(s.Do("GET", page+anybody, ""), 200, asksForAddress)
	visitor := somebody("visitor")
	s.shows(s.asks(page+anybody, "email", visitor.Email), 200, onItsWay)
	s.shows(s.Do("GET", page+"?sent=1", ""), 200, onItsWay, "!another address")
	if s.sentTo(guest.Email) != 1 || s.sentTo(visitor.Email) != 1 || s.sentTo(stranger.Email) != 0 {
		t.Errorf("%d, %d and %d mails", s.sentTo(guest.Email), s.sentTo(visitor.Email), s.sentTo(stranger.Email))
	}
}

// A deployment may name another landing page, which may ask for the event's uid.
func TestLandingPageOfTheDeployment(t *testing.T) {
	s := start(t, stacktest.Env("LANDING_PAGE", "https://shop.example.org/thanks?event={uid}"))
	uid := s.register(tea(somebody("ada")))
	if to := s.link(uid, somebody("guest").Email).Header.Get("Location"); to != "https://shop.example.org/thanks?event="+uid {
		t.Errorf("the link leads to %s", to)
	}
	s.shows(s.asks("/e/"+uid, "email", somebody("guest").Email), 200, onItsWay)
}
