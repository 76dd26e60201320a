package e2e

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
	"github.com/calendarinvite/calendarinviteserver/localstack/states"
	"github.com/calendarinvite/calendarinviteserver/localstack/wiring"
)

// acme is a second tenant, with a mail domain and keys of its own.
const (
	acme         = "acme.localhost"
	acmeKey      = "local-acme-key"
	acmeAdminKey = "local-acme-admin"
)

func withAcme(cfg *stack.Config) {
	cfg.Tenants = map[string]wiring.Tenant{
		"acme": {Domain: acme, Keys: []wiring.Key{{Name: "acme-key"}, {Name: "acme-admin", Admin: true}}},
	}
}

// actors are who may try something, in the order of the matrix's columns. Each concerns an event that has one guest:
//   - a stranger has no key, and the attendee one that is none;
//   - the organizer, the other organizers and who is suspended have their tenant's key;
//   - bulk is the organizer with the permission to send lists; the other organizer and the one of the other tenant have it, too;
//   - suspended is the organizer, with that permission, once they are suspended;
//   - the other tenant's organizer has the address of the event's own, and the key of that tenant's administrator.
var actors = []string{"stranger", "attendee", "organizer", "other organizer", "suspended", "bulk", "admin", "other tenant"}

// cell is one actor and the event.
type cell struct {
	*party
	who    imiptest.Address
	key    string
	domain string
}

func (s *system) cell(actor string) *cell {
	s.t.Helper()
	e := tea(somebody("owner"))
	e.UID = fmt.Sprintf("event-%d@calendar.example", people.Add(1))
	c := &cell{s.party(e, 1), somebody("actor"), "local-key", "cis.localhost"}
	owner := e.Organizer
	switch actor {
	case "stranger":
		c.key = ""
	case "attendee":
		c.who, c.key = c.guests[0], "local-nobody"
	case "organizer":
		c.who = owner
	case "other organizer":
		s.register(tea(c.who))
		s.administer("PUT", c.who.Email, "bulk")
	case "suspended":
		c.who = owner
		s.administer("PUT", owner.Email, "bulk")
		s.administer("PUT", owner.Email, "suspended")
	case "bulk":
		c.who = owner
		s.administer("PUT", owner.Email, "bulk")
	case "admin":
		c.key = adminKey
	case "other tenant":
		c.who, c.key, c.domain = owner, acmeAdminKey, acme
		if a := s.Do("PUT", "/system/organizer/"+owner.Email+"/bulk", "", "x-api-key", acmeAdminKey); a.Status != 200 {
			s.t.Fatalf("%d %s", a.Status, a.Body)
		}
	}
	return c
}

// mails sends the actor's mail to a mailbox of their tenant's.
func (c *cell) mails(mailbox, workflow string, raw []byte, err error) states.Execution {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
	return c.WaitExecution(workflow, c.SendMail(c.who.Email, mailbox+"@"+c.domain, raw))
}

// ending is how a request ended where it did not reach the event: as an event of the actor's own, or for the reason.
func (c *cell) ending(x states.Execution) string {
	c.t.Helper()
	if last := x.States[len(x.States)-1].Name; last == "EventCreated" {
		return "own"
	}
	return c.reason(x)
}

func (c *cell) creates() string {
	e := tea(c.who)
	e.Key = "another"
	raw, err := imiptest.ComposeRequest(e)
	return c.ending(c.mails("create", "event-request", raw, err))
}

func (c *cell) updates() string {
	e := c.next(func(e *imiptest.Event) { e.Summary = "Changed" })
	e.Organizer = c.who
	raw, err := imiptest.ComposeRequest(e)
	x := c.mails("create", "event-request", raw, err)
	if c.party.system.event(c.uid).Summary == "Changed" {
		return "yes"
	}
	return c.ending(x)
}

func (c *cell) cancels() string {
	e := c.next(func(*imiptest.Event) {})
	e.Organizer = c.who
	raw, err := imiptest.ComposeCancel(e)
	x := c.mails("create", "event-request", raw, err)
	if c.party.system.event(c.uid).Status == "cancelled" {
		return "yes"
	}
	return c.ending(x)
}

func (c *cell) lists() string {
	friend := somebody("friend")
	to := "bulk@" + c.domain
	x := c.mails("bulk", "bulk-invites", listMail(c.who.Email, to, "uid,email\n"+c.uid+","+friend.Email+"\n"), nil)
	switch last := x.States[len(x.States)-1].Name; {
	case c.sentTo(friend.Email) == 1:
		return "yes"
	case last == "ListSettled":
		return "rejected"
	case last == "RequestRefused":
		return "refused"
	}
	return "ignored"
}

