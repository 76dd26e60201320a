package ical

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	goical "github.com/emersion/go-ical"
)

// ErrUnwritable is returned, wrapped with the reason, for a component that has no form in iCalendar.
var ErrUnwritable = errors.New("ical: component cannot be written")

// maxDepth bounds what Write follows, against a component that contains itself.
const maxDepth = 16

// maxLine is the most octets of a physical line without its line break (RFC 5545 §3.1).
const maxLine = 75

// Write writes a component, usually a VCALENDAR, strictly by RFC 5545 §3.1: CRLF line ends, lines folded at 75 octets (never
// inside a character or a backslash escape), parameters cleaned and quoted, control characters left out. Property values are
// taken as escaped already. The order is always the same: the properties that RFC 5545 lists first, the rest by name; those of
// one name, and sub-components, as they stand. The only error is ErrUnwritable.
func Write(c *goical.Component) ([]byte, error) {
	return AppendComponent(make([]byte, 0, 4096), c)
}

// AppendComponent appends what Write writes to dst.
func AppendComponent(dst []byte, c *goical.Component) ([]byte, error) {
	return appendComponent(dst, c, 0)
}

func appendComponent(dst []byte, c *goical.Component, depth int) ([]byte, error) {
	if c == nil {
		return dst, fmt.Errorf("%w: nil component", ErrUnwritable)
	}
	if depth >= maxDepth {
		return dst, fmt.Errorf("%w: nested too deep", ErrUnwritable)
	}
	if c.Name == "" || nameLength(c.Name) != len(c.Name) {
		return dst, fmt.Errorf("%w: bad component name", ErrUnwritable)
	}
	name := upper(c.Name)
	dst = appendDelimiter(dst, "BEGIN:", name)
	for _, prop := range propertyOrder(name, c.Props) {
		for i := range c.Props[prop] {
			p := &c.Props[prop][i]
			if !writable(p.Name) {
				return dst, fmt.Errorf("%w: bad property name", ErrUnwritable)
			}
			dst = AppendProp(dst, p)
		}
	}
	var err error
	for _, child := range c.Children {
		if dst, err = appendComponent(dst, child, depth+1); err != nil {
			return dst, err
		}
	}
	return appendDelimiter(dst, "END:", name), nil
}

// appendDelimiter appends the line that begins or ends a component: a content line like any other, so a long name is folded.
func appendDelimiter(dst []byte, delimiter, name string) []byte {
	f := folder{dst: dst}
	f.write(delimiter)
	f.write(name)
	return append(f.dst, '\r', '\n')
}

// writable reports whether a property may have that name.
func writable(name string) bool {
	return name != "" && nameLength(name) == len(name) && !strings.EqualFold(name, "BEGIN") && !strings.EqualFold(name, "END")
}

// firstProps is the order in which RFC 5545's own examples and most senders begin; METHOD stands early because some readers
// look for it only there.
var firstProps = map[string][]string{
	goical.CompCalendar: {"VERSION", "PRODID", "CALSCALE", "METHOD"},
	goical.CompEvent: {"UID", "RECURRENCE-ID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE",
		"STATUS", "SUMMARY", "LOCATION", "DESCRIPTION", "ORGANIZER", "ATTENDEE"},
	goical.CompTimezone:         {"TZID"},
	goical.CompTimezoneStandard: {"DTSTART", "TZOFFSETFROM", "TZOFFSETTO", "TZNAME", "RRULE", "RDATE"},
	goical.CompTimezoneDaylight: {"DTSTART", "TZOFFSETFROM", "TZOFFSETTO", "TZNAME", "RRULE", "RDATE"},
	goical.CompAlarm:            {"ACTION", "TRIGGER"},
}

// propertyOrder lists the names of props in the order of writing.
func propertyOrder(component string, props goical.Props) []string {
	order := make([]string, 0, len(props))
	front := firstProps[component]
	for _, name := range front {
		if len(props[name]) > 0 {
			order = append(order, name)
		}
	}
	head := len(order)
	for name := range props {
		if !slices.Contains(front, name) {
			order = append(order, name)
		}
	}
	slices.Sort(order[head:])
	return order
}

// AppendProp appends one property as folded content line (RFC 5545 §3.1) with its CRLF. Parameters are in the order of their
// names. A property whose name cannot be written is left out.
func AppendProp(dst []byte, p *goical.Prop) []byte {
	if !writable(p.Name) {
		return dst
	}
	f := folder{dst: dst}
	f.write(upper(p.Name))
	if len(p.Params) > 0 {
		var room [16]string
		names := room[:0]
		for name := range p.Params {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			f.param(name, p.Params[name], p.Value)
		}
	}
	f.write(":")
	f.write(cleanValue(p.Value))
	return append(f.dst, '\r', '\n')
}

// cleanValue removes what no value may hold: line breaks and control characters, which would begin another line.
func cleanValue(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	return stripControls(s)
}

// folder appends to a content line and breaks it where RFC 5545 §3.1 says.
type folder struct {
	dst []byte
	col int // octets in the present physical line
}

// param appends one parameter. Values with a colon, semicolon or comma are quoted (RFC 5545 §3.2), and so is a value that a
// tolerant reader would otherwise think unquoted and longer.
func (f *folder) param(name string, values []string, value string) {
	if name == "" || nameLength(name) != len(name) || len(values) == 0 {
		return
	}
	name = upper(name)
	f.write(";")
	f.write(name)
	for i, v := range values {
		if i == 0 {
			f.write("=")
		} else {
			f.write(",")
		}
		v = CleanParam(v)
		if strings.ContainsAny(v, ":;,") || ambiguous(name, v, value) {
			f.write(`"`)
			f.write(v)
			f.write(`"`)
		} else {
			f.write(v)
		}
	}
}

// ambiguous reports whether our own reader (endsAt) would take the colon before the value as part of the parameter.
func ambiguous(name, param, value string) bool {
	switch name {
	case "TZID":
		return !startsDate(value) && strings.IndexByte(value, ':') >= 0
	case "CN":
		return !startsMailto(value) && lastMailto(value) >= 0
	}
	return isScheme(param) && strings.IndexByte(value, ':') >= 0
}

// write appends a piece that begins and ends between characters.
func (f *folder) write(s string) {
	for len(s) > maxLine-f.col {
		cut := foldAt(s, maxLine-f.col)
		f.dst = append(append(f.dst, s[:cut]...), "\r\n "...)
		f.col = 1 // the space counts (RFC 5545 §3.1)
		s = s[cut:]
	}
	f.dst = append(f.dst, s...)
	f.col += len(s)
}

// foldAt is the greatest cut of s, at most room, that splits neither a UTF-8 sequence nor a backslash escape.
func foldAt(s string, room int) int {
	cut := room
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	backslashes := 0
	for i := cut - 1; i >= 0 && s[i] == '\\'; i-- {
		backslashes++
	}
	if backslashes%2 == 1 {
		cut--
	}
	return cut
}
