package imiptest

import (
	"bytes"
	"encoding/base64"
	"mime"
	"mime/quotedprintable"
	"strings"
	"time"
)

// node is a part of a mail being written: a body, or parts.
type node struct {
	fields   []string // header fields of the part
	body     []byte   // encoded
	boundary string
	parts    []node
}

// leaf makes a part. binary quoted-printable encodes the line ends too, as Apple Mail does.
func leaf(contentType, encoding string, body []byte, fields ...string) node {
	n := node{fields: append([]string{"Content-Type: " + contentType, "Content-Transfer-Encoding: " + strings.TrimPrefix(encoding, "binary ")}, fields...)}
	var b bytes.Buffer
	switch encoding {
	case "base64":
		text := base64.StdEncoding.EncodeToString(body)
		for ; len(text) > 76; text = text[76:] {
			b.WriteString(text[:76] + "\r\n")
		}
		b.WriteString(text + "\r\n")
	case "quoted-printable", "binary quoted-printable":
		w := quotedprintable.NewWriter(&b)
		w.Binary = encoding != "quoted-printable"
		_, _ = w.Write(body) // a bytes.Buffer takes everything
		w.Close()
		b.WriteString("\r\n")
	default:
		b.Write(body)
		if !bytes.HasSuffix(body, []byte("\r\n")) {
			b.WriteString("\r\n")
		}
	}
	n.body = b.Bytes()
	return n
}

// multi makes a multipart.
func multi(subtype, boundary string, parts ...node) node {
	return node{fields: []string{"Content-Type: multipart/" + subtype + `; boundary="` + boundary + `"`}, boundary: boundary, parts: parts}
}

func (n node) write(b *bytes.Buffer) {
	for _, field := range n.fields {
		b.WriteString(field + "\r\n")
	}
	b.WriteString("\r\n")
	if n.boundary == "" {
		b.Write(n.body)
		return
	}
	for _, part := range n.parts {
		b.WriteString("--" + n.boundary + "\r\n")
		part.write(b)
	}
	b.WriteString("--" + n.boundary + "--\r\n")
}

// envelope is the header of a mail.
type envelope struct {
	from, to  Address
	subject   string
	messageID string
	date      time.Time
	fields    []string // what the client adds
}

// mail writes the mail.
func (e envelope) mail(body node) []byte {
	var b bytes.Buffer
	field := func(name, value string) { b.WriteString(name + ": " + value + "\r\n") }
	field("MIME-Version", "1.0")
	for _, line := range e.fields {
		b.WriteString(line + "\r\n")
	}
	field("Message-ID", "<"+e.messageID+">")
	field("Date", e.date.UTC().Format(time.RFC1123Z))
	field("Subject", fold(mime.QEncoding.Encode("UTF-8", oneLine(e.subject))))
	field("From", encodeAddress(e.from))
	field("To", encodeAddress(e.to))
	body.write(&b)
	return b.Bytes()
}

func encodeAddress(a Address) string {
	if a.Name == "" {
		return a.Email
	}
	if encoded := mime.QEncoding.Encode("UTF-8", oneLine(a.Name)); encoded != a.Name {
		return fold(encoded) + " <" + a.Email + ">"
	}
	return Address{Name: strings.ReplaceAll(a.Name, `"`, "'"), Email: a.Email}.String()
}

// fold puts encoded words on lines of their own.
func fold(value string) string { return strings.ReplaceAll(value, "?= =?", "?=\r\n =?") }

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
