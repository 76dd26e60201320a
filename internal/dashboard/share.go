package dashboard

import (
	"net/http"
	"net/url"

	"github.com/calendarinvite/calendarinviteserver/internal/api"
	"github.com/calendarinvite/calendarinviteserver/internal/dashboard/view"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/seal"
)

// share is the page that makes invite links.
func (s *Site) share(w http.ResponseWriter, r *http.Request, who Session) error {
	of, err := s.overview(r, who)
	if err != nil {
		return err
	}
	query, uid := r.URL.Query(), of.Event.UID
	page := view.Share{
		Frame: frameOf(r, who), InviteLink: s.API + "/event/" + url.PathEscape(uid) + "/invite", Origin: query.Get(view.FieldOrigin), Landing: query.Get(view.FieldLanding),
		Hosts: s.LandingHosts, GuestPage: s.guestPage(uid), QR: view.EventPath(uid, "share", "qr.svg"),
	}
	if !invite.KnownOrigin(page.Origin) {
		page.Origin = ""
	}
	const nowhere = "nowhere"
	page.BadLanding = page.Landing != "" && api.Landing(page.Landing, nowhere, s.LandingHosts) == nowhere
	if s.SignedLinks {
		page.Token = s.Seals.Link(seal.Link{Purpose: seal.Invite, UID: uid})
	}
	if page.Occasion, err = s.about(r.Context(), of.Event); err != nil {
		return err
	}
	html, err := s.Views.Share(page)
	return show(w, html, err)
}

// guestPage is the event's page for guests.
func (s *Site) guestPage(uid string) string {
	page := s.API + "/e/" + url.PathEscape(uid)
	if s.SignedLinks {
		page += "?token=" + s.Seals.Link(seal.Link{Purpose: seal.Invite, UID: uid})
	}
	return page
}

// qr is the guests' page as a QR code.
func (s *Site) qr(w http.ResponseWriter, r *http.Request, who Session) error {
	of, err := s.overview(r, who)
	if err != nil {
		return err
	}
	picture, err := qrCode(s.guestPage(of.Event.UID))
	if err != nil {
		return fault.Wrap(fault.Internal, "qr-code", err)
	}
	w.Header().Set("Content-Type", "image/svg+xml")
	w.Header().Set("Cache-Control", "private, max-age=3600")
	w.Header().Set("Content-Security-Policy", "default-src 'none'")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(picture)
	return nil
}
