package notify

import (
	"github.com/calendarinvite/calendarinviteserver/internal/when"
)

// Proposal tells the organizer that a guest proposes a new time (METHOD:COUNTER, RFC 5546 §3.2.7).
type Proposal struct {
	Mailto        string // the organizer's address; the mail goes there
	Guest         string // the guest's name; may be empty
	Email         string // the guest's address
	Summary       string
	UID           string
	When          when.Span // as it is now
	Instance      when.Span // the date of a series that it is about; zero = the event, or the whole series
	Proposed      when.Span
	Comment       string // may be empty
	DeclineLink   string // leads to a page with a button for this proposal; may be empty
	ProposalsLink string // leads to all proposals for the event; may be empty
}

// Kind implements Notification.
func (n Proposal) Kind() Kind { return KindProposal }

func (n Proposal) fill(v values, _ Settings) error {
	v.line("mailto", n.Mailto)
	v.person("guest", n.Guest, n.Email)
	v.line("email", n.Email)
	v.line("summary", firstOf(n.Summary, untitled))
	v.line("uid", n.UID)
	v.line("when", n.When.String())
	v.line("instance", n.Instance.String())
	v.line("proposed", n.Proposed.String())
	v.quote("comment", n.Comment)
	return firstError(v.link("decline_link", n.DeclineLink), v.link("proposals_link", n.ProposalsLink))
}

// HeldGuest asks the organizer whether somebody may come who answered another's invitation.
type HeldGuest struct {
	Mailto     string // the organizer's address; the mail goes there
	Guest      string // the name of who answered; may be empty
	Email      string // and the address
	Invited    string // the address whose invitation it was; may be empty
	Summary    string
	UID        string
	When       when.Span
	Answer     string // PARTSTAT in lower case: accepted, tentative or declined; the mail is silent about others
	Comment    string // may be empty
	GuestsLink string // leads to a page with a button to admit and one to refuse; needed
}

// Kind implements Notification.
func (n HeldGuest) Kind() Kind { return KindHeldGuest }

func (n HeldGuest) fill(v values, _ Settings) error {
	v.line("mailto", n.Mailto)
	v.person("guest", n.Guest, n.Email)
	v.line("email", n.Email)
	v.line("invited", n.Invited)
	v.line("summary", firstOf(n.Summary, untitled))
	v.line("uid", n.UID)
	v.line("when", n.When.String())
	v.line("answer", answerWords[n.Answer])
	v.quote("comment", n.Comment)
	return v.neededLink("guests_link", n.GuestsLink)
}

var answerWords = map[string]string{"accepted": "Yes", "tentative": "Maybe", "declined": "No"}

// Question brings the organizer what a guest wrote. It tells to reply, so the mail's Reply-To must be the guest (Answer.ReplyTo).
type Question struct {
	Mailto  string // the organizer's address; the mail goes there
	Guest   string // the guest's name; may be empty
	Email   string // the guest's address
	Summary string // of the event; empty = we do not know which one it is about
	UID     string // of the event
	Subject string // of the guest's mail; may be empty
	Text    string // of the guest's mail; the mail has its first 4,000 characters
}

// Kind implements Notification.
func (n Question) Kind() Kind { return KindQuestion }

func (n Question) fill(v values, _ Settings) error {
	v.line("mailto", n.Mailto)
	v.person("guest", n.Guest, n.Email)
	v.line("email", n.Email)
	v.line("summary", n.Summary)
	v.line("uid", n.UID)
	v.line("subject_line", n.Subject)
	v.flag("cut", v.quote("text", n.Text))
	return nil
}
