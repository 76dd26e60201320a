package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
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

	for _, d := range s.Endpoint.Permissions().Denied() {
		t.Errorf("%s was refused %s on %s", d.Function, d.Action, d.Resource)
	}
}
