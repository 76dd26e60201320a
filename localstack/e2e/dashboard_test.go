package e2e

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/localstack/aws"
	"github.com/calendarinvite/calendarinviteserver/localstack/outbox"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
)

// browser is somebody at the dashboard: it keeps cookies, and says of its requests what a browser says.
type browser struct {
	*system
	cookies map[string]string
}

func (s *system) browser() *browser { return &browser{s, map[string]string{}} }

// request asks for a page or sends a form; without a body as GET.
func (b *browser) request(path, body string, header ...string) stacktest.Answer {
	b.t.Helper()
	method := "POST"
	if body == "" {
		method = "GET"
	}
	if body == noForm {
		body = ""
	}
	var cookies []string
	for name, value := range b.cookies {
		cookies = append(cookies, name+"="+value)
	}
	all := append([]string{"Cookie", strings.Join(cookies, "; "), "Sec-Fetch-Site", "same-origin", "Content-Type", "application/x-www-form-urlencoded"}, header...)
	a := b.Do(method, path, body, all...)
	for _, set := range a.Header["Set-Cookie"] {
		pair, _, _ := strings.Cut(set, ";")
		name, value, _ := strings.Cut(pair, "=")
		if b.cookies[name] = value; strings.Contains(set, "Max-Age=0") {
			delete(b.cookies, name)
		}
	}
	return a
}

// noForm is the body of a form without fields.
const noForm = "\x00"

func (b *browser) open(path string) stacktest.Answer { b.t.Helper(); return b.request(path, "") }

func (b *browser) post(path string, fields ...string) stacktest.Answer {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	if len(form) == 0 {
		return b.request(path, noForm)
	}
	return b.request(path, form.Encode())
}

// answers checks the status, and where a redirect leads.
func (b *browser) answers(a stacktest.Answer, status int, location string) {
	b.t.Helper()
	if a.Status != status || !strings.HasPrefix(a.Header.Get("Location"), location) {
		b.t.Fatalf("%d to %q, want %d to %q: %s", a.Status, a.Header.Get("Location"), status, location, a.Body)
	}
}

// signInLink is the path of the newest link that was mailed to the address.
func (b *browser) signInLink(email string) string {
	b.t.Helper()
	known := b.sentTo(email)
	b.answers(b.post("/dashboard/sign-in", "address", email), 200, "")
	sent := b.WaitSent(email, known+1)
	return linkIn(b.t, sent[len(sent)-1].Raw, "/dashboard/sign-in/")
}

// signedIn is an organizer at the dashboard.
func (s *system) signedIn(email string) *browser {
	s.t.Helper()
	b := s.browser()
	b.answers(b.post(b.signInLink(email)), 303, "/dashboard")
	return b
}

// administrator is one at the dashboard.
func (s *system) administrator(key string) *browser {
	s.t.Helper()
	b := s.browser()
	b.answers(b.post("/dashboard/sign-in", "key", key), 303, "/dashboard")
	return b
}

