package invite_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/fact"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/itip"
)

// list is a batch of the people, all invited to the event.
func list(id string, e invite.Event, emails ...string) invite.BatchRequest {
	b := invite.BatchRequest{ID: id, Owner: owner}
	for i, email := range emails {
		b.Items = append(b.Items, invite.BatchItem{Row: i + 2, UID: e.UID, Email: email})
	}
	return b
}

// guests are n addresses.
func guests(n int) (emails []string) {
	for i := range n {
		emails = append(emails, fmt.Sprintf("guest%02d@example.com", i))
	}
	return emails
}

func (w *world) send(b invite.BatchRequest) []invite.SentRow {
	w.t.Helper()
	sent, err := w.Service.SendBatch(w.t.Context(), b)
	if err != nil {
		w.t.Fatal(err)
	}
	return sent.Results
}

// words are the rows as result and reason.
func words(rows []invite.SentRow) (list []string) {
	for _, row := range rows {
		list = append(list, strings.TrimSpace(string(row.Result)+" "+row.Reason))
	}
	return list
}

// 89 people cost 2 reads, 1 transaction, 89 mails, 4 marks and 1 PutEvents.
func TestSendBatchCalls(t *testing.T) {
	w := newWorld(t)
	w.allowBulk()
	event := w.Create()
	w.calls.take()
	w.facts.take()
	told := w.facts.calls
	for range 2 { // in a process that never saw the event, and in one that did
		rows := w.send(list("bulk-1", event, guests(invite.MaxBatch)...))
		for i, row := range rows {
			if row.Result != invite.RowSent || row.Row != i+2 || row.SESMessageID == "" {
				t.Fatalf("row %d: %+v", i, row)
			}
		}
	}
	expect(t, "mails", invite.MaxBatch, w.mails.tried)
	expect(t, "calls", map[string]int{"BatchGetItem": 4, "TransactWriteItems": 1, "BatchExecuteStatement": 4}, w.calls.take())
	expect(t, "publications", told+2, w.facts.calls)
	facts := w.facts.take()
	expect(t, "facts", []string{"invite.sent", "invite.sent"}, typesOf(facts))
	expect(t, "told again", facts[0], facts[1])
	expect(t, "told of", invite.MaxBatch, len(facts[0].Data.(fact.Invites).Invites))
	w.Check()
}

func TestSendBatchVerdicts(t *testing.T) {
	w := newWorld(t)
	w.allowBulk()
	other := w.Create("UID:cancelled@organizer.example")
	w.cancel(other, "UID:cancelled@organizer.example")
	over := w.Create("UID:over@organizer.example", "DTSTART:20260101T090000Z", "DTEND:20260101T100000Z")
	event := w.Create()
	foreign := w.CreateAt("acme", "UID:foreign@organizer.example") // the same person at another tenant is another organizer
	w.Block(invite.Block{Attendee: "blocker@example.com", Organizer: owner, By: invite.ByLink, At: 1}, true)
	w.Invite(event, "invited@example.com")
	w.Invite(event, "decliner@example.com")
	w.Answer(w.Reply(event, "decliner@example.com", "DECLINED"))
	w.Invite(event, "bounced@example.com")
	bounce := invite.Feedback{Kind: invite.FeedbackBounce, UID: event.UID, Email: "bounced@example.com", Type: "Permanent", FeedbackID: "f1", At: 5}
	if _, err := w.Service.RecordFeedback(t.Context(), bounce); err != nil {
		t.Fatal(err)
	}
	forwarded := w.Reply(event, "invited@example.com", "ACCEPTED")
	forwarded.Attendee, forwarded.From = "friend@example.com", "friend@example.com"
	w.Answer(forwarded)
	w.mails.take(t)
	w.facts.take()

	b := list("bulk-1", event,
		"no address", "Fresh@Example.com", "fresh@example.com", "blocker@example.com", "invited@example.com", "decliner@example.com",
		"bounced@example.com", "friend@example.com", ada, "rsvp@cis.example")
	for i, uid := range []string{"not a uid", "unknown", other.UID, over.UID, foreign.UID} {
		b.Items = append(b.Items, invite.BatchItem{Row: 100 + i, UID: uid, Email: "fresh@example.com"})
	}
	want := []string{
		"invalid bad-address", "sent", "invalid duplicate", "blocked blocked", "already", "already",
		"invalid undeliverable", "sent", "invalid organizer", "invalid own-address",
		"invalid bad-uid", "invalid unknown-event", "invalid event-cancelled", "invalid event-over", "invalid unknown-event",
	}
	first := w.send(b)
	expect(t, "results", want, words(first))
	expect(t, "mails", []string{"fresh@example.com REQUEST seq=0 NEEDS-ACTION CONFIRMED", "friend@example.com REQUEST seq=0 ACCEPTED CONFIRMED"}, w.mails.take(t))
	facts := w.facts.take()
	expect(t, "facts", []string{"invite.sent", "invite.refused", "invite.refused", "invite.refused"}, typesOf(facts))

	expect(t, "results again", first, w.send(b))
	expect(t, "mails again", []string{}, w.mails.take(t))
	expect(t, "facts again", idsOf(facts), idsOf(w.facts.take()))
	w.Check()

	friend := w.Attendee(event, "friend@example.com")
	if friend.Status != itip.Accepted || friend.Generation != 1 || friend.Delivery != invite.DeliverySent || friend.Via != "invited@example.com" {
		t.Errorf("%+v", friend)
	}
}

