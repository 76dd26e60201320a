package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

const bob = "bob@example.com"

func testVerify(t *testing.T, w *World) {
	event := w.Create()
	past := w.Create("UID:2", "DTSTART:20260201T090000Z", "DTEND:20260201T100000Z")
	series := w.Create("UID:3", "DTSTART:20260201T090000Z", "DTEND:20260201T100000Z", "RRULE:FREQ=DAILY")
	ended := w.Create("UID:4", "DTSTART:20260201T090000Z", "DTEND:20260201T100000Z", "RRULE:FREQ=DAILY;COUNT=3")
	w.Block(invite.Block{Attendee: "blocker@example.com", Organizer: ada, By: invite.ByLink, At: start.Unix()}, true)
	verify := func(r invite.InviteRequest) string {
		t.Helper()
		r.ID = "r"
		verification := must(w.Service.Verify(w.ctx(), r))(t)
		if verification.Verified == (verification.Reason != "") {
			t.Errorf("verified %v with reason %q", verification.Verified, verification.Reason)
		}
		return verification.Reason
	}
	for _, test := range []struct {
		name, reason string
		request      invite.InviteRequest
	}{
		{"good", "", invite.InviteRequest{UID: event.UID, Email: " Bob@Example.com "}},
		{"unknown event", invite.ReasonUnknownEvent, invite.InviteRequest{UID: "0123456789", Email: bob}},
		{"bad uid", invite.ReasonBadUID, invite.InviteRequest{UID: "a#b", Email: bob}},
		{"bad address", invite.ReasonBadAddress, invite.InviteRequest{UID: event.UID, Email: "bob"}},
		{"unknown origin", invite.ReasonUnknownOrigin, invite.InviteRequest{UID: event.UID, Email: bob, Origin: "spam"}},
		{"over", invite.ReasonEventOver, invite.InviteRequest{UID: past.UID, Email: bob}},
		{"a series goes on", "", invite.InviteRequest{UID: series.UID, Email: bob}},
		{"a series that is over", invite.ReasonEventOver, invite.InviteRequest{UID: ended.UID, Email: bob}},
		{"own mailbox", invite.ReasonOwnAddress, invite.InviteRequest{UID: event.UID, Email: "rsvp+tag@cis.example"}},
		{"the organizer", invite.ReasonOrganizer, invite.InviteRequest{UID: event.UID, Email: organizer}},
		{"blocked", invite.ReasonBlocked, invite.InviteRequest{UID: event.UID, Email: "blocker@example.com"}},
		{"bulk without permission", invite.ReasonNoBulk, invite.InviteRequest{UID: event.UID, Email: bob, Origin: invite.OriginBulk}},
		{"vip without permission", invite.ReasonNoBulk, invite.InviteRequest{UID: event.UID, Email: bob, Origin: invite.OriginVIP}},
	} {
		for _, process := range []string{"cold", "warm"} { // a process that has seen the event reads it another way
			if process == "cold" {
				w.Reconfigure(func(*invite.Config) {})
			}
			if got := verify(test.request); got != test.reason {
				t.Errorf("%s (%s): %q, want %q", test.name, process, got, test.reason)
			}
		}
	}
	if err := w.Store.SetStanding(w.ctx(), ada, invite.BulkAllowed, true, start.Unix()); err != nil {
		t.Fatal(err)
	}
	expect(t, "bulk with permission", "", verify(invite.InviteRequest{UID: event.UID, Email: bob, Origin: invite.OriginBulk}))
	w.Block(invite.Block{Attendee: "blocker@example.com", Organizer: ada, By: invite.ByLink, At: start.Unix()}, false)
	expect(t, "block undone", "", verify(invite.InviteRequest{UID: event.UID, Email: "blocker@example.com"}))
	expect(t, "nothing sent", 0, len(w.Mails.Sent))
}

