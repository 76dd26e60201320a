package ical

import (
	"strings"
	"unicode/utf8"
)

// EscapeText writes a text as a TEXT value (RFC 5545 §3.3.11): backslash, semicolon and comma are escaped, every kind of line
// break becomes \n, other control characters but the tab are dropped, and bytes that are not UTF-8 become U+FFFD.
func EscapeText(s string) string {
	if !needsEscape(s) {
		return s
	}
	return string(AppendText(make([]byte, 0, len(s)+len(s)/8+8), s))
}

// AppendText appends EscapeText(s) to dst.
func AppendText(dst []byte, s string) []byte {
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '\\' || c == ';' || c == ',':
			dst = append(dst, '\\', c)
		case c == '\r':
			if i+1 < len(s) && s[i+1] == '\n' {
				i++
			}
			dst = append(dst, '\\', 'n')
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case isControl(c):
		case c < utf8.RuneSelf:
			dst = append(dst, c)
		default:
			r, size := utf8.DecodeRuneInString(s[i:])
			dst = utf8.AppendRune(dst, r)
			i += size
			continue
		}
		i++
	}
	return dst
}

func needsEscape(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c == '\\' || c == ';' || c == ',' || c == '\n' || c == '\r' || isControl(c) {
			return true
		}
	}
	return !utf8.ValidString(s)
}

// UnescapeText reads a TEXT value (RFC 5545 §3.3.11). A backslash before any other character stays as written.
func UnescapeText(s string) string {
	i := strings.IndexByte(s, '\\')
	if i < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i >= 0 && i+1 < len(s) {
		b.WriteString(s[:i])
		switch c := s[i+1]; c {
		case 'n', 'N':
			b.WriteByte('\n')
		case '\\', ';', ',':
			b.WriteByte(c)
		default:
			b.WriteString(s[i : i+2])
		}
		s = s[i+2:]
		i = strings.IndexByte(s, '\\')
	}
	b.WriteString(s)
	return b.String()
}

// SplitText reads a list of TEXT values, such as CATEGORIES: split at commas that are not escaped, each unescaped.
func SplitText(s string) []string {
	var all []string
	start := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case ',':
			all = append(all, UnescapeText(s[start:i]))
			start = i + 1
		}
	}
	return append(all, UnescapeText(s[start:]))
}

// CleanParam makes a text safe as a parameter value (RFC 5545 §3.1: QSAFE-CHAR): a double quote, which cannot be written,
// becomes an apostrophe; a line break becomes a space; other control characters but the tab are dropped.
func CleanParam(s string) string {
	clean := true
	for i := 0; i < len(s); i++ {
		if c := s[i]; c == '"' || c < ' ' && c != '\t' || c == 0x7f {
			clean = false
			break
		}
	}
	if clean && utf8.ValidString(s) {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			b = append(b, '\'')
		case c == '\n' || c == '\r':
			if c != '\n' || i == 0 || s[i-1] != '\r' {
				b = append(b, ' ')
			}
		case isControl(c):
		default:
			b = append(b, c)
		}
	}
	return strings.ToValidUTF8(string(b), "\uFFFD")
}

// isControl reports a control character that no value may hold (RFC 5545 §3.1: CONTROL; line breaks are the caller's matter).
func isControl(c byte) bool { return c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0x7f }

// stripControls drops every control character but the tab.
func stripControls(s string) string {
	dirty := false
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			dirty = true
			break
		}
	}
	if !dirty {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f {
			return -1
		}
		return r
	}, s)
}
