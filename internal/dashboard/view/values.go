package view

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/brand"
	"github.com/calendarinvite/calendarinviteserver/internal/plain"
	"github.com/calendarinvite/calendarinviteserver/internal/template"
	"github.com/calendarinvite/calendarinviteserver/internal/when"
)

// values are the placeholders of one page by name, not yet escaped, and those of its lists' items. A view always fills the same names.
type values struct {
	texts template.Values
	lists template.Lists
}

func newValues() values { return values{template.Values{}, template.Lists{}} }

// Longest texts, in characters.
const (
	maxTitle   = 300
	maxLine    = 300
	maxComment = 1000
)

// names are what a template may name. A list is known by its first item.
func (v values) names() template.Names {
	names := template.Names{"": slices.Collect(maps.Keys(v.texts))}
	for list, items := range v.lists {
		names[list] = slices.Collect(maps.Keys(items[0]))
	}
	return names
}

// item adds an item to a list, whose values are to be filled in.
func (v values) item(list string) values {
	item := newValues()
	v.lists[list] = append(v.lists[list], item.texts)
	return item
}

// set adds a value as it is.
func (v values) set(name, value string) { v.texts[name] = value }

// line adds a value of one line.
func (v values) line(name, value string) { v.set(name, plain.Line(value, maxLine)) }

// comment adds what a guest said, which may have several lines.
func (v values) comment(comment string) { v.set("comment", plain.Lines(comment, maxComment)) }

// title adds an event's title, which may be missing.
func (v values) title(title string) {
	if title = plain.Line(title, maxTitle); title == "" {
		title = "(no title)"
	}
	v.set("title", title)
}

// person adds who somebody is: the name, else the address, and the address below a name.
func (v values) person(name, email string) {
	v.line("person", name)
	v.line("email", email)
	v.texts["address"] = v.texts["email"]
	if v.texts["person"] == "" {
		v.set("person", v.texts["email"])
		v.set("email", "")
	}
}

// flag adds a value that only sections ask for.
func (v values) flag(name string, on bool) {
	v.set(name, "")
	if on {
		v.set(name, "yes")
	}
}

// number adds a number, be it 0.
func (v values) number(name string, n int) { v.set(name, grouped(n)) }

// count adds a number, and nothing for 0.
func (v values) count(name string, n int) {
	v.set(name, "")
	if n > 0 {
		v.number(name, n)
	}
}

// moment adds a point in time in words, and as NAME_at what a <time> element has of it.
func (v values) moment(name string, at time.Time) {
	v.set(name, "")
	v.set(name+"_at", "")
	if !at.IsZero() {
		v.set(name, when.Span{Start: at}.Short())
		v.set(name+"_at", at.UTC().Format(time.RFC3339))
	}
}

// link adds where a link leads, to an http or https URL on any host. The error does not quote it: it may hold a token, and errors are logged.
func (v values) link(name, value string) error {
	if value != "" && brand.CheckURL(value) != nil {
		return fmt.Errorf("%s is not an http or https URL", name)
	}
	v.set(name, value)
	return nil
}

// option is one choice of a select element, or one link of a row of filters.
type option struct{ value, label string }

// options adds the choices of a select element as a list.
func (v values) options(list string, all []option, chosen string) {
	for _, o := range all {
		item := v.item(list)
		item.set("value", o.value)
		item.set("label", o.label)
		item.flag("chosen", o.value == chosen)
	}
}

// grouped writes a number as "10,000".
func grouped(n int) string {
	if n < 0 {
		return "−" + grouped(-n)
	}
	digits := strconv.Itoa(n)
	var b strings.Builder
	for i, digit := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(digit)
	}
	return b.String()
}

// counted writes "1 guest", "2 guests".
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return grouped(n) + " " + noun + "s"
}

// percent writes a part of a whole: "42%", "<1%" and ">99%" for what is not quite nothing or all, "" of nothing.
func percent(part, whole int) string {
	switch {
	case whole <= 0:
		return ""
	case part > 0 && part*100 < whole:
		return "<1%"
	case part < whole && part*100 > whole*99:
		return ">99%"
	}
	return strconv.Itoa((part*100+whole/2)/whole) + "%"
}

// rate writes a share of 0 to 1 as "0.42%".
func rate(share float64) string { return strconv.FormatFloat(share*100, 'f', 2, 64) + "%" }
