// Package graph lays out a state machine of the Amazon States Language as a picture: layers from top to bottom, Parallel and Map states as
// frames around their branches. It knows nothing of executions; the caller colours what it draws.
package graph

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// EdgeKind says why an edge is taken.
type EdgeKind string

// An edge leads to the next state, to the state that a Choice rule names, to a Choice's default, or to where a Catch sends an error.
const (
	Next    EdgeKind = "next"
	Rule    EdgeKind = "rule"
	Default EdgeKind = "default"
	Catch   EdgeKind = "catch"
)

// machine is a state machine, or one branch of a Parallel or Map state.
type machine struct {
	start  string
	states []state // in breadth-first order from the start; then what cannot be reached, by name
}

type state struct {
	name, kind, comment string
	end                 bool
	edges               []edge
	branches            []machine
}

type edge struct {
	to     string
	kind   EdgeKind
	labels []string
}

type definition struct {
	StartAt string
	States  map[string]struct {
		Type, Comment, Next, Default string
		End                          bool
		Choices                      []json.RawMessage
		Catch                        []struct {
			ErrorEquals []string
			Next        string
		}
		Branches                []definition
		ItemProcessor, Iterator *definition
	}
}

// parse reads a definition as far as the picture needs it.
func parse(text []byte) (machine, error) {
	var d definition
	if err := json.Unmarshal(text, &d); err != nil {
		return machine{}, fmt.Errorf("state machine definition: %w", err)
	}
	return d.machine()
}

func (d definition) machine() (machine, error) {
	m := machine{start: d.StartAt}
	if _, ok := d.States[d.StartAt]; !ok {
		return m, errors.New("state machine definition: StartAt names no state")
	}
	byName := map[string]state{}
	for name, s := range d.States {
		st := state{name: name, kind: s.Type, comment: s.Comment, end: s.End || s.Type == "Succeed" || s.Type == "Fail"}
		for _, raw := range s.Choices {
			var rule struct{ Next string }
			if err := json.Unmarshal(raw, &rule); err != nil {
				return m, fmt.Errorf("state %s: choice: %w", name, err)
			}
			st.connect(rule.Next, Rule, condition(raw))
		}
		st.shorten()
		st.connect(s.Default, Default, "otherwise")
		st.connect(s.Next, Next, "")
		for _, c := range s.Catch {
			st.connect(c.Next, Catch, strings.Join(c.ErrorEquals, ", "))
		}
		inner := s.Branches
		for _, p := range []*definition{s.ItemProcessor, s.Iterator} {
			if p != nil {
				inner = append(inner, *p)
			}
		}
		for _, b := range inner {
			branch, err := b.machine()
			if err != nil {
				return m, fmt.Errorf("state %s: %w", name, err)
			}
			st.branches = append(st.branches, branch)
		}
		byName[name] = st
	}
	for _, s := range byName {
		for _, e := range s.edges {
			if _, ok := byName[e.to]; !ok {
				return m, fmt.Errorf("state %s: leads to unknown state %s", s.name, e.to)
			}
		}
	}
	m.states = inOrder(d.StartAt, byName)
	return m, nil
}

// connect adds an edge; a second one to the same state only adds its label, and the weaker reason gives way.
func (s *state) connect(to string, kind EdgeKind, label string) {
	if to == "" {
		return
	}
	i := slices.IndexFunc(s.edges, func(e edge) bool { return e.to == to && (e.kind == Catch) == (kind == Catch) })
	if i < 0 {
		s.edges = append(s.edges, edge{to: to, kind: kind})
		i = len(s.edges) - 1
	}
	if label != "" {
		s.edges[i].labels = append(s.edges[i].labels, label)
	}
}

// shorten leaves out the variable where all rules of a Choice compare the same one: "create" says as much as "action = create".
func (s *state) shorten() {
	var common string
	for i, e := range s.edges {
		for j, label := range e.labels {
			variable, _, ok := strings.Cut(label, " = ")
			if !ok || strings.Contains(variable, " ") || (i+j > 0 && variable != common) {
				return
			}
			common = variable
		}
	}
	for _, e := range s.edges {
		for j := range e.labels {
			e.labels[j] = strings.TrimPrefix(e.labels[j], common+" = ")
		}
	}
}

func inOrder(start string, byName map[string]state) []state {
	queue := append([]string{start}, slices.Sorted(maps.Keys(byName))...)
	var out []state
	seen := map[string]bool{}
	var visit func(names []string)
	visit = func(names []string) {
		var following []string
		for _, n := range names {
			if seen[n] {
				continue
			}
			seen[n] = true
			out = append(out, byName[n])
			for _, e := range byName[n].edges {
				following = append(following, e.to)
			}
		}
		if len(following) > 0 {
			visit(following)
		}
	}
	for _, n := range queue {
		visit([]string{n})
	}
	return out
}

// condition words a Choice rule in a few characters: "$.action = create".
func condition(raw json.RawMessage) string {
	var rule map[string]json.RawMessage
	if json.Unmarshal(raw, &rule) != nil {
		return ""
	}
	text := func(key string) string {
		var s string
		if json.Unmarshal(rule[key], &s) == nil {
			return s
		}
		return string(rule[key])
	}
	for _, word := range []string{"And", "Or"} {
		var parts []json.RawMessage
		if json.Unmarshal(rule[word], &parts) == nil && len(parts) > 0 {
			var words []string
			for _, p := range parts {
				words = append(words, condition(p))
			}
			return strings.Join(words, " "+strings.ToLower(word)+" ")
		}
	}
	if inner, ok := rule["Not"]; ok {
		return "not " + condition(inner)
	}
	variable := strings.TrimPrefix(text("Variable"), "$.")
	if i := strings.LastIndexByte(variable, '.'); i >= 0 {
		variable = variable[i+1:]
	}
	for _, key := range slices.Sorted(maps.Keys(rule)) {
		switch {
		case key == "Variable" || key == "Next" || key == "Comment" || key == "Assign":
		case key == "BooleanEquals" && text(key) == "true":
			return variable
		case key == "BooleanEquals":
			return "not " + variable
		case strings.HasPrefix(key, "Is") && text(key) == "true":
			return variable + " is " + strings.ToLower(key[2:])
		case strings.HasPrefix(key, "Is"):
			return variable + " is not " + strings.ToLower(key[2:])
		default:
			return variable + " " + operator(key) + " " + text(key)
		}
	}
	return variable
}

func operator(key string) string {
	for _, o := range []struct{ suffix, sign string }{
		{"GreaterThanEquals", "≥"}, {"LessThanEquals", "≤"}, {"GreaterThan", ">"}, {"LessThan", "<"}, {"Equals", "="}, {"Matches", "~"},
	} {
		if strings.HasSuffix(strings.TrimSuffix(key, "Path"), o.suffix) {
			return o.sign
		}
	}
	return key
}
