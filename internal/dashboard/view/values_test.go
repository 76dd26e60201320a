package view

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/plain"
)

func TestNumbers(t *testing.T) {
	for n, want := range map[int]string{0: "0", 7: "7", 999: "999", 1000: "1,000", 10_000: "10,000", 1_234_567: "1,234,567", -4200: "−4,200"} {
		if got := grouped(n); got != want {
			t.Errorf("grouped(%d) = %q, want %q", n, got, want)
		}
	}
	for _, test := range []struct {
		part, whole int
		want        string
	}{
		{0, 0, ""}, {1, 0, ""}, {0, 10, "0%"}, {10, 10, "100%"}, {1, 3, "33%"}, {2, 3, "67%"}, {1, 1000, "<1%"}, {999, 1000, ">99%"}, {99, 100, "99%"}, {1, 100, "1%"},
	} {
		if got := percent(test.part, test.whole); got != test.want {
			t.Errorf("percent(%d, %d) = %q, want %q", test.part, test.whole, got, test.want)
		}
	}
	if got := rate(0.0134) + " " + limit(ComplaintReview) + " " + limit(BounceStop); got != "1.34% 0.1% 10%" {
		t.Errorf("rates are written %q", got)
	}
	for f, want := range map[float64]string{0: "0", 100: "100", 52.13: "52.13", 52.1: "52.1", 1.0 / 3: "0.33"} {
		if got := place(f); got != want {
			t.Errorf("place(%v) = %q, want %q", f, got, want)
		}
	}
}

// A scale ends at or above what is drawn, not far above it, and in whole quarters.
func TestCeiling(t *testing.T) {
	for most := range 10_000 {
		top := ceiling(most)
		if top < most || top%4 != 0 || most > 4 && top > 2*most+most/2 {
			t.Fatalf("ceiling(%d) = %d", most, top)
		}
	}
	if top := ceiling(1 << 62); top <= 0 {
		t.Errorf("ceiling of too much is %d", top)
	}
}

func TestPolyline(t *testing.T) {
	if got, want := polyline([]float64{0, 0.5, 1}, []int{0, 50, 100}, 100), "M0 160L300 80L600 0"; got != want {
		t.Errorf("polyline = %q, want %q", got, want)
	}
	if got := polyline([]float64{0}, []int{1}, 4) + area(""); got != "" {
		t.Errorf("one point draws %q", got)
	}
}

// The parts of a bar stand side by side and fill what was answered.
func TestBar(t *testing.T) {
	v := newValues()
	Answers{Accepted: 1, Tentative: 1, Declined: 1, NoAction: 1}.fill(v)
	got := strings.Join([]string{v.texts["accepted_x"], v.texts["accepted_w"], v.texts["tentative_x"], v.texts["declined_x"], v.texts["declined_w"], v.texts["answered_share"]}, " ")
	if want := "0 25 25 50 25 75%"; got != want {
		t.Errorf("bar is %q, want %q", got, want)
	}
}

func TestPaths(t *testing.T) {
	for got, want := range map[string]string{
		EventPath("u1"): "/dashboard/events/u1", EventPath("u1", "invite", "send"): "/dashboard/events/u1/invite/send",
		AttendeePath("u1", "a+b/../c?d@example.com"):                         "/dashboard/events/u1/attendees/a+b%2F..%2Fc%3Fd@example.com",
		OrganizerPath("ada@example.com"):                                     "/dashboard/system/organizers/ada@example.com",
		ExecutionPath("arn:aws:x"):                                           "/dashboard/system/executions/arn:aws:x",
		withQuery("/x", pair{"a", ""}, pair{"b", "c d&e+f"}, pair{"g", "ü"}): "/x?b=c%20d%26e%2Bf&g=%C3%BC",
		withQuery("/x"): "/x",
	} {
		if got != want {
			t.Errorf("path %q, want %q", got, want)
		}
	}
}

