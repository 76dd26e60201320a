package aws

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// When a fault happens, seen from the effect of the call.
const (
	Before = "before"
	After  = "after"
)

// Fault is a failure on demand, for tests.
type Fault struct {
	Function string `json:"function,omitempty"` // caller; empty: any function
	Action   string `json:"action,omitempty"`   // "dynamodb:PutItem", with * and ?; empty: any
	Nth      int    `json:"nth,omitempty"`      // the first matching call that it hits, from 1; 0 means 1
	Times    int    `json:"times,omitempty"`    // how many it hits from there on; 0 means 1, -1 all
	When     string `json:"when,omitempty"`     // before (default) or after the call has had its effect
	Kind     string `json:"kind"`               // fail, throttle, delay, kill (the calling process), conflict, error:<Code>, twice (lambda:Invoke only)
	DelayMS  int    `json:"delay_ms,omitempty"` // for delay

	Seen int `json:"seen"` // matching calls so far
	Hits int `json:"hits"` // of them, those that it hit
}

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
	switch f.Kind {
	case "fail", "throttle", "delay", "kill", "conflict", "twice":
		return nil
	}
	if code, ok := strings.CutPrefix(f.Kind, "error:"); ok && code != "" {
		return nil
	}
	return fmt.Errorf("kind: %q is none of fail, throttle, delay, kill, conflict, twice, error:<Code>", f.Kind)
}

// Faults are the failures that are to happen. Its methods may be called from many goroutines at once.
type Faults struct {
	mu   sync.Mutex
	list []*Fault
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

// due counts a call against all faults and returns those that hit it.
func (fs *Faults) due(c call) []due { return fs.hit(c.caller, c.function, c.name()) }

// Twice says whether this invocation of a function is to be run twice, as Lambda's asynchronous and Step Functions' at-least-once
// deliveries may do.
func (fs *Faults) Twice(function string) bool {
	for _, d := range fs.hit(function, true, "lambda:Invoke") {
		if d.Kind == "twice" {
			return true
		}
	}
	return false
}

func (fs *Faults) hit(caller string, isFunction bool, action string) []due {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	var hits []due
	for _, f := range fs.list {
		if f.Function == "" && !isFunction || f.Function != "" && f.Function != caller || f.Action != "" && !wildcard(f.Action, action) || (f.Kind == "twice") != (action == "lambda:Invoke") {
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
