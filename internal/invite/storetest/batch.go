package storetest

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/itip"
)

// Batch is what inviting the people together is, by what the store knows of them: those with a record are invited again.
func (w *World) Batch(e invite.Event, request string, emails ...string) invite.InvitationBatch {
	w.t.Helper()
	gathered := must(w.Store.Gather(w.ctx(), invite.GatherQuery{UID: e.UID, Owner: e.Owner(), Emails: emails}))(w.t)
	now := w.Clock.Now().Unix()
	batch := invite.InvitationBatch{Event: e, Change: invite.NewStatistics()}
	for _, email := range emails {
		a, known := gathered.Attendees[email]
		if !known {
			a = invite.Attendee{
				UID: e.UID, Email: email, MailTo: e.MailTo, Tenant: e.Tenant, Origin: invite.OriginBulk, Status: itip.NoAction, Rescheduled: e.Rescheduled, Created: now,
			}
			batch.Change.Count(e, a)
		}
		a.Delivery, a.RequestID, a.QueuedAt, a.SentSequence, a.LastModified = invite.DeliveryQueued, request, now, e.Sequence, now
		a.Generation++
		batch.Attendees = append(batch.Attendees, a)
		batch.Change.Invites++
	}
	return batch
}

// InviteBatch records a batch.
func (w *World) InviteBatch(b invite.InvitationBatch) invite.InvitedBatch {
	w.t.Helper()
	return must(w.Store.InviteBatch(w.ctx(), b))(w.t)
}

// guests are n addresses that begin alike.
func guests(prefix string, n int) (emails []string) {
	for i := range n {
		emails = append(emails, fmt.Sprintf("%s%d@example.com", prefix, i))
	}
	return emails
}

// invites is how many invitations of the event are counted.
func (w *World) invites(e invite.Event) int {
	w.t.Helper()
	_, counts, err := w.Store.Statistics(w.ctx(), e.UID)
	if err != nil {
		w.t.Fatal(err)
	}
	return counts.Invites
}

func testBatch(t *testing.T, w *World) {
	event := w.Create()
	emails := guests("guest", invite.MaxBatch)
	batch := w.Batch(event, "bulk-1", emails...)
	expect(t, "state", invite.InvitedBatch{State: invite.InviteRecorded}, w.InviteBatch(batch))
	want := batch.Attendees[7]
	want.Version = 1
	expect(t, "record", want, w.Attendee(event, want.Email))
	expect(t, "answers", answers{noAnswer: invite.MaxBatch}, w.RSVP(event))
	expect(t, "invitations", invite.MaxBatch, w.invites(event))
	w.Check()

	w.Block(invite.Block{Attendee: emails[3], Organizer: ada, UID: event.UID, By: invite.ByMail, At: start.Unix()}, true)
	w.Block(invite.Block{Attendee: "stranger@example.com", Organizer: ada, By: invite.ByMail, At: start.Unix()}, true)
	query := invite.GatherQuery{UID: event.UID, Owner: ada, Emails: append([]string{"new@example.com", "stranger@example.com"}, emails[:88]...)}
	gathered := must(w.Store.Gather(w.ctx(), query))(t)
	expect(t, "event", event.UID, gathered.Event.UID)
	expect(t, "attendees", 88, len(gathered.Attendees))
	expect(t, "attendee", want, gathered.Attendees[want.Email])
	expect(t, "blocked", map[string]bool{emails[3]: true, "stranger@example.com": true}, gathered.Blocked)
	for _, kind := range []invite.StandingKind{invite.BulkAllowed, invite.Suspended} {
		if err := w.Store.SetStanding(w.ctx(), ada, kind, true, start.Unix()); err != nil {
			t.Fatal(err)
		}
	}
	query.Standings = true
	gathered = must(w.Store.Gather(w.ctx(), query))(t)
	expect(t, "standings", []bool{true, true}, []bool{gathered.BulkAllowed, gathered.Suspended})
	none := must(w.Store.Gather(w.ctx(), invite.GatherQuery{UID: "nosuchevent", Owner: ada, Emails: emails[:1]}))(t)
	if none.Event != nil || len(none.Attendees) != 0 {
		t.Errorf("no event: %+v", none)
	}
	expect(t, "nobody", invite.InvitedBatch{State: invite.InviteRecorded}, w.InviteBatch(invite.InvitationBatch{Event: event}))
	w.Check()
}

