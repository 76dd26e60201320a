package outbox

import (
	"bytes"
	"mime"
	"net/mail"
	"slices"
	"strings"
	"time"

	"github.com/calendarinvite/calendarinviteserver/localstack/protocol"
)

// Limits of SES sending (SES guide, "Service quotas"; SESv2 API reference, RawMessage).
const (
	messageLimit   = 40 << 20 // bytes after base64
	recipientLimit = 50
	lineLimit      = 998 // octets without CRLF (RFC 5322 §2.1.1)
)

// Message is what a caller wants sent.
type Message struct {
	Source           string // From address of the call; empty: the message's From
	To, Cc, Bcc      []string
	Raw              []byte
	Tags             map[string][]string
	ConfigurationSet string
	Caller           string // access key
}

// Send accepts a message: it is checked as SES checks it, gets the Message-ID and Date that SES gives it, and is kept. The errors
// are *protocol.Error: MessageRejected for a From that is not verified, BadRequestException for the rest.
func (o *Outbox) Send(m Message) (Sent, error) {
	head, body := split(m.Raw)
	fields := parseFields(head)
	from := fields.value("From")
	if from == "" {
		return Sent{}, protocol.Errorf("BadRequestException", "Missing required header 'From'.")
	}
	source := m.Source
	if source == "" {
		source = from
	}
	if len(m.To)+len(m.Cc)+len(m.Bcc) == 0 { // then the message itself says so
		m.To, m.Cc, m.Bcc = addresses(fields.value("To")), addresses(fields.value("Cc")), addresses(fields.value("Bcc"))
	}
	now := o.cfg.Now().UTC()
	s := Sent{
		ID: o.newID(now), Source: source, To: m.To, Cc: m.Cc, Bcc: m.Bcc, Subject: decodeWords(fields.value("Subject")),
		Time: now, Caller: m.Caller, Tags: m.Tags, ConfigurationSet: m.ConfigurationSet,
	}
	if err := o.check(s, from, m.Raw); err != nil {
		return Sent{}, err
	}
	s.Raw = o.rewrite(fields, body, s.ID, now)
	s.Size = len(s.Raw)
	if err := o.store(s); err != nil {
		return Sent{}, err
	}
	return s, nil
}

func (o *Outbox) check(s Sent, from string, raw []byte) error {
	if size := len(raw) * 4 / 3; size > messageLimit {
		return protocol.Errorf("BadRequestException", "Message length is more than %d bytes long: '%d'.", messageLimit, size)
	}
	recipients := s.Recipients()
	if len(recipients) == 0 {
		return protocol.Errorf("BadRequestException", "Missing required header 'To'.")
	}
	if len(recipients) > recipientLimit {
		return protocol.Errorf("BadRequestException", "Recipient count exceeds %d.", recipientLimit)
	}
	for _, r := range recipients {
		if _, err := mail.ParseAddress(r); err != nil {
			return protocol.Errorf("BadRequestException", "Illegal address: %v", err)
		}
	}
	if n := longestLine(raw); n > lineLimit {
		return protocol.Errorf("BadRequestException", "A line of the message has %d characters; 1000 with its line break are allowed.", n)
	}
	var unverified []string
	for _, address := range append(addresses(from), s.Source) {
		_, domain, _ := strings.Cut(bare(address), "@")
		known := slices.ContainsFunc(o.cfg.Domains, func(d string) bool { return strings.EqualFold(d, domain) })
		if !known && !slices.Contains(unverified, bare(address)) {
			unverified = append(unverified, bare(address))
		}
	}
	if slices.ContainsFunc(recipients, func(r string) bool { return fateOf(r).refused }) {
		return protocol.Errorf("MessageRejected", "Email contains a recipient that a test wants refused.")
	}
	if unverified != nil {
		return protocol.Errorf("MessageRejected", "Email address is not verified. The following identities failed the check in region %s: %s",
			strings.ToUpper(o.cfg.Region), strings.Join(unverified, ", "))
	}
	return nil
}

// rewrite gives the message SES's Message-ID and Date, wherever they stood, and takes out what SES keeps to itself: Bcc, and
// the X-SES-* fields that are orders to it (SES guide, "Amazon SES header fields").
func (o *Outbox) rewrite(fields fieldList, body []byte, id string, now time.Time) []byte {
	host := o.cfg.Region
	if host == "us-east-1" {
		host = "email"
	}
	own := map[string]string{"message-id": "<" + id + "@" + host + ".amazonses.com>", "date": now.Format("Mon, 2 Jan 2006 15:04:05 -0700")}
	var out bytes.Buffer
	write := func(name, value string) { out.WriteString(name + ": " + value + "\r\n") }
	for _, f := range fields {
		lower := strings.ToLower(f.name)
		switch value, replaced := own[lower]; {
		case replaced:
			if value != "" {
				write(f.name, value)
				own[lower] = "" // a second field of the name goes
			}
		case lower == "bcc" || strings.HasPrefix(lower, "x-ses-"):
		default:
			out.Write(f.raw)
		}
	}
	for _, name := range []string{"Date", "Message-ID"} {
		if value := own[strings.ToLower(name)]; value != "" {
			write(name, value)
		}
	}
	out.WriteString("\r\n")
	out.Write(body)
	return out.Bytes()
}

func longestLine(raw []byte) int {
	longest := 0
	for len(raw) > 0 {
		line := raw
		if end := bytes.IndexByte(raw, '\n'); end >= 0 {
			line, raw = raw[:end], raw[end+1:]
		} else {
			raw = nil
		}
		longest = max(longest, len(bytes.TrimSuffix(line, []byte("\r"))))
	}
	return longest
}

// bare is the address in "Name <address>".
func bare(address string) string {
	if a, err := mail.ParseAddress(address); err == nil {
		return a.Address
	}
	return strings.TrimSpace(address)
}

func addresses(list string) []string {
	if list == "" {
		return nil
	}
	parsed, err := mail.ParseAddressList(list)
	if err != nil {
		return []string{list} // refused by check
	}
	out := make([]string, len(parsed))
	for i, a := range parsed {
		out[i] = a.Address
	}
	return out
}

func decodeWords(s string) string {
	if decoded, err := new(mime.WordDecoder).DecodeHeader(s); err == nil {
		return decoded
	}
	return s
}
