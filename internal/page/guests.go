package page

import "github.com/calendarinvite/calendarinviteserver/internal/when"

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
	Comment string
	State   GuestState
	Key     string // names the guest in the form, as FieldGuest
}

// Guests shows an organizer the guests who wait to be let in. A form sends FieldGuest and FieldChoice (ChoiceAdmit or ChoiceRefuse).
type Guests struct {
	Summary string
	When    when.Span
	Items   []Guest
	Done    string // the guest of the decision just now, name or address; empty = there was none
	Choice  string // that decision: ChoiceAdmit or ChoiceRefuse
	Post    string // the forms' target, a path or a URL; empty = the page's own address
}

// Guests draws the page.
func (p *Pages) Guests(v Guests) ([]byte, error) { return p.draw("guests", v) }

func (v Guests) fill(to values) error {
	to.set("heading", "Guests who ask to join")
	Event{Title: v.Summary, When: v.When}.fill(to)
	to.line("done", v.Done)
	to.flag("admitted", v.Choice == ChoiceAdmit)
	to.flag("refused", v.Choice == ChoiceRefuse)
	to.flag("any", len(v.Items) > 0)
	for _, guest := range v.Items {
		guest.fill(to.item("guests"))
	}
	return to.target("post", v.Post)
}

func (g Guest) fill(to values) {
	to.guest(g.Name, g.Email)
	to.line("invited", g.Invited)
	to.set("answer", g.Answer.Word())
	to.comment(g.Comment)
	to.flag("held", g.State == GuestHeld)
	to.flag("admitted", g.State == GuestAdmitted)
	to.flag("refused", g.State == GuestRefused)
	to.set("key", g.Key)
}
