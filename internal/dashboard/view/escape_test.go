package view

import (
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/calendarinvite/calendarinviteserver/internal/brand"
)

// Every value of every view is escaped and none is read as a template: a page full of markup is the page full of harmless words, with the words
// exchanged.
func TestEveryValueIsEscaped(t *testing.T) {
	const harmless, hostile = "harmless", `"><script>x</script><b/onclick='x'>{uid}{title}{?where}{>layout}&lt;&#34;`
	for name, empty := range pages {
		for variant, choose := range variants(name) {
			t.Run(fmt.Sprint(name, variant), func(t *testing.T) {
				want := outline(t, filled(t, name, empty, harmless, choose))
				got := outline(t, filled(t, name, empty, hostile, choose))
				if !strings.Contains(want, harmless) {
					t.Fatal("the view's texts are not on the page")
				}
				if diff := cmp.Diff(strings.ReplaceAll(want, harmless, hostile), got); diff != "" {
					t.Errorf("values became part of the page (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// variants are the ways the page can look beside its texts.
func variants(name string) []func(reflect.Value) {
	choose := func(fields map[string]any) func(reflect.Value) {
		return func(v reflect.Value) {
			for field, value := range fields {
				v.FieldByName(field).Set(reflect.ValueOf(value))
			}
		}
	}
	list := []func(reflect.Value){choose(nil)} // whatever is a string is hostile
	switch name {
	case "sign_in":
		list = append(list, choose(map[string]any{"Problem": BadAddress}), choose(map[string]any{"Problem": BadKey}))
	case "problem":
		list = append(list, choose(map[string]any{"Reason": LinkUsed}))
	case "events":
		list = append(list, choose(map[string]any{"Items": []EventRow{}}), func(v reflect.Value) {
			items := v.Addr().Interface().(*Events).Items
			items[0].Answers, items[0].Occasion.State = sampleAnswers(), Upcoming
		})
	case "event":
		list = append(list, func(v reflect.Value) {
			e := v.Addr().Interface().(*Event)
			e.Answers, e.Funnel, e.Limit, e.Progress = sampleAnswers(), sampleFunnel(), 5, &Progress{Done: 1, Total: 2}
			e.Frame.Done = DoneAdmitted
			e.Attendees.Items[0].Answer, e.Attendees.Items[0].Grade = Accepted, Claimed
		}, func(v reflect.Value) {
			e := v.Addr().Interface().(*Event)
			e.Answers, e.Attendees.Items = sampleAnswers(), nil
		})
	case "invite":
		list = append(list, choose(map[string]any{"Left": 5, "Problem": EmptyList}), choose(map[string]any{"Left": 5, "Daily": 3}), choose(map[string]any{"Suspended": true}))
	case "dry_run":
		list = append(list, choose(map[string]any{"Counts": DryCounts{Send: 1, Limit: 2}, "More": 3}), choose(map[string]any{"Counts": DryCounts{Send: 9}, "Daily": 3}))
	case "share":
		list = append(list, choose(map[string]any{"Origin": "zoho"}), choose(map[string]any{"Origin": "api", "BadLanding": true}))
	case "guests":
		for _, state := range []GuestState{GuestHeld, GuestAdmitted, GuestRefused} {
			list = append(list, func(v reflect.Value) { v.Addr().Interface().(*Guests).Items[0].State = state })
		}
	case "proposals":
		for _, state := range []ProposalState{ProposalOpen, ProposalDeclined, ProposalOver} {
			list = append(list, func(v reflect.Value) { v.Addr().Interface().(*Proposals).Items[0].State = state })
		}
	case "system":
		list = append(list, choose(map[string]any{"Rates": Rates{Known: true}, "Failed": 1}))
	case "organizer":
		list = append(list, choose(map[string]any{"Standings": Standings{}}))
	}
	return list
}

// filled draws a page with the text in every string of its view and of the brand.
func filled(t *testing.T, name string, empty page, text string, choose func(reflect.Value)) []byte {
	t.Helper()
	v, err := New(brand.Brand{Name: text, Copyright: text}, "https://api.example.org")
	if err != nil {
		t.Fatal(err)
	}
	p := reflect.New(reflect.TypeOf(empty)).Elem()
	fill(p, text)
	if share, ok := p.Addr().Interface().(*Share); ok { // a page must be a link; and these are escaped for a URL before they become text
		share.GuestPage, share.InviteLink, share.Token, share.Landing = "https://example.com/"+text, "https://example.com/", "x", "x"
	}
	if check, ok := p.Addr().Interface().(*DryRun); ok { // likewise
		check.All = "https://example.com/" + text
	}
	choose(p)
	drawn, err := v.draw(name, p.Interface().(page))
	if err != nil {
		t.Fatal(err)
	}
	return drawn
}

func fill(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(v.Index(i), text)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(at(3, 4, 5)))
			return
		}
		if v.Type().PkgPath() != reflect.TypeFor[Event]().PkgPath() {
			return // a span, not a text
		}
		for i := range v.NumField() {
			fill(v.Field(i), text)
		}
	}
}

// outline writes a page's elements, attributes and texts as a browser understands them, and its links as the server that they lead to does.
func outline(t *testing.T, page []byte) string {
	t.Helper()
	document, err := html.Parse(strings.NewReader(string(page)))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	var write func(n *html.Node, depth int)
	write = func(n *html.Node, depth int) {
		fmt.Fprintf(&b, "%s%d %s", strings.Repeat(" ", depth), n.Type, n.Data)
		for _, a := range n.Attr {
			value := a.Val
			if a.Key == "href" || a.Key == "action" || a.Key == "src" || a.Key == "data-live" {
				if value, err = url.PathUnescape(a.Val); err != nil {
					value = a.Val // a page that was drawn is compared as it is
				}
			}
			fmt.Fprintf(&b, " [%s=%s]", a.Key, value)
		}
		b.WriteByte('\n')
		for child := n.FirstChild; child != nil; child = child.NextSibling {
			write(child, depth+1)
		}
	}
	write(document, 0)
	return b.String()
}

// What strangers wrote shows as text, wherever it stands: also what turns the direction of a line, and what is no text at all.
func TestHostileValues(t *testing.T) {
	const evil = "</title></style><script>alert(1)</script>\" onfocus='x' {{.}} \u202egpj\x00"
	for name, empty := range pages {
		for variant, choose := range variants(name) {
			t.Run(fmt.Sprint(name, variant), func(t *testing.T) {
				p := reflect.New(reflect.TypeOf(empty)).Elem()
				fill(p, evil)
				for _, ours := range []string{"GuestPage", "All"} { // links that we make: a bad one is an error
					if field := p.FieldByName(ours); field.IsValid() {
						field.SetString("https://example.com/")
					}
				}
				choose(p)
				drawn, err := views(t).draw(name, p.Interface().(page))
				if err != nil {
					t.Fatal(err)
				}
				for _, bad := range []string{"<script>", "javascript:", "\x00"} {
					if strings.Contains(string(drawn), bad) {
						t.Errorf("page has %q", bad)
					}
				}
				document, err := html.Parse(strings.NewReader(string(drawn)))
				if err != nil {
					t.Fatal(err)
				}
				for n := range document.Descendants() {
					if n.Type == html.ElementNode && (n.Data == "script" && attribute(n, "src") == "" || attribute(n, "onfocus") != "") {
						t.Errorf("value became <%s>", n.Data)
					}
				}
			})
		}
	}
}

func TestLinksOfStrangers(t *testing.T) {
	for link, shown := range map[string]bool{
		"https://meet.example.com/x?y=z": true, "http://localhost/x": true, "": false, "javascript:alert(1)": false, "//example.com": false,
		"data:text/html,x": false, "https://": false, "/dashboard/sign-out": false,
	} {
		drawn := string(drawing{"event", Event{Occasion: Occasion{UID: "u", Join: link}}}.draw(t, views(t)))
		if got := strings.Contains(drawn, "Join link"); got != shown {
			t.Errorf("join link %q shown: %t", link, got)
		}
	}
	if _, err := views(t).Share(Share{GuestPage: "javascript:alert(1)"}); err == nil || strings.Contains(err.Error(), "alert") {
		t.Errorf("a bad page of the event: %v, want an error that does not quote it", err)
	}
}