func TestDashboardSignIn(t *testing.T) {
	s := start(t)
	organizer := somebody("ada")
	uid := s.register(tea(organizer))
	page := "/dashboard/events/" + uid

	t.Run("by a mailed link, which works once", func(t *testing.T) {
		b := s.on(t).browser()
		b.answers(b.open(page), 303, "/dashboard/sign-in")
		link := b.signInLink(organizer.Email)
		for range 2 { // programs that look at mails open links
			if a := s.on(t).browser().open(link); a.Status != 200 || !strings.Contains(a.Body, organizer.Email) {
				t.Fatalf("the link answers %d %s", a.Status, a.Body)
			}
		}
		a := b.post(link)
		b.answers(a, 303, page) // the page that was asked for
		set := strings.Join(a.Header["Set-Cookie"], "\n")
		for _, want := range []string{"session=", "HttpOnly", "SameSite=Lax", "Path=/dashboard", "Max-Age=43200"} {
			if !strings.Contains(set, want) {
				t.Errorf("the cookie lacks %s: %s", want, set)
			}
		}
		b.answers(b.open(page), 200, "")
		b.answers(s.on(t).browser().post(link), 410, "")
		token := strings.TrimPrefix(link, "/dashboard/sign-in/") // opens in capitals too
		b.answers(s.on(t).browser().post("/dashboard/sign-in/"+strings.ToUpper(token)), 410, "")
		b.answers(b.post("/dashboard/sign-out"), 303, "/dashboard/sign-in")
		b.answers(b.open(page), 303, "/dashboard/sign-in")
	})
	t.Run("whoever is unknown gets the same answer, and no mail", func(t *testing.T) {
		s := s.on(t)
		known, stranger := somebody("known"), somebody("stranger")
		s.register(tea(known))
		before := s.sentTo(known.Email)
		b := s.browser()
		one := b.post("/dashboard/sign-in", "address", known.Email)
		other := b.post("/dashboard/sign-in", "address", stranger.Email)
		if strings.ReplaceAll(one.Body, known.Email, "") != strings.ReplaceAll(other.Body, stranger.Email, "") || one.Status != other.Status {
			t.Errorf("the answers differ: %d %s\n%d %s", one.Status, one.Body, other.Status, other.Body)
		}
		s.settle()
		if n := s.sentTo(stranger.Email); n != 0 {
			t.Errorf("a stranger got %d mails", n)
		}
		if n := s.sentTo(known.Email); n != before+1 {
			t.Errorf("the organizer got %d mails, not one", n-before)
		}
	})
	t.Run("links that are not ours", func(t *testing.T) {
		b := s.on(t).browser()
		link := b.signInLink(organizer.Email)
		forged := link[:len(link)-3] + "aaa"
		for _, path := range []string{"/dashboard/sign-in/nonsense", forged} {
			b.answers(b.open(path), 404, "")
			b.answers(b.post(path), 404, "")
		}
		b.cookies["session"] = strings.TrimPrefix(link, "/dashboard/sign-in/") // sealed by us, for something else
		b.answers(b.open(page), 303, "/dashboard/sign-in")
	})
	t.Run("not too often", func(t *testing.T) {
		b := s.on(t).browser()
		email := somebody("hasty").Email
		for range 5 {
			b.answers(b.post("/dashboard/sign-in", "address", email), 200, "")
		}
		b.answers(b.post("/dashboard/sign-in", "address", email), 429, "")
		b.answers(b.post("/dashboard/sign-in", "address", "not an address"), 400, "")
	})
	t.Run("administrators, by the key", func(t *testing.T) {
		b := s.on(t).browser()
		for _, key := range []string{"wrong", "local-key", "local-key\r\nX-Api-Key: local-admin-key"} {
			b.answers(b.post("/dashboard/sign-in", "key", key), 403, "")
		}
		b.answers(b.open("/dashboard/system"), 303, "/dashboard/sign-in")
		b.answers(b.post("/dashboard/sign-in", "key", adminKey), 303, "/dashboard/system")
		b.answers(b.open("/dashboard/system"), 200, "")
	})
	t.Run("only our own pages send forms", func(t *testing.T) {
		b := s.on(t).signedIn(organizer.Email)
		before := s.sentTo(organizer.Email)
		for _, header := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "", "Origin", "https://evil.example"}, {"Sec-Fetch-Site", "same-site"}} {
			b.answers(b.request(page+"/test", noForm, header...), 403, "")
		}
		if n := s.sentTo(organizer.Email); n != before {
			t.Errorf("%d mails went out", n-before)
		}
	})
}

