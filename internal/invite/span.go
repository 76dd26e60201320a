package invite

import (
	"github.com/calendarinvite/calendarinviteserver/internal/imip"
	"github.com/calendarinvite/calendarinviteserver/internal/itip"
	"github.com/calendarinvite/calendarinviteserver/internal/when"
)

// Span is when the event takes place, for people: as the mails say it, or, of an event without its calendar, as the record can.
func (e Event) Span() when.Span {
	if calendar, err := e.ReadCalendar(); err == nil {
		if span := imip.When(calendar); span.Known() {
			return span
		}
	}
	return when.New(e.DTStart, e.DTEnd, e.AllDay, e.TZID, e.RRule)
}

// InstanceSpan is the date of a series that is named by its key (itip.InstanceKey); zero for none.
func (e Event) InstanceSpan(key string) when.Span {
	start, ok := itip.InstanceStart(key)
	if !ok {
		return when.Span{}
	}
	return e.alike(when.New(start, start+e.DTEnd-e.DTStart, e.AllDay, e.TZID, ""))
}

// Span is when the event would take place, in the event's own zone.
func (p Proposal) Span(e Event) when.Span {
	return e.alike(when.New(p.Start, p.End, p.AllDay, p.TZID, ""))
}

// alike is the time in the zone in which the event's is told, which a record's TZID need not name.
func (e Event) alike(span when.Span) when.Span {
	own := e.Span()
	if !own.Known() || own.AllDay || own.Floating || span.AllDay || span.Floating || !span.Known() {
		return span
	}
	span.Start, span.End = span.Start.In(own.Start.Location()), span.End.In(own.Start.Location())
	return span
}
