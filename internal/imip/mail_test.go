package imip_test

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	_ "github.com/emersion/go-message/charset" // the second reader's
	"github.com/emersion/go-message/mail"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/imip"
)

func testMail() imip.Mail {
	return imip.Mail{
		From: imip.Address{Name: "Calendar Snack", Email: "no-reply@cis.localhost"}, To: imip.Address{Name: "Ada Ng", Email: "ada@example.com"},
		Subject: "Your event is registered: Frühling", Text: "Hello Ada,\n\nit is.\n", HTML: "<p>Hello Ada,</p>\n<p>it is.</p>\n",
		InReplyTo: "abc@example.com", References: []string{"<first@example.com>", "abc@example.com"}, AutoSubmitted: imip.AutoReplied,
		Date: testStamp,
	}
}

func TestComposeMail(t *testing.T) {
	m := testMail()
	m.Attachments = []imip.Attachment{
		{Filename: "report.csv", Type: "text/csv; charset=UTF-8", Body: []byte("uid,email\r\n")},
		{Filename: "Gäste.csv", Type: "nonsense", Body: bytes.Repeat([]byte{0, 1, 2, 250}, 25)},
	}
	raw, err := imip.ComposeMail(m)
	if err != nil {
		t.Fatal(err)
	}
	again, _ := imip.ComposeMail(m)
	if !bytes.Equal(raw, again) {
		t.Error("not the same bytes again")
	}
	checkWire(t, raw)
	r, err := mail.CreateReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	subject, _ := r.Header.Subject()
	references, _ := r.Header.MsgIDList("References")
	date, _ := r.Header.Date()
	if subject != m.Subject || strings.Join(references, " ") != "first@example.com abc@example.com" || !date.Equal(testStamp) ||
		r.Header.Get("Auto-Submitted") != "auto-replied" || r.Header.Get("In-Reply-To") != "<abc@example.com>" {
		t.Errorf("header %v", r.Header)
	}
	var got []string
	for {
		p, err := r.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(p.Body)
		if err != nil {
			t.Fatal(err)
		}
		switch h := p.Header.(type) {
		case *mail.InlineHeader:
			kind, _, _ := h.ContentType()
			got = append(got, kind+" "+string(body))
		case *mail.AttachmentHeader:
			kind, _, _ := h.ContentType()
			name, _ := h.Filename()
			got = append(got, kind+" "+name+" "+string(body))
		}
	}
	want := []string{
		"text/plain Hello Ada,\r\n\r\nit is.\r\n", "text/html <p>Hello Ada,</p>\r\n<p>it is.</p>\r\n",
		"text/csv report.csv uid,email\r\n", "application/octet-stream Gäste.csv " + string(bytes.Repeat([]byte{0, 1, 2, 250}, 25)),
	}
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || strings.TrimRight(got[i], "\r\n") != strings.TrimRight(want[i], "\r\n") {
			t.Fatalf("parts\n%q\nwant\n%q", got, want)
		}
	}
}

// Rule 45: no value reaches a header line of its own.
func TestComposeMailInjection(t *testing.T) {
	const evil = "x\r\nBcc: victim@example.net\r\n\r\nbody\n\x00"
	m := testMail()
	m.From.Name, m.To.Name, m.Subject, m.InReplyTo, m.References = evil, evil, evil, evil, []string{evil, "ok@example.com\r\nBcc: x@y"}
	m.ReplyTo = imip.Address{Name: evil, Email: "ada@example.com"}
	m.Attachments = []imip.Attachment{{Filename: strings.Repeat("🎉", 300), Type: "text/csv"}, {Filename: "../" + evil, Type: "text/csv\r\nBcc: x@y", Body: []byte("x")}}
	raw, err := imip.ComposeMail(m)
	if err != nil {
		t.Fatal(err)
	}
	checkWire(t, raw)
	for line := range bytes.SplitSeq(raw, []byte("\r\n")) {
		if bytes.HasPrefix(bytes.ToLower(line), []byte("bcc")) {
			t.Errorf("header added: %q", line)
		}
	}
}

func TestComposeMailRefusesAddresses(t *testing.T) {
	for _, address := range []string{"", "nobody", "a b@c", "a@b\r\nBcc: x@y", "a@b@c", "ü@example.com", "<a@b>", strings.Repeat("a", 250) + "@b.cd"} {
		m := testMail()
		m.To.Email = address
		if _, err := imip.ComposeMail(m); fault.ReasonOf(err) != "bad-address" {
			t.Errorf("To %q: %v", address, err)
		}
	}
}

func TestComposeMailTextOnly(t *testing.T) {
	m := testMail()
	m.HTML, m.Date, m.AutoSubmitted = "", time.Time{}, ""
	raw, err := imip.ComposeMail(m)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\r\nContent-Type: text/plain; charset=UTF-8\r\n", "\r\nAuto-Submitted: auto-generated\r\n"} {
		if !bytes.Contains(raw, []byte(want)) {
			t.Errorf("no %q in\n%s", want, raw)
		}
	}
	if bytes.Contains(raw, []byte("Date:")) || bytes.Contains(raw, []byte("multipart")) {
		t.Errorf("too much in\n%s", raw)
	}
}

// checkWire checks what every mail of ours keeps on the wire: CRLF only, lines of at most 998 octets, ASCII (RFC 5322 §2.1.1,
// RFC 2045 §2.7).
func checkWire(t testing.TB, raw []byte) {
	t.Helper()
	for i, line := range bytes.SplitAfter(raw, []byte("\n")) {
		body, ok := bytes.CutSuffix(line, []byte("\r\n"))
		if len(line) > 0 && !ok || bytes.ContainsAny(body, "\r\n\x00") {
			t.Fatalf("line %d does not end with CRLF, or has a CR, LF or NUL inside: %q", i+1, line)
		}
		if len(body) > 998 {
			t.Errorf("line %d has %d octets", i+1, len(body))
		}
		for _, c := range body {
			if c >= 0x80 {
				t.Fatalf("line %d is not ASCII: %q", i+1, line)
			}
		}
	}
}
