package invite

import (
	"github.com/calendarinvite/calendarinviteserver/internal/itip"
	"github.com/calendarinvite/calendarinviteserver/internal/when"
)

// Span is when the event takes place, for people.
func (e Event) Span() when.Span { return when.New(e.DTStart, e.DTEnd, e.AllDay, e.TZID, e.RRule) }

// InstanceSpan is the date of a series that is named by its key (itip.InstanceKey); zero for none.
func (e Event) InstanceSpan(key string) when.Span {
	start, ok := itip.InstanceStart(key)
	if !ok {
		return when.Span{}
	}
	return when.New(start, start+e.DTEnd-e.DTStart, e.AllDay, e.TZID, "")
}

// Span is when the event would take place.
func (p Proposal) Span() when.Span { return when.New(p.Start, p.End, p.AllDay, p.TZID, "") }
