package page

import (
	"crypto/sha256"
	"encoding/base64"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	_ "time/tzdata" // golden files must not depend on the machine's zone files

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/calendarinvite/calendarinviteserver/internal/brand"
	"github.com/calendarinvite/calendarinviteserver/internal/when"
)

var update = flag.Bool("update", false, "write the golden files anew")

func pages(t *testing.T) *Pages {
	t.Helper()
	b := brand.Brand{Name: "Calendar Invite Server", Color: "#3d52d5", SupportEmail: "help@example.org", SupportURL: "https://example.org/help"}
	p, err := New(b)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func event() Event {
	return Event{
		Title: "Analytical Engine: first demonstration", When: when.New(1773306000, 1773313200, false, "Europe/Berlin", ""),
		Where: "Science Museum, Exhibition Road, London", Organizer: "Ada Lovelace",
	}
}

const about = "Come and see the first program run on brass and steel. Doors open at half past nine.\n\nProgramme:\n- 10:00 Bernoulli numbers, live\n- 11:00 Questions\n\nMore at https://example.com/engine. Directions: <https://example.com/map?to=museum>"

func eventPage() EventPage {
	return EventPage{
		Event: event(), Description: about, File: "k3v9/event.ics",
		Services: []Service{
			{Name: "Google Calendar", URL: "https://calendar.google.com/calendar/render?action=TEMPLATE&text=Analytical%20Engine"},
			{Name: "Outlook.com", URL: "https://outlook.live.com/calendar/0/deeplink/compose?subject=Analytical%20Engine"},
			{Name: "Office 365", URL: "https://outlook.office.com/calendar/0/deeplink/compose?subject=Analytical%20Engine"},
			{Name: "Yahoo", URL: "https://calendar.yahoo.com/?v=60&title=Analytical%20Engine"},
		},
	}
}

type drawing struct {
	name string
	draw func(*Pages) ([]byte, error)
}

// drawings are the golden files: one per page and per way it can look.
func drawings() []drawing {
	rtl := Event{Title: "מפגש קהילה: בינה מלאכותית 2026", Where: "תל אביב, רוטשילד 1", Organizer: "נועה לוי", When: when.New(1773306000, 0, false, "Asia/Jerusalem", "FREQ=WEEKLY;BYDAY=TH")}
	long := Event{Title: strings.Repeat("Donaudampfschifffahrtsgesellschaftskapitän", 4), Where: "https://meet.example.com/" + strings.Repeat("abcdefgh", 20), Organizer: strings.Repeat("x", 80) + "@example.com"}
	const guest, post = "grace.hopper@example.com", "/rsvp/mfrggzdfmztwq2lk"
	list := []drawing{
		{"event_page", func(p *Pages) ([]byte, error) { return p.EventPage(eventPage()) }},
		{"event_page_bare", func(p *Pages) ([]byte, error) { return p.EventPage(EventPage{}) }},
		{"event_page_sent", func(p *Pages) ([]byte, error) {
			v := eventPage()
			v.Sent, v.Sender, v.Again = true, "invites@example.org", "?"
			return p.EventPage(v)
		}},
		{"event_page_bad_address", func(p *Pages) ([]byte, error) {
			v := eventPage()
			v.Problem, v.Email, v.Name = BadAddress, "grace.hopper", "Grace Hopper"
			return p.EventPage(v)
		}},
		{"event_page_too_many", func(p *Pages) ([]byte, error) {
			v := eventPage()
			v.Problem, v.Email = TooMany, guest
			return p.EventPage(v)
		}},
		{"event_page_cancelled", func(p *Pages) ([]byte, error) {
			return p.EventPage(EventPage{Event: event(), Description: about, Closed: EventCancelled})
		}},
		{"event_page_over", func(p *Pages) ([]byte, error) { return p.EventPage(EventPage{Event: event(), Closed: EventOver}) }},
		{"event_page_full", func(p *Pages) ([]byte, error) {
			v := eventPage()
			v.Closed = InviteLimit
			return p.EventPage(v)
		}},
		{"event_page_by_organizer", func(p *Pages) ([]byte, error) {
			v := eventPage()
			v.Closed = ByOrganizer
			return p.EventPage(v)
		}},
		{"event_page_series", func(p *Pages) ([]byte, error) {
			v := eventPage()
			v.Event = rtl
			for i := range v.Services[1:] {
				v.Services[1+i].FirstOnly = true
			}
			return p.EventPage(v)
		}},
		{"event_page_long", func(p *Pages) ([]byte, error) {
			return p.EventPage(EventPage{Event: long, Description: strings.Repeat("https://example.com/"+strings.Repeat("x", 200)+" ", 4) + strings.Repeat("word ", 200)})
		}},
		{"confirm_invite", func(p *Pages) ([]byte, error) {
			return p.ConfirmInvite(ConfirmInvite{Event: event(), Email: guest, Post: "/event/k3v9/invite", Fields: []Field{{"email", guest}, {"origin", "mailchimpcta"}}})
		}},
		{"rsvp", func(p *Pages) ([]byte, error) {
			return p.RSVP(RSVP{Event: event(), Guest: guest, Chosen: Accepted, Post: post})
		}},
		{"rsvp_again", func(p *Pages) ([]byte, error) {
			return p.RSVP(RSVP{Event: event(), Guest: guest, Given: Tentative, Comment: "I may be\nten minutes late.", Post: post})
		}},
		{"rsvp_right_to_left", func(p *Pages) ([]byte, error) { return p.RSVP(RSVP{Event: rtl, Guest: guest}) }},
		{"rsvp_long", func(p *Pages) ([]byte, error) {
			return p.RSVP(RSVP{Event: long, Guest: strings.Repeat("y", 90) + "@example.com"})
		}},
		{"answered_yes", func(p *Pages) ([]byte, error) {
			return p.Answered(Answered{Event: event(), Guest: guest, Answer: Accepted, Change: post})
		}},
		{"answered_maybe", func(p *Pages) ([]byte, error) {
			return p.Answered(Answered{Event: event(), Guest: guest, Answer: Tentative, Change: post})
		}},
		{"answered_no", func(p *Pages) ([]byte, error) {
			return p.Answered(Answered{Event: event(), Guest: guest, Answer: Declined})
		}},
		{"confirm_request", func(p *Pages) ([]byte, error) {
			return p.ConfirmRequest(ConfirmRequest{Event: event(), Mailto: "ada@example.com", Action: "update", Post: "/confirm/mfrggzdf"})
		}},
		{"request_confirmed", func(p *Pages) ([]byte, error) {
			return p.RequestConfirmed(RequestConfirmed{Title: event().Title, Mailto: "ada@example.com"})
		}},
		{"unsubscribe", func(p *Pages) ([]byte, error) {
			return p.Unsubscribe(Unsubscribe{Organizer: "Ada Lovelace", Email: guest, Post: "/unsubscribe/mfrggzdf"})
		}},
		{"unsubscribe_done", func(p *Pages) ([]byte, error) {
			return p.Unsubscribe(Unsubscribe{Organizer: "Ada Lovelace", Email: guest, Blocked: true, Changed: true, Post: "/unsubscribe/mfrggzdf"})
		}},
		{"unsubscribe_off", func(p *Pages) ([]byte, error) { return p.Unsubscribe(Unsubscribe{Email: guest, Blocked: true}) }},
		{"unsubscribe_undone", func(p *Pages) ([]byte, error) {
			return p.Unsubscribe(Unsubscribe{Organizer: "Ada Lovelace", Email: guest, Changed: true})
		}},
		{"proposals", func(p *Pages) ([]byte, error) { return p.Proposals(proposals()) }},
		{"proposals_done", func(p *Pages) ([]byte, error) {
			v := proposals()
			v.Items[0].State, v.Items[0].Chosen, v.Done = ProposalDeclined, false, "Grace Hopper"
			return p.Proposals(v)
		}},
		{"proposals_none", func(p *Pages) ([]byte, error) {
			return p.Proposals(Proposals{Summary: event().Title, When: event().When})
		}},
		{"guests", func(p *Pages) ([]byte, error) { return p.Guests(guests()) }},
		{"guests_admitted", func(p *Pages) ([]byte, error) {
			v := guests()
			v.Items[0].State, v.Done, v.Choice = GuestAdmitted, "Grace Hopper", ChoiceAdmit
			return p.Guests(v)
		}},
		{"guests_refused", func(p *Pages) ([]byte, error) {
			v := guests()
			v.Items[1].State, v.Done, v.Choice = GuestRefused, v.Items[1].Email, ChoiceRefuse
			return p.Guests(v)
		}},
		{"guests_none", func(p *Pages) ([]byte, error) { return p.Guests(Guests{Summary: event().Title, When: event().When}) }},
		{"problem_unknown", func(p *Pages) ([]byte, error) { return p.Problem(Problem{Reason: "never-heard-of"}) }},
	}
	for reason := range problemTexts {
		list = append(list, drawing{"problem_" + string(reason), func(p *Pages) ([]byte, error) {
			return p.Problem(Problem{Reason: reason, Title: event().Title})
		}})
	}
	return list
}

// proposals is a page with one proposal of every kind; the first is the one that a mail linked to.
func proposals() Proposals {
	return Proposals{
		Summary: event().Title, When: event().When, Post: "/proposals/mfrggzdf",
		Items: []Proposal{
			{
				Name: "Grace Hopper", Email: "grace.hopper@example.com", Proposed: when.New(1773327600, 1773334800, false, "Europe/Berlin", ""),
				Comment: "My train arrives at three.\nThe later the better!", State: ProposalOpen, Key: "grace.hopper@example.com", Chosen: true,
			},
			{
				Email: strings.Repeat("z", 60) + "@example.com", Proposed: when.New(1773910800, 0, false, "Europe/Berlin", ""),
				Instance: when.New(1773910800, 1773918000, false, "Europe/Berlin", ""), State: ProposalOpen, Key: "2",
			},
			{Name: "נועה לוי", Email: "noa@example.com", Proposed: when.New(1773394800, 0, false, "Asia/Jerusalem", ""), Comment: "אולי מחר?", State: ProposalDeclined, Key: "3"},
		},
	}
}

// guests is a page with one guest of every state.
func guests() Guests {
	return Guests{
		Summary: event().Title, When: event().When, Post: "/guests/mfrggzdf",
		Items: []Guest{
			{
				Name: "Grace Hopper", Email: "grace.hopper@example.com", Invited: "charles@example.com", Answer: Accepted,
				Comment: "Charles told me about it.\nMay I come?", State: GuestHeld, Key: "grace.hopper@example.com",
			},
			{Email: strings.Repeat("z", 60) + "@example.com", Invited: "charles@example.com", Answer: Tentative, State: GuestHeld, Key: "2"},
			{Name: "נועה לוי", Email: "noa@example.com", Invited: "charles@example.com", Answer: Accepted, State: GuestAdmitted, Key: "3"},
			{Name: "Mallory", Email: "mallory@example.net", Answer: Declined, State: GuestRefused, Key: "4"},
		},
	}
}

func draw(t *testing.T, p *Pages, d drawing) string {
	t.Helper()
	got, err := d.draw(p)
	if err != nil {
		t.Fatal(err)
	}
	return string(got)
}

func TestGoldenPages(t *testing.T) {
	for _, d := range drawings() {
		t.Run(d.name, func(t *testing.T) {
			got := draw(t, pages(t), d)
			path := filepath.Join("testdata", d.name+".html")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s differs (-golden +got; accept with -update):\n%s", path, diff)
			}
		})
	}
}

