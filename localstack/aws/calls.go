package aws

import (
	"maps"
	"net/http"
	"sync"
)

// Calls counts AWS calls by caller and action.
type Calls struct {
	mu     sync.Mutex
	counts map[string]map[string]int
}

func newCalls() *Calls { return &Calls{counts: make(map[string]map[string]int)} }

func (c *Calls) count(call call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	of := c.counts[call.caller]
	if of == nil {
		of = make(map[string]int)
		c.counts[call.caller] = of
	}
	of[call.name()]++
}

// Counts are the calls since the start or the last Reset: by caller (a function's name, or another access key) and by
// "<service>:<Action>".
func (c *Calls) Counts() map[string]map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make(map[string]map[string]int, len(c.counts))
	for caller, of := range c.counts {
		all[caller] = maps.Clone(of)
	}
	return all
}

// Reset begins to count anew.
func (c *Calls) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.counts)
}

// ServeHTTP answers GET with the counts and resets them on DELETE.
func (c *Calls) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet:
		w.Header().Set("Content-Type", "application/json")
		writeJSON(w, c.Counts())
	case http.MethodDelete:
		c.Reset()
		w.WriteHeader(http.StatusNoContent)
	default:
		http.Error(w, "GET or DELETE", http.StatusMethodNotAllowed)
	}
}