// Links of filters and pages keep what is chosen, and a sort starts at the first page.
func TestAttendeeLinks(t *testing.T) {
	v := newValues()
	Attendees{Search: "a b", Status: Accepted, Sort: SortName, After: "c1", Next: "c2", Items: make([]AttendeeRow, 2), Matching: 9}.fill(v, "u", 100)
	for name, want := range map[string]string{
		"by_answered_path": "?q=a%20b&status=accepted&sort=answered#attendees",
		"first_path":       "/dashboard/events/u?q=a%20b&status=accepted&sort=name#attendees",
		"next_path":        "/dashboard/events/u?q=a%20b&status=accepted&sort=name&after=c2#attendees",
		"showing":          "2 of 9 guests",
	} {
		if got := v.texts[name]; got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
}

func TestShowing(t *testing.T) {
	rows := make([]AttendeeRow, 2)
	for _, test := range []struct {
		list     Attendees
		all      int
		filtered bool
		want     string
	}{
		{Attendees{Items: rows, Matching: -1}, 10_000, false, "2 of 10,000 guests"},
		{Attendees{Items: rows, Matching: -1}, 10_000, true, "2 shown"},
		{Attendees{Items: rows, Matching: 2}, 10_000, true, "2 guests"},
		{Attendees{Items: rows[:1], Matching: 1}, 1, false, "1 guest"},
		{Attendees{Matching: 0}, 10_000, true, ""},
	} {
		if got := test.list.showing(test.all, test.filtered); got != test.want {
			t.Errorf("showing %+v of %d: %q, want %q", test.list, test.all, got, test.want)
		}
	}
}

// A link of every tool invites: its origin is known, the tag stands in it untouched, and all else is a query that can be read.
func TestTools(t *testing.T) {
	share := Share{InviteLink: "https://api.example.org/event/u/invite", Landing: "https://shop.example.com/?a=b&c=d", Token: "t+/="}
	names := map[string]bool{}
	for _, tool := range Tools() {
		if !invite.KnownOrigin(tool.Origin) {
			t.Errorf("origin %s is not known", tool.Origin)
		}
		if names[tool.Origin] || names[tool.Name] {
			t.Errorf("%s is there twice", tool.Name)
		}
		names[tool.Origin], names[tool.Name] = true, true
		link := share.link(tool)
		if !strings.HasPrefix(link, share.InviteLink+"?email="+tool.Tag) {
			t.Errorf("%s: link %s lacks its tag %s", tool.Name, link, tool.Tag)
		}
		merged, err := url.Parse(strings.ReplaceAll(link, tool.Tag, "grace@example.com"))
		if err != nil {
			t.Fatal(err)
		}
		query := merged.Query()
		origin := query.Get("origin")
		if origin == "" {
			origin = invite.OriginAPI
		}
		if query.Get("email") != "grace@example.com" || origin != tool.Origin || query.Get("landing") != share.Landing || query.Get("token") != share.Token {
			t.Errorf("%s: link %s is read as %v", tool.Name, link, query)
		}
	}
	for _, name := range []string{"Mailchimp", "Klaviyo", "HubSpot", "SendGrid", "ConvertKit", "Zoho Campaigns"} {
		if !names[name] {
			t.Errorf("no %s", name)
		}
	}
}

// Everything that the page's script looks up by data-count is in what it asks for.
func TestLive(t *testing.T) {
	e := sampleEvent()
	e.Progress = &Progress{Done: 3, Total: 10}
	live := e.Live()
	drawn := string(drawing{"event", e}.draw(t, views(t)))
	for _, attribute := range []string{` data-count="`, ` data-share="`, ` data-of="`, ` data-bar="`} {
		for i, part := range strings.Split(drawn, attribute) {
			if name, _, _ := strings.Cut(part, `"`); i > 0 {
				if _, ok := live.Counts[name]; !ok {
					t.Errorf("no count for%s%s\"", attribute, name)
				}
			}
		}
	}
	body, err := json.Marshal(live)
	if err != nil {
		t.Fatal(err)
	}
	if !live.Running || !strings.Contains(string(body), `"progress_done":3`) || !strings.Contains(string(body), `"running":true`) {
		t.Errorf("live is %s", body)
	}
	if (Event{}).Live().Running {
		t.Error("nothing runs, and is said to")
	}
}

func TestCode(t *testing.T) {
	tests := map[string]struct{ text, want, cut string }{
		"laid out":  {`{"a":[1,2]}`, "{\n  \"a\": [\n    1,\n    2\n  ]\n}", ""},
		"not JSON":  {"it\tfailed", "it  failed", ""},
		"too deep":  {strings.Repeat("[", 100) + strings.Repeat("]", 100), strings.Repeat("[", 100) + strings.Repeat("]", 100), ""},
		"too long":  {strings.Repeat("ö", maxCode), strings.Repeat("ö", maxCode/2), "yes"},
		"in a rune": {"x" + strings.Repeat("ö", maxCode), "x" + strings.Repeat("ö", maxCode/2-1), "yes"},
		"nothing":   {"", "", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			v := newValues()
			v.code("input", test.text)
			if v.texts["input"] != test.want || v.texts["input_cut"] != test.cut {
				t.Errorf("got %.80q (cut %q), want %.80q (cut %q)", v.texts["input"], v.texts["input_cut"], test.want, test.cut)
			}
		})
	}
}

