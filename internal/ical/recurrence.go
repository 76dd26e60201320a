package ical

import (
	"time"

	"github.com/teambition/rrule-go"
)

// Instances lists the starts that a recurrence rule gives (RFC 5545 §3.3.10), at most limit of them; false when there are more, or
// the rule is impossible. The option needs Dtstart and Until: a rule that never matches must not be searched for to the year 9999.
//
// rrule-go panics on some rules from outside, such as FREQ=MONTHLY;BYDAY=10FR;BYSETPOS=1, and takes long for others, so rules reach it
// through here only.
func Instances(option rrule.ROption, limit int) (starts []time.Time, ok bool) {
	defer func() {
		if recover() != nil {
			starts, ok = nil, false
		}
	}()
	tooFine := option.Freq > rrule.DAILY || len(option.Byhour)+len(option.Byminute)+len(option.Bysecond) > maxClockParts
	if tooFine || option.Interval < 0 || option.Interval > maxInterval || option.Dtstart.IsZero() || option.Until.IsZero() {
		return nil, false
	}
	rule, err := rrule.NewRRule(option)
	if err != nil {
		return nil, false
	}
	next := rule.Iterator()
	for start, more := next(); more; start, more = next() {
		if len(starts) == limit {
			return nil, false
		}
		starts = append(starts, start)
	}
	return starts, true
}

// What Instances refuses beyond: no calendar writes it, and it is only expensive.
const (
	maxClockParts = 10
	maxInterval   = 10_000
)