// opens the public link for a friend, by origin.
func opensLink(origin string) func(*cell) string {
	return func(c *cell) string {
		friend := somebody("friend")
		a := c.link(c.uid, friend.Email, "origin", origin)
		if sent := c.sentTo(friend.Email); sent != 1 && a.Status == 302 || sent != 0 && a.Status != 302 {
			c.t.Errorf("%d, %d mails", a.Status, sent)
		}
		return strconv.Itoa(a.Status)
	}
}

// opensPage asks for the invitation of a friend on the event's own page.
func (c *cell) opensPage() string {
	friend := somebody("friend")
	a := c.Do("POST", "/e/"+c.uid, "email="+friend.Email, asForm...)
	if sent := c.sentTo(friend.Email); sent != 1 && a.Status == 200 || sent != 0 && a.Status != 200 {
		c.t.Errorf("%d, %d mails", a.Status, sent)
	}
	return strconv.Itoa(a.Status)
}

// as is an answer that the actor gives in their own name, with the attendee's invitation.
func (c *cell) as() imiptest.Reply {
	return imiptest.Reply{Client: imiptest.Gmail, Answer: imiptest.Accepted, At: time.Now(), As: c.who}
}

func (c *cell) invitation() []byte { return c.inbox(c.guests[0])[0] }

func (c *cell) replies() string {
	raw, err := imiptest.ComposeReply(c.invitation(), c.as())
	x := c.mails("rsvp", "event-reply", raw, err)
	if got := c.result(x); got.Result != "applied" {
		return cmp.Or(got.Reason, got.Result)
	} else if got.Attendee == c.who.Email && c.attendee(c.uid, c.who.Email).Origin == "shared" {
		return "guest"
	}
	return string(c.attendee(c.uid, c.who.Email).Grade)
}

func (c *cell) repliesForAttendee() string {
	guest := c.guests[0].Email
	x := c.mails("rsvp", "event-reply", plainReply(c.who.Email, c.invited(c.invitation()).UID(), guest), nil)
	got := c.result(x)
	return cmp.Or(got.Reason, string(c.attendee(c.uid, guest).Grade), got.Result)
}

func (c *cell) repliesUnsealed() string {
	token, host, _ := strings.Cut(c.invited(c.invitation()).UID(), "@")
	return c.reason(c.mails("rsvp", "event-reply", plainReply(c.who.Email, forge(token)+"@"+host, c.guests[0].Email), nil))
}

func (c *cell) proposes() string {
	before := c.sentTo(c.event.Organizer.Email)
	raw, err := imiptest.ComposeCounter(c.invitation(), imiptest.Counter{Reply: c.as(), Start: c.event.Start.Add(time.Hour), End: c.event.End.Add(time.Hour)})
	c.mails("rsvp", "event-reply", raw, err)
	return c.heard(before, c.event.Organizer)
}

func (c *cell) refreshes() string {
	before := c.sentTo(c.who.Email) + c.sentTo(c.guests[0].Email)
	raw, err := imiptest.ComposeRefresh(c.invitation(), c.as())
	c.mails("rsvp", "event-reply", raw, err)
	if c.sentTo(c.who.Email)+c.sentTo(c.guests[0].Email) > before {
		return "yes"
	}
	return "no"
}

// asks about the event, whose uid stands in public links.
func (c *cell) asks() string {
	before := c.sentTo(c.event.Organizer.Email)
	c.mails("rsvp", "event-reply", fmt.Appendf(nil, "From: %s\r\nSubject: About %s\r\n\r\nMay I bring a cake?\r\n", c.who.Email, c.uid), nil)
	return c.heard(before, c.event.Organizer)
}

// heard says whether somebody got a mail.
func (c *cell) heard(before int, who imiptest.Address) string {
	if c.sentTo(who.Email) > before {
		return "yes"
	}
	return "no"
}

func (c *cell) unsubscribes() string {
	raw := fmt.Appendf(nil, "From: %s\r\nSubject: stop\r\nReferences: <%s>\r\n\r\nStop.\r\n", c.who.Email, c.invited(c.invitation()).UID())
	c.mails("unsubscribe", "unsubscribe-request", raw, nil)
	if c.attendee(c.uid, c.guests[0].Email).Blocked {
		return "yes"
	}
	return "no"
}

