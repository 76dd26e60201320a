package asl

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Path is a JSONPath of the states language: $ is the state's data, $$ the context object and $name a
// variable. Supported are names, indexes, slices, wildcards and recursive descent; a filter, a function or
// several names in one bracket is refused when the machine is loaded.
// https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html
type Path struct {
	text     string
	context  bool   // begins with $$
	variable string // begins with $name
	steps    []step
}

type stepKind int

const (
	stepName  stepKind = iota
	stepIndex          // one or more indexes; negative ones count from the end
	stepSlice
	stepWildcard
	stepDescend // the steps after it apply to the value and to everything below it
)

type step struct {
	kind     stepKind
	name     string
	indexes  []int
	from, to *int
}

// ParsePath reads a path.
func ParsePath(text string) (*Path, error) {
	p := &pathParser{text: text}
	path, err := p.parse()
	if err == nil && p.pos < len(text) {
		err = p.fail("unexpected %q", text[p.pos:])
	}
	if err != nil {
		return nil, err
	}
	return path, nil
}

func (p *Path) String() string { return p.text }

// definite says whether the path names exactly one node.
func (p *Path) definite() bool {
	for _, s := range p.steps {
		if s.kind != stepName && (s.kind != stepIndex || len(s.indexes) > 1) {
			return false
		}
	}
	return true
}

// reference says whether the path may be written to: it starts at $ and names one node.
func (p *Path) reference() bool { return !p.context && p.variable == "" && p.definite() }

// whole says whether the path is $ itself.
func (p *Path) whole() bool { return p.reference() && len(p.steps) == 0 }

// pathParser reads a path from the start of a text and stops where the path ends, so that it also serves
// paths that are arguments of intrinsic functions.
type pathParser struct {
	text string
	pos  int
	stop string // characters that end a name beside . and [
}

func (p *pathParser) fail(format string, args ...any) error {
	return fmt.Errorf("path %q: %s", p.text, fmt.Sprintf(format, args...))
}

// unsupportedPath is the error of a path or intrinsic function that may well be valid.
type unsupportedPath struct{ text string }

func (e *unsupportedPath) Error() string { return e.text }

func (p *pathParser) refuse(format string, args ...any) error {
	return &unsupportedPath{fmt.Sprintf(format, args...) + " in " + strconv.Quote(p.text)}
}

func (p *pathParser) peek(prefix string) bool { return strings.HasPrefix(p.text[p.pos:], prefix) }

func (p *pathParser) skip(prefix string) bool {
	if !p.peek(prefix) {
		return false
	}
	p.pos += len(prefix)
	return true
}

func (p *pathParser) spaces() {
	for p.skip(" ") {
	}
}

func (p *pathParser) parse() (*Path, error) {
	start := p.pos
	if !p.skip("$") {
		return nil, p.fail("does not begin with $")
	}
	path := &Path{}
	if p.skip("$") {
		path.context = true
	} else {
		path.variable = p.identifier()
	}
	for p.pos < len(p.text) {
		var s step
		var err error
		switch {
		case p.skip(".."):
			path.steps = append(path.steps, step{kind: stepDescend})
			if p.peek("[") {
				continue
			}
			s, err = p.member()
		case p.skip("."):
			s, err = p.member()
		case p.skip("["):
			s, err = p.bracket()
		default:
			path.text = p.text[start:p.pos]
			return path, p.known(path)
		}
		if err != nil {
			return nil, err
		}
		path.steps = append(path.steps, s)
	}
	if n := len(path.steps); n > 0 && path.steps[n-1].kind == stepDescend {
		return nil, p.fail("ends with ..")
	}
	path.text = p.text[start:p.pos]
	return path, p.known(path)
}

// known refuses what AWS has added to the context object and this interpreter does not make: the item's source and key.
// https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html
func (p *pathParser) known(path *Path) error {
	names := make([]string, 0, 3)
	for _, s := range path.steps[:min(3, len(path.steps))] {
		names = append(names, s.name)
	}
	if field := strings.Join(names, "."); path.context && (field == "Map.Item.Source" || field == "Map.Item.Key") {
		return p.refuse("field %s of the context object", field)
	}
	return nil
}

// identifier reads the name of a variable.
func (p *pathParser) identifier() string {
	start := p.pos
	for i, r := range p.text[start:] {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
			break
		}
		p.pos = start + i + utf8.RuneLen(r)
	}
	return p.text[start:p.pos]
}

// member reads what follows a dot.
func (p *pathParser) member() (step, error) {
	if p.skip("*") {
		return step{kind: stepWildcard}, nil
	}
	start := p.pos
	for p.pos < len(p.text) && !strings.ContainsRune(".[( "+p.stop, rune(p.text[p.pos])) {
		p.pos++
	}
	name := p.text[start:p.pos]
	if p.peek("(") {
		return step{}, p.refuse("JSONPath function %s()", name)
	}
	if name == "" {
		return step{}, p.fail("a name is missing at offset %d", start)
	}
	return step{kind: stepName, name: name}, nil
}

// bracket reads what follows an opening bracket, up to and with the closing one.
func (p *pathParser) bracket() (step, error) {
	p.spaces()
	var s step
	var err error
	switch {
	case p.skip("*"):
		s = step{kind: stepWildcard}
	case p.peek("?"), p.peek("("):
		return s, p.refuse("JSONPath filter")
	case p.peek("'"), p.peek(`"`):
		s, err = p.quoted()
	default:
		s, err = p.numbers()
	}
	if err != nil {
		return s, err
	}
	p.spaces()
	if s.kind == stepName && p.peek(",") {
		return s, p.refuse("JSONPath with several names")
	}
	if !p.skip("]") {
		return s, p.fail("] is missing at offset %d", p.pos)
	}
	return s, nil
}

func (p *pathParser) quoted() (step, error) {
	quote := p.text[p.pos]
	var name strings.Builder
	for p.pos++; p.pos < len(p.text); p.pos++ {
		switch c := p.text[p.pos]; {
		case c == quote:
			p.pos++
			return step{kind: stepName, name: name.String()}, nil
		case c == '\\' && p.pos+1 < len(p.text):
			p.pos++
			name.WriteByte(p.text[p.pos])
		default:
			name.WriteByte(c)
		}
	}
	return step{}, p.fail("the quote is not closed")
}

// numbers reads an index, a list of indexes or a slice.
func (p *pathParser) numbers() (step, error) {
	first, err := p.integer()
	if err != nil {
		return step{}, err
	}
	if p.skip(":") {
		to, err := p.integer()
		if p.peek(":") {
			return step{}, p.refuse("JSONPath slice with a step")
		}
		return step{kind: stepSlice, from: first, to: to}, err
	}
	s := step{kind: stepIndex}
	for n := first; ; {
		if err != nil {
			return s, err
		}
		if n == nil {
			return s, p.fail("an index is missing at offset %d", p.pos)
		}
		s.indexes = append(s.indexes, *n)
		if !p.skip(",") {
			return s, nil
		}
		n, err = p.integer()
	}
}

// integer reads an integer with the spaces around it; nil if there is none.
func (p *pathParser) integer() (*int, error) {
	p.spaces()
	start := p.pos
	p.skip("-")
	for p.pos < len(p.text) && '0' <= p.text[p.pos] && p.text[p.pos] <= '9' {
		p.pos++
	}
	digits := p.text[start:p.pos]
	p.spaces()
	if digits == "" {
		return nil, nil
	}
	n, err := strconv.ParseInt(digits, 10, 32)
	if err != nil {
		return nil, p.fail("%q is not an index", digits)
	}
	i := int(n)
	return &i, nil
}
