package view

import "time"

// GuestState is what the organizer decided about a guest who was not invited.
type GuestState string

// The states. A guest of any other state is shown without a form.
const (
	GuestHeld     GuestState = "held"
	GuestAdmitted GuestState = "admitted"
	GuestRefused  GuestState = "refused"
)

// Guest is somebody who answered without being invited.
type Guest struct {
	Name    string // may be empty
	Email   string
	Invited string // the address whose invitation it was; may be empty
	Answer  Answer
	At      time.Time
	Comment string
	State   GuestState
	Key     string // names the guest in the form, as FieldGuest
}

// Guests shows the guests who wait to be let in. A form sends FieldGuest and FieldChoice (ChoiceAdmit or ChoiceRefuse) to EventPath(uid, "guests").
type Guests struct {
	Frame    Frame
	Occasion Occasion
	Items    []Guest
	After    string // the cursor of this page; empty = it is the first
	Next     string // the cursor of the next page; empty = there is none
}

// Guests draws the page.
func (v *Views) Guests(p Guests) ([]byte, error) { return v.draw("guests", p) }

func (p Guests) fill(to values) error {
	p.Frame.fill(to)
	to.in("events", "guests")
	p.Occasion.fill(to)
	to.set("heading", "Guests who ask to join")
	to.flag("any", len(p.Items) > 0)
	for _, g := range p.Items {
		item := to.item("guests")
		item.person(g.Name, g.Email)
		item.line("invited", g.Invited)
		item.answer(g.Answer)
		item.moment("given", g.At)
		item.comment(g.Comment)
		item.flag("held", g.State == GuestHeld)
		item.flag("admitted", g.State == GuestAdmitted)
		item.flag("refused", g.State == GuestRefused)
		item.set("key", g.Key)
	}
	to.pages(EventPath(p.Occasion.UID, "guests"), p.After, p.Next)
	return nil
}
