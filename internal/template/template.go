// Package template fills placeholders in the texts of mails and pages.
//
// The grammar, in one line: "{" [ "?" | "!" | "/" | ">" ] name "}", name = a-z followed by a-z, 0-9, "_".
//
//	{name}             the value, escaped
//	{?name} … {/name}  stays if there is a value
//	{!name} … {/name}  stays if there is none
//	{>name}            the text of a part
//
// Any other brace is text (style sheets are full of them), and a doubled one is too: merge tags such as {{email}} pass untouched. A section
// mark or part that begins its line takes the line end after it along, so that templates can be laid out readably.
//
// It is not the standard library's: html/template calls methods by name, for which the linker would keep every method of every AWS client
// in the binary. And what people put into the template bucket can neither loop nor call anything.
package template

import (
	"errors"
	"fmt"
	"strings"
)

// Template is a parsed template: a flat list of operations that one pass carries out. Values are written once and never read again, so
// a value that looks like a placeholder stays what it is. It is safe for concurrent use.
type Template struct {
	ops []op
}

type opKind int

const (
	opText   opKind = iota // text as it stands
	opValue                // {name}
	opIf                   // {?name}: skip to past if the value is empty
	opUnless               // {!name}: skip to past if it is not
)

type op struct {
	kind opKind
	text string // the literal, or the placeholder's name
	past int    // for opIf and opUnless: index of the first operation after the section
}

// MaxBytes is the largest template with everything that it includes. The built-in ones are under 20 KiB.
const MaxBytes = 256 << 10

const maxIncludeDepth = 4

// ErrTooLarge is Parse's error for a template over MaxBytes.
var ErrTooLarge = errors.New("template is larger than 256 KiB with what it includes")

// parser reads template text.
type parser struct {
	known   func(name string) bool           // which placeholders exist
	include func(name string) (string, bool) // the text of {>name}
	ops     []op
	open    []int // sections begun and not yet ended: indexes into ops
	bytes   int
}

// Parse reads one template. known says which placeholders exist, include gives the text of {>name}; nil means that there are none. It fails on
// an unknown placeholder, an unknown part, and a section that does not end.
func Parse(text string, known func(name string) bool, include func(name string) (string, bool)) (*Template, error) {
	if include == nil {
		include = func(string) (string, bool) { return "", false }
	}
	p := &parser{known: known, include: include}
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
		return fmt.Errorf("section {?%s} does not end", p.ops[p.open[len(p.open)-1]].text)
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
	if start < len(s) && strings.IndexByte("?!/>", s[start]) >= 0 {
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
	if mark == '>' {
		text, ok := p.include(name)
		if !ok {
			return fmt.Errorf("there is no {>%s} to include", name)
		}
		if depth == maxIncludeDepth {
			return fmt.Errorf("{>%s} is included too deeply", name)
		}
		return p.parse(text, depth+1)
	}
	if !p.known(name) {
		return fmt.Errorf("there is no placeholder {%s} here", name)
	}
	switch mark {
	case '?', '!':
		kind := opIf
		if mark == '!' {
			kind = opUnless
		}
		p.open = append(p.open, len(p.ops))
		p.ops = append(p.ops, op{kind: kind, text: name})
	case '/':
		last := len(p.open) - 1
		if last < outer || p.ops[p.open[last]].text != name {
			return fmt.Errorf("{/%s} ends no section", name)
		}
		p.ops[p.open[last]].past = len(p.ops)
		p.open = p.open[:last]
	default:
		p.ops = append(p.ops, op{kind: opValue, text: name})
	}
	return nil
}

func (p *parser) text(s string) {
	if s != "" {
		p.ops = append(p.ops, op{kind: opText, text: s})
	}
}

// Render writes the template with every value passed through escape, which is HTML or Text or built on them.
func (t *Template) Render(values map[string]string, escape func(string) string) string {
	var b strings.Builder
	for i := 0; i < len(t.ops); {
		o := t.ops[i]
		i++
		switch o.kind {
		case opText:
			b.WriteString(o.text)
		case opValue:
			b.WriteString(escape(values[o.text]))
		case opIf:
			if values[o.text] == "" {
				i = o.past
			}
		case opUnless:
			if values[o.text] != "" {
				i = o.past
			}
		}
	}
	return b.String()
}

var htmlEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;", "\x00", "\uFFFD")

// HTML is the escape that makes a value safe as element content and inside a quoted attribute. It is not enough for an unquoted attribute, a
// script or a style; whether a URL may be linked to is for the caller to check.
func HTML(s string) string { return htmlEscapes.Replace(s) }

// Text is the escape of plain text: none.
func Text(s string) string { return s }