// Nobody sees or touches what is another's: every route, for everybody.
func TestDashboardRoutes(t *testing.T) {
	s := start(t, withAcme)
	organizer, other := somebody("ada"), somebody("other")
	uid := s.register(tea(organizer))
	s.register(tea(other))
	guest := somebody("guest")
	s.invite(uid, guest)
	if a := s.Do("PUT", "/system/organizer/"+organizer.Email+"/bulk", "", "x-api-key", acmeAdminKey); a.Status != 200 { // known at both tenants
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	own := s.browser()
	own.post("/dashboard/sign-in", "address", organizer.Email)
	var elsewhere *browser
	for _, mail := range s.WaitSent(organizer.Email, 3)[1:] { // the confirmation, and a link for each tenant
		b := s.browser()
		b.answers(b.post(linkIn(t, mail.Raw, "/dashboard/sign-in/")), 303, "/dashboard")
		if strings.Contains(b.open("/dashboard").Body, "Tea") {
			own = b
		} else {
			elsewhere = b
		}
	}
	if elsewhere == nil || len(own.cookies) == 0 {
		t.Fatal("no session at each tenant")
	}
	event := "/dashboard/events/" + uid
	stranger, another, admin := s.browser(), s.signedIn(other.Email), s.administrator(adminKey)
	people := []*browser{stranger, own, another, elsewhere, admin}
	for _, route := range []struct {
		path string
		form []string // nil for GET
		want [5]int   // nobody, the organizer, another one, the organizer at another tenant, an administrator
	}{
		{"/dashboard", nil, [5]int{303, 200, 200, 200, 303}},
		{event, nil, [5]int{303, 200, 404, 404, 403}},
		{event + "/live", nil, [5]int{303, 200, 404, 404, 403}},
		{event + "/attendees/" + guest.Email, nil, [5]int{303, 200, 404, 404, 403}},
		{event + "/attendees/nobody@example.com", nil, [5]int{303, 404, 404, 404, 403}},
		{event + "/attendees.csv", nil, [5]int{303, 303, 404, 404, 403}},
		{event + "/invite", nil, [5]int{303, 200, 404, 404, 403}},
		{event + "/share", nil, [5]int{303, 200, 404, 404, 403}},
		{event + "/share/qr.svg", nil, [5]int{303, 200, 404, 404, 403}},
		{event + "/guests", nil, [5]int{303, 200, 404, 404, 403}},
		{event + "/proposals", nil, [5]int{303, 200, 404, 404, 403}},
		{event + "/test", []string{}, [5]int{303, 303, 404, 404, 403}},
		{event + "/report", []string{}, [5]int{303, 303, 404, 404, 403}},
		{event + "/again", []string{"scope", "outdated"}, [5]int{303, 303, 404, 404, 403}},
		{event + "/invite", []string{"list", "new@example.com"}, [5]int{303, 200, 404, 404, 403}},
		{event + "/invite", []string{"list", ""}, [5]int{303, 400, 404, 404, 403}},
		{event + "/invite/send", []string{"reference", "nonsense"}, [5]int{303, 400, 404, 404, 403}},
		{event + "/guests", []string{"guest", guest.Email, "choice", "admit"}, [5]int{303, 404, 404, 404, 403}},
		{event + "/guests", []string{"guest", guest.Email, "choice", "nonsense"}, [5]int{303, 400, 404, 404, 403}},
		{event + "/proposals", []string{"proposal", guest.Email + " ", "choice", "decline"}, [5]int{303, 404, 404, 404, 403}},
		{"/dashboard/events/unknown", nil, [5]int{303, 404, 404, 404, 403}},
		{"/dashboard/nothing", nil, [5]int{404, 404, 404, 404, 404}},
		{"/dashboard/system", nil, [5]int{303, 403, 403, 403, 200}},
		{"/dashboard/system/organizers", nil, [5]int{303, 403, 403, 403, 200}},
		{"/dashboard/system/organizers/" + organizer.Email, nil, [5]int{303, 403, 403, 403, 200}},
		{"/dashboard/system/organizers/" + organizer.Email, []string{"switch", "bulk", "on", "yes"}, [5]int{303, 403, 403, 403, 303}},
		{"/dashboard/system/organizers/" + organizer.Email, []string{"switch", "nonsense", "on", "yes"}, [5]int{303, 403, 403, 403, 400}},
		{"/dashboard/system/executions", nil, [5]int{303, 403, 403, 403, 200}},
		{"/dashboard/system/executions/event-request:" + uid, nil, [5]int{303, 403, 403, 403, 200}},
		{"/dashboard/system/executions/event-request:nothing", nil, [5]int{303, 403, 403, 403, 404}},
	} {
		for i, b := range people {
			var a stacktest.Answer
			if route.form == nil {
				a = b.open(route.path)
			} else {
				a = b.post(route.path, route.form...)
			}
			if a.Status != route.want[i] {
				t.Errorf("%s %v for person %d: %d, want %d", route.path, route.form, i, a.Status, route.want[i])
			}
			if i != 1 && strings.Contains(a.Body, guest.Email) && !strings.Contains(route.path, guest.Email) {
				t.Errorf("%s shows person %d a guest of another's", route.path, i)
			}
			if a.Status != 303 && !strings.HasSuffix(route.path, "/live") && !strings.HasSuffix(route.path, ".svg") {
				policy := a.Header.Get("Content-Security-Policy")
				if !strings.HasPrefix(policy, "default-src 'none'; script-src 'self'; style-src 'self';") || a.Header.Get("Cache-Control") != "no-store" {
					t.Errorf("%s: policy %q, kept %q", route.path, policy, a.Header.Get("Cache-Control"))
				}
			}
		}
	}
	// Executions hold what every tenant was sent: only who runs the deployment sees them.
	abroad := s.administrator(acmeAdminKey)
	for path, want := range map[string]int{"/dashboard/system": 200, "/dashboard/system/executions": 403, "/dashboard/system/executions/event-request:" + uid: 403} {
		abroad.answers(abroad.open(path), want, "")
	}
	// What an organizer sealed, another cannot use.
	reference := field(t, own.post(event+"/invite", "list", "new@example.com").Body, "reference")
	second := s.register(func() imiptest.Event { e := tea(other); e.Key = "second"; return e }())
	another.answers(another.post("/dashboard/events/"+second+"/invite/send", "reference", reference), 400, "")
}

// field is the value of a hidden field of a form.
func field(t testing.TB, page, name string) string {
	t.Helper()
	found := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(page)
	if found == nil {
		t.Fatalf("no field %s in %s", name, page)
	}
	return html.UnescapeString(found[1])
}

// What people write stays text on every page.
func TestDashboardShowsText(t *testing.T) {
	s := start(t)
	const evil = `<script>alert(1)</script><img src=x onerror="alert(2)">'"`
	organizer := somebody("ada")
	organizer.Name = evil
	e := tea(organizer)
	e.Summary, e.Location = evil, evil
	e.Client, e.JoinLink = imiptest.Gmail, "https://meet.google.com/abc-defg-hij"
	uid := s.register(e)
	guest := somebody("guest")
	guest.Name = evil
	invitation := s.invite(uid, guest)
	s.reply(invitation, guest.Email, imiptest.Reply{Client: imiptest.Outlook, Answer: imiptest.Tentative, At: time.Now(), Comment: evil})
	raw, err := imiptest.ComposeCounter(invitation, imiptest.Counter{
		Reply: imiptest.Reply{Client: imiptest.Outlook, Answer: imiptest.Tentative, At: time.Now().Add(time.Minute), Comment: evil}, Start: e.Start.Add(26 * time.Hour), End: e.End.Add(26 * time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	s.WaitExecution("event-reply", s.SendMail(guest.Email, rsvp, raw))
	b, admin := s.signedIn(organizer.Email), s.administrator(adminKey)
	event := "/dashboard/events/" + uid
	query := "?q=" + url.QueryEscape(evil) + "&status=" + url.QueryEscape(evil) + "&sort=name&done=admitted&about=" + url.QueryEscape(evil)
	pages := map[string]stacktest.Answer{
		"dry run": b.post(event+"/invite", "list", evil+" <new@example.com>\n"+evil+"@example.com"),
	}
	for _, path := range []string{"/dashboard" + query, event, event + query, event + "/attendees/" + guest.Email, event + "/invite", event + "/share?landing=" + url.QueryEscape(evil), event + "/guests" + query, event + "/proposals"} {
		pages[path] = b.open(path)
	}
	for _, path := range []string{"/dashboard/system", "/dashboard/system/organizers" + query, "/dashboard/system/organizers/" + organizer.Email + query, "/dashboard/system/executions/event-request:" + uid} {
		pages[path] = admin.open(path)
	}
	seen := 0
	for name, a := range pages {
		if a.Status != 200 {
			t.Errorf("%s answers %d", name, a.Status)
		}
		if strings.Contains(a.Body, "<script>alert") || strings.Contains(a.Body, "<img src=x") || strings.Contains(a.Body, `onerror="alert`) {
			t.Errorf("%s: what somebody wrote became markup", name)
		}
		seen += strings.Count(a.Body, "&lt;script&gt;alert(1)&lt;/script&gt;")
	}
	if !strings.Contains(pages[event].Body, `href="`+e.JoinLink+`"`) {
		t.Error("the event's page does not link to its conference")
	}
	if seen < 8 {
		t.Errorf("what somebody wrote is shown %d times on %d pages: the test looks at nothing", seen, len(pages))
	}
}

// A list is checked row by row before anything is sent, and then sent as every list is.
func TestDashboardInvites(t *testing.T) {
	s := start(t, stacktest.Env("DASHBOARD_LIST_LIMIT", "3"))
	organizer := somebody("ada")
	uid := s.register(tea(organizer))
	event := "/dashboard/events/" + uid
	known, blocked := somebody("known"), somebody("blocked")
	s.invite(uid, known)
	one := unsubscribeLink(t, s.invite(uid, blocked))
	if a := s.Do("POST", one, "List-Unsubscribe=One-Click", "Content-Type", "application/x-www-form-urlencoded"); a.Status != 200 {
		t.Fatalf("unsubscribing: %d %s", a.Status, a.Body)
	}
	b := s.signedIn(organizer.Email)
	first, second := somebody("first"), somebody("second")
	list := fmt.Sprintf("%s <%s>\n%s, %s; %s\nnobody\n%s", "First Guest", strings.ToUpper(first.Email), second.Email, known.Email, blocked.Email, second.Email)

	before := len(s.Sent(""))
	checked := b.post(event+"/invite", "list", list)
	b.answers(checked, 200, "")
	for _, want := range []string{"6 rows", "Will be invited", "Invited already", "Does not want it", "Twice in the list", "This is not a valid email address.", "First Guest"} {
		if !strings.Contains(checked.Body, want) {
			t.Errorf("the check does not say %q:\n%s", want, checked.Body)
		}
	}
	if n := len(s.Sent("")) - before; n != 0 || s.statistics(uid).Attendees != 2 {
		t.Fatalf("the check sent %d mails", n)
	}
	reference := field(t, checked.Body, "reference")
	for range 2 { // whoever clicks twice sends once
		b.answers(b.post(event+"/invite/send", "reference", reference), 303, event+"?count=2&done=sent")
	}
	for _, who := range []imiptest.Address{first, second} {
		if n := len(s.WaitSent(who.Email, 1)); n != 1 {
			t.Errorf("%s got %d mails", who.Email, n)
		}
	}
	s.settle()
	counts := s.statistics(uid)
	if counts.Attendees != 4 || counts.Origin[invite.OriginDashboard] != 2 {
		t.Errorf("%+v", counts)
	}
	var live struct {
		Running bool
		Counts  map[string]int
	}
	if a := b.open(event + "/live"); json.Unmarshal([]byte(a.Body), &live) != nil || live.Running || live.Counts["total"] != 4 || live.Counts["sent"] != 4 {
		t.Errorf("live: %s", a.Body)
	}
	if mails := s.Sent(organizer.Email); !slices.ContainsFunc(mails, func(m outbox.Sent) bool { return strings.Contains(string(m.Raw), "Your list") }) {
		t.Error("no status report")
	}

	t.Run("a file, as Excel writes it", func(t *testing.T) {
		b := &browser{s.on(t), b.cookies}
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		part, err := form.CreateFormFile("file", "guests.csv")
		if err != nil {
			t.Fatal(err)
		}
		third := somebody("third")
		_, _ = part.Write([]byte("Name;E-Mail\r\nJ\xfcrgen;" + third.Email + "\r\n")) // Windows-1252
		_ = form.Close()
		checked := b.request(event+"/invite", body.String(), "Content-Type", form.FormDataContentType())
		b.answers(checked, 200, "")
		if !strings.Contains(checked.Body, "Jürgen") || !strings.Contains(checked.Body, "guests.csv") {
			t.Errorf("the file is read otherwise:\n%s", checked.Body)
		}
		b.answers(b.post(event+"/invite/send", "reference", field(t, checked.Body, "reference")), 303, event)
		b.WaitSent(third.Email, 1)
		b.settle()
	})
	t.Run("more rows than a page shows", func(t *testing.T) {
		b := &browser{s.on(t), b.cookies}
		list := "nobody\n"
		for n := range 60 {
			list += fmt.Sprintf("row%d@example.com\n", n)
		}
		checked := b.post(event+"/invite", "list", list)
		link := regexp.MustCompile(`href="([^"]+)"[^>]*>Download the whole check`).FindStringSubmatch(checked.Body)
		if link == nil {
			t.Fatalf("the whole check cannot be had:\n%s", checked.Body)
		}
		file, err := http.Get(html.UnescapeString(link[1]))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Body.Close()
		rows, err := csv.NewReader(file.Body).ReadAll()
		if err != nil || len(rows) != 62 || rows[1][0] != "1" || rows[1][3] != "Cannot be invited" || rows[61][1] != "row59@example.com" || rows[61][3] != "Will be invited" {
			t.Errorf("%d rows: %v %v", len(rows), rows, err)
		}
	})
	t.Run("not more a day than an account may", func(t *testing.T) {
		b := &browser{s.on(t), b.cookies}
		checked := b.post(event+"/invite", "list", "a@example.com\nb@example.com\nc@example.com\nd@example.com")
		if strings.Contains(checked.Body, `name="reference"`) || !strings.Contains(checked.Body, "3 people a day") {
			t.Errorf("four may be sent:\n%s", checked.Body)
		}
		checked = b.post(event+"/invite", "list", "a@example.com") // three were sent
		for range 2 {
			b.answers(b.post(event+"/invite/send", "reference", field(t, checked.Body, "reference")), 303, event+"?count=3&done=too-many")
		}
		b.administer("PUT", organizer.Email, "bulk")
		checked = b.post(event+"/invite", "list", "a@example.com\nb@example.com\nc@example.com\nd@example.com")
		b.answers(b.post(event+"/invite/send", "reference", field(t, checked.Body, "reference")), 303, event+"?count=4&done=sent")
		b.WaitSent("d@example.com", 1)
		b.settle()
		b.administer("PUT", organizer.Email, "suspended")
		checked = b.post(event+"/invite", "list", "late@example.com")
		if strings.Contains(checked.Body, `name="reference"`) {
			t.Error("a suspended organizer may send")
		}
		b.answers(b.post(event+"/test"), 303, event+"?done=not-allowed")
		b.administer("DELETE", organizer.Email, "suspended")
	})
}

// What an organizer can do on an event's page.
func TestDashboardActions(t *testing.T) {
	s := start(t, stacktest.Env("FORWARDED_GUESTS", "hold"))
	organizer := somebody("ada")
	e := tea(organizer)
	uid := s.register(e)
	event := "/dashboard/events/" + uid
	guest := somebody("guest")
	invitation := s.invite(uid, guest)
	b := s.signedIn(organizer.Email)

	known := s.sentTo(organizer.Email)
	b.answers(b.post(event+"/test"), 303, event+"?done=test")
	test := s.WaitSent(organizer.Email, known+1)[known]
	if got := s.invited(test.Raw).Summary(); got != "Tea" {
		t.Errorf("the test invites to %q", got)
	}
	s.reply(test.Raw, organizer.Email, imiptest.Reply{Client: imiptest.Outlook, Answer: imiptest.Accepted, At: time.Now()})
	if counts := s.statistics(uid); counts.Attendees != 1 {
		t.Errorf("the test invitation counts: %+v", counts)
	}

	b.answers(b.post(event+"/report"), 303, event+"?done=report")
	if report := s.WaitSent(organizer.Email, known+2)[known+1]; !strings.Contains(report.Subject, "Attendee report") {
		t.Errorf("the report is %q", report.Subject)
	}

	download := b.open(event + "/attendees.csv")
	b.answers(download, 303, "http")
	file, err := http.Get(download.Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Body.Close()
	if list, err := io.ReadAll(file.Body); err != nil || !strings.Contains(string(list), guest.Email) {
		t.Errorf("the file: %v %s", err, list)
	}

	forwarded := somebody("friend")
	raw, err := imiptest.ComposeReply(invitation, imiptest.Reply{Client: imiptest.Gmail, Answer: imiptest.Accepted, At: time.Now(), As: forwarded})
	if err != nil {
		t.Fatal(err)
	}
	s.WaitExecution("event-reply", s.SendMail(forwarded.Email, rsvp, raw))
	if page := b.open(event + "/guests"); !strings.Contains(page.Body, forwarded.Email) {
		t.Errorf("nobody waits:\n%s", page.Body)
	}
	b.answers(b.post(event+"/guests", "guest", forwarded.Email, "choice", "admit"), 303, event+"/guests?about=")
	if counts := s.statistics(uid); counts.Attendees != 2 || counts.Confirmed != 1 {
		t.Errorf("after admitting a guest: %+v", counts)
	}

	b.answers(b.post(event+"/again", "scope", "outdated"), 303, event+"?done=nothing")
	if page := b.open(event + "?status=accepted"); !strings.Contains(page.Body, forwarded.Email) || strings.Contains(page.Body, "/attendees/"+url.PathEscape(guest.Email)) {
		t.Errorf("those who accepted:\n%s", page.Body)
	}
	share := b.open(event + "/share?origin=hubspot")
	for _, want := range []string{"/event/" + uid + "/invite", "origin=hubspot", "*|EMAIL|*", "/e/" + uid} {
		if !strings.Contains(html.UnescapeString(share.Body), want) {
			t.Errorf("the share page lacks %s", want)
		}
	}
	if qr := b.open(event + "/share/qr.svg"); !strings.HasPrefix(qr.Body, "<svg ") || qr.Header.Get("Content-Type") != "image/svg+xml" {
		t.Errorf("the QR code: %.60s", qr.Body)
	}
	s.settle()
}

// After an update that failed on its way, the page tells who is still behind, and sends it to them.
func TestDashboardAfterAFailedUpdate(t *testing.T) {
	s := start(t, func(cfg *stack.Config) { cfg.Pace = 0.001 })
	s.failing = []string{"event-update"}
	e := tea(somebody("ada"))
	p := s.party(e, 3)
	event := "/dashboard/events/" + p.uid
	b := s.signedIn(e.Organizer.Email)
	counts := func() map[string]int {
		t.Helper()
		var live struct{ Counts map[string]int }
		if err := json.Unmarshal([]byte(b.open(event+"/live").Body), &live); err != nil {
			t.Fatal(err)
		}
		return live.Counts
	}
	if got := counts(); got["current"] != 3 || got["outdated"] != 0 {
		t.Errorf("before: %v", got)
	}
	s.fails(aws.Fault{Function: "send-event-update", Action: "lambda:Invoke", Kind: "fail"})
	later := p.next(func(e *imiptest.Event) { e.Location = "Paris" })
	s.endsIn(s.request(later), "EventUpdated")
	s.Eventually("the end of the update", func() bool {
		status, err := s.States.Status(s.Wiring.Prefix()+"-event-update", p.uid+"-1")
		return err == nil && status == "FAILED"
	})
	s.Faults.Clear()
	second := time.Now().Unix()
	s.Eventually("the next second, in which works follow each other", func() bool { return time.Now().Unix() > second })
	if got := counts(); got["current"] != 0 || got["outdated"] != 3 {
		t.Errorf("after the update failed: %v", got)
	}
	if page := b.open(event); !strings.Contains(page.Body, "3 still see the old version") {
		t.Errorf("the page does not offer to send again:\n%s", page.Body)
	}
	s.fails(aws.Fault{Function: "send-event-update", Action: "lambda:Invoke", Kind: "fail"}) // SES is still away
	b.answers(b.post(event+"/again", "scope", "outdated"), 303, event+"?count=3&done=again")
	s.settle()
	s.Faults.Clear()
	if got := counts(); got["current"] != 0 || got["outdated"] != 3 {
		t.Errorf("after it failed again: %v", got)
	}
	for range 2 { // whoever clicks twice sends once
		b.post(event+"/again", "scope", "outdated")
	}
	for _, who := range p.guests {
		s.WaitSent(who.Email, 2)
	}
	s.settle()
	if got := counts(); got["current"] != 3 || got["outdated"] != 0 {
		t.Errorf("sent again: %v", got)
	}
	for _, who := range p.guests {
		if n := len(s.Sent(who.Email)); n != 2 {
			t.Errorf("%s has %d mails", who.Email, n)
		}
	}
	if page := b.open(event); strings.Contains(page.Body, "still see the old version") {
		t.Error("the page still offers to send again")
	}
}

// sendAgain is an update, and then the cancellation, that reach nobody until the organizer sends them again.
func (p *party) sendAgain() {
	p.t.Helper()
	p.failing = []string{"event-update", "event-cancellation"}
	*p = *p.party(p.event, 2)
	b := p.signedIn(p.event.Organizer.Email)
	for n, workflow := range p.failing {
		function := "send-" + workflow
		p.fails(aws.Fault{Function: function, Action: "lambda:Invoke", Kind: "fail"})
		next := p.next(func(e *imiptest.Event) { e.Location = "Paris" })
		if workflow == "event-cancellation" {
			p.endsIn(p.cancel(next), "EventCancelled")
		} else {
			p.endsIn(p.request(next), "EventUpdated")
		}
		p.settle()
		p.Faults.Clear()
		b.answers(b.post("/dashboard/events/"+p.uid+"/again", "scope", "outdated"), 303, "/dashboard/events/"+p.uid+"?count=2&done=again")
		p.settle()
		p.told(n + 2)
	}
}

// A page costs the same calls, however many guests the event has.
func TestDashboardCalls(t *testing.T) {
	s := start(t)
	organizer := somebody("ada")
	uid := s.register(tea(organizer))
	event := "/dashboard/events/" + uid
	b := s.signedIn(organizer.Email)
	var calls []map[string]int
	for _, n := range []int{1, 60} {
		for s.statistics(uid).Attendees < n {
			s.invite(uid, somebody("guest"))
		}
		s.settle()
		for _, path := range []string{"/dashboard", event, event + "/live", event + "?status=noaction", event + "?sort=name", event + "/share"} {
			b.open(path)
			s.Do("DELETE", "/_local/calls", "")
			b.answers(b.open(path), 200, "")
			total, by := s.calls()
			t.Logf("%d guests, %s: %d calls %v", n, strings.Replace(path, uid, "uid", 1), total, by)
			calls = append(calls, by)
		}
	}
	half := len(calls) / 2
	for i := range half {
		if fmt.Sprint(calls[i]) != fmt.Sprint(calls[half+i]) {
			t.Errorf("page %d: %v with one guest, %v with sixty", i, calls[i], calls[half+i])
		}
	}
}

// dashboard is all that people do on the dashboard.
func (p *party) dashboard() {
	p.t.Helper()
	organizer, guest := p.event.Organizer, somebody("guest")
	p.uid = p.register(p.event)
	event := "/dashboard/events/" + p.uid
	invitation := p.invite(p.uid, guest)
	b, admin := p.signedIn(organizer.Email), p.administrator(adminKey)
	b.answers(b.open("/dashboard"), 200, "")
	b.answers(b.post(event+"/test"), 303, event)
	b.answers(b.post(event+"/report"), 303, event)
	file, err := http.Get(b.open(event + "/attendees.csv").Header.Get("Location"))
	if err != nil || file.StatusCode != 200 {
		p.t.Fatalf("the file: %v %v", file, err)
	}
	_ = file.Body.Close()

	answer := imiptest.Reply{Client: imiptest.Gmail, Answer: imiptest.Accepted, At: time.Now()}
	for _, choice := range []string{"admit", "refuse"} {
		answer.As = somebody("friend")
		raw, err := imiptest.ComposeReply(invitation, answer)
		p.writes(answer.As.Email, raw, err)
		b.answers(b.post(event+"/guests", "guest", answer.As.Email, "choice", choice), 303, event+"/guests")
	}
	raw, err := imiptest.ComposeCounter(invitation, imiptest.Counter{
		Reply: imiptest.Reply{Client: imiptest.Outlook, Answer: imiptest.Tentative, At: time.Now()}, Start: p.event.Start.Add(time.Hour), End: p.event.End.Add(time.Hour),
	})
	p.writes(guest.Email, raw, err)
	b.answers(b.post(event+"/proposals", "proposal", guest.Email+" ", "choice", "decline"), 303, event+"/proposals")

	if err := p.Faults.Add(aws.Fault{Function: "send-bulk-event-invites", Action: "ses:SendEmail", Kind: "delay", DelayMS: 500, Times: -1}); err != nil {
		p.t.Fatal(err)
	}
	checked := b.post(event+"/invite", "list", somebody("listed").Email)
	b.answers(b.post(event+"/invite/send", "reference", field(p.t, checked.Body, "reference")), 303, event)
	ran := false
	p.Eventually("the end of the list", func() bool {
		var live struct{ Running bool }
		if err := json.Unmarshal([]byte(b.open(event+"/live").Body), &live); err != nil {
			p.t.Fatal(err)
		}
		ran = ran || live.Running
		return ran && !live.Running
	})
	b.answers(b.open(event), 200, "")

	for _, on := range []string{"yes", "no"} {
		admin.answers(admin.post("/dashboard/system/organizers/"+organizer.Email, "switch", "bulk", "on", on), 303, "/dashboard/system/organizers/")
	}
	for _, page := range []string{"", "/organizers", "/organizers/" + organizer.Email, "/executions", "/executions/event-request:" + p.uid} {
		admin.answers(admin.open("/dashboard/system"+page), 200, "")
	}
}
