package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/internal/seal"
	"github.com/calendarinvite/calendarinviteserver/localstack/aws"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
)

// unseen are the grants that no story here needs, by function and action, and why they are there all the same.
var unseen = map[string]string{
	// The list of a fan-out is uploaded as reports and lists are, which are seen to give a broken upload up (largeFiles). It is uploaded in
	// several parts from 20,000 guests on, and to write their records takes longer than everything else here.
	"stage-attendees-for-updated-event s3:AbortMultipartUpload":   "a fan-out's list of more than 5 MiB",
	"stage-attendees-for-cancelled-event s3:AbortMultipartUpload": "a fan-out's list of more than 5 MiB",
	"dashboard s3:AbortMultipartUpload":                           "a list, or a file to download, of more than 5 MiB",
}

// Every function does all that it can, each through the door that leads to it. None is refused anything: start sees to that, here and in
// every other test. And none may do more than what one of these stories needs.
func TestPermissions(t *testing.T) {
	unused, stories, told := map[aws.Unused]int{}, 0, 0
	story := func(name string, tell func(p *party), changes ...func(*stack.Config)) {
		stories++
		t.Run(name, func(t *testing.T) {
			s := start(t, changes...)
			p := &party{system: s, event: tea(somebody("ada"))}
			tell(p)
			s.settle()
			told++
			for _, grant := range s.Endpoint.Permissions().Unused() {
				unused[grant]++
			}
		})
	}
	crm := newWebhook(t)
	story("mails, links, pages and the API", (*party).everything, withShop, crm.subscribe, stacktest.Env("INVITE_LINKS", "signed"), stacktest.Env("DMARC_GRAY", "confirm"))
	story("limits", (*party).limits, stacktest.Env("EVENT_LIMIT", "1"), stacktest.Env("EVENT_INVITE_LIMIT", "3"))
	story("guests to be asked about", (*party).heldGuests, stacktest.Env("FORWARDED_GUESTS", "hold"))
	story("guests to be refused", (*party).refusedGuest, stacktest.Env("FORWARDED_GUESTS", "refuse"))
	story("what SES refuses, who blocked, and a change in the wrong moment", (*party).troubles)
	story("the dashboard", (*party).dashboard, stacktest.Env("FORWARDED_GUESTS", "hold"))
	story("what failed, sent again", (*party).sendAgain, func(cfg *stack.Config) { cfg.Pace = 0.001 })
	story("files of more than one part, whose upload is given up", (*party).largeFiles)
	if told < stories { // the others were left out by -run, or have failed
		return
	}
	for grant, in := range unused {
		reason, known := unseen[grant.Function+" "+grant.Action]
		switch {
		case in == stories && !known:
			t.Errorf("%s may do %s on %s for no reason", grant.Function, grant.Action, grant.Resource)
		case in < stories && known:
			t.Errorf("%s needs %s, which is said to be for %s alone", grant.Function, grant.Action, reason)
		}
	}
}

// opens looks at a page, and presses presses a button on it.
func (s *system) opens(page string) {
	s.t.Helper()
	if a := s.Do("GET", page, ""); a.Status != 200 {
		s.t.Errorf("GET %s: %d %s", page, a.Status, a.Body)
	}
}

func (s *system) presses(page string, form ...string) {
	s.t.Helper()
	values := url.Values{}
	for i := 0; i+1 < len(form); i += 2 {
		values.Set(form[i], form[i+1])
	}
	if a := s.Do("POST", page, values.Encode(), asForm...); a.Status != 200 {
		s.t.Errorf("POST %s: %d %s", page, a.Status, a.Body)
	}
}

// leads is the path of a page that the last mail to somebody leads to.
func (s *system) leads(who imiptest.Address, route string) string {
	s.t.Helper()
	return linkIn(s.t, s.lastMail(who), route)
}

// writes mails to the RSVP mailbox.
func (s *system) writes(from string, raw []byte, err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
	s.WaitExecution("event-reply", s.SendMail(from, rsvp, raw))
}

