// Package events is the local stack's Amazon EventBridge: the default bus, the rules of the wiring, and their targets.
package events

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/calendarinvite/calendarinviteserver/localstack/protocol"
	"github.com/calendarinvite/calendarinviteserver/localstack/wiring"
)

// Targets are what rules act on. Both must have accepted the event for good when they return.
type Targets interface {
	// InvokeAsync has a function run with the event, sooner or later.
	InvokeAsync(function string, payload []byte) error
	// StartWorkflow starts a workflow with the event as its input, under a name of EventBridge's choosing.
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

// Bus is the default event bus.
type Bus struct {
	wiring  *wiring.Wiring
	targets Targets
	rules   []rule
	now     func() time.Time
}

type rule struct {
	name string
	wiring.Rule
	match matcher
}

// NewBus reads the rules of the wiring; one whose pattern uses what is not implemented here is an error.
func NewBus(w *wiring.Wiring, targets Targets) (*Bus, error) {
	b := &Bus{wiring: w, targets: targets, now: time.Now}
	for _, name := range slices.Sorted(maps.Keys(w.Rules)) {
		r := w.Rules[name]
		match, err := compile(r.Pattern)
		if err != nil {
			return nil, fmt.Errorf("events: rule %s: %w", name, err)
		}
		b.rules = append(b.rules, rule{name, r, match})
	}
	return b, nil
}

// Publish hands an event to every rule that matches. Version, ID, Account, Region, Time and Resources are filled in where empty.
func (b *Bus) Publish(ctx context.Context, e Event) (id string, err error) {
	if e.ID == "" {
		e.ID = protocol.RequestID()
	}
	e.Version, e.Account, e.Region = "0", b.wiring.Account(), b.wiring.Region()
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
	var fields map[string]any
	if err := json.Unmarshal(payload, &fields); err != nil {
		return "", err
	}
	for _, r := range b.rules {
		if !r.match(fields) {
			continue
		}
		if r.Function != "" {
			err = errors.Join(err, b.targets.InvokeAsync(r.Function, payload))
		} else {
			err = errors.Join(err, b.targets.StartWorkflow(ctx, r.Workflow, e.ID+"_"+r.name, payload))
		}
	}
	return e.ID, err
}

// API is the EventBridge API: PutEvents and ListRules.
func (b *Bus) API() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var answer any
		var err error
		switch _, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), "."); action {
		case "PutEvents":
			answer, err = b.putEvents(r)
		case "ListRules":
			list := []any{}
			for _, rule := range b.rules {
				pattern, _ := json.Marshal(rule.Pattern) // it came from YAML
				list = append(list, map[string]any{"Name": rule.name, "State": "ENABLED", "EventPattern": string(pattern), "EventBusName": "default"})
			}
			answer = map[string]any{"Rules": list}
		default:
			err = &protocol.Error{Status: 501, Code: "NotImplementedException", Message: fmt.Sprintf("the local stack's EventBridge does not have %s", action)}
		}
		if err != nil {
			protocol.WriteError(w, r, protocol.JSON, err)
			return
		}
		protocol.WriteJSON(w, protocol.JSON, answer)
	})
}

func (b *Bus) putEvents(r *http.Request) (any, error) {
	var in struct {
		Entries []struct {
			Source, DetailType, Detail string
			Time                       float64
			Resources                  []string
		}
	}
	if err := protocol.ReadJSON(r, 1<<20, &in); err != nil {
		return nil, err
	}
	if len(in.Entries) == 0 || len(in.Entries) > 10 {
		return nil, protocol.Errorf("ValidationException", "1 to 10 entries are allowed, not %d", len(in.Entries))
	}
	type result struct {
		EventId      string `json:",omitempty"`
		ErrorCode    string `json:",omitempty"`
		ErrorMessage string `json:",omitempty"`
	}
	results, failed := make([]result, len(in.Entries)), 0
	for i, entry := range in.Entries {
		var detail map[string]any
		if err := json.Unmarshal([]byte(entry.Detail), &detail); err != nil || entry.Source == "" || entry.DetailType == "" {
			results[i] = result{ErrorCode: "MalformedDetail", ErrorMessage: "Source, DetailType and Detail (a JSON object) are required."}
			failed++
			continue
		}
		e := Event{Source: entry.Source, DetailType: entry.DetailType, Detail: json.RawMessage(entry.Detail), Resources: entry.Resources}
		if entry.Time > 0 {
			e.Time = time.UnixMilli(int64(entry.Time * 1000))
		}
		id, err := b.Publish(r.Context(), e)
		if err != nil {
			results[i] = result{ErrorCode: "InternalFailure", ErrorMessage: err.Error()}
			failed++
			continue
		}
		results[i].EventId = id
	}
	return map[string]any{"FailedEntryCount": failed, "Entries": results}, nil
}
