package view

import "time"

// Organizers is an administrator's list of organizers. The filter is FieldSearch in the page's address.
type Organizers struct {
	Frame  Frame
	Search string
	Items  []OrganizerRow
	After  string // the cursor of this page; empty = it is the first
	Next   string // the cursor of the next page; empty = there is none
}

// OrganizerRow is one organizer of the list.
type OrganizerRow struct {
	Name      string // may be empty
	Email     string
	Events    int
	Invites   int
	Last      time.Time // when the newest event was made; zero = none was
	Standings Standings
}

// Standings are what an organizer was granted, or denied; zero times mean no.
type Standings struct {
	Bulk         time.Time // since when lists may be sent
	Suspended    time.Time // since when nothing is sent
	Subscription time.Time // since when the event limit is lifted
	Product      string    // of the subscription; empty = granted by hand
	Order        string    // likewise, its number
}

func (s Standings) fill(to values) {
	to.moment("bulk", s.Bulk)
	to.moment("suspended", s.Suspended)
	to.moment("subscription", s.Subscription)
	to.line("product", s.Product)
	to.line("order", s.Order)
	to.flag("no_standings", s.Bulk.IsZero() && s.Suspended.IsZero() && s.Subscription.IsZero())
}

// Organizers draws the page.
func (v *Views) Organizers(p Organizers) ([]byte, error) { return v.draw("organizers", p) }

func (p Organizers) fill(to values) error {
	p.Frame.fill(to)
	to.in("organizers")
	to.set("heading", "Organizers")
	to.line("search", p.Search)
	to.set("organizers_path", OrganizersPath)
	to.flag("filtered", p.Search != "")
	to.flag("any", len(p.Items) > 0)
	for _, o := range p.Items {
		item := to.item("organizers")
		item.person(o.Name, o.Email)
		item.set("organizer_path", OrganizerPath(o.Email))
		item.number("event_number", o.Events)
		item.number("invites", o.Invites)
		item.moment("last", o.Last)
		o.Standings.fill(item)
	}
	to.pages(OrganizersPath, p.After, p.Next, pair{FieldSearch, p.Search})
	return nil
}

// Switch is something that an administrator grants or denies an organizer.
type Switch string

// The switches.
const (
	SwitchBulk         Switch = "bulk"
	SwitchSuspended    Switch = "suspended"
	SwitchSubscription Switch = "subscription"
)

// Organizer is an administrator's page of one organizer. The forms send FieldSwitch and FieldOn to OrganizerPath(email).
type Organizer struct {
	Frame      Frame
	Name       string // may be empty
	Email      string
	Standings  Standings
	Events     int
	EventLimit int // without a subscription; 0 = any number
	Attendees  int
	Invites    int
	Answers    Answers
	Bounced    int
	Blocked    int // people who blocked this organizer
}

// Organizer draws the page.
func (v *Views) Organizer(p Organizer) ([]byte, error) { return v.draw("organizer", p) }

func (p Organizer) fill(to values) error {
	p.Frame.fill(to)
	to.in("organizers")
	to.person(p.Name, p.Email)
	to.set("heading", to.texts["person"])
	to.set("organizers_path", OrganizersPath)
	to.set("post", OrganizerPath(p.Email))
	p.Standings.fill(to)
	to.number("event_number", p.Events)
	to.count("event_limit", p.EventLimit)
	to.number("attendee_number", p.Attendees)
	to.number("invites", p.Invites)
	p.Answers.fill(to)
	to.number("bounced", p.Bounced)
	to.set("bounced_share", percent(p.Bounced, p.Attendees))
	to.number("blocked", p.Blocked)
	to.set("blocked_share", percent(p.Blocked, p.Attendees))
	return nil
}
