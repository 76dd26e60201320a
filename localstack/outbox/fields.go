package outbox

import (
	"bytes"
	"strings"
)

// field is one header field of a message (RFC 5322 §2.2) with the exact bytes it stands in, folds and line break included.
type field struct {
	name string
	raw  []byte
}

type fieldList []field

// split separates the header section from the body at the first empty line.
func split(raw []byte) (head, body []byte) {
	for at := 0; at < len(raw); {
		end := bytes.IndexByte(raw[at:], '\n')
		if end < 0 {
			break
		}
		if len(bytes.TrimRight(raw[at:at+end], "\r")) == 0 {
			return raw[:at], raw[at+end+1:]
		}
		at += end + 1
	}
	return raw, nil
}

// parseFields cuts a header section into fields. A line that is none belongs to the field before, and without one to nothing.
func parseFields(head []byte) fieldList {
	var list fieldList
	head = bytes.TrimRight(head, "\r") // of a last line that has no end
	for len(head) > 0 {
		line := head
		if end := bytes.IndexByte(head, '\n'); end >= 0 {
			line, head = head[:end+1], head[end+1:]
		} else {
			line, head = append(bytes.Clone(line), "\r\n"...), nil
		}
		name, _, ok := bytes.Cut(line, []byte(":"))
		if folded := line[0] == ' ' || line[0] == '\t'; folded || !ok {
			if len(list) > 0 {
				last := &list[len(list)-1]
				last.raw = append(last.raw, line...)
			}
			continue
		}
		list = append(list, field{strings.TrimSpace(string(name)), bytes.Clone(line)})
	}
	return list
}

// value is the first field of the name, unfolded; "" if there is none.
func (l fieldList) value(name string) string {
	for _, f := range l {
		if strings.EqualFold(f.name, name) {
			_, value, _ := bytes.Cut(f.raw, []byte(":"))
			return strings.TrimSpace(string(bytes.ReplaceAll(bytes.ReplaceAll(value, []byte("\r"), nil), []byte("\n"), nil)))
		}
	}
	return ""
}
