package page

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/internal/brand"
	"github.com/calendarinvite/calendarinviteserver/internal/plain"
)

// values are the placeholders of one page by name, not yet escaped. A view always fills the same names.
type values map[string]string

// Longest texts, in characters.
const (
	maxTitle = 300
	maxLine  = 300
)

func (v values) known(name string) bool {
	_, ok := v[name]
	return ok
}

// line adds a value of one line.
func (v values) line(name, value string) { v[name] = plain.Line(value, maxLine) }

// title adds an event's title.
func (v values) title(title string) { v["title"] = plain.Line(title, maxTitle) }

// flag adds a value that only sections ask for.
func (v values) flag(name string, on bool) {
	v[name] = ""
	if on {
		v[name] = "yes"
	}
}

// target adds where a form or link leads. The error does not quote it: it may hold a sealed token, and errors are logged.
func (v values) target(name, value string) error {
	if !relative(value) && brand.CheckURL(value) != nil {
		return fmt.Errorf("%s is not a path or an http or https URL", name)
	}
	v[name] = value
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
		v["field_"+n], v["value_"+n] = field.Name, field.Value
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
