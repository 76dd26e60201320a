package imiptest

import (
	"strings"
	"unicode/utf8"
)

// lines is an iCalendar object being written, one unfolded content line each.
type lines []string

func (l *lines) add(text ...string) { *l = append(*l, text...) }

// addIf adds a property unless its value is empty.
func (l *lines) addIf(name, value string) {
	if value != "" {
		l.add(name + ":" + value)
	}
}

// bytes is the object with CRLF, folded at 75 octets between characters (RFC 5545 §3.1).
func (l lines) bytes() []byte {
	var b strings.Builder
	for _, line := range l {
		for room := 75; len(line) > room; room = 74 {
			cut := room
			for !utf8.RuneStart(line[cut]) {
				cut--
			}
			b.WriteString(line[:cut] + "\r\n ")
			line = line[cut:]
		}
		b.WriteString(line + "\r\n")
	}
	return []byte(b.String())
}

// escape writes a TEXT value (RFC 5545 §3.3.11).
func escape(text string) string {
	return strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\r\n", `\n`, "\n", `\n`).Replace(text)
}

func unescape(text string) string {
	return strings.NewReplacer(`\\`, `\`, `\;`, ";", `\,`, ",", `\n`, "\n", `\N`, "\n").Replace(text)
}

// param writes a parameter value, quoted where it must be.
func param(text string) string {
	text = strings.NewReplacer(`"`, "'", "\r", "", "\n", " ").Replace(text)
	if strings.ContainsAny(text, ":;,") {
		return `"` + text + `"`
	}
	return text
}
