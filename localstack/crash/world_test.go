package crash

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/localstack/outbox"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
	"github.com/calendarinvite/calendarinviteserver/localstack/states"
)

const (
	// pace makes the machines' own pauses (a retry after a second, a pass after twenty) short enough to be waited for.
	pace = 0.002
	// webhookPace does so with those of a webhook's receiver who does not answer for two days.
	webhookPace = 0.00002
	// patience is how long a run may take: a step that sends many mails tries for most of a minute before it fails.
	patience = 3 * time.Minute
	// shopifySecret signs orders.
	shopifySecret = "shopify-secret-of-the-test"
)

// world is a stack, and a webhook's receiver that remembers the facts.
type world struct {
	*stacktest.Stack
	t        testing.TB
	receiver *receiver
	runs     int
	waitsFor *states.Summary // the execution that settle waits for
}

// newWorld starts a stack at that pace, 0 for the usual one, with the settings, NAME=value each.
func newWorld(t testing.TB, at float64, settings ...string) *world {
	w := &world{t: t, receiver: newReceiver(t)}
	w.Stack = stacktest.Start(t, func(cfg *stack.Config) {
		cfg.Env = append([]string{"LINK_SOURCE_CAP=0"}, settings...)
		cfg.Pace = cmp.Or(at, pace)
		cfg.DeliveryRetry = slices.Repeat([]time.Duration{10 * time.Millisecond}, 10)
		cfg.Webhooks = map[string]string{"crm": w.receiver.server.URL}
		cfg.Secrets = map[string]string{"SHOPIFY_SECRET": shopifySecret}
	})
	return w
}

// receiver is the other end of a webhook. It knows facts by their ids: each may come again, as docs/events.md says, but the same under the same id.
type receiver struct {
	server *httptest.Server
	mu     sync.Mutex
	facts  map[string]told
	again  int // facts that came again
}

// told is a fact as a webhook gets it.
type told struct {
	ID, Type string
	Data     map[string]any
}

func newReceiver(t testing.TB) *receiver {
	r := &receiver{facts: map[string]told{}}
	r.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		var fact told
		if err == nil {
			err = json.Unmarshal(body, &fact)
		}
		if err != nil || fact.ID == "" {
			t.Errorf("the webhook was told %q: %v", body, err)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		if before, has := r.facts[fact.ID]; has {
			r.again++
			if fmt.Sprint(before) != fmt.Sprint(fact) {
				t.Errorf("the fact %s was told as %v and as %v", fact.ID, before, fact)
			}
		}
		r.facts[fact.ID] = fact
	}))
	t.Cleanup(r.server.Close)
	return r
}

// take returns the facts since the last time, each id once however often it came.
func (r *receiver) take() (all []told) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, fact := range r.facts {
		all = append(all, fact)
	}
	clear(r.facts)
	return all
}

// settle waits until the system has nothing to do any more: no mail to deliver, no fact to hand on, no function to invoke and no
// execution under way. It returns all executions there were, in the order of their start.
func (w *world) settle() []states.Summary {
	w.t.Helper()
	deadline := time.Now().Add(patience)
	before := -1
	for pause := 2 * time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		busy, executions, done := w.work()
		switch {
		case busy == "" && done == before: // nothing was handed on between the two looks, either
			return executions
		case busy == "":
			before = done
			continue
		case time.Now().After(deadline):
			w.t.Fatalf("after %v there is still %s", patience, busy)
		}
		before = -1
		<-time.After(pause)
	}
}

// work is something that is under way; or, with "", nothing is, and how much was done so far.
func (w *world) work() (busy string, executions []states.Summary, done int) {
	w.t.Helper()
	fail := func(err error) {
		if err != nil {
			w.t.Fatal(err)
		}
	}
	if w.waitsFor != nil { // to ask for one execution costs nothing, to list all does
		status, err := w.States.Status(w.waitsFor.Machine, w.waitsFor.Name)
		fail(err)
		if status == running {
			return "an execution of " + w.waitsFor.Machine, nil, 0
		}
		w.waitsFor = nil
	}
	async, err := w.Runtime.Pending()
	fail(err)
	if len(async) > 0 {
		return "an asynchronous invocation of " + async[0].Function, nil, 0
	}
	pending, err := w.Events.Pending()
	fail(err)
	if len(pending) > 0 {
		return "an event for the rule " + pending[0].Rule + " " + pending[0].Error, nil, 0
	}
	mails, err := w.Mail.All()
	fail(err)
	for _, m := range mails {
		if m.Status == "pending" {
			return "a mail to " + m.Mailbox + " " + m.Error, nil, 0
		}
	}
	executions = w.executions()
	for _, x := range executions {
		if x.Status == running {
			w.waitsFor = &x
			return "an execution of " + x.Machine, nil, 0
		}
	}
	return "", executions, len(executions) + len(mails) + len(w.sent())
}

// The statuses of executions that matter here.
const (
	running   = "RUNNING"
	succeeded = "SUCCEEDED"
)

func (w *world) executions() []states.Summary {
	w.t.Helper()
	all, err := w.States.List("")
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

// sent lists all mails that SES took, oldest first and without their text.
func (w *world) sent() []outbox.Sent {
	w.t.Helper()
	all, err := w.Outbox.List(outbox.Filter{})
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}
