package view

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/calendarinvite/calendarinviteserver/internal/brand"
	"github.com/calendarinvite/calendarinviteserver/internal/when"
)

var update = flag.Bool("update", false, "write the golden files anew")

func sampleBrand() brand.Brand {
	return brand.Brand{Name: "Calendar Invite Server", SupportEmail: "help@example.org", SupportURL: "https://example.org/help", DocsURL: "https://example.org/docs"}
}

func views(t *testing.T) *Views {
	t.Helper()
	v, err := New(sampleBrand(), "https://api.example.org")
	if err != nil {
		t.Fatal(err)
	}
	return v
}

type drawing struct {
	name string // PAGE or PAGE.STATE
	page page
}

func (d drawing) draw(t *testing.T, v *Views) []byte {
	t.Helper()
	name, _, _ := strings.Cut(d.name, ".")
	drawn, err := v.draw(name, d.page)
	if err != nil {
		t.Fatal(err)
	}
	return drawn
}

// with changes a sample.
func with[T any](sample T, change func(*T)) T {
	change(&sample)
	return sample
}

// drawings are the golden files: one per page and per way it can look.
func drawings() []drawing {
	list := []drawing{
		{"sign_in", SignIn{}},
		{"sign_in.bad_address", SignIn{Address: "ada@", Problem: BadAddress}},
		{"sign_in.bad_key", SignIn{Problem: BadKey}},
		{"sign_in.expired", SignIn{Address: "ada@example.com", Problem: Expired}},
		{"sign_in.signed_out", SignIn{Done: DoneSignedOut}},
		{"link_sent", LinkSent{Address: "ada@example.com"}},
		{"confirm_sign_in", ConfirmSignIn{Address: "ada@example.com", Token: "mfrggzdfmztwq2lk"}},
		{"events", sampleEvents()},
		{"events.empty", Events{Frame: ada(), Create: "create@invites.example.org"}},
		{"events.none_match", Events{Frame: ada(), Create: "create@invites.example.org", Search: "dinner", State: Over}},
		{"events.limit", with(sampleEvents(), func(e *Events) { e.Used, e.Limit, e.State, e.Search, e.After = 5, 5, Upcoming, "engine", "x" })},
		{"events.suspended", with(sampleEvents(), func(e *Events) { e.Suspended = true })},
		{"event", sampleEvent()},
		{"event.running", with(smallEvent(), func(e *Event) {
			e.Progress, e.Frame.Done, e.Frame.Count = &Progress{What: WorkInvite, Done: 4213, Total: 9968, Failed: 12, Started: at(12, 10, 0)}, DoneSent, 9968
		})},
		{"event.reading", with(smallEvent(), func(e *Event) { e.Progress = &Progress{What: WorkUpdate, Started: at(12, 10, 0)} })},
		{"event.filtered", with(smallEvent(), func(e *Event) {
			e.Attendees.Status, e.Attendees.Delivery, e.Attendees.Search, e.Attendees.Sort, e.Attendees.After, e.Attendees.Matching = Accepted, DeliveryCurrent, "müller & söhne", SortAnswered, "x", 1213
			e.Attendees.Items = e.Attendees.Items[:3]
		})},
		{"event.none_match", with(smallEvent(), func(e *Event) { e.Attendees = Attendees{Search: "nobody"} })},
		{"event.none_so_far", with(smallEvent(), func(e *Event) { e.Attendees = Attendees{Search: "zoe@", Next: "mfrggzdf", Unsortable: true} })},
		{"event.new", Event{Frame: ada(), Occasion: with(occasion(), func(o *Occasion) { o.Held, o.Proposals = 0, 0 }), Limit: 2500}},
		{"event.limit", with(smallEvent(), func(e *Event) { e.Invites, e.Limit = 10_000, 10_000 })},
		{"event.suspended", with(smallEvent(), func(e *Event) { e.Suspended = true })},
		{"event.cancelled", with(smallEvent(), func(e *Event) {
			e.Occasion.State, e.Progress = Cancelled, &Progress{What: WorkCancel, Done: 9, Total: 9968}
		})},
		{"event.unsortable", with(smallEvent(), func(e *Event) { e.Attendees.Unsortable = true })},
		{"event.over", with(smallEvent(), func(e *Event) { e.Occasion.State = Over })},
		{"event.bare", Event{Frame: ada(), Occasion: Occasion{UID: "u"}, Answers: Answers{NoAction: 1}, Attendees: Attendees{Matching: 1, Items: []AttendeeRow{{Email: "grace@example.com", Answer: NoAction}}}}},
		{"attendee", sampleAttendee()},
		{"attendee.bounced", Attendee{
			Frame: ada(), Occasion: occasion(), Email: "anna@vokzal.example", Answer: NoAction, Origin: "bulk", Invited: at(2, 9, 0), Delivery: MailBounced, Queued: at(2, 9, 0),
			Sent: at(2, 9, 1), Bounced: at(2, 9, 2), Bounce: "smtp; 550 5.1.1 <anna@vokzal.example>: Recipient address rejected: User unknown", Blocked: true,
		}},
		{"attendee.forwarded", Attendee{
			Frame: ada(), Occasion: occasion(), Name: "Grace Hopper", Email: "grace@example.com", Answer: Delegated, Grade: Claimed, DelegatedTo: "rear.admiral@example.com", Via: "charles@example.com", Origin: "shared",
			Instances: []InstanceAnswer{{When: when.New(1774515600, 1774522800, false, "Europe/Berlin", ""), Answer: Declined, At: at(3, 4, 5)}},
			History:   []HistoryEntry{{Answer: Declined, At: at(3, 4, 5), Channel: ByMail, Grade: Claimed, Instance: "Thu 26 Mar 2026, 10:00–12:00 CET"}},
		}},
		{"invite", Invite{Frame: ada(), Occasion: occasion(), Left: 15_032, Bulk: "bulk@invites.example.org"}},
		{"invite.bad_file", Invite{Frame: ada(), Occasion: occasion(), Left: -1, Problem: BadFile, List: "grace@example.com\n"}},
		{"invite.large_list", Invite{Frame: ada(), Occasion: occasion(), Left: -1, Problem: LargeList, Bulk: "bulk@invites.example.org"}},
		{"invite.daily", Invite{Frame: ada(), Occasion: occasion(), Left: 12, Daily: 100}},
		{"invite.suspended", Invite{Frame: ada(), Occasion: occasion(), Left: -1, Suspended: true}},
		{"invite.none_left", Invite{Frame: ada(), Occasion: occasion()}},
		{"dry_run", sampleDryRun()},
		{"dry_run.nobody", DryRun{Frame: ada(), Occasion: occasion(), Counts: DryCounts{Already: 1}, Left: -1, Rows: []DryRow{{Row: 1, Email: "grace@example.com", Result: DryAlready}}}},
		{"share", sampleShare()},
		{"share.by_hand", with(sampleShare(), func(s *Share) {
			s.Origin, s.Landing, s.BadLanding, s.Token = "", "https://evil.example/", true, "mfrggzdf"
		})},
		{"share.bare", Share{Frame: ada(), Occasion: occasion(), InviteLink: "http://localhost:4566/event/u/invite"}},
		{"guests", with(sampleGuests(), func(g *Guests) { g.Frame.Done, g.Frame.About = DoneAdmitted, "נועה לוי" })},
		{"guests.cancelled", with(sampleGuests(), func(g *Guests) { g.Occasion.State = Cancelled })},
		{"guests.none", Guests{Frame: ada(), Occasion: with(occasion(), func(o *Occasion) { o.Held = 0 })}},
		{"proposals", with(sampleProposals(), func(p *Proposals) { p.Next = "eyJ" })},
		{"proposals.none", Proposals{Frame: ada(), Occasion: with(occasion(), func(o *Occasion) { o.Proposals = 0 })}},
		{"system", sampleSystem()},
		{"system.new", System{Frame: admin(), At: at(12, 10, 15)}},
		{"system.bad", with(sampleSystem(), func(s *System) { s.Rates = Rates{Bounce: 0.0612, Complaint: 0.0071, Known: true} })},
		{"organizers", sampleOrganizers()},
		{"organizers.none", Organizers{Frame: admin(), Search: "nobody@"}},
		{"organizer", sampleOrganizer()},
		{"organizer.suspended", Organizer{Frame: with(admin(), func(f *Frame) { f.Done = DoneSwitched }), Email: "mallory@example.net", EventLimit: 5, Events: 5, Standings: Standings{Suspended: at(3, 12, 0)}}},
		{"executions", sampleExecutions()},
		{"executions.none", Executions{Frame: admin()}},
		{"execution", sampleExecution()},
		{"execution.succeeded", with(sampleExecution(), func(e *Execution) { e.Row.Outcome, e.Row.Error, e.Cause, e.State = "SUCCEEDED", "", "", "" })},
		{"execution.bare", Execution{Frame: admin(), Row: ExecutionRow{ID: "x", Workflow: "Event reply", Outcome: "TIMED_OUT"}, Cause: strings.Repeat("ö", maxCode), Input: strings.Repeat("[", 2000)}},
		{"problem.unknown", Problem{Reason: "never-heard-of", ID: "2f0c8a1e-8a55"}},
		{"problem.signed_in", Problem{Frame: ada(), Reason: NotFound}},
	}
	for reason := range problemTexts {
		list = append(list, drawing{"problem." + string(reason), Problem{Reason: reason}})
	}
	return list
}

