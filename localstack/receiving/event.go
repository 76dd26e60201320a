package receiving

import (
	"io"
	"mime"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/emersion/go-message/charset"
)

// maxEventHeaderBytes is how much of the headers SES repeats in an event (SES guide, "mail object").
const maxEventHeaderBytes = 10 << 10

// eventInput is what the SES event about a mail tells.
type eventInput struct {
	ID          string
	Env         envelope
	Rule        matched
	Verdicts    Verdicts
	At          time.Time
	Raw         []byte // the stamped mail
	FunctionARN string
}

// newEvent makes the event that the Lambda action of a receipt rule invokes its function with (SES guide, "Sample incoming email event").
func newEvent(in eventInput) events.SimpleEmailEvent {
	fields, _ := splitHeader(in.Raw)
	headers, truncated := eventHeaders(fields)
	receipt := events.SimpleEmailReceipt{
		Timestamp:    in.At,
		Recipients:   in.Rule.recipients,
		SpamVerdict:  events.SimpleEmailVerdict{Status: in.Verdicts.Spam},
		VirusVerdict: events.SimpleEmailVerdict{Status: in.Verdicts.Virus},
		SPFVerdict:   events.SimpleEmailVerdict{Status: in.Verdicts.SPF},
		DKIMVerdict:  events.SimpleEmailVerdict{Status: in.Verdicts.DKIM},
		DMARCVerdict: events.SimpleEmailVerdict{Status: in.Verdicts.DMARC},
		Action:       events.SimpleEmailReceiptAction{Type: "Lambda", FunctionARN: in.FunctionARN, InvocationType: "Event"},
	}
	if in.Verdicts.DMARC == "FAIL" {
		receipt.DMARCPolicy = "none" // SES states the sender's policy only for mail that fails
	}
	return events.SimpleEmailEvent{Records: []events.SimpleEmailRecord{{
		EventVersion: "1.0",
		EventSource:  "aws:ses",
		SES: events.SimpleEmailService{
			Mail: events.SimpleEmailMessage{
				Timestamp:        in.At,
				Source:           in.Env.from,
				MessageID:        in.ID,
				Destination:      in.Env.recipients,
				Headers:          headers,
				HeadersTruncated: truncated,
				CommonHeaders:    commonHeaders(fields),
			},
			Receipt: receipt,
		},
	}}}
}

func eventHeaders(fields []field) (headers []events.SimpleEmailHeader, truncated bool) {
	size := 0
	for _, f := range fields {
		if size += len(f); size > maxEventHeaderBytes {
			return headers, true
		}
		headers = append(headers, events.SimpleEmailHeader{Name: f.name(), Value: f.value()})
	}
	return headers, false
}

// commonHeaders picks the fields that SES decodes. The first of several counts.
func commonHeaders(fields []field) events.SimpleEmailCommonHeaders {
	get := func(name string) string {
		for _, f := range fields {
			if strings.EqualFold(f.name(), name) {
				return decodeWords(f.value())
			}
		}
		return ""
	}
	return events.SimpleEmailCommonHeaders{
		ReturnPath: strings.Trim(get("Return-Path"), "<>"),
		From:       addresses(get("From")),
		To:         addresses(get("To")),
		Cc:         addresses(get("Cc")),
		MessageID:  get("Message-ID"),
		Date:       get("Date"),
		Subject:    get("Subject"),
	}
}

// decodeWords decodes encoded words (RFC 2047); what cannot be decoded stays as it is.
func decodeWords(s string) string {
	decoder := mime.WordDecoder{CharsetReader: func(name string, r io.Reader) (io.Reader, error) { return charset.Reader(name, r) }}
	if decoded, err := decoder.DecodeHeader(s); err == nil {
		return decoded
	}
	return s
}

// addresses splits an address list at the commas outside quotes, comments and angle brackets (RFC 5322 §3.4).
func addresses(list string) []string {
	var out []string
	var quoted, escaped bool
	depth, start := 0, 0
	add := func(end int) {
		if a := strings.TrimSpace(list[start:end]); a != "" {
			out = append(out, a)
		}
		start = end + 1
	}
	for i := 0; i < len(list); i++ {
		switch c := list[i]; {
		case escaped:
			escaped = false
		case c == '\\':
			escaped = true
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '(' || c == '<':
			depth++
		case (c == ')' || c == '>') && depth > 0:
			depth--
		case c == ',' && depth == 0:
			add(i)
		}
	}
	if start < len(list) {
		add(len(list))
	}
	return out
}
