package plain

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestLine(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"header injection", "Hi\r\nBcc: all@example.com", "Hi Bcc: all@example.com"},
		{"line separators", "a\u2028b\u0085c\u2029d", "a b c d"},
		{"nul and escape", "a\x00b\x1b[31mc", "a b [31mc"},
		{"direction override", "invoice\u202egpj.exe\u2066x", "invoicegpj.exex"},
		{"joined emoji stay", "👩‍💻 ok", "👩‍💻 ok"},
		{"right to left mark stays", "אב!\u200f", "אב!\u200f"},
		{"broken UTF-8", "a\xffb", "a�b"},
		{"long", strings.Repeat("ü", 50), strings.Repeat("ü", 39) + "…"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := Line(test.in, 40); got != test.want {
				t.Errorf("Line(%q) = %q, want %q", test.in, got, test.want)
			}
		})
	}
}

func TestLines(t *testing.T) {
	if got, want := Lines("\n one\r\ntwo\rthree\tx\n", 40), "one\ntwo\nthree x"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestClip(t *testing.T) {
	tests := []struct {
		text  string
		limit int
		want  string
	}{
		{"short", 5, "short"},
		{"longer", 5, "long…"},
		{"größer", 5, "größ…"},
		{"a b c d", 4, "a b…"},
		{"", 5, ""},
	}
	for _, test := range tests {
		if got := clip(test.text, test.limit); got != test.want {
			t.Errorf("clip(%q, %d) = %q, want %q", test.text, test.limit, got, test.want)
		}
	}
}

func FuzzLine(f *testing.F) {
	f.Add("a\r\nb\x00\u202e\xff", 3)
	f.Fuzz(func(t *testing.T, s string, limit int) {
		limit = limit&0xff + 1
		got := Line(s, limit)
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > limit {
			t.Errorf("Line(%q, %d) = %q", s, limit, got)
		}
		if strings.ContainsAny(got, "\r\n\x00\t\u2028\u202e") {
			t.Errorf("Line(%q) = %q has controls", s, got)
		}
		if again := Line(got, limit); again != got {
			t.Errorf("Line is not idempotent: %q, %q", got, again)
		}
	})
}
