package notify

import "testing"

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
