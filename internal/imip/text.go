package imip

import (
	"html"
	"strings"
)

// maxText bounds how much of a text part is looked at as text.
const maxText = 256 << 10

// Text is what a person would read: the first text/plain of the message itself that is not an attachment, else its first text/html
// without the markup; at most 256 KiB of it. Empty when there is neither.
func (m *Message) Text() string {
	if p := m.textPart("text/plain"); p != nil {
		return p.text()
	}
	if p := m.textPart("text/html"); p != nil {
		return stripHTML(p.text())
	}
	return ""
}

func (m *Message) textPart(mediaType string) *Part {
	for i := range m.Parts {
		if p := &m.Parts[i]; p.Type == mediaType && p.Disposition != "attachment" && !p.InsideRFC822 {
			return p
		}
	}
	return nil
}

func (p *Part) text() string {
	return decodeText(p.Body[:min(len(p.Body), maxText)], p.Params["charset"])
}

// sharedCalendarLinks are parts of the addresses under which services publish whole calendars.
var sharedCalendarLinks = []string{
	"webcal://", "webcals://",
	"google.com/calendar/ical/", "google.com/calendar/embed", "google.com/calendar/render?cid=", "google.com/calendar/r?cid=", "/r?cid=",
	"/owa/calendar/",        // Outlook.com, Exchange Online
	"icloud.com/published/", // iCloud
	"calendar.yahoo.com/ws/",
	"calendar.zoho.com/ical/", "calendar.yandex.ru/export/",
}

// sharesCalendar reports whether the message, which holds no event, shares a calendar instead: by a sharing invitation of Exchange
// ([MS-OXSHARE] 2.2) or by a link.
func (m *Message) sharesCalendar() bool {
	if strings.EqualFold(strings.TrimSpace(m.Header.Get("Content-Class")), "Sharing") {
		return true
	}
	for i := range m.Parts {
		p := &m.Parts[i]
		if p.Type == "application/x-sharing-metadata-xml" || strings.EqualFold(p.Filename, "sharing_metadata.xml") {
			return true
		}
		if p.InsideRFC822 || p.Type != "text/plain" && p.Type != "text/html" {
			continue
		}
		text := p.text()
		for _, link := range sharedCalendarLinks {
			if strings.Contains(text, link) {
				return true
			}
		}
	}
	return false
}

// The beginning and the end of a quotation, while markup is dropped.
const quoteBegins, quoteEnds = "\x0e", "\x0f"

// stripHTML drops the markup of an HTML text: enough to read or search it, not to show it. Lines in a blockquote begin with ">".
func stripHTML(s string) string {
	var b strings.Builder
	s = strings.NewReplacer(quoteBegins, " ", quoteEnds, " ").Replace(s)
	for s != "" {
		text, rest, found := strings.Cut(s, "<")
		b.WriteString(text)
		if !found {
			break
		}
		tag, after, closed := strings.Cut(rest, ">")
		if !closed {
			break
		}
		s = after
		name, _, _ := strings.Cut(strings.ToLower(strings.TrimPrefix(tag[:min(len(tag), 16)], "/")), " ")
		switch strings.TrimSuffix(name, "/") {
		case "style", "script", "head", "title":
			if tag[0] != '/' {
				s = skipElement(s, "</"+name)
			}
		case "br", "p", "div", "tr", "li", "h1", "h2", "h3", "table":
			b.WriteByte('\n')
		case "blockquote":
			if tag[0] == '/' {
				b.WriteString("\n" + quoteEnds)
			} else {
				b.WriteString("\n" + quoteBegins)
			}
		}
	}
	lines := strings.Split(html.UnescapeString(b.String()), "\n")
	kept := lines[:0]
	depth := 0
	for _, line := range lines {
		if strings.HasPrefix(line, quoteBegins) {
			line = line[1:]
			depth++
		} else if strings.HasPrefix(line, quoteEnds) {
			line = line[1:]
			depth = max(depth-1, 0)
		}
		if line = strings.Join(strings.Fields(line), " "); line != "" {
			if depth > 0 {
				line = "> " + line
			}
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

// skipElement returns what follows the end tag, or nothing when the element never ends.
func skipElement(s, endTag string) string {
	for from := 0; ; {
		i := strings.Index(s[from:], "</")
		if i < 0 {
			return ""
		}
		from += i
		if len(s)-from >= len(endTag) && strings.EqualFold(s[from:from+len(endTag)], endTag) {
			return s[from:]
		}
		from += 2
	}
}
