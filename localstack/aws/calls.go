package aws

import (
	"maps"
	"net/http"
	"sync"
)

// Calls counts AWS calls by caller and action, and what DynamoDB would charge for them.
type Calls struct {
	mu     sync.Mutex
	counts map[string]map[string]int
	units  map[string]Units
}

// Units are DynamoDB's read and write request units (developer guide, "DynamoDB read and write operations").
type Units struct {
	Read  float64 `json:"read"`
	Write float64 `json:"write"`
}

func newCalls() *Calls {
	return &Calls{counts: make(map[string]map[string]int), units: make(map[string]Units)}
}

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

// charge adds to what a caller has consumed.
func (c *Calls) charge(caller string, u Units) {
	c.mu.Lock()
	defer c.mu.Unlock()
	sum := c.units[caller]
	c.units[caller] = Units{sum.Read + u.Read, sum.Write + u.Write}
}

// Units are what a caller has consumed since the start or the last Reset.
func (c *Calls) Units(caller string) Units {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.units[caller]
}

// AllUnits are what all callers have consumed, by caller.
func (c *Calls) AllUnits() map[string]Units {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.units)
}

// Reset begins to count anew.
func (c *Calls) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.counts)
	clear(c.units)
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

// ServeUnits answers with the units by caller.
func (c *Calls) ServeUnits(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	writeJSON(w, c.AllUnits())
}
