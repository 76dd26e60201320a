package dashboard

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/dashboard/view"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/seal"
)

// sealedWith are the keys of a secret.
func sealedWith(t *testing.T, secret string) *seal.Keys {
	t.Helper()
	keys, err := seal.ParseKeys([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// site is one that has keys and a clock, and serves nothing.
func site(t *testing.T, api string) *Site {
	t.Helper()
	return New(Config{Seals: sealedWith(t, "a secret of many octets"), API: api, Now: func() time.Time { return now }})
}

var ada = Session{Tenant: "acme", Email: "ada@example.com"}

// began is the cookie of somebody who signed in.
func began(t *testing.T, s *Site, who Session) *http.Cookie {
	t.Helper()
	w := httptest.NewRecorder()
	s.begin(w, httptest.NewRequest(http.MethodPost, "/dashboard/sign-in", nil), who)
	cookies := w.Result().Cookies()
	if len(cookies) != 1 {
		t.Fatalf("cookies: %v", cookies)
	}
	return cookies[0]
}

// with is a request with a session's cookie.
func with(value string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/dashboard", nil)
	r.AddCookie(&http.Cookie{Name: sessionCookie, Value: value})
	return r
}

func TestSession(t *testing.T) {
	s := site(t, "https://api.example.com/prod")
	for _, who := range []Session{ada, {Tenant: "default", Email: "ada@example.com"}, {Tenant: "acme", Admin: true}} {
		cookie := began(t, s, who)
		if got := s.session(with(cookie.Value)); got != who {
			t.Errorf("%+v is signed in, not %+v", got, who)
		}
		if !cookie.HttpOnly || !cookie.Secure || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/prod/dashboard" || cookie.MaxAge != 12*60*60 {
			t.Errorf("the cookie is %v", cookie)
		}
		if strings.Contains(cookie.Value, "ada") {
			t.Errorf("the cookie tells who it is: %s", cookie.Value)
		}
	}
	if cookie := began(t, site(t, "http://127.0.0.1:8080"), ada); cookie.Secure || cookie.Path != "/dashboard" {
		t.Errorf("on this machine the cookie is %v", cookie)
	}
	if got := s.session(httptest.NewRequest(http.MethodGet, "/dashboard", nil)); got != (Session{}) {
		t.Errorf("without a cookie %+v is signed in", got)
	}
	w := httptest.NewRecorder()
	s.end(w, httptest.NewRequest(http.MethodPost, "/dashboard/sign-out", nil))
	if cookie := w.Result().Cookies()[0]; cookie.MaxAge >= 0 || cookie.Value != "" || cookie.Path != "/prod/dashboard" {
		t.Errorf("signing out sets %v", cookie)
	}
}

// A session is good for its time, its keys and its purpose only; with whatever else, nobody is signed in.
func TestNoSession(t *testing.T) {
	s := site(t, "https://api.example.com")
	good := seal.Link{Purpose: seal.Session, Email: ada.Email, Extra: roleOrganizer + ada.Tenant, Expires: now.Add(time.Hour).Unix()}
	if got := s.session(with(s.Seals.Link(good))); got != ada {
		t.Fatalf("%+v is signed in: the test tests nothing", got)
	}
	token := s.Seals.Link(good)
	forged := []byte(token)
	if forged[len(forged)/2]++; !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", rune(forged[len(forged)/2])) {
		forged[len(forged)/2] = 'a'
	}
	changed := func(change func(*seal.Link)) string {
		link := good
		change(&link)
		return s.Seals.Link(link)
	}
	for name, value := range map[string]string{
		"empty": "", "nonsense": "nonsense", "cut off": token[:len(token)-1], "with more": token + "a", "forged": string(forged),
		"of another deployment":     sealedWith(t, "the secret of somebody else").Link(good),
		"expired":                   changed(func(l *seal.Link) { l.Expires = now.Unix() - 1 }),
		"for ever":                  changed(func(l *seal.Link) { l.Expires = 0 }),
		"a sign-in link":            changed(func(l *seal.Link) { l.Purpose = seal.SignIn }),
		"a page":                    changed(func(l *seal.Link) { l.Purpose = seal.Page }),
		"an invite link":            changed(func(l *seal.Link) { l.Purpose = seal.Invite }),
		"no role":                   changed(func(l *seal.Link) { l.Extra = "acme" }),
		"another role":              changed(func(l *seal.Link) { l.Extra = "root#acme" }),
		"an organizer's, of nobody": changed(func(l *seal.Link) { l.Email = "" }),
	} {
		if got := s.session(with(value)); got != (Session{}) {
			t.Errorf("%s: %+v is signed in", name, got)
		}
	}
}

// Only administrators of the tenant that a deployment has from its start look at what belongs to all tenants.
func TestOperates(t *testing.T) {
	for who, want := range map[Session]bool{
		{}: false, ada: false, {Tenant: invite.DefaultTenant, Email: "ada@example.com"}: false, {Tenant: "acme", Admin: true}: false, {Tenant: invite.DefaultTenant, Admin: true}: true,
	} {
		if got := who.operates(); got != want {
			t.Errorf("%+v: %v", who, got)
		}
	}
}

// Who signs in comes to the page that was asked for; to no other site's, and to no page that somebody else chose.
func TestWanted(t *testing.T) {
	s := site(t, "https://api.example.com/prod")
	w := httptest.NewRecorder()
	if err := s.askToSignIn(w, httptest.NewRequest(http.MethodGet, "/dashboard/events/a%2Fb", nil)); err != nil {
		t.Fatal(err)
	}
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/prod/dashboard/sign-in" {
		t.Errorf("%d to %q", w.Code, w.Header().Get("Location"))
	}
	remembered := w.Result().Cookies()[0]
	page := func(link seal.Link) string { return s.Seals.Link(link) }
	for _, test := range []struct{ name, cookie, want string }{
		{"what was asked for", remembered.Value, "/dashboard/events/a%2Fb"},
		{"nothing", "", view.Root},
		{"nonsense", "nonsense", view.Root},
		{"expired", page(seal.Link{Purpose: seal.Page, Extra: "/dashboard/events/a", Expires: now.Unix() - 1}), view.Root},
		{"another site", page(seal.Link{Purpose: seal.Page, Extra: "https://evil.example/dashboard/", Expires: now.Unix() + 9}), view.Root},
		{"another purpose", page(seal.Link{Purpose: seal.Session, Extra: "/dashboard/events/a", Expires: now.Unix() + 9}), view.Root},
		{"another part of the API", page(seal.Link{Purpose: seal.Page, Extra: "/dashboardx", Expires: now.Unix() + 9}), view.Root},
	} {
		r := httptest.NewRequest(http.MethodPost, "/dashboard/sign-in", nil)
		if test.cookie != "" {
			r.AddCookie(&http.Cookie{Name: wantedCookie, Value: test.cookie})
		}
		w := httptest.NewRecorder()
		if got := s.wanted(w, r); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
		if set := w.Result().Cookies(); test.cookie != "" && (len(set) != 1 || set[0].MaxAge >= 0) {
			t.Errorf("%s: it is still remembered: %v", test.name, set)
		}
	}
	w = httptest.NewRecorder()
	if err := s.askToSignIn(w, httptest.NewRequest(http.MethodGet, "/dashboard/events/a/live", nil)); err != nil || len(w.Result().Cookies()) != 0 {
		t.Errorf("what the script asked for is remembered: %v %v", w.Result().Cookies(), err)
	}
}
