package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/itip"
)

func testAmend(t *testing.T, w *World) {
	event := w.Create()
	w.Invite(event, bob)
	if _, err := w.Store.Attendee(w.ctx(), event.UID, "nobody@example.com"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("nobody: %v", err)
	}
	before := must(w.Store.Attendee(w.ctx(), event.UID, bob))(t)
	expect(t, "record", w.Attendee(event, bob), before)

	bounced := before
	bounced.Undeliverable = invite.HardBounce
	bounced.Bounce = &invite.Bounce{Type: "Permanent", Subtype: "General", Diagnostic: "550 5.1.1 no such user", At: 7, FeedbackID: "feedback-1"}
	amend := func(a invite.Attendee, change invite.Statistics, want error) {
		t.Helper()
		if err := w.Store.Amend(w.ctx(), a, change); !errors.Is(err, want) {
			t.Errorf("amend: %v, want %v", err, want)
		}
		w.Check()
	}
	amend(bounced, invite.Statistics{Bounced: 1}, nil)
	bounced.Version++
	expect(t, "amended", bounced, w.Attendee(event, bob))
	expect(t, "what Verify says", invite.ReasonUndeliverable, w.Invite(event, bob))
	amend(before, invite.Statistics{Bounced: 1}, invite.ErrEventChanged)

	delivered := bounced
	delivered.DeliveredAt = 8
	amend(delivered, invite.Statistics{}, nil)
	amend(delivered, invite.Statistics{}, invite.ErrEventChanged)
	w.Clock.Pass(time.Minute)
	w.Answer(w.Reply(event, bob, "ACCEPTED"))
	stale := delivered
	stale.Version++
	amend(stale, invite.Statistics{Bounced: -1}, invite.ErrEventChanged)
	forgiven := w.Attendee(event, bob)
	forgiven.Undeliverable = ""
	amend(forgiven, invite.Statistics{Bounced: -1}, nil)
	expect(t, "answers", answers{"accepted": 1}, w.RSVP(event))
}

func testBlocks(t *testing.T, w *World) {
	event := w.Create()
	w.Invite(event, bob)
	block := invite.Block{Attendee: bob, Organizer: ada, UID: event.UID, By: invite.ByComplaint, At: start.Unix()}
	reply := w.Reply(event, bob, "ACCEPTED")
	w.Clock.Pass(time.Minute)
	for _, step := range []struct{ on, changed bool }{{false, false}, {true, true}, {true, false}, {false, true}, {false, false}, {true, true}} {
		version := w.Attendee(event, bob).Version
		expect(t, "changed", step.changed, w.Block(block, step.on))
		expect(t, "blocked", step.on, must(w.Store.Blocked(w.ctx(), bob, organizer))(t))
		expect(t, "the other way round", false, must(w.Store.Blocked(w.ctx(), organizer, bob))(t))
		record := w.Attendee(event, bob)
		expect(t, "noted", step.on, record.Blocked)
		if changed := record.Version != version; changed != step.changed {
			t.Errorf("version %d after %d", record.Version, version)
		}
		w.Check()
	}
	expect(t, "who blocked may answer", invite.AnswerApplied, w.Answer(reply).Result)
	expect(t, "and stays noted", true, w.Attendee(event, bob).Blocked)
	w.Check()
	w.Block(block, false)
	expect(t, "answers", answers{"accepted": 1}, w.RSVP(event))
	w.Check()
}

// A block holds for the address, whichever event it came from and whichever undoes it; sums equal the records after each.
func testBlocksOfSeveralEvents(t *testing.T, w *World) {
	events := []invite.Event{w.Create(), w.Create("UID:2"), w.CreateAt("elsewhere", "UID:3")}
	for _, event := range events {
		w.Invite(event, bob)
	}
	uids := []string{events[0].UID, events[1].UID, events[2].UID, "", "nosuchevent"}
	organizers := map[string]invite.Organizer{events[2].UID: events[2].Owner()}
	of := func(uid string) invite.Block {
		o, elsewhere := organizers[uid]
		if !elsewhere {
			o = ada
		}
		return invite.Block{Attendee: bob, Organizer: o, UID: uid, By: invite.ByLink, At: start.Unix()}
	}
	for _, made := range uids {
		for _, undone := range uids {
			expect(t, "made", true, w.Block(of(made), true))
			w.Check()
			expect(t, "made again", false, w.Block(of(undone), true))
			for _, event := range events {
				expect(t, "noted at "+event.UID, event.UID == made, w.Attendee(event, bob).Blocked)
			}
			expect(t, "undone", true, w.Block(of(undone), false))
			w.Check()
			for _, event := range events {
				expect(t, "noted at "+event.UID, false, w.Attendee(event, bob).Blocked)
			}
		}
	}
}

