package page

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/internal/brand"
	"github.com/calendarinvite/calendarinviteserver/internal/template"
)

//go:embed templates/*.html templates/page.css
var files embed.FS

// Pages draws the pages of one deployment. It is safe for concurrent use.
//
// The error of a page is about the view: a target that is not a path or an http or https URL, or too many fields.
type Pages struct {
	brand     brand.Brand
	style     string
	templates map[string]*template.Template
}

// New returns the Pages of a brand, or an error that names the setting that cannot be used.
func New(b brand.Brand) (*Pages, error) {
	if err := b.Check(); err != nil {
		return nil, err
	}
	style, err := styleOf(b)
	if err != nil {
		return nil, err
	}
	p := &Pages{brand: b, style: style, templates: map[string]*template.Template{}}
	for name, empty := range views {
		if p.templates[name], err = p.parse(name, empty); err != nil {
			return nil, fmt.Errorf("page %s: %w", name, err)
		}
	}
	return p, nil
}

// parse reads a page's template. Its placeholders are the values that the layout and the page's view fill, be they empty.
func (p *Pages) parse(name string, empty view) (*template.Template, error) {
	v := newValues()
	p.fill(v)
	if err := empty.fill(v); err != nil {
		return nil, err
	}
	return template.Parse("{>layout}", v.names(), func(part string) (string, bool) {
		switch part {
		case "style": // our own file with checked colours in it, so it needs no escape
			return p.style, true
		case "fields":
			return hiddenFields(), true
		case "content":
			part = name
		}
		text, err := files.ReadFile("templates/" + part + ".html")
		return string(text), err == nil
	})
}

// The grounds of page.css on which the brand colour is used as text.
var (
	lightGround = brand.Color{R: 0xf3, G: 0xf4, B: 0xf6}
	darkGround  = brand.Color{R: 0x22, G: 0x26, B: 0x2e}
)

// styleOf is the style sheet in the brand's colours.
func styleOf(b brand.Brand) (string, error) {
	css, err := files.ReadFile("templates/page.css")
	if err != nil {
		return "", err
	}
	color := b.Main()
	v := newValues()
	v.set("brand_color", color.String())
	v.set("brand_text", color.Text().String())
	v.set("link_color", color.On(lightGround).String())
	v.set("link_color_dark", color.On(darkGround).String())
	t, err := template.Parse(string(css), v.names(), nil)
	if err != nil {
		return "", fmt.Errorf("page.css: %w", err)
	}
	return t.Render(v.texts, nil, template.Text), nil
}

// fill adds what the layout needs around a view.
func (p *Pages) fill(v values) {
	v.set("brand", p.brand.Name)
	v.set("copyright", p.brand.CopyrightLine())
	v.set("support_url", p.brand.SupportURL)
	v.set("support_email", p.brand.SupportEmail)
}

// draw fills a page's template, every value escaped.
func (p *Pages) draw(name string, view view) ([]byte, error) {
	v := newValues()
	p.fill(v)
	if err := view.fill(v); err != nil {
		return nil, fmt.Errorf("draw page %s: %w", name, err)
	}
	return []byte(p.templates[name].Render(v.texts, v.lists, template.HTML)), nil
}

// Headers are the headers to send with every page: it may show its own style and post its own form, and nothing else. formTargets are
// absolute URLs whose hosts an answered form may redirect to (browsers hold such redirects to form-action, too); others are left out.
func (p *Pages) Headers(formTargets ...string) map[string]string {
	sum := sha256.Sum256([]byte(p.style))
	targets := "'self'"
	for _, target := range formTargets {
		if u, err := url.Parse(target); err == nil && brand.CheckURL(target) == nil && !strings.ContainsAny(u.Host, "; ,'\"") {
			targets += " " + u.Scheme + "://" + u.Host
		}
	}
	return map[string]string{
		"Content-Type": "text/html; charset=utf-8",
		"Content-Security-Policy": "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; form-action " + targets +
			"; base-uri 'none'; frame-ancestors 'none'",
		"Referrer-Policy":        "no-referrer", // the address of the page is the key to it
		"X-Content-Type-Options": "nosniff",
		"X-Frame-Options":        "DENY",
		"Cache-Control":          "no-store",
		"X-Robots-Tag":           "noindex, nofollow",
	}
}
