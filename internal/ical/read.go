package ical

import (
	"strings"
	"unicode/utf8"

	goical "github.com/emersion/go-ical"
)

// Read reads the first VCALENDAR with a VEVENT (else the first) out of data, the decoded bytes of a mail part or a file.
// Data should be UTF-8; otherwise DecodeText guesses. It takes time linear in len(data) and never panics. What breaks RFC
// 5545 is repaired or left out and listed in Problems; the only errors are ErrNoCalendar and ErrTooLarge.
func Read(data []byte, lim Limits) (*Calendar, error) {
	lim = lim.withDefaults()
	if len(data) > lim.Bytes {
		return nil, tooLarge(lim.Bytes, "bytes")
	}
	if needsDecoding(data) {
		data, _ = DecodeText(data, "")
	}
	r := reader{lim: lim, controls: hasControls(data)}
	if err := r.read(string(data)); err != nil {
		return nil, err
	}
	chosen := r.choose()
	if chosen == nil {
		return nil, ErrNoCalendar
	}
	return &Calendar{Component: chosen, Objects: len(r.objects), Problems: r.problems}, nil
}

// What a reader had to tolerate.
const (
	problemJunk        = "line outside a component left out"
	problemNoValue     = "content line without a value left out"
	problemBadFold     = "line that is no content line joined to the one before"
	problemControl     = "control characters removed"
	problemName        = "property or parameter with an impossible name left out"
	problemQuote       = "misplaced quote in a parameter removed"
	problemUnquoted    = "parameter value with a colon was not quoted"
	problemMissingEnd  = "END missing"
	problemStrayEnd    = "END without BEGIN left out"
	problemNoCalendar  = "component outside a VCALENDAR"
	problemSeveralObjs = "more than one VCALENDAR"
)

// reader builds the component tree from content lines.
type reader struct {
	lim      Limits
	controls bool // the text has control characters to remove

	objects  []*goical.Component
	stack    []*goical.Component // open components, outermost first
	problems []Problem

	line          int // number of the physical line last read
	lines         int // of all physical lines
	props, params int
}

func (r *reader) problem(what string) {
	if len(r.problems) < maxProblems {
		r.problems = append(r.problems, Problem{Line: r.line, What: what})
	}
}

// choose picks the calendar that the message is about.
func (r *reader) choose() *goical.Component {
	if len(r.objects) == 0 {
		return nil
	}
	if len(r.objects) > 1 {
		r.problem(problemSeveralObjs)
	}
	for _, object := range r.objects {
		for _, child := range object.Children {
			if child.Name == goical.CompEvent {
				return object
			}
		}
	}
	return r.objects[0]
}

// contentLine takes one unfolded line.
func (r *reader) contentLine(line string) error {
	if r.props++; r.props > r.lim.Properties {
		return tooLarge(r.lim.Properties, "properties")
	}
	if r.controls {
		if clean := stripControls(line); len(clean) != len(line) {
			r.problem(problemControl)
			line = clean
		}
	}
	if isDelimiter(line) {
		name := line[strings.LastIndexByte(line, ':')+1:] // whatever parameters there are mean nothing
		if line[0] == 'B' || line[0] == 'b' {
			return r.begin(name)
		}
		r.end(name)
		return nil
	}
	if len(r.stack) == 0 {
		if len(r.objects) > 0 {
			r.problem(problemJunk)
		}
		return nil
	}
	prop, ok := r.property(line)
	if r.params > r.lim.Params {
		return tooLarge(r.lim.Params, "parameters")
	}
	if !ok {
		return nil
	}
	top := r.stack[len(r.stack)-1]
	top.Props[prop.Name] = append(top.Props[prop.Name], prop)
	return nil
}

// begin opens a component, closing first what cannot hold it.
func (r *reader) begin(name string) error {
	name = strings.ToUpper(strings.TrimSpace(name))
	if name == "" || nameLength(name) != len(name) {
		r.problem(problemName)
		return nil
	}
	switch name {
	case goical.CompCalendar:
		r.closeTo(0)
	case goical.CompEvent, goical.CompToDo, goical.CompJournal, goical.CompFreeBusy, goical.CompTimezone:
		if len(r.stack) == 0 {
			r.problem(problemNoCalendar)
			r.push(goical.CompCalendar)
		}
		r.closeTo(1)
	case goical.CompAlarm, goical.CompTimezoneStandard, goical.CompTimezoneDaylight:
		for i := len(r.stack) - 1; i > 0; i-- {
			if top := r.stack[i].Name; top == goical.CompAlarm || top == goical.CompTimezoneStandard || top == goical.CompTimezoneDaylight {
				r.closeTo(i)
			}
		}
		fallthrough
	default:
		if len(r.stack) == 0 {
			r.problem(problemJunk)
			return nil
		}
	}
	if len(r.stack) >= r.lim.Depth {
		return tooLarge(r.lim.Depth, "levels of components")
	}
	r.push(name)
	return nil
}

func (r *reader) push(name string) {
	c := &goical.Component{Name: name}
	if name == goical.CompEvent {
		c.Props = make(goical.Props, 24) // what an invitation usually has
	} else {
		c.Props = make(goical.Props)
	}
	if len(r.stack) == 0 {
		r.objects = append(r.objects, c)
	} else {
		parent := r.stack[len(r.stack)-1]
		parent.Children = append(parent.Children, c)
	}
	r.stack = append(r.stack, c)
}

// closeTo closes components until n are open.
func (r *reader) closeTo(n int) {
	if len(r.stack) > n {
		r.problem(problemMissingEnd)
		r.stack = r.stack[:n]
	}
}

// end closes the innermost open component of that name and all within it.
func (r *reader) end(name string) {
	name = strings.TrimSpace(name)
	for i := len(r.stack) - 1; i >= 0; i-- {
		if strings.EqualFold(r.stack[i].Name, name) {
			r.closeTo(i + 1)
			r.stack = r.stack[:i]
			return
		}
	}
	r.problem(problemStrayEnd)
}

// needsDecoding reports whether data is anything but plain UTF-8.
func needsDecoding(data []byte) bool {
	if len(data) > 0 && (data[0] == 0xEF || data[0] == 0xFE || data[0] == 0xFF) {
		return true // a byte order mark, perhaps
	}
	return !utf8.Valid(data) || utf16Guess(data) != ""
}

func hasControls(data []byte) bool {
	for _, c := range data {
		if c < ' ' && isControl(c) || c == 0x7f {
			return true
		}
	}
	return false
}
