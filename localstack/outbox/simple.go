package outbox

import (
	"bytes"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/localstack/protocol"
)

// simple is the Simple content of SendEmail (SESv2 API reference, Message).
type simple struct {
	Subject text
	Body    struct{ Text, Html *text }
	Headers []struct{ Name, Value string }

	Attachments []any
}

type text struct{ Data string }

// render makes the MIME message that SES makes of a Simple content.
func (s simple) render(from string, to, cc, replyTo []string) ([]byte, error) {
	if len(s.Attachments) > 0 {
		return nil, protocol.Errorf("BadRequestException", "The local stack takes attachments in Raw content only.")
	}
	if s.Body.Text == nil && s.Body.Html == nil {
		return nil, protocol.Errorf("BadRequestException", "Missing required member: Body.")
	}
	var b bytes.Buffer
	field := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\r\n", name, strings.NewReplacer("\r", " ", "\n", " ").Replace(value))
		}
	}
	field("From", from)
	field("To", strings.Join(to, ", "))
	field("Cc", strings.Join(cc, ", "))
	field("Reply-To", strings.Join(replyTo, ", "))
	field("Subject", mime.QEncoding.Encode("utf-8", s.Subject.Data))
	for _, h := range s.Headers {
		field(h.Name, h.Value)
	}
	field("MIME-Version", "1.0")
	part := func(kind string, t *text) {
		field("Content-Type", kind+"; charset=UTF-8")
		field("Content-Transfer-Encoding", "quoted-printable")
		b.WriteString("\r\n")
		w := quotedprintable.NewWriter(&b)
		_, _ = w.Write([]byte(t.Data)) // into memory: never fails
		_ = w.Close()
		b.WriteString("\r\n")
	}
	if s.Body.Text == nil || s.Body.Html == nil {
		if s.Body.Text != nil {
			part("text/plain", s.Body.Text)
		} else {
			part("text/html", s.Body.Html)
		}
		return b.Bytes(), nil
	}
	boundary := "----=_Part_" + protocol.RequestID()
	field("Content-Type", `multipart/alternative; boundary="`+boundary+`"`)
	fmt.Fprintf(&b, "\r\n--%s\r\n", boundary)
	part("text/plain", s.Body.Text)
	fmt.Fprintf(&b, "--%s\r\n", boundary)
	part("text/html", s.Body.Html)
	fmt.Fprintf(&b, "--%s--\r\n", boundary)
	return b.Bytes(), nil
}