func testBatchKnown(t *testing.T, w *World) {
	event := w.Create()
	fresh := w.Batch(event, "bulk-1", append(guests("new", 5), bob, "eve@example.com")...)
	w.Invite(event, bob)
	w.Invite(event, "eve@example.com")
	result := w.InviteBatch(fresh)
	expect(t, "state", invite.InviteKnown, result.State)
	expect(t, "in the way", map[string]invite.Attendee{bob: w.Attendee(event, bob), "eve@example.com": w.Attendee(event, "eve@example.com")}, result.Known)
	expect(t, "nothing is written", answers{noAnswer: 2}, w.RSVP(event))
	w.Check()

	again := w.Batch(event, "bulk-2", append(guests("new", 5), bob)...)
	w.Clock.Pass(time.Minute)
	w.Answer(w.Reply(event, bob, "ACCEPTED"))
	result = w.InviteBatch(again)
	expect(t, "state", invite.InviteKnown, result.State)
	expect(t, "another version", map[string]invite.Attendee{bob: w.Attendee(event, bob)}, result.Known)
	expect(t, "as it stands", invite.InviteRecorded, w.InviteBatch(w.Batch(event, "bulk-2", append(guests("new", 5), bob)...)).State)
	expect(t, "generation", 2, w.Attendee(event, bob).Generation)
	expect(t, "answers", answers{noAnswer: 6, "accepted": 1}, w.RSVP(event))
	expect(t, "invitations", 8, w.invites(event))
	w.Check()
}

func testBatchRevised(t *testing.T, w *World) {
	w.Reconfigure(func(c *invite.Config) { c.EventInviteLimit = 20 })
	event := w.Create()
	old := w.Batch(event, "bulk-1", guests("new", 9)...) // more than one shard's share, so that it takes from several
	must(w.Service.UpdateEvent(w.ctx(), event.UID, w.Request(organizer, Meeting("SEQUENCE:1", "DTSTART:20260401T080000Z"))))(t)
	expect(t, "revised", invite.InvitedBatch{State: invite.InviteChanged}, w.InviteBatch(old))
	event = w.Event(event.UID)
	expect(t, "read again", invite.InviteRecorded, w.InviteBatch(w.Batch(event, "bulk-1", guests("new", 9)...)).State)
	must(w.Service.CancelEvent(w.ctx(), event.UID, w.Request(organizer, Meeting("METHOD:CANCEL", "SEQUENCE:2"))))(t)
	expect(t, "cancelled", invite.InviteChanged, w.InviteBatch(w.Batch(event, "bulk-2", "late@example.com")).State)
	expect(t, "cancelled, and read so", invite.InviteChanged, w.InviteBatch(w.Batch(w.Event(event.UID), "bulk-2", "late@example.com")).State)
	expect(t, "answers", answers{noAnswer: 9}, w.RSVP(event))
	w.Check()
}

func testBatchReschedule(t *testing.T, w *World) {
	event := w.Create()
	emails := guests("guest", 24)
	w.InviteBatch(w.Batch(event, "bulk-1", emails...)) // all counted in one shard; the answers in others
	for round := range 3 {
		for i, email := range emails {
			w.Clock.Pass(time.Second)
			if status := []string{"", "ACCEPTED", "DECLINED", "TENTATIVE"}[(i+round)%4]; status != "" {
				w.Answer(w.Reply(event, email, status))
			}
		}
		expect(t, "answers", answers{noAnswer: 6 + round, "accepted": 6, "declined": 6, "tentative": 6}, w.RSVP(event))
		w.Check()
		lines := Meeting(fmt.Sprintf("SEQUENCE:%d", round+1), fmt.Sprintf("DTSTART:202604%02dT090000Z", round+2), fmt.Sprintf("DTEND:202604%02dT100000Z", round+2))
		must(w.Service.UpdateEvent(w.ctx(), event.UID, w.Request(organizer, lines)))(t)
		expect(t, "rescheduled", answers{noAnswer: 24 + round}, w.RSVP(event))
		w.Check()
		event = w.Event(event.UID)
		w.InviteBatch(w.Batch(event, "bulk-2", fmt.Sprintf("late%d@example.com", round)))
		w.Check()
	}
}

