package asl

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// csvReader reads rows of CSV by the rules of ItemReader: quotes protect delimiters and line ends, "" in them is a
// quote, and a backslash escapes a backslash, a quote or the delimiter and is dropped before anything else.
// https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
type csvReader struct {
	in        *bufio.Reader
	delimiter byte
	line      int // where the row began that was read last, from 1
	next      int // lines read so far
}

func newCSVReader(in io.Reader, delimiter byte) *csvReader {
	return &csvReader{in: bufio.NewReaderSize(in, 64<<10), delimiter: delimiter}
}

// row returns the fields of the next row that is not empty, and io.EOF after the last one.
func (r *csvReader) row() ([]string, error) {
	for {
		r.line = r.next + 1
		fields, err := r.fields()
		if err != nil || fields != nil {
			return fields, err
		}
	}
}

// fields reads one row; nil for an empty line.
func (r *csvReader) fields() ([]string, error) {
	var fields []string
	var field []byte
	read, quoted, begun := 0, false, false // bytes of the row; inside quotes; the field has begun
	for {
		c, err := r.in.ReadByte()
		switch {
		case errors.Is(err, io.EOF) && quoted:
			return nil, fmt.Errorf("line %d: a quote is not closed", r.line)
		case errors.Is(err, io.EOF) && read == 0:
			return nil, io.EOF
		case errors.Is(err, io.EOF):
			return append(fields, string(field)), nil
		case err != nil:
			return nil, err
		}
		if read++; read > maxItem {
			return nil, fmt.Errorf("line %d: the row is longer than %d bytes", r.line, maxItem)
		}
		switch {
		case c == '\n':
			r.next++
			switch {
			case quoted:
				field = append(field, c)
			case fields == nil && !begun:
				return nil, nil
			default:
				return append(fields, string(field)), nil
			}
		case c == '\r' && !quoted && r.peek() == '\n':
		case c == '\\':
			if escaped := r.peek(); escaped == '\\' || escaped == '"' || escaped == r.delimiter {
				field, begun = append(field, escaped), true
				r.skip()
			}
		case quoted && c == '"' && r.peek() == '"':
			field = append(field, c)
			r.skip()
		case c == '"' && (quoted || !begun):
			quoted, begun = !quoted, true
		case c == r.delimiter && !quoted:
			fields, field, begun = append(fields, string(field)), field[:0], false
		default:
			field, begun = append(field, c), true
		}
	}
}

// peek returns the byte that comes next; 0 if there is none.
func (r *csvReader) peek() byte {
	next, err := r.in.Peek(1)
	if err != nil {
		return 0
	}
	return next[0]
}

func (r *csvReader) skip() { _, _ = r.in.ReadByte() } // it was peeked at
