package view

import (
	"embed"
	"fmt"
	"net/url"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/internal/brand"
	"github.com/calendarinvite/calendarinviteserver/internal/template"
)

//go:embed templates/*.html assets
var files embed.FS

// Views draws the pages of one deployment. It is safe for concurrent use.
//
// The error of a page is about the view: a link that is not http or https.
type Views struct {
	brand     brand.Brand
	base      string // path of the API, which stands before every path of the pages
	assets    map[string]asset
	templates map[string]*template.Template
}

// page is what one page shows.
type page interface {
	fill(values) error
}

// pages are the pages by the names of their templates, each with its empty view: one empty item in every list.
var pages = map[string]page{
	"sign_in": SignIn{}, "link_sent": LinkSent{}, "confirm_sign_in": ConfirmSignIn{}, "problem": Problem{},
	"events": Events{Items: make([]EventRow, 1)},
	"event":  Event{Series: make([]Moment, 1), Attendees: Attendees{Items: make([]AttendeeRow, 1)}},
	"attendee": Attendee{
		History: make([]HistoryEntry, 1), Instances: make([]InstanceAnswer, 1),
	},
	"invite": Invite{}, "dry_run": DryRun{Rows: make([]DryRow, 1)}, "share": Share{Hosts: make([]string, 1)},
	"guests": Guests{Items: make([]Guest, 1)}, "proposals": Proposals{Items: make([]Proposal, 1)},
	"system":     System{Series: make([]SystemMoment, 1), Queues: make([]Queue, 1)},
	"organizers": Organizers{Items: make([]OrganizerRow, 1)}, "organizer": Organizer{},
	"executions": Executions{Items: make([]ExecutionRow, 1)}, "execution": Execution{},
}

// New returns the Views of a brand, or an error that names the setting that cannot be used. api is the base URL of the API: where that has a
// path of its own, as the stage of one without a domain, the pages lie below it.
func New(b brand.Brand, api string) (*Views, error) {
	if err := b.Check(); err != nil {
		return nil, err
	}
	at, err := url.Parse(api)
	if err != nil {
		return nil, fmt.Errorf("address of the API: %w", err)
	}
	v := &Views{brand: b, base: strings.TrimSuffix(at.Path, "/"), templates: map[string]*template.Template{}}
	if v.assets, err = assetsOf(b); err != nil {
		return nil, err
	}
	for name, empty := range pages {
		if v.templates[name], err = v.parse(name, empty); err != nil {
			return nil, fmt.Errorf("page %s: %w", name, err)
		}
	}
	return v, nil
}

// parse reads a page's template. Its placeholders are the values that the layout and the page's view fill, be they empty.
func (v *Views) parse(name string, empty page) (*template.Template, error) {
	all := newValues()
	v.fill(all)
	if err := empty.fill(all); err != nil {
		return nil, err
	}
	return template.Parse("{>layout}", all.names(), func(part string) (string, bool) {
		if part == "content" {
			part = name
		}
		text, err := files.ReadFile("templates/" + part + ".html")
		return string(text), err == nil
	})
}

// fill adds what the layout needs around a view.
func (v *Views) fill(to values) {
	Frame{}.fill(to) // a page without one is for whoever is not signed in
	to.set("brand", v.brand.Name)
	to.set("copyright", v.brand.CopyrightLine())
	to.set("support_url", v.brand.SupportURL)
	to.set("support_email", v.brand.SupportEmail)
	to.set("docs_url", v.brand.DocsURL)
	to.set("brand_hex", v.brand.Main().String())
	to.set("brand_text_hex", v.brand.Main().Text().String())
	to.set("root", Root)
	for _, name := range []string{styleName, scriptName, iconName} {
		to.set(assetKey(name), v.AssetPath(name))
	}
}

// draw fills a page's template, every value escaped.
func (v *Views) draw(name string, p page) ([]byte, error) {
	all := newValues()
	v.fill(all)
	if err := p.fill(all); err != nil {
		return nil, fmt.Errorf("draw page %s: %w", name, err)
	}
	v.rebase(all.texts)
	for _, items := range all.lists {
		for _, item := range items {
			v.rebase(item)
		}
	}
	return []byte(v.templates[name].Render(all.texts, all.lists, template.HTML)), nil
}

// rebase puts the path of the API before the paths of the pages. All of them come as values, and nothing else begins as they do: what people
// write is never a value whose name is one of a path.
func (v *Views) rebase(texts template.Values) {
	if v.base == "" {
		return
	}
	for name, value := range texts {
		isPath := strings.HasSuffix(name, "_path") || name == "root" || name == "post" || name == "qr"
		if isPath && strings.HasPrefix(value, Root) {
			texts[name] = v.base + value
		}
	}
}

// Headers are the headers to send with every page. A page may load the dashboard's own style, script and pictures, ask the dashboard, post its forms
// to it, and nothing else. Its address goes nowhere else either, yet a form still names its origin (with no-referrer browsers send "null", which
// no check of cross-origin requests can take for ours).
func Headers() map[string]string {
	return map[string]string{
		"Content-Type": "text/html; charset=utf-8",
		"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; " +
			"base-uri 'none'; frame-ancestors 'none'",
		"Referrer-Policy":        "same-origin",
		"X-Content-Type-Options": "nosniff",
		"X-Frame-Options":        "DENY",
		"Cache-Control":          "no-store",
		"X-Robots-Tag":           "noindex, nofollow",
	}
}
