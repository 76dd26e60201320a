package page

import (
	"strconv"

	"github.com/calendarinvite/calendarinviteserver/internal/when"
)

// view is what one page shows.
type view interface {
	fill(values) error
}

// views are the pages by the names of their templates, each with its empty view: one empty item in every list.
var views = map[string]view{
	"event_page": EventPage{Description: "x", Services: make([]Service, 1)}, "confirm_invite": ConfirmInvite{}, "rsvp": RSVP{}, "answered": Answered{}, "confirm_request": ConfirmRequest{},
	"request_confirmed": RequestConfirmed{}, "unsubscribe": Unsubscribe{}, "problem": Problem{},
	"proposals": Proposals{Items: make([]Proposal, 1)}, "guests": Guests{Items: make([]Guest, 1)},
}

// The names of the form fields, for whoever reads the POST.
const (
	FieldEmail    = "email"    // EventPage: whom to invite
	FieldName     = "name"     // EventPage: their name, which may be empty
	FieldAnswer   = "answer"   // RSVP: an Answer
	FieldComment  = "comment"  // RSVP, Proposals: free text of at most CommentLength characters
	FieldSequence = "sequence" // RSVP: the event's revision that the guest saw
	FieldChoice   = "choice"   // Unsubscribe, Proposals, Guests: what to do
	FieldProposal = "proposal" // Proposals: a Proposal's Key
	FieldGuest    = "guest"    // Guests: a Guest's Key
)

// The values of FieldChoice.
const (
	ChoiceBlock   = "block"   // Unsubscribe
	ChoiceUndo    = "undo"    // Unsubscribe
	ChoiceDecline = "decline" // Proposals
	ChoiceAdmit   = "admit"   // Guests
	ChoiceRefuse  = "refuse"  // Guests
)

// CommentLength is the longest comment, in characters.
const CommentLength = 1000

// Answer is a PARTSTAT in lower case (RFC 5545 §3.2.12) that a page can give. "" is no answer.
type Answer string

// The answers.
const (
	Accepted  Answer = "accepted"
	Tentative Answer = "tentative"
	Declined  Answer = "declined"
)

// Word is the answer as a guest would say it.
func (a Answer) Word() string {
	switch a {
	case Accepted:
		return "Yes"
	case Tentative:
		return "Maybe"
	case Declined:
		return "No"
	}
	return ""
}

// answer adds one flag per answer, of which at most the given one is on.
func (v values) answer(given Answer) {
	for _, a := range []Answer{Accepted, Tentative, Declined} {
		v.flag(string(a), given == a)
	}
}

// Event is what a page shows of an event. Texts are plain text and may hold anything.
type Event struct {
	Title     string
	When      when.Span
	Where     string
	Organizer string // display name, else address
}

func (e Event) fill(to values) {
	to.title(e.Title)
	if to.texts["title"] == "" {
		to.set("title", "(no title)")
	}
	to.line("where", e.Where)
	to.line("organizer", e.Organizer)
	to.set("when", e.When.String())
	day, rest := dayAndTime(to.texts["when"])
	to.set("date", day)
	to.set("time", rest)
	to.set("month", e.When.Start.Format("Jan"))
	to.set("day", e.When.Start.Format("2"))
}

// Field is a hidden field that a form sends back.
type Field struct{ Name, Value string }

// ConfirmInvite asks a guest to press a button before the invitation is sent.
type ConfirmInvite struct {
	Event  Event   // zero: the page does not show it
	Email  string  // where the invitation will go
	Post   string  // the form's target, a path or a URL; empty = the page's own address
	Fields []Field // at most 8
}

// ConfirmInvite draws the page.
func (p *Pages) ConfirmInvite(v ConfirmInvite) ([]byte, error) { return p.draw("confirm_invite", v) }

func (v ConfirmInvite) fill(to values) error {
	to.set("heading", "Get the invitation?")
	v.Event.fill(to)
	if v.Event == (Event{}) {
		to.set("title", "") // and with it the box
	}
	to.line("email", v.Email)
	if err := to.fields(v.Fields); err != nil {
		return err
	}
	return to.target("post", v.Post)
}