func testBlocksConcurrently(t *testing.T, w *World) {
	events := []invite.Event{w.Create(), w.Create("UID:2")}
	for _, event := range events {
		w.Invite(event, bob)
	}
	var mu sync.Mutex
	changes := map[bool]int{}
	parallel(24, func(i int) {
		on := i%2 == 0
		block := invite.Block{Attendee: bob, Organizer: ada, UID: events[i/2%2].UID, By: invite.ByLink, At: start.Unix()}
		changed, err := w.Store.SetBlock(w.ctx(), block, on)
		if err != nil {
			t.Error(err)
		}
		if changed {
			mu.Lock()
			defer mu.Unlock()
			changes[on]++
		}
	})
	if stands := changes[true] - changes[false]; stands == 1 {
		w.blocks[blocked{bob, organizer}] = ada
	} else if stands != 0 {
		t.Errorf("made and undone: %v", changes)
	}
	w.Check()
	noted := 0
	for _, event := range events {
		if w.Attendee(event, bob).Blocked {
			noted++
		}
	}
	expect(t, "blocked", len(w.blocks) == 1, must(w.Store.Blocked(w.ctx(), bob, organizer))(t))
	if noted > len(w.blocks) { // who finds the block of a moment ago noted notes the new one nowhere
		t.Errorf("%d blocks, noted %d times", len(w.blocks), noted)
	}
}

func testStandings(t *testing.T, w *World) {
	set := func(kind invite.StandingKind, on bool, at int64) {
		t.Helper()
		if err := w.Store.SetStanding(w.ctx(), ada, kind, on, at); err != nil {
			t.Fatal(err)
		}
	}
	standings := func() invite.Standings { return must(w.Store.Standings(w.ctx(), ada))(t) }
	expect(t, "none", invite.Standings{}, standings())
	set(invite.Suspended, true, 5)
	set(invite.BulkAllowed, true, 6)
	set(invite.Subscription, true, 7)
	want := invite.Standings{Suspended: 5, Bulk: 6, Subscription: &invite.SubscriptionRecord{Created: 7}}
	expect(t, "all", want, standings())
	set(invite.Suspended, true, 8)
	expect(t, "the first moment stays", want, standings())
	set(invite.Subscription, false, 9)
	set(invite.Suspended, false, 9)
	set(invite.Suspended, false, 9)
	expect(t, "taken away", invite.Standings{Bulk: 6}, standings())
	set(invite.Suspended, true, 0)
	if standings().Suspended == 0 {
		t.Error("suspended at the moment 0 reads as not suspended")
	}
}

func testSubscribe(t *testing.T, w *World) {
	first := invite.SubscriptionRecord{Created: 5, Product: "Unlimited", ProductID: "42", Order: "#1001", OrderID: "820982911946154508", Purchaser: "buyer@example.com"}
	second := first
	second.Created, second.Order, second.OrderID = 6, "#1002", "820982911946154509"
	subscribe := func(r invite.SubscriptionRecord) *invite.SubscriptionRecord {
		t.Helper()
		return must(w.Store.Subscribe(w.ctx(), ada, r))(t)
	}
	var none *invite.SubscriptionRecord
	expect(t, "new", none, subscribe(first))
	expect(t, "told twice", none, subscribe(first))
	expect(t, "another order", &first, subscribe(second))
	expect(t, "on record", &first, must(w.Store.Standings(w.ctx(), ada))(t).Subscription)
	w.Reconfigure(func(c *invite.Config) { c.EventLimit = 1 })
	w.Create("UID:1")
	w.Create("UID:2")
	if err := w.Store.SetStanding(w.ctx(), ada, invite.Subscription, false, 7); err != nil {
		t.Fatal(err)
	}
	expect(t, "after it was taken away", none, subscribe(second))
	if err := w.Store.SetStanding(w.ctx(), ada, invite.Subscription, true, 8); err != nil {
		t.Fatal(err)
	}
	expect(t, "an admin's grant changes nothing", &second, must(w.Store.Standings(w.ctx(), ada))(t).Subscription)
}