// Without the permission nobody is invited.
func TestSendBatchWithoutPermission(t *testing.T) {
	w := newWorld(t)
	event := w.Create()
	expect(t, "without", []string{"invalid no-bulk-permission"}, words(w.send(list("bulk-1", event, "bob@example.com"))))
	w.allowBulk()
	if err := w.Store.SetStanding(t.Context(), owner, invite.Suspended, true, 1); err != nil {
		t.Fatal(err)
	}
	expect(t, "suspended", []string{"invalid suspended"}, words(w.send(list("bulk-1", event, "bob@example.com"))))
}

// The rows that come first in the list get what is left of the limit; the same list later gets no more.
func TestSendBatchLimit(t *testing.T) {
	w := newWorld(t)
	w.allowBulk()
	w.Config.EventInviteLimit = 3
	w.restart()
	event := w.Create()
	w.Invite(event, "guest01@example.com")
	want := []string{"sent", "already", "sent", "limit invite-limit", "limit invite-limit"}
	for range 2 {
		expect(t, "results", want, words(w.send(list("bulk-1", event, guests(5)...))))
	}
	expect(t, "mails", 3, w.mails.tried)
	w.Check()
}

// A queued record of another request is left alone for a while, then taken over, and is not counted again.
func TestSendBatchTakesOver(t *testing.T) {
	w := newWorld(t)
	w.allowBulk()
	event := w.Create()
	w.mails.fail = func(int, invite.Outgoing) error { return fault.New(fault.Internal, "ses-account", "") }
	if _, err := w.Service.SendBatch(t.Context(), list("dead", event, "bob@example.com")); fault.KindOf(err) != fault.Internal {
		t.Fatal(err)
	}
	w.mails.fail = nil
	expect(t, "at once", []string{"already"}, words(w.send(list("bulk-2", event, "bob@example.com"))))
	w.Clock.Pass(10 * time.Minute)
	expect(t, "later", []string{"sent"}, words(w.send(list("bulk-2", event, "bob@example.com"))))
	expect(t, "its own list", []string{"already"}, words(w.send(list("dead", event, "bob@example.com"))))
	_, counts, err := w.Store.Statistics(t.Context(), event.UID)
	if err != nil || counts.Invites != 1 {
		t.Errorf("%d invitations counted, %v", counts.Invites, err)
	}
	w.Check()
}

// Whom SES does not send to yet, as in its sandbox, waits; everybody else gets the mail.
func TestSendBatchNotVerified(t *testing.T) {
	w := newWorld(t)
	w.allowBulk()
	event := w.Create()
	people := guests(40)
	unverified := map[string]bool{}
	for _, email := range people[:12] {
		unverified[email] = true
	}
	w.mails.fail = func(_ int, mail invite.Outgoing) error {
		if unverified[mail.To] {
			return fault.New(fault.Internal, invite.ReasonNotVerified, "")
		}
		return nil
	}
	if _, err := w.Service.SendBatch(t.Context(), list("bulk-1", event, people...)); fault.ReasonOf(err) != invite.ReasonNotVerified {
		t.Errorf("somebody remains unsent: %v", err)
	}
	expect(t, "mails", 28, len(w.mails.take(t)))
	if a := w.Attendee(event, people[0]); a.Delivery != invite.DeliveryQueued || a.Undeliverable != "" {
		t.Errorf("%+v", a)
	}
	clear(unverified)
	w.send(list("bulk-1", event, people...))
	expect(t, "mails to those who waited", 12, len(w.mails.take(t)))
	w.Check()
}

