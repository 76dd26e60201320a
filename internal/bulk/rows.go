package bulk

import (
	"bytes"
	"io"
	"strings"
	"unicode"

	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/plain"
	"github.com/calendarinvite/calendarinviteserver/internal/sheet"
)

// maxName is the most characters of a name that are kept.
const maxName = 100

// Options are what the mail says about a list in it.
type Options struct {
	UID     string // of the event that rows are for which name none; "" when the mail does not say
	Charset string // the label in the part's Content-Type; "" when there is none
	Added   int    // rows at the top that the sender does not see, so that they are not counted (Pasted)
}

// Reader reads the rows of a list one after the other.
type Reader struct {
	scanner scanner
	comma   byte
	columns columns
	uid     string
	number  int // of the last record
	rows    int
}

// Rows starts to read a list: the decoded body of a mail's part, which must not be changed afterwards. It finds out the charset, the
// delimiter (comma, semicolon, tab or bar; Excel's line "sep=" counts) and, by the names in the first row that is not empty, or in one soon
// after it, the columns; only a list of nothing but addresses needs no such row. Faults InvalidRequest: ReasonEmptyList, ReasonNotText,
// ReasonNoHeader, ReasonNoEvent.
func Rows(body []byte, o Options) (*Reader, error) {
	if workbook(body) {
		return nil, refuse(ReasonSpreadsheet)
	}
	r := &Reader{scanner: scanner{text: decode(body, o.Charset)}, uid: o.UID, number: -o.Added}
	commas := ",;\t|"
	if comma := r.separatorLine(); comma != 0 {
		commas = string(rune(comma))
	}
	for {
		r.comma = commas[0]
		first := r.scanner.peek(r.comma)
		if first == nil {
			return nil, refuse(ReasonEmptyList)
		}
		if first.problem == ReasonNotText {
			return nil, refuse(ReasonNotText)
		}
		if first.problem != "" || !blank(first.cells) {
			break
		}
		r.next()
	}
	switch {
	case r.findColumns(commas):
		r.scanner.peek(r.comma)
		r.next()
	case r.onlyAddresses():
		r.columns = noColumns
		r.columns.email = 0
	case r.findHeader(commas):
		r.scanner.peek(r.comma)
		r.next()
	default:
		return nil, refuse(ReasonNoHeader)
	}
	if r.columns.uid < 0 && r.uid == "" {
		return nil, refuse(ReasonNoEvent)
	}
	return r, nil
}

// separatorLine reads a first line like "sep=;", which Excel writes and does not show; 0 when there is none.
func (r *Reader) separatorLine() (comma byte) {
	const longest = len("\"sep=;\"\r\n")
	t := r.scanner.text
	t.has(longest - 1)
	line := t.rest[:min(longest, len(t.rest))]
	end := bytes.IndexAny(line, "\r\n")
	if end < 0 {
		return 0
	}
	setting := bytes.Trim(line[:end], `"`)
	if len(setting) != len("sep=;") || !bytes.EqualFold(setting[:4], []byte("sep=")) {
		return 0
	}
	t.skip(r.scanner.pastLine(end))
	return setting[4]
}

// findColumns chooses the delimiter that makes most sense of the header.
func (r *Reader) findColumns(commas string) bool {
	r.columns = noColumns
	most, widest := 0, 0
	for _, comma := range []byte(commas) {
		header := r.scanner.peek(comma)
		c := readHeader(header.cells)
		if n, width := c.known(), len(header.cells); n > most || n == most && width > widest {
			most, widest = n, width
			r.comma, r.columns = comma, c
		}
	}
	return r.columns.email >= 0
}

// maxPreamble is in how many records above a header something else may stand: the notes of LinkedIn, the table's name of Numbers, the
// meeting's of Zoom.
const maxPreamble = 10

// findHeader moves on to the first of the next records that is a header; false when none is.
func (r *Reader) findHeader(commas string) bool {
	for range maxPreamble {
		r.next()
		if r.scanner.peek(r.comma) == nil {
			return false
		}
		if r.findColumns(commas) {
			return true
		}
	}
	return false
}