func testLinkCaps(t *testing.T, w *World) {
	w.Reconfigure(func(c *invite.Config) { c.LinkAddressCap, c.LinkSourceCap = 2, 4 })
	var events []invite.Event
	for i := range 4 {
		events = append(events, w.Create(fmt.Sprintf("UID:%d", i)))
	}
	link := func(e invite.Event, email, source string) string {
		return w.InviteAs(invite.InviteRequest{ID: w.mailID(), UID: e.UID, Email: email, SourceIP: source})
	}
	expect(t, "1", invite.SentNow, link(events[0], bob, "192.0.2.1"))
	expect(t, "2", invite.SentNow, link(events[1], bob, "192.0.2.2"))
	expect(t, "too many to one address", invite.ReasonAddressCap, link(events[2], bob, "192.0.2.3"))
	expect(t, "too many to one mailbox", invite.ReasonAddressCap, link(events[2], "bob+label@example.com", "192.0.2.3"))
	signed := invite.InviteRequest{ID: w.mailID(), UID: events[2].UID, Email: bob, SourceIP: "192.0.2.3", Signed: true}
	expect(t, "a signed link", invite.SentNow, w.InviteAs(signed))
	for i := range 4 {
		expect(t, "one household", invite.SentNow, link(events[0], fmt.Sprintf("guest%d@example.com", i), fmt.Sprintf("2001:db8::%d", i)))
	}
	expect(t, "too many from one source", invite.ReasonSourceCap, link(events[0], "guest5@example.com", "2001:db8::99"))
	w.Clock.Pass(time.Hour)
	expect(t, "an hour later", invite.SentNow, link(events[3], bob, "2001:db8::1"))

	// The transaction refuses too: whoever verified before the cap was reached does not pass.
	again := invite.InviteRequest{UID: events[2].UID, Email: "eve@example.com", SourceIP: "192.0.2.9"}
	verified := must(w.Service.Verify(w.ctx(), again))(t)
	link(events[0], "eve@example.com", "192.0.2.9")
	link(events[1], "eve@example.com", "192.0.2.9")
	sent := must(w.Service.Send(w.ctx(), verified.Request, verified.Event))(t)
	expect(t, "send", invite.Sent{Result: invite.SentCapped, Reason: invite.ReasonAddressCap}, sent)
	w.Check()
}

func testSend(t *testing.T, w *World) {
	event := w.Create()
	request := invite.InviteRequest{ID: "request-1", UID: event.UID, Email: bob, Name: "Bob", Origin: "webform"}
	verified := must(w.Service.Verify(w.ctx(), request))(t)
	sent := must(w.Service.Send(w.ctx(), verified.Request, verified.Event))(t)
	expect(t, "sent", invite.Sent{Result: invite.SentNow, SESMessageID: "ses-1", Generation: 1}, sent)
	expect(t, "sent again", sent, must(w.Service.Send(w.ctx(), verified.Request, verified.Event))(t))
	expect(t, "mails", 1, len(w.Mails.To(bob)))
	expect(t, "another request", invite.SentAlready, w.Invite(event, "BOB@example.com"))
	record := w.Attendee(event, bob)
	expect(t, "origin", "webform", record.Origin)
	expect(t, "name", "Bob", record.Name)
	expect(t, "delivery", invite.DeliverySent, record.Delivery)
	expect(t, "SES id", "ses-1", record.SESMessageID)
	_, counts, err := w.Store.Statistics(w.ctx(), event.UID)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "origins", map[string]int{"webform": 1}, counts.Origin)
	expect(t, "invitations", 1, counts.Invites)
	w.Check()
}

