package receiving

import (
	"bytes"
	"fmt"
	"strings"
)

// Verdicts are the results of SES's checks: PASS, FAIL, GRAY, PROCESSING_FAILED or DISABLED each.
type Verdicts struct {
	SPF   string `json:"spf"`
	DKIM  string `json:"dkim"`
	DMARC string `json:"dmarc"`
	Spam  string `json:"spam"`
	Virus string `json:"virus"`
}

// verdictsHeader lets a test choose the verdicts of its mail.
const verdictsHeader = "X-Local-Verdicts"

// takeVerdicts decides the verdicts of a mail and removes every X-Local-Verdicts field from its header. There is no DNS to ask here, so mail from
// this machine passes, and about any other nothing is known. The field is obeyed only from this machine: it must not become a way in.
func takeVerdicts(raw []byte, loopback bool) ([]byte, Verdicts, error) {
	v := Verdicts{SPF: "GRAY", DKIM: "GRAY", DMARC: "GRAY", Spam: "PASS", Virus: "PASS"}
	if loopback {
		v = Verdicts{SPF: "PASS", DKIM: "PASS", DMARC: "PASS", Spam: "PASS", Virus: "PASS"}
	}
	kept := make([]byte, 0, len(raw))
	fields, rest := splitHeader(raw)
	for _, f := range fields {
		if !strings.EqualFold(f.name(), verdictsHeader) {
			kept = append(kept, f...)
			continue
		}
		if !loopback {
			continue
		}
		if err := v.set(f.value()); err != nil {
			return nil, v, err
		}
	}
	return append(kept, rest...), v, nil
}

// set overrides verdicts by words such as "spf=fail", separated by blanks, commas or semicolons.
func (v *Verdicts) set(text string) error {
	words := strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == '\t' || r == ',' || r == ';' })
	for _, word := range words {
		name, value, _ := strings.Cut(word, "=")
		value = strings.ToUpper(value)
		switch value {
		case "PASS", "FAIL", "GRAY", "PROCESSING_FAILED", "DISABLED":
		default:
			return fmt.Errorf("%s: %.40q: the verdict is not pass, fail, gray, processing_failed or disabled", verdictsHeader, word)
		}
		switch strings.ToLower(name) {
		case "spf":
			v.SPF = value
		case "dkim":
			v.DKIM = value
		case "dmarc":
			v.DMARC = value
		case "spam":
			v.Spam = value
		case "virus":
			v.Virus = value
		default:
			return fmt.Errorf("%s: %.40q: the check is not spf, dkim, dmarc, spam or virus", verdictsHeader, word)
		}
	}
	return nil
}

// field is one header field as it stands in the mail: name, colon, value and line ends, folded lines included (RFC 5322 §2.2).
type field []byte

func (f field) name() string {
	name, _, _ := bytes.Cut(f, []byte{':'})
	return string(bytes.TrimRight(name, " \t"))
}

// value is the unfolded value (RFC 5322 §2.2.3).
func (f field) value() string {
	_, value, _ := bytes.Cut(f, []byte{':'})
	return strings.TrimSpace(strings.NewReplacer("\r", "", "\n", "").Replace(string(value)))
}

// splitHeader cuts a mail into its header fields and the rest, which begins with the empty line. Lines may end in CRLF or LF. A line that is no
// field ends the header. Joined again, the pieces are the mail.
func splitHeader(raw []byte) (fields []field, rest []byte) {
	for len(raw) > 0 {
		end := lineEnd(raw)
		line := raw[:end]
		if len(bytes.TrimRight(line, "\r\n")) == 0 || line[0] == ' ' || line[0] == '\t' || bytes.IndexByte(line, ':') < 1 {
			break
		}
		for end < len(raw) && (raw[end] == ' ' || raw[end] == '\t') {
			end += lineEnd(raw[end:])
		}
		fields = append(fields, field(raw[:end:end]))
		raw = raw[end:]
	}
	return fields, raw
}

// lineEnd is the index after the first line feed, or the length when there is none.
func lineEnd(b []byte) int {
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		return i + 1
	}
	return len(b)
}