// onlyAddresses reports whether the row, instead of a header, is an address and nothing else.
func (r *Reader) onlyAddresses() bool {
	first := r.scanner.peek(r.comma)
	if first == nil || first.problem != "" || len(first.cells) == 0 || !blank(first.cells[1:]) {
		return false
	}
	email, _ := splitMailbox(cellText(first.cells[0]))
	_, err := invite.ParseAddress(email)
	return err == nil
}

// next moves on to the next record.
func (r *Reader) next() {
	r.scanner.next()
	r.number++
}

// Next is the next row that is not empty; io.EOF after the last one. ReasonTooManyRows is a fault InvalidRequest.
func (r *Reader) Next() (Row, error) {
	for {
		record := r.scanner.peek(r.comma)
		if record == nil {
			return Row{}, io.EOF
		}
		if record.problem == "" && blank(record.cells) {
			r.next()
			continue
		}
		if r.rows++; r.rows > MaxRows {
			return Row{}, refuse(ReasonTooManyRows)
		}
		row := r.row(record)
		r.next()
		row.Number = r.number
		return row, nil
	}
}

// row is what a record says.
func (r *Reader) row(record *record) Row {
	value := func(column int) string {
		if column < 0 || column >= len(record.cells) {
			return ""
		}
		return cellText(record.cells[column])
	}
	row := Row{UID: value(r.columns.uid), Name: value(r.columns.name), Problem: record.problem}
	if row.UID == "" || r.uid != "" && r.columns.foreign && !invite.LooksLikeUID(row.UID) {
		row.UID = r.uid
	}
	var display string
	row.Email, display = splitMailbox(value(r.columns.email))
	if row.Name == "" {
		row.Name = joinName(value(r.columns.first), value(r.columns.middle), value(r.columns.last))
	}
	if row.Name == "" {
		row.Name = display
	}
	row.Name = plain.Line(row.Name, maxName)
	return row
}

// joinName makes one name of its parts. Where the last one is the whole name already, it is.
func joinName(first, middle, last string) string {
	if first != "" && strings.HasPrefix(last, first+" ") {
		return last
	}
	return strings.TrimSpace(first + " " + strings.TrimSpace(middle+" "+last))
}

// splitMailbox takes a mailbox apart (RFC 5322 §3.4), as mail programs copy it: "Jane Doe" <jane@example.com>, mailto:jane@example.com.
func splitMailbox(cell string) (email, display string) {
	cell, _, _ = strings.Cut(cell, " ::: ") // between the addresses of one person, as Google's contacts write it
	email = strings.TrimRight(cell, ";, ")
	if open := strings.LastIndexByte(email, '<'); open >= 0 && strings.HasSuffix(email, ">") {
		display = strings.Trim(email[:open], "\"' ")
		email = email[open+1 : len(email)-1]
	}
	const scheme = "mailto:" // RFC 6068
	if len(email) > len(scheme) && strings.EqualFold(email[:len(scheme)], scheme) {
		email, _, _ = strings.Cut(email[len(scheme):], "?")
	}
	return strings.Trim(email, "\"' "), display
}

// cellText is what a cell says: without space and invisible characters around it, which copying from pages brings along, and without the
// apostrophes that package sheet writes.
func cellText(cell []byte) string {
	cell = trim(cell)
	if len(cell) == 0 {
		return ""
	}
	return sheet.Unescape(strings.ToValidUTF8(string(cell), "\uFFFD"))
}

// blank reports whether nothing stands in the cells.
func blank(cells [][]byte) bool {
	for _, cell := range cells {
		if len(trim(cell)) > 0 {
			return false
		}
	}
	return true
}

func trim(cell []byte) []byte {
	return bytes.TrimFunc(cell, func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) })
}

// workbook reports whether a file is a spreadsheet document, whatever its name says: a ZIP archive (Excel, OpenDocument, Numbers), or a
// compound file (old Excel).
func workbook(body []byte) bool {
	return bytes.HasPrefix(body, []byte("PK\x03\x04")) || bytes.HasPrefix(body, []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"))
}
