package view

import (
	"github.com/calendarinvite/calendarinviteserver/internal/template"
)

// Share makes the link that invites whoever follows it, for newsletters, buttons and posters. The form sends FieldOrigin and FieldLanding to the page itself.
type Share struct {
	Frame      Frame
	Occasion   Occasion
	InviteLink string   // …/event/UID/invite, without a query
	Token      string   // that a link must have where only signed links invite; empty = none needed
	Origin     string   // chosen; empty or unknown = api
	Landing    string   // chosen: where the guest goes afterwards; empty = our own page
	BadLanding bool     // the chosen page is not on a host that the deployment allows; Landing is what was typed
	Hosts      []string // the hosts that a landing page may be on; empty = only our own page
	GuestPage  string   // …/e/UID: the page where anybody asks for the invitation
	QR         string   // the path of the QR code's SVG, of GuestPage; empty = there is none
}

// Tool is a mail tool, or another place, that a link can stand in.
type Tool struct {
	Origin string // of spec §4, which the guests are counted under
	Name   string
	Tag    string // what the tool puts the guest's address in place of; for EMAIL the reader does it
}

// Tools are the places that a link can stand in, by their own merge tags. The tags are what must stand in the link as it is, so nothing in them is
// escaped for a URL: the tool looks for exactly these characters.
func Tools() []Tool {
	return []Tool{
		{"mailchimpcta", "Mailchimp", "*|EMAIL|*"},
		{"klaviyocta", "Klaviyo", "{{ person.email }}"},
		{"hubspot", "HubSpot", "{{contact.email}}"},
		{"sendgridcta", "SendGrid", "{{email}}"},
		{"singlesend", "SendGrid, legacy templates", "-email-"},
		{"convertkit", "ConvertKit", "{{ subscriber.email_address }}"},
		{"zoho", "Zoho Campaigns", "$[EMAIL]$"},
		{"api", "Another tool", placeholder},
		{"emailcta", "A button in a mail", placeholder},
		{"webform", "A web form", placeholder},
		{"landingpage", "A landing page", placeholder},
		{"wixv2", "Wix", placeholder},
	}
}

// placeholder stands where the guest's address belongs and no tool puts it there.
const placeholder = "EMAIL"

// link is the invite link as it stands in a tool.
func (p Share) link(tool Tool) string {
	landing := p.Landing
	if p.BadLanding {
		landing = ""
	}
	// The address comes first: a tool that does not know its tag is seen at once.
	link := p.InviteLink + "?email=" + tool.Tag
	if tool.Origin != "api" { // what a link without an origin counts under
		link += "&origin=" + tool.Origin
	}
	if landing != "" {
		link += "&landing=" + queryEscape(landing)
	}
	if p.Token != "" {
		link += "&token=" + queryEscape(p.Token)
	}
	return link
}

// Share draws the page.
func (v *Views) Share(p Share) ([]byte, error) { return v.draw("share", p) }

func (p Share) fill(to values) error {
	p.Frame.fill(to)
	to.in("events", "share")
	p.Occasion.fill(to)
	to.set("heading", "Share")
	tools := Tools()
	chosen := tools[0]
	for _, tool := range tools {
		if tool.Origin == p.Origin || p.Origin == "" && tool.Origin == "api" {
			chosen = tool
		}
	}
	var origins []option
	for _, tool := range tools {
		origins = append(origins, option{tool.Origin, tool.Name})
		if tool.Tag == placeholder {
			continue
		}
		item := to.item("tools")
		item.set("tool", tool.Name)
		item.set("tag", tool.Tag)
		item.set("link", p.link(tool))
		item.flag("chosen", tool == chosen)
	}
	to.options("origins", origins, chosen.Origin)
	to.set("tool_name", chosen.Name)
	to.set("tag", chosen.Tag)
	to.flag("by_hand", chosen.Tag == placeholder)
	to.set("link", p.link(chosen))
	to.set("snippet_link", template.HTML(p.link(chosen)))
	to.line("landing", p.Landing)
	to.flag("bad_landing", p.BadLanding)
	to.flag("any_hosts", len(p.Hosts) > 0)
	for _, host := range p.Hosts {
		to.item("hosts").line("host", host)
	}
	to.set("qr", p.QR)
	return to.link("guest_page", p.GuestPage)
}