// Every action has its words; only complaints are drawn as one.
func TestDone(t *testing.T) {
	var bad []Done
	for _, d := range []Done{DoneTest, DoneAgain, DoneReport, DoneSent, DoneAdmitted, DoneRefused, DoneDeclined, DoneSwitched, DoneNothing, DoneSignedOut, DoneTryLater, DoneNotAllowed} {
		text, complaint := d.words("Grace", 1)
		if plain.Line(text, 200) == "" {
			t.Errorf("%s has no words", d)
		}
		if complaint {
			bad = append(bad, d)
		}
	}
	if !slices.Equal(bad, []Done{DoneTryLater, DoneNotAllowed}) {
		t.Errorf("complaints are %v", bad)
	}
	if text, _ := Done("x").words("", 0); text != "" {
		t.Errorf("an unknown action says %q", text)
	}
}

func TestMeter(t *testing.T) {
	for share, want := range map[float64]string{0: "good 0", 0.049: "good 40.83", 0.05: "warn 41.67", 0.1: "bad 83.33", 0.9: "bad 100"} {
		v := newValues()
		v.meter("bounce", share, BounceReview, BounceStop)
		got := ""
		for _, state := range []string{"good", "warn", "bad"} {
			if v.texts["bounce_"+state] != "" {
				got += state
			}
		}
		if got += " " + v.texts["bounce_w"]; got != want {
			t.Errorf("a rate of %v is %q, want %q", share, got, want)
		}
	}
}

func TestMoment(t *testing.T) {
	v := newValues()
	v.moment("sent", at(3, 4, 5))
	v.moment("never", time.Time{})
	if v.texts["sent"] != "Tue 3 Mar 2026, 04:05 CET" || v.texts["sent_at"] != "2026-03-03T03:05:00Z" || v.texts["never"] != "" || v.texts["never_at"] != "" {
		t.Errorf("moments are %v", v.texts)
	}
}

func TestOriginWords(t *testing.T) {
	for origin, want := range map[string]string{
		"": "", "api": "by a link", "bulk": "from a list", "dashboard": "from the dashboard", "shared": "with a forwarded invitation", "mailchimpcta": "by Mailchimp",
		"klaviyo": "by Klaviyo", "wix": "by Wix", "emailcta": "by a button in a mail", "zoho": "by Zoho Campaigns", "another": "another",
	} {
		if got := originWords(origin); got != want {
			t.Errorf("%q came %q, want %q", origin, got, want)
		}
	}
}

// Our own page is no calendar.
func TestCalendarName(t *testing.T) {
	for name, want := range map[string]string{"Google Calendar": "Google Calendar", "-//Calendar Invite Server//RSVP page//EN": "", "": ""} {
		if got := calendarName(name); got != want {
			t.Errorf("%q is called %q, want %q", name, got, want)
		}
	}
}
