package notify

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/brand"
	"github.com/calendarinvite/calendarinviteserver/internal/plain"
	"github.com/calendarinvite/calendarinviteserver/internal/template"
	"github.com/calendarinvite/calendarinviteserver/internal/when"
)

// values are the placeholders of one mail by name, and those of its lists' items, cleaned, not yet escaped.
type values struct {
	texts template.Values
	lists template.Lists
}

func newValues() values { return values{template.Values{}, template.Lists{}} }

// item adds an item to a list, whose values are to be filled in.
func (v values) item(list string) values {
	item := newValues()
	v.lists[list] = append(v.lists[list], item.texts)
	return item
}

// set adds a value as it is.
func (v values) set(name, value string) { v.texts[name] = value }

// Longest values, in characters. A calendar may be a mebibyte of SUMMARY; a mail that tells of it need not be.
const (
	maxLine  = 300
	maxBlock = 2000
	maxName  = 100  // of a person, where the address follows
	maxQuote = 4000 // what somebody else wrote
)

// line adds a value of one line.
func (v values) line(name, value string) { v.set(name, plain.Line(value, maxLine)) }

// block adds a value that may have several lines.
func (v values) block(name, value string) { v.set(name, plain.Lines(value, maxBlock)) }

// count adds a number, grouped by thousands; 0 is a value, a negative number is none.
func (v values) count(name string, n int) {
	if n < 0 {
		v.set(name, "")
		return
	}
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	v.set(name, digits)
}

// some adds a number of which 0 is none, too.
func (v values) some(name string, n int) {
	if n == 0 {
		n = -1
	}
	v.count(name, n)
}

// flag adds a value that only sections ask for.
func (v values) flag(name string, on bool) {
	v.set(name, "")
	if on {
		v.set(name, "yes")
	}
}

// moment adds a point in time; the zero Time is none.
func (v values) moment(name string, at time.Time) { v.line(name, when.Span{Start: at}.String()) }

// person adds who somebody is, as "Name <address>". The address is never cut off by a long name.
func (v values) person(name, display, address string) {
	v.line(name, address)
	if display = plain.Line(display, maxName); display != "" {
		v.set(name, display+" <"+v.texts[name]+">")
	}
}

// quote adds what somebody else wrote, and for text mails quoted_name, with the mark of a quotation on every line: nobody else's words can pass for
// ours. It reports whether they had to be cut.
func (v values) quote(name, value string) (cut bool) {
	text := plain.Lines(value, maxQuote)
	v.set(name, text)
	v.set("quoted_"+name, "")
	if text != "" {
		v.set("quoted_"+name, "> "+strings.ReplaceAll(text, "\n", "\n> "))
	}
	return text != plain.Lines(value, len(value))
}

// link adds a link, which must be http or https, or be empty. The error does not quote it: a link may hold a sealed token, and errors are logged.
func (v values) link(name, value string) error {
	if value != "" && brand.CheckURL(value) != nil {
		return fmt.Errorf("%s is not an absolute http or https URL", name)
	}
	v.set(name, value)
	return nil
}

// neededLink is link for one without which the mail makes no sense.
func (v values) neededLink(name, value string) error {
	if value == "" {
		return fmt.Errorf("%s is empty", name)
	}
	return v.link(name, value)
}

// escapeHTML is the escape of HTML mails: a line end in a value is shown as one.
func escapeHTML(s string) string { return strings.ReplaceAll(template.HTML(s), "\n", "<br />\n") }
