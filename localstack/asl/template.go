package asl

import (
	"errors"
	"strings"
)

// A template is JSON in which members named x.$ are computed (Parameters, ItemSelector, ResultSelector,
// Assign).
// https://states-language.net/#payload-template
type template struct {
	value    any                   // a value without computed members
	list     []*template           // or a list with some inside
	members  []string              // or an object: the names of its members, in order,
	children map[string]*template  // the plain ones
	computed map[string]expression // and the computed ones, without the .$
}

// newTemplate reads a template. Errors name the field as AWS does.
func newTemplate(v any) (*template, error) {
	switch v := v.(type) {
	case []any:
		t := &template{}
		for _, e := range v {
			child, err := newTemplate(e)
			if err != nil {
				return nil, err
			}
			t.list = append(t.list, child)
		}
		if len(v) == 0 {
			t.value = v
		}
		return t, nil
	case *Object:
		t := &template{children: map[string]*template{}, computed: map[string]expression{}}
		var failed error
		for _, k := range v.keys {
			name, isComputed := strings.CutSuffix(k, ".$")
			if _, twice := t.children[name]; twice || t.computed[name] != nil {
				return nil, awsTextf("The field '%s' is given twice", name)
			}
			var err error
			if isComputed {
				t.computed[name], err = newComputed(k, v.values[k])
			} else {
				t.children[name], err = newTemplate(v.values[k])
			}
			failed = errors.Join(failed, err)
			t.members = append(t.members, name)
		}
		return t, failed
	}
	return &template{value: v}, nil
}

func newComputed(field string, v any) (expression, error) {
	text, ok := v.(string)
	if !ok {
		return nil, awsTextf("The value for the field '%s' must be a STRING", field)
	}
	e, err := parseExpression(text)
	if err != nil {
		return nil, &fieldError{field, err}
	}
	return e, nil
}

// fieldError says that a computed member is not an expression, in AWS's words.
type fieldError struct {
	field string
	err   error
}

func (e *fieldError) Error() string {
	return "The value for the field '" + e.field + "' must be a valid JSONPath or a valid intrinsic function call"
}

func (e *fieldError) Unwrap() error { return e.err }

// fill computes the template.
func (t *template) fill(d data) (any, *Failure) {
	switch {
	case t.members != nil:
		return t.fillObject(d)
	case t.list != nil:
		list := make([]any, len(t.list))
		for i, e := range t.list {
			v, failure := e.fill(d)
			if failure != nil {
				return nil, failure
			}
			list[i] = v
		}
		return list, nil
	case t.children != nil:
		return NewObject(), nil
	}
	return t.value, nil
}

func (t *template) fillObject(d data) (any, *Failure) {
	o := NewObject()
	for _, name := range t.members {
		var v any
		var failure *Failure
		if e := t.computed[name]; e == nil {
			v, failure = t.children[name].fill(d)
		} else if v, failure = e.eval(d); failure != nil {
			if p, ok := e.(*Path); ok {
				failure = missing(p, name+".$", d)
			}
		}
		if failure != nil {
			return nil, failure
		}
		o.Set(name, v)
	}
	return o, nil
}

// missing is the failure of a field whose path finds nothing.
func missing(p *Path, field string, d data) *Failure {
	return runtimeError("The JSONPath '%s' specified for the field '%s' could not be found in the input '%s'", p, field, JSON(d.root(p)))
}
