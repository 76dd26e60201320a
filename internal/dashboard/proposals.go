package dashboard

import (
	"net/http"

	"github.com/calendarinvite/calendarinviteserver/internal/dashboard/view"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

// proposals are the times that guests proposed.
func (s *Site) proposals(w http.ResponseWriter, r *http.Request, who Session) error {
	of, err := s.overview(r, who)
	if err != nil {
		return err
	}
	page := view.Proposals{Frame: frameOf(r, who), After: r.URL.Query().Get(view.FieldAfter)}
	if page.Occasion, err = s.about(r.Context(), of.Event); err != nil {
		return err
	}
	after, err := s.position(cursorProposals, of.Event.UID, page.After)
	if err != nil {
		return err
	}
	proposed, next, err := s.Events.Proposals(r.Context(), of.Event.UID, after, view.Rows)
	if err != nil {
		return err
	}
	page.Next = s.cursor(cursorProposals, of.Event.UID, next)
	for _, p := range proposed {
		page.Items = append(page.Items, view.Proposal{
			Name: p.Name, Email: p.Email, Proposed: p.Span(of.Event), Instance: of.Event.InstanceSpan(p.RecurrenceID), At: moment(p.At), Comment: p.Comment,
			State: view.ProposalState(p.StateAt(of.Event)), Key: p.Key(),
		})
	}
	html, err := s.Views.Proposals(page)
	return show(w, html, err)
}

// declineProposal declines one; the guest's calendar is told.
func (s *Site) declineProposal(w http.ResponseWriter, r *http.Request, who Session) error {
	of, err := s.overview(r, who)
	if err != nil {
		return err
	}
	if err := parseForm(w, r); err != nil {
		return err
	}
	path := view.EventPath(of.Event.UID, "proposals")
	email, instance := invite.ParseProposalKey(r.PostForm.Get(view.FieldProposal))
	declined, err := s.Events.DeclineProposal(r.Context(), of.Event.UID, email, instance, r.PostForm.Get(view.FieldComment))
	if fault.ReasonOf(err) == invite.ReasonSuspended {
		return s.done(w, r, path, view.DoneNotAllowed, "", 0)
	}
	if err != nil {
		return err
	}
	if declined.Result == invite.DeclinedOver {
		return s.done(w, r, path, view.DoneNothing, "", 0)
	}
	s.Note(r.Context(), who, "decline-proposal", of.Event.UID)
	return s.done(w, r, path, view.DoneDeclined, declined.Proposal.Email, 0)
}
