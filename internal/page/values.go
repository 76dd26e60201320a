package page

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/internal/brand"
	"github.com/calendarinvite/calendarinviteserver/internal/plain"
	"github.com/calendarinvite/calendarinviteserver/internal/template"
)

// values are the placeholders of one page by name, not yet escaped, and those of its lists' items. A view always fills the same names.
type values struct {
	texts template.Values
	lists template.Lists
}

func newValues() values { return values{template.Values{}, template.Lists{}} }

// Longest texts, in characters.
const (
	maxTitle = 300
	maxLine  = 300
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

// title adds an event's title.
func (v values) title(title string) { v.set("title", plain.Line(title, maxTitle)) }

// comment adds what a guest said, which may have several lines.
func (v values) comment(comment string) { v.set("comment", plain.Lines(comment, CommentLength)) }

// guest adds who somebody is: the name, else the address, and the address below a name.
func (v values) guest(name, email string) {
	v.line("guest", name)
	v.line("email", email)
	if v.texts["guest"] == "" {
		v.set("guest", v.texts["email"])
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

// target adds where a form or link leads. The error does not quote it: it may hold a sealed token, and errors are logged.
func (v values) target(name, value string) error {
	if !relative(value) && brand.CheckURL(value) != nil {
		return fmt.Errorf("%s is not a path or an http or https URL", name)
	}
	v.set(name, value)
	return nil
}

// relative reports whether a link stays on our host: a path, a query, or nothing. Browsers read "//" and "/\\" as the start of another host's name.
func relative(link string) bool {
	if strings.HasPrefix(link, "//") || strings.ContainsFunc(link, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' }) {
		return false
	}
	u, err := url.Parse(link)
	return err == nil && u.Scheme == "" && u.Host == ""
}

// maxFields is how many hidden fields a form may have.
const maxFields = 8

// fields adds the hidden fields of a form, {field_1} with {value_1} and on.
func (v values) fields(fields []Field) error {
	if len(fields) > maxFields {
		return fmt.Errorf("%d hidden fields, at most %d have room", len(fields), maxFields)
	}
	for i := range maxFields {
		var field Field
		if i < len(fields) {
			field = fields[i]
		}
		n := strconv.Itoa(i + 1)
		v.set("field_"+n, field.Name)
		v.set("value_"+n, field.Value)
	}
	return nil
}

// hiddenFields is the part {>fields}: an element for every field that there may be.
func hiddenFields() string {
	const element = `{?field_#}<input type="hidden" name="{field_#}" value="{value_#}">` + "\n{/field_#}"
	var all strings.Builder
	for i := range maxFields {
		all.WriteString(strings.ReplaceAll(element, "#", strconv.Itoa(i+1)))
	}
	return all.String()
}
