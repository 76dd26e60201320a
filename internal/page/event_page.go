package page

import (
	"strings"

	"github.com/calendarinvite/calendarinviteserver/internal/plain"
)

// EventPage is the public page of an event: what it is, a form that asks for the invitation (FieldEmail, FieldName), and ways to add a copy to
// a calendar. Anyone can open it, so it names no guest.
type EventPage struct {
	Event       Event
	Description string // plain text of several lines; may be empty

	Closed  Reason // why no invitation can be asked for: EventCancelled, EventOver, InviteLimit, ByOrganizer ...; "" = it can
	Sent    bool   // an invitation was asked for just now
	Sender  string // the address that it will come from; may be empty
	Problem Reason // why the form just sent was not taken; "" = it was, or none was sent
	Email   string // preset, as is Name
	Name    string
	Again   string // with Sent: where the form is; a path or a URL, empty = nowhere

	Services []Service // calendars that take a copy by a link
	File     string    // the copy as a file, a path or a URL; empty = no copies
}

// Service is a calendar on the web that takes a copy of the event by a link.
type Service struct {
	Name      string
	URL       string
	FirstOnly bool // of a series, only its first date
}

// DescriptionLength is the most characters of a description that the page shows.
const DescriptionLength = 8192

// EventPage draws the page.
func (p *Pages) EventPage(v EventPage) ([]byte, error) { return p.draw("event_page", v) }

func (v EventPage) fill(to values) error {
	v.Event.fill(to)
	to.set("heading", to.texts["title"])
	for _, run := range runsOf(plain.Lines(v.Description, DescriptionLength)) {
		item := to.item("about")
		item.set("text", run.text)
		item.set("href", run.href)
	}
	to.flag("described", strings.TrimSpace(v.Description) != "")
	to.flag("cancelled", v.Closed == EventCancelled)
	to.flag("over", v.Closed == EventOver)
	to.flag("open", v.Closed == "" && !v.Sent)
	to.reason("closed", v.Closed)
	to.flag("sent", v.Sent)
	to.line("sender", v.Sender)
	to.reason("problem", v.Problem)
	to.flag("bad_email", v.Problem == BadAddress || v.Problem == OwnAddress || v.Problem == TheOrganizer)
	to.line("email", v.Email)
	to.line("name", v.Name)
	var firstOnly []string
	for _, service := range v.Services {
		item := to.item("services")
		item.line("service", service.Name)
		if err := item.target("url", service.URL); err != nil {
			return err
		}
		if service.FirstOnly {
			firstOnly = append(firstOnly, item.texts["service"])
		}
	}
	to.set("first_only", listed(firstOnly))
	if err := to.target("again", v.Again); err != nil {
		return err
	}
	return to.target("file", v.File)
}

// reason adds the words for a reason: what it is and what to do, both empty without one.
func (v values) reason(name string, r Reason) {
	var says problemText
	if r != "" {
		says = r.says()
	}
	v.set(name, says.heading)
	v.set(name+"_text", says.text)
}

// listed is "A, B and C".
func listed(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// dayAndTime parts the words of a time that begins and ends on one day into the day and the rest: "Thursday, 12 March 2026" and "10:00 – 11:00
// CET". Any other is all day.
func dayAndTime(when string) (day, rest string) {
	at := -1
	for i := 0; i+6 < len(when); i++ {
		if when[i:i+2] == ", " && when[i+2] >= '0' && when[i+2] <= '9' && when[i+4] == ':' {
			if at >= 0 {
				return when, ""
			}
			at = i
		}
	}
	if at < 0 {
		return when, ""
	}
	return when[:at], when[at+len(", "):]
}
