package browser

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"

	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/localstack/aws"
)

// listed is how many people the dropped file has: more than one batch of the workflow that sends lists.
const listed = 120

func (p *party) signIn() {
	p.uid = p.register(p.event(p.host))
	p.confirmation = p.newest(p.host.Email, 1)
	p.ada.signIn(p.host.Email)
	p.ada.sees("A party in the garden", "Upcoming")
	p.ada.quiet()
}

// signIn signs an organizer in, by the link that is in their mailbox then.
func (p *person) signIn(email string) {
	p.t.Helper()
	known := len(p.Sent(email))
	p.opens("/dashboard")
	p.writes("Email address", email)
	p.follows("Mail me a link")
	p.sees("a link is on its way")
	p.opens(p.linkIn(p.newest(email, known+1), "/dashboard/sign-in/"))
	p.sees("You are about to sign in as " + email)
	p.follows("Sign in")
	p.sees("Sign out")
}

func (p *party) lookAtTheEvent() {
	p.ada.follows("A party in the garden")
	p.ada.sees("12 St James's Square, London", "Your time:", "Nobody is invited yet", "Change or cancel")
	p.ada.pictures("event-new")
	p.ada.follows("Send me a test")
	p.ada.sees("A test invitation is on its way to you")
	p.newest(p.host.Email, 3) // after the confirmation and the sign-in link
	p.ada.quiet()
}

func (p *party) pasteAList() {
	first := imiptest.Address{Name: "Grace Hopper", Email: "grace@example.org"}
	ada := p.ada
	ada.follows("Invite people")
	ada.writes("Paste addresses", first.Name+" <"+first.Email+">\nnobody\n"+strings.ToUpper(first.Email))
	before := len(p.Sent(""))
	ada.follows("Check the list")
	ada.sees("3 rows", "Nothing is sent yet", "Will be invited", "Cannot be invited", "This is not a valid email address.", "Twice in the list")
	ada.until("rows are counted as they were pasted", `[...document.querySelectorAll("td.num")].map((cell) => cell.textContent).join() === "2,3,1"`)
	ada.clicks("Only what is not sent")
	ada.until("the good rows are hidden", `!document.querySelector("tr[data-good]").checkVisibility()`)
	if n := len(p.Sent("")) - before; n != 0 {
		p.t.Errorf("checking the list sent %d mails", n)
	}
	ada.follows("Send 1 invitation")
	ada.sees("1 guest is being invited")
	p.newest(first.Email, 1)
	p.guests = append(p.guests, first)
	ada.until("the run is over", `!document.querySelector("[data-live] progress")`)
	ada.quiet()
}

func (p *party) sendAFile() {
	ada := p.ada
	csv := "name,email\n"
	for n := range listed {
		csv += fmt.Sprintf("%s,%s\n", guest(n).Name, guest(n).Email)
		p.guests = append(p.guests, guest(n))
	}
	file := filepath.Join(p.t.(interface{ TempDir() string }).TempDir(), "guests.csv")
	if err := os.WriteFile(file, []byte(csv), 0o600); err != nil {
		p.t.Fatal(err)
	}
	ada.follows("Invite")
	ada.drops("[data-drop]", file)
	ada.sees(fmt.Sprintf("guests.csv: %d lines", listed+1))
	ada.follows("Check the list")
	ada.sees(fmt.Sprintf("%d rows of guests.csv", listed), "Guest Number 7")

	// Two batches, one after the other, each of which takes as long as somebody needs to see it.
	for nth, delay := range []time.Duration{time.Second, 3 * time.Second} {
		if err := p.Faults.Add(aws.Fault{Function: "send-bulk-event-invites", Action: "lambda:Invoke", Nth: nth + 1, Kind: "delay", DelayMS: int(delay.Milliseconds())}); err != nil {
			p.t.Fatal(err)
		}
	}
	ada.follows(fmt.Sprintf("Send %d invitations", listed))
	ada.sees("Sending invitations")
	ask[bool](ada, "window.stayed = true")
	ada.until("the bar moves", `(() => { const bar = document.querySelector("[data-live] progress"); return bar.value > 0 && bar.value < bar.max; })()`)
	ada.until("no more is sent than is recorded, and no less", `(([sent, invited]) => sent === invited)(["sent", "invited"].map((name) => document.querySelector("[data-count=" + name + "]").textContent))`)
	ada.pictures("event-running")
	ada.until("the bar is gone when all is sent", `!document.querySelector("[data-live] progress")`)
	ada.until("all are counted", count("sent", listed+1))
	if !ask[bool](ada, "window.stayed === true") {
		p.t.Error("the page was loaded again")
	}
	ada.sees(fmt.Sprintf("%d guests", listed+1))
	p.newest(guest(listed-1).Email, 1)
	ada.quiet()
}

