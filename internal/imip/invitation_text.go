package imip

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// plainText takes the HTML out of a text that has any: Google Calendar writes descriptions in it, and Outlook shows its tags
// (field rule 25). Links become bare URLs. A text without HTML is returned as it is.
func plainText(text string) string {
	if !hasMarkup(text) {
		return text
	}
	var w plainWriter
	tokens := html.NewTokenizer(strings.NewReader(text))
	tokens.SetMaxBuf(len(text) + 1)
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			return w.String()
		case html.TextToken:
			w.text(string(tokens.Text()))
		case html.StartTagToken, html.SelfClosingTagToken:
			w.open(tokens.Token())
		case html.EndTagToken:
			w.close(tokens.Token().DataAtom)
		}
	}
}

// hasMarkup reports whether a text holds a tag of HTML, or the entity that only editors of HTML write. A "<" before anything else,
// as in Outlook's "Join here<https://...>", is text.
func hasMarkup(text string) bool {
	if strings.Contains(text, "&nbsp;") {
		return true
	}
	for rest := text; ; {
		i := strings.IndexByte(rest, '<')
		if i < 0 {
			return false
		}
		rest = rest[i+1:]
		name := strings.TrimPrefix(rest, "/")
		end := 0
		for end < len(name) && end < 12 && (name[end]|0x20 >= 'a' && name[end]|0x20 <= 'z' || name[end] >= '0' && name[end] <= '9') {
			end++
		}
		if end == 0 || end == len(name) || strings.IndexByte(" \t\r\n/>", name[end]) < 0 {
			continue
		}
		if close := strings.IndexAny(name[end:], "<>"); close < 0 || name[end+close] != '>' {
			continue
		}
		if markupTags[atom.Lookup([]byte(strings.ToLower(name[:end])))] {
			return true
		}
	}
}

// markupTags are the tags that calendars' editors write.
var markupTags = map[atom.Atom]bool{
	atom.A: true, atom.B: true, atom.Blockquote: true, atom.Body: true, atom.Br: true, atom.Center: true, atom.Code: true,
	atom.Div: true, atom.Em: true, atom.Font: true, atom.H1: true, atom.H2: true, atom.H3: true, atom.H4: true, atom.Head: true,
	atom.Hr: true, atom.Html: true, atom.I: true, atom.Img: true, atom.Li: true, atom.Ol: true, atom.P: true, atom.Pre: true,
	atom.Script: true, atom.Span: true, atom.Strong: true, atom.Style: true, atom.Table: true, atom.Td: true, atom.Tr: true,
	atom.U: true, atom.Ul: true,
}

// plainWriter writes what remains of HTML.
type plainWriter struct {
	strings.Builder
	link   string // the open link's address
	label  int    // where its text begins
	hidden atom.Atom
}

func (w *plainWriter) text(s string) {
	if w.hidden == 0 {
		w.WriteString(strings.ReplaceAll(s, "\u00a0", " "))
	}
}

func (w *plainWriter) open(tag html.Token) {
	switch tag.DataAtom {
	case atom.Br, atom.Div, atom.Tr, atom.Ul, atom.Ol, atom.Hr:
		w.line()
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.Blockquote, atom.Table:
		w.line()
	case atom.Li:
		w.lineUnlessNew()
		w.WriteString("- ")
	case atom.Script, atom.Style, atom.Head:
		if tag.Type == html.StartTagToken {
			w.hidden = tag.DataAtom
		}
	case atom.A:
		w.link, w.label = "", w.Len()
		for _, attribute := range tag.Attr {
			if href := strings.TrimSpace(attribute.Val); attribute.Key == "href" && strings.Contains(href, ":") &&
				!strings.HasPrefix(strings.ToLower(href), "javascript:") && !strings.HasPrefix(strings.ToLower(href), "data:") {
				w.link = href
			}
		}
	}
}

func (w *plainWriter) close(tag atom.Atom) {
	switch tag {
	case w.hidden:
		w.hidden = 0
	case atom.P, atom.Div, atom.H1, atom.H2, atom.H3, atom.H4, atom.Blockquote, atom.Table, atom.Ul, atom.Ol:
		w.lineUnlessNew()
	case atom.Td:
		w.WriteByte(' ')
	case atom.A:
		if w.link == "" {
			return
		}
		label := strings.TrimSpace(w.String()[min(w.label, w.Len()):])
		link := strings.TrimPrefix(w.link, "mailto:")
		if !strings.Contains(label, strings.TrimSuffix(link, "/")) {
			if label != "" {
				w.WriteByte(' ')
			}
			w.WriteString(link)
		}
		w.link = ""
	}
}

func (w *plainWriter) line() { w.WriteByte('\n') }

func (w *plainWriter) lineUnlessNew() {
	if s := w.String(); s != "" && s[len(s)-1] != '\n' {
		w.line()
	}
}
