package asl

import (
	"fmt"
	"strings"
)

// selectFrom returns what the path finds in the data. A definite path finds one value or fails; any other
// finds a list. The error's text is that of the JSONPath library AWS runs (Jayway JsonPath), because it
// becomes part of an execution's cause.
func (p *Path) selectFrom(data any) (any, error) {
	s := selection{path: p}
	if err := s.walk(data, p.steps, "$", true); err != nil {
		return nil, err
	}
	if !p.definite() {
		if s.found == nil {
			return []any{}, nil
		}
		return s.found, nil
	}
	if len(s.found) == 0 {
		return nil, awsTextf("No results for path: %s", fragments("$", p.steps))
	}
	return s.found[0], nil
}

type selection struct {
	path  *Path
	found []any
}

// walk applies the steps to a value. at is the place reached so far, and certain says whether it was reached
// by definite steps only: then, and only then, is something missing an error.
func (s *selection) walk(v any, steps []step, at string, certain bool) error {
	if len(steps) == 0 {
		s.found = append(s.found, v)
		return nil
	}
	first, rest := steps[0], steps[1:]
	switch first.kind {
	case stepName:
		return s.name(v, first.name, rest, at, certain)
	case stepWildcard:
		return s.each(v, func(e any) error { return s.walk(e, rest, at+"[*]", false) })
	case stepDescend:
		return s.descend(v, rest, at)
	}
	list, ok := v.([]any)
	if !ok {
		switch {
		case !certain:
			return nil
		case v == nil:
			return awsTextf("The path %s is null", at)
		}
		return awsTextf("Filter: %s can only be applied to arrays. Current context is: %s", fragments("", steps[:1]), JSON(v))
	}
	definite := certain && first.kind == stepIndex && len(first.indexes) == 1
	for _, i := range first.positions(len(list)) {
		if err := s.walk(list[i], rest, fmt.Sprintf("%s[%d]", at, i), definite); err != nil {
			return err
		}
	}
	return nil
}

func (s *selection) name(v any, name string, rest []step, at string, certain bool) error {
	place := at + "['" + name + "']"
	o, ok := v.(*Object)
	if !ok {
		if !certain {
			return nil
		}
		return awsTextf("Expected to find an object with property ['%s'] in path %s but found '%s'. This is not a json object according to the JsonProvider: 'com.jayway.jsonpath.spi.json.JacksonJsonNodeJsonProvider'.", name, at, javaClass(v))
	}
	member, ok := o.Get(name)
	switch {
	case ok:
		return s.walk(member, rest, place, certain)
	case len(rest) > 0 && certain:
		return awsTextf("Missing property in path %s", place)
	}
	return nil
}

// each calls fn for every element of a list or member of an object.
func (s *selection) each(v any, fn func(any) error) error {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			if err := fn(e); err != nil {
				return err
			}
		}
	case *Object:
		for _, k := range v.keys {
			if err := fn(v.values[k]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *selection) descend(v any, rest []step, at string) error {
	if err := s.walk(v, rest, at, false); err != nil {
		return err
	}
	return s.each(v, func(e any) error { return s.descend(e, rest, at) })
}

// positions returns the places of a list of n elements that an index or slice step names.
func (s step) positions(n int) []int {
	var places []int
	if s.kind == stepIndex {
		for _, i := range s.indexes {
			if i < 0 {
				i += n
			}
			if 0 <= i && i < n {
				places = append(places, i)
			}
		}
		return places
	}
	bound := func(i *int, missing int) int {
		switch {
		case i == nil:
			return missing
		case *i < 0:
			return max(*i+n, 0)
		}
		return min(*i, n)
	}
	for i := bound(s.from, 0); i < bound(s.to, n); i++ {
		places = append(places, i)
	}
	return places
}

// fragments writes steps as the library does: $['a'][0].
func fragments(root string, steps []step) string {
	var b strings.Builder
	b.WriteString(root)
	for _, s := range steps {
		switch s.kind {
		case stepName:
			fmt.Fprintf(&b, "['%s']", s.name)
		case stepWildcard:
			b.WriteString("[*]")
		case stepDescend:
			b.WriteString("..")
		case stepIndex:
			b.WriteString(strings.ReplaceAll(fmt.Sprint(s.indexes), " ", ","))
		case stepSlice:
			b.WriteByte('[')
			if s.from != nil {
				fmt.Fprint(&b, *s.from)
			}
			b.WriteByte(':')
			if s.to != nil {
				fmt.Fprint(&b, *s.to)
			}
			b.WriteByte(']')
		}
	}
	return b.String()
}

func javaClass(v any) string {
	switch v.(type) {
	case nil:
		return "com.fasterxml.jackson.databind.node.NullNode"
	case bool:
		return "com.fasterxml.jackson.databind.node.BooleanNode"
	case string:
		return "com.fasterxml.jackson.databind.node.TextNode"
	case []any:
		return "com.fasterxml.jackson.databind.node.ArrayNode"
	}
	if _, ok := integer(v); ok {
		return "com.fasterxml.jackson.databind.node.IntNode"
	}
	return "com.fasterxml.jackson.databind.node.DoubleNode"
}

// replaceIn returns data with the value put where a reference path points. Objects on the way are made where
// they are missing; data itself is not changed. It reports false where the path cannot be applied.
// https://states-language.net/#ref-paths
func (p *Path) replaceIn(data, value any) (any, bool) { return replace(data, p.steps, value) }

func replace(data any, steps []step, value any) (any, bool) {
	if len(steps) == 0 {
		return value, true
	}
	if s := steps[0]; s.kind == stepIndex {
		list, ok := data.([]any)
		places := s.positions(len(list))
		if !ok || len(places) == 0 {
			return nil, false
		}
		element, ok := replace(list[places[0]], steps[1:], value)
		copied := append([]any{}, list...)
		copied[places[0]] = element
		return copied, ok
	}
	o, ok := data.(*Object)
	if !ok {
		return nil, false
	}
	member, ok := o.Get(steps[0].name)
	if !ok {
		member = NewObject()
	}
	member, ok = replace(member, steps[1:], value)
	copied := o.clone()
	copied.Set(steps[0].name, member)
	return copied, ok
}