func testSendAfterCrash(t *testing.T, w *World) {
	event := w.Create()
	request := invite.InviteRequest{ID: "request-1", UID: event.UID, Email: bob}
	send := func(r invite.InviteRequest) (invite.Sent, error) {
		verified := must(w.Service.Verify(w.ctx(), r))(t)
		return w.Service.Send(w.ctx(), verified.Request, verified.Event)
	}
	for _, left := range []bool{false, true} { // dead before SES took it, and after
		w.Mails.Fail = func(invite.Outgoing) (bool, error) {
			return left, fault.Wrap(fault.Unavailable, "test", errors.New("gone"))
		}
		if _, err := send(request); fault.KindOf(err) != fault.Unavailable {
			t.Fatalf("the failure is lost: %v", err)
		}
		expect(t, "delivery", invite.DeliveryQueued, w.Attendee(event, bob).Delivery)
	}
	w.Mails.Fail = nil
	expect(t, "another request must not send it too", invite.SentAlready, w.Invite(event, bob))
	w.Clock.Pass(time.Minute)
	sent, err := send(request)
	if err != nil || sent.Result != invite.SentNow {
		t.Fatalf("the same request again: %v %v", sent, err)
	}
	mails := w.Mails.To(bob)
	expect(t, "mails", 2, len(mails))
	if diff := cmp.Diff(mails[0].Raw, mails[1].Raw); diff != "" {
		t.Errorf("a retried send is not the same bytes:\n%s", diff)
	}
	w.Check()

	w.Mails.Fail = func(invite.Outgoing) (bool, error) {
		return false, fault.Wrap(fault.Unavailable, "test", errors.New("gone"))
	}
	if _, err := send(invite.InviteRequest{ID: "request-2", UID: event.UID, Email: "eve@example.com"}); err == nil {
		t.Fatal("no failure")
	}
	w.Mails.Fail = nil
	w.Clock.Pass(10 * time.Minute)
	expect(t, "a later request takes over", invite.SentNow, w.Invite(event, "eve@example.com"))
	expect(t, "mails", 1, len(w.Mails.To("eve@example.com")))
	_, counts, err := w.Store.Statistics(w.ctx(), event.UID)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "invitations", 2, counts.Invites)
	w.Check()
}

func testSendConcurrently(t *testing.T, w *World) {
	event := w.Create()
	var mu sync.Mutex
	results := map[string]int{}
	parallel(40, func(i int) {
		result := w.Invite(event, fmt.Sprintf("guest%d@example.com", i%10))
		mu.Lock()
		defer mu.Unlock()
		results[result]++
	})
	expect(t, "results", map[string]int{invite.SentNow: 10, invite.SentAlready: 30}, results)
	expect(t, "mails", 10, len(w.Mails.Sent))
	expect(t, "answers", answers{noAnswer: 10}, w.RSVP(event))
	w.Check()
}

func testInviteLimit(t *testing.T, w *World) {
	w.Reconfigure(func(c *invite.Config) { c.EventInviteLimit = 11 })
	event := w.Create()
	expect(t, "limit", 11, event.InviteLimit)
	for i := range 11 {
		expect(t, "within the limit", invite.SentNow, w.Invite(event, fmt.Sprintf("guest%d@example.com", i)))
	}
	expect(t, "over the limit", invite.SentLimitReached, w.Invite(event, bob))
	expect(t, "known guest", invite.SentAlready, w.Invite(event, "guest0@example.com"))
	if err := w.Store.SetStanding(w.ctx(), ada, invite.BulkAllowed, true, 0); err != nil {
		t.Fatal(err)
	}
	expect(t, "bulk", invite.ReasonInviteLimit, w.InviteAs(invite.InviteRequest{ID: "b", UID: event.UID, Email: bob, Origin: invite.OriginBulk}))
	expect(t, "mails", 11, len(w.Mails.Sent))
	w.Check()
}

func testInviteLimitConcurrently(t *testing.T, w *World) {
	w.Reconfigure(func(c *invite.Config) { c.EventInviteLimit = 13 })
	event := w.Create()
	var mu sync.Mutex
	results := map[string]int{}
	parallel(30, func(i int) {
		result := w.Invite(event, fmt.Sprintf("guest%d@example.com", i))
		mu.Lock()
		defer mu.Unlock()
		results[result]++
	})
	expect(t, "results", map[string]int{invite.SentNow: 13, invite.SentLimitReached: 17}, results)
	expect(t, "mails", 13, len(w.Mails.Sent))
	w.Check()
}