// Whatever stops a batch, the same batch again sends only what was not sent, and tells each thing under one ID.
func TestSendBatchAgain(t *testing.T) {
	down := errors.New("down")
	for _, test := range []struct {
		name  string
		fail  func(w *world)
		tries int // mails handed over in all
	}{
		{"sending stops", func(w *world) {
			w.mails.fail = func(try int, _ invite.Outgoing) error {
				if try > 20 {
					return fault.Wrap(fault.Internal, "ses-account", down)
				}
				return nil
			}
		}, -1},
		{"telling fails", func(w *world) { w.facts.fail = fault.Wrap(fault.Unavailable, "event-bus", down) }, 40},
		{"throttled for a while", func(w *world) {
			w.mails.fail = func(try int, _ invite.Outgoing) error {
				if try > 10 && try < 14 {
					return fault.Wrap(fault.Throttled, "ses", down)
				}
				return nil
			}
		}, 43},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			w.allowBulk()
			event := w.Create()
			w.facts.take()
			test.fail(w)
			b := list("bulk-1", event, guests(40)...)
			if _, err := w.Service.SendBatch(t.Context(), b); err != nil && fault.KindOf(err).Permanent() {
				t.Fatal(err)
			}
			w.mails.fail = nil
			w.Clock.Pass(time.Minute)
			rows := w.send(b)
			expect(t, "rows", strings.Split(strings.Repeat("sent ", 40), " ")[:40], words(rows))
			expect(t, "mails that left", 40, len(w.mails.take(t)))
			if test.tries >= 0 {
				expect(t, "mails tried", test.tries, w.mails.tried)
			}
			told := w.facts.take()
			expect(t, "the same again", rows, w.send(b))
			last := w.facts.take()
			people := map[string]bool{}
			seen := map[string]bool{}
			for _, f := range last {
				for _, i := range f.Data.(fact.Invites).Invites {
					people[i.Attendee] = true
				}
				seen[f.ID] = true
			}
			for _, f := range told {
				if !seen[f.ID] {
					t.Errorf("%s was told once under another ID: %+v", f.Type, f)
				}
			}
			expect(t, "told of", 40, len(people))
			w.Check()
		})
	}
}

// Whatever stops a batch, and however soon it is sent again, nobody is told of under two IDs.
func TestSendBatchTellsOnce(t *testing.T) {
	throttled := fault.New(fault.Internal, "ses-account", "")
	rejected := fault.New(fault.InvalidRequest, "rejected", "")
	for _, test := range []struct {
		name  string
		fail  func(try int, mail invite.Outgoing) error
		table int // the transaction that fails, from 1
	}{
		{name: "the table is away", table: 1},
		{name: "the table is away after the limit was seen", table: 2},
		{name: "SES stops after the first mail", fail: func(try int, _ invite.Outgoing) error {
			if try == 2 {
				return throttled
			}
			return nil
		}},
		{name: "SES refuses one mail, stops, and refuses another", fail: func(try int, _ invite.Outgoing) error {
			switch try {
			case 1, 3:
				return rejected
			case 2:
				return throttled
			}
			return nil
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			w.allowBulk()
			w.Config.EventInviteLimit, w.Config.SendConcurrency = 3, 1
			w.restart()
			w.Block(invite.Block{Attendee: "guest00@example.com", Organizer: owner, By: invite.ByLink, At: 1}, true)
			event := w.Create()
			w.facts.take()
			w.mails.fail = test.fail
			service := invite.New(invite.Deps{
				Store: &lapsing{Store: w.Store, nth: test.table}, Mailer: w.mails, Clock: w.Clock, Keys: w.Keys, Facts: w.facts, Config: w.Config,
			})
			tries := 1
			for ; tries < 5; tries++ {
				if _, err := service.SendBatch(t.Context(), list("bulk-1", event, guests(6)...)); err == nil {
					break
				}
			}
			if tries == 1 || tries == 5 {
				t.Fatalf("it was sent at the %d. time", tries)
			}
			ids := map[string]string{}
			for _, f := range w.facts.take() {
				told, is := f.Data.(fact.Invites)
				if !is {
					continue
				}
				for _, i := range told.Invites {
					about := string(f.Type) + " " + i.Attendee
					if before := ids[about]; before != "" && before != f.ID {
						t.Errorf("%s is told as %s and as %s", about, before, f.ID)
					}
					ids[about] = f.ID
				}
			}
			expect(t, "told of", 6, len(ids))
			w.Check()
		})
	}
}

// lapsing fails one InviteBatch before its effect.
type lapsing struct {
	invite.Store
	nth int
}

func (l *lapsing) InviteBatch(ctx context.Context, b invite.InvitationBatch) (invite.InvitedBatch, error) {
	if l.nth--; l.nth == 0 {
		return invite.InvitedBatch{}, fault.New(fault.Unavailable, "table", "")
	}
	return l.Store.InviteBatch(ctx, b)
}

