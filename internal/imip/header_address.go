package imip

import (
	"strings"
)

// maxAddresses bounds how many mailboxes of one field are read.
const maxAddresses = 100

// maxPieces bounds a display name that is put together from pieces between commas.
const maxPieces = 1000

// parseAddresses reads the mailboxes of an address field (RFC 5322 §3.4) as senders write them: quoted and unquoted names,
// encoded words, comments as names, unquoted commas in names, groups, obsolete routes, bare addresses. Entries without an
// address are left out.
func parseAddresses(s string) []Address {
	var list []Address
	p := addressParser{s: s}
	for len(list) < maxAddresses && p.pos < len(p.s) {
		list = p.entry(list)
	}
	return list
}

// addressParser reads one field value from left to right.
type addressParser struct {
	s    string
	pos  int
	name strings.Builder // words since the last address
	note string          // the first comment
	open bool            // the rest has no closing quote, so its quotes mean nothing
}

// entry reads up to the end of one list element and appends the address in it.
func (p *addressParser) entry(list []Address) []Address {
	for p.pos < len(p.s) {
		switch c := p.s[p.pos]; c {
		case '"':
			p.word(p.quoted())
		case '(':
			if text := p.comment(); p.note == "" {
				p.note = text
			}
		case '<':
			email := p.angle()
			if email == "" {
				p.reset()
				continue
			}
			list = append(list, Address{Name: p.displayName(), Email: email})
			p.reset()
			p.skipToSeparator()
			return list
		case ',', ';':
			p.pos++
			return p.flush(list, c == ',')
		case ':': // the name of a group has ended
			p.pos++
			p.reset()
		case ' ', '\t', '\r', '\n':
			p.pos++
		default:
			p.word(p.atom())
		}
	}
	return p.flush(list, false)
}

// flush appends the bare address that the words collected so far hold. Words without one are the first half of a name with an
// unquoted comma when more follows.
func (p *addressParser) flush(list []Address, more bool) []Address {
	words := p.name.String()
	if !strings.Contains(words, "@") {
		if more && words != "" && len(words) < maxPieces {
			p.name.WriteByte(',')
		} else {
			p.reset()
		}
		return list
	}
	var name []string
	email := ""
	for _, w := range strings.Fields(words) {
		if email == "" && strings.Contains(w, "@") {
			email = strings.Trim(w, "<>,;'\"")
		} else {
			name = append(name, w)
		}
	}
	a := Address{Name: strings.TrimSpace(decodeWords(strings.Join(name, " "))), Email: cleanEmail(email)}
	if a.Name == "" {
		a.Name = strings.TrimSpace(decodeWords(p.note))
	}
	p.reset()
	if a.Email == "" {
		return list
	}
	return append(list, a)
}

func (p *addressParser) reset() {
	p.name.Reset()
	p.note = ""
}

func (p *addressParser) word(w string) {
	if p.name.Len() > 0 {
		p.name.WriteByte(' ')
	}
	p.name.WriteString(w)
}

func (p *addressParser) displayName() string {
	name := strings.TrimSpace(decodeWords(p.name.String()))
	if name == "" {
		name = strings.TrimSpace(decodeWords(p.note))
	}
	return name
}

// atom reads to the next special character. A colon inside an address belongs to it, as in [IPv6:…]; elsewhere it ends the name
// of a group.
func (p *addressParser) atom() string {
	start, inAddress := p.pos, false
	for ; p.pos < len(p.s); p.pos++ {
		switch p.s[p.pos] {
		case '@', '[':
			inAddress = true
		case ':':
			if !inAddress {
				return p.s[start:p.pos]
			}
		case '"', '(', '<', ',', ';', ' ', '\t', '\r', '\n':
			return p.s[start:p.pos]
		}
	}
	return p.s[start:]
}

// quoted reads a quoted string; without a closing quote, everything up to "<" is the string.
func (p *addressParser) quoted() string {
	if p.open {
		p.pos++
		return p.atom()
	}
	var b strings.Builder
	for i := p.pos + 1; i < len(p.s); i++ {
		switch p.s[i] {
		case '"':
			p.pos = i + 1
			return b.String()
		case '\\':
			if i+1 < len(p.s) {
				i++
			}
		}
		b.WriteByte(p.s[i])
	}
	p.open = true
	text := p.s[p.pos+1:]
	if i := strings.IndexByte(text, '<'); i >= 0 {
		text = text[:i]
	}
	p.pos += 1 + len(text)
	return text
}

// comment reads a comment, which may hold others.
func (p *addressParser) comment() string {
	var b strings.Builder
	depth := 0
	for ; p.pos < len(p.s); p.pos++ {
		c := p.s[p.pos]
		switch {
		case c == '(':
			if depth++; depth == 1 {
				continue
			}
		case c == ')':
			if depth--; depth == 0 {
				p.pos++
				return b.String()
			}
		case c == '\\' && p.pos+1 < len(p.s):
			p.pos++
			c = p.s[p.pos]
		}
		b.WriteByte(c)
	}
	return b.String()
}

// angle reads <address>.
func (p *addressParser) angle() string {
	text := p.s[p.pos+1:]
	if i := strings.IndexByte(text, '>'); i >= 0 {
		text, p.pos = text[:i], p.pos+i+2
	} else {
		p.pos = len(p.s)
	}
	return cleanEmail(text)
}

// skipToSeparator passes over what follows an address, up to the next mailbox. A second <address> is not passed over: two
// addresses in one entry are two claims.
func (p *addressParser) skipToSeparator() {
	for p.pos < len(p.s) {
		switch p.s[p.pos] {
		case ',', ';':
			p.pos++
			return
		case '(':
			p.comment()
		case '"', '<':
			return
		default:
			if p.s[p.pos] > ' ' {
				return
			}
			p.pos++
		}
	}
}

// cleanEmail trims an address and drops an obsolete route (RFC 5322 §4.4). It returns "" for what cannot be an address.
func cleanEmail(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > 7 && strings.EqualFold(s[:7], "mailto:") {
		s = s[7:]
	}
	if strings.HasPrefix(s, "@") {
		if i := strings.LastIndexByte(s, ':'); i >= 0 {
			s = s[i+1:]
		}
	}
	at := strings.LastIndexByte(s, '@')
	if at <= 0 || at == len(s)-1 || len(s) > 320 || strings.ContainsAny(s, " \t\r\n\x00<>\"(),;") {
		return ""
	}
	return decode8bit(s)
}

// parseIDs returns the message ids of a field without their angle brackets (RFC 5322 §3.6.4).
func parseIDs(s string, limit int) []string {
	var ids []string
	for len(ids) < limit {
		_, rest, ok := strings.Cut(s, "<")
		if !ok {
			break
		}
		var id string
		if id, s, ok = strings.Cut(rest, ">"); !ok {
			break
		}
		if id = strings.TrimSpace(id); id != "" {
			ids = append(ids, id)
		}
	}
	return ids
}
