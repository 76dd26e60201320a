package crash

import (
	"bytes"
	"html"
	"io"
	"mime/quotedprintable"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
)

// visit sends a form of the dashboard in the organizer's session, or asks for a page where there is no form, and again where it is answered
// with an error.
func (r *run) visit(path string, form url.Values) stacktest.Answer {
	r.t.Helper()
	method := http.MethodPost
	if form == nil {
		method = http.MethodGet
	}
	return r.insist(method, "/dashboard"+path, form.Encode(), "Cookie", r.cookie, "Sec-Fetch-Site", "same-origin", "Content-Type", "application/x-www-form-urlencoded")
}

// askForLink has the dashboard mail the link that signs in. All runs come from one address, more than may ask for links in an hour.
func (r *run) askForLink() {
	r.t.Helper()
	r.forget("cap#sign-in-source#")
	if a := r.visit("/sign-in", url.Values{"address": {r.organizer()}}); a.Status != http.StatusOK {
		r.t.Errorf("asking for a link is answered with %d %s", a.Status, a.Body)
	}
}

var signInLink = regexp.MustCompile(`/dashboard(/sign-in/[0-9A-Za-z_-]+)`)

// signIn signs the organizer in.
func (r *run) signIn() {
	r.t.Helper()
	known := len(r.Sent(r.organizer()))
	r.askForLink()
	sent := r.WaitSent(r.organizer(), known+1)
	text, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(sent[known].Raw)))
	link := signInLink.FindSubmatch(text)
	if err != nil || link == nil {
		r.t.Fatalf("no link in %s: %v", text, err)
	}
	a := r.visit(string(link[1]), url.Values{})
	r.cookie, _, _ = strings.Cut(a.Header.Get("Set-Cookie"), ";")
	if a.Status != http.StatusSeeOther || r.cookie == "" {
		r.t.Fatalf("signing in is answered with %d %s", a.Status, a.Body)
	}
}

var listReference = regexp.MustCompile(`name="reference" value="([^"]+)"`)

// pasteList invites two guests on the event's page: the list is checked, and then sent.
func (r *run) pasteList() {
	r.t.Helper()
	checked := r.visit("/events/"+r.uid+"/invite", url.Values{"list": {r.guest(1) + ", " + r.guest(2)}})
	reference := listReference.FindStringSubmatch(checked.Body)
	if reference == nil {
		r.t.Fatalf("the list is answered with %d %s", checked.Status, checked.Body)
	}
	a := r.visit("/events/"+r.uid+"/invite/send", url.Values{"reference": {html.UnescapeString(reference[1])}})
	if a.Status != http.StatusSeeOther || !strings.Contains(a.Header.Get("Location"), "done=sent") {
		r.t.Errorf("sending the list is answered with %d to %q", a.Status, a.Header.Get("Location"))
	}
}