// Each page keeps its own rules: no script, nothing loaded, no style but the one whose hash the headers name, one heading, a language, a title, and a
// label for every field that a guest fills in.
func TestPagesAreSelfContainedAndAccessible(t *testing.T) {
	p := pages(t)
	policy := p.Headers()["Content-Security-Policy"]
	for _, d := range drawings() {
		t.Run(d.name, func(t *testing.T) {
			document, err := html.Parse(strings.NewReader(draw(t, p, d)))
			if err != nil {
				t.Fatal(err)
			}
			count := map[string]int{}
			labels := map[string]bool{}
			for n := range document.Descendants() {
				if n.Type == html.ElementNode && n.Data == "label" {
					labels[attribute(n, "for")] = true
				}
			}
			for n := range document.Descendants() {
				if n.Type != html.ElementNode {
					continue
				}
				count[n.Data]++
				for _, a := range n.Attr {
					if a.Key == "style" || a.Key == "src" || a.Key == "background" || strings.HasPrefix(a.Key, "on") {
						t.Errorf("<%s> has %s", n.Data, a.Key)
					}
				}
				switch n.Data {
				case "script", "img", "link", "iframe", "object", "base":
					t.Errorf("page has <%s>", n.Data)
				case "style":
					sum := sha256.Sum256([]byte(n.FirstChild.Data))
					if want := "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(policy, want) {
						t.Errorf("policy %q does not allow the page's style, %s", policy, want)
					}
				case "form":
					if attribute(n, "method") != "post" {
						t.Error("a form does not POST")
					}
				case "input", "textarea":
					if kind := attribute(n, "type"); kind != "hidden" && n.Parent.Data != "label" && !labels[attribute(n, "id")] {
						t.Errorf("<%s name=%s> has no label", n.Data, attribute(n, "name"))
					}
				case "html":
					if attribute(n, "lang") != "en" {
						t.Error("page has no language")
					}
				}
			}
			if count["h1"] != 1 || count["title"] != 1 || count["main"] != 1 || count["style"] != 1 {
				t.Errorf("page has %d h1, %d title, %d main, %d style", count["h1"], count["title"], count["main"], count["style"])
			}
		})
	}
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func TestHeaders(t *testing.T) {
	p := pages(t)
	headers := p.Headers("https://example.com/landing?x=1", "javascript:alert(1)", "/path", "https://a.example;script-src *", "http://localhost:3000")
	policy := headers["Content-Security-Policy"]
	for _, part := range []string{
		"default-src 'none'; ", "; form-action 'self' https://example.com http://localhost:3000; ", "; base-uri 'none'; ", "; frame-ancestors 'none'",
	} {
		if !strings.Contains(policy, part) {
			t.Errorf("policy %q lacks %q", policy, part)
		}
	}
	if strings.Contains(policy, "unsafe") || strings.Contains(policy, "script-src") {
		t.Errorf("policy %q allows too much", policy)
	}
	for name, want := range map[string]string{
		"Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Cache-Control": "no-store",
		"X-Robots-Tag": "noindex, nofollow", "Content-Type": "text/html; charset=utf-8",
	} {
		if headers[name] != want {
			t.Errorf("%s = %q, want %q", name, headers[name], want)
		}
	}
}

