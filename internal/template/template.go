// Package template fills placeholders in the texts of mails and pages.
//
// The grammar, in one line: "{" [ "?" | "!" | "#" | "/" | ">" ] name "}", name = a-z followed by a-z, 0-9, "_".
//
//	{name}             the value, escaped
//	{?name} … {/name}  stays if there is a value
//	{!name} … {/name}  stays if there is none
//	{#name} … {/name}  stays once for every item of a list, with the item's values before those outside; there is no list in a list
//	{>name}            the text of a part
//
// Any other brace is text (style sheets are full of them), and a doubled one is too: merge tags such as {{email}} pass untouched. A section
// mark or part that begins its line takes the line end after it along, so that templates can be laid out readably.
//
// It is not the standard library's: html/template calls methods by name, for which the linker would keep every method of every AWS client
// in the binary. And what people put into the template bucket can call nothing, and loop only over the lists that a mail has.
package template

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Names are the placeholders that a template may have: those under "" anywhere, those under the name of a list also within {#list}.
type Names map[string][]string

// Values are the texts of placeholders.
type Values = map[string]string

// Lists are the Values of each item of a list. Whoever gives them limits how many items there are.
type Lists = map[string][]Values

// Template is a parsed template: a flat list of operations that one pass carries out. Values are written once and never read again, so
// a value that looks like a placeholder stays what it is. It is safe for concurrent use.
type Template struct {
	ops []op
}

// opKind is the mark of the tag, where it has one.
type opKind byte

const (
	opText   opKind = '}' // text as it stands
	opValue  opKind = 0   // {name}
	opIf     opKind = '?' // {?name}: skip to past if the value is empty
	opUnless opKind = '!' // {!name}: skip to past if it is not
	opEach   opKind = '#' // {#name}: what comes before past, once per item
)

type op struct {
	kind opKind
	text string // the literal, or the placeholder's name
	past int    // for sections: index of the first operation after it
}

// MaxBytes is the largest template with everything that it includes. The built-in ones are under 20 KiB.
const MaxBytes = 256 << 10

const maxIncludeDepth = 4

// ErrTooLarge is Parse's error for a template over MaxBytes.
var ErrTooLarge = errors.New("template is larger than 256 KiB with what it includes")

// parser reads template text.
type parser struct {
	names   Names
	include func(name string) (string, bool) // the text of {>name}
	ops     []op
	open    []int  // sections begun and not yet ended: indexes into ops
	list    string // of the open {#list}; empty = none
	bytes   int
}

// Parse reads one template. include gives the text of {>name}; nil means that there is none. It fails on an unknown placeholder, list or part, and on
// a section that does not end.
func Parse(text string, names Names, include func(name string) (string, bool)) (*Template, error) {
	if include == nil {
		include = func(string) (string, bool) { return "", false }
	}
	p := &parser{names: names, include: include}
	if err := p.parse(text, 0); err != nil {
		return nil, err
	}
	return &Template{ops: p.ops}, nil
}

func (p *parser) parse(text string, depth int) error {
	if p.bytes += len(text); p.bytes > MaxBytes {
		return ErrTooLarge
	}
	outer := len(p.open)
	literal := 0 // where the pending text began
	for i := 0; i < len(text); {
		if text[i] != '{' {
			i++
			continue
		}
		mark, name, length := readTag(text[i:])
		if name == "" {
			i += length
			continue
		}
		p.text(text[literal:i])
		if mark != 0 && (i == 0 || text[i-1] == '\n') {
			length += lineEnd(text[i+length:])
		}
		if err := p.tag(mark, name, depth, outer); err != nil {
			return err
		}
		i += length
		literal = i
	}
	p.text(text[literal:])
	if len(p.open) > outer {
		section := p.ops[p.open[len(p.open)-1]]
		return fmt.Errorf("section {%c%s} does not end", section.kind, section.text)
	}
	return nil
}

// readTag reads a tag at the start of s, which begins with "{". Without a name the first length bytes are text.
func readTag(s string) (mark byte, name string, length int) {
	if len(s) > 1 && s[1] == '{' {
		run := 0
		for run < len(s) && s[run] == '{' {
			run++
		}
		return 0, "", run
	}
	start := 1
	if start < len(s) && strings.IndexByte("?!#/>", s[start]) >= 0 {
		mark = s[start]
		start++
	}
	end := start
	for end < len(s) && (s[end] >= 'a' && s[end] <= 'z' || end > start && (s[end] == '_' || s[end] >= '0' && s[end] <= '9')) {
		end++
	}
	if end == start || end >= len(s) || s[end] != '}' {
		return 0, "", 1
	}
	return mark, s[start:end], end + 1
}

// lineEnd is the length of the line end at the start of s, or 0.
func lineEnd(s string) int {
	switch {
	case strings.HasPrefix(s, "\n"):
		return 1
	case strings.HasPrefix(s, "\r\n"):
		return 2
	}
	return 0
}

func (p *parser) tag(mark byte, name string, depth, outer int) error {
	switch mark {
	case '>':
		text, ok := p.include(name)
		if !ok {
			return fmt.Errorf("there is no {>%s} to include", name)
		}
		if depth == maxIncludeDepth {
			return fmt.Errorf("{>%s} is included too deeply", name)
		}
		return p.parse(text, depth+1)
	case '/':
		return p.end(name, outer)
	case '#':
		if _, ok := p.names[name]; !ok {
			return fmt.Errorf("there is no list {#%s} here", name)
		}
		if p.list != "" {
			return fmt.Errorf("{#%s} is within {#%s}", name, p.list)
		}
		p.list = name
	default:
		if !slices.Contains(p.names[""], name) && !slices.Contains(p.names[p.list], name) {
			return fmt.Errorf("there is no placeholder {%s} here", name)
		}
	}
	if mark != 0 {
		p.open = append(p.open, len(p.ops))
	}
	p.ops = append(p.ops, op{kind: opKind(mark), text: name})
	return nil
}

// end ends the innermost section, which must be called name and have begun in the same text.
func (p *parser) end(name string, outer int) error {
	last := len(p.open) - 1
	if last < outer || p.ops[p.open[last]].text != name {
		return fmt.Errorf("{/%s} ends no section", name)
	}
	section := &p.ops[p.open[last]]
	section.past = len(p.ops)
	if section.kind == opEach {
		p.list = ""
	}
	p.open = p.open[:last]
	return nil
}

func (p *parser) text(s string) {
	if s != "" {
		p.ops = append(p.ops, op{kind: opText, text: s})
	}
}

// Render writes the template with every value passed through escape, which is HTML or Text or built on them.
func (t *Template) Render(values Values, lists Lists, escape func(string) string) string {
	w := writer{ops: t.ops, values: values, lists: lists, escape: escape}
	w.write(0, len(t.ops))
	return w.out.String()
}

type writer struct {
	ops    []op
	values Values
	item   Values // within {#list}
	lists  Lists
	escape func(string) string
	out    strings.Builder
}

// write carries out the operations from first to before past.
func (w *writer) write(first, past int) {
	for i := first; i < past; {
		o := w.ops[i]
		i++
		switch o.kind {
		case opText:
			w.out.WriteString(o.text)
		case opValue:
			w.out.WriteString(w.escape(w.value(o.text)))
		case opIf:
			if w.value(o.text) == "" {
				i = o.past
			}
		case opUnless:
			if w.value(o.text) != "" {
				i = o.past
			}
		case opEach:
			for _, w.item = range w.lists[o.text] {
				w.write(i, o.past)
			}
			w.item, i = nil, o.past
		}
	}
}

// value is what a placeholder stands for: an item's own value, be it empty, goes before one outside.
func (w *writer) value(name string) string {
	if text, ok := w.item[name]; ok {
		return text
	}
	return w.values[name]
}

var htmlEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;", "\x00", "\uFFFD")

// HTML is the escape that makes a value safe as element content and inside a quoted attribute. It is not enough for an unquoted attribute, a
// script or a style; whether a URL may be linked to is for the caller to check.
func HTML(s string) string { return htmlEscapes.Replace(s) }

// Text is the escape of plain text: none.
func Text(s string) string { return s }
