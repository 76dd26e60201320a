package events

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// matcher says whether an event, decoded from JSON, matches a pattern.
type matcher func(event map[string]any) bool

// test says whether a field matches one alternative; present is false for a field that is not there.
type test func(value any, present bool) bool

// compile reads an event pattern (EventBridge guide, "Event patterns"): objects go down into the event, lists hold alternatives,
// an alternative is a value or a filter object.
func compile(pattern map[string]any) (matcher, error) {
	var all []matcher
	for name, want := range pattern {
		if strings.HasPrefix(name, "$") {
			return nil, fmt.Errorf("%s is not implemented", name)
		}
		switch want := want.(type) {
		case map[string]any:
			inner, err := compile(want)
			if err != nil {
				return nil, err
			}
			all = append(all, func(event map[string]any) bool {
				nested, _ := event[name].(map[string]any)
				return inner(nested) // of nothing, if it is not there: exists: false may match
			})
		case []any:
			tests, err := alternatives(name, want)
			if err != nil {
				return nil, err
			}
			all = append(all, func(event map[string]any) bool {
				value, present := event[name]
				return slices.ContainsFunc(tests, func(t test) bool { return matches(t, value, present) })
			})
		default:
			return nil, fmt.Errorf("%s: %v is neither a list nor an object", name, want)
		}
	}
	return func(event map[string]any) bool {
		return !slices.ContainsFunc(all, func(m matcher) bool { return !m(event) })
	}, nil
}

// matches applies a test to a value, or to each element of a list.
func matches(t test, value any, present bool) bool {
	if list, ok := value.([]any); ok {
		return slices.ContainsFunc(list, func(v any) bool { return t(v, true) })
	}
	return t(value, present)
}

func alternatives(name string, list []any) ([]test, error) {
	var tests []test
	for _, want := range list {
		filter, isFilter := want.(map[string]any)
		if !isFilter {
			tests = append(tests, func(v any, present bool) bool { return present && equal(v, want) })
			continue
		}
		if len(filter) != 1 {
			return nil, fmt.Errorf("%s: a filter has one key: %v", name, filter)
		}
		for kind, operand := range filter {
			t, err := filterTest(kind, operand)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			tests = append(tests, t)
		}
	}
	return tests, nil
}

func filterTest(kind string, operand any) (test, error) {
	text, isText := operand.(string)
	onText := func(f func(s string) bool) (test, error) {
		if !isText {
			return nil, fmt.Errorf("%s: %v is no text", kind, operand)
		}
		return func(v any, _ bool) bool { s, ok := v.(string); return ok && f(s) }, nil
	}
	switch kind {
	case "prefix":
		return onText(func(s string) bool { return strings.HasPrefix(s, text) })
	case "suffix":
		return onText(func(s string) bool { return strings.HasSuffix(s, text) })
	case "equals-ignore-case":
		return onText(func(s string) bool { return strings.EqualFold(s, text) })
	case "exists":
		want, ok := operand.(bool)
		if !ok {
			return nil, fmt.Errorf("exists: %v is neither true nor false", operand)
		}
		return func(_ any, present bool) bool { return present == want }, nil
	case "anything-but":
		return anythingBut(operand)
	case "numeric":
		return numeric(operand)
	}
	return nil, fmt.Errorf("filter %s is not implemented", kind)
}

func anythingBut(operand any) (test, error) {
	list, ok := operand.([]any)
	if !ok {
		list = []any{operand}
	}
	tests, err := alternatives("anything-but", list)
	if err != nil {
		return nil, err
	}
	return func(v any, present bool) bool {
		return present && !slices.ContainsFunc(tests, func(t test) bool { return t(v, true) })
	}, nil
}

// numeric reads [">", 0, "<=", 5].
func numeric(operand any) (test, error) {
	list, _ := operand.([]any)
	if len(list) == 0 || len(list)%2 != 0 {
		return nil, fmt.Errorf("numeric: %v is no list of comparisons", operand)
	}
	compare := map[string]func(a, b float64) bool{
		"=": func(a, b float64) bool { return a == b },
		"<": func(a, b float64) bool { return a < b }, "<=": func(a, b float64) bool { return a <= b },
		">": func(a, b float64) bool { return a > b }, ">=": func(a, b float64) bool { return a >= b },
	}
	var all []func(float64) bool
	for i := 0; i < len(list); i += 2 {
		op, _ := list[i].(string)
		limit, ok := number(list[i+1])
		holds := compare[op]
		if holds == nil || !ok {
			return nil, fmt.Errorf("numeric: %v %v is no comparison", list[i], list[i+1])
		}
		all = append(all, func(n float64) bool { return holds(n, limit) })
	}
	return func(v any, _ bool) bool {
		n, ok := number(v)
		return ok && !slices.ContainsFunc(all, func(holds func(float64) bool) bool { return !holds(n) })
	}, nil
}

// number is the value of what YAML and JSON decode numbers to.
func number(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case int:
		return float64(v), true
	case json.Number:
		f, err := v.Float64()
		return f, err == nil
	}
	return 0, false
}

func equal(a, b any) bool {
	if x, ok := number(a); ok {
		y, ok := number(b)
		return ok && x == y
	}
	return a == b
}