// What strangers wrote shows as text, wherever it stands.
func TestHostileValues(t *testing.T) {
	const evil = "</title></style><script>alert(1)</script>\" onfocus='x' {{.}} \u202egpj\x00"
	p := pages(t)
	e := Event{Title: evil, Where: evil, Organizer: evil}
	list := []drawing{
		{"event_page", func(p *Pages) ([]byte, error) {
			v := EventPage{Event: e, Description: evil + " https://example.com/\"><script>alert(1)</script> ", Sender: evil, Email: evil, Name: evil, File: "/\"><script>"}
			v.Services = []Service{{Name: evil, URL: "/\"><script>", FirstOnly: true}}
			return p.EventPage(v)
		}},
		{"confirm_invite", func(p *Pages) ([]byte, error) {
			return p.ConfirmInvite(ConfirmInvite{Event: e, Email: evil, Post: "/\"><script>", Fields: []Field{{"\"><script>", "\"><script>"}}})
		}},
		{"rsvp", func(p *Pages) ([]byte, error) {
			return p.RSVP(RSVP{Event: e, Guest: evil, Chosen: evil, Given: evil, Comment: "</textarea>" + evil, Post: "/\"><script>"})
		}},
		{"answered", func(p *Pages) ([]byte, error) {
			return p.Answered(Answered{Event: e, Guest: evil, Answer: evil, Change: "?\"><script>"})
		}},
		{"confirm_request", func(p *Pages) ([]byte, error) {
			return p.ConfirmRequest(ConfirmRequest{Event: e, Mailto: evil, Action: evil, Post: "/\"><script>"})
		}},
		{"request_confirmed", func(p *Pages) ([]byte, error) { return p.RequestConfirmed(RequestConfirmed{Title: evil, Mailto: evil}) }},
		{"unsubscribe", func(p *Pages) ([]byte, error) {
			return p.Unsubscribe(Unsubscribe{Organizer: evil, Email: evil, Post: "/\"><script>"})
		}},
		{"proposals", func(p *Pages) ([]byte, error) {
			item := Proposal{Name: evil, Email: evil, Comment: "</blockquote>" + evil, State: ProposalOpen, Key: "\"><script>"}
			return p.Proposals(Proposals{Summary: evil, Items: []Proposal{item}, Done: evil, Post: "/\"><script>"})
		}},
		{"guests", func(p *Pages) ([]byte, error) {
			item := Guest{Name: evil, Email: evil, Invited: evil, Answer: evil, Comment: "</blockquote>" + evil, State: GuestHeld, Key: "\"><script>"}
			return p.Guests(Guests{Summary: evil, Items: []Guest{item}, Done: evil, Choice: evil, Post: "/\"><script>"})
		}},
		{"problem", func(p *Pages) ([]byte, error) { return p.Problem(Problem{Reason: evil, Title: evil}) }},
	}
	for _, d := range list {
		t.Run(d.name, func(t *testing.T) {
			got := draw(t, p, d)
			for _, bad := range []string{"<script", "javascript:", "\u202e", "\x00"} {
				if strings.Contains(got, bad) {
					t.Errorf("page has %q", bad)
				}
			}
			document, err := html.Parse(strings.NewReader(got))
			if err != nil {
				t.Fatal(err)
			}
			for n := range document.Descendants() {
				if n.Type == html.ElementNode && (n.Data == "script" || attribute(n, "onfocus") != "") {
					t.Errorf("value became <%s>", n.Data)
				}
			}
		})
	}
}

