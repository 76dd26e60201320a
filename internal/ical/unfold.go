package ical

import "strings"

// read unfolds the text (RFC 5545 §3.1) and hands every content line on.
func (r *reader) read(text string) error {
	var (
		scan    = lineScanner{text: text, lf: -1}
		pending string // the content line so far, while it is one physical line
		folded  []byte // the same, when it is several
		started bool
		last    int // length of the physical line before
	)
	flush := func() error {
		if !started {
			return nil
		}
		started = false
		if len(folded) > 0 {
			pending = string(folded)
			folded = folded[:0]
		}
		return r.contentLine(pending)
	}
	extend := func(more string) {
		if len(folded) == 0 {
			folded = append(folded, pending...)
		}
		folded = append(folded, more...)
	}
	for {
		line, ok := scan.next()
		if !ok {
			break
		}
		if r.lines++; r.lines > r.lim.Lines {
			return tooLarge(r.lim.Lines, "lines")
		}
		switch {
		case line == "":
			continue
		case (line[0] == ' ' || line[0] == '\t') && started:
			extend(line[1:])
		case startsProperty(line):
			if err := flush(); err != nil {
				return err
			}
			r.line = r.lines
			pending, started = line, true
		case started && !isDelimiter(pending):
			// A fold without its space, or a line break inside a text: both are seen in practice. Behind a short line that is neither, it is
			// a line that means nothing.
			r.problem(problemBadFold)
			switch short := last < 60; {
			case short && isText(pending):
				extend(`\n`)
				extend(line)
			case !short || !strings.Contains(pending, ":"):
				extend(line)
			}
		default:
			if err := flush(); err != nil {
				return err
			}
			r.line = r.lines
			if len(r.stack) > 0 || len(r.objects) > 0 {
				r.problem(problemJunk)
			}
		}
		last = len(line)
	}
	if err := flush(); err != nil {
		return err
	}
	if len(r.stack) > 0 {
		r.problem(problemMissingEnd)
	}
	return nil
}

// lineScanner splits a text at CRLF, LF, CR, and CRs before an LF, in linear time.
type lineScanner struct {
	text string
	pos  int
	lf   int // position of the first LF at or after pos, len(text) when there is none; less than pos: not known
}

func (s *lineScanner) next() (string, bool) {
	if s.pos >= len(s.text) {
		return "", false
	}
	if s.lf < s.pos {
		s.lf = len(s.text)
		if i := strings.IndexByte(s.text[s.pos:], '\n'); i >= 0 {
			s.lf = s.pos + i
		}
	}
	// Only up to here can a CR end the line; what is searched is consumed, so the whole stays linear.
	cr := strings.IndexByte(s.text[s.pos:s.lf], '\r')
	if cr < 0 {
		line := s.text[s.pos:s.lf]
		s.pos = s.lf + 1
		return line, true
	}
	end := s.pos + cr
	line := s.text[s.pos:end]
	for end < len(s.text) && s.text[end] == '\r' {
		end++
	}
	if end < len(s.text) && s.text[end] == '\n' {
		end++
	}
	s.pos = end
	return line, true
}

// startsProperty reports whether a physical line begins a content line: a name and then a semicolon or colon.
func startsProperty(line string) bool {
	n := nameLength(line)
	if n == 0 || n == len(line) || line[n] != ';' && line[n] != ':' {
		return false
	}
	if line[n] == ':' && strings.HasPrefix(line[n+1:], "//") && (strings.EqualFold(line[:n], "http") || strings.EqualFold(line[:n], "https")) {
		return false // a link at the start of a line of a text that was not folded
	}
	return true
}

// nameLength is the length of the property, parameter or component name (RFC 5545 §3.1: name) that s begins with; dots and
// underscores are seen in X- names. 0 when there is none.
func nameLength(s string) int {
	n := 0
	for n < len(s) && n <= maxName {
		c := s[n]
		letter := c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
		if !letter && (n == 0 || !(c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.')) {
			break
		}
		n++
	}
	if n > maxName {
		return 0
	}
	return n
}

// isDelimiter reports a BEGIN or END line: nothing but a fold can continue it.
func isDelimiter(line string) bool {
	n := nameLength(line)
	return n < len(line) && (n == 5 && strings.EqualFold(line[:n], "BEGIN") || n == 3 && strings.EqualFold(line[:n], "END"))
}

// isText reports a property whose text often holds raw line breaks from careless senders.
func isText(line string) bool {
	n := nameLength(line)
	if n >= len(line) || strings.IndexByte(line, ':') < 0 {
		return false
	}
	switch strings.ToUpper(line[:n]) {
	case "DESCRIPTION", "SUMMARY", "LOCATION", "COMMENT", "CONTACT":
		return true
	}
	return false
}
