package notify

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/internal/brand"
	"github.com/calendarinvite/calendarinviteserver/internal/plain"
	"github.com/calendarinvite/calendarinviteserver/internal/template"
)

// values are the placeholders of one mail by name, cleaned, not yet escaped.
type values map[string]string

// Longest values, in characters. A calendar may be a mebibyte of SUMMARY; a mail that tells of it need not be.
const (
	maxLine  = 300
	maxBlock = 2000
)

// line adds a value of one line.
func (v values) line(name, value string) { v[name] = plain.Line(value, maxLine) }

// block adds a value that may have several lines.
func (v values) block(name, value string) { v[name] = plain.Lines(value, maxBlock) }

// count adds a number, grouped by thousands; 0 is a value, a negative number is none.
func (v values) count(name string, n int) {
	if n < 0 {
		v[name] = ""
		return
	}
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	v[name] = digits
}

// link adds a link, which must be http or https, or be empty. The error does not quote it: a link may hold a sealed token, and errors are logged.
func (v values) link(name, value string) error {
	if value != "" && brand.CheckURL(value) != nil {
		return fmt.Errorf("%s is not an absolute http or https URL", name)
	}
	v[name] = value
	return nil
}

// escapeHTML is the escape of HTML mails: a line end in a value is shown as one.
func escapeHTML(s string) string { return strings.ReplaceAll(template.HTML(s), "\n", "<br />\n") }
