package asl

import (
	"encoding/json"
	"strings"
)

// rule is one of a Choice state's Choices.
// https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
type rule struct {
	test   test
	next   string
	assign *template
}

type test interface {
	holds(d data) (bool, *Failure)
}

type (
	and        []test
	or         []test
	not        struct{ test test }
	comparison struct {
		variable *Path
		present  bool // IsPresent: the one operator that a missing variable does not fail
		compare  func(variable, operand any) bool
		operand  any
		path     *Path // of the operand, in place of operand
	}
)

func (a and) holds(d data) (bool, *Failure) {
	for _, t := range a {
		if ok, failure := t.holds(d); failure != nil || !ok {
			return false, failure
		}
	}
	return true, nil
}

func (o or) holds(d data) (bool, *Failure) {
	for _, t := range o {
		if ok, failure := t.holds(d); failure != nil || ok {
			return ok, failure
		}
	}
	return false, nil
}

func (n not) holds(d data) (bool, *Failure) {
	ok, failure := n.test.holds(d)
	return !ok, failure
}

func (c *comparison) holds(d data) (bool, *Failure) {
	variable, err := d.find(c.variable)
	if c.present {
		return (err == nil) == c.operand, nil
	}
	if err != nil {
		return false, invalidCondition(c.variable)
	}
	operand := c.operand
	if c.path != nil {
		if operand, err = d.find(c.path); err != nil {
			return false, invalidCondition(c.path)
		}
	}
	return c.compare(variable, operand), nil
}

func invalidCondition(p *Path) *Failure {
	return runtimeError("Invalid path '%s': The choice state's condition path references an invalid value.", p)
}

// orders are the endings of the operators that order, and which results of a three-way comparison they take.
var orders = map[string]func(order int) bool{
	"Equals":            func(o int) bool { return o == 0 },
	"GreaterThan":       func(o int) bool { return o > 0 },
	"GreaterThanEquals": func(o int) bool { return o >= 0 },
	"LessThan":          func(o int) bool { return o < 0 },
	"LessThanEquals":    func(o int) bool { return o <= 0 },
}

// kinds are the beginnings of those operators: how two values of the type compare, if both are of it.
var kinds = map[string]func(a, b any) (order int, ok bool){
	"String": func(a, b any) (int, bool) {
		s, ok1 := a.(string)
		t, ok2 := b.(string)
		return cmpOrdered(s, t), ok1 && ok2
	},
	"Numeric": compareNumbers,
	"Boolean": func(a, b any) (int, bool) {
		x, ok1 := a.(bool)
		y, ok2 := b.(bool)
		if x == y {
			return 0, ok1 && ok2
		}
		return 1, ok1 && ok2
	},
	"Timestamp": func(a, b any) (int, bool) {
		s, _ := a.(string)
		t, _ := b.(string)
		x, ok1 := parseTimestamp(s)
		y, ok2 := parseTimestamp(t)
		return x.Compare(y), ok1 && ok2
	},
}

// operatorNamed returns the comparison of an operator that takes an operand (its name without Path), and the
// beginning of its name, which tells the operand's type.
func operatorNamed(name string) (compare func(variable, operand any) bool, kind string) {
	if name == "StringMatches" {
		return stringMatches, "String"
	}
	for kind, order := range kinds {
		ending, ok := strings.CutPrefix(name, kind)
		takes := orders[ending]
		if !ok || takes == nil || (kind == "Boolean" && ending != "Equals") {
			continue
		}
		return func(variable, operand any) bool {
			o, ok := order(variable, operand)
			return ok && takes(o)
		}, kind
	}
	return nil, ""
}

// typeTests are the operators that ask for a variable's type; their operand is true or false.
var typeTests = map[string]func(v any) bool{
	"IsBoolean":   func(v any) bool { _, ok := v.(bool); return ok },
	"IsNull":      func(v any) bool { return v == nil },
	"IsNumeric":   func(v any) bool { _, ok := v.(json.Number); return ok },
	"IsString":    func(v any) bool { _, ok := v.(string); return ok },
	"IsTimestamp": func(v any) bool { s, _ := v.(string); _, ok := parseTimestamp(s); return ok },
}

// stringMatches matches a pattern in which * stands for any run of characters and a backslash makes * and
// itself stand for themselves.
func stringMatches(variable, operand any) bool {
	s, ok1 := variable.(string)
	pattern, ok2 := operand.(string)
	if !ok1 || !ok2 {
		return false
	}
	// Where the text after the last * does not match, that * takes one character more.
	star, resume := -1, 0
	i, j := 0, 0
	for j < len(s) {
		literal, next := -1, i+1
		if i < len(pattern) {
			literal = int(pattern[i])
			if literal == '\\' && next < len(pattern) {
				literal, next = int(pattern[next]), next+1
			} else if literal == '*' {
				star, resume = i, j
				i++
				continue
			}
		}
		switch {
		case literal == int(s[j]):
			i, j = next, j+1
		case star >= 0:
			resume++
			i, j = star+1, resume
		default:
			return false
		}
	}
	return strings.Trim(pattern[i:], "*") == ""
}
