package browser

import (
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
)

// withoutScript signs in, invites, looks and answers in a browser that runs no script.
func (p *party) withoutScript() {
	host := imiptest.Address{Name: "Bob", Email: "bob@example.com"}
	uid := p.register(p.event(host))
	event := "/dashboard/events/" + uid
	bob := p.somebody()
	tell(bob, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	bob.signIn(host.Email)
	bob.follows("A party in the garden")
	bob.follows("Invite people")
	bob.writes("Paste addresses", "first@example.org, second@example.org; nobody")
	bob.follows("Check the list")
	bob.sees("3 rows", "This is not a valid email address.")
	bob.follows("Send 2 invitations")
	bob.sees("2 guests are being invited")
	first := p.newest("first@example.org", 1)
	p.newest("second@example.org", 1)
	p.reply(first, "first@example.org", imiptest.Reply{Client: imiptest.Outlook, Answer: imiptest.Accepted, At: time.Now()})

	bob.opens(event)
	bob.sees("50%", "2 guests")
	bob.do(chromedp.Focus(chromedp.ID("status")), chromedp.KeyEvent("Yes"))
	bob.follows("Filter")
	bob.sees("first@example.org", "1 shown")
	bob.seesNot("second@example.org")
	bob.follows("Clear")
	bob.quiet()

	guest := p.somebody()
	tell(guest, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	guest.opens(p.linkIn(p.newest("second@example.org", 1), "/rsvp/"))
	guest.clicks("No")
	guest.follows("Send answer")
	guest.sees("cannot come")
	guest.quiet()
	bob.opens(event)
	bob.sees("100%")
	bob.follows("Sign out")
	bob.sees("You are signed out.")
}