// asksAPI asks for a route with the actor's key. An answer without the mark is not about the event: "none".
func asksAPI(method, path, mark string, body ...string) func(*cell) string {
	return func(c *cell) string {
		fill := strings.NewReplacer("{uid}", c.uid, "{organizer}", c.event.Organizer.Email).Replace
		a := c.Do(method, fill(path), fill(strings.Join(body, "")), "x-api-key", c.key)
		if a.Status == 200 && !strings.Contains(a.Body, fill(mark)) {
			return "none"
		}
		return strconv.Itoa(a.Status)
	}
}

// administers changes the organizer's standing with the actor's key, and looks whether it is the event's own tenant's that changed.
func administers(method, what string, is func(standing) bool) func(*cell) string {
	return func(c *cell) string {
		organizer := c.event.Organizer.Email
		if method == "DELETE" {
			c.administer("PUT", organizer, what)
		}
		before := is(c.administer("GET", organizer, ""))
		a := c.Do(method, "/system/organizer/"+organizer+"/"+what, "", "x-api-key", c.key)
		now := is(c.administer("GET", organizer, ""))
		switch {
		case a.Status == 200 && now == (method == "PUT"):
			return "200"
		case now != before:
			return "changed"
		case a.Status == 200:
			return "own"
		}
		return strconv.Itoa(a.Status)
	}
}

func (c *cell) reports() string {
	before := c.sentTo(c.event.Organizer.Email)
	a := c.Do("GET", "/event/"+c.uid+"/report", "", "x-api-key", c.key)
	c.settle()
	if sent := c.sentTo(c.event.Organizer.Email) - before; sent != 1 && a.Status == 200 || sent != 0 && a.Status != 200 {
		c.t.Errorf("%d, %d mails", a.Status, sent)
	}
	return strconv.Itoa(a.Status)
}

func (c *cell) orders() string {
	a := c.Do("POST", "/order", bought(c.who.Email, shopItem{ProductID: 1, Name: "Pro"}), "x-api-key", c.key)
	return strconv.Itoa(a.Status)
}

// forgesLinks opens, and presses the buttons of, pages whose links it makes up.
func (c *cell) forgesLinks() string {
	token := forge(strings.TrimPrefix(linkIn(c.t, c.invitation(), "/rsvp/"), "/rsvp/"))
	answers := map[string]bool{}
	for _, page := range []string{"GET /rsvp/", "POST /rsvp/", "GET /unsubscribe/", "POST /unsubscribe/", "GET /confirm/", "POST /confirm/",
		"GET /proposals/", "POST /proposals/", "GET /guests/", "POST /guests/", "GET /download/"} {
		method, path, _ := strings.Cut(page, " ")
		a := c.Do(method, path+token, "answer=accepted&choice=block", "x-api-key", c.key, "Content-Type", "application/x-www-form-urlencoded")
		answers[strconv.Itoa(a.Status)] = true
	}
	return strings.Join(slices.Sorted(maps.Keys(answers)), ",")
}

