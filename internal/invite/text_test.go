package invite

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestHTML(t *testing.T) {
	for text, want := range map[string]string{
		"":                          "",
		"a < b & \"c\"":             "a &lt; b &amp; &#34;c&#34;",
		"a\r\nb\nc\rd":              "a<br>b<br>c<br>d",
		"<script>alert(1)</script>": "&lt;script&gt;alert(1)&lt;/script&gt;",
		"see https://a.example/x.":  `see <a href="https://a.example/x">https://a.example/x</a>.`,
		"(http://a.example)":        `(<a href="http://a.example">http://a.example</a>)`,
		"https://a.example/(x)":     `<a href="https://a.example/(x)">https://a.example/(x)</a>`,
		`https://a.example/"><b>`:   `<a href="https://a.example/">https://a.example/</a>&#34;&gt;&lt;b&gt;`,
		"javascript://x":            "javascript://x",
		"xhttps://a.example":        "xhttps://a.example",
		"HTTPS://A.example ok":      `<a href="HTTPS://A.example">HTTPS://A.example</a> ok`,
		"https:// no":               "https:// no",
		"a://b https://c.example":   `a://b <a href="https://c.example">https://c.example</a>`,
	} {
		if got := HTML(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func FuzzHTML(f *testing.F) {
	f.Add("see https://a.example/x.\n<b>")
	f.Fuzz(func(t *testing.T, text string) {
		got := HTML(text)
		for _, tag := range strings.Split(got, "<")[1:] {
			if !strings.HasPrefix(tag, "br>") && !strings.HasPrefix(tag, `a href="http`) && !strings.HasPrefix(tag, `a href="HTTP`) &&
				!strings.HasPrefix(strings.ToLower(tag), `a href="http`) && !strings.HasPrefix(tag, "/a>") {
				t.Errorf("%q has a tag of its own: %q", text, got)
			}
		}
	})
}

func TestCut(t *testing.T) {
	for _, test := range []struct {
		text  string
		limit int
		want  string
	}{{"abc", 3, "abc"}, {"abcdef", 5, "ab…"}, {"üüüü", 7, "üü…"}, {"a\xffb", 10, "a\ufffdb"}} {
		if got := cut(test.text, test.limit); got != test.want || !utf8.ValidString(got) {
			t.Errorf("%q to %d: %q", test.text, test.limit, got)
		}
	}
}

func TestParseAddress(t *testing.T) {
	for text, want := range map[string]string{
		"Bob@Example.COM": "bob@example.com", " bob@example.com ": "bob@example.com", "o'hara+x_y=z@a-b.example": "o'hara+x_y=z@a-b.example",
		"": "", "bob": "", "@example.com": "", "bob@": "", "bob@localhost": "", "bob@cis.localhost": "bob@cis.localhost", "a b@example.com": "",
		"bob@example.com, eve@example.com": "", "Bob <bob@example.com>": "", "bob@@example.com": "", "bob@-x.example": "", "bob@x..example": "",
		"bob\r\nBcc: eve@example.com": "", "büb@example.com": "", "bob@exämple.com": "", `"b b"@example.com`: "", ".bob@example.com": "", "bob@[127.0.0.1]": "",
		strings.Repeat("x", 65) + "@example.com": "", "x@" + strings.Repeat("a.", 130) + "example": "",
	} {
		got, err := ParseAddress(text)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q %v", text, got, err)
		}
	}
}

func TestSameMailbox(t *testing.T) {
	for _, test := range []struct {
		a, b string
		same bool
	}{
		{"bob@example.com", "BOB@example.com", true}, {"bob+x@example.com", "bob@example.com", true}, {"b.o.b@gmail.com", "bob@googlemail.com", true},
		{"bob@me.com", "bob@icloud.com", true}, {"b.ob@example.com", "bob@example.com", false}, {"bob@example.com", "bob@example.org", false},
	} {
		if sameMailbox(test.a, test.b) != test.same {
			t.Errorf("%s, %s: %v", test.a, test.b, !test.same)
		}
	}
}

func TestParseUID(t *testing.T) {
	for text, want := range map[string]string{"ABC123": "abc123", "": "", "a#b": "", "a b": "", "../x": "", strings.Repeat("a", 91): ""} {
		if got, err := ParseUID(text); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q %v", text, got, err)
		}
	}
}
