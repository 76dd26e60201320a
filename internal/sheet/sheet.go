// Package sheet writes CSV files that people open in a spreadsheet, with text of strangers in them.
package sheet

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ErrClosed is what Write answers after Close.
var ErrClosed = errors.New("sheet: closed")

// Writer writes a CSV file as RFC 4180 has it: commas, CRLF, quotes where they are needed. It starts with a byte order mark, because
// Excel takes a file without one for the local 8-bit charset. Every cell goes through Escape. It holds a few kilobytes, however
// long the file becomes.
type Writer struct {
	out     *bufio.Writer
	columns int
	line    []byte
	err     error
}

// NewWriter starts a file with a header line. What goes wrong with that, the next Write or Close says.
func NewWriter(w io.Writer, header ...string) *Writer {
	s := &Writer{out: bufio.NewWriter(w), columns: len(header)}
	_, s.err = s.out.WriteString("\xef\xbb\xbf")
	if s.err == nil {
		s.err = s.Write(header...)
	}
	return s
}

// Write adds a line: one cell for each column of the header. Cells of digits alone, such as counts, stay numbers. After an error every
// call returns that error.
func (w *Writer) Write(cells ...string) error {
	if w.err != nil {
		return w.err
	}
	if len(cells) != w.columns {
		return fmt.Errorf("sheet: %d cells for %d columns", len(cells), w.columns)
	}
	w.line = w.line[:0]
	for i, cell := range cells {
		if i > 0 {
			w.line = append(w.line, ',')
		}
		w.line = appendCell(w.line, Escape(strings.ToValidUTF8(cell, "\uFFFD")), w.columns == 1)
	}
	w.line = append(w.line, "\r\n"...)
	_, w.err = w.out.Write(w.line)
	return w.err
}

// Close writes what is left. It does not close the io.Writer below.
func (w *Writer) Close() error {
	if w.err != nil {
		return w.err
	}
	err := w.out.Flush()
	w.err = ErrClosed
	if err != nil {
		w.err = err
	}
	return err
}

// appendCell adds a cell, quoted where a comma, a quote, a line break, a delimiter of another locale's spreadsheet or a space at an end
// asks for it (RFC 4180 §2). A line of one empty cell would be an empty line, which readers skip: it is quoted as well.
func appendCell(line []byte, cell string, alone bool) []byte {
	if !strings.ContainsAny(cell, "\",;|\t\r\n") && strings.Trim(cell, " ") == cell && (cell != "" || !alone) {
		return append(line, cell...)
	}
	line = append(line, '"')
	for {
		before, after, quote := strings.Cut(cell, `"`)
		line = append(line, before...)
		if !quote {
			return append(line, '"')
		}
		line, cell = append(line, `""`...), after
	}
}
