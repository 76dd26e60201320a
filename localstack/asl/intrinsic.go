package asl

import (
	"encoding/json"
	"fmt"
	"strings"
)

// An expression is what a field whose name ends in .$ holds: a path or a call of an intrinsic function.
// https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html
type expression interface {
	eval(d data) (any, *Failure)
	String() string
}

// call is a call of an intrinsic function.
type call struct {
	text string
	name string
	do   intrinsic
	args []expression
}

// literal is an argument that stands in the definition: a string, a number, true, false or null.
type literal struct {
	text  string
	value any
	raw   string // of a string: the text between the quotes, escapes and all, as States.Format reads it
}

func (c *call) String() string    { return c.text }
func (l *literal) String() string { return l.text }

func (l *literal) eval(data) (any, *Failure) { return l.value, nil }

// eval finds what a path names, as a payload template or an intrinsic function does: a path for several
// values that finds nothing gives an empty list.
func (p *Path) eval(d data) (any, *Failure) {
	v, err := d.find(p)
	if err == nil {
		return v, nil
	}
	if !p.definite() {
		return []any{}, nil
	}
	return nil, &Failure{Name: ErrorRuntime, Cause: err.Error(), fatal: true}
}

func (c *call) eval(d data) (any, *Failure) {
	args := make([]any, len(c.args))
	for i, a := range c.args {
		v, failure := a.eval(d)
		if failure != nil {
			if p, ok := a.(*Path); ok {
				failure = runtimeError("The function '%s' had the following error: The JsonPath argument for the field '%s' could not be found in the input '%s'", c.text, p, JSON(d.root(p)))
			}
			return nil, failure
		}
		args[i] = v
	}
	if c.name == "States.Format" {
		if l, ok := c.args[0].(*literal); ok {
			args[0] = l.raw
		}
	}
	v, ok := c.do(args, d)
	if !ok {
		return nil, runtimeError("The function '%s' had the following error: Invalid arguments in %s", c.text, c.name)
	}
	return v, nil
}

// maxCalls is how deep calls of intrinsic functions may nest.
const maxCalls = 10

// parseExpression reads a path or a call of an intrinsic function.
func parseExpression(text string) (expression, error) {
	if strings.HasPrefix(text, "$") {
		return ParsePath(text)
	}
	p := &pathParser{text: text, stop: ",)"}
	e, err := p.call(1)
	if err == nil && p.pos < len(text) {
		err = p.fail("unexpected %q", text[p.pos:])
	}
	if err != nil {
		return nil, err
	}
	return e, nil
}

func (p *pathParser) call(depth int) (expression, error) {
	if depth > maxCalls {
		return nil, p.refuse("more than %d nested intrinsic functions", maxCalls)
	}
	start := p.pos
	for p.pos < len(p.text) && p.text[p.pos] != '(' {
		p.pos++
	}
	c := &call{name: p.text[start:p.pos]}
	if !strings.HasPrefix(c.name, "States.") || !p.skip("(") {
		return nil, p.fail("neither a path nor a call of an intrinsic function")
	}
	signature, ok := intrinsics[c.name]
	if !ok {
		return nil, p.refuse("intrinsic function %s", c.name)
	}
	p.spaces()
	for !p.skip(")") {
		if len(c.args) > 0 && !p.skip(",") {
			return nil, p.fail(") is missing at offset %d", p.pos)
		}
		p.spaces()
		arg, err := p.argument(depth)
		if err != nil {
			return nil, err
		}
		c.args = append(c.args, arg)
		p.spaces()
	}
	if n := len(c.args); n < signature.least || n > signature.most {
		return nil, p.refuse("%s with %d arguments", c.name, n) // AWS takes the definition, and fails when it comes to it
	}
	c.do, c.text = signature.do, p.text[start:p.pos]
	return c, nil
}

func (p *pathParser) argument(depth int) (expression, error) {
	switch {
	case p.peek("$"):
		return p.parse()
	case p.peek("'"):
		return p.literal()
	case p.peek("States."):
		return p.call(depth + 1)
	}
	start := p.pos
	for p.pos < len(p.text) && !strings.ContainsRune(",) ", rune(p.text[p.pos])) {
		p.pos++
	}
	text := p.text[start:p.pos]
	value, err := ParseJSON([]byte(text))
	if err != nil {
		return nil, p.fail("%q is not an argument", text)
	}
	switch value.(type) {
	case nil, bool, json.Number:
		return &literal{text: text, value: value}, nil
	}
	return nil, p.fail("%q is not an argument", text)
}

// literal reads a string in single quotes. A backslash makes ', {, } and itself stand for themselves.
func (p *pathParser) literal() (expression, error) {
	start := p.pos
	for p.pos++; p.pos < len(p.text); p.pos++ {
		switch p.text[p.pos] {
		case '\\':
			p.pos++
			if p.pos == len(p.text) || !strings.ContainsRune(`'{}\`, rune(p.text[p.pos])) {
				return nil, p.refuse("escape sequence at offset %d", p.pos-1)
			}
		case '\'':
			raw := p.text[start+1 : p.pos]
			p.pos++
			return &literal{text: p.text[start:p.pos], raw: raw, value: unescape(raw)}, nil
		}
	}
	return nil, p.fail("the quote is not closed")
}

func unescape(raw string) string {
	var b strings.Builder
	for i := 0; i < len(raw); i++ {
		if raw[i] == '\\' && i+1 < len(raw) {
			i++
		}
		b.WriteByte(raw[i])
	}
	return b.String()
}

// data is what paths refer to at one moment of an execution.
type data struct {
	input   any            // $
	context func() *Object // $$
	vars    map[string]any // $name
	random  *random
}

// root returns the value that the path starts at; nil for a variable that has not been assigned.
func (d data) root(p *Path) any {
	switch {
	case p.context:
		return d.context()
	case p.variable != "":
		return d.vars[p.variable]
	}
	return d.input
}

// find returns what the path names.
func (d data) find(p *Path) (any, error) {
	if p.variable != "" {
		if _, ok := d.vars[p.variable]; !ok {
			return nil, fmt.Errorf("the variable '$%s' has not been assigned", p.variable)
		}
	}
	return p.selectFrom(d.root(p))
}
