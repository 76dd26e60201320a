package page

import (
	"strings"
	"testing"
)

func TestRuns(t *testing.T) {
	for text, want := range map[string]string{ // links in brackets
		"":                                 "",
		"Bring cake":                       "Bring cake",
		"https://example.com":              "[https://example.com]",
		"See https://example.com/a?b=c#d.": "See [https://example.com/a?b=c#d].",
		"See\nhttps://example.com\n\nthen\nhttp://example.org/": "See\n[https://example.com]\n\nthen\n[http://example.org/]",
		"(https://example.com/a), (https://example.com/b_(c))":  "([https://example.com/a]), ([https://example.com/b_(c)])",
		"<https://example.com> \"https://example.com\"!":        "<[https://example.com]> \"[https://example.com]\"!",
		"tea\u2003https://example.com\u00a0ה":                   "tea\u2003[https://example.com]\u00a0ה",
		"HTTPS://EXAMPLE.COM":                                   "[HTTPS://EXAMPLE.COM]",
		"javascript:alert(1) data:text/html,x //example.com":    "javascript:alert(1) data:text/html,x //example.com",
		"www.example.com ada@example.com xhttps://example.com":  "www.example.com ada@example.com xhttps://example.com",
		"https:// https://< http://a\"onclick":                  "https:// https://< http://a\"onclick",
		"https://example.com/" + strings.Repeat("x", 200):       "https://example.com/" + strings.Repeat("x", 200),
	} {
		var got strings.Builder
		for _, run := range runsOf(text) {
			if run.href != "" && run.href != run.text {
				t.Errorf("%q shows %q and leads to %q", text, run.text, run.href)
			}
			if run.href != "" {
				got.WriteString("[" + run.text + "]")
			} else {
				got.WriteString(run.text)
			}
		}
		if got.String() != want {
			t.Errorf("%q becomes %q, want %q", text, got.String(), want)
		}
	}
	links := 0
	for _, run := range runsOf(strings.Repeat("https://example.com ", 1000)) {
		if run.href != "" {
			links++
		}
	}
	if links != maxLinks {
		t.Errorf("%d links", links)
	}
}

// Whatever the text, nothing of it is lost, and links are http or https.
func FuzzRuns(f *testing.F) {
	f.Add("See (https://example.com/a_(b)), or <http://example.org>!\nhttps://")
	f.Add("\xffhttps://\xff \u2028https://x")
	f.Fuzz(func(t *testing.T, text string) {
		var all strings.Builder
		for _, run := range runsOf(text) {
			all.WriteString(run.text)
			if lower := strings.ToLower(run.href); run.href != "" && !strings.HasPrefix(lower, "http://") && !strings.HasPrefix(lower, "https://") {
				t.Errorf("a link to %q", run.href)
			}
		}
		if all.String() != text {
			t.Errorf("%q becomes %q", text, all.String())
		}
	})
}