// count is the condition that a number on an event's page is so large.
func count(name string, n int) string {
	return fmt.Sprintf("document.querySelector('[data-count=%s]')?.textContent === '%d'", name, n)
}

// width is a script that says how long a part of the bar of answers is, in percent.
func width(answer string) string {
	return fmt.Sprintf("Number(document.querySelector('[data-stack] [data-bar=%s]').getAttribute('width'))", answer)
}

func (p *party) seeAnAnswer() {
	ada := p.ada
	ada.until("no part of the bar says yes", width("accepted")+" === 0")
	p.reply(p.newest(guest(0).Email, 1), guest(0).Email, imiptest.Reply{Client: imiptest.Gmail, Answer: imiptest.Accepted, At: time.Now()})
	ada.comesBack()
	ada.until("the answer is counted", count("accepted", 1))
	ada.until("and in the picture", width("accepted")+" > 0")
	p.reply(p.newest(guest(1).Email, 1), guest(1).Email, imiptest.Reply{Client: imiptest.Apple, Answer: imiptest.Declined, At: time.Now()})
	ada.comesBack()
	ada.until("the next answer is counted, too", count("declined", 1)+" && "+width("declined")+" > 0")
	if !ask[bool](ada, "window.stayed === true") {
		p.t.Error("the page was loaded again")
	}
	ada.quiet()
}

func (p *party) shareTheLink() {
	ada := p.ada
	ada.follows("Share")
	origin := "http://" + p.API
	for _, name := range []string{"clipboard-read", "clipboard-write"} {
		if _, err := chromedp.CallBrowser(p.chrome, browser.SetPermission, browser.SetPermissionParams{
			Permission: &browser.PermissionDescriptor{Name: name}, Setting: browser.PermissionSettingGranted, Origin: origin, BrowserContextID: p.contextOf(ada),
		}); err != nil {
			p.t.Fatal(err)
		}
	}
	ada.clicks("Copy")
	ada.sees("Copied")
	link := ask[string](ada, "navigator.clipboard.readText()")
	if !strings.HasPrefix(link, origin+"/event/"+p.uid+"/invite?email=") {
		p.t.Fatalf("the link is %q", link)
	}
	ada.until("a QR code", `document.querySelector(".qr img").naturalWidth > 0`)
	ada.quiet()

	friend := p.somebody()
	friend.opens(strings.Replace(link, "EMAIL", "friend@example.org", 1))
	friend.sees("Your invitation is on its way", "A party in the garden")
	p.newest("friend@example.org", 1)
	friend.quiet()
}

// contextOf is the part of the browser that has somebody's cookies.
func (p *party) contextOf(who *person) cdp.BrowserContextID {
	return chromedp.FromContext(who.tab).BrowserContextID
}

func (p *party) answerOnThePage() {
	friend := p.somebody()
	friend.opens(p.linkIn(p.newest("friend@example.org", 1), "/rsvp/"))
	friend.sees("A party in the garden")
	friend.clicks("Maybe")
	friend.writes("A word to the organizer", "If the <weather> is fine")
	friend.follows("Send answer")
	friend.sees("The organizer knows that", "may come")
	friend.follows("Change my answer")
	friend.clicks("Yes")
	friend.follows("Send answer")
	friend.sees("Wonderful.")
	friend.quiet()

	p.ada.opens("/dashboard/events/" + p.uid)
	p.ada.until("the answers", count("accepted", 2)+" && "+count("tentative", 0))
	p.ada.follows("friend@example.org")
	p.ada.sees("If the <weather> is fine", "Yes on the page", "Maybe on the page", "Proven")
	p.ada.quiet()
}

func (p *party) askOnThePage() {
	neighbour := p.somebody()
	neighbour.opens("/e/" + p.uid)
	neighbour.sees("A party in the garden", "Bring a hat.", "Just a copy for your calendar")
	neighbour.writes("Your email address", "neighbour@example.org")
	neighbour.writes("Your name", "Zoë Neighbour")
	neighbour.follows("Send me the invitation")
	neighbour.sees("Your invitation is on its way")
	neighbour.seesNot("neighbour@example.org")
	neighbour.quiet()
	p.newest("neighbour@example.org", 1)

	p.ada.opens("/dashboard/events/" + p.uid + "?q=neighbour")
	p.ada.sees("Zoë Neighbour", "1 shown")
}

