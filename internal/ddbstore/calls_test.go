package ddbstore_test

import (
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/calendarinvite/calendarinviteserver/internal/ddbstore"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/invite/storetest"
)

// calls counts the calls of DynamoDB by action.
type calls struct {
	mu   sync.Mutex
	made map[string]int
}

func (c *calls) RoundTrip(r *http.Request) (*http.Response, error) {
	_, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	c.mu.Lock()
	if c.made == nil {
		c.made = map[string]int{}
	}
	c.made[action]++
	c.mu.Unlock()
	return http.DefaultTransport.RoundTrip(r)
}

// take returns what was counted and starts over.
func (c *calls) take() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	made := maps.Clone(c.made)
	clear(c.made)
	return made
}

// The cost of a step is the number of calls it makes: these are the numbers that its doc comment promises.
func TestCalls(t *testing.T) {
	count := &calls{}
	cfg, table := newTable(t, count)
	w := storetest.NewWorld(t, ddbstore.New(cfg, table))
	ctx := t.Context()
	expect := func(what string, want map[string]int) {
		t.Helper()
		if diff := cmp.Diff(want, count.take()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	event := w.Create()
	expect("create", map[string]int{"BatchGetItem": 1, "TransactWriteItems": 1})

	verify := func(email string) invite.Verification {
		verified, err := w.Service.Verify(ctx, invite.InviteRequest{ID: email, UID: event.UID, Email: email, SourceIP: "192.0.2.1"})
		if err != nil || !verified.Verified {
			t.Fatal(verified.Reason, err)
		}
		return verified
	}
	verify("bob@example.com")
	expect("verify, the first time in a process", map[string]int{"GetItem": 1, "BatchGetItem": 1})
	verified := verify("bob@example.com")
	expect("verify", map[string]int{"BatchGetItem": 1})
	if _, err := w.Service.Send(ctx, verified.Request, verified.Event); err != nil {
		t.Fatal(err)
	}
	expect("send", map[string]int{"TransactWriteItems": 1, "UpdateItem": 1})
	if len(w.Mails.Sent) != 1 {
		t.Errorf("%d mails for one invitation", len(w.Mails.Sent))
	}
	reply := w.Reply(event, "bob@example.com", "ACCEPTED")
	count.take()
	w.Answer(reply)
	expect("answer", map[string]int{"BatchGetItem": 1, "TransactWriteItems": 1})
	w.Answer(reply)
	expect("repeated answer", map[string]int{"BatchGetItem": 1})
	w.Clock.Pass(time.Minute)

	request := w.Request("ada@organizer.example", strings.Replace(storetest.Meeting("SEQUENCE:1"), "Room 1", "Room 2", 1))
	if _, err := w.Service.Route(ctx, request); err != nil {
		t.Fatal(err)
	}
	expect("route", map[string]int{"GetItem": 1})
	if _, err := w.Service.UpdateEvent(ctx, event.UID, request); err != nil {
		t.Fatal(err)
	}
	expect("update", map[string]int{"GetItem": 1, "TransactWriteItems": 1})
	request = w.Request("ada@organizer.example", storetest.Meeting("SEQUENCE:2", "DTSTART:20260401T080000Z"))
	if _, err := w.Service.UpdateEvent(ctx, event.UID, request); err != nil {
		t.Fatal(err)
	}
	expect("reschedule", map[string]int{"GetItem": 1, "Query": 1, "TransactWriteItems": 1})
	if _, err := w.Service.CancelEvent(ctx, event.UID, w.Request("ada@organizer.example", storetest.Meeting("METHOD:CANCEL", "SEQUENCE:3"))); err != nil {
		t.Fatal(err)
	}
	expect("cancel", map[string]int{"GetItem": 1, "TransactWriteItems": 1})
	if _, err := w.Service.Statistics(ctx, "default", event.UID); err != nil {
		t.Fatal(err)
	}
	expect("statistics", map[string]int{"Query": 1})
}
