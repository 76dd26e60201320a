package bulk

import "bytes"

// Limits on what is held in memory. The reader needs room for a record and a cell.
const (
	maxCell   = 64 << 10
	maxRecord = 256 << 10
)

// record is a row of a CSV file. Its cells are valid until the next one is looked at.
type record struct {
	cells   [][]byte
	problem string // see Row.Problem; the cells are those before it
	size    int    // bytes that the record takes up
	cut     bool   // and the rest of the line in which they end
}

// cell says where in the text a cell lies.
type cell struct {
	start, end int
	tail       int  // up to where the text after the closing quote goes
	doubled    bool // it holds doubled quotes
}

// scanner reads records as spreadsheets do (RFC 4180, and what is no RFC 4180): a quote at the start of a cell opens, the next one that
// is not doubled closes, and text after that belongs to the cell; a quote elsewhere is text. Lines end with CRLF, LF or CR.
//
// A quote that nobody closes would swallow what follows. It is found by the end of the text, by maxCell, or by the next opening quote,
// which seems to close it and then has text behind it. Then the row is bad, and reading goes on in the line below. The time stays
// linear: what is read again holds no other quote that opens, or the first one would have ended there.
type scanner struct {
	text  *text
	cells []cell
	out   record
	built []byte // cells that are not as they stand in the text
}

// peek is the record at the start of the text, with the delimiter given; nil at the end. It does not move on.
func (s *scanner) peek(comma byte) *record {
	if !s.text.has(0) {
		return nil
	}
	s.cells, s.built = s.cells[:0], s.built[:0]
	s.out = record{cells: s.out.cells[:0]}
	for more := true; more; {
		var c cell
		c, s.out.problem = s.cell(s.out.size, comma)
		if s.out.problem == "" && c.tail > maxRecord {
			s.out.problem = ReasonTooLong
		}
		if s.out.problem == ReasonTooLong {
			s.out.size, s.out.cut = c.tail, true
			break
		}
		s.cells = append(s.cells, c)
		if s.out.problem != "" {
			s.out.size, s.out.cut = c.tail, true
			break
		}
		s.out.size, more = s.pastCell(c.tail, comma)
	}
	if s.out.problem == "" && bytes.IndexByte(s.text.rest[:s.out.size], 0) >= 0 {
		s.out.problem = ReasonNotText
	}
	for _, c := range s.cells {
		s.out.cells = append(s.out.cells, s.value(c))
	}
	return &s.out
}

// next moves on past the record that peek has shown.
func (s *scanner) next() {
	s.text.skip(s.out.size)
	if !s.out.cut {
		return
	}
	for s.text.has(0) { // a line may be longer than what is held of the text
		n := bytes.IndexAny(s.text.rest, "\r\n")
		if n >= 0 {
			s.text.skip(s.pastLine(n))
			return
		}
		s.text.skip(len(s.text.rest))
	}
}

// cell is the cell at that place, without its delimiter. One with a quote that is not closed ends with its line.
func (s *scanner) cell(at int, comma byte) (c cell, problem string) {
	c.start = at
	for at-c.start < maxCell && s.text.has(at) && s.text.rest[at] == ' ' {
		at++
	}
	if !s.text.has(at) || s.text.rest[at] != '"' {
		c.end, problem = s.unquoted(c.start, comma)
		c.tail = c.end
		return c, problem
	}
	c.start = at + 1
	line := -1 // where the cell's first line ends
	for c.end = c.start; ; c.end++ {
		if c.end-c.start > maxCell || !s.text.has(c.end) {
			return cell{c.start, c.end, c.end, c.doubled}.upTo(line), ReasonQuote
		}
		if b := s.text.rest[c.end]; b == '"' {
			if !s.text.has(c.end+1) || s.text.rest[c.end+1] != '"' {
				break
			}
			c.doubled = true
			c.end++
		} else if line < 0 && (b == '\r' || b == '\n') {
			line = c.end
		}
	}
	c.tail, problem = s.unquoted(c.end+1, comma)
	if line >= 0 && len(bytes.Trim(s.text.rest[c.end+1:c.tail], " ")) > 0 {
		return c.upTo(line), ReasonQuote
	}
	return c, problem
}

// upTo is the cell without what comes after that place; all of it where the place is negative.
func (c cell) upTo(place int) cell {
	if place >= 0 {
		c.end, c.tail = place, place
	}
	return c
}

// unquoted is where the text that begins at that place meets a delimiter or the end of the line.
func (s *scanner) unquoted(at int, comma byte) (end int, problem string) {
	for end = at; s.text.has(end); end++ {
		if c := s.text.rest[end]; c == comma || c == '\r' || c == '\n' {
			break
		}
		if end-at > maxCell {
			return end, ReasonTooLong
		}
	}
	return end, ""
}

// pastCell is where the next cell starts, or, when there is none in this record, the next record.
func (s *scanner) pastCell(at int, comma byte) (next int, more bool) {
	if s.text.has(at) && s.text.rest[at] == comma {
		return at + 1, true
	}
	return s.pastLine(at), false
}

// pastLine is where the next line starts, given where this one ends.
func (s *scanner) pastLine(end int) int {
	if s.text.has(end) && s.text.rest[end] == '\r' {
		end++
		if !s.text.has(end) || s.text.rest[end] != '\n' {
			return end
		}
	}
	if s.text.has(end) {
		end++
	}
	return end
}

// value is the text of a cell.
func (s *scanner) value(c cell) []byte {
	inner := s.text.rest[c.start:c.end]
	if !c.doubled && c.tail <= c.end+1 {
		return inner
	}
	from := len(s.built)
	for {
		before, after, quote := bytes.Cut(inner, []byte(`""`))
		s.built = append(s.built, before...)
		if !quote || !c.doubled {
			break
		}
		s.built, inner = append(s.built, '"'), after
	}
	if c.tail > c.end {
		s.built = append(s.built, s.text.rest[c.end+1:c.tail]...)
	}
	return s.built[from:]
}