func (p *party) unsubscribe() {
	tired := p.somebody()
	mail := p.newest(guest(2).Email, 1)
	tired.opens(p.unsubscribeLink(mail))
	tired.sees("will no longer be able to invite "+guest(2).Email+" through us", "Other organizers still can.")
	tired.follows("Stop invitations")
	tired.sees("can no longer invite " + guest(2).Email)
	tired.follows("Undo")
	tired.sees("can invite " + guest(2).Email + " again")
	tired.follows("Stop invitations")
	tired.sees("can no longer invite")
	tired.quiet()

	p.ada.opens("/dashboard/events/" + p.uid)
	p.ada.until("somebody blocked", count("blocked", 1))
	p.ada.follows("Blocked you")
	p.ada.sees(guest(2).Name, "1 shown")
	p.ada.quiet()
}

// unsubscribeLink is where a mail program's button leads that is not pressed but opened.
func (p *party) unsubscribeLink(mail []byte) string {
	p.t.Helper()
	_, rest, found := strings.Cut(strings.ReplaceAll(string(mail), "\r\n ", ""), "<http://"+p.API+"/unsubscribe/")
	link, _, closed := strings.Cut(rest, ">")
	if !found || !closed {
		p.t.Fatalf("the mail has no List-Unsubscribe:\n%s", mail)
	}
	return "/unsubscribe/" + strings.TrimSpace(link)
}

func (p *party) findAGuest() {
	ada := p.ada
	ada.opens("/dashboard/events/" + p.uid)
	ada.clicks("Search guests")
	ada.enters("Number 11")
	ada.submits()
	ada.sees("Guest Number 11", "Guest Number 119")
	ada.seesNot("Guest Number 12")
	ada.follows("Guest Number 110")
	ada.sees("guest110@example.org", "No answer has come yet.", "Delivery")
	ada.follows("A party in the garden")
	ada.follows("Next page")
	ada.follows("First page")
	ada.follows("Answered") // the column
	ada.until("the newest answer first", `document.querySelector("#attendees tbody tr").innerText.includes("friend@example.org")`)
	ada.quiet()
}

func (p *party) download() {
	ada := p.ada
	folder := p.t.(interface{ TempDir() string }).TempDir()
	if _, err := chromedp.CallBrowser(p.chrome, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
		Behavior: browser.SetDownloadBehaviorBehaviorAllow, BrowserContextID: p.contextOf(ada), DownloadPath: folder,
	}); err != nil {
		p.t.Fatal(err)
	}
	ada.opens("/dashboard/events/" + p.uid)
	ada.clicks("Download CSV")
	file := filepath.Join(folder, "attendees.csv")
	p.Eventually("the file", func() bool {
		text, err := os.ReadFile(file)
		return err == nil && strings.Contains(string(text), guest(listed-1).Email)
	})
	ada.quiet()
}

func (p *party) signOut() {
	ada := p.ada
	ada.opens("/dashboard/events/" + p.uid)
	ada.follows("Sign out")
	ada.sees("You are signed out.")
	ada.opens("/dashboard/events/" + p.uid)
	ada.sees("Email address")
	ada.seesNot("A party in the garden")
	ada.quiet()
}

func (p *party) suspend() {
	admin := p.somebody()
	admin.administer()
	admin.sees("System")
	admin.follows("Organizers")
	admin.follows(p.host.Name)
	admin.sees(p.host.Name, p.host.Email, "Makes events and sends invitations.")
	admin.clicks("Suspend")
	admin.pictures("organizer-suspending")
	admin.follows("Yes, suspend")
	admin.sees("Saved. It holds from now on.", "Nothing is made or sent")
	admin.quiet()

	p.ada.signIn(p.host.Email)
	p.ada.sees("suspended") // at once, and on the page of the event that was asked for before
	p.ada.opens("/dashboard")
	p.ada.sees("suspended")
	p.ada.opens("/dashboard/events/" + p.uid + "/invite")
	p.ada.sees("suspended")
	p.ada.seesNot("Check the list")
	p.ada.pictures("invite-suspended")
	p.ada.opens("/dashboard/events/" + p.uid)
	p.ada.pictures("event-suspended")
	p.ada.quiet()

	admin.clicks("Lift the suspension")
	admin.follows("Yes, lift it")
	admin.sees("Makes events and sends invitations.")
	p.ada.opens("/dashboard/events/" + p.uid + "/invite")
	p.ada.sees("Check the list")
}

// administer signs an administrator in.
func (p *person) administer() {
	p.t.Helper()
	p.opens("/dashboard")
	p.clicks("I am an administrator")
	p.writes("Administrators’ key", adminKey)
	p.submits()
	p.sees("Administrator")
}
