package imip

import (
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"
)

// seedCorpus adds the real mails, where they are, to a fuzz target.
func seedCorpus(f *testing.F) {
	dir, err := findCorpus()
	if err != nil {
		return
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*", "*.eml"))
	for _, name := range files {
		if raw, err := os.ReadFile(name); err == nil && len(raw) < 20<<10 {
			f.Add(raw)
		}
	}
}

// FuzzRead checks that any bytes are read without a panic, within the limits, and to a consistent message.
func FuzzRead(f *testing.F) {
	request := part("text/calendar; charset=utf-8; method=REQUEST", event("REQUEST", "Lunch"))
	f.Add([]byte(from + request))
	f.Add([]byte(from + multi("mixed", "o", textPart, part("message/rfc822", "Subject: =?utf-8?Q?x?=\r\n"+multi("alternative", "i", textPart, request)))))
	f.Add([]byte(from + multi("report", "o", textPart, part("message/delivery-status", "A: b\r\n\r\nC: d"), part("message/rfc822", b64(from+request), base64Header))))
	f.Add([]byte(from + part("application/ics; name*0*=utf-8''a; name*1=.ics", b64(event("", "x")), base64Header)))
	f.Add([]byte(from + part("text/calendar", "begin 644 x\r\n"+uuencode(event("REQUEST", "x"))+"end", "Content-Transfer-Encoding: uuencode")))
	seedCorpus(f)
	lim := Limits{Parts: 50, Depth: 8, HeaderBytes: 8 << 10, HeaderFields: 100, DecodedBytes: 1 << 20}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := Read(raw, lim)
		if err != nil {
			t.Fatal(err)
		}
		if len(m.Parts) > lim.Parts || len(m.Header) > lim.HeaderFields {
			t.Errorf("%d parts, %d fields", len(m.Parts), len(m.Header))
		}
		size := 0
		for _, p := range m.Parts {
			size += len(p.Body)
			if len(p.Nesting) == 0 || len(p.Nesting) > lim.Depth+1 || p.Nesting[len(p.Nesting)-1] != p.Type {
				t.Errorf("part %q in %q", p.Type, p.Nesting)
			}
		}
		if size > len(raw)+lim.DecodedBytes {
			t.Errorf("%d bytes of parts from %d", size, len(raw))
		}
		for _, s := range []string{m.Subject, m.From.Name, m.From.Email, m.Sender.Email, m.Text()} {
			if !utf8.ValidString(s) {
				t.Errorf("%q is not UTF-8", s)
			}
		}
		if m.HasFrom != (m.Senders == 1) || m.HasFrom && m.From.Email == "" {
			t.Errorf("From %+v, %d senders", m.From, m.Senders)
		}
		part, refusal := m.Calendar()
		if (part == nil) == (refusal == nil) {
			t.Fatalf("a calendar: %v, a refusal: %v", part != nil, refusal)
		}
		if part != nil {
			if _, ok := part.Calendar.Main(); !ok {
				t.Error("a calendar without an event")
			}
		}
	})
}

// FuzzHeader checks the parsers of header values: no panic, valid UTF-8, no output out of proportion.
func FuzzHeader(f *testing.F) {
	for _, s := range []string{
		"=?utf-8?Q?K=C3?= =?utf-8?B?pHNl?= x", "text/calendar; charset=\"utf-8\"; method=REQUEST", "attachment; filename*0*=utf-8''K%C3; filename*1*=%A4se.ics",
		"\"Ng, Ada\" <ada@example.com>, Friends: bob@example.com (Bob (B.));", "<@a,@b:c@d> \"x\\\"y",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		const slack = 1000
		check := func(got string) {
			if !utf8.ValidString(got) || len(got) > 4*len(s)+slack {
				t.Errorf("%q gives %q", s, got)
			}
		}
		check(decodeWords(s))
		_, params := parseParams(s)
		for _, v := range params {
			check(v)
		}
		for _, a := range parseAddresses(s) {
			check(a.Name)
			check(a.Email)
		}
	})
}
