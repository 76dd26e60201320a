package imip

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// What we encode, the standard library decodes to the same.

func TestQuotedPrintableRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOf(rapid.OneOf(rapid.Byte(), rapid.SampledFrom([]byte("\r\n =\t.a")))).Draw(t, "text")
		encoded := appendQuotedPrintable(nil, text)
		for line := range bytes.SplitSeq(encoded, []byte("\r\n")) {
			if len(line) > maxEncodedLine || bytes.ContainsAny(line, "\r\n") || bytes.HasSuffix(line, []byte(" ")) || bytes.HasSuffix(line, []byte("\t")) {
				t.Fatalf("line %q", line)
			}
		}
		if bytes.Contains(encoded, []byte("=_")) {
			t.Fatalf("a boundary can occur in %q", encoded)
		}
		decoded, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(encoded)))
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.NewReplacer("\r\n", "\r\n", "\r", "\r\n", "\n", "\r\n")
		if want := lines.Replace(string(text)); string(decoded) != want {
			t.Fatalf("%q is decoded as %q", want, decoded)
		}
	})
}

func TestBase64RoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		body := rapid.SliceOf(rapid.Byte()).Draw(t, "body")
		encoded := appendBase64(nil, body)
		for line := range bytes.SplitSeq(encoded, []byte("\r\n")) {
			if len(line) > maxEncodedLine {
				t.Fatalf("line of %d", len(line))
			}
		}
		decoded, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, bytes.NewReader(encoded)))
		if err != nil || !bytes.Equal(decoded, body) {
			t.Fatalf("decoded %q, %v", decoded, err)
		}
	})
}

func TestSubjectRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := cleanLine(rapid.String().Draw(t, "text"))
		value := string(appendUnstructured(nil, text))
		checkFieldLines(t, value)
		decoded, err := new(mime.WordDecoder).DecodeHeader(strings.ReplaceAll(value, "\r\n", ""))
		if err != nil || decoded != text {
			t.Fatalf("%q is decoded as %q, %v", text, decoded, err)
		}
	})
}

func TestMailboxRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := cutRunes(cleanLine(rapid.String().Draw(t, "name")), maxName)
		value := string(appendMailbox(nil, name, "a@b.example"))
		checkFieldLines(t, value)
		parsed, err := mail.ParseAddress(strings.ReplaceAll(value, "\r\n", ""))
		if err != nil || parsed.Address != "a@b.example" || parsed.Name != name {
			t.Fatalf("%q is read as %v, %v, from %q", name, parsed, err, value)
		}
	})
}

// checkFieldLines checks a field's value: only folds break it, no encoded word is too long, everything is printable ASCII.
func checkFieldLines(t *rapid.T, value string) {
	for i, line := range strings.Split(value, "\r\n") {
		if i > 0 && !strings.HasPrefix(line, " ") || len(line) > 900 {
			t.Fatalf("line %q", line)
		}
		for _, word := range strings.Fields(line) {
			if strings.HasPrefix(word, "=?") && len(word) > 75 {
				t.Fatalf("encoded word of %d: %q", len(word), word)
			}
		}
		for _, c := range []byte(line) {
			if c < ' ' || c >= 0x7f {
				t.Fatalf("%q", line)
			}
		}
	}
}

func TestCutText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, limit := rapid.String().Draw(t, "text"), rapid.IntRange(3, 60).Draw(t, "limit")
		cut := cutText(text, limit)
		if len(cut) > limit || !utf8.ValidString(cut) || len(text) <= limit && cut != text {
			t.Fatalf("%q", cut)
		}
		if runes := cutRunes(text, limit); utf8.RuneCountInString(runes) > limit {
			t.Fatalf("%q", runes)
		}
	})
}

func TestFill(t *testing.T) {
	values := map[string]string{"full": "{empty}<{nobody}>", "empty": ""}
	for template, want := range map[string]string{
		"plain { } {1} {A} {full":                             "plain { } {1} {A} {full",
		"{full}|{empty}|":                                     "{empty}<{nobody}>||",
		"{?full}a{/full}{?empty}b{/empty}{!empty}c{/empty}":   "ac",
		"{!full}a{/full}{?full}{?empty}x{/empty}y{/full}{{}}": "y{{}}",
		"a { color: red } {?full}{ b }{/full}":                "a { color: red } { b }",
	} {
		var l layout
		if err := l.fill(template, values, false); err != nil {
			t.Errorf("%q: %v", template, err)
			continue
		}
		var got []byte
		for _, p := range l.pieces {
			got = append(got, p.text...)
		}
		if string(got) != want {
			t.Errorf("%q gives %q, want %q", template, got, want)
		}
	}
	for _, template := range []string{"{nobody}", "{?full}open", "{/full}", "{?full}{?empty}{/full}{/empty}"} {
		if err := new(layout).fill(template, values, false); err == nil {
			t.Errorf("%q is taken", template)
		}
	}
}
