package aws

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/calendarinvite/calendarinviteserver/localstack/protocol"
	"github.com/calendarinvite/calendarinviteserver/localstack/wiring"
)

// Permissions holds functions to what the wiring grants them, and remembers which grants were of use.
type Permissions struct {
	grants map[string][]wiring.Grant // by function

	mu     sync.Mutex
	used   map[string]map[wiring.Grant]bool
	denied map[Denial]int
}

// Unused is a grant that a function has and never needed.
type Unused struct {
	Function string `json:"function"`
	wiring.Grant
}

// Denial is an action that a function wanted and was not allowed.
type Denial struct {
	Function string `json:"function"`
	Action   string `json:"action"`
	Resource string `json:"resource"`
}

func newPermissions(w *wiring.Wiring) *Permissions {
	p := &Permissions{grants: make(map[string][]wiring.Grant), used: make(map[string]map[wiring.Grant]bool), denied: make(map[Denial]int)}
	for function := range w.Functions {
		p.grants[function] = w.Grants(function)
		p.used[function] = make(map[wiring.Grant]bool)
	}
	return p
}

// check says whether a function may do what it needs. Every grant that allows it counts as used.
func (p *Permissions) check(function string, n need) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	allowed := false
	for _, g := range p.grants[function] {
		if wiring.Match(strings.ToLower(g.Action), strings.ToLower(n.action)) && wiring.Match(g.Resource, n.resource) {
			allowed = true
			p.used[function][g] = true
		}
	}
	if !allowed {
		p.denied[Denial{function, n.action, n.resource}]++
	}
	return allowed
}

// Unused returns the grants of the functions named that were never of use; of all functions if none is named.
func (p *Permissions) Unused(functions ...string) []Unused {
	if len(functions) == 0 {
		functions = slices.Sorted(maps.Keys(p.grants))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	list := []Unused{}
	for _, function := range functions {
		for _, g := range p.grants[function] {
			if !p.used[function][g] {
				list = append(list, Unused{function, g})
			}
		}
	}
	return list
}

// Denied returns what was refused, sorted.
func (p *Permissions) Denied() []Denial {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.SortedFunc(maps.Keys(p.denied), func(a, b Denial) int {
		return strings.Compare(a.Function+a.Action+a.Resource, b.Function+b.Action+b.Resource)
	})
}

// ServeHTTP answers with both lists as JSON.
func (p *Permissions) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	writeJSON(w, map[string]any{"unused": p.Unused(), "denied": p.Denied()})
}

// denied is the refusal in the service's words.
func (s *Server) denied(c call, n need) error {
	w := s.cfg.Wiring
	role := fmt.Sprintf("arn:%s:sts::%s:assumed-role/%s-%s/%s-%s", w.Partition(), w.Account(), w.Prefix(), c.caller, w.Prefix(), c.caller)
	message := fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s because no identity-based policy allows the %s action", role, n.action, n.resource, n.action)
	e := &protocol.Error{Status: http.StatusForbidden, Code: "AccessDeniedException", Message: message}
	switch c.format {
	case protocol.JSON:
		e.Status = http.StatusBadRequest
	case protocol.RESTXML, protocol.Query:
		e.Code = "AccessDenied"
	}
	return e
}