func testBatchLimit(t *testing.T, w *World) {
	w.Reconfigure(func(c *invite.Config) { c.EventInviteLimit = 20 })
	event := w.Create()
	expect(t, "more than a shard may send", invite.InviteRecorded, w.InviteBatch(w.Batch(event, "bulk-1", guests("a", 15)...)).State)
	expect(t, "too many", invite.InvitedBatch{State: invite.InviteLimit, Remaining: 5}, w.InviteBatch(w.Batch(event, "bulk-2", guests("b", 6)...)))
	expect(t, "nothing is written", 15, w.invites(event))
	expect(t, "one by one", invite.SentNow, w.Invite(event, bob))
	expect(t, "what is left", invite.InviteRecorded, w.InviteBatch(w.Batch(event, "bulk-2", guests("b", 4)...)).State)
	expect(t, "none left", invite.InvitedBatch{State: invite.InviteLimit}, w.InviteBatch(w.Batch(event, "bulk-3", "c@example.com")))
	expect(t, "one by one", invite.SentLimitReached, w.Invite(event, "eve@example.com"))
	free := w.Batch(event, "bulk-4", guests("a", 3)...)
	free.Change.Invites = 0 // they were counted when they were queued
	expect(t, "without a count", invite.InviteRecorded, w.InviteBatch(free).State)
	expect(t, "invitations", 20, w.invites(event))
	w.Check()

	w.Reconfigure(func(c *invite.Config) { c.EventInviteLimit = invite.MaxBatch })
	whole := w.Create("UID:whole")
	expect(t, "all shards at once", invite.InviteRecorded, w.InviteBatch(w.Batch(whole, "bulk-1", guests("a", invite.MaxBatch)...)).State)
	expect(t, "none left", invite.InvitedBatch{State: invite.InviteLimit}, w.InviteBatch(w.Batch(whole, "bulk-2", "c@example.com")))
	w.Check()
}

// Whoever writes at the same time, batches or single invitations: never more than the limit, and exactly the limit in the end.
func testBatchLimitConcurrently(t *testing.T, w *World) {
	const limit = 150
	w.Reconfigure(func(c *invite.Config) { c.EventInviteLimit = limit })
	event := w.Create()
	var mu sync.Mutex
	recorded := 0
	parallel(16, func(i int) {
		if i%4 == 0 {
			if w.Invite(event, fmt.Sprintf("single%d@example.com", i)) == invite.SentNow {
				mu.Lock()
				defer mu.Unlock()
				recorded++
			}
			return
		}
		for emails := guests(fmt.Sprintf("batch%d-", i), 7+5*i); len(emails) > 0; {
			result := w.InviteBatch(w.Batch(event, fmt.Sprint("bulk-", i), emails...))
			switch result.State {
			case invite.InviteRecorded:
				mu.Lock()
				defer mu.Unlock()
				recorded += len(emails)
				return
			case invite.InviteLimit:
				if result.Remaining >= len(emails) {
					t.Errorf("%d of %d left, and refused", result.Remaining, len(emails))
				}
				emails = emails[:min(len(emails)-1, result.Remaining)]
			default:
				t.Errorf("batch %d: %s", i, result.State)
				return
			}
		}
	})
	expect(t, "recorded", limit, recorded)
	expect(t, "invitations", limit, w.invites(event))
	expect(t, "answers", answers{noAnswer: limit}, w.RSVP(event))
	w.Check()
}

// Batches, answers, single invitations and a reschedule at the same time.
func testBatchesConcurrently(t *testing.T, w *World) {
	event := w.Create()
	early := guests("early", 10)
	w.InviteBatch(w.Batch(event, "bulk-0", early...))
	replies := make([]invite.Reply, len(early))
	for i, email := range early {
		replies[i] = w.Reply(event, email, "ACCEPTED")
	}
	request := w.Request(organizer, Meeting("SEQUENCE:1", "DTSTART:20260402T090000Z", "DTEND:20260402T100000Z"))
	parallel(31, func(i int) {
		switch {
		case i == 15:
			if _, err := w.Service.UpdateEvent(w.ctx(), event.UID, request); err != nil {
				t.Error(err)
			}
		case i%3 == 0:
			if _, err := w.Service.Answer(w.ctx(), replies[i/3%len(replies)]); err != nil {
				t.Error(err)
			}
		case i%3 == 1:
			emails := slices.Concat(guests(fmt.Sprintf("batch%d-", i), 12), []string{"both@example.com"})
			for state := invite.InviteState(""); state != invite.InviteRecorded; { // known, when another batch has both, or changed
				state = w.InviteBatch(w.Batch(w.Event(event.UID), fmt.Sprint("bulk-", i), emails...)).State
			}
		default:
			if result := w.Invite(event, fmt.Sprintf("single%d@example.com", i)); result != invite.SentNow {
				t.Error(result)
			}
		}
	})
	expect(t, "no answer to the old time counts", 0, w.RSVP(event)["accepted"])
	w.Check()
}

