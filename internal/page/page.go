package page

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/url"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/internal/brand"
)

//go:embed templates/*.html templates/page.css
var files embed.FS

// Pages draws the pages of one deployment. It is safe for concurrent use.
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
	for _, name := range []string{"landing", "confirm_invite", "rsvp", "answered", "confirm_request", "request_confirmed", "unsubscribe", "problem"} {
		t, err := template.ParseFS(files, "templates/layout.html", "templates/event.html", "templates/"+name+".html")
		if err != nil {
			return nil, fmt.Errorf("page %s: %w", name, err)
		}
		p.templates[name] = t
	}
	return p, nil
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
	return strings.NewReplacer(
		"BRAND_COLOR", color.String(),
		"BRAND_TEXT", color.Text().String(),
		"BRAND_LIGHT", color.On(lightGround).String(),
		"BRAND_DARK", color.On(darkGround).String(),
	).Replace(string(css)), nil
}

// frame is what the layout needs around a view.
type frame struct {
	Brand brand.Brand
	Style template.CSS
	View  any
}

// draw executes a page's template. It fails only where a template does not fit its view, which the tests exclude.
func (p *Pages) draw(name string, view any) ([]byte, error) {
	var b bytes.Buffer
	// The style sheet is our own file with checked colours in it, so it may pass as CSS.
	err := p.templates[name].ExecuteTemplate(&b, "layout.html", frame{p.brand, template.CSS(p.style), view})
	if err != nil {
		return nil, fmt.Errorf("draw page %s: %w", name, err)
	}
	return b.Bytes(), nil
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
