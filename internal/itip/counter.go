package itip

import (
	"strings"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
)

// Proposal is what an attendee proposes instead of the event as it is (RFC 5546 §3.2.7). Who proposes it is for the token and From to
// say: some calendars list every attendee.
type Proposal struct {
	Revision        // of the invitation that is countered: SEQUENCE is not raised by a COUNTER (RFC 5546 §2.1.4)
	Instance string // InstanceKey of the one instance that it is about; "" = the whole event
	Start    ical.Time
	End      ical.Time // its Wall is zero when the proposal has no end: the event stays as long as it is
	// WasStart and WasEnd are the times that the attendee saw, where the calendar says so (Exchange does); else zero.
	WasStart, WasEnd ical.Time
	Location         string // as proposed; calendars repeat the event's own, or send an empty one, when they mean no change
	Comment          string // the attendee's words
}

// Exchange's properties of a COUNTER (MS-OXCICAL §2.1.3.1.1.20.59-60), and what it says of whole days.
const (
	propOriginalStart = "X-MS-OLK-ORIGINALSTART"
	propOriginalEnd   = "X-MS-OLK-ORIGINALEND"
	propAllDay        = "X-MICROSOFT-CDO-ALLDAYEVENT"
)

// ProposalOf reads a VEVENT of a COUNTER; false when it has no start that can be read. Google puts the attendee's words into a
// parameter, Exchange into COMMENT with a line break at its end; Exchange may write whole days as midnights.
func ProposalOf(e ical.Event) (Proposal, bool) {
	start, _ := e.Start()
	if start.Wall.IsZero() {
		return Proposal{}, false
	}
	p := Proposal{Revision: RevisionOf(e), Instance: InstanceKeyOf(e), Start: start, Location: strings.TrimSpace(e.Location()), Comment: commentOf(e)}
	p.WasStart, _ = e.Time(propOriginalStart)
	p.WasEnd, _ = e.Time(propOriginalEnd)
	if end, ok := e.End(); ok && (end.Wall.After(start.Wall) || end.At.After(start.At)) {
		p.End = end
	}
	if strings.EqualFold(strings.TrimSpace(e.Text(propAllDay)), "TRUE") && isMidnight(p.Start) && (p.End.Wall.IsZero() || isMidnight(p.End)) {
		for _, t := range []*ical.Time{&p.Start, &p.End, &p.WasStart, &p.WasEnd} {
			*t = date(*t)
		}
	}
	return p, true
}

// commentOf is what the attendee writes, wherever the calendar puts it.
func commentOf(e ical.Event) string {
	if comment := strings.TrimSpace(e.Comment()); comment != "" {
		return comment
	}
	for _, person := range e.Attendees() {
		if person.Note != "" {
			return person.Note
		}
	}
	return ""
}

func isMidnight(t ical.Time) bool {
	return !t.Wall.IsZero() && t.Wall.Equal(t.Wall.Truncate(24*time.Hour))
}

// date is the day of a clock time.
func date(t ical.Time) ical.Time {
	if t.Wall.IsZero() || t.AllDay {
		return t
	}
	wall := t.Wall.Truncate(24 * time.Hour)
	return ical.Time{Value: wall.Format("20060102"), AllDay: true, Wall: wall, Source: ical.ZoneAllDay}
}

// Reasons why a proposal is none.
const (
	ReasonSameTime        = "same-time"        // it proposes what is planned
	ReasonTimeOver        = "time-over"        // the proposed time is over
	ReasonUnknownInstance = "unknown-instance" // it is about an instance that the event does not have
)

// Counter decides what a proposal is worth against the event as it is stored: Apply when the organizer should decide about it, else
// Record with a reason. Proposals against the times from before the last reschedule are no answer to the present ones.
func Counter(c *ical.Calendar, event Occasion, p Proposal, now time.Time) (Outcome, string) {
	current, ok := CounteredEvent(c, p)
	switch {
	case event.Cancelled:
		return Record, ReasonEventCancelled
	case !ok || current.Status() == cancelled:
		return Record, ReasonUnknownInstance
	case min(p.Sequence, event.Sequence) < event.Rescheduled:
		return Record, ReasonOldTime
	case len(p.Changes(current)) == 0:
		return Record, ReasonSameTime
	case p.over(current, now):
		return Record, ReasonTimeOver
	}
	return Apply, ""
}

// CounteredEvent is the event, or the instance of it, that a proposal would replace; false when there is none.
func CounteredEvent(c *ical.Calendar, p Proposal) (ical.Event, bool) {
	if p.Instance == "" {
		return c.Main()
	}
	if on, _, _ := SplitInstances(c, []string{p.Instance}); len(on) == 0 {
		return ical.Event{}, false
	}
	return OnlyInstances(c, []string{p.Instance}).Main()
}

// Changes lists what would change if the proposal were accepted: FieldStart, FieldEnd, FieldLocation. Titles are not compared:
// Exchange writes "New Time Proposed: " before them.
func (p Proposal) Changes(current ical.Event) (changed []Field) {
	start, _ := current.Start()
	if !sameTime(start, p.Start, false) {
		changed = append(changed, FieldStart)
	}
	if end, ok := current.End(); !p.End.Wall.IsZero() && (!ok || !sameTime(end, p.End, false)) {
		changed = append(changed, FieldEnd)
	}
	if p.Location != "" && !sameText(p.Location, current.Location()) {
		changed = append(changed, FieldLocation)
	}
	return changed
}

// EndFor is when the event would end: as proposed, or after as long as it takes now; false for one without length.
func (p Proposal) EndFor(current ical.Event) (ical.Time, bool) {
	if !p.End.Wall.IsZero() {
		return p.End, true
	}
	start, _ := current.Start()
	v := seriesView{series: current, start: start}
	return v.endFrom(p.Start)
}

// floatingSlack is how long after its time in UTC a moment without a zone may still be to come somewhere: at UTC-12.
const floatingSlack = 12 * time.Hour

// over reports whether the proposed time has passed.
func (p Proposal) over(current ical.Event, now time.Time) bool {
	end, ok := p.EndFor(current)
	if !ok {
		end = p.Start
	}
	if end.At.IsZero() {
		return now.After(end.Wall.Add(floatingSlack))
	}
	return now.After(end.At)
}
