package dashboard

import (
	"net/http"
	"strings"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/api"
	"github.com/calendarinvite/calendarinviteserver/internal/dashboard/view"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/seal"
)

// LinkTime is how long a mailed sign-in link works.
const LinkTime = 15 * time.Minute

// How often somebody may try to sign in, an hour.
const (
	linksPerAddress = 5
	triesPerSource  = 30
)

// workflowSignIn mails the link. It is another execution, so that the answer, and how long it takes, say nothing about who is known.
const workflowSignIn = "sign-in"

// LinkRequest is the data of the workflow sign-in.
type LinkRequest struct {
	ID    string `json:"id"` // of the request; nobody can choose it, and a step that runs twice makes it again
	Email string `json:"email"`
	At    int64  `json:"at"` // seconds since 1970
}

// Link is the token that signs the organizer in. Each request's is another, because each works once.
func (q LinkRequest) Link(tenant string) seal.Link {
	return seal.Link{Purpose: seal.SignIn, Email: q.Email, Extra: tenant + "#" + q.ID, Expires: time.Unix(q.At, 0).Add(LinkTime).Unix()}
}

// signIn is the page with the form.
func (s *Site) signIn(w http.ResponseWriter, r *http.Request, who Session) error {
	if who != (Session{}) {
		s.redirect(w, r, view.Root)
		return nil
	}
	html, err := s.Views.SignIn(view.SignIn{Done: view.Done(r.URL.Query().Get(paramDone))})
	return show(w, html, err)
}

// askForLink mails an organizer the link, or signs an administrator in.
func (s *Site) askForLink(w http.ResponseWriter, r *http.Request, _ Session) error {
	if err := parseForm(w, r); err != nil {
		return err
	}
	source := invite.SourceOf(requestOf(r).source)
	if ok, err := s.Uses.Take(r.Context(), s.window("sign-in-source", source, time.Hour, triesPerSource), 1); err != nil || !ok {
		return s.tooMany(w, r, err)
	}
	if key := strings.TrimSpace(r.PostForm.Get(view.FieldKey)); key != "" {
		return s.signInAdmin(w, r, key)
	}
	text := strings.TrimSpace(r.PostForm.Get(view.FieldAddress))
	email, bad := invite.ParseAddress(text)
	if bad != nil {
		html, err := s.Views.SignIn(view.SignIn{Address: text, Problem: view.BadAddress})
		return shown(w, http.StatusBadRequest, html, err)
	}
	if ok, err := s.Uses.Take(r.Context(), s.window("sign-in-address", email, time.Hour, linksPerAddress), 1); err != nil || !ok {
		return s.tooMany(w, r, err)
	}
	wanted := LinkRequest{ID: requestOf(r).name("sign-in"), Email: email, At: s.Now().Unix()}
	if err := s.Flows.Start(r.Context(), s.Workflows[workflowSignIn].ARN, "sign-in-"+wanted.ID, wanted); err != nil {
		return err
	}
	html, err := s.Views.LinkSent(view.LinkSent{Address: email})
	return show(w, html, err)
}

func (s *Site) tooMany(w http.ResponseWriter, r *http.Request, err error) error {
	if err == nil {
		s.problem(w, r, Session{}, view.TooMany)
	}
	return err
}

// shown is show with another status.
func shown(w http.ResponseWriter, status int, html []byte, err error) error {
	if err == nil {
		write(w, status, html)
	}
	return err
}

func (s *Site) signInAdmin(w http.ResponseWriter, r *http.Request, key string) error {
	caller, err := s.Keys.Owner(r.Context(), key)
	if fault.KindOf(err) == fault.NotAuthorized || err == nil && !caller.Admin {
		html, err := s.Views.SignIn(view.SignIn{Problem: view.BadKey, Admin: true})
		return shown(w, http.StatusForbidden, html, err)
	}
	if err != nil {
		return err
	}
	who := Session{Tenant: caller.Tenant, Admin: true}
	s.begin(w, r, who)
	s.Note(r.Context(), who, "sign-in", "")
	s.redirect(w, r, s.wanted(w, r))
	return nil
}

// opened is what a sign-in link says; with a reason when it is void.
func (s *Site) opened(r *http.Request) (link seal.Link, tenant string, void view.Reason) {
	link, err := s.Seals.OpenLink(seal.SignIn, r.PathValue("token"))
	tenant, _, whole := strings.Cut(link.Extra, "#")
	switch {
	case err != nil || !whole || link.Expires == 0:
		return link, "", view.LinkBroken
	case link.Expired(s.Now()):
		return link, "", view.LinkExpired
	}
	return link, tenant, ""
}

// confirmSignIn is where the mailed link leads. It changes nothing: programs that look at mails open their links.
func (s *Site) confirmSignIn(w http.ResponseWriter, r *http.Request, _ Session) error {
	link, _, void := s.opened(r)
	if void != "" {
		s.problem(w, r, Session{}, void)
		return nil
	}
	html, err := s.Views.ConfirmSignIn(view.ConfirmSignIn{Address: link.Email, Token: r.PathValue("token")})
	return show(w, html, err)
}

// useLink uses the mailed link up, and signs in.
func (s *Site) useLink(w http.ResponseWriter, r *http.Request, _ Session) error {
	link, tenant, void := s.opened(r)
	if void != "" {
		s.problem(w, r, Session{}, void)
		return nil
	}
	once := "sign-in#" + link.Extra + "#" + link.Email // not the token, which opens in capitals as well
	first, err := s.Uses.UseOnce(r.Context(), once, requestOf(r).id, link.Expires)
	if err != nil {
		return err
	}
	if !first {
		s.problem(w, r, Session{}, view.LinkUsed)
		return nil
	}
	who := Session{Tenant: tenant, Email: link.Email}
	s.begin(w, r, who)
	s.Note(r.Context(), who, "sign-in", "")
	s.redirect(w, r, s.wanted(w, r))
	return nil
}

// signOut ends the session.
func (s *Site) signOut(w http.ResponseWriter, r *http.Request, _ Session) error {
	s.end(w, r)
	return s.done(w, r, view.SignInPath, view.DoneSignedOut, "", 0)
}

// key tells a program that came with an API key whose it is. API Gateway has checked the key; the dashboard itself asks here when an
// administrator signs in with one, because nobody but API Gateway knows the keys.
func (s *Site) key(w http.ResponseWriter, r *http.Request, _ Session) error {
	response, status := any(api.Message{Message: "Forbidden"}), http.StatusForbidden
	if caller, known := s.Callers[requestOf(r).keyID]; known {
		response, status = caller, http.StatusOK
	}
	return writeJSON(w, status, response)
}
