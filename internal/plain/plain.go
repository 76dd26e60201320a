// Package plain makes text that strangers wrote fit to be shown: event titles, names, comments.
package plain

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Line is s as a single line of at most limit characters. Control characters, and with them CR and LF, become spaces, so that the line can stand in a mail
// header and in XML; runs of spaces become one. Embeddings, overrides and isolates of text direction go: they make a line show other than
// it says.
func Line(s string, limit int) string {
	return clip(strings.Join(strings.Fields(clean(s, false)), " "), limit)
}

// Lines is like Line but keeps line breaks.
func Lines(s string, limit int) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	return clip(strings.TrimSpace(clean(s, true)), limit)
}

func clean(s string, keepLines bool) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' && keepLines:
			return r
		case r == utf8.RuneError, r == 0xfffe, r == 0xffff: // not text, and the last two not XML either
			return utf8.RuneError
		case unicode.IsControl(r), r == '\u2028', r == '\u2029':
			return ' '
		case r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
			return -1
		}
		return r
	}, s)
}

// clip shortens s to at most limit characters, the last of which is then an ellipsis.
func clip(s string, limit int) string {
	count := 0
	cut := 0
	for i := range s {
		if count == limit-1 {
			cut = i
		}
		if count++; count > limit {
			return strings.TrimRight(s[:cut], " ") + "…"
		}
	}
	return s
}