func testProposals(t *testing.T, w *World) {
	event := w.Create()
	proposal := func(email, instance string, sequence int, dtstamp, at int64) invite.Proposal {
		return invite.Proposal{
			UID: event.UID, Email: email, RecurrenceID: instance, Start: 100, End: 200, Comment: fmt.Sprint("at ", at), Sequence: sequence, DTStamp: dtstamp, At: at,
			MessageID: fmt.Sprintf("mail-%d-%d-%d", sequence, dtstamp, at), State: invite.ProposalOpen,
		}
	}
	put := func(p invite.Proposal) {
		t.Helper()
		if err := w.Store.PutProposal(w.ctx(), p); err != nil {
			t.Fatal(err)
		}
	}
	kept := func() map[string]invite.Proposal {
		t.Helper()
		all := map[string]invite.Proposal{}
		for _, p := range pages(t, w.Store.Proposals, w, event.UID, 100) {
			all[p.Email+" "+p.RecurrenceID] = p
		}
		return all
	}
	first := proposal(bob, "", 0, 50, 60)
	for _, step := range []struct {
		name string
		put  invite.Proposal
		kept invite.Proposal
	}{
		{"first", first, first},
		{"older", proposal(bob, "", 0, 40, 70), first},
		{"the same moment, arrived earlier", proposal(bob, "", 0, 50, 59), first},
		{"the same moment, arrived later", proposal(bob, "", 0, 50, 61), proposal(bob, "", 0, 50, 61)},
		{"newer", proposal(bob, "", 0, 51, 62), proposal(bob, "", 0, 51, 62)},
		{"of a newer revision", proposal(bob, "", 1, 30, 63), proposal(bob, "", 1, 30, 63)},
		{"of the older revision", proposal(bob, "", 0, 99, 64), proposal(bob, "", 1, 30, 63)},
	} {
		put(step.put)
		expect(t, step.name, map[string]invite.Proposal{bob + " ": step.kept}, kept())
	}
	declined := proposal(bob, "", 1, 30, 63)
	declined.State, declined.Answered = invite.ProposalDeclined, 70
	put(declined)
	expect(t, "declined", declined, kept()[bob+" "])
	put(proposal(bob, "", 1, 30, 63))
	expect(t, "told again", declined, kept()[bob+" "])
	next := proposal(bob, "", 1, 31, 71)
	put(next)
	expect(t, "the next one", next, kept()[bob+" "])
	put(declined)
	expect(t, "the decision on the one before", next, kept()[bob+" "])

	strange := `2026"04#08` + string(make([]byte, 2000))
	put(proposal(bob, "20260408T090000Z", 0, 1, 1))
	put(proposal(bob, strange, 0, 1, 1))
	put(proposal(bob, "20260408", 0, 1, 1))
	put(proposal("bob@example.co", "20260408", 0, 1, 1))
	put(proposal("bob@example.com.au", "", 0, 1, 1))
	expect(t, "one per guest and instance", 6, len(kept()))
	for _, size := range []int{1, 2, 5, 6} {
		expect(t, fmt.Sprint("pages of ", size), 6, len(pages(t, w.Store.Proposals, w, event.UID, size)))
	}
	w.Invite(event, bob)
	w.Check()
}

// listing is a method of the store that lists what belongs to an event, or to a tenant.
type listing[T any] func(ctx context.Context, of, after string, limit int) (page []T, next string, err error)

// byOrganizer lists the events of one organizer.
func byOrganizer(store invite.Store, o invite.Organizer) listing[invite.Event] {
	return func(ctx context.Context, _, after string, limit int) ([]invite.Event, string, error) {
		return store.OrganizerEvents(ctx, o, after, limit)
	}
}

// pages reads a whole list in pages of a size; nothing may be there twice.
func pages[T any](t *testing.T, list listing[T], w *World, uid string, size int) (all []T) {
	t.Helper()
	for after := ""; ; {
		page, next, err := list(w.ctx(), uid, after, size)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) > size {
			t.Errorf("%d on a page of %d", len(page), size)
		}
		all = append(all, page...)
		if after = next; after == "" {
			return all
		}
	}
}

