package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/internal/seal"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
)

// calls are the AWS calls since the last reset, by service and action.
func (s *system) calls() (total int, by map[string]int) {
	s.t.Helper()
	var counted map[string]map[string]int
	a := s.Do("GET", "/_local/calls", "")
	if err := json.Unmarshal([]byte(a.Body), &counted); err != nil {
		s.t.Fatalf("%v: %s", err, a.Body)
	}
	by = map[string]int{}
	for _, actions := range counted {
		for action, n := range actions {
			by[action] += n
			total += n
		}
	}
	return total, by
}

// TestCallsPerOperation holds the price of an operation: at most six AWS calls from a link to the sent invitation, at most four for
// a reply. Processes that run already make no other calls than these; a fresh one reads its secret once.
func TestCallsPerOperation(t *testing.T) {
	s := start(t)
	organizer := somebody("ada")
	uid := s.register(tea(organizer))
	first := somebody("first")
	warm := s.invite(uid, first)
	s.reply(warm, first.Email, imiptest.Reply{Client: imiptest.Gmail, Answer: imiptest.Accepted, At: time.Now()})

	guest := somebody("guest")
	var invitation []byte
	for _, c := range []struct {
		name string
		most int
		do   func()
	}{
		{"create", 9, func() { e := tea(organizer); e.Key = "second"; s.register(e) }},
		{"invite", 6, func() { invitation = s.invite(uid, guest) }},
		{"invite again", 6, func() { s.link(uid, guest.Email) }},
		{"reply", 4, func() {
			s.reply(invitation, guest.Email, imiptest.Reply{Client: imiptest.Outlook, Answer: imiptest.Declined, At: time.Now()})
		}},
		{"same reply again", 4, func() {
			s.reply(invitation, guest.Email, imiptest.Reply{Client: imiptest.Outlook, Answer: imiptest.Declined, At: time.Now().Add(-time.Hour)})
		}},
	} {
		s.Do("DELETE", "/_local/calls", "")
		c.do()
		total, by := s.calls()
		line := ""
		for _, action := range slices.Sorted(maps.Keys(by)) {
			line += fmt.Sprintf("  %s %d", action, by[action])
		}
		t.Logf("%-18s %d of at most %d:%s", c.name, total, c.most, line)
		if total > c.most {
			t.Errorf("%s makes %d AWS calls, at most %d are allowed", c.name, total, c.most)
		}
	}
}

// rare are the grants that are needed only when two things happen in the same moment.
var rare = map[string]string{"send-event-invite": "dynamodb:GetItem"} // the event changed between the look and the sending

// TestPermissions makes every function do everything it can: none is refused anything (start sees to that), and none may do more.
func TestPermissions(t *testing.T) {
	s := start(t, stacktest.Env("EVENT_LIMIT", "2"), stacktest.Env("EVENT_INVITE_LIMIT", "2"), stacktest.Env("INVITE_LINKS", "signed"),
		stacktest.Env("DMARC_GRAY", "confirm"))
	form := []string{"Content-Type", "application/x-www-form-urlencoded"}
	e := tea(somebody("ada"))
	raw, err := imiptest.ComposeRequest(e)
	if err != nil {
		t.Fatal(err)
	}
	held := s.mail(e.Organizer.Email, with(raw, "X-Local-Verdicts: dmarc=gray"))
	confirm := linkIn(t, s.WaitSent(e.Organizer.Email, 1)[0].Raw, "/confirm/")
	s.Do("GET", confirm, "")
	s.Do("POST", confirm, "", form...)
	s.endsIn(s.WaitExecution("event-request", held.Name+"-confirmed"), "EventCreated")
	uid := held.Name
	s.endsIn(s.mail(e.Organizer.Email, fmt.Appendf(nil, "From: %s\r\n\r\nHello\r\n", e.Organizer.Email)), "RequestRefused")
	e.Summary, e.Start, e.End, e.Sequence, e.At = "Cake", e.Start.Add(time.Hour), e.End.Add(time.Hour), 1, e.At.Add(time.Minute)
	s.endsIn(s.request(e), "EventUpdated")

	signed := s.keys().Link(seal.Link{Purpose: seal.Invite, UID: uid})
	first, second := somebody("first"), somebody("second")
	s.put("organizer#"+e.Organizer.Email, "bulk#"+e.Organizer.Email)
	for _, c := range []struct {
		email, origin string
		status        int
	}{{first.Email, "api", 302}, {second.Email, "vip", 302}, {"third@example.com", "api", 409}, {"third@example.com", "vip", 409}} {
		if a := s.link(uid, c.email, "token", signed, "origin", c.origin); a.Status != c.status {
			t.Errorf("%s: %d %s, want %d", c.email, a.Status, a.Body, c.status)
		}
	}
	invitation := s.WaitSent(first.Email, 1)[0].Raw
	s.reply(invitation, first.Email, imiptest.Reply{Client: imiptest.Gmail, Answer: imiptest.Accepted, At: time.Now()})
	page := linkIn(t, s.WaitSent(second.Email, 1)[0].Raw, "/rsvp/")
	s.Do("GET", page, "")
	s.Do("POST", page, "answer=declined", form...)
	s.WaitExecution("event-reply", s.SendMail(first.Email, rsvp, plainReply(first.Email, "of-another-system@example.com", first.Email)))
	block := read(t, invitation).Header.Get("List-Unsubscribe")
	block = block[strings.Index(block, "/unsubscribe/"):strings.Index(block, ">")]
	s.Do("GET", block, "")
	s.Do("POST", block, "List-Unsubscribe=One-Click", form...)
	s.Do("POST", block, "choice=undo", form...)
	s.Get("/event/" + uid)
	s.statistics(uid)

	cancelled := tea(e.Organizer)
	cancelled.Key = "second"
	s.register(cancelled)
	cancelled.At, cancelled.Sequence = cancelled.At.Add(time.Minute), 1
	s.endsIn(s.cancel(cancelled), "EventCancelled")
	cancelled.Key = "third"
	s.endsIn(s.request(cancelled), "LimitReached")

	for _, grant := range s.Endpoint.Permissions().Unused() {
		t.Logf("%s never needed %s on %s", grant.Function, grant.Action, grant.Resource)
		if rare[grant.Function] != grant.Action {
			t.Errorf("%s may do %s on %s for no reason", grant.Function, grant.Action, grant.Resource)
		}
	}
	a := s.Do("GET", "/_local/permissions", "")
	if a.Status != 200 || !strings.Contains(a.Body, `"denied"`) {
		t.Errorf("/_local/permissions: %d %s", a.Status, a.Body)
	}
}
