package notify

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/calendarinvite/calendarinviteserver/internal/plain"
)

// textOf derives a text alternative from a mail's HTML in one pass: blocks become lines, list items get a dash, a link is followed by its address, pictures
// become their alt text, and what is not meant to be seen (style, hidden preview text) is left out.
func textOf(document string) string {
	t := textWriter{tokens: html.NewTokenizer(strings.NewReader(document))}
	for {
		switch t.tokens.Next() {
		case html.ErrorToken: // the end; the tokenizer has no other error for a string
			return tidy(t.out.String())
		case html.TextToken:
			if t.hidden == 0 {
				t.words(string(t.tokens.Text()))
			}
		case html.StartTagToken:
			t.start(false)
		case html.SelfClosingTagToken:
			t.start(true)
		case html.EndTagToken:
			t.end()
		}
	}
}

type textWriter struct {
	tokens *html.Tokenizer
	out    strings.Builder
	line   bool // the current line has words
	space  bool // a space is due before the next word

	hidden    int    // open elements called hideName since one that is not shown, itself included
	hideName  string //
	href      string // of the open link
	linkStart int    // where its words began in out
}

func (t *textWriter) words(s string) {
	if s != "" && isSpace(s[0]) {
		t.space = true
	}
	for _, word := range strings.Fields(s) {
		t.word(word)
		t.space = true
	}
	if s != "" && !isSpace(s[len(s)-1]) {
		t.space = false
	}
}

func (t *textWriter) word(s string) {
	if t.space && t.line {
		t.out.WriteByte(' ')
	}
	t.space, t.line = false, true
	t.out.WriteString(plain.Line(s, len(s)))
}

func (t *textWriter) breakLine() {
	t.out.WriteByte('\n')
	t.line, t.space = false, false
}

// block begins a new line, where the current one has words.
func (t *textWriter) block() {
	if t.line {
		t.breakLine()
	}
}

// paragraph begins a new line after an empty one; tidy keeps one of several.
func (t *textWriter) paragraph() {
	t.block()
	t.breakLine()
}

func (t *textWriter) start(selfClosing bool) {
	raw, more := t.tokens.TagName()
	name, tag := string(raw), atom.Lookup(raw)
	attributes := map[string]string{}
	for more {
		var key, value []byte
		key, value, more = t.tokens.TagAttr()
		switch string(key) {
		case "href", "alt", "style", "hidden":
			attributes[string(key)] = string(value)
		}
	}
	open := !selfClosing && !isVoid(tag)
	if t.hidden > 0 {
		if open && name == t.hideName {
			t.hidden++
		}
		return
	}
	if open && notShown(tag, attributes) {
		t.hidden, t.hideName = 1, name
		return
	}
	switch tag {
	case atom.Br:
		t.breakLine()
	case atom.Img:
		t.words(attributes["alt"])
	case atom.A:
		t.href, t.linkStart = strings.TrimSpace(attributes["href"]), t.out.Len()
	case atom.Li:
		t.block()
		t.word("-")
		t.space = true
	case atom.Td, atom.Th:
		t.space = true
	case atom.P, atom.H1, atom.H2, atom.H3, atom.Hr, atom.Ul, atom.Ol, atom.Table:
		t.paragraph()
	case atom.Div, atom.Tr, atom.H4, atom.H5, atom.H6, atom.Blockquote, atom.Pre, atom.Center:
		t.block()
	}
}

func (t *textWriter) end() {
	raw, _ := t.tokens.TagName()
	if t.hidden > 0 {
		if string(raw) == t.hideName {
			t.hidden--
		}
		return
	}
	switch atom.Lookup(raw) {
	case atom.A:
		t.endLink()
	case atom.P, atom.H1, atom.H2, atom.H3, atom.Ul, atom.Ol, atom.Table:
		t.paragraph()
	case atom.Div, atom.Tr, atom.Li, atom.H4, atom.H5, atom.H6, atom.Blockquote, atom.Pre, atom.Center:
		t.block()
	case atom.Td, atom.Th:
		t.space = true
	}
}

// endLink adds the address of a link, unless its words already are the address.
func (t *textWriter) endLink() {
	href := t.href
	t.href = ""
	if href == "" || href[0] == '#' {
		return
	}
	said := strings.TrimSpace(t.out.String()[t.linkStart:])
	if said == href || said == strings.TrimPrefix(href, "mailto:") {
		return
	}
	t.space = true
	if said == "" {
		t.word(href)
		return
	}
	t.word("<" + href + ">")
}

func notShown(tag atom.Atom, attributes map[string]string) bool {
	switch tag {
	case atom.Head, atom.Style, atom.Script, atom.Title, atom.Template, atom.Noscript:
		return true
	}
	if _, ok := attributes["hidden"]; ok {
		return true
	}
	style := strings.ToLower(strings.Join(strings.Fields(attributes["style"]), ""))
	return strings.Contains(style, "display:none")
}

func isVoid(tag atom.Atom) bool {
	switch tag {
	case atom.Area, atom.Base, atom.Br, atom.Col, atom.Embed, atom.Hr, atom.Img, atom.Input, atom.Link, atom.Meta, atom.Source, atom.Track, atom.Wbr:
		return true
	}
	return false
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' }

// tidy trims a text alternative: sections that were left out leave no holes of empty lines.
func tidy(s string) string {
	var b strings.Builder
	hole := false
	for line := range strings.Lines(s) {
		line = strings.TrimRight(line, " \t\r\n")
		if line == "" {
			hole = b.Len() > 0
			continue
		}
		if hole {
			b.WriteByte('\n')
		}
		hole = false
		b.WriteString(line)
		b.WriteByte('\n')
	}
	return b.String()
}
