package notify

import (
	"strings"
	"testing"
)

func TestPerson(t *testing.T) {
	tests := []struct{ name, display, address, want string }{
		{"name and address", "Grace Hopper", "grace@example.com", "Grace Hopper <grace@example.com>"},
		{"no name", "", "grace@example.com", "grace@example.com"},
		{"name that is none", " \u202e\r\n", "grace@example.com", "grace@example.com"},
		{"name on two lines", "Grace\r\nHopper", "grace@example.com", "Grace Hopper <grace@example.com>"},
		{"long name keeps the address", strings.Repeat("x", 1000), "grace@example.com", strings.Repeat("x", maxName-1) + "… <grace@example.com>"},
		{"longest address", "Grace", strings.Repeat("g", 242) + "@example.com", "Grace <" + strings.Repeat("g", 242) + "@example.com>"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			v := newValues()
			if v.person("guest", test.display, test.address); v.texts["guest"] != test.want {
				t.Errorf("got  %q\nwant %q", v.texts["guest"], test.want)
			}
		})
	}
}

func TestQuote(t *testing.T) {
	tests := []struct {
		name, in, text, quoted string
		cut                    bool
	}{
		{"nothing", "", "", "", false},
		{"only space", " \r\n ", "", "", false},
		{"a line", "Is there tea?", "Is there tea?", "> Is there tea?", false},
		{"lines", "Dear Ada,\r\n\r\ntea?\rG.", "Dear Ada,\n\ntea?\nG.", "> Dear Ada,\n> \n> tea?\n> G.", false},
		{"as long as may be", strings.Repeat("ü", maxQuote), strings.Repeat("ü", maxQuote), "> " + strings.Repeat("ü", maxQuote), false},
		{"longer", strings.Repeat("ü", maxQuote+1), strings.Repeat("ü", maxQuote-1) + "…", "> " + strings.Repeat("ü", maxQuote-1) + "…", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			v := newValues()
			cut := v.quote("text", test.in)
			if v.texts["text"] != test.text || v.texts["quoted_text"] != test.quoted || cut != test.cut {
				t.Errorf("got %q, quoted %q, cut %t", v.texts["text"], v.texts["quoted_text"], cut)
			}
		})
	}
}

// Whatever a guest writes, the organizer's mail stays one that Gmail shows whole (102 KB).
func TestLongQuestion(t *testing.T) {
	for _, text := range []string{strings.Repeat("\"", 1<<20), strings.Repeat("a\n", 1<<19), strings.Repeat("👩‍💻", 1<<16)} {
		mail := write(t, full(), nil, Question{Mailto: "ada@example.com", Email: "grace@example.com", Text: text})
		if len(mail.HTML) > 102<<10 || !strings.Contains(mail.Text, "The mail is longer than this.") {
			t.Errorf("%.3q…: HTML has %d bytes", text, len(mail.HTML))
		}
	}
}

// The mail is silent about an answer that is none, instead of repeating what was sent.
func TestHeldGuestAnswer(t *testing.T) {
	for answer, want := range map[string]string{"accepted": "Answer:  Yes\n", "tentative": "Answer:  Maybe\n", "declined": "Answer:  No\n", "delegated": "", "": ""} {
		mail := write(t, bare(), nil, HeldGuest{Mailto: "ada@example.com", Email: "grace@example.com", Answer: answer, GuestsLink: testLink})
		if !strings.Contains(mail.Text, want) || want == "" && strings.Contains(mail.Text, "Answer:") {
			t.Errorf("%q reads:\n%s", answer, mail.Text)
		}
	}
}