// A mail that SES will never take is counted once, and nobody is written to again.
func TestSendBatchRefusedBySES(t *testing.T) {
	w := newWorld(t)
	w.allowBulk()
	event := w.Create()
	w.mails.fail = func(_ int, mail invite.Outgoing) error {
		if mail.To == "bad@example.com" {
			return fault.New(fault.InvalidRequest, "rejected", "")
		}
		return nil
	}
	w.facts.take()
	b := list("bulk-1", event, "bad@example.com", "good@example.com")
	for range 2 {
		expect(t, "results", []string{"failed refused", "sent"}, words(w.send(b)))
	}
	expect(t, "mails tried", 2, w.mails.tried)
	facts := w.facts.take()
	expect(t, "facts", []string{"attendee.bounced", "invite.refused", "invite.sent"}, typesOf(facts[:3]))
	expect(t, "told again", idsOf(facts[:3]), idsOf(facts[3:]))
	bad := w.Attendee(event, "bad@example.com")
	if bad.Delivery != invite.DeliveryFailed || bad.Undeliverable != invite.Rejected || bad.Bounce == nil || bad.Bounce.Type != "Rejected" {
		t.Errorf("%+v", bad)
	}
	_, counts, err := w.Store.Statistics(t.Context(), event.UID)
	if err != nil || counts.Bounced != 1 {
		t.Errorf("%d bounced, %v", counts.Bounced, err)
	}
	w.Check()
	expect(t, "single", invite.ReasonUndeliverable, w.Invite(event, "bad@example.com"))
}

// Somebody else invites one of the people between the reading and the writing; the event is revised there as well.
func TestSendBatchOvertaken(t *testing.T) {
	w := newWorld(t)
	w.allowBulk()
	event := w.Create()
	meddling := &meddler{Store: w.Store}
	meddling.do = []func(){
		func() { w.Invite(event, "guest01@example.com") },
		func() { w.update(event, "LOCATION:Room 2", "SEQUENCE:1") },
	}
	inner := w.Service
	w.Service = invite.New(invite.Deps{Store: meddling, Mailer: w.mails, Clock: w.Clock, Keys: w.Keys, Config: w.Config})
	service := w.Service
	w.Service = inner
	sent, err := service.SendBatch(t.Context(), list("bulk-1", event, guests(3)...))
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "results", []string{"sent", "already", "sent"}, words(sent.Results))
	expect(t, "mails", []string{
		"guest00@example.com REQUEST seq=1 NEEDS-ACTION CONFIRMED",
		"guest01@example.com REQUEST seq=0 NEEDS-ACTION CONFIRMED",
		"guest02@example.com REQUEST seq=1 NEEDS-ACTION CONFIRMED",
	}, w.mails.take(t))
	expect(t, "revision sent", 1, w.Attendee(event, "guest02@example.com").SentSequence)
	expect(t, "behind", []string{"guest01@example.com"}, w.staged(event))
	w.Check()
}

// meddler lets somebody else do something before each InviteBatch.
type meddler struct {
	invite.Store
	do []func()
}

func (m *meddler) InviteBatch(ctx context.Context, b invite.InvitationBatch) (invite.InvitedBatch, error) {
	if len(m.do) > 0 {
		next := m.do[0]
		m.do = m.do[1:]
		next()
	}
	return m.Store.InviteBatch(ctx, b)
}

// The events of one batch do not hold each other up.
func TestSendBatchSeveralEvents(t *testing.T) {
	w := newWorld(t)
	w.allowBulk()
	one, two := w.Create(), w.Create("UID:meeting-2@organizer.example")
	b := list("bulk-1", one, guests(3)...)
	b.Items = append(b.Items, list("bulk-1", two, guests(3)...).Items...)
	broken := &brokenEvent{Store: w.Store, uid: one.UID}
	service := invite.New(invite.Deps{Store: broken, Mailer: w.mails, Clock: w.Clock, Keys: w.Keys, Config: w.Config})
	if _, err := service.SendBatch(t.Context(), b); fault.KindOf(err) != fault.Unavailable {
		t.Fatal(err)
	}
	expect(t, "sent meanwhile", 3, len(w.mails.take(t)))
	expect(t, "again", strings.Split("sent sent sent sent sent sent", " "), words(w.send(b)))
	expect(t, "sent later", 3, len(w.mails.take(t)))
	w.Check()
}

// brokenEvent cannot read one event.
type brokenEvent struct {
	invite.Store
	uid string
}

func (b *brokenEvent) Gather(ctx context.Context, q invite.GatherQuery) (invite.Gathered, error) {
	if q.UID == b.uid {
		return invite.Gathered{}, fault.New(fault.Unavailable, "table", "")
	}
	return b.Store.Gather(ctx, q)
}

func TestSendBatchTooLarge(t *testing.T) {
	w := newWorld(t)
	if _, err := w.Service.SendBatch(t.Context(), list("bulk-1", invite.Event{UID: "x"}, guests(invite.MaxBatch+1)...)); fault.KindOf(err) != fault.InvalidRequest {
		t.Error(err)
	}
}