// RSVP asks a guest for an answer.
type RSVP struct {
	Event   Event
	Guest   string // who is answering: the invited address
	Chosen  Answer // preselected: the answer of the link
	Given   Answer // what the guest answered before; "" = nothing
	Comment string // preset text of the comment
	// Sequence is the event's revision, which comes back as FieldSequence: an answer is to what the guest saw.
	Sequence int
	Post     string // the form's target, a path or a URL; empty = the page's own address
}

// RSVP draws the page.
func (p *Pages) RSVP(v RSVP) ([]byte, error) { return p.draw("rsvp", v) }

func (v RSVP) fill(to values) error {
	to.set("heading", "Will you come?")
	v.Event.fill(to)
	to.line("guest", v.Guest)
	to.set("given", v.Given.Word())
	if v.Chosen.Word() == "" {
		v.Chosen = v.Given
	}
	to.answer(v.Chosen)
	to.comment(v.Comment)
	to.set("comment_length", strconv.Itoa(CommentLength))
	to.set("sequence", strconv.Itoa(v.Sequence))
	return to.target("post", v.Post)
}

// Answered tells a guest that the answer is recorded.
type Answered struct {
	Event  Event
	Guest  string
	Answer Answer
	Change string // the RSVP page; empty = no way to change
}

// Answered draws the page.
func (p *Pages) Answered(v Answered) ([]byte, error) { return p.draw("answered", v) }

func (v Answered) fill(to values) error {
	to.set("heading", "You answered "+v.Answer.Word())
	v.Event.fill(to)
	to.line("guest", v.Guest)
	to.answer(v.Answer)
	return to.target("change", v.Change)
}

// ConfirmRequest asks an organizer whether a held request is theirs.
type ConfirmRequest struct {
	Event  Event
	Mailto string // the organizer's address
	Action string // create, update or cancel
	Post   string // the form's target, a path or a URL; empty = the page's own address
}

// ConfirmRequest draws the page.
func (p *Pages) ConfirmRequest(v ConfirmRequest) ([]byte, error) { return p.draw("confirm_request", v) }

func (v ConfirmRequest) fill(to values) error {
	to.set("heading", "Was this you?")
	v.Event.fill(to)
	to.line("mailto", v.Mailto)
	to.set("verb", "create")
	if v.Action == "update" || v.Action == "cancel" {
		to.set("verb", v.Action)
	}
	return to.target("post", v.Post)
}

// RequestConfirmed tells the organizer that the held request goes on.
type RequestConfirmed struct {
	Title  string
	Mailto string // where a mail tells when it is done; empty when none does
}

// RequestConfirmed draws the page.
func (p *Pages) RequestConfirmed(v RequestConfirmed) ([]byte, error) {
	return p.draw("request_confirmed", v)
}

func (v RequestConfirmed) fill(to values) error {
	to.set("heading", "Thank you")
	to.title(v.Title)
	to.line("mailto", v.Mailto)
	return nil
}

// Unsubscribe lets a guest block an organizer, and unblock again. The form sends FieldChoice.
type Unsubscribe struct {
	Organizer string // display name, else address
	Email     string // the guest's address
	Blocked   bool   // as it is now
	Changed   bool   // the guest has just made it so
	Post      string // the form's target, a path or a URL; empty = the page's own address
}

// Unsubscribe draws the page.
func (p *Pages) Unsubscribe(v Unsubscribe) ([]byte, error) { return p.draw("unsubscribe", v) }

func (v Unsubscribe) fill(to values) error {
	switch {
	case v.Changed && v.Blocked:
		to.set("heading", "No more invitations")
	case v.Changed:
		to.set("heading", "Invitations are on again")
	case v.Blocked:
		to.set("heading", "Invitations are off")
	default:
		to.set("heading", "Stop invitations?")
	}
	to.line("organizer", v.Organizer)
	if to.texts["organizer"] == "" {
		to.set("organizer", "This organizer")
	}
	to.line("email", v.Email)
	to.flag("blocked", v.Blocked)
	to.flag("changed", v.Changed)
	return to.target("post", v.Post)
}
