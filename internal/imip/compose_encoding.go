package imip

import (
	"encoding/base64"
	"unicode/utf8"
)

// maxEncodedLine is the longest line of an encoded body, without its CRLF (RFC 2045 §6.7 rule 5, §6.8).
const maxEncodedLine = 76

// softBreak ends a line of quoted-printable that the decoded text does not end (RFC 2045 §6.7 rule 5).
const softBreak = "=\r\n"

const upperHex = "0123456789ABCDEF"

// printable marks the characters that stand for themselves in quoted-printable wherever they are (RFC 2045 §6.7 rule 2).
var printable = func() (table [256]bool) {
	for c := '!'; c <= '~'; c++ {
		table[c] = c != '='
	}
	return table
}()

// appendQuotedPrintable encodes a text (RFC 2045 §6.7), beginning at the start of a line. Every kind of line break becomes CRLF.
// Neither "=_" nor a bare CR or LF is ever in what it writes.
func appendQuotedPrintable(dst, text []byte) []byte {
	column := 0
	for i := 0; i < len(text); {
		run := i // of characters that need no look around them
		for run < len(text) && run-i < maxEncodedLine-1-column && printable[text[run]] {
			run++
		}
		if run > i {
			dst = append(dst, text[i:run]...)
			column += run - i
			i = run
			continue
		}
		c := text[i]
		i++
		if c == '\r' || c == '\n' {
			if c == '\r' && i < len(text) && text[i] == '\n' {
				i++
			}
			dst = append(dst, "\r\n"...)
			column = 0
			continue
		}
		atEnd := i == len(text) || text[i] == '\r' || text[i] == '\n'
		literal := printable[c] || (c == ' ' || c == '\t') && !atEnd // §6.7 rule 3
		width := 3
		if literal {
			width = 1
		}
		if room := maxEncodedLine - column; width > room || width == room && !atEnd { // the last column is for the soft break
			dst = append(dst, softBreak...)
			column = 0
		}
		if literal {
			dst = append(dst, c)
		} else {
			dst = append(dst, '=', upperHex[c>>4], upperHex[c&15])
		}
		column += width
	}
	return dst
}

// base64Line is how many octets one line of base64 holds.
const base64Line = maxEncodedLine / 4 * 3

// appendBase64 encodes a body in lines (RFC 2045 §6.8). It ends with CRLF.
func appendBase64(dst, body []byte) []byte {
	for len(body) > base64Line {
		dst = base64.StdEncoding.AppendEncode(dst, body[:base64Line])
		dst = append(dst, "\r\n"...)
		body = body[base64Line:]
	}
	dst = base64.StdEncoding.AppendEncode(dst, body)
	return append(dst, "\r\n"...)
}

// appendEscapedHTML writes a text as HTML text or as a quoted attribute's value.
func appendEscapedHTML(dst []byte, text string) []byte {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '&':
			dst = append(dst, "&amp;"...)
		case '<':
			dst = append(dst, "&lt;"...)
		case '>':
			dst = append(dst, "&gt;"...)
		case '"':
			dst = append(dst, "&quot;"...)
		case '\'':
			dst = append(dst, "&#39;"...)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// cutText shortens a text to at most limit octets, between characters, with an ellipsis that counts.
func cutText(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	const ellipsis = "…"
	cut := max(limit-len(ellipsis), 0)
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + ellipsis
}

// cutRunes shortens a text to at most limit characters, with an ellipsis that counts.
func cutRunes(text string, limit int) string {
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	n := 0
	for i := range text {
		if n == limit-1 {
			return text[:i] + "…"
		}
		n++
	}
	return text
}
