package browser

import (
	"slices"
	"strings"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// keyboard does what matters without the mouse.
func (p *party) keyboard() {
	ada := p.ada
	event := "/dashboard/events/" + p.uid
	ada.opens(event)
	reached := ada.tabs(100)
	for _, name := range []string{
		"Skip to content", "Events", "Sign out", "Overview", "Invite", "Share", "Requests", "Proposals", "Yes", "As a table", "Sent", "Bounced", "Download CSV", "Search guests", "Answer", "Delivery",
		"Filter", "Grace Hopper", "Next page", "Send me a test", "Mail me the report",
	} { // in this order
		at := slices.IndexFunc(reached, func(has string) bool { return has == name || strings.HasPrefix(has, name+" ") })
		if at < 0 {
			p.t.Fatalf("the tab key does not lead on to %q, only to %q", name, reached)
		}
		reached = reached[at+1:]
	}

	ada.opens(event)
	ada.presses(kb.Tab)
	ada.presses(kb.Enter)
	ada.until("the content has the focus", `document.activeElement.id === "main"`)
	ada.tabsTo("Invite")
	ada.submits()
	ada.sees("Paste addresses")
	ada.tabsTo("Paste addresses")
	ada.enters("keys@example.org")
	ada.tabsTo("Check the list")
	ada.submits()
	ada.tabsTo("Send 1 invitation")
	ada.submits()
	ada.sees("1 guest is being invited")
	p.newest("keys@example.org", 1)
	ada.until("the run is over", `!document.querySelector("[data-live] progress")`)

	ada.strikes("/")
	ada.until("the search has the focus", `document.activeElement.matches("[data-search]")`)
	ada.enters("keys@")
	ada.submits()
	ada.sees("1 shown")
	ada.tabsTo("keys@example.org")
	ada.submits()
	ada.sees("No answer has come yet.")

	ada.opens("/dashboard")
	ada.tabsTo("New event")
	ada.presses(kb.Enter)
	ada.sees("create@" + p.Domain)
	ada.pictures("events-new")
	ada.presses(kb.Tab) // into the menu
	ada.presses(kb.Escape)
	ada.until("the menu is closed, and the focus back", `!document.querySelector("details.menu").open && document.activeElement.matches("summary")`)
	ada.quiet()

	guest := p.somebody()
	guest.opens("/e/" + p.uid)
	guest.tabsTo("Your email address")
	guest.enters("typist@example.org")
	guest.submits()
	guest.sees("Your invitation is on its way")
	guest.opens(p.linkIn(p.newest("typist@example.org", 1), "/rsvp/"))
	guest.tabsTo("Yes")
	guest.presses(kb.ArrowDown)
	guest.until("Maybe is chosen", `document.activeElement.value === "tentative" && document.activeElement.checked`)
	guest.tabsTo("Send answer")
	guest.submits()
	guest.sees("may come")
	guest.opens("/dashboard/sign-in")
	guest.tabsTo("Email address")
	guest.enters("typist@example.org")
	guest.submits()
	guest.sees("a link is on its way")
	guest.quiet()
}

// strikes a key that writes a character, unless the page takes the key for something else.
func (p *person) strikes(key string) {
	p.t.Helper()
	tell(p, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Key: key, Text: key})
	tell(p, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyUp, Key: key})
}

// focused is a script that says what has the focus, as it is called, and whether that is to be seen.
const focused = `(() => {
	const e = document.activeElement;
	if (!e || e === document.body) return { name: "", seen: true };
	const label = e.labels?.[0];
	const name = e.getAttribute("aria-label") ?? label?.innerText ?? e.innerText;
	const ringed = [e, label, e.closest(".search, .choice, .drop")].some((e) => e && ((s) => s.outlineStyle !== "none" || s.boxShadow !== "none")(getComputedStyle(e)));
	return { name: name.replace(/\s+/g, " ").trim(), seen: e.checkVisibility() && ringed };
})()`

type focus struct {
	Name string
	Seen bool
}

// tabs presses the tab key so often, or until it leaves the page, and says where it led.
func (p *person) tabs(most int) (order []string) {
	p.t.Helper()
	for range most {
		p.presses(kb.Tab)
		at := ask[focus](p, focused)
		if at.Name == "" && len(order) > 0 && ask[bool](p, "document.activeElement === document.body") {
			return order
		}
		if !at.Seen {
			p.t.Errorf("nobody sees that the focus is on %q", at.Name)
		}
		order = append(order, at.Name)
	}
	return order
}

// tabsTo presses the tab key until what is called so has the focus.
func (p *person) tabsTo(name string) {
	p.t.Helper()
	var order []string
	for range 200 {
		p.do(chromedp.KeyEvent(kb.Tab))
		at := ask[focus](p, focused)
		if at.Name == name || strings.HasPrefix(at.Name, name+" ") {
			if !at.Seen {
				p.t.Errorf("nobody sees that the focus is on %q", at.Name)
			}
			return
		}
		order = append(order, at.Name)
	}
	p.t.Fatalf("the tab key does not lead to %q, only to %q", name, order)
}
