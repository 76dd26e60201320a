package notify

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestTextOf(t *testing.T) {
	tests := []struct{ name, html, want string }{
		{"paragraphs", "<p>One\n  two</p><p>three</p>", "One two\n\nthree\n"},
		{"inline elements", "<p>a <b>b</b>, <i>c</i>d<br/>e</p>", "a b, cd\ne\n"},
		{"entities", "<p>Fish &amp; chips &#8211; caf&eacute;&nbsp;x</p>", "Fish & chips – café x\n"},
		{"link", `<p>See <a href="https://example.com/a?b=1&amp;c=2">the page</a>.</p>`, "See the page <https://example.com/a?b=1&c=2>.\n"},
		{"link that names itself", `<a href="https://example.com">https://example.com</a>`, "https://example.com\n"},
		{"mail link that names itself", `<a href="mailto:a@example.com">a@example.com</a>`, "a@example.com\n"},
		{"picture link", `<a href="https://example.com"><img alt="Logo" src="x"></a>`, "Logo <https://example.com>\n"},
		{"empty link", `<a href="https://example.com"><img src="x"></a>`, "https://example.com\n"},
		{"anchor", `<a href="#top">Top</a><a name="x">y</a>`, "Topy\n"},
		{"list", "<ul><li>one</li><li>two</li></ul>after", "- one\n- two\n\nafter\n"},
		{"table", "<table><tr><td>When</td><td>now</td></tr><tr><td>Where</td><td>here</td></tr></table>", "When now\nWhere here\n"},
		{"not shown", `<head><title>t</title><style>p{}</style></head><div style="Display: none"><div>x</div>y</div><p hidden>z</p><script>1<2</script>seen`, "seen\n"},
		{"comments", "a<!--[if mso]><table><tr><td><![endif]-->b", "ab\n"},
		{"markup in text stays text", "<p>&lt;script&gt;</p>", "<script>\n"},
		{"unclosed", "<p>a<div>b<a href='https://example.com'>c", "a\nbc\n"},
		{"no html", "just words", "just words\n"},
		{"nothing", "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := textOf(test.html); got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

func FuzzTextOf(f *testing.F) {
	for _, sample := range samples() {
		w, err := New(sample.settings, nil)
		if err != nil {
			f.Fatal(err)
		}
		mail, err := w.Write(f.Context(), sample.tell)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(mail.HTML)
	}
	f.Add("<a href='x'><a href=y>z</a></a><div style='display:none'><div></div>x</div><br><li>y<td>&lt;b&gt;")
	f.Add("<title><style><!-- --><script>x</p><![CDATA[x]]>\x00\xff")
	f.Fuzz(func(t *testing.T, document string) {
		text := textOf(document)
		if len(text) > 8*len(document)+8 {
			t.Errorf("%d bytes of HTML became %d bytes of text", len(document), len(text))
		}
		if !utf8.ValidString(text) {
			t.Error("text is not UTF-8")
		}
		for _, r := range text {
			if r < ' ' && r != '\n' {
				t.Fatalf("text has control character %#x", r)
			}
		}
		if strings.Contains(text, "\n\n\n") || strings.HasPrefix(text, "\n") {
			t.Errorf("text has holes: %q", text)
		}
	})
}
