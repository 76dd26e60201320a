package page

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/calendarinvite/calendarinviteserver/internal/brand"
)

// Limits on the links in a text of strangers. One that is longer, or comes later, is shown as text: a tracker's address is no reading, and a page
// full of links is spam.
const (
	maxLink  = 120 // octets
	maxLinks = 20
)

// run is a stretch of a text: a link where href is set.
type run struct{ text, href string }

// runsOf finds the http and https links in a text, which stand between spaces; punctuation around them is text. There is at least one run.
func runsOf(text string) []run {
	runs := []run{{}}
	links := 0
	plain := func(s string) {
		if last := &runs[len(runs)-1]; last.href == "" {
			last.text += s
		} else if s != "" {
			runs = append(runs, run{text: s})
		}
	}
	begin := 0 // of what is not in runs yet
	for at := 0; at < len(text) && links < maxLinks; {
		space, size := utf8.DecodeRuneInString(text[at:])
		if unicode.IsSpace(space) {
			at += size
			continue
		}
		end := len(text)
		if next := strings.IndexFunc(text[at:], unicode.IsSpace); next >= 0 {
			end = at + next
		}
		if before, link := linkIn(text[at:end]); link != "" {
			plain(text[begin : at+before])
			runs = append(runs, run{text: link, href: link})
			begin = at + before + len(link)
			links++
		}
		at = end
	}
	plain(text[begin:])
	if runs[0].text == "" && len(runs) > 1 {
		return runs[1:]
	}
	return runs
}

// linkIn is the link in a word, without the punctuation around it, and how many octets stand before it; "" = none.
func linkIn(word string) (before int, link string) {
	before = len(word) - len(strings.TrimLeft(word, `(<["'`))
	link = strings.TrimRight(word[before:], punctuation)
	for strings.HasSuffix(link, ")") && len(link) <= 2*maxLink && strings.Count(link, ")") > strings.Count(link, "(") {
		link = strings.TrimRight(strings.TrimSuffix(link, ")"), punctuation)
	}
	if len(link) > maxLink || strings.ContainsAny(link, `<>"`) || brand.CheckURL(link) != nil {
		return 0, ""
	}
	return before, link
}

// punctuation is what stands behind a link and is seldom part of it.
const punctuation = `.,;:!?'">]`