func TestGoldenPages(t *testing.T) {
	for _, d := range drawings() {
		t.Run(d.name, func(t *testing.T) {
			got := string(d.draw(t, views(t)))
			for _, name := range []string{styleName, scriptName, iconName} { // their hashes change with every touch
				got = strings.ReplaceAll(got, views(t).AssetPath(name), Root+"/assets/HASH/"+name)
			}
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

// Every page has its drawing, drawn by the method that a caller uses.
func TestMethods(t *testing.T) {
	v := views(t)
	methods := map[string]func() ([]byte, error){
		"sign_in": func() ([]byte, error) { return v.SignIn(SignIn{}) }, "link_sent": func() ([]byte, error) { return v.LinkSent(LinkSent{}) },
		"confirm_sign_in": func() ([]byte, error) { return v.ConfirmSignIn(ConfirmSignIn{}) }, "problem": func() ([]byte, error) { return v.Problem(Problem{}) },
		"events": func() ([]byte, error) { return v.Events(Events{}) }, "event": func() ([]byte, error) { return v.Event(Event{}) },
		"attendee": func() ([]byte, error) { return v.Attendee(Attendee{}) }, "invite": func() ([]byte, error) { return v.Invite(Invite{}) },
		"dry_run": func() ([]byte, error) { return v.DryRun(DryRun{}) },
		"share":   func() ([]byte, error) { return v.Share(Share{}) }, "guests": func() ([]byte, error) { return v.Guests(Guests{}) },
		"proposals": func() ([]byte, error) { return v.Proposals(Proposals{}) }, "system": func() ([]byte, error) { return v.System(System{}) },
		"organizers": func() ([]byte, error) { return v.Organizers(Organizers{}) }, "organizer": func() ([]byte, error) { return v.Organizer(Organizer{}) },
		"executions": func() ([]byte, error) { return v.Executions(Executions{}) }, "execution": func() ([]byte, error) { return v.Execution(Execution{}) },
	}
	for name := range pages {
		draw, ok := methods[name]
		if !ok {
			t.Errorf("no method draws %s", name)
			continue
		}
		drawn, err := draw()
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if problems := lint(drawn); len(problems) > 0 {
			t.Errorf("empty %s: %s", name, strings.Join(problems, "; "))
		}
	}
}

// Each page keeps its own rules, whatever it shows.
func TestPagesAreWellMade(t *testing.T) {
	v := views(t)
	for _, d := range drawings() {
		t.Run(d.name, func(t *testing.T) {
			for _, problem := range lint(d.draw(t, v)) {
				t.Error(problem)
			}
		})
	}
}

// lint reports what is wrong with a page: anything inline or from elsewhere, a missing landmark, a field without a label, an id that is there twice or
// that is named and is not there, a link or a form that leads away.
func lint(page []byte) (problems []string) {
	document, err := html.Parse(strings.NewReader(string(page)))
	if err != nil {
		return []string{err.Error()}
	}
	complain := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	count, ids, named := map[string]int{}, map[string]bool{}, map[string]bool{}
	labels := map[string]bool{}
	for n := range document.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		count[n.Data]++
		if id := attribute(n, "id"); id != "" {
			if ids[id] {
				complain("id %s is there twice", id)
			}
			ids[id] = true
		}
		if n.Data == "label" {
			labels[attribute(n, "for")] = true
		}
		for _, a := range n.Attr {
			switch {
			case a.Key == "style" || strings.HasPrefix(a.Key, "on"):
				complain("<%s> has %s", n.Data, a.Key)
			case a.Key == "aria-labelledby" || a.Key == "aria-describedby" || a.Key == "for" || a.Key == "list" || a.Key == "data-copy":
				for id := range strings.FieldsSeq(a.Val) {
					named[id] = true
				}
			case (a.Key == "src" || n.Data == "link" && a.Key == "href" || a.Key == "action") && !strings.HasPrefix(a.Val, Root):
				complain("<%s> has %s=%q, which is not the dashboard's", n.Data, a.Key, a.Val)
			case a.Key == "href" && a.Val == "":
				complain("<%s> leads nowhere", n.Data)
			}
		}
	}
	for id := range named {
		if !ids[id] {
			complain("nothing has the id %s", id)
		}
	}
	for n := range document.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "style", "iframe", "object", "base":
			complain("page has <%s>", n.Data)
		case "script":
			if n.FirstChild != nil {
				complain("a script is inline")
			}
		case "input", "select", "textarea":
			if attribute(n, "type") != "hidden" && n.Parent.Data != "label" && !labels[attribute(n, "id")] {
				complain("<%s name=%s> has no label", n.Data, attribute(n, "name"))
			}
		case "html":
			if attribute(n, "lang") != "en" {
				complain("page has no language")
			}
		}
	}
	if count["h1"] != 1 || count["title"] != 1 || count["main"] != 1 || count["header"] != 1 || count["footer"] != 1 {
		complain("page has %d h1, %d title, %d main, %d header, %d footer", count["h1"], count["title"], count["main"], count["header"], count["footer"])
	}
	return problems
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
	headers := Headers()
	policy := headers["Content-Security-Policy"]
	if strings.Contains(policy, "unsafe") || !strings.HasPrefix(policy, "default-src 'none'; ") {
		t.Errorf("policy %q allows too much", policy)
	}
	for name, want := range map[string]string{
		"Referrer-Policy": "same-origin", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Cache-Control": "no-store",
		"X-Robots-Tag": "noindex, nofollow", "Content-Type": "text/html; charset=utf-8",
	} {
		if headers[name] != want {
			t.Errorf("%s = %q, want %q", name, headers[name], want)
		}
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
	if _, err := New(brand.Brand{Name: "x", Color: "red;}"}, "https://api.example.org"); err == nil || !strings.Contains(err.Error(), "brand color") {
		t.Errorf("New() = %v, want an error about the colour", err)
	}
}
