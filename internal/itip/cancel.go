package itip

import (
	"slices"
	"strings"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
	goical "github.com/emersion/go-ical"
)

// Cancellation is an organizer's CANCEL of single instances, merged into the series (RFC 5546 §3.2.5).
type Cancellation struct {
	Calendar  *ical.Calendar // the series without the cancelled instances
	Cancelled []string       // keys of the instances that were cancelled now
	Whole     bool           // nothing is left: the stored event was about these instances only
}

const cancelled = "CANCELLED"

// CancelInstances takes the instances that the arrived message names out of the stored series. Each gets an EXDATE, since an
// invitation may not carry STATUS:CANCELLED (RFC 5546 §3.2.2), and an override that says cancelled, which is no part of any
// invitation but remembers the revision. Instances that were out already change nothing. A message older than the stored revision
// of its instance is left out; when all are, stale is true.
func CancelInstances(stored, arrived *ical.Calendar) (cancellation Cancellation, stale bool) {
	merged := edit(stored, arrived)
	known := overrides(stored)
	series, _ := stored.Main()
	stale = true
	for _, e := range arrived.Overrides("") {
		key := InstanceKeyOf(e)
		before, had := known[key]
		if RevisionOf(e).Compare(revisionOfInstance(series, before, had)) < 0 {
			continue
		}
		stale = false
		id := e.Props.Get(goical.PropRecurrenceID)
		switch {
		case merged.series == nil && (!had || before.Status() == cancelled):
			continue // an instance that was never on, or is off
		case merged.series == nil:
		case strings.EqualFold(id.Params.Get("RANGE"), "THISANDFUTURE") && merged.series.Props.Get(goical.PropRecurrenceRule) != nil:
			if merged.endBefore(e) {
				cancellation.Cancelled = append(cancellation.Cancelled, key)
			}
			continue
		case !merged.exclude(id):
			continue
		}
		merged.put(key, off(e))
		cancellation.Cancelled = append(cancellation.Cancelled, key)
	}
	cancellation.Calendar = merged.done()
	cancellation.Whole = merged.series == nil &&
		!slices.ContainsFunc(cancellation.Calendar.Events(), func(e ical.Event) bool { return e.Status() != cancelled })
	return cancellation, stale
}

// off is the instance's VEVENT, saying that it is cancelled.
func off(e ical.Event) *goical.Component {
	c := clone(e.Component)
	c.Props[goical.PropStatus] = []goical.Prop{{Name: goical.PropStatus, Params: goical.Params{}, Value: cancelled}}
	if c.Props.Get(goical.PropDateTimeStart) == nil {
		start := *c.Props.Get(goical.PropRecurrenceID) // some leave it out; a CANCEL that goes on needs it (field rule 20)
		start.Name = goical.PropDateTimeStart
		c.Props[goical.PropDateTimeStart] = []goical.Prop{start}
	}
	return c
}

// endBefore makes the series end before the instance: CANCEL with RANGE=THISANDFUTURE (RFC 5545 §3.2.13); false when it ended there
// already.
func (e *editor) endBefore(first ical.Event) bool {
	id, _ := first.RecurrenceID()
	until := id.Wall.AddDate(0, 0, -1).Format("20060102")
	if !id.AllDay {
		until = id.Wall.Add(-time.Second).Format("20060102T150405")
	}
	if !id.At.IsZero() {
		until = id.At.Add(-time.Second).UTC().Format("20060102T150405Z") // RFC 5545 §3.3.10: UTC where DTSTART has a zone
	}
	rule := *e.series.Props.Get(goical.PropRecurrenceRule)
	var parts []string
	for part := range strings.SplitSeq(rule.Value, ";") {
		name, value, _ := strings.Cut(part, "=")
		switch strings.ToUpper(strings.TrimSpace(name)) {
		case "UNTIL":
			if strings.TrimSpace(value) <= until {
				return false
			}
		case "COUNT":
		default:
			parts = append(parts, part)
		}
	}
	rule.Value = strings.Join(append(parts, "UNTIL="+until), ";")
	e.series.Props[goical.PropRecurrenceRule] = []goical.Prop{rule}
	from := InstanceKey(id)
	e.drop(func(key string) bool { return key >= from })
	return true
}
