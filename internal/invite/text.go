package invite

import (
	"html"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxProdID is the most octets that are kept of a PRODID.
const MaxProdID = 120

// HTML is a text made fit for a page or a mail: escaped, with its line breaks and its web addresses made HTML (spec §3).
func HTML(text string) string {
	var b strings.Builder
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	for text != "" {
		at, length := nextLink(text)
		if length == 0 {
			appendHTML(&b, text)
			break
		}
		appendHTML(&b, text[:at])
		link := html.EscapeString(text[at : at+length])
		b.WriteString(`<a href="` + link + `">` + link + `</a>`)
		text = text[at+length:]
	}
	return b.String()
}

func appendHTML(b *strings.Builder, text string) {
	b.WriteString(strings.ReplaceAll(html.EscapeString(text), "\n", "<br>"))
}

// nextLink finds the first http or https address in the text; length 0 = none.
func nextLink(text string) (at, length int) {
	for from := 0; ; {
		i := strings.Index(text[from:], "://")
		if i < 0 {
			return 0, 0
		}
		i += from
		at = -1
		for _, scheme := range []string{"https", "http"} {
			if start := i - len(scheme); start >= 0 && strings.EqualFold(text[start:i], scheme) && !letterBefore(text, start) {
				at = start
				break
			}
		}
		if from = i + 3; at < 0 {
			continue
		}
		end := from
		for end < len(text) {
			r, size := utf8.DecodeRuneInString(text[end:])
			if unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(`<>"`, r) || r == utf8.RuneError {
				break
			}
			end += size
		}
		end = from + len(strings.TrimRight(text[from:end], ".,;:!?'"))
		if strings.HasSuffix(text[from:end], ")") && !strings.Contains(text[from:end], "(") {
			end--
		}
		if end > from {
			return at, end - at
		}
	}
}

func letterBefore(text string, i int) bool {
	r, _ := utf8.DecodeLastRuneInString(text[:i])
	return i > 0 && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// cut shortens a text to at most limit octets, between characters, and says so with an ellipsis.
func cut(text string, limit int) string {
	text = strings.ToValidUTF8(text, "\ufffd")
	if len(text) <= limit {
		return text
	}
	const ellipsis = "…"
	end := limit - len(ellipsis)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + ellipsis
}

// oneLine is the text without control characters and line breaks.
func oneLine(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			return ' '
		case unicode.IsControl(r):
			return -1
		}
		return r
	}, text))
}
