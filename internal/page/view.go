package page

import (
	"github.com/calendarinvite/calendarinviteserver/internal/plain"
	"github.com/calendarinvite/calendarinviteserver/internal/when"
)

// The names of the form fields, for whoever reads the POST.
const (
	FieldAnswer  = "answer"  // RSVP: an Answer
	FieldComment = "comment" // RSVP: free text of at most CommentLength characters
	FieldChoice  = "choice"  // Unsubscribe: ChoiceBlock or ChoiceUndo
)

// The values of FieldChoice.
const (
	ChoiceBlock = "block"
	ChoiceUndo  = "undo"
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

// Event is what a page shows of an event. Texts are plain text and may hold anything.
type Event struct {
	Title     string
	When      when.Span
	Where     string
	Organizer string // display name, else address
}

// Longest texts, in characters.
const (
	maxTitle = 300
	maxLine  = 300
)

func (e Event) clean() Event {
	e.Title, e.Where, e.Organizer = plain.Line(e.Title, maxTitle), plain.Line(e.Where, maxLine), plain.Line(e.Organizer, maxLine)
	if e.Title == "" {
		e.Title = "(no title)"
	}
	return e
}

// Landing tells a guest that the invitation is coming. Anyone can bring the page up for any address, so it names none.
type Landing struct {
	Title  string // the event's title; may be empty
	Sender string // the address that the invitation will come from; may be empty
}

// Landing draws the page.
func (p *Pages) Landing(v Landing) ([]byte, error) {
	v.Title, v.Sender = plain.Line(v.Title, maxTitle), plain.Line(v.Sender, maxLine)
	return p.draw("landing", v)
}

// Field is a hidden field that a form sends back.
type Field struct{ Name, Value string }

// ConfirmInvite asks a guest to press a button before the invitation is sent.
type ConfirmInvite struct {
	Event  Event
	Email  string // where the invitation will go
	Post   string // the form's target, a path or a URL; empty = the page's own address
	Fields []Field
}

// ConfirmInvite draws the page.
func (p *Pages) ConfirmInvite(v ConfirmInvite) ([]byte, error) {
	v.Event, v.Email = v.Event.clean(), plain.Line(v.Email, maxLine)
	return p.draw("confirm_invite", v)
}

// RSVP asks a guest for an answer.
type RSVP struct {
	Event   Event
	Guest   string // who is answering: the invited address
	Chosen  Answer // preselected: the answer of the link
	Given   Answer // what the guest answered before; "" = nothing
	Comment string // preset text of the comment
	Post    string // the form's target, a path or a URL; empty = the page's own address
}

// RSVP draws the page.
func (p *Pages) RSVP(v RSVP) ([]byte, error) {
	v.Event, v.Guest, v.Comment = v.Event.clean(), plain.Line(v.Guest, maxLine), plain.Lines(v.Comment, CommentLength)
	if v.Chosen.Word() == "" {
		v.Chosen = v.Given
	}
	return p.draw("rsvp", v)
}

// CommentLength is the limit that the form tells the browser.
func (RSVP) CommentLength() int { return CommentLength }

// Answered tells a guest that the answer is recorded.
type Answered struct {
	Event  Event
	Guest  string
	Answer Answer
	Change string // the RSVP page; empty = no way to change
}

// Answered draws the page.
func (p *Pages) Answered(v Answered) ([]byte, error) {
	v.Event, v.Guest = v.Event.clean(), plain.Line(v.Guest, maxLine)
	return p.draw("answered", v)
}

// ConfirmRequest asks an organizer whether a held request is theirs.
type ConfirmRequest struct {
	Event  Event
	Mailto string // the organizer's address
	Action string // create, update or cancel
	Post   string // the form's target, a path or a URL; empty = the page's own address
}

// ConfirmRequest draws the page.
func (p *Pages) ConfirmRequest(v ConfirmRequest) ([]byte, error) {
	v.Event, v.Mailto = v.Event.clean(), plain.Line(v.Mailto, maxLine)
	return p.draw("confirm_request", v)
}

// Verb is the action as a sentence has it.
func (v ConfirmRequest) Verb() string {
	switch v.Action {
	case "update", "cancel":
		return v.Action
	}
	return "create"
}

// RequestConfirmed tells the organizer that the held request goes on.
type RequestConfirmed struct {
	Title  string
	Mailto string
}

// RequestConfirmed draws the page.
func (p *Pages) RequestConfirmed(v RequestConfirmed) ([]byte, error) {
	v.Title, v.Mailto = plain.Line(v.Title, maxTitle), plain.Line(v.Mailto, maxLine)
	return p.draw("request_confirmed", v)
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
func (p *Pages) Unsubscribe(v Unsubscribe) ([]byte, error) {
	v.Organizer, v.Email = plain.Line(v.Organizer, maxLine), plain.Line(v.Email, maxLine)
	if v.Organizer == "" {
		v.Organizer = "this organizer"
	}
	return p.draw("unsubscribe", v)
}