func testGuests(t *testing.T, w *World) {
	event := w.Create()
	guest := func(email, partStat string, dtstamp, updated int64, state invite.GuestState) invite.Guest {
		return invite.Guest{
			UID: event.UID, Email: email, Name: "Guest", State: state, Updated: updated,
			Reply: invite.Reply{UID: event.UID, Attendee: email, PartStat: partStat, DTStamp: dtstamp, MessageID: fmt.Sprint("mail-", dtstamp, partStat)},
		}
	}
	put := func(g invite.Guest) {
		t.Helper()
		if err := w.Store.PutGuest(w.ctx(), g); err != nil {
			t.Fatal(err)
		}
	}
	held, refused := guest(bob, "ACCEPTED", 50, 60, invite.GuestHeld), guest(bob, "ACCEPTED", 50, 70, invite.GuestRefused)
	again := guest(bob, "ACCEPTED", 50, 80, invite.GuestHeld)
	for _, step := range []struct {
		name      string
		put, kept invite.Guest
	}{
		{"held", held, held},
		{"an older answer", guest(bob, "DECLINED", 40, 61, invite.GuestHeld), held},
		{"refused", refused, refused},
		{"told again", again, refused},
		{"admitted after all", guest(bob, "ACCEPTED", 50, 90, invite.GuestAdmitted), guest(bob, "ACCEPTED", 50, 90, invite.GuestAdmitted)},
		{"another answer of the same second", guest(bob, "TENTATIVE", 50, 91, invite.GuestHeld), guest(bob, "TENTATIVE", 50, 91, invite.GuestHeld)},
		{"a newer answer", guest(bob, "DECLINED", 51, 92, invite.GuestHeld), guest(bob, "DECLINED", 51, 92, invite.GuestHeld)},
	} {
		put(step.put)
		expect(t, step.name, []invite.Guest{step.kept}, pages(t, w.Store.Guests, w, event.UID, 10))
	}
	for i := range 5 {
		put(guest(fmt.Sprintf("guest%d@example.com", i), "ACCEPTED", 1, 1, invite.GuestHeld))
	}
	for _, size := range []int{1, 2, 6, 7} {
		expect(t, fmt.Sprint("pages of ", size), 6, len(pages(t, w.Store.Guests, w, event.UID, size)))
	}
	expect(t, "another event's", 0, len(pages(t, w.Store.Guests, w, w.Create("UID:2").UID, 10)))
	w.Check()
}

func testEventLists(t *testing.T, w *World) {
	var mine, all []string // newest first
	for i := range 12 {
		w.Clock.Pass(time.Duration(i%3) * time.Minute) // some at the same moment
		tenant := []string{invite.DefaultTenant, "elsewhere"}[i%4/3]
		event := w.CreateAt(tenant, fmt.Sprint("UID:", i))
		if tenant == invite.DefaultTenant {
			mine = append([]string{event.UID}, mine...)
		}
	}
	foreign := must(w.Service.CreateEvent(w.ctx(), w.Request("bob@organizer.example", Meeting("UID:x"))))(t)
	all = append([]string{foreign.Event.UID}, mine...)
	for _, size := range []int{1, 2, 4, 9, 10, 50} {
		check := func(what string, want []string, got []invite.Event) {
			t.Helper()
			seen := map[string]bool{}
			for i, event := range got {
				seen[event.UID] = true
				if i > 0 && event.LastModified > got[i-1].LastModified {
					t.Errorf("%s: %s comes after an older event", what, event.UID)
				}
			}
			for _, uid := range want {
				if !seen[uid] {
					t.Errorf("%s: %s is missing", what, uid)
				}
			}
			expect(t, what, len(want), len(got))
		}
		check(fmt.Sprint("organizer, pages of ", size), mine, pages(t, byOrganizer(w.Store, ada), w, "", size))
		check(fmt.Sprint("tenant, pages of ", size), all, pages(t, w.Store.SystemEvents, w, invite.DefaultTenant, size))
		check(fmt.Sprint("another tenant, pages of ", size), make([]string, 0), pages(t, w.Store.SystemEvents, w, "nosuch", size))
		if got := pages(t, byOrganizer(w.Store, invite.Organizer{Tenant: "elsewhere", Email: organizer}), w, "", size); len(got) != 3 {
			t.Errorf("the organizer elsewhere, pages of %d: %d events", size, len(got))
		}
	}
	shown := pages(t, byOrganizer(w.Store, ada), w, "", 50)[0]
	expect(t, "what the list shows", []any{"Planning", "Ada Ng", invite.StatusConfirmed, organizer, int64(1775034000)}, []any{shown.SummaryHTML, shown.Organizer, shown.Status, shown.MailTo, shown.DTStart})

	page, next, err := w.Store.OrganizerEvents(w.ctx(), ada, "", 3)
	if err != nil || len(page) != 3 || next == "" {
		t.Fatal(page, next, err)
	}
	w.Clock.Pass(time.Hour) // the event at the position moves to the front
	request := w.Request(organizer, Meeting("UID:"+w.Event(page[2].UID).OriginalUID, "SUMMARY:New", "DTSTAMP:20260303T120000Z"))
	must(w.Service.UpdateEvent(w.ctx(), page[2].UID, request))(t)
	rest, _, err := w.Store.OrganizerEvents(w.ctx(), ada, next, 50)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "after a position that moved", len(mine)-3, len(rest))
	for _, bad := range []string{"x", "1", "1.", "1.a#b", ".abc"} {
		if _, _, err := w.Store.OrganizerEvents(w.ctx(), ada, bad, 3); fault.KindOf(err) != fault.InvalidRequest {
			t.Errorf("position %q: %v", bad, err)
		}
	}

	// What the list holds of an event says whether it is over.
	w.Clock.Pass(time.Hour)
	w.Create("UID:day", "DTSTART;VALUE=DATE:20260401", "DTEND;VALUE=DATE:20260402")
	w.Clock.Pass(time.Hour)
	w.Create("UID:floating", "DTSTART:20260401T090000", "DTEND:20260401T100000")
	listed := pages(t, byOrganizer(w.Store, ada), w, "", 50)
	for i, event := range []invite.Event{w.Event(listed[0].UID), w.Event(listed[1].UID)} {
		for _, at := range []time.Time{start, time.Unix(event.Ends, 0).Add(11 * time.Hour), time.Unix(event.Ends, 0).Add(13 * time.Hour)} {
			expect(t, fmt.Sprint("whether listed event ", i, " is over at ", at), event.Over(at), listed[i].Over(at))
		}
	}
}

