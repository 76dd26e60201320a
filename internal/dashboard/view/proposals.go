package view

import (
	"strconv"
	"time"

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
	At       time.Time // when it came
	Comment  string
	State    ProposalState
	Key      string // names the proposal in the form, as FieldProposal
}

// Proposals shows the times that guests proposed. A form sends FieldProposal, FieldChoice (ChoiceDecline) and FieldComment to EventPath(uid, "proposals").
type Proposals struct {
	Frame    Frame
	Occasion Occasion
	Items    []Proposal
	After    string // the cursor of this page; empty = it is the first
	Next     string // the cursor of the next page; empty = there is none
}

// Proposals draws the page.
func (v *Views) Proposals(p Proposals) ([]byte, error) { return v.draw("proposals", p) }

func (p Proposals) fill(to values) error {
	p.Frame.fill(to)
	to.in("events", "proposals")
	p.Occasion.fill(to)
	to.set("heading", "Proposed times")
	to.flag("any", len(p.Items) > 0)
	to.set("comment_length", strconv.Itoa(CommentLength))
	for _, proposal := range p.Items {
		item := to.item("proposals")
		item.person(proposal.Name, proposal.Email)
		item.set("move", when.Move(p.Occasion.When, proposal.Proposed))
		if proposal.Instance.Known() {
			item.set("move", when.Move(proposal.Instance, proposal.Proposed))
		}
		item.set("proposed", proposal.Proposed.String())
		item.set("instance", proposal.Instance.Short())
		item.moment("given", proposal.At)
		item.comment(proposal.Comment)
		item.flag("is_open", proposal.State == ProposalOpen)
		item.flag("declined", proposal.State == ProposalDeclined)
		item.flag("over", proposal.State == ProposalOver)
		item.set("key", proposal.Key)
	}
	to.pages(EventPath(p.Occasion.UID, "proposals"), p.After, p.Next)
	return nil
}
