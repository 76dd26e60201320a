package page

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/calendarinvite/calendarinviteserver/internal/brand"
)

// Every value of every view is escaped and none is read as a template: a page full of markup is the page full of harmless words, with the words
// exchanged.
func TestEveryValueIsEscaped(t *testing.T) {
	const harmless, hostile = "harmless", `"><script>x</script><b/onclick='x'>{uid}{title}{?where}{>form}&lt;&#34;`
	for name, empty := range views {
		for variant, choose := range variants(name) {
			t.Run(fmt.Sprint(name, variant), func(t *testing.T) {
				want := outline(t, filled(t, name, empty, harmless, choose))
				got := outline(t, filled(t, name, empty, hostile, choose))
				if !strings.Contains(want, harmless) {
					t.Fatal("the view's texts are not on the page")
				}
				if want = strings.ReplaceAll(want, harmless, hostile); got != want {
					t.Errorf("values became part of the page:\ngot  %s\nwant %s", got, want)
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
	case "event_page":
		for _, closed := range []Reason{EventCancelled, EventOver, InviteLimit} {
			list = append(list, choose(map[string]any{"Closed": closed}))
		}
		list = append(list, choose(map[string]any{"Closed": Reason(""), "Problem": Reason("")}), choose(map[string]any{"Closed": Reason(""), "Problem": BadAddress}), choose(map[string]any{"Closed": Reason(""), "Sent": true}))
	case "rsvp":
		list = append(list, choose(map[string]any{"Given": Tentative, "Chosen": Declined}))
	case "answered":
		for _, a := range []Answer{Accepted, Tentative, Declined} {
			list = append(list, choose(map[string]any{"Answer": a}))
		}
	case "unsubscribe":
		list = append(list, choose(map[string]any{"Blocked": true}), choose(map[string]any{"Changed": true}), choose(map[string]any{"Blocked": true, "Changed": true}))
	case "proposals":
		for _, state := range []ProposalState{ProposalOpen, ProposalDeclined, ProposalOver} {
			list = append(list, func(v reflect.Value) {
				items := v.Addr().Interface().(*Proposals).Items
				items[0].State, items[1].State, items[1].Chosen = state, ProposalOpen, true
			})
		}
		list = append(list, choose(map[string]any{"Items": []Proposal{}}))
	case "guests":
		for choice, state := range map[string]GuestState{ChoiceAdmit: GuestAdmitted, ChoiceRefuse: GuestRefused} {
			list = append(list, func(v reflect.Value) {
				page := v.Addr().Interface().(*Guests)
				page.Choice, page.Items[0].State, page.Items[1].State, page.Items[1].Answer = choice, state, GuestHeld, Accepted
			})
		}
		list = append(list, choose(map[string]any{"Items": []Guest{}}))
	case "problem":
		list = append(list, choose(map[string]any{"Reason": EventOver}))
	}
	return list
}

// filled draws a page with the text in every string of its view and of the brand.
func filled(t *testing.T, name string, empty view, text string, choose func(reflect.Value)) []byte {
	t.Helper()
	p, err := New(brand.Brand{Name: text, Copyright: text})
	if err != nil {
		t.Fatal(err)
	}
	v := reflect.New(reflect.TypeOf(empty)).Elem()
	fill(v, text)
	choose(v)
	drawn, err := p.draw(name, v.Interface().(view))
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
		if v.Type().PkgPath() != reflect.TypeFor[Event]().PkgPath() {
			return // a time, not a text
		}
		for i := range v.NumField() {
			fill(v.Field(i), text)
		}
	}
}

// outline writes a page's elements, attributes and texts as a browser understands them.
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
			fmt.Fprintf(&b, " [%s=%s]", a.Key, a.Val)
		}
		b.WriteByte('\n')
		for child := n.FirstChild; child != nil; child = child.NextSibling {
			write(child, depth+1)
		}
	}
	write(document, 0)
	return b.String()
}

func TestTargets(t *testing.T) {
	good := []string{"", "?", "?a=b:c", "invite", "/rsvp/mfrggzdf", "/a/b?c=d&e=f#g", "https://example.com/x?y=z", "http://localhost:4568/rsvp/x"}
	bad := []string{
		"javascript:alert(1)", "JavaScript:x", "java\nscript:x", " javascript:x", "data:text/html,x", "vbscript:x", "mailto:a@example.com", "ftp://example.com",
		"//example.com", "///example.com", "/\\example.com", "\\\\example.com", "/\t/example.com", ":x", "%zz", "https:example.com", "https://",
	}
	for _, target := range good {
		if v := newValues(); v.target("post", target) != nil || v.texts["post"] != target {
			t.Errorf("%q is refused", target)
		}
	}
	p := pages(t)
	for _, target := range bad {
		for name, v := range map[string]view{
			"event_page": EventPage{Services: []Service{{URL: target}}}, "confirm_invite": ConfirmInvite{Post: target}, "rsvp": RSVP{Post: target}, "answered": Answered{Change: target},
			"confirm_request": ConfirmRequest{Post: target}, "unsubscribe": Unsubscribe{Post: target},
			"proposals": Proposals{Post: target}, "guests": Guests{Post: target},
		} {
			if _, err := p.draw(name, v); err == nil || strings.Contains(err.Error(), target) {
				t.Errorf("%s with target %q: error %v, want one that does not quote it", name, target, err)
			}
		}
	}
}

func TestHiddenFields(t *testing.T) {
	p := pages(t)
	fields := make([]Field, maxFields)
	for i := range fields {
		fields[i] = Field{Name: "n" + string(rune('a'+i)), Value: ""}
	}
	drawn, err := p.ConfirmInvite(ConfirmInvite{Fields: fields})
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range fields {
		if want := `<input type="hidden" name="` + field.Name + `" value="">`; strings.Count(string(drawn), want) != 1 {
			t.Errorf("page lacks %s", want)
		}
	}
	if _, err := p.ConfirmInvite(ConfirmInvite{Fields: append(fields, Field{})}); err == nil {
		t.Error("a field without room was lost silently")
	}
}
