package aws

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/calendarinvite/calendarinviteserver/localstack/wiring"
)

// When a fault happens, seen from the effect of the call.
const (
	Before = "before"
	After  = "after"
)

// Fault is a failure on demand, for tests.
type Fault struct {
	Function string `json:"function,omitempty"` // caller, a function or a workflow, or for lambda:Invoke the function that is invoked; empty: any function
	Action   string `json:"action,omitempty"`   // "dynamodb:PutItem", with * and ?; empty: any call that functions make
	Nth      int    `json:"nth,omitempty"`      // the first matching call that it hits, from 1; 0 means 1
	Times    int    `json:"times,omitempty"`    // how many it hits from there on; 0 means 1, -1 all
	When     string `json:"when,omitempty"`     // before (default) or after the call has had its effect
	Kind     string `json:"kind"`               // see Kinds, or error:<Code>
	DelayMS  int    `json:"delay_ms,omitempty"` // for delay

	Seen int `json:"seen"` // matching calls so far
	Hits int `json:"hits"` // of them, those that it hit
}

// Kinds are what a fault can do: "fail" and "throttle" are errors in the service's own words, "conflict" is what two writers of the same
// thing see, "delay" waits, "kill" ends the calling process. "partial" has a request of several entries done in part: of
// BatchExecuteStatement the first statement is throttled, of BatchWriteItem, BatchGetItem and PutEvents the last half of the entries is
// not processed; other requests it leaves alone. "twice" has a function run twice.
//
// An invocation of a function can be hit, too, before the function sees it, by whoever it is invoked: with Action lambda:Invoke (only
// then) it fails, is throttled or delayed.
var Kinds = []string{"fail", "throttle", "delay", "kill", "conflict", "partial", "twice"}

// check fills in the defaults.
func (f *Fault) check() error {
	if f.Nth == 0 {
		f.Nth = 1
	}
	if f.Times == 0 {
		f.Times = 1
	}
	if f.When == "" {
		f.When = Before
	}
	if f.When != Before && f.When != After {
		return fmt.Errorf("when: %q is neither before nor after", f.When)
	}
	code, isCode := strings.CutPrefix(f.Kind, "error:")
	if !slices.Contains(Kinds, f.Kind) && (!isCode || code == "") {
		return fmt.Errorf("kind: %q is none of %s, error:<Code>", f.Kind, strings.Join(Kinds, ", "))
	}
	if f.When == After && (f.Kind == "partial" || f.invocations()) {
		return fmt.Errorf("when: this fault cannot come after the effect")
	}
	if f.invocations() && (f.Kind == "kill" || f.Kind == "partial") {
		return fmt.Errorf("kind: an invocation cannot be hit by %s", f.Kind)
	}
	return nil
}

// invocations says that the fault is about functions' being invoked, and not about the calls that they make.
func (f *Fault) invocations() bool {
	return f.Kind == "twice" || strings.HasPrefix(f.Action, "lambda:")
}

// Faults are the failures that are to happen. Its methods may be called from many goroutines at once.
type Faults struct {
	mu        sync.Mutex
	list      []*Fault
	recording bool
	recorded  []Seen
}

// Seen is one call that a function made, or that Step Functions made for a workflow, or, with the action lambda:Invoke, an invocation of a function.
type Seen struct {
	Function string `json:"function"`
	Action   string `json:"action"`
}

// NewFaults has none.
func NewFaults() *Faults { return &Faults{} }

// Add asks for a failure.
func (fs *Faults) Add(f Fault) error {
	f.Seen, f.Hits = 0, 0
	if err := f.check(); err != nil {
		return err
	}
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.list = append(fs.list, &f)
	return nil
}

// List returns the faults asked for and what became of them.
func (fs *Faults) List() []Fault {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	list := make([]Fault, len(fs.list))
	for i, f := range fs.list {
		list[i] = *f
	}
	return list
}

// Clear ends all faults.
func (fs *Faults) Clear() {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.list = nil
}

// due is a fault that hits the present call.
type due struct {
	When, Kind string
	Delay      time.Duration
}

// Record begins a list of the calls that functions and workflows make, so that a test can let something happen at each of them.
func (fs *Faults) Record() {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.recording, fs.recorded = true, nil
}