func testInviteAgain(t *testing.T, w *World) {
	event := w.Create()
	w.Invite(event, bob)
	w.Clock.Pass(time.Minute)
	w.Answer(w.Reply(event, bob, "DECLINED"))
	old := w.Reply(event, bob, "DECLINED")
	expect(t, "after a decline", invite.SentNow, w.Invite(event, bob))
	record := w.Attendee(event, bob)
	expect(t, "generation", 2, record.Generation)
	expect(t, "answers", answers{noAnswer: 1}, w.RSVP(event))
	expect(t, "history", 1, len(record.History))
	if mails := w.Mails.To(bob); len(mails) != 2 || cmp.Equal(mails[0].Raw, mails[1].Raw) {
		t.Error("inviting again after a decline must be another invitation")
	}
	w.Clock.Pass(time.Minute)
	old.DTStamp = w.Clock.Now().Unix()
	expect(t, "an answer to the first invitation", invite.AnswerStale, w.Answer(old).Result)
	expect(t, "an answer to the second", invite.AnswerApplied, w.Answer(w.Reply(event, bob, "ACCEPTED")).Result)
	expect(t, "no reason to invite again", invite.SentAlready, w.Invite(event, bob))
	test := invite.InviteRequest{ID: "t1", UID: event.UID, Email: bob, Origin: invite.OriginTest}
	expect(t, "test sends again", invite.SentNow, w.InviteAs(test))
	expect(t, "once per request", invite.SentNow, w.InviteAs(test))
	expect(t, "mails", 3, len(w.Mails.To(bob)))
	expect(t, "the answer stands", answers{"accepted": 1}, w.RSVP(event))
	w.Check()
}

func testSendRevised(t *testing.T, w *World) {
	event := w.Create()
	verified := must(w.Service.Verify(w.ctx(), invite.InviteRequest{ID: "1", UID: event.UID, Email: bob}))(t)
	must(w.Service.UpdateEvent(w.ctx(), event.UID, w.Request(organizer, Meeting("SEQUENCE:1", "DTSTART:20260401T080000Z"))))(t)
	expect(t, "revised in between", invite.SentNow, must(w.Service.Send(w.ctx(), verified.Request, verified.Event))(t).Result)
	expect(t, "the revision that was sent", 1, w.Attendee(event, bob).SentSequence)

	verified = must(w.Service.Verify(w.ctx(), invite.InviteRequest{ID: "2", UID: event.UID, Email: "eve@example.com"}))(t)
	must(w.Service.CancelEvent(w.ctx(), event.UID, w.Request(organizer, Meeting("METHOD:CANCEL", "SEQUENCE:2"))))(t)
	sent := must(w.Service.Send(w.ctx(), verified.Request, verified.Event))(t)
	expect(t, "cancelled in between", invite.Sent{Result: invite.SentRefused, Reason: invite.ReasonEventCancelled}, sent)
	expect(t, "mails", 0, len(w.Mails.To("eve@example.com")))
	w.Check()
}

func testLimitNote(t *testing.T, w *World) {
	event := w.Create()
	for _, step := range []struct {
		request string
		first   bool
	}{{"a", true}, {"a", true}, {"b", false}, {"a", true}} {
		expect(t, step.request, step.first, must(w.Service.NoteInviteLimitReached(w.ctx(), event.UID, step.request))(t))
	}
	if w.Event(event.UID).InviteLimitNotification == 0 {
		t.Error("the notification is not on record")
	}
	if _, err := w.Service.NoteInviteLimitReached(w.ctx(), "nosuchevent", "a"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("no event: %v", err)
	}
}

func testPages(t *testing.T, w *World) {
	event := w.Create()
	for _, email := range []string{"~tilde@example.com", "a@example.com", "a.b@example.com", "a-b@example.com", "zoe@example.com"} {
		expect(t, email, invite.SentNow, w.Invite(event, email))
	}
	for _, size := range []int{1, 2, 5, 100} {
		seen, pages := map[string]int{}, 0
		for after := ""; ; {
			page, next, err := w.Store.Attendees(w.ctx(), event.UID, after, size)
			if err != nil {
				t.Fatal(err)
			}
			pages++
			for _, attendee := range page {
				seen[attendee.Email]++
			}
			if after = next; after == "" {
				break
			}
		}
		expect(t, fmt.Sprint("pages of ", size), map[string]int{"~tilde@example.com": 1, "a@example.com": 1, "a.b@example.com": 1, "a-b@example.com": 1, "zoe@example.com": 1}, seen)
		expect(t, fmt.Sprint("how many pages of ", size), (len(seen)+size-1)/size, pages) // and none is empty
	}
}
