package ical

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
)

// DecodeText turns the bytes of a calendar into UTF-8 without byte order mark. charset is the label from the Content-Type, or
// "". used is what it was read as: "ascii" when no byte needed a charset, "utf-8", or the charset's name in lower case.
//
// A byte order mark wins over the label, and valid UTF-8 wins over a single-byte label or none, for such labels are often
// wrong. Folds that cut a character in two are undone before decoding (RFC 5545 §3.1 folds octets, not characters). Text that
// is not what it claims to be is read as Windows-1252, or, when most of it is UTF-8, with U+FFFD for what is not.
func DecodeText(data []byte, charset string) (text []byte, used string) {
	charset = strings.ToLower(strings.Trim(charset, " \t\"'"))
	switch {
	case bytes.HasPrefix(data, []byte("\xEF\xBB\xBF")):
		for bytes.HasPrefix(data, []byte("\xEF\xBB\xBF")) {
			data = data[3:]
		}
		text, _ = decodeUTF8(data)
		return text, "utf-8"
	case bytes.HasPrefix(data, []byte("\xFF\xFE")):
		return decodeWith(unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM), data), "utf-16le"
	case bytes.HasPrefix(data, []byte("\xFE\xFF")):
		return decodeWith(unicode.UTF16(unicode.BigEndian, unicode.ExpectBOM), data), "utf-16be"
	}
	switch utf16Guess(data) {
	case "utf-16le":
		return decodeWith(unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), data), "utf-16le"
	case "utf-16be":
		return decodeWith(unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), data), "utf-16be"
	}
	declared, name := lookup(charset)
	if isASCII(data) && (declared == nil || name != "iso-2022-jp") {
		return data, "ascii"
	}
	if declared == nil || isSingleByte(declared) {
		if text, ok := decodeUTF8(data); ok {
			return text, "utf-8"
		}
	}
	if declared != nil && !strings.HasPrefix(name, "utf-16") {
		return decodeWith(declared, unfoldBytes(data)), name
	}
	if mostlyUTF8(data) {
		return bytes.ToValidUTF8(unfoldBytes(data), []byte("\uFFFD")), "utf-8"
	}
	return decodeWith(charmap.Windows1252, unfoldBytes(data)), "windows-1252"
}

// lookup finds a charset by its label. UTF-8, US-ASCII and unknown labels give nil: they are left to be seen in the bytes.
func lookup(charset string) (encoding.Encoding, string) {
	switch charset {
	case "", "utf-8", "utf8", "us-ascii", "ascii":
		return nil, ""
	}
	e, err := htmlindex.Get(charset)
	if err != nil || e == unicode.UTF8 || e == encoding.Replacement {
		return nil, ""
	}
	name, err := htmlindex.Name(e)
	if err != nil {
		return nil, ""
	}
	if charset == "iso-8859-1" && name == "windows-1252" {
		name = charset // WHATWG reads it as its superset, but the sender's word is the one to show
	}
	return e, name
}

func isSingleByte(e encoding.Encoding) bool {
	_, ok := e.(*charmap.Charmap)
	return ok
}

// decodeUTF8 reports whether data is UTF-8, if need be after unfolding.
func decodeUTF8(data []byte) ([]byte, bool) {
	if utf8.Valid(data) {
		return data, true
	}
	if unfolded := unfoldBytes(data); utf8.Valid(unfolded) {
		return unfolded, true
	}
	return bytes.ToValidUTF8(unfoldBytes(data), []byte("\uFFFD")), false
}

// mostlyUTF8 reports whether more characters than bytes in error are found when data is read as UTF-8.
func mostlyUTF8(data []byte) bool {
	good, bad := 0, 0
	for data := unfoldBytes(data); len(data) > 0; {
		r, size := utf8.DecodeRune(data)
		switch {
		case r == utf8.RuneError && size == 1:
			bad++
		case size > 1:
			good++
		}
		data = data[size:]
	}
	return good > bad
}

// unfoldBytes removes folds: a line break and the space or tab after it.
func unfoldBytes(data []byte) []byte {
	unfolded := make([]byte, 0, len(data))
	for i := 0; i < len(data); {
		if c := data[i]; c == '\r' || c == '\n' {
			end := i
			for end < len(data) && data[end] == '\r' {
				end++
			}
			if end < len(data) && data[end] == '\n' {
				end++
			}
			if end < len(data) && (data[end] == ' ' || data[end] == '\t') {
				i = end + 1
				continue
			}
			unfolded = append(unfolded, data[i:end]...)
			i = end
			continue
		}
		unfolded = append(unfolded, data[i])
		i++
	}
	return unfolded
}

// decodeWith never fails: what cannot be decoded becomes U+FFFD.
func decodeWith(e encoding.Encoding, data []byte) []byte {
	text, err := e.NewDecoder().Bytes(data)
	if err != nil {
		return bytes.ToValidUTF8(data, []byte("\uFFFD"))
	}
	return text
}

// utf16Guess recognises UTF-16 without a byte order mark by the NULs beside the first letters.
func utf16Guess(data []byte) string {
	if len(data) < 8 || len(data)%2 != 0 {
		return ""
	}
	switch {
	case data[0] != 0 && data[1] == 0 && data[2] != 0 && data[3] == 0 && data[5] == 0 && data[7] == 0:
		return "utf-16le"
	case data[0] == 0 && data[1] != 0 && data[2] == 0 && data[3] != 0 && data[4] == 0 && data[6] == 0:
		return "utf-16be"
	}
	return ""
}

func isASCII(data []byte) bool {
	for _, c := range data {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
