package imip

import (
	goical "github.com/emersion/go-ical"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
	"github.com/calendarinvite/calendarinviteserver/internal/when"
)

// MethodPublish is the method of a calendar that asks nobody for an answer (RFC 5546 §3.2.1). No mail has it.
const MethodPublish = "PUBLISH"

// Publish writes the invitation's event as a calendar for anybody, under a UID of its own: what an invitation holds, without ATTENDEE.
// ORGANIZER stays, because RFC 5546 §3.2.1 asks for it. Of the invitation it reads what the calendar needs: Calendar, Sequence, DTStamp,
// RSVP and OrganizerName. A fault InvalidRequest where the calendar has no event with a start.
func Publish(inv Invitation, uid string) ([]byte, error) {
	inv.Method, inv.Instances = MethodRequest, nil // the same events as in an invitation
	events, err := eventsToSend(&inv)
	if err != nil {
		return nil, err
	}
	inv.Method = MethodPublish
	pieces, err := composeCalendar(&inv, events)
	if err != nil {
		return nil, err
	}
	var text []byte
	for _, p := range pieces {
		switch p.hole {
		case literal:
			text = append(text, p.text...)
		case holeUIDLine:
			text = ical.AppendProp(text, &goical.Prop{Name: goical.PropUID, Value: uid})
		}
	}
	return text, nil
}

// When is the time of the calendar's main event as the mails tell it: in the zone in which the organizer reads it.
func When(calendar *ical.Calendar) when.Span {
	main, ok := calendar.Main()
	if !ok {
		return when.Span{}
	}
	if start, ok := main.Start(); !ok || start.Wall.IsZero() {
		return when.Span{}
	}
	span := spanOf(calendar, main)
	if !main.IsOverride() {
		span.Rule = main.RRule()
	}
	return span
}
