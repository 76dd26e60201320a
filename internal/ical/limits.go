package ical

import (
	"errors"
	"fmt"
)

// Limits bounds what Read accepts, so that memory and time stay in proportion to an honest calendar. A zero field means its
// default.
type Limits struct {
	Bytes      int // size of the text; default 1 MiB
	Lines      int // physical lines; default 100,000
	Properties int // content lines, BEGIN and END among them; default 20,000
	Params     int // property parameters in all; default 100,000
	Depth      int // components within components; default 8
}

const (
	defaultBytes      = 1 << 20
	defaultLines      = 100_000
	defaultProperties = 20_000
	defaultParams     = 100_000
	defaultDepth      = 8

	maxProblems = 50
	maxName     = 74 // octets of a property, parameter or component name: with its colon it fits in one line (RFC 5545 §3.1)
)

// ErrTooLarge is returned, wrapped with the limit's name, for a calendar beyond a limit.
var ErrTooLarge = errors.New("ical: calendar too large")

// ErrNoCalendar is returned for a text without an iCalendar object.
var ErrNoCalendar = errors.New("ical: no VCALENDAR found")

func (l Limits) withDefaults() Limits {
	set := func(field *int, value int) {
		if *field <= 0 {
			*field = value
		}
	}
	set(&l.Bytes, defaultBytes)
	set(&l.Lines, defaultLines)
	set(&l.Properties, defaultProperties)
	set(&l.Params, defaultParams)
	set(&l.Depth, defaultDepth)
	return l
}

func tooLarge(limit int, what string) error {
	return fmt.Errorf("%w: more than %d %s", ErrTooLarge, limit, what)
}
