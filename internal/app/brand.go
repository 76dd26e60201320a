package app

import (
	"github.com/calendarinvite/calendarinviteserver/internal/brand"
	"github.com/calendarinvite/calendarinviteserver/internal/dashboard/view"
	"github.com/calendarinvite/calendarinviteserver/internal/page"
)

// Brand is how mails and pages look and whom they name for help. Everything but the name is optional.
func (a *App) Brand() brand.Brand {
	b := brand.Brand{
		Name:         a.Settings.Text("BRAND_NAME"),
		Color:        a.Settings.Optional("BRAND_COLOR"),
		LogoURL:      a.Settings.Optional("BRAND_LOGO_URL"),
		SupportEmail: a.Settings.Optional("BRAND_SUPPORT_EMAIL"),
		SupportURL:   a.Settings.Optional("BRAND_SUPPORT_URL"),
		DocsURL:      a.Settings.Optional("BRAND_DOCS_URL"),
		PricingURL:   a.Settings.Optional("BRAND_PRICING_URL"),
		Address:      a.Settings.Optional("BRAND_ADDRESS"),
		Copyright:    a.Settings.Optional("BRAND_COPYRIGHT"),
		DashboardURL: a.Settings.Optional("BRAND_DASHBOARD_URL"),
	}
	a.fail("settings BRAND_*", b.Check())
	return b
}

// Pages draws the pages that guests see.
func (a *App) Pages() *page.Pages {
	pages, err := page.New(a.Brand())
	a.fail("the pages", err)
	return pages
}

// Views draws the pages of the dashboard.
func (a *App) Views() *view.Views {
	views, err := view.New(a.Brand(), a.Settings.URL("API_URL"))
	a.fail("settings BRAND_*", err)
	return views
}
