package asl

import (
	"strings"
	"time"
)

func (l *loader) choice(s *state, f *fields) {
	f.required("Choices")
	w := &choice{fallback: f.text("Default")}
	for _, r := range f.objects("Choices") {
		r.required("Next")
		w.rules = append(w.rules, rule{next: r.text("Next"), assign: r.assign(), test: r.test()})
		r.done()
	}
	if len(w.rules) == 0 {
		l.schema(f.at+"/Choices", "Expected a non-empty Array")
	}
	s.work = w
}

// test reads And, Or, Not or a comparison.
func (f *fields) test() test {
	f.text("Comment")
	f.exclusive("And", "Or", "Not", "Variable")
	switch {
	case f.has("And"):
		return and(f.tests("And"))
	case f.has("Or"):
		return or(f.tests("Or"))
	case f.has("Not"):
		o := f.object("Not")
		if o == nil {
			return nil
		}
		inner := f.fields(o, f.at+"/Not")
		defer inner.done()
		return not{inner.test()}
	}
	return f.comparison()
}

func (f *fields) tests(name string) []test {
	var all []test
	for _, inner := range f.objects(name) {
		all = append(all, inner.test())
		inner.done()
	}
	if len(all) == 0 {
		f.schema(f.at+"/"+name, "Expected a non-empty Array")
	}
	return all
}

func (f *fields) comparison() test {
	f.required("Variable")
	c := &comparison{variable: f.path("Variable")}
	found := 0
	for _, name := range f.obj.keys {
		switch name {
		case "Variable", "Next", "Comment", "Assign":
			continue
		}
		if f.operator(c, name) {
			found++
		}
	}
	if found != 1 {
		f.schema(f.at, "Exactly one comparison operator must be given")
	}
	return c
}

// operator reads one comparison operator into c, if name is one.
func (f *fields) operator(c *comparison, name string) bool {
	if is := typeTests[name]; is != nil {
		c.compare = func(variable, operand any) bool { return is(variable) == operand }
		c.operand = f.boolean(name)
		return true
	}
	if name == "IsPresent" {
		c.present, c.operand = true, f.boolean(name)
		return true
	}
	plain, byPath := strings.CutSuffix(name, "Path")
	compare, kind := operatorNamed(plain)
	if compare == nil || name == "StringMatchesPath" {
		return false
	}
	c.compare = compare
	switch {
	case byPath:
		c.path = f.path(name)
	case kind == "String":
		c.operand = f.text(name)
	case kind == "Boolean":
		c.operand = f.boolean(name)
	case kind == "Timestamp":
		_, c.operand = f.timestamp(name)
	default:
		c.operand, _ = f.get(name)
		if _, ok := float(c.operand); !ok {
			f.wrongType(name, "Number")
		}
	}
	return true
}

// timestamp reads a timestamp and also returns it as it was written.
func (f *fields) timestamp(name string) (time.Time, string) {
	s := f.text(name)
	t, ok := parseTimestamp(s)
	if !ok {
		f.schema(f.at+"/"+name, "String does not match RFC3339 timestamp")
	}
	return t, s
}
