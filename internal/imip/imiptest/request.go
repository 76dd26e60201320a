package imiptest

import (
	"fmt"
	"strings"
	"time"
)

// Event is an event in an organizer's calendar, to which the organizer invites To. The same Event with a higher Sequence, a later At
// and other values is an update of it.
type Event struct {
	Client      Client
	Organizer   Address
	To          Address // the server's create mailbox
	Guests      []Address
	UID         string // empty = one in the client's form, made of organizer and Key
	Key         string // tells the organizer's events apart when UID is empty
	Summary     string
	Description string // as typed; Gmail sends HTML when there is some in it
	Location    string
	Start, End  time.Time // in the event's zone; UTC writes UTC. For whole days, midnight of the first day and of the day after the last
	AllDay      bool
	Rule        string // RRULE value; empty = once
	JoinLink    string // Meet, Teams, Zoom; empty = none
	Sequence    int
	At          time.Time // DTSTAMP and Date
	Instance    time.Time // original start of the one instance that this is about; zero = all
	MethodIsLow bool      // writes METHOD in lower case, as some do
}

// ComposeRequest writes the mail by which the organizer's calendar invites, or sends an update.
func ComposeRequest(e Event) ([]byte, error) { return e.compose("REQUEST") }

// ComposeCancel writes the mail by which the organizer's calendar cancels the event, or one instance of it.
func ComposeCancel(e Event) ([]byte, error) { return e.compose("CANCEL") }

func (e Event) compose(method string) ([]byte, error) {
	if e.At.IsZero() || e.Start.IsZero() || e.Organizer.Email == "" || e.To.Email == "" {
		return nil, fmt.Errorf("imiptest: an event needs At, Start, Organizer and To")
	}
	switch e.Client {
	case Gmail:
		return e.gmail(method), nil
	case Outlook:
		return e.outlook(method), nil
	case Apple:
		return e.apple(method), nil
	case Generic:
		return e.generic(method), nil
	}
	return nil, fmt.Errorf("imiptest: unknown client %q", e.Client)
}

// uid is the event's UID in the client's form.
func (e Event) uid() string {
	if e.UID != "" {
		return e.UID
	}
	d := digest(e.Organizer.Email, e.Key)
	switch e.Client {
	case Gmail:
		return d[:26] + "@google.com"
	case Outlook: // MS-OXCICAL §2.1.3.1.1.20.26: a GlobalObjectId in hexadecimal
		return "040000008200E00074C5B7101A82E00800000000" + strings.ToUpper(d[:16]) + "000000000000000010000000" + strings.ToUpper(d[16:48])
	case Apple:
		return strings.ToUpper(uuid(e.Organizer.Email, e.Key))
	}
	return uuid(e.Organizer.Email, e.Key)
}

func (e Event) methodLine(method string) string {
	if e.MethodIsLow {
		method = strings.ToLower(method)
	}
	return "METHOD:" + method
}

// status is the STATUS that goes with the method.
func status(method string) string {
	if method == "CANCEL" {
		return "STATUS:CANCELLED"
	}
	return "STATUS:CONFIRMED"
}

// times adds DTSTART, DTEND, the instance and the rule.
func (e Event) times(l *lines, form func(time.Time) (params, value string)) {
	add := func(name string, t time.Time) {
		if t.IsZero() {
			return
		}
		params, value := form(t)
		if e.AllDay {
			params, value = ";VALUE=DATE", t.Format(dateForm)
		}
		l.add(name + params + ":" + value)
	}
	add("DTSTART", e.Start)
	add("DTEND", e.End)
	add("RECURRENCE-ID", e.Instance)
	if e.Instance.IsZero() {
		l.addIf("RRULE", e.Rule)
	}
}

// zoned reports the zone that the times are in; none for UTC and whole days.
func (e Event) zoned() (location *time.Location, name string, ok bool) {
	location = e.Start.Location()
	return location, location.String(), !e.AllDay && location != time.UTC && location.String() != "UTC"
}

// messageID makes an identifier of this mail.
func (e Event) messageID(method string) string {
	return uuid(e.uid(), method, fmt.Sprint(e.Sequence), utc(e.At), utc(e.Instance))
}
