package template

import (
	"strings"
	"testing"
)

func anyOf(names ...string) func(string) bool {
	return func(name string) bool {
		for _, n := range names {
			if n == name {
				return true
			}
		}
		return false
	}
}

func TestTemplate(t *testing.T) {
	parts := map[string]string{"part": "[{a}]", "loop": "{>loop}", "unended": "{?a}", "ends": "{/a}", "big": strings.Repeat("x", MaxBytes)}
	include := func(name string) (string, bool) { text, ok := parts[name]; return text, ok }
	v := map[string]string{"a": "<A> {b}", "b": "B", "empty": ""}
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
		{"style sheet", "p { color:{b}; } @media x{.a{b:c}}", "p { color:B; } @media x{.a{b:c}}", ""},
		{"merge tags", "{{a}} {{ a }} {{contact.email}} *|A|*", "{{a}} {{ a }} {{contact.email}} *|A|*", ""},
		{"braces that are no tags", "{} {A} {a {a-b} {?} {1a} {", "{} {A} {a {a-b} {?} {1a} {", ""},
		{"many braces", strings.Repeat("{", 1000) + "a}", strings.Repeat("{", 1000) + "a}", ""},
		{"unknown placeholder", "{summry}", "", "{summry}"},
		{"unknown section", "{?nope}{/nope}", "", "{nope}"},
		{"section not ended", "{?a}x", "", "{?a} does not end"},
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
			parsed, err := Parse(test.text, anyOf("a", "b", "empty"), include)
			if test.fails != "" {
				if err == nil || !strings.Contains(err.Error(), test.fails) {
					t.Fatalf("error = %v, want one about %q", err, test.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := parsed.Render(v, Text); got != test.want {
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

// Whatever the template and the value: no panic; a value goes in whole, exactly as often as it is named; braces in it mean nothing.
func FuzzTemplate(f *testing.F) {
	f.Add("x{a}y{?a}z{/a}{!a}w{/a}{>part}", "v{a}")
	f.Add("{{a}}{ {?a}\n{/a}\n{a", "{?a}")
	f.Add("{?a}{?a}{/a}{/a}", "")
	f.Fuzz(func(t *testing.T, text, value string) {
		known := anyOf("a")
		include := func(name string) (string, bool) { return "<{a}>", name == "part" }
		parsed, err := Parse(text, known, include)
		if err != nil {
			return
		}
		const mark = "\x00mark\x00"
		if strings.Contains(text, mark) || value == "" {
			return
		}
		marked := parsed.Render(map[string]string{"a": mark}, Text)
		got := parsed.Render(map[string]string{"a": value}, Text)
		if want := strings.ReplaceAll(marked, mark, value); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
		if escaped := parsed.Render(map[string]string{"a": HTML(value)}, Text); escaped != parsed.Render(map[string]string{"a": value}, HTML) {
			t.Error("escape is not applied to the whole value")
		}
	})
}
