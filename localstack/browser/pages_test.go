package browser

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
)

// axe is where npm puts axe-core, which finds what people with disabilities stumble over.
var axe = filepath.Join("web", "node_modules", "axe-core", "axe.min.js")

// everyPage looks at every page there is, as whoever may see it: nothing stands out at the side on the narrowest phone, axe-core finds
// nothing serious in light and in dark, and the browser has nothing to complain about.
func (p *party) everyPage() {
	script, err := os.ReadFile(filepath.Join(stacktest.Root(p.t), axe))
	if err != nil {
		p.t.Skip("no axe-core here: run npm --prefix web ci")
	}
	p.forwardAndPropose()
	admin, stranger := p.somebody(), p.somebody()
	admin.administer()
	stranger.opens("/dashboard/sign-in")
	stranger.writes("Email address", p.host.Email)
	known := len(p.Sent(p.host.Email))
	stranger.follows("Mail me a link")
	event := "/dashboard/events/" + p.uid
	invitation := p.newest(guest(3).Email, 1)
	for _, at := range []struct {
		name string
		who  *person
		open func(*person)
	}{
		{"link-sent", stranger, nil}, // it is open
		{"sign-in", stranger, path("/dashboard/sign-in")},
		{"confirm-sign-in", stranger, func(who *person) { who.opens(p.linkIn(p.newest(p.host.Email, known+1), "/dashboard/sign-in/")) }},
		{"events", p.ada, path("/dashboard")},
		{"events-none", p.ada, path("/dashboard?q=nothing+like+that")},
		{"event", p.ada, path(event)},
		{"event-filtered", p.ada, path(event + "?status=accepted&sort=name")},
		{"attendee", p.ada, path(event + "/attendees/friend@example.org")},
		{"invite", p.ada, path(event + "/invite")},
		{"dry-run", p.ada, func(who *person) {
			who.opens(event + "/invite")
			who.writes("Paste addresses", "new@example.org\nnobody\n"+guest(2).Email+"\n"+guest(3).Email)
			who.follows("Check the list")
		}},
		{"share", p.ada, path(event + "/share?origin=mailchimpcta")},
		{"guests", p.ada, path(event + "/guests")},
		{"proposals", p.ada, path(event + "/proposals")},
		{"system", admin, path("/dashboard/system")},
		{"organizers", admin, path("/dashboard/system/organizers")},
		{"organizer", admin, path("/dashboard/system/organizers/" + p.host.Email)},
		{"executions", admin, path("/dashboard/system/executions")},
		{"execution", admin, path("/dashboard/system/executions/event-request:" + p.uid)},
		{"guest-event", stranger, path("/e/" + p.uid)},
		{"guest-sent", stranger, path("/e/" + p.uid + "?sent=1")},
		{"guest-rsvp", stranger, path(p.linkIn(invitation, "/rsvp/"))},
		{"guest-unsubscribe", stranger, path(p.unsubscribeLink(invitation))},
	} {
		at.who.theme("light")
		if at.open != nil {
			at.open(at.who)
		}
		at.who.do(chromedp.Evaluate[chromedp.Void](string(script)))
		at.who.looks(at.name, "light", 1280)
		at.who.looks(at.name, "light", 360)
		at.who.theme("dark")
		at.who.looks(at.name, "dark", 360)
		at.who.do(chromedp.EmulateViewport(1280, 900))
		at.who.theme("light")
		at.who.pictures(at.name)
		at.who.quiet()
	}
}

func path(path string) func(*person) { return func(who *person) { who.opens(path) } }

// forwardAndPropose has somebody answer an invitation that was forwarded to them, and a guest propose another time.
func (p *party) forwardAndPropose() {
	p.reply(p.newest(guest(4).Email, 1), "cousin@example.org", imiptest.Reply{
		Client: imiptest.Gmail, Answer: imiptest.Accepted, At: time.Now(), As: imiptest.Address{Name: "A Cousin", Email: "cousin@example.org"}, Comment: "May I come along?",
	})
	e := p.event(p.host)
	raw, err := imiptest.ComposeCounter(p.newest(guest(5).Email, 1), imiptest.Counter{
		Reply: imiptest.Reply{Client: imiptest.Outlook, Answer: imiptest.Tentative, At: time.Now(), Comment: "I work until then."}, Start: e.Start.Add(2 * time.Hour), End: e.End.Add(2 * time.Hour),
	})
	if err != nil {
		p.t.Fatal(err)
	}
	p.WaitExecution("event-reply", p.SendMail(guest(5).Email, "rsvp@"+p.Domain, raw))
}

// drawn is a script that waits until the page is drawn, the charts in their new width, too.
const drawn = `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))`

// violation is what axe-core says of a page, with the first element that it is about.
type violation struct{ ID, Impact, Help, HTML, Summary string }

// looks examines the page that is open.
func (p *person) looks(name, theme string, width int64) {
	p.t.Helper()
	p.do(chromedp.EmulateViewport(width, 900))
	ask[bool](p, drawn)
	wide := ask[string](p, `(() => {
		const right = document.documentElement.clientWidth;
		if (document.documentElement.scrollWidth <= right) return "";
		return [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > right + 1).map((e) => e.outerHTML.slice(0, 120)).slice(-3).join("\n") || "the page";
	})()`)
	if wide != "" {
		p.t.Errorf("%s at %d: stands out at the side: %s", name, width, wide)
	}
	for _, v := range ask[[]violation](p, `axe.run(document, {resultTypes: ["violations"]}).then((r) => r.violations.map(
		({id, impact, help, nodes}) => ({id, impact, help, html: nodes[0].html, summary: nodes[0].failureSummary})))`) {
		text := fmt.Sprintf("%s, %s at %d: %s (%s): %s\n%s\n%s", name, theme, width, v.ID, v.Impact, v.Help, v.HTML, v.Summary)
		if v.Impact == "serious" || v.Impact == "critical" {
			p.t.Error(text)
		} else {
			p.t.Log(text)
		}
	}
}

// pictures takes pictures of the whole page, if somebody wants to look at them: in both themes, at three widths.
func (p *person) pictures(name string) {
	p.t.Helper()
	if *screenshots == "" {
		return
	}
	if err := os.MkdirAll(*screenshots, 0o755); err != nil {
		p.t.Fatal(err)
	}
	for _, theme := range []string{"dark", "light"} {
		p.theme(theme)
		for _, width := range []int64{360, 768, 1280} {
			p.do(chromedp.EmulateViewport(width, 900))
			ask[bool](p, drawn)
			picture, err := chromedp.Run(p.tab, chromedp.FullScreenshot(100))
			if err == nil {
				err = os.WriteFile(filepath.Join(*screenshots, fmt.Sprintf("%s-%s-%d.png", name, theme, width)), picture, 0o600)
			}
			if err != nil {
				p.t.Fatal(err)
			}
		}
	}
}