// One address is another organizer at each tenant. Some of these names are made to be taken for others, or for shards.
func testTenants(t *testing.T, w *World) {
	w.Reconfigure(func(c *invite.Config) { c.EventLimit = 1 })
	names := []string{invite.DefaultTenant, "a", "ab", "a-b", "a.1", "1", "3", "~3", "a.b", "b$"}
	events := map[string]invite.Event{}
	for i, tenant := range names {
		event := w.CreateAt(tenant)
		events[tenant] = event
		owner := invite.Organizer{Tenant: tenant, Email: organizer}
		expect(t, "looked up at "+tenant, event.UID, must(w.Store.LookUp(w.ctx(), owner, event.OriginalUID))(t))
		w.InviteBatch(w.Batch(event, "bulk", guests("guest", i+1)...))
		for n, email := range guests("guest", i+1) {
			expect(t, "invited by another tenant's event", 1, w.Attendee(event, email).Generation)
			if n%2 == 0 {
				reply := w.Reply(event, email, "ACCEPTED")
				reply.ProdID = "Calendar of " + tenant
				w.Answer(reply)
			}
		}
		for _, kind := range []invite.StandingKind{invite.Subscription, invite.Suspended, invite.BulkAllowed} {
			if err := w.Store.SetStanding(w.ctx(), owner, kind, true, int64(i+1)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, event := range events {
		w.Check()
		second := w.Request(organizer, Meeting("UID:2"))
		second.Tenant = event.Tenant
		expect(t, "a standing of each", invite.ResultSuspended, must(w.Service.CreateEvent(w.ctx(), second))(t).Result)
		if err := w.Store.SetStanding(w.ctx(), event.Owner(), invite.Suspended, false, 0); err != nil {
			t.Fatal(err)
		}
		if err := w.Store.SetStanding(w.ctx(), event.Owner(), invite.Subscription, false, 0); err != nil {
			t.Fatal(err)
		}
		expect(t, "a limit of each", invite.ResultLimitReached, must(w.Service.CreateEvent(w.ctx(), second))(t).Result)
		expect(t, "standings", event.Tenant, names[must(w.Store.Standings(w.ctx(), event.Owner()))(t).Bulk-1])
	}
	expect(t, "no name is the default one's", "", must(w.Store.LookUp(w.ctx(), invite.Organizer{Tenant: "nosuch", Email: organizer}, events["a"].OriginalUID))(t))
	expect(t, "of all tenants", 10, len(must(w.Store.LookUpAny(w.ctx(), events["a"].OriginalUID))(t)))
	unnamed := must(w.Store.OrganizerStatistics(w.ctx(), invite.Organizer{Email: organizer}))(t)
	expect(t, "no name reads as the default", must(w.Store.OrganizerStatistics(w.ctx(), ada))(t), unnamed)
	w.Block(invite.Block{Attendee: "guest0@example.com", Organizer: events["a"].Owner(), UID: events["a"].UID, By: invite.ByLink, At: 1}, true)
	expect(t, "a block holds everywhere", invite.ReasonBlocked, w.Invite(events["ab"], "guest0@example.com"))
	expect(t, "status", itip.NoAction, w.Attendee(events["ab"], "guest1@example.com").StatusAt(events["ab"]))
	w.Check()
}
