// Package events is the local stack's Amazon EventBridge: the default bus, the rules of the wiring, and their targets.
package events

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/calendarinvite/calendarinviteserver/localstack/journal"
	"github.com/calendarinvite/calendarinviteserver/localstack/protocol"
	"github.com/calendarinvite/calendarinviteserver/localstack/wiring"
)

// Targets are what rules act on. Both must have accepted the event for good when they return.
type Targets interface {
	// InvokeAsync has a function run with the event, sooner or later.
	InvokeAsync(function string, payload []byte) error
	// StartWorkflow starts a workflow with the event as its input, under a name of EventBridge's choosing, which stays the same
	// however often the event is delivered.
	StartWorkflow(ctx context.Context, workflow, name string, input []byte) error
}

// Event is what rules match and targets get (EventBridge guide, "Events").
type Event struct {
	Version    string          `json:"version"`
	ID         string          `json:"id"`
	DetailType string          `json:"detail-type"`
	Source     string          `json:"source"`
	Account    string          `json:"account"`
	Time       time.Time       `json:"time"`
	Region     string          `json:"region"`
	Resources  []string        `json:"resources"`
	Detail     json.RawMessage `json:"detail"`
}

// Config is what a Bus needs. Wiring, Journal and Targets are required.
type Config struct {
	Wiring  *wiring.Wiring
	Journal *journal.DB // keeps what is to be delivered
	Targets Targets
	Retry   []time.Duration // pauses before further attempts at a target. Default DefaultRetry
	Log     *slog.Logger    // nil discards
}

// DefaultRetry has a target tried for half an hour. (EventBridge tries for 24 hours, and 185 times.)
var DefaultRetry = []time.Duration{
	200 * time.Millisecond, time.Second, 2 * time.Second, 5 * time.Second, 15 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 10 * time.Minute,
}

// Bus is the default event bus. Its methods may be called from many goroutines at once.
type Bus struct {
	cfg     Config
	rules   []rule
	now     func() time.Time
	pending *journal.Bucket
	dead    *journal.Bucket

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	mu     sync.Mutex
	work   sync.WaitGroup // deliveries under way
}

type rule struct {
	name string
	wiring.Rule
	match matcher
	input transformer // nil: the event itself
}

// New reads the rules of the wiring; one whose pattern or input uses what is not implemented here is an error. What an earlier run has
// not delivered waits for Resume.
func New(cfg Config) (*Bus, error) {
	if cfg.Retry == nil {
		cfg.Retry = DefaultRetry
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	b := &Bus{cfg: cfg, now: time.Now, pending: cfg.Journal.Bucket("events"), dead: cfg.Journal.Bucket("events-dead")}
	for _, name := range slices.Sorted(maps.Keys(cfg.Wiring.Rules)) {
		r := rule{name: name, Rule: cfg.Wiring.Rules[name]}
		var err error
		if r.match, err = compile(r.Pattern); err != nil {
			return nil, fmt.Errorf("events: rule %s: %w", name, err)
		}
		if r.Input != nil {
			if r.input, err = newTransformer(*r.Input); err != nil {
				return nil, fmt.Errorf("events: rule %s: input: %w", name, err)
			}
		}
		b.rules = append(b.rules, r)
	}
	b.ctx, b.cancel = context.WithCancel(context.Background())
	return b, nil
}

// Publish accepts an event and returns when it is in the journal, once for every rule that matches: from then on each of their targets
// gets it at least once, if need be after a restart of the stack. ID and Time are filled in where empty; Version, Account and Region
// always.
func (b *Bus) Publish(_ context.Context, e Event) (id string, err error) {
	if e.ID == "" {
		e.ID = protocol.RequestID()
	}
	e.Version, e.Account, e.Region = "0", b.cfg.Wiring.Account(), b.cfg.Wiring.Region()
	if e.Time.IsZero() {
		e.Time = b.now()
	}
	e.Time = e.Time.UTC().Truncate(time.Second)
	if e.Resources == nil {
		e.Resources = []string{}
	}
	payload, err := json.Marshal(e)
	if err != nil {
		return "", err
	}
	dec := json.NewDecoder(bytes.NewReader(payload))
	dec.UseNumber()
	var fields map[string]any
	if err := dec.Decode(&fields); err != nil {
		return "", err
	}
	var deliveries []Delivery
	for _, r := range b.rules {
		if r.match(fields) {
			deliveries = append(deliveries, Delivery{Rule: r.name, EventID: e.ID, Event: payload, Accepted: b.now().UTC()})
		}
	}
	return e.ID, b.accept(deliveries)
}