// Recorded is the list since Record, in the order of the calls, the invocations of functions among them.
func (fs *Faults) Recorded() []Seen {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	return slices.Clone(fs.recorded)
}

// due counts a call against all faults and returns those that hit it.
func (fs *Faults) due(c call) []due {
	if c.presigned || c.name() == invoke {
		return nil // of a person's browser; and an invocation is hit where it happens, in Invoke
	}
	if c.function {
		fs.record(c.caller, c.name())
	}
	return fs.hit(c.caller, c.function, c.name())
}

// invoke is the action of an invocation.
const invoke = "lambda:Invoke"

// Invoke counts the invocation of a function. It says whether to run it twice, as Lambda's asynchronous and Step Functions' at-least-once
// deliveries may do, and returns an error if the invocation is to fail.
func (fs *Faults) Invoke(ctx context.Context, function string) (twice bool, err error) {
	fs.record(function, invoke)
	for _, d := range fs.hit(function, true, invoke) {
		switch d.Kind {
		case "twice":
			twice = true
		case "delay":
			d.wait(ctx)
		default:
			return false, words(call{service: "lambda"}, d.Kind)
		}
	}
	return twice, nil
}

// Call makes a call that Step Functions itself makes for a workflow, which does not come by the endpoint, and lets happen to it what is due:
// it may be delayed, or fail before or after its effect, as the service words it.
func (fs *Faults) Call(ctx context.Context, workflow, action string, effect func() error) error {
	fs.record(workflow, action)
	service, _, _ := strings.Cut(action, ":")
	var after error
	for _, d := range fs.hit(workflow, false, action) {
		switch {
		case d.Kind == "delay":
			d.wait(ctx)
		case d.When == Before:
			return words(call{service: service}, d.Kind)
		default:
			after = words(call{service: service}, d.Kind)
		}
	}
	if err := effect(); err != nil {
		return err
	}
	return after
}

// wait lets a delay pass, or ends with ctx.
func (d due) wait(ctx context.Context) {
	select {
	case <-time.After(d.Delay):
	case <-ctx.Done():
	}
}

func (fs *Faults) record(caller, action string) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if fs.recording {
		fs.recorded = append(fs.recorded, Seen{caller, action})
	}
}

func (fs *Faults) hit(caller string, isFunction bool, action string) []due {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	var hits []due
	for _, f := range fs.list {
		if !f.matches(caller, isFunction, action) {
			continue
		}
		f.Seen++
		if f.Seen >= f.Nth && (f.Times < 0 || f.Hits < f.Times) {
			f.Hits++
			hits = append(hits, due{f.When, f.Kind, time.Duration(f.DelayMS) * time.Millisecond})
		}
	}
	return hits
}

func (f *Fault) matches(caller string, isFunction bool, action string) bool {
	switch {
	case f.Function == "" && !isFunction, f.Function != "" && f.Function != caller:
		return false
	case f.Action != "" && !wiring.Match(f.Action, action):
		return false
	case f.Kind == "partial" && partials[action] == nil:
		return false
	}
	return f.invocations() == (action == invoke)
}

// ServeHTTP adds a fault on POST, lists them on GET and ends them on DELETE.
func (fs *Faults) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodPost:
		var f Fault
		dec := json.NewDecoder(r.Body)
		dec.DisallowUnknownFields()
		err := dec.Decode(&f)
		if err == nil {
			err = fs.Add(f)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	case http.MethodGet:
		w.Header().Set("Content-Type", "application/json")
		writeJSON(w, fs.List())
	case http.MethodDelete:
		fs.Clear()
		w.WriteHeader(http.StatusNoContent)
	default:
		http.Error(w, "GET, POST or DELETE", http.StatusMethodNotAllowed)
	}
}

// ServeRecord begins a record on POST and answers GET with it.
func (fs *Faults) ServeRecord(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodPost:
		fs.Record()
		w.WriteHeader(http.StatusNoContent)
	case http.MethodGet:
		w.Header().Set("Content-Type", "application/json")
		writeJSON(w, append([]Seen{}, fs.Recorded()...))
	default:
		http.Error(w, "GET or POST", http.StatusMethodNotAllowed)
	}
}
