package ical

import (
	"strings"

	goical "github.com/emersion/go-ical"
)

// property reads one unfolded content line (RFC 5545 §3.1): name *(";" param) ":" value. It is false for a line that is no
// property.
func (r *reader) property(line string) (goical.Prop, bool) {
	n := nameLength(line)
	if n == 0 {
		r.problem(problemName)
		return goical.Prop{}, false
	}
	l := lineParser{reader: r, line: line, pos: n, lastColon: -1, lastMailto: -1}
	params := make(goical.Params)
	for l.pos < len(line) && line[l.pos] == ';' {
		l.pos++
		l.param(params)
		if r.params > r.lim.Params {
			return goical.Prop{}, false
		}
	}
	if l.pos >= len(line) {
		r.problem(problemNoValue) // such as "ATTENDEE;CN=foo"
		return goical.Prop{}, false
	}
	return goical.Prop{Name: upper(line[:n]), Params: params, Value: line[l.pos+1:]}, true
}

// lineParser reads the parameters of one line. It stands, between parameters, at a semicolon, the colon before the value,
// or the end.
type lineParser struct {
	reader                *reader
	line                  string
	pos                   int
	lastColon, lastMailto int // positions, len(line) when absent; -1: not looked for yet
}

// param reads one parameter (RFC 5545 §3.2): name "=" value *("," value). One without "=" (vCalendar 1.0) has an empty value.
func (l *lineParser) param(params goical.Params) {
	l.reader.params++
	start := l.pos
	for l.pos < len(l.line) && l.line[l.pos] != '=' && l.line[l.pos] != ';' && l.line[l.pos] != ':' {
		l.pos++
	}
	name := upper(strings.TrimSpace(l.line[start:l.pos]))
	good := name != "" && nameLength(name) == len(name)
	if !good && l.pos > start {
		l.reader.problem(problemName)
	}
	if l.pos >= len(l.line) || l.line[l.pos] != '=' {
		if good {
			params[name] = append(params[name], "")
		}
		return
	}
	for first := true; first || l.pos < len(l.line) && l.line[l.pos] == ','; first = false {
		l.pos++ // the equals sign or comma
		if !first {
			l.reader.params++
		}
		v := l.value(name)
		if !good {
			continue
		}
		if values := params[name]; values == nil {
			params[name] = []string{v}
		} else {
			params[name] = append(values, v)
		}
	}
}

// value reads one parameter value (RFC 5545 §3.1: paramtext or quoted-string) up to the delimiter after it. Quotes in odd
// places are dropped.
func (l *lineParser) value(param string) string {
	rest := l.line[l.pos:]
	if strings.HasPrefix(rest, `"`) {
		if i := strings.IndexByte(rest[1:], '"'); i >= 0 {
			end := l.pos + i + 2
			if end >= len(l.line) || l.line[end] == ';' || l.line[end] == ':' || l.line[end] == ',' {
				l.pos = end
				return rest[1 : i+1]
			}
		}
	}
	start := l.pos
	for l.pos < len(l.line) {
		switch l.line[l.pos] {
		case ';', ',':
			return l.line[start:l.pos]
		case ':':
			if l.endsAt(param, start) {
				return l.line[start:l.pos]
			}
		case '"':
			return l.quotedOddly(param, start)
		}
		l.pos++
	}
	return l.line[start:]
}

// quotedOddly reads a value that has a quote somewhere else than around it. A quoted stretch protects what is in it; a quote
// that is never closed means nothing.
func (l *lineParser) quotedOddly(param string, start int) string {
	l.reader.problem(problemQuote)
	b := []byte(l.line[start:l.pos])
	for l.pos < len(l.line) {
		switch c := l.line[l.pos]; c {
		case ';', ',':
			return string(b)
		case ':':
			if l.endsAt(param, start) {
				return string(b)
			}
			b = append(b, c)
		case '"':
			if i := strings.IndexByte(l.line[l.pos+1:], '"'); i >= 0 {
				b = append(b, l.line[l.pos+1:l.pos+1+i]...)
				l.pos += i + 1
			}
		default:
			b = append(b, c)
		}
		l.pos++
	}
	return string(b)
}

// endsAt reports whether the colon at pos ends the parameters, or belongs to a value, from start, that should have been
// quoted: SENT-BY=mailto:a@b, CN=Sales: EMEA, TZID=(UTC+01:00) Amsterdam.
func (l *lineParser) endsAt(param string, start int) bool {
	if l.lastColon < 0 {
		l.lastColon = strings.LastIndexByte(l.line, ':')
	}
	if l.pos == l.lastColon {
		return true
	}
	inside := false
	switch param {
	case "TZID":
		inside = !startsDate(l.line[l.pos+1:])
	case "CN":
		inside = !startsMailto(l.line[l.pos+1:]) && l.pos < l.mailto()
	default:
		inside = isScheme(l.line[start:l.pos])
	}
	if inside {
		l.reader.problem(problemUnquoted)
	}
	return !inside
}

// mailto is the position of the last colon that is followed by "mailto:", or -2.
func (l *lineParser) mailto() int {
	if l.lastMailto == -1 {
		l.lastMailto = lastMailto(l.line)
	}
	return l.lastMailto
}

func lastMailto(s string) int {
	for i := strings.LastIndexByte(s, ':'); i >= 0; i = strings.LastIndexByte(s[:i], ':') {
		if startsMailto(s[i+1:]) {
			return i
		}
	}
	return -2
}

func startsMailto(s string) bool {
	s = strings.TrimLeft(s, " ")
	return len(s) >= 7 && strings.EqualFold(s[:7], "mailto:")
}

// startsDate reports whether a value begins as a DATE or DATE-TIME does.
func startsDate(s string) bool {
	s = strings.TrimLeft(s, " ")
	for i := 0; i < 4; i++ {
		if i >= len(s) || s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return len(s) >= 8
}

// isScheme reports whether a value so far is a URI scheme that calendars use in parameters.
func isScheme(s string) bool {
	for _, scheme := range []string{"mailto", "http", "https", "cid", "ldap", "urn"} {
		if strings.EqualFold(s, scheme) {
			return true
		}
	}
	return false
}

// upper is strings.ToUpper for names, which are ASCII; most are in upper case already.
func upper(s string) string {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= 'a' && c <= 'z' {
			return strings.ToUpper(s)
		}
	}
	return s
}
