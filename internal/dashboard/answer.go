package dashboard

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"

	"github.com/calendarinvite/calendarinviteserver/internal/dashboard/view"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
)

// serve runs a handler and makes its error a page.
func (s *Site) serve(w http.ResponseWriter, r *http.Request, h handler, who Session) {
	err := h(w, r, who)
	if err == nil {
		return
	}
	reason := problemOf(err)
	if reason.Status() >= http.StatusInternalServerError {
		s.Fail(r.Context(), err)
	}
	s.problem(w, r, who, reason)
}

// problemOf chooses the page for an error.
func problemOf(err error) view.Reason {
	if errors.Is(err, errTooLarge) {
		return view.TooLarge
	}
	switch fault.KindOf(err) {
	case fault.NotFound:
		return view.NotFound
	case fault.NotAuthorized:
		return view.NotAllowed
	case fault.InvalidRequest, fault.Conflict:
		return view.BadRequest
	}
	return view.Unavailable
}

// problem answers with the page that tells a person what is wrong.
func (s *Site) problem(w http.ResponseWriter, r *http.Request, who Session, reason view.Reason) {
	html, err := s.Views.Problem(view.Problem{Frame: who.frame(), Reason: reason, ID: requestOf(r).id})
	if err != nil {
		s.Fail(r.Context(), err)
		http.Error(w, http.StatusText(reason.Status()), reason.Status())
		return
	}
	write(w, reason.Status(), html)
}

// show answers with a page that was drawn.
func show(w http.ResponseWriter, html []byte, err error) error {
	if err != nil {
		return err
	}
	write(w, http.StatusOK, html)
	return nil
}

func write(w http.ResponseWriter, status int, html []byte) {
	for name, value := range view.Headers() {
		w.Header().Set(name, value)
	}
	w.WriteHeader(status)
	_, _ = w.Write(html) // into memory
}

// writeJSON answers a program.
func writeJSON(w http.ResponseWriter, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(body) // into memory
	return nil
}

// redirect leads to one of our own paths by GET.
func (s *Site) redirect(w http.ResponseWriter, r *http.Request, path string) {
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, s.base+path, http.StatusSeeOther)
}

// Parameters of a page that say what the action before it did.
const (
	paramDone  = "done"
	paramAbout = "about"
	paramCount = "count"
)

// done leads to a page that confirms what was done.
func (s *Site) done(w http.ResponseWriter, r *http.Request, path string, did view.Done, about string, count int) error {
	query := url.Values{paramDone: {string(did)}}
	if about != "" {
		query.Set(paramAbout, about)
	}
	if count > 0 {
		query.Set(paramCount, itoa(count))
	}
	s.redirect(w, r, path+"?"+query.Encode())
	return nil
}

// frameOf is what stands around a page, with what the action before it did.
func frameOf(r *http.Request, who Session) view.Frame {
	frame, query := who.frame(), r.URL.Query()
	frame.Done, frame.About, frame.Count = view.Done(query.Get(paramDone)), query.Get(paramAbout), atoi(query.Get(paramCount))
	return frame
}
