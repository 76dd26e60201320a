package imip

import (
	"encoding/base64"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
)

// Longest texts that composed headers take, in characters.
const (
	maxSubject = 200 // field rule 45
	maxName    = 100
)

// cleanLine makes any text one line: control characters, line breaks of every kind and directional marks become at most one
// space, ends are trimmed. It is what stands between values from outside and header lines (field rule 45).
func cleanLine(text string) string {
	clean := true
	for i := 0; i < len(text); i++ {
		if c := text[i]; c < ' ' || c >= 0x7f || c == ' ' && (i == 0 || i+1 == len(text) || text[i+1] == ' ') {
			clean = false
			break
		}
	}
	if clean {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	space := false
	for _, r := range text {
		switch {
		case unicode.IsSpace(r) || unicode.IsControl(r) || isDirectional(r):
			space = true
			continue
		case space && b.Len() > 0:
			b.WriteByte(' ')
		}
		space = false
		b.WriteRune(r) // what is not UTF-8 has become U+FFFD
	}
	return b.String()
}

// isDirectional reports the invisible characters that make a name read backwards: overrides, embeddings and isolates.
func isDirectional(r rune) bool {
	return r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}

// cleanName is a person's or brand's name as headers, CN and greetings show it. A name that holds a link is somebody's
// advertisement and not a name: it is dropped (field rule 42: no text of anonymous callers).
func cleanName(name string) string {
	name = cutRunes(cleanLine(name), maxName)
	if strings.Contains(name, "://") || len(name) >= 4 && containsFold(name, "www.") {
		return ""
	}
	return name
}

func containsFold(text, lower string) bool { return strings.Contains(strings.ToLower(text), lower) }

// checkAddress accepts an addr-spec that may stand in a header and in a mailto: URI: ASCII (RFC 5321 without SMTPUTF8, which SES
// does not offer), at most 254 octets, one @ that parts two non-empty sides, nothing that needs quoting.
func checkAddress(address string) error {
	at := strings.IndexByte(address, '@')
	ok := len(address) <= 254 && at > 0 && at < len(address)-1
	for i := 0; ok && i < len(address); i++ {
		switch c := address[i]; {
		case c <= ' ', c >= 0x7f, strings.IndexByte(`"(),:;<>[\]`, c) >= 0, c == '@' && i != at:
			ok = false
		}
	}
	if !ok {
		return fault.New(fault.InvalidRequest, "bad-address", "The address is not one that mail can be sent to.")
	}
	return nil
}

// appendMailbox writes a mailbox (RFC 5322 §3.4) of a cleaned name and a checked address.
func appendMailbox(dst []byte, name, address string) []byte {
	if name == "" {
		return append(dst, address...)
	}
	start := len(dst)
	dst = appendPhrase(dst, name)
	if len(dst)-start+len(address) > 64 {
		dst = append(dst, "\r\n"...) // RFC 5322 §2.1.1: lines should have 78 characters
	}
	dst = append(dst, " <"...)
	dst = append(dst, address...)
	return append(dst, '>')
}

// appendPhrase writes a display name: a quoted string, or encoded words where it is not ASCII or some readers would decode it again:
// they do so within quoted strings too, although RFC 2047 §5 rule 3 says never.
func appendPhrase(dst []byte, name string) []byte {
	if !asciiOnly(name) || strings.Contains(name, "=?") {
		return appendEncodedWords(dst, name)
	}
	dst = append(dst, '"')
	for i := 0; i < len(name); i++ {
		if c := name[i]; c == '"' || c == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, name[i])
	}
	return append(dst, '"')
}

// appendUnstructured writes a cleaned text as the value of an unstructured field such as Subject, folded (RFC 5322 §2.2.3).
func appendUnstructured(dst []byte, text string) []byte {
	if !asciiOnly(text) || strings.Contains(text, "=?") { // =? would be read as an encoded word
		return appendEncodedWords(dst, text)
	}
	column := 12 // about where a field name ends
	for i, word := range strings.Split(text, " ") {
		if i > 0 {
			if column+1+len(word) > 76 {
				dst = append(dst, "\r\n"...)
				column = 0
			}
			dst = append(dst, ' ')
			column++
		}
		dst = append(dst, word...)
		column += len(word)
	}
	return dst
}

// An encoded word has at most 75 characters (RFC 2047 §2): "=?UTF-8?Q?" and "?=" take 12.
const maxEncodedText = 75 - 12

// appendEncodedWords writes a text as encoded words in UTF-8, one a line, none of which splits a character (RFC 2047 §5). It takes
// the Q encoding where most of the text stays readable in it, else B.
func appendEncodedWords(dst []byte, text string) []byte {
	plain := 0
	for i := 0; i < len(text); i++ {
		if text[i] < utf8.RuneSelf {
			plain++
		}
	}
	write, cost, limit := appendB, octets, maxEncodedText/4*3
	if plain*3 >= len(text)*2 {
		write, cost, limit = appendQ, qWidth, maxEncodedText
	}
	for room := limit - 12; len(text) > 0; room = limit { // the first word shares its line with the field name
		n, used := 0, 0
		for n < len(text) {
			_, size := utf8.DecodeRuneInString(text[n:])
			if used += cost(text[n : n+size]); n > 0 && used > room {
				break
			}
			n += size
		}
		dst = write(dst, text[:n])
		if text = text[n:]; len(text) > 0 {
			dst = append(dst, "\r\n "...)
		}
	}
	return dst
}

func octets(text string) int { return len(text) }

func appendB(dst []byte, text string) []byte {
	dst = append(dst, "=?UTF-8?B?"...)
	dst = base64.StdEncoding.AppendEncode(dst, []byte(text))
	return append(dst, "?="...)
}

func appendQ(dst []byte, text string) []byte {
	dst = append(dst, "=?UTF-8?Q?"...)
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == ' ':
			dst = append(dst, '_')
		case isQLiteral(c):
			dst = append(dst, c)
		default:
			dst = append(dst, '=', upperHex[c>>4], upperHex[c&15])
		}
	}
	return append(dst, "?="...)
}

func qWidth(text string) int {
	width := 0
	for i := 0; i < len(text); i++ {
		if c := text[i]; c == ' ' || isQLiteral(c) {
			width++
		} else {
			width += 3
		}
	}
	return width
}

// isQLiteral reports what may stand for itself in an encoded word anywhere, also in a phrase (RFC 2047 §5 rule 3).
func isQLiteral(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '!' || c == '*' || c == '+' || c == '-' || c == '/'
}

func asciiOnly(text string) bool {
	for i := 0; i < len(text); i++ {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
