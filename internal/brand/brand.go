// Package brand is how a deployment presents itself to people: its name, colour, logo and where to find help.
//
// Mails and pages share it. A Brand comes from settings (BRAND_*), so it is checked once, when a step starts, and trusted after.
package brand

import (
	"fmt"
	"net/url"
	"strings"
)

// Brand is a deployment's face. Name is needed; everything else may be empty and is then left out or has the stated default.
type Brand struct {
	Name         string // plain text, such as "Calendar Invite Server"
	Color        string // "#rrggbb"; empty = DefaultColor
	LogoURL      string // http or https; shown 40 pixels high in mails, in place of the name
	SupportEmail string
	SupportURL   string // where help is found
	DocsURL      string
	PricingURL   string
	DashboardURL string // all events of an organizer
	Address      string // postal address for the footer; may have several lines
	Copyright    string // the footer's last line; empty = "© Name"
}

// DefaultColor is the colour of a deployment that sets none.
const DefaultColor = "#3d52d5"

// Default is the brand of a deployment that sets nothing.
func Default() Brand { return Brand{Name: "Calendar Invite Server"} }

// Check reports the first setting that cannot be used, by name, or nil. Colours must be #rrggbb and links http or https, because both
// end up inside HTML attributes and style sheets.
func (b Brand) Check() error {
	if strings.TrimSpace(b.Name) == "" {
		return fmt.Errorf("brand name is empty")
	}
	if b.Color != "" {
		if _, err := ParseColor(b.Color); err != nil {
			return fmt.Errorf("brand color: %w", err)
		}
	}
	links := []struct{ name, value string }{
		{"logo", b.LogoURL}, {"support", b.SupportURL}, {"docs", b.DocsURL}, {"pricing", b.PricingURL}, {"dashboard", b.DashboardURL},
	}
	for _, link := range links {
		if link.value == "" {
			continue
		}
		if err := CheckURL(link.value); err != nil {
			return fmt.Errorf("brand %s URL: %w", link.name, err)
		}
	}
	if b.SupportEmail != "" && !plainAddress(b.SupportEmail) {
		return fmt.Errorf("brand support email %q is not a plain address", b.SupportEmail)
	}
	return nil
}

// Main is the brand colour, or the default where the setting is empty or unusable.
func (b Brand) Main() Color {
	if c, err := ParseColor(b.Color); err == nil {
		return c
	}
	c, _ := ParseColor(DefaultColor)
	return c
}

// CopyrightLine is the footer's last line.
func (b Brand) CopyrightLine() string {
	if b.Copyright != "" {
		return b.Copyright
	}
	return "© " + b.Name
}

// CheckURL accepts absolute http and https links only: no javascript:, no data:, nothing relative, no spaces or control characters.
func CheckURL(s string) error {
	for i := 0; i < len(s); i++ {
		if s[i] <= ' ' || s[i] == 0x7f {
			return fmt.Errorf("%q has a space or control character", s)
		}
	}
	u, err := url.Parse(s)
	if err != nil {
		return fmt.Errorf("%q is not a URL", s)
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return fmt.Errorf("%q is not an absolute http or https URL", s)
	}
	return nil
}

// plainAddress accepts local@domain without display name, spaces or characters that mean something in a mailto: link.
func plainAddress(s string) bool {
	at := strings.LastIndexByte(s, '@')
	return at > 0 && at < len(s)-1 && !strings.ContainsAny(s, " \t\r\n<>\"',;:?&#%()")
}
