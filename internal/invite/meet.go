package invite

import (
	"strings"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
	goical "github.com/emersion/go-ical"
)

// meetMark begins and ends the block that Google Calendar puts into DESCRIPTION: a line of "-::~:~::~:~:...:~::~:~::-" (field rule 27).
const (
	meetMark    = "-::~:~::~"
	meetMarkEnd = "~::~:~::-"
)

// meetLinks replaces Google's block in all descriptions by one join link. The block also holds "View your event at ..." with a
// token of the guest whom Google wrote to, which must not travel on.
func meetLinks(c *ical.Calendar) {
	for _, e := range c.Events() {
		for _, name := range []string{goical.PropDescription, "X-ALT-DESC"} {
			for i, p := range e.Props[name] {
				text := ical.UnescapeText(p.Value)
				short, found := withoutMeetBlock(text, e.Text("X-GOOGLE-CONFERENCE"))
				if !found {
					continue
				}
				p.Value = ical.EscapeText(short)
				changed := append([]goical.Prop(nil), e.Props[name]...)
				changed[i] = p
				e.Props[name] = changed
			}
		}
	}
}

// withoutMeetBlock is the text with the block replaced by its join link; conference is what to join where the block names nothing.
func withoutMeetBlock(text, conference string) (string, bool) {
	start := strings.Index(text, meetMark)
	if start < 0 {
		return text, false
	}
	before, block := text[:start], text[start:]
	after := ""
	if first := strings.Index(block, meetMarkEnd); first >= 0 {
		first += len(meetMarkEnd)
		if last := strings.Index(block[first:], meetMarkEnd); last >= 0 {
			end := first + last + len(meetMarkEnd)
			block, after = block[:end], block[end:]
		}
	}
	before, after = strings.TrimSpace(before), strings.TrimSpace(after)
	link := joinLink(block)
	if link == "" {
		link = strings.TrimSpace(conference)
	}
	if link != "" && (strings.Contains(before, link) || strings.Contains(after, link)) {
		link = ""
	}
	var parts []string
	for _, part := range []string{before, link, after} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, "\n\n"), true
}

// joinLink is the first address in the block that is a place to join, not a page of Google's about the event.
func joinLink(block string) string {
	for block != "" {
		at, length := nextLink(block)
		if length == 0 {
			return ""
		}
		link := block[at : at+length]
		if rest := link[strings.Index(link, "://")+3:]; !strings.HasPrefix(rest, "calendar.google.com/") && !strings.HasPrefix(rest, "www.google.com/calendar") &&
			!strings.HasPrefix(rest, "support.google.com/") && !strings.HasPrefix(rest, "tel.meet/") {
			return link
		}
		block = block[at+length:]
	}
	return ""
}
