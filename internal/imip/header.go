package imip

import (
	"bytes"
	"strings"
)

// Header is a header block as it was received: all fields, in order, duplicates included.
type Header []Field

// Field is one header field.
type Field struct {
	Name  string // as written
	value []byte // after the colon, folded as it was
}

// Get returns the unfolded value of the first field of the name, in any case; empty when there is none.
// Encoded words stay encoded; see Text.
func (h Header) Get(name string) string {
	if f := h.find(name); f != nil {
		return f.Value()
	}
	return ""
}

// Text returns the first field of the name with encoded words and raw 8-bit text decoded to UTF-8 (RFC 2047).
func (h Header) Text(name string) string { return decodeWords(h.Get(name)) }

// Has reports whether there is a field of the name.
func (h Header) Has(name string) bool { return h.find(name) != nil }

// Values returns the unfolded values of all fields of the name.
func (h Header) Values(name string) []string {
	var values []string
	for i := range h {
		if strings.EqualFold(h[i].Name, name) {
			values = append(values, h[i].Value())
		}
	}
	return values
}

func (h Header) find(name string) *Field {
	for i := range h {
		if len(h[i].Name) == len(name) && strings.EqualFold(h[i].Name, name) {
			return &h[i]
		}
	}
	return nil
}

// Value is the field's value in one line. A fold becomes one space (RFC 5322 §2.2.3); space at the end is the writer's and stays.
func (f *Field) Value() string {
	v := bytes.TrimLeft(f.value, " \t\r\n")
	if bytes.IndexByte(v, '\n') < 0 {
		return string(bytes.TrimRight(v, "\r"))
	}
	var b strings.Builder
	b.Grow(len(v))
	for len(v) > 0 {
		line, rest, _ := bytes.Cut(v, newline)
		b.Write(bytes.TrimRight(line, "\r"))
		if v = bytes.TrimLeft(rest, " \t\r"); len(v) > 0 {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

var newline = []byte{'\n'}

// readHeader splits a header block from the body that follows it. It never fails: a line that cannot be a field ends the block,
// as if the empty line before the body had been forgotten. complete is false when a limit cut the block short.
func readHeader(data []byte, lim Limits) (h Header, body []byte, complete bool) {
	complete = true
	h = make(Header, 0, 8)
	for pos := 0; pos < len(data); {
		line, next := cutLine(data, pos)
		if len(line) == 0 {
			return h, data[next:], complete
		}
		end := next
		for end < len(data) && (data[end] == ' ' || data[end] == '\t') { // folded (RFC 5322 §2.2.3)
			_, end = cutLine(data, end)
		}
		colon := fieldNameEnd(line)
		switch {
		case colon < 0 && (bytes.HasPrefix(line, []byte("From ")) || bytes.HasPrefix(line, []byte(">From "))):
			// QUIRK: the separator line of a mailbox file, left on top of a message
		case colon < 0 && len(h) == 0 && (line[0] == ' ' || line[0] == '\t'):
			// QUIRK: a continuation of nothing, such as an indented first line
			end = next
		case colon < 0:
			return h, data[pos:], complete
		case end > lim.HeaderBytes || len(h) >= lim.HeaderFields:
			complete = false
		default:
			value := data[pos+colon+1 : end]
			name := bytes.TrimRight(line[:colon], " \t")
			h = append(h, Field{Name: fieldName(name), value: bytes.TrimRight(value, "\r\n")})
		}
		pos = end
	}
	return h, nil, complete
}

// cutLine returns the line that starts at pos without its line end, and where the next one starts. CR LF, LF, and a doubled CR
// before LF all end a line.
func cutLine(data []byte, pos int) (line []byte, next int) {
	if i := bytes.IndexByte(data[pos:], '\n'); i >= 0 {
		line, next = data[pos:pos+i], pos+i+1
	} else {
		line, next = data[pos:], len(data)
	}
	return bytes.TrimRight(line, "\r"), next
}

// fieldNameEnd returns the position of the colon that ends a field name, or -1 when the line is no header field. Space before
// the colon is obsolete syntax that must be read (RFC 5322 §4.5).
func fieldNameEnd(line []byte) int {
	for i, c := range line {
		switch {
		case c == ':' && i > 0:
			return i
		case c == ' ' || c == '\t':
			rest := bytes.TrimLeft(line[i:], " \t")
			if i > 0 && len(rest) > 0 && rest[0] == ':' {
				return len(line) - len(rest)
			}
			return -1
		case c <= ' ' || c >= 0x7f || c == ':':
			return -1
		}
	}
	return -1
}

// fieldName is string(name) without an allocation for the names that every message has.
func fieldName(name []byte) string {
	switch string(name) {
	case "Content-Type":
		return "Content-Type"
	case "Content-Transfer-Encoding":
		return "Content-Transfer-Encoding"
	case "Content-Disposition":
		return "Content-Disposition"
	case "Received":
		return "Received"
	case "From":
		return "From"
	case "To":
		return "To"
	case "Subject":
		return "Subject"
	case "Date":
		return "Date"
	case "Message-ID":
		return "Message-ID"
	case "MIME-Version":
		return "MIME-Version"
	}
	return string(name)
}
