package bulk

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
)

// decode makes UTF-8 of a list. What is UTF-8 already stays where it is. charset is the label from the Content-Type, or "".
//
// What the bytes say wins over the label, for programs that attach files do not look into them: a byte order mark, the NULs of UTF-16
// without one, and valid UTF-8. Then comes the label, and last Windows-1252, in which Excel writes "CSV" in Western countries.
func decode(body []byte, charset string) *text {
	switch {
	case bytes.HasPrefix(body, []byte("\xef\xbb\xbf")):
		return inPlace(body[3:])
	case bytes.HasPrefix(body, []byte("\xff\xfe")):
		return decodeAs(unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), body[2:])
	case bytes.HasPrefix(body, []byte("\xfe\xff")):
		return decodeAs(unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), body[2:])
	case len(body) >= 4 && body[0] != 0 && body[1] == 0 && body[2] != 0 && body[3] == 0:
		return decodeAs(unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), body)
	case len(body) >= 4 && body[0] == 0 && body[1] != 0 && body[2] == 0 && body[3] != 0:
		return decodeAs(unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), body)
	case utf8.Valid(body):
		return inPlace(body)
	}
	if declared := lookup(charset); declared != nil {
		return decodeAs(declared, body)
	}
	if mostlyUTF8(body) {
		return inPlace(body)
	}
	return decodeAs(charmap.Windows1252, body)
}

// lookup finds an 8-bit or East Asian charset by its label; nil for any other.
func lookup(label string) encoding.Encoding {
	e, err := htmlindex.Get(strings.Trim(label, " \t\"'"))
	if err != nil || e == unicode.UTF8 || e == encoding.Replacement {
		return nil
	}
	if name, err := htmlindex.Name(e); err != nil || strings.HasPrefix(name, "utf-16") {
		return nil
	}
	return e
}

// mostlyUTF8 reports whether more characters than bytes in error are found when body is read as UTF-8.
func mostlyUTF8(body []byte) bool {
	good, bad := 0, 0
	for len(body) > 0 {
		r, size := utf8.DecodeRune(body)
		switch {
		case r == utf8.RuneError && size == 1:
			bad++
		case size > 1:
			good++
		}
		body = body[size:]
	}
	return good > bad
}

// text is a list in UTF-8: a window that moves over it. Bytes in it that are no UTF-8 are left to whoever makes strings of them.
type text struct {
	rest   []byte    // what is decoded and not yet read
	source io.Reader // where the rest of it comes from; nil when there is no more
	buffer []byte    // where rest lies while there is a source
}

func inPlace(body []byte) *text { return &text{rest: body} }

func decodeAs(e encoding.Encoding, body []byte) *text {
	return &text{source: e.NewDecoder().Reader(bytes.NewReader(body)), buffer: make([]byte, 2*(maxRecord+maxCell))}
}

// has reports whether rest holds a byte i, after reading on where need be.
func (t *text) has(i int) bool {
	for i >= len(t.rest) {
		if t.source == nil {
			return false
		}
		used := cap(t.buffer) - cap(t.rest) + len(t.rest) // up to where the buffer is filled
		if len(t.rest) == 0 || used == len(t.buffer) {
			used = copy(t.buffer, t.rest)
			t.rest = t.buffer[:used]
		}
		n, err := t.source.Read(t.buffer[used:])
		t.rest = t.rest[:len(t.rest)+n]
		if err != nil { // the end: a decoder replaces what it cannot read, and the bytes are in memory
			t.source = nil
		}
	}
	return true
}

// skip moves on by n bytes of rest.
func (t *text) skip(n int) { t.rest = t.rest[n:] }
