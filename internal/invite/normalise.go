package invite

import (
	"slices"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
	"github.com/calendarinvite/calendarinviteserver/internal/itip"
	goical "github.com/emersion/go-ical"
)

// normalise is the calendar as it is stored: the main event and its overrides with the time zones, without what is not for guests
// or would name them. Everything else stays as the organizer's calendar wrote it (spec §3). ORGANIZER goes too: it is ours in every
// invitation.
func normalise(c *ical.Calendar) *ical.Calendar {
	kept := &goical.Component{Name: goical.CompCalendar, Props: goical.Props{}}
	for name, props := range c.Props {
		if name != goical.PropMethod && !strings.HasPrefix(name, "X-WR-") {
			kept.Props[name] = props
		}
	}
	main, _ := c.Main()
	var off []*goical.Prop
	for _, child := range c.Children {
		switch child.Name {
		case goical.CompTimezone:
			kept.Children = append(kept.Children, child)
		case goical.CompEvent:
			if !sameEvent(main.Component, child) {
				continue
			}
			if id := child.Props.Get(goical.PropRecurrenceID); id != nil && !main.IsOverride() && statusOf(child) == "CANCELLED" {
				off = append(off, id) // an instance that is off: the series goes on without it
			}
			kept.Children = append(kept.Children, guestEvent(child))
		}
	}
	normal := itip.Exclude(ical.NewCalendar(kept), off)
	meetLinks(normal)
	return normal
}

// sameEvent reports whether a VEVENT belongs to the main event's UID. Without one it must be the main event itself.
func sameEvent(main, e *goical.Component) bool {
	return main == e || main != nil && itip.SameUID(uidOf(main), uidOf(e))
}

func uidOf(c *goical.Component) string {
	if p := c.Props.Get(goical.PropUID); p != nil {
		return p.Value
	}
	return ""
}

func statusOf(c *goical.Component) string {
	if p := c.Props.Get(goical.PropStatus); p != nil {
		return strings.ToUpper(strings.TrimSpace(p.Value))
	}
	return ""
}

// private lists what names guests, or belongs to the organizer's own copy.
var private = map[string]bool{
	goical.PropAttendee: true, goical.PropOrganizer: true, goical.PropRequestStatus: true,
	"X-MICROSOFT-CDO-OWNERAPPTID": true, "X-MICROSOFT-CDO-APPT-SEQUENCE": true, "X-MICROSOFT-CDO-OWNER-CRITICAL-CHANGE": true,
	"X-MICROSOFT-CDO-ATTENDEE-CRITICAL-CHANGE": true, "X-APPLE-CREATOR-IDENTITY": true, "X-APPLE-CREATOR-TEAM-IDENTITY": true,
	"X-YAHOO-USER-STATUS": true, "X-MS-OLK-SENDER": true, "X-MS-OLK-AUTOFILLLOCATION": true,
}

// privatePrefixes likewise.
var privatePrefixes = []string{"X-MOZ-", "X-LIC-", "X-EVOLUTION-", "X-CALENDARSERVER-", "X-MS-OLK-APPT", "SCHEDULE-", "X-CALENDAR-", "X-ATTENDEE"}

// guestEvent is the VEVENT without what is not for guests: no alarms (guests keep their own), no attendees, nothing inline.
func guestEvent(e *goical.Component) *goical.Component {
	kept := &goical.Component{Name: goical.CompEvent, Props: make(goical.Props, len(e.Props))}
	for name, props := range e.Props {
		if private[name] || slices.ContainsFunc(privatePrefixes, func(prefix string) bool { return strings.HasPrefix(name, prefix) }) {
			continue
		}
		if name == goical.PropAttach || name == "IMAGE" {
			props = slices.DeleteFunc(slices.Clone(props), inline)
		}
		if len(props) > 0 {
			kept.Props[name] = props
		}
	}
	return kept
}

// inline reports whether an attachment is not a link that guests can follow: inside the calendar, inside the mail, or on the
// organizer's own disk.
func inline(p goical.Prop) bool {
	scheme, _, found := strings.Cut(strings.ToLower(strings.TrimSpace(p.Value)), ":")
	return strings.EqualFold(p.Params.Get(goical.ParamValue), "BINARY") || p.Params.Get("ENCODING") != "" ||
		!found || scheme == "cid" || scheme == "file" || scheme == "data"
}
