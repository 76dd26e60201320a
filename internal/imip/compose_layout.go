package imip

import (
	"fmt"
	"strings"
)

// hole is a place in a composed mail that every recipient fills differently.
type hole uint8

const (
	literal          hole = iota // no hole: text that all mails share
	holeTo                       // header: the recipient's mailbox
	holeUID                      // header: the UID, as a message id
	holeUnsubscribe              // header: the token of the unsubscribe link
	holeUIDLine                  // calendar: the UID property
	holeAttendeeLine             // calendar: the ATTENDEE property
	holeUIDEncoded               // the same two in quoted-printable
	holeAttendeeEncoded
	holeAttachment // the whole calendar in base64
	holeNameText   // text: " Ada", or nothing
	holeNameHTML   // the same, escaped
	holeEmailText  // text: the invited address
	holeEmailHTML  // the same, escaped
	holeRSVP       // text and HTML: the token of the answer links
	holeStop       // text and HTML: the token of the unsubscribe link
	holes
)

// piece is a stretch of a mail: text, or a hole.
type piece struct {
	text     []byte
	hole     hole
	instance string // of the ATTENDEE of a single instance: its key
}

// layout collects pieces.
type layout struct{ pieces []piece }

func (l *layout) write(text []byte) {
	if len(text) == 0 {
		return
	}
	if n := len(l.pieces); n > 0 && l.pieces[n-1].hole == literal {
		l.pieces[n-1].text = append(l.pieces[n-1].text, text...)
		return
	}
	l.pieces = append(l.pieces, piece{text: append([]byte(nil), text...)})
}

func (l *layout) string(text string) { l.write([]byte(text)) }

func (l *layout) hole(h hole) { l.instanceHole(h, "") }

func (l *layout) instanceHole(h hole, instance string) {
	l.pieces = append(l.pieces, piece{hole: h, instance: instance})
}

// quotedPrintable appends a part's pieces, encoded. A hole begins and ends at the start of an encoded line, so that what fills it
// can be encoded alone.
func (l *layout) quotedPrintable(part []piece) {
	for i, p := range part {
		if p.hole != literal {
			l.instanceHole(encodedForm(p.hole), p.instance)
			continue
		}
		text := appendQuotedPrintable(make([]byte, 0, len(p.text)+len(p.text)/8+len(softBreak)), p.text)
		if i+1 < len(part) && len(text) > 0 && text[len(text)-1] != '\n' {
			text = append(text, softBreak...)
		}
		l.write(text)
	}
}

// encodedForm is the hole for the same value in quoted-printable. The holes of texts have no other form.
func encodedForm(h hole) hole {
	switch h {
	case holeUIDLine:
		return holeUIDEncoded
	case holeAttendeeLine:
		return holeAttendeeEncoded
	}
	return h
}

// templateHoles are the holes that templates name.
var templateHoles = map[string][2]hole{ // in text, in HTML
	"recipient_name":    {holeNameText, holeNameHTML},
	"recipient_email":   {holeEmailText, holeEmailHTML},
	"rsvp_token":        {holeRSVP, holeRSVP},
	"unsubscribe_token": {holeStop, holeStop},
}

// fill writes a template: {name} is a value or a hole, {?name}...{/name} is written only if the value is not empty, and
// {!name}...{/name} only if it is. Sections do not nest into themselves. Any other brace is text. Values are never read again, so
// that a value which looks like a placeholder stays what it is.
func (l *layout) fill(template string, values map[string]string, html bool) error {
	for {
		open := strings.IndexByte(template, '{')
		if open < 0 {
			l.string(template)
			return nil
		}
		mark, name, length := placeholder(template[open:])
		if name == "" {
			l.string(template[:open+1])
			template = template[open+1:]
			continue
		}
		l.string(template[:open])
		template = template[open+length:]
		if pair, ok := templateHoles[name]; ok && mark == 0 {
			l.hole(pair[boolInt(html)])
			continue
		}
		value, ok := values[name]
		if !ok {
			return fmt.Errorf("imip: template: unknown placeholder %q", name)
		}
		if mark == 0 {
			l.string(value)
			continue
		}
		inside, after, ok := strings.Cut(template, "{/"+name+"}")
		if !ok || mark == '/' {
			return fmt.Errorf("imip: template: section %q does not end where it should", name)
		}
		if (value != "") == (mark == '?') {
			if err := l.fill(inside, values, html); err != nil {
				return err
			}
		}
		template = after
	}
}

// placeholder reads "{", a mark or none, a name of a-z and "_", and "}"; name is "" where there is none.
func placeholder(text string) (mark byte, name string, length int) {
	i := 1
	if i < len(text) && strings.IndexByte("?!/", text[i]) >= 0 {
		mark = text[i]
		i++
	}
	start := i
	for i < len(text) && (text[i] >= 'a' && text[i] <= 'z' || text[i] == '_') {
		i++
	}
	if i == start || i >= len(text) || text[i] != '}' {
		return 0, "", 0
	}
	return mark, text[start:i], i + 1
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
