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

// TestCallsPerOperation holds the price of an operation: exactly these AWS calls, wherever the processes run already. Each is there for a
// reason: a mail is stored (SES does that), starts its workflow, and is read; whatever is decided takes one read of all the records that
// matter and one transaction; a mail that leaves is noted, so that it never leaves twice; and what became of it is told on the bus.
func TestCallsPerOperation(t *testing.T) {
	s := start(t)
	organizer := somebody("ada")
	uid := s.register(tea(organizer))
	guest := somebody("guest")
	var invitation []byte
	answers := func(who imiptest.Address, word string, at time.Time) {
		s.reply(invitation, who.Email, imiptest.Reply{Client: imiptest.Outlook, Answer: word, At: at})
	}
	now := time.Now()
	for _, c := range []struct {
		name string
		want int
		do   func()
	}{
		// StartExecution, and S3 for the mail; who the event's owner is, by the UID; the registration and the organizer's standing;
		// the transaction; the fact; the confirmation's template, its claim, the mail, its mark.
		{"create", 10, func() { e := tea(organizer); e.Key = "second"; s.register(e) }},
		// StartSyncExecution, one read, one transaction, the mail, its mark, the fact. A process reads the secret once, and each event's
		// owner once: the one read needs the owner's address.
		{"invite, cold", 8, func() { invitation = s.invite(uid, somebody("first")) }},
		{"invite", 6, func() { invitation = s.invite(uid, guest) }},
		// StartSyncExecution, the read that finds the guest invited, and the transaction that counts the request against its caps.
		{"invite again", 3, func() { s.link(uid, guest.Email) }},
		// StartExecution, S3 for the mail, one read, one transaction, the fact; and the secret, once in each process.
		{"reply, cold", 6, func() { answers(guest, imiptest.Accepted, now) }},
		{"reply", 5, func() { answers(guest, imiptest.Declined, now.Add(time.Minute)) }},
		{"older reply", 3, func() { answers(guest, imiptest.Tentative, now.Add(-time.Hour)) }},
	} {
		s.Do("DELETE", "/_local/calls", "")
		c.do()
		total, by := s.calls()
		line := ""
		for _, action := range slices.Sorted(maps.Keys(by)) {
			line += fmt.Sprintf("  %s %d", action, by[action])
		}
		t.Logf("%-14s %2d:%s", c.name, total, line)
		if total != c.want {
			t.Errorf("%s makes %d AWS calls, not %d:%s", c.name, total, c.want, line)
		}
	}
}