func TestOnlyTheChosenAnswerIsPreselected(t *testing.T) {
	tests := []struct {
		chosen, given Answer
		want          string
	}{
		{Accepted, "", `value="accepted" required checked`},
		{Declined, Accepted, `value="declined" required checked`},
		{"", Tentative, `value="tentative" required checked`},
		{"maybe", Tentative, `value="tentative" required checked`},
		{"", "", ""},
	}
	for _, test := range tests {
		got := draw(t, pages(t), drawing{"rsvp", func(p *Pages) ([]byte, error) {
			return p.RSVP(RSVP{Event: event(), Chosen: test.chosen, Given: test.given})
		}})
		want := 1
		if test.want == "" {
			want = 0
		}
		if strings.Count(got, " checked>") != want || !strings.Contains(got, test.want) {
			t.Errorf("chosen %q, given %q: %d answers preselected, want %q", test.chosen, test.given, strings.Count(got, " checked>"), test.want)
		}
	}
}

// What an organizer may still decide has a form of its own, which names what it is about; what is decided has none.
func TestOnlyTheUndecidedHaveForms(t *testing.T) {
	tests := []struct {
		name string
		page drawing
		want []string // fields and buttons that are sent, in order
	}{
		{"proposals", drawing{"", func(p *Pages) ([]byte, error) { return p.Proposals(proposals()) }}, []string{
			FieldProposal + "=grace.hopper@example.com", FieldComment, FieldChoice + "=" + ChoiceDecline, FieldProposal + "=2", FieldComment, FieldChoice + "=" + ChoiceDecline,
		}},
		{"guests", drawing{"", func(p *Pages) ([]byte, error) { return p.Guests(guests()) }}, []string{
			FieldGuest + "=grace.hopper@example.com", FieldChoice + "=" + ChoiceAdmit, FieldChoice + "=" + ChoiceRefuse,
			FieldGuest + "=2", FieldChoice + "=" + ChoiceAdmit, FieldChoice + "=" + ChoiceRefuse,
		}},
		{"unknown states", drawing{"", func(p *Pages) ([]byte, error) {
			return p.Proposals(Proposals{Items: []Proposal{{State: "lost", Key: "1"}, {Key: "2"}}})
		}}, nil},
		{"guests of unknown states", drawing{"", func(p *Pages) ([]byte, error) {
			return p.Guests(Guests{Items: []Guest{{State: "lost", Key: "1"}, {Key: "2"}}})
		}}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			document, err := html.Parse(strings.NewReader(draw(t, pages(t), test.page)))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for n := range document.Descendants() {
				if name := attribute(n, "name"); n.Type == html.ElementNode && name != "" && n.Data != "meta" {
					if value := attribute(n, "value"); value != "" {
						name += "=" + value
					}
					got = append(got, name)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("form fields (-want +got):\n%s", diff)
			}
		})
	}
}

// A guest without a name is called by the address, which then does not stand there twice.
func TestNamelessGuest(t *testing.T) {
	got := draw(t, pages(t), drawing{"", func(p *Pages) ([]byte, error) {
		return p.Guests(Guests{Items: []Guest{{Name: " \u202e", Email: "grace@example.com"}}})
	}})
	if strings.Count(got, "grace@example.com") != 1 || !strings.Contains(got, "<h2><bdi>grace@example.com</bdi></h2>") {
		t.Errorf("page calls the guest:\n%s", got)
	}
}

func TestEveryReasonHasAStatus(t *testing.T) {
	for reason, text := range problemTexts {
		if reason.Status() < 400 || reason.Status() > 503 || text.heading == "" || text.text == "" {
			t.Errorf("%s: status %d, %q, %q", reason, reason.Status(), text.heading, text.text)
		}
	}
	if got := Reason("never-heard-of").Status(); got != 500 {
		t.Errorf("an unknown reason has status %d", got)
	}
}

func TestNewRefusesABadBrand(t *testing.T) {
	if _, err := New(brand.Brand{Name: "x", Color: "red;}"}); err == nil || !strings.Contains(err.Error(), "brand color") {
		t.Errorf("New() = %v, want an error about the colour", err)
	}
}
