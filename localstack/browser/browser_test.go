// Package browser tests the pages as people use them: in a real Chromium, on the whole system, with the mails that it sends.
package browser

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/calendarinvite/calendarinviteserver/internal/imip"
	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
)

var screenshots = flag.String("screenshots", "", "a directory to write a picture of every page to, at three widths and in both themes")

func TestMain(m *testing.M) { stacktest.Main(m) }

// adminKey is the administrators' on every local stack.
const adminKey = "local-admin-key"

// world is a running stack, and a browser for whoever comes along.
type world struct {
	*stacktest.Stack
	t      testing.TB
	chrome context.Context
}

// Everything happens on one stack and in one browser, because both take their time to start. What is told later builds on what was told
// before, so the first chapter that fails is the last.
func TestInABrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("no browser in a short run")
	}
	program := chromium(t)
	w := &world{t: t, Stack: stacktest.Start(t,
		stacktest.Env("DASHBOARD_LIST_LIMIT", "200"), stacktest.Env("BULK_CONCURRENCY", "1"), stacktest.Env("FORWARDED_GUESTS", "hold"))}
	w.chrome = w.browser(program)
	told := &party{world: w, host: imiptest.Address{Name: "Ada Lovelace", Email: "ada@example.com"}}
	told.ada = w.somebody()
	for _, chapter := range []struct {
		name string
		tell func(*party)
	}{
		{"signs in by the mailed link", (*party).signIn},
		{"looks at the event, and sends a test", (*party).lookAtTheEvent},
		{"pastes a list, and sees what would happen", (*party).pasteAList},
		{"drops a file, sends it, and watches", (*party).sendAFile},
		{"sees an answer come in", (*party).seeAnAnswer},
		{"shares the link, and a guest opens it", (*party).shareTheLink},
		{"a guest answers on the page", (*party).answerOnThePage},
		{"a guest asks on the event's page", (*party).askOnThePage},
		{"a guest wants no more mail", (*party).unsubscribe},
		{"finds a guest, and looks at them", (*party).findAGuest},
		{"downloads the list", (*party).download},
		{"every page, in both themes, as wide as a phone", (*party).everyPage},
		{"with the keyboard alone", (*party).keyboard},
		{"without a script", (*party).withoutScript},
		{"signs out", (*party).signOut},
		{"is suspended by an administrator", (*party).suspend},
	} {
		if !t.Run(chapter.name, func(t *testing.T) { chapter.tell(told.on(t)) }) {
			break
		}
	}
	w.allWent()
}

// party is the event that the chapters tell of.
type party struct {
	*world
	host         imiptest.Address
	ada          *person // who invites
	uid          string
	guests       []imiptest.Address
	confirmation []byte // the mail that says that the event is there
}

// on is the party in a subtest.
func (p *party) on(t *testing.T) *party {
	on := *p.world
	on.t, on.Stack = t, p.Stack.On(t)
	p.world = &on
	p.ada.world = p.world
	return p
}

// allWent checks that every workflow ended well, and that no function wanted what it may not.
func (w *world) allWent() {
	w.t.Helper()
	for _, d := range w.Endpoint.Permissions().Denied() {
		w.t.Errorf("%s was refused %s on %s", d.Function, d.Action, d.Resource)
	}
	all, err := w.States.List("")
	if err != nil {
		w.t.Fatal(err)
	}
	for _, x := range all {
		if x.Status != "SUCCEEDED" && x.Status != "RUNNING" {
			w.t.Errorf("execution %s of %s is %s", x.Name, x.Machine, x.Status)
		}
	}
}

// chromium is the path of the browser; where there is none, the test is skipped.
func chromium(t *testing.T) string {
	t.Helper()
	names := []string{"chromium", "chromium-browser", "google-chrome"}
	if own := os.Getenv("CHROMIUM"); own != "" {
		names = []string{own}
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skipf("no browser here: looked for %s (the variable CHROMIUM names another)", strings.Join(names, ", "))
	return ""
}

// browser starts Chromium, and closes it with the test.
func (w *world) browser(program string) context.Context {
	options := append(chromedp.DefaultExecAllocatorOptions[:], // headless, no first run, no background networking, no sync
		chromedp.ExecPath(program), chromedp.UserDataDir(w.t.TempDir()), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	w.t.Cleanup(stop)
	chrome, closeIt := chromedp.NewContext(allocator)
	w.t.Cleanup(func() {
		defer closeIt()
		ctx, cancel := context.WithTimeout(chrome, stacktest.Patience)
		defer cancel()
		if err := chromedp.Cancel(ctx); err != nil {
			w.t.Logf("closing Chromium: %v", err)
		}
	})
	if err := chromedp.Do(chrome); err != nil {
		w.t.Fatalf("start Chromium: %v", err)
	}
	return chrome
}

// register mails the event to the system, as the organizer's calendar does.
func (w *world) register(e imiptest.Event) string {
	w.t.Helper()
	raw, err := imiptest.ComposeRequest(e)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.WaitExecution("event-request", w.SendMail(e.Organizer.Email, "create@"+w.Domain, raw)).Name
}

// event is one of next month, as Outlook writes it.
func (w *world) event(host imiptest.Address) imiptest.Event {
	at := time.Now().UTC().AddDate(0, 1, 0).Truncate(24 * time.Hour).Add(13 * time.Hour)
	return imiptest.Event{
		Client: imiptest.Outlook, Organizer: host, To: imiptest.Address{Email: "create@" + w.Domain}, Key: "garden",
		Summary: "A party in the garden", Description: "Bring a hat.\nThe way: https://example.com/map", Location: "12 St James's Square, London",
		Start: at, End: at.Add(3 * time.Hour), At: time.Now().Add(-time.Hour),
	}
}

// newest waits for the nth mail to an address, from one, and returns it.
func (w *world) newest(email string, nth int) []byte {
	w.t.Helper()
	return w.WaitSent(email, nth)[nth-1].Raw
}

// reply answers an invitation by mail, and waits until that is recorded.
func (w *world) reply(invitation []byte, from string, r imiptest.Reply) {
	w.t.Helper()
	raw, err := imiptest.ComposeReply(invitation, r)
	if err != nil {
		w.t.Fatal(err)
	}
	w.WaitExecution("event-reply", w.SendMail(from, "rsvp@"+w.Domain, raw))
}

// linkIn is the first link in the text of a mail that leads below a path.
func (w *world) linkIn(mail []byte, path string) string {
	w.t.Helper()
	read, err := imip.Read(mail, imip.Limits{})
	if err != nil {
		w.t.Fatal(err)
	}
	start := "http://" + w.API + path
	_, link, found := strings.Cut(string(read.Parts[0].Body), start)
	if !found {
		w.t.Fatalf("the mail has no link to %s:\n%s", path, mail)
	}
	if end := strings.IndexAny(link, " \r\n>"); end >= 0 {
		link = link[:end]
	}
	return start + link
}

// guest is somebody on a list.
func guest(n int) imiptest.Address {
	return imiptest.Address{Name: fmt.Sprintf("Guest Number %d", n), Email: fmt.Sprintf("guest%d@example.org", n)}
}
