package imip

import (
	"strconv"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/internal/plain"
)

// Limits on what ForwardText says of attachments.
const (
	maxNamedAttachments = 10
	maxAttachmentName   = 100 // characters
)

// quoteLeftOut stands where the quoted message was.
const quoteLeftOut = "[The quoted message is left out.]"

// ForwardText is what a person wrote, to be shown to another in a plain text: Text without the message that it answers, where that
// can be told apart and something is left, and the names of the files that came along; of the text at most limit characters. It holds
// no control characters but line feeds. Empty when the message has neither text nor files.
func (m *Message) ForwardText(limit int) string {
	text := m.Text()
	if p := m.textPart("text/html"); p != nil && strings.TrimSpace(text) == "" { // an empty text beside HTML
		text = stripHTML(p.text())
	}
	text = plain.Lines(cutQuote(strings.ReplaceAll(text, "\r\n", "\n")), max(limit, 1))
	files := m.attachmentNames()
	switch {
	case files == "":
		return text
	case text == "":
		return files
	}
	return text + "\n\n" + files
}

// attachmentNames lists the files of the message itself; calendars are read, not forwarded.
func (m *Message) attachmentNames() string {
	var names []string
	more := 0
	for i := range m.Parts {
		p := &m.Parts[i]
		name := plain.Line(p.Filename, maxAttachmentName)
		switch {
		case p.InsideRFC822 || name == "" || calendarRank(p) != rankNone:
		case len(names) == maxNamedAttachments:
			more++
		default:
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	list := "Attached files: " + strings.Join(names, ", ")
	if more > 0 {
		list += " and " + strconv.Itoa(more) + " more"
	}
	return list
}

// cutQuote leaves out the message that a text answers: from a line that says so on, or the quoted lines at its end. A text that is
// nothing else, or that goes on after the quoted lines, stays whole.
func cutQuote(text string) string {
	lines := strings.Split(text, "\n")
	end := len(lines)
	written := false // something stands before
	for i := range lines {
		if written && startsQuote(lines, i) {
			end = i
			break
		}
		written = written || strings.TrimSpace(lines[i]) != ""
	}
	if end == len(lines) {
		end = beforeQuotedLines(lines)
	}
	kept := strings.TrimSpace(strings.Join(lines[:end], "\n"))
	if end == len(lines) || kept == "" {
		return text
	}
	return kept + "\n\n" + quoteLeftOut
}

// startsQuote reports whether the line begins the message that is answered, as Outlook and others write it: "-----Original
// Message-----", or the header of the message, maybe under a line of underscores.
func startsQuote(lines []string, i int) bool {
	line := strings.TrimSpace(lines[i])
	if len(line) > 12 && len(line) < 80 && strings.HasPrefix(line, "---") && strings.HasSuffix(line, "---") && strings.Trim(line, "- ") != "" {
		return true
	}
	if len(line) >= 20 && strings.Trim(line, "_") == "" {
		for i++; i < len(lines) && strings.TrimSpace(lines[i]) == ""; i++ {
			if i > 3 && strings.TrimSpace(lines[i-3]) == "" {
				return false // far from it
			}
		}
	}
	return startsHeader(lines[i:])
}

// fromWords are what mail programs call the sender.
var fromWords = map[string]bool{
	"from": true, "von": true, "de": true, "da": true, "van": true, "från": true, "fra": true, "od": true, "от": true, "lähettäjä": true, "发件人": true, "差出人": true,
}

// startsHeader reports whether lines begin with the header of a quoted message: From, and at least two more of such lines.
func startsHeader(lines []string) bool {
	if len(lines) == 0 || !fromWords[label(lines[0])] {
		return false
	}
	labels := 0
	for _, line := range lines[:min(len(lines), 6)] {
		if label(line) != "" {
			labels++
		}
	}
	return labels >= 3
}

// label is the word before the colon of a line such as "Sent: Monday", in lower case; "" for another line.
func label(line string) string {
	word, value, ok := strings.Cut(strings.Trim(line, "* \t"), ":")
	if word = strings.ToLower(strings.Trim(word, "* \t")); !ok || len(word) > 24 || strings.ContainsAny(word, " /") || strings.HasPrefix(value, "//") {
		return ""
	}
	return word
}

// beforeQuotedLines is the number of lines before the quoted ones (">") at the end of a text and the line that introduces them, such
// as "On Monday Ada wrote:"; all lines when none are quoted there.
func beforeQuotedLines(lines []string) int {
	end, quoted := len(lines), false
	for ; end > 0; end-- {
		line := strings.TrimSpace(lines[end-1])
		if line != "" && line[0] != '>' {
			break
		}
		quoted = quoted || line != ""
	}
	if !quoted {
		return len(lines)
	}
	if end > 0 && strings.HasSuffix(strings.TrimSpace(lines[end-1]), ":") {
		end--
		if end > 0 && strings.HasPrefix(lines[end-1], "On ") { // it was too long for one line
			end--
		}
	}
	return end
}
