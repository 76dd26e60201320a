package dashboard

import (
	"net/http"

	"github.com/calendarinvite/calendarinviteserver/internal/dashboard/view"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/itip"
)

// guests are the people who answered without being invited.
func (s *Site) guests(w http.ResponseWriter, r *http.Request, who Session) error {
	of, err := s.overview(r, who)
	if err != nil {
		return err
	}
	page := view.Guests{Frame: frameOf(r, who), After: r.URL.Query().Get(view.FieldAfter)}
	if page.Occasion, err = s.about(r.Context(), of.Event); err != nil {
		return err
	}
	after, err := s.position(cursorGuests, of.Event.UID, page.After)
	if err != nil {
		return err
	}
	found, next, err := s.Events.Guests(r.Context(), of.Event.UID, after, view.Rows)
	if err != nil {
		return err
	}
	page.Next = s.cursor(cursorGuests, of.Event.UID, next)
	for _, g := range found {
		page.Items = append(page.Items, view.Guest{
			Name: g.Name, Email: g.Email, Invited: g.Reply.Invited, Answer: view.Answer(itip.StatusOf(g.Reply.PartStat)), At: moment(g.Updated),
			Comment: g.Reply.Comment, State: view.GuestState(g.State), Key: g.Email,
		})
	}
	html, err := s.Views.Guests(page)
	return show(w, html, err)
}

// decideGuest admits or refuses a guest.
func (s *Site) decideGuest(w http.ResponseWriter, r *http.Request, who Session) error {
	of, err := s.overview(r, who)
	if err != nil {
		return err
	}
	if err := parseForm(w, r); err != nil {
		return err
	}
	guest, did, path := r.PostForm.Get(view.FieldGuest), view.DoneAdmitted, view.EventPath(of.Event.UID, "guests")
	switch r.PostForm.Get(view.FieldChoice) {
	case view.ChoiceAdmit:
		_, err = s.Events.AdmitGuest(r.Context(), of.Event.UID, guest)
	case view.ChoiceRefuse:
		did = view.DoneRefused
		_, err = s.Events.RefuseHeldGuest(r.Context(), of.Event.UID, guest)
	default:
		err = fault.New(fault.InvalidRequest, "no-choice", "")
	}
	switch {
	case fault.ReasonOf(err) == invite.ReasonSuspended:
		return s.done(w, r, path, view.DoneNotAllowed, "", 0)
	case fault.KindOf(err) == fault.Conflict: // the event was cancelled, or the guest decided about, in another window
		return s.done(w, r, path, view.DoneNothing, "", 0)
	case err != nil:
		return err
	}
	s.Note(r.Context(), who, "guest-"+string(did), of.Event.UID)
	return s.done(w, r, path, did, guest, 0)
}
