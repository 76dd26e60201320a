package template

import (
	"strings"
	"testing"
)

func TestTemplate(t *testing.T) {
	parts := map[string]string{"part": "[{a}]", "loop": "{>loop}", "unended": "{?a}", "ends": "{/a}", "each": "{#list}{x}{/list}", "big": strings.Repeat("x", MaxBytes)}
	include := func(name string) (string, bool) { text, ok := parts[name]; return text, ok }
	names := Names{"": {"a", "b", "empty"}, "list": {"x", "b"}, "none": {"y"}}
	v := Values{"a": "<A> {b}", "b": "B", "empty": ""}
	lists := Lists{"list": {{"x": "1 {a}", "b": "own"}, {"x": "2", "b": ""}}}
	tests := []struct{ name, text, want, fails string }{
		{"value", "x{a}y", "x<A> {b}y", ""},
		{"values are not read again", "{a}{b}", "<A> {b}B", ""},
		{"section kept", "{?a}yes{/a}", "yes", ""},
		{"section dropped", "1{?empty}no {a}{/empty}2", "12", ""},
		{"unless kept", "{!empty}none{/empty}", "none", ""},
		{"unless dropped", "{!a}none{/a}", "", ""},
		{"nested", "{?a}{?empty}x{/empty}{!empty}y{/empty}{/a}", "y", ""},
		{"section alone on its line", "1\n{?a}\n2\n{/a}\n3\n", "1\n2\n3\n", ""},
		{"section alone on its line, CRLF", "1\r\n{?empty}\r\n2\r\n{/empty}\r\n3", "1\r\n3", ""},
		{"value alone on its line", "1\n{b}\n2", "1\nB\n2", ""},
		{"include", "{>part}{>part}", "[<A> {b}][<A> {b}]", ""},
		{"list", "{#list}({x}){/list}", "(1 {a})(2)", ""},
		{"list without items", "1{#none}{y}{/none}2", "12", ""},
		{"list on lines", "1\n{#list}\n{x}\n{/list}\n3", "1\n1 {a}\n2\n3", ""},
		{"an item's value goes first, be it empty", "{b}{#list}<{b}{!b}-{/b}>{/list}{b}", "B<own><->B", ""},
		{"values from outside in a list", "{#list}{a}{?empty}x{/empty}{/list}", "<A> {b}<A> {b}", ""},
		{"include in a list", "{#list}{>part}{x}{/list}", "[<A> {b}]1 {a}[<A> {b}]2", ""},
		{"list in an include", "{>each}", "1 {a}2", ""},
		{"list in a section", "{?empty}{#list}x{/list}{/empty}{!empty}{#list}y{/list}{/empty}", "yy", ""},
		{"style sheet", "p { color:{b}; } @media x{.a{b:c}}", "p { color:B; } @media x{.a{b:c}}", ""},
		{"merge tags", "{{a}} {{ a }} {{contact.email}} *|A|* {{#each}}", "{{a}} {{ a }} {{contact.email}} *|A|* {{#each}}", ""},
		{"braces that are no tags", "{} {A} {a {a-b} {?} {#} {#A} {1a} {", "{} {A} {a {a-b} {?} {#} {#A} {1a} {", ""},
		{"many braces", strings.Repeat("{", 1000) + "a}", strings.Repeat("{", 1000) + "a}", ""},
		{"unknown placeholder", "{summry}", "", "{summry}"},
		{"unknown section", "{?nope}{/nope}", "", "{nope}"},
		{"section not ended", "{?a}x", "", "{?a} does not end"},
		{"unknown list", "{#nope}{/nope}", "", "no list {#nope}"},
		{"value as a list", "{#a}{/a}", "", "no list {#a}"},
		{"list as a value", "{list}", "", "{list}"},
		{"item's value outside", "{x}", "", "{x}"},
		{"item's value after the list", "{#list}{/list}{x}", "", "{x}"},
		{"item's value in another list", "{#list}{y}{/list}", "", "{y}"},
		{"list in a list", "{#list}{#none}{/none}{/list}", "", "{#none} is within {#list}"},
		{"list in itself by an include", "{#list}{>each}{/list}", "", "{#list} is within {#list}"},
		{"list not ended", "{#list}x", "", "{#list} does not end"},
		{"list and section crossed", "{#list}{?a}{/list}{/a}", "", "{/list} ends no section"},
		{"section ended twice", "{?a}{/a}{/a}", "", "{/a} ends no section"},
		{"sections crossed", "{?a}{?b}{/a}{/b}", "", "{/a} ends no section"},
		{"section not ended in an include", "{>unended}{/a}", "", "does not end"},
		{"section ended in an include", "{?a}{>ends}", "", "ends no section"},
		{"unknown include", "{>nope}", "", "{>nope}"},
		{"endless include", "{>loop}", "", "too deeply"},
		{"too large with includes", "x{>big}", "", "256 KiB"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			parsed, err := Parse(test.text, names, include)
			if test.fails != "" {
				if err == nil || !strings.Contains(err.Error(), test.fails) {
					t.Fatalf("error = %v, want one about %q", err, test.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := parsed.Render(v, lists, Text); got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

func TestHTML(t *testing.T) {
	const value = "<b title=\"x\" id='y'>&amp; {a}\x00\n"
	if got, want := HTML(value), "&lt;b title=&#34;x&#34; id=&#39;y&#39;&gt;&amp;amp; {a}\ufffd\n"; got != want {
		t.Errorf("HTML() = %q, want %q", got, want)
	}
}

// Whatever the template and the value: no panic; a value goes in whole, exactly as often as it is named; braces in it mean nothing; every item
// of a list adds the same.
func FuzzTemplate(f *testing.F) {
	f.Add("x{a}y{?a}z{/a}{!a}w{/a}{>part}", "v{a}")
	f.Add("{{a}}{ {?a}\n{/a}\n{a", "{?a}")
	f.Add("{?a}{?a}{/a}{/a}", "")
	f.Add("{a}{#l}{a}{b}{?b}x{/b}{>part}{/l}{#l}{/l}", "{#l}{b}{/l}")
	f.Add("{#l}{#l}{/l}{?a}{/l}{/a}", "{/l}")
	f.Fuzz(func(t *testing.T, text, value string) {
		include := func(name string) (string, bool) { return "<{a}>", name == "part" }
		parsed, err := Parse(text, Names{"": {"a"}, "l": {"b"}}, include)
		if err != nil {
			return
		}
		const mark = "\x00mark\x00"
		if strings.Contains(text, mark) || value == "" {
			return
		}
		render := func(value string, items int, escape func(string) string) string {
			lists := Lists{}
			for range items {
				lists["l"] = append(lists["l"], Values{"b": value})
			}
			return parsed.Render(Values{"a": value}, lists, escape)
		}
		got := render(value, 2, Text)
		if want := strings.ReplaceAll(render(mark, 2, Text), mark, value); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
		if render(HTML(value), 2, Text) != render(value, 2, HTML) {
			t.Error("escape is not applied to the whole value")
		}
		none, one := len(render(value, 0, Text)), len(render(value, 1, Text))
		if len(got)-one != one-none {
			t.Errorf("%d bytes without items, %d with one, %d with two", none, one, len(got))
		}
	})
}