func testMarkInvited(t *testing.T, w *World) {
	event := w.Create()
	emails := guests("guest", 60)
	w.InviteBatch(w.Batch(event, "bulk-1", emails[:50]...))
	w.InviteBatch(w.Batch(event, "", emails[50:]...))
	var marks []invite.InviteMark
	for i, email := range emails {
		mark := invite.InviteMark{UID: event.UID, Email: email, RequestID: "bulk-1", Generation: 1, SESMessageID: fmt.Sprint("ses-", i), At: start.Unix() + int64(i)}
		if i >= 50 {
			mark.RequestID = ""
		}
		marks = append(marks, mark)
	}
	marks[10].RequestID, marks[11].Generation, marks[12].RequestID, marks[55].RequestID = "bulk-2", 2, "", "bulk-1"
	marks = append(marks, invite.InviteMark{UID: event.UID, Email: "nobody@example.com", RequestID: "bulk-1", Generation: 1, SESMessageID: "ses", At: 1})
	for range 2 {
		if err := w.Store.MarkInvited(w.ctx(), marks); err != nil {
			t.Fatal(err)
		}
		for i, email := range emails {
			record := w.Attendee(event, email)
			if i == 10 || i == 11 || i == 12 || i == 55 {
				expect(t, email+" waits for another", []any{invite.DeliveryQueued, 1}, []any{record.Delivery, record.Version})
				continue
			}
			expect(t, email, []any{invite.DeliverySent, marks[i].SESMessageID, marks[i].At, 2}, []any{record.Delivery, record.SESMessageID, record.SentAt, record.Version})
		}
		expect(t, "nobody", invite.Attendee{}, w.Attendee(event, "nobody@example.com"))
	}
	if err := w.Store.MarkInvited(w.ctx(), nil); err != nil {
		t.Error(err)
	}
	w.Check()
}

func testMarkUpdated(t *testing.T, w *World) {
	event := w.Create()
	emails := guests("guest", 30)
	w.InviteBatch(w.Batch(event, "bulk-1", emails...))
	for _, email := range emails[:20] {
		w.Answer(w.Reply(event, email, "ACCEPTED"))
	}
	mark := func(sequence, rescheduled int, emails ...string) {
		t.Helper()
		var marks []invite.UpdateMark
		for _, email := range emails {
			marks = append(marks, invite.UpdateMark{
				UID: event.UID, Email: email, Sequence: sequence, Rescheduled: rescheduled, SESMessageID: fmt.Sprintf("ses-%d-%s", sequence, email), At: start.Unix() + int64(sequence),
			})
		}
		if err := w.Store.MarkUpdated(w.ctx(), marks); err != nil {
			t.Fatal(err)
		}
		w.Check()
	}
	record := func(email string) []any {
		a := w.Attendee(event, email)
		return []any{a.Status, a.Rescheduled, a.SentSequence, a.SESMessageID, a.Delivery, a.Version}
	}
	must(w.Service.UpdateEvent(w.ctx(), event.UID, w.Request(organizer, Meeting("SEQUENCE:1", "LOCATION:Room 2"))))(t)
	mark(1, 0, append(emails, "nobody@example.com")...)
	expect(t, "an answer stands", []any{itip.Accepted, 0, 1, "ses-1-guest0@example.com", invite.DeliverySent, 3}, record(emails[0]))
	expect(t, "no answer", []any{itip.NoAction, 0, 1, "ses-1-guest29@example.com", invite.DeliverySent, 2}, record(emails[29]))
	expect(t, "nobody", invite.Attendee{}, w.Attendee(event, "nobody@example.com"))

	must(w.Service.UpdateEvent(w.ctx(), event.UID, w.Request(organizer, Meeting("SEQUENCE:2", "LOCATION:Room 2", "DTSTART:20260402T090000Z"))))(t)
	w.Clock.Pass(time.Minute)
	for _, email := range emails[:3] {
		w.Answer(w.Reply(event, email, "DECLINED"))
	}
	for range 2 {
		mark(2, 2, emails...)
		expect(t, "a new answer stands", []any{itip.Declined, 2, 2, "ses-2-guest0@example.com", invite.DeliverySent, 5}, record(emails[0]))
		expect(t, "an old one does not", []any{itip.NoAction, 2, 2, "ses-2-guest5@example.com", invite.DeliverySent, 4}, record(emails[5]))
	}
	expect(t, "history is kept", 1, len(w.Attendee(event, emails[5]).History))
	mark(1, 0, emails...)
	expect(t, "an older revision", []any{itip.Declined, 2, 2, "ses-2-guest0@example.com", invite.DeliverySent, 5}, record(emails[0]))
	mark(3, 2, emails[:2]...)
	expect(t, "a newer one", []any{itip.Declined, 2, 3, "ses-3-guest0@example.com", invite.DeliverySent, 6}, record(emails[0]))
	expect(t, "answers", answers{noAnswer: 27, "declined": 3}, w.RSVP(event))
}
