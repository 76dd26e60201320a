package imip

import (
	"strings"
	"unicode/utf8"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
)

// decodeWords decodes a header text: encoded words (RFC 2047), also where they are not allowed and where a writer cut a character
// in two between neighbours, and raw 8-bit text. What cannot be decoded stays as it is. It runs in time linear in s.
func decodeWords(s string) string {
	last := strings.LastIndex(s, "?=")
	if last < 0 || !strings.Contains(s, "=?") {
		return decode8bit(s)
	}
	var out strings.Builder
	var pending []byte // bytes of neighbouring words of one charset, decoded together
	charset := ""
	flush := func() {
		if pending != nil {
			out.WriteString(decodeText(pending, charset))
			pending = nil
		}
	}
	plain := 0 // start of the text not yet written
	for pos := 0; pos < last; {
		i := strings.Index(s[pos:last], "=?")
		if i < 0 {
			break
		}
		start := pos + i
		cs, data, end, ok := cutWord(s, start)
		if !ok {
			pos = max(end, start+2)
			continue
		}
		// White space between neighbouring words is not part of the text (RFC 2047 §6.2).
		if between := s[plain:start]; pending == nil || strings.Trim(between, " \t") != "" {
			flush()
			out.WriteString(decode8bit(between))
		} else if cs != charset {
			flush()
		}
		charset = cs
		if pending == nil {
			pending = make([]byte, 0, len(data))
		}
		pending = append(pending, data...)
		pos, plain = end, end
	}
	flush()
	out.WriteString(decode8bit(s[plain:]))
	return out.String()
}

// cutWord reads the encoded word at start. When it is none, end says from where to look on.
func cutWord(s string, start int) (charset string, data []byte, end int, ok bool) {
	const longestCharset = 64
	rest := s[start+2:]
	q := strings.IndexByte(rest[:min(len(rest), longestCharset)], '?')
	if q <= 0 || q+2 >= len(rest) || rest[q+2] != '?' {
		return "", nil, 0, false
	}
	charset, _, _ = strings.Cut(strings.ToLower(rest[:q]), "*") // a language may follow (RFC 2231 §5)
	text := rest[q+3:]
	stop := strings.Index(text, "?=")
	if stop < 0 {
		return "", nil, 0, false
	}
	end = start + 2 + q + 3 + stop + 2
	text = text[:stop]
	switch rest[q+1] {
	case 'b', 'B':
		return charset, decodeBase64([]byte(text)), end, true
	case 'q', 'Q':
		return charset, decodeQ(text), end, true
	}
	return "", nil, 0, false
}

// decodeQ undoes the Q encoding (RFC 2047 §4.2).
func decodeQ(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '_':
			out = append(out, ' ')
			continue
		case s[i] == '=' && i+2 < len(s):
			if hi, lo := unhex(s[i+1]), unhex(s[i+2]); hi >= 0 && lo >= 0 {
				out = append(out, byte(hi<<4|lo))
				i += 2
				continue
			}
		}
		out = append(out, s[i])
	}
	return out
}

// decode8bit makes raw 8-bit header text valid UTF-8 (RFC 6532 says UTF-8; older software wrote its own code page).
func decode8bit(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return decodeText([]byte(s), "")
}

// decodeText converts bytes of the named charset to valid UTF-8.
func decodeText(data []byte, charset string) string {
	text, _ := ical.DecodeText(data, charset)
	return strings.ToValidUTF8(string(text), "\uFFFD")
}