// everything is all that happens where nothing goes wrong.
func (p *party) everything() {
	t, organizer := p.t, p.event.Organizer
	t.Helper()
	raw, err := imiptest.ComposeRequest(p.event)
	if err != nil {
		t.Fatal(err)
	}
	held := p.mail(organizer.Email, with(raw, "X-Local-Verdicts: dmarc=gray"))
	confirm := p.leads(organizer, "/confirm/")
	p.opens(confirm)
	p.presses(confirm)
	p.endsIn(p.WaitExecution("event-request", held.Name+"-confirmed"), "EventCreated")
	p.uid = held.Name
	p.endsIn(p.mail(organizer.Email, fmt.Appendf(nil, "From: %s\r\n\r\nHello\r\n", organizer.Email)), "RequestRefused")

	first, second := somebody("first"), somebody("second")
	signed := p.keys().Link(seal.Link{Purpose: seal.Invite, UID: p.uid})
	p.administer("PUT", organizer.Email, "bulk")
	p.link(p.uid, organizer.Email, "token", signed) // refused, and that is told
	p.link(p.uid, first.Email, "token", signed)
	p.link(p.uid, second.Email, "token", signed, "origin", "vip")
	p.opens("/e/" + p.uid + "?token=" + signed)
	p.presses("/e/"+p.uid+"?token="+signed, "email", somebody("visitor").Email)
	invitation, answer := p.lastMail(first), imiptest.Reply{Client: imiptest.Outlook, Answer: imiptest.Accepted, At: time.Now()}

	p.reply(invitation, first.Email, answer)
	page := p.leads(second, "/rsvp/")
	p.opens(page)
	p.presses(page, "answer", "declined")
	p.writes(first.Email, plainReply(first.Email, "of-another-system@example.com", first.Email), nil)
	raw, err = imiptest.ComposeCounter(invitation, imiptest.Counter{Reply: answer, Start: p.event.Start.Add(time.Hour), End: p.event.End.Add(time.Hour)})
	p.writes(first.Email, raw, err)
	proposals := p.leads(organizer, "/proposals/")
	p.opens(proposals)
	p.presses(proposals, "proposal", first.Email, "choice", "decline", "comment", "Sorry")
	raw, err = imiptest.ComposeRefresh(invitation, answer)
	p.writes(first.Email, raw, err)
	p.writes(first.Email, fmt.Appendf(nil, "From: %s\r\nSubject: Re: Tea\r\nReferences: <%s>\r\n\r\nMay I bring a cake?\r\n", first.Email, p.invited(invitation).UID()), nil)

	p.endsIn(p.mailList(organizer.Email, fmt.Sprintf("uid,email\n%s,%s\n%s,nobody\n", p.uid, somebody("listed").Email, p.uid)), "ListSettled")
	p.endsIn(p.WaitExecution("bulk-invites", p.SendMail(organizer.Email, "bulk@cis.localhost", fmt.Appendf(nil, "From: %s\r\n\r\nNo list.\r\n", organizer.Email))), "RequestRefused")
	for _, email := range []string{"anybody@bounce.localhost", "anybody@complaint.localhost"} {
		p.link(p.uid, email, "token", signed)
		p.feedbackOf(email, 1)
	}
	block := unsubscribeLink(t, invitation)
	p.opens(block)
	p.presses(block, "List-Unsubscribe", "One-Click")
	p.presses(block, "choice", "undo")
	to, subject := mailtoLink(t, invitation)
	p.unsubscribed(first.Email, to, fmt.Appendf(nil, "From: %s\r\nSubject: %s\r\n\r\n\r\n", first.Email, subject))
	p.unsubscribed(second.Email, to, fmt.Appendf(nil, "From: %s\r\nSubject: unsubscribe\r\nReferences: <%s>\r\n\r\n\r\n", second.Email, p.invited(p.lastMail(second)).UID()))

	var answered json.RawMessage
	for _, path := range []string{"", "/statistics", "/attendees", "/report"} {
		p.get("/event/"+p.uid+path, &answered)
	}
	for _, path := range []string{"/organizer/" + organizer.Email + "/events", "/shadow/organizer/" + organizer.Email + "/events", "/shadow/organizer/" + organizer.Email + "/statistics"} {
		p.get(path, &answered)
	}
	for _, path := range []string{"/system/events", "/system/statistics"} {
		if err := p.asAdmin(path, &answered); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	p.Do("POST", "/organizer/events", `{"organizer":"`+organizer.Email+`"}`, "x-api-key", "local-key")
	p.administer("GET", organizer.Email, "")
	p.administer("DELETE", organizer.Email, "bulk")
	p.order(bought(somebody("buyer").Email, shopItem{ProductID: 1, Name: "Pro"}))

	p.update(p.next(func(e *imiptest.Event) { e.Start, e.End = e.Start.Add(time.Hour), e.End.Add(time.Hour) }))
	p.callOff(p.next(func(*imiptest.Event) {}))
	if a := p.Do("GET", "/_local/permissions", ""); a.Status != 200 || !strings.Contains(a.Body, `"denied"`) {
		t.Errorf("/_local/permissions: %d %s", a.Status, a.Body)
	}
}

// limits are reached by links and by a list.
func (p *party) limits() {
	p.t.Helper()
	p.uid = p.register(p.event)
	p.administer("PUT", p.event.Organizer.Email, "bulk")
	list := "uid,email\n"
	for range 5 {
		list += p.uid + "," + somebody("listed").Email + "\n"
	}
	p.endsIn(p.mailList(p.event.Organizer.Email, list), "ListSettled")
	for _, origin := range []string{"api", "vip"} {
		if a := p.link(p.uid, somebody("late").Email, "origin", origin); a.Status != 409 {
			p.t.Errorf("%s: %d %s", origin, a.Status, a.Body)
		}
	}
	another := p.event
	another.Key = "another"
	p.endsIn(p.request(another), "LimitReached")
}

// forwards has somebody answer with the invitation of the first guest.
func (p *party) forwards() imiptest.Address {
	p.t.Helper()
	friend := somebody("friend")
	raw, err := imiptest.ComposeReply(p.lastMail(p.guests[0]), imiptest.Reply{Client: imiptest.Gmail, Answer: imiptest.Accepted, At: time.Now(), As: friend})
	p.writes(friend.Email, raw, err)
	return friend
}

func (p *party) heldGuests() {
	p.t.Helper()
	*p = *p.party(p.event, 1)
	admitted, refused := p.forwards(), p.forwards()
	guests := p.leads(p.event.Organizer, "/guests/")
	p.opens(guests)
	p.presses(guests, "guest", admitted.Email, "choice", "admit")
	p.presses(guests, "guest", refused.Email, "choice", "refuse")
}

func (p *party) refusedGuest() {
	p.t.Helper()
	*p = *p.party(p.event, 1)
	p.sentOne(p.forwards())
}

func (s *system) sentOne(to imiptest.Address) {
	s.t.Helper()
	if n := s.sentTo(to.Email); n != 1 {
		s.t.Errorf("%d mails to %s", n, to.Email)
	}
}

// troubles are a guest who blocked the organizer by an other mail than the event's, one whose mail SES refuses, and an invitation that is on
// its way while the event changes.
func (p *party) troubles() {
	p.t.Helper()
	*p = *p.party(p.event, 4)
	blocks := func(who imiptest.Address) {
		p.unsubscribed(who.Email, unsubscribe, fmt.Appendf(nil, "From: %s\r\nSubject: unsubscribe %s\r\n\r\n\r\n", who.Email, p.event.Organizer.Email))
	}
	refuses := func(function string) {
		if err := p.Faults.Add(aws.Fault{Function: function, Action: "ses:SendEmail", Kind: "error:MessageRejected"}); err != nil {
			p.t.Fatal(err)
		}
	}
	blocks(p.guests[0])
	refuses("send-event-update")
	p.update(p.next(func(e *imiptest.Event) { e.Location = "Paris" }))

	p.fails(aws.Fault{Function: "send-event-invite", Action: "lambda:Invoke", Kind: "throttle"})
	late, answered := somebody("late"), make(chan int)
	go func() { answered <- p.link(p.uid, late.Email).Status }()
	p.Eventually("an invitation that waits", func() bool { return p.Faults.List()[1].Hits > 0 })
	p.update(p.next(func(e *imiptest.Event) { e.Location = "Rome" }))
	p.Faults.Clear()
	if status := <-answered; status != 302 || !bytes.Contains(p.lastMail(late), []byte("Rome")) {
		p.t.Errorf("%d: %s", status, p.lastMail(late))
	}

	blocks(p.guests[1])
	refuses("send-event-cancellation")
	p.callOff(p.next(func(*imiptest.Event) {}))
}

// largeFiles are a list, its results and a report, each too large for one request: their upload fails once, and is given up.
func (p *party) largeFiles() {
	organizer := p.event.Organizer
	p.t.Helper()
	p.uid = p.register(p.event)
	for _, function := range []string{"get-new-bulk-event-invites-from-email", "notify-organizer-of-bulk-invites", "get-event-attendee-report"} {
		if err := p.Faults.Add(aws.Fault{Function: function, Action: "s3:CompleteMultipartUpload", Kind: "error:InvalidPart"}); err != nil {
			p.t.Fatal(err)
		}
	}
	p.administer("PUT", organizer.Email, "bulk")
	var list strings.Builder
	list.WriteString("uid,email\n")
	for n := range 45_000 {
		fmt.Fprintf(&list, "%080d,guest%d@example.com\n", n%100, n)
	}
	p.endsIn(p.mailList(organizer.Email, list.String()), "ListSettled")
	p.downloads(p.leads(organizer, "/download/"))

	p.crowd(3000)
	before := p.sentTo(organizer.Email)
	p.get("/event/"+p.uid+"/report", new(json.RawMessage))
	p.WaitSent(organizer.Email, before+1)
	p.downloads(p.leads(organizer, "/download/"))
}
