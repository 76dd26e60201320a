package asl

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"
)

// A JSON value is held as nil, bool, string, json.Number, []any or *Object. Numbers keep the text they were
// written with and objects the order of their members, so that data which only passes through comes out as
// it went in, and States.JsonToString gives what AWS gives.

// Object is a JSON object that remembers the order of its members. Values are shared between states and
// never changed once they are data; only the code that builds an Object sets members.
type Object struct {
	keys   []string
	values map[string]any
}

// NewObject returns an object of alternating names and values.
func NewObject(members ...any) *Object {
	o := &Object{values: make(map[string]any, len(members)/2)}
	for i := 0; i+1 < len(members); i += 2 {
		o.Set(members[i].(string), members[i+1])
	}
	return o
}

// Get returns the member's value and whether the member exists.
func (o *Object) Get(name string) (any, bool) {
	v, ok := o.values[name]
	return v, ok
}

// Set adds or replaces a member; a replaced member keeps its place.
func (o *Object) Set(name string, value any) {
	if _, ok := o.values[name]; !ok {
		o.keys = append(o.keys, name)
	}
	o.values[name] = value
}

// Keys returns the members' names in order. The slice must not be changed.
func (o *Object) Keys() []string { return o.keys }

// Len returns the number of members.
func (o *Object) Len() int { return len(o.keys) }

// clone returns a shallow copy.
func (o *Object) clone() *Object {
	c := &Object{keys: slices.Clone(o.keys), values: make(map[string]any, len(o.values)+1)}
	for k, v := range o.values {
		c.values[k] = v
	}
	return c
}

// maxDepth bounds the nesting of JSON that is read, and with it every recursion over a value.
const maxDepth = 1000

// ParseJSON reads exactly one JSON value.
func ParseJSON(text []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	v, err := parseValue(dec, 0)
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, fmt.Errorf("asl: reading JSON: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("asl: reading JSON: text after the value")
	}
	return v, nil
}

func parseValue(dec *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, errors.New("nested too deeply")
	}
	token, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('['):
		list := []any{}
		for dec.More() {
			v, err := parseValue(dec, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := dec.Token()
		return list, err
	case json.Delim('{'):
		o := NewObject()
		for dec.More() {
			name, err := dec.Token()
			if err != nil {
				return nil, err
			}
			v, err := parseValue(dec, depth+1)
			if err != nil {
				return nil, err
			}
			o.Set(name.(string), v)
		}
		_, err := dec.Token()
		return o, err
	}
	return token, nil
}

// JSON returns the value's JSON text, without spaces.
func JSON(v any) []byte { return appendJSON(nil, v) }

func appendJSON(dst []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...)
	case bool:
		return strconv.AppendBool(dst, v)
	case string:
		return appendString(dst, v)
	case json.Number:
		return append(dst, v...)
	case []any:
		dst = append(dst, '[')
		for i, e := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendJSON(dst, e)
		}
		return append(dst, ']')
	case *Object:
		dst = append(dst, '{')
		for i, k := range v.keys {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendString(dst, k), ':')
			dst = appendJSON(dst, v.values[k])
		}
		return append(dst, '}')
	}
	panic(fmt.Sprintf("asl: %T is not a JSON value", v))
}

// appendString quotes s as JSON, leaving everything readable that JSON lets stand.
func appendString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			dst = utf8.AppendRune(dst, r)
			i += size
			continue
		}
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\r':
			dst = append(dst, '\\', 'r')
		case c == '\t':
			dst = append(dst, '\\', 't')
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			dst = append(dst, c)
		}
		i++
	}
	return append(dst, '"')
}

// number makes a JSON number of an integer.
func number(n int64) json.Number { return json.Number(strconv.FormatInt(n, 10)) }

// integer returns the value of a number written without fraction or exponent.
func integer(v any) (int64, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	i, err := strconv.ParseInt(string(n), 10, 64)
	return i, err == nil
}

// float returns the value of any number.
func float(v any) (float64, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(n), 64)
	return f, err == nil || !math.IsNaN(f)
}

// compareNumbers orders two numbers by value; ok is false when one of them is not a number.
func compareNumbers(a, b any) (order int, ok bool) {
	if i, okI := integer(a); okI {
		if j, okJ := integer(b); okJ {
			return cmpOrdered(i, j), true
		}
	}
	f, okF := float(a)
	g, okG := float(b)
	return cmpOrdered(f, g), okF && okG
}

func cmpOrdered[T int64 | float64 | string](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// equal compares two values; numbers by value, objects without regard to order.
func equal(a, b any) bool {
	switch a := a.(type) {
	case json.Number:
		order, ok := compareNumbers(a, b)
		return ok && order == 0
	case []any:
		list, ok := b.([]any)
		return ok && slices.EqualFunc(a, list, equal)
	case *Object:
		o, ok := b.(*Object)
		if !ok || o.Len() != a.Len() {
			return false
		}
		for k, v := range a.values {
			w, ok := o.values[k]
			if !ok || !equal(v, w) {
				return false
			}
		}
		return true
	}
	return a == b
}