// Who may do what, observed through the doors. A cell says what came of the actor's try:
//   - yes, or a grade: it was done to the event, or by the attendee;
//   - own: it made, or changed, something of the actor's own, and left the event alone;
//   - none: an answer without the event;
//   - guest: recorded as a guest to whom the invitation was forwarded;
//   - anything else: why not.
func TestWhoMayDoWhat(t *testing.T) {
	s := start(t, withAcme, withShop, stacktest.Env("EVENT_LIMIT", "0"))
	still := map[string]*cell{} // for what changes nothing
	bulk := func(o standing) bool { return o.Bulk }
	suspended := func(o standing) bool { return o.Suspended }
	subscription := func(o standing) bool { return o.Subscription }
	for _, row := range []struct {
		action  string
		do      func(*cell) string
		changes bool
		cells   string
	}{
		// the actors: stranger attendee organizer other-organizer suspended bulk admin other-tenant
		{"registers an event", (*cell).creates, true, "own own own own suspended own own own"},
		{"updates the event", (*cell).updates, true, "own own yes own suspended yes own own"},
		{"cancels the event", (*cell).cancels, true, "unknown-event unknown-event yes unknown-event suspended yes unknown-event unknown-event"},
		{"opens a link", opensLink("api"), true, "302 302 302 302 403 302 302 302"},              // anybody may; the organizer is suspended, or not
		{"asks on the event's page", (*cell).opensPage, true, "200 200 200 200 404 200 200 200"}, // whose organizer is suspended, it is not shown
		{"opens a vip link", opensLink("vip"), true, "403 403 403 403 403 302 403 403"},
		{"mails a list", (*cell).lists, true, "ignored ignored ignored rejected refused yes ignored rejected"},
		{"replies", (*cell).replies, true, "guest proven organizer guest organizer organizer guest organizer"},
		{"replies for the attendee", (*cell).repliesForAttendee, true, "probable proven probable probable probable probable probable probable"}, // aliases
		{"replies with a forged token", (*cell).repliesUnsealed, true, strings.Repeat("forged-token ", len(actors))},
		{"proposes a time", (*cell).proposes, true, "no yes no no no no no no"},
		{"asks for a refresh", (*cell).refreshes, true, "no yes no no no no no no"},
		{"asks a question", (*cell).asks, true, "no yes no no no no no no"},
		{"unsubscribes", (*cell).unsubscribes, true, "no yes no no no no no no"},
		{"forges links", (*cell).forgesLinks, false, strings.Repeat("404 ", len(actors))},
		{"POST /order, unsigned", (*cell).orders, false, strings.Repeat("401 ", len(actors))},
		{"GET /health", asksAPI("GET", "/health", "ok"), false, strings.Repeat("200 ", len(actors))},
		{"GET /e/{uid}", asksAPI("GET", "/e/{uid}", "Tea"), false, "200 200 200 200 404 200 200 200"},
		{"GET /e/{uid}/event.ics", asksAPI("GET", "/e/{uid}/event.ics", "{uid}"), false, "200 200 200 200 404 200 200 200"},
		{"GET /event/{uid}", asksAPI("GET", "/event/{uid}", "{uid}"), false, "403 403 200 200 200 200 200 404"},
		{"GET /event/{uid}/statistics", asksAPI("GET", "/event/{uid}/statistics", "{uid}"), false, "403 403 200 200 200 200 200 404"},
		{"GET /event/{uid}/attendees", asksAPI("GET", "/event/{uid}/attendees", "@example.com"), false, "403 403 200 200 200 200 200 404"},
		{"GET /event/{uid}/report", (*cell).reports, false, "403 403 200 200 200 200 200 404"},
		{"POST /organizer/events", asksAPI("POST", "/organizer/events", "{uid}", `{"organizer":"{organizer}"}`), false, "403 403 200 200 200 200 200 none"},
		{"GET /organizer/{organizer}/events", asksAPI("GET", "/organizer/{organizer}/events", "{uid}"), false, "403 403 200 200 200 200 200 none"},
		{"GET /shadow/organizer/{organizer}/events", asksAPI("GET", "/shadow/organizer/{organizer}/events", "{uid}"), false, "403 403 200 200 200 200 200 none"},
		{"GET /shadow/organizer/{organizer}/statistics", asksAPI("GET", "/shadow/organizer/{organizer}/statistics", `"noaction":1`), false, "403 403 200 200 200 200 200 none"},
		{"GET /system/events", asksAPI("GET", "/system/events?limit=100", "{uid}"), false, "403 403 403 403 403 403 200 none"},
		{"GET /system/statistics", asksAPI("GET", "/system/statistics", `"api":`), false, "403 403 403 403 403 403 200 none"},
		{"GET /system/organizer/{organizer}", asksAPI("GET", "/system/organizer/{organizer}", `"noaction":1`), false, "403 403 403 403 403 403 200 none"},
		{"PUT /system/organizer/{organizer}/bulk", administers("PUT", "bulk", bulk), true, "403 403 403 403 403 403 200 own"},
		{"PUT /system/organizer/{organizer}/suspended", administers("PUT", "suspended", suspended), true, "403 403 403 403 403 403 200 own"},
		{"PUT /system/organizer/{organizer}/subscription", administers("PUT", "subscription", subscription), true, "403 403 403 403 403 403 200 own"},
		{"DELETE /system/organizer/{organizer}/bulk", administers("DELETE", "bulk", bulk), true, "403 403 403 403 403 403 200 own"},
		{"DELETE /system/organizer/{organizer}/suspended", administers("DELETE", "suspended", suspended), true, "403 403 403 403 403 403 200 own"},
		{"DELETE /system/organizer/{organizer}/subscription", administers("DELETE", "subscription", subscription), true, "403 403 403 403 403 403 200 own"},
	} {
		t.Run(row.action, func(t *testing.T) {
			s, want := s.on(t), strings.Fields(row.cells)
			for i, actor := range actors {
				c := still[actor]
				if row.changes || c == nil {
					c = s.cell(actor)
				}
				if !row.changes {
					still[actor], c.system = c, s
				}
				if got := row.do(c); len(want) != len(actors) || got != want[i] {
					t.Errorf("%s: %s, want %s", actor, got, row.cells)
				}
			}
		})
	}
}
