package page

import (
	"strconv"

	"github.com/calendarinvite/calendarinviteserver/internal/when"
)

// ProposalState is what became of a proposed time.
type ProposalState string

// The states. A proposal of any other state is shown without a form.
const (
	ProposalOpen     ProposalState = "open"
	ProposalDeclined ProposalState = "declined"
	ProposalOver     ProposalState = "over" // the event has changed since
)

// Proposal is a new time that a guest proposed (METHOD:COUNTER, RFC 5546 §3.2.7).
type Proposal struct {
	Name     string // the guest's; may be empty
	Email    string
	Proposed when.Span // the new time
	Instance when.Span // the date of a series that it is about; zero = the event, or the whole series
	Comment  string
	State    ProposalState
	Key      string // names the proposal in the form, as FieldProposal
	Chosen   bool   // its form is open from the start: the link was to this proposal
}

// Proposals shows an organizer the times that guests proposed for an event. A form sends FieldProposal, FieldChoice (ChoiceDecline) and FieldComment.
type Proposals struct {
	Summary string
	When    when.Span // as it is now
	Items   []Proposal
	Done    string // the guest whose proposal was declined just now, name or address; empty = none was
	Post    string // the forms' target, a path or a URL; empty = the page's own address
}

// Proposals draws the page.
func (p *Pages) Proposals(v Proposals) ([]byte, error) { return p.draw("proposals", v) }

func (v Proposals) fill(to values) error {
	to.set("heading", "Proposed times")
	Event{Title: v.Summary, When: v.When}.fill(to)
	to.line("done", v.Done)
	to.flag("any", len(v.Items) > 0)
	for _, p := range v.Items {
		p.fill(to.item("proposals"))
	}
	to.set("comment_length", strconv.Itoa(CommentLength))
	return to.target("post", v.Post)
}

func (p Proposal) fill(to values) {
	to.guest(p.Name, p.Email)
	to.set("proposed", p.Proposed.String())
	to.set("instance", p.Instance.String())
	to.comment(p.Comment)
	to.flag("open", p.State == ProposalOpen)
	to.flag("declined", p.State == ProposalDeclined)
	to.flag("over", p.State == ProposalOver)
	to.flag("chosen", p.Chosen)
	to.set("key", p.Key)
}
