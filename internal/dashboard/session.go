package dashboard

import (
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/dashboard/view"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/seal"
)

// SessionTime is how long a session lasts.
const SessionTime = 12 * time.Hour

// Session is who is signed in. The zero Session is nobody.
type Session struct {
	Tenant string
	Email  string // the organizer's address; "" for an administrator
	Admin  bool
}

// Organizer is the organizer who is signed in.
func (w Session) Organizer() invite.Organizer {
	return invite.Organizer{Tenant: w.Tenant, Email: w.Email}
}

// frame is what stands around the pages of whoever is signed in.
func (w Session) frame() view.Frame {
	user := w.Email
	if w.Admin {
		user = "Administrator"
	}
	return view.Frame{User: user, Admin: w.Admin}
}

// operates reports whether an administrator runs the deployment. Executions carry what every tenant was sent, so administrators of the
// other tenants do not see them (spec §9).
func (w Session) operates() bool { return w.Admin && w.Tenant == invite.DefaultTenant }

// Cookies. The session's holds who is signed in, sealed; wanted's the page that was asked for before signing in.
const (
	sessionCookie = "session"
	wantedCookie  = "wanted"
)

// roleAdmin begins the sealed text of an administrator's session; a tenant follows.
const (
	roleAdmin     = "admin#"
	roleOrganizer = "organizer#"
)

// session is who sent the request.
func (s *Site) session(r *http.Request) Session {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return Session{}
	}
	link, err := s.Seals.OpenLink(seal.Session, cookie.Value)
	if err != nil || link.Expires == 0 || link.Expired(s.Now()) {
		return Session{}
	}
	if tenant, ok := strings.CutPrefix(link.Extra, roleAdmin); ok {
		return Session{Tenant: tenant, Admin: true}
	}
	tenant, ok := strings.CutPrefix(link.Extra, roleOrganizer)
	if !ok || link.Email == "" {
		return Session{}
	}
	return Session{Tenant: tenant, Email: link.Email}
}

// begin signs in.
func (s *Site) begin(w http.ResponseWriter, r *http.Request, who Session) {
	link := seal.Link{Purpose: seal.Session, Email: who.Email, Extra: roleOrganizer + who.Tenant, Expires: s.Now().Add(SessionTime).Unix()}
	if who.Admin {
		link.Extra = roleAdmin + who.Tenant
	}
	s.setCookie(w, r, sessionCookie, s.Seals.Link(link), SessionTime)
}

// end signs out.
func (s *Site) end(w http.ResponseWriter, r *http.Request) { s.setCookie(w, r, sessionCookie, "", -1) }

// setCookie sets a cookie that only our own pages are sent, and no script reads; with a negative time it is deleted.
func (s *Site) setCookie(w http.ResponseWriter, r *http.Request, name, value string, lasting time.Duration) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: s.base + view.Root, MaxAge: int(math.Floor(lasting.Seconds())), HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: strings.HasPrefix(s.API, "https:"),
	})
}

// handler is a page or an action for whoever is signed in. Its error becomes a page.
type handler func(w http.ResponseWriter, r *http.Request, who Session) error

// anybody serves also those who are not signed in.
func (s *Site) anybody(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, h, s.session(r)) })
}

// organizer serves organizers. Whoever is not signed in is asked to, and an administrator told whose page it is.
func (s *Site) organizer(h handler) http.Handler {
	return s.anybody(func(w http.ResponseWriter, r *http.Request, who Session) error {
		switch {
		case who.Email != "":
			return h(w, r, who)
		case who.Admin:
			s.problem(w, r, who, view.NotOrganizer)
			return nil
		}
		return s.askToSignIn(w, r)
	})
}

// admin serves administrators.
func (s *Site) admin(h handler) http.Handler {
	return s.anybody(func(w http.ResponseWriter, r *http.Request, who Session) error {
		switch {
		case who.Admin:
			return h(w, r, who)
		case who.Email != "":
			s.problem(w, r, who, view.NotAllowed)
			return nil
		}
		return s.askToSignIn(w, r)
	})
}

// operator serves administrators who run the deployment.
func (s *Site) operator(h handler) http.Handler {
	return s.admin(func(w http.ResponseWriter, r *http.Request, who Session) error {
		if !who.operates() {
			s.problem(w, r, who, view.NotAllowed)
			return nil
		}
		return h(w, r, who)
	})
}

// wantedTime is how long the page that somebody asked for is remembered: as long as signing in may take.
const wantedTime = time.Hour

// askToSignIn leads to the sign-in page, and remembers which page was asked for.
func (s *Site) askToSignIn(w http.ResponseWriter, r *http.Request) error {
	if r.Method == http.MethodGet && !strings.HasSuffix(r.URL.Path, "/live") {
		s.setCookie(w, r, wantedCookie, s.Seals.Link(seal.Link{
			Purpose: seal.Page, Extra: r.URL.EscapedPath(), Expires: s.Now().Add(wantedTime).Unix(),
		}), wantedTime)
	}
	s.redirect(w, r, view.SignInPath)
	return nil
}

// wanted is the page that was asked for before signing in.
func (s *Site) wanted(w http.ResponseWriter, r *http.Request) string {
	cookie, err := r.Cookie(wantedCookie)
	if err != nil {
		return view.Root
	}
	s.setCookie(w, r, wantedCookie, "", -1)
	link, err := s.Seals.OpenLink(seal.Page, cookie.Value)
	if err != nil || link.Expired(s.Now()) || !strings.HasPrefix(link.Extra, view.Root+"/") {
		return view.Root
	}
	return link.Extra
}
