package invite_test

import (
	"context"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/imip"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/itip"
)

const (
	ann = "ann@example.com"
	cat = "cat@example.com"
)

// tell sends the event's news to the people.
func (w *world) tell(e invite.Event, emails ...string) invite.UpdatesSent {
	w.t.Helper()
	sent, err := w.Service.SendUpdates(w.t.Context(), e.UID, w.Event(e.UID).Sequence, emails)
	if err != nil {
		w.t.Fatal(err)
	}
	return sent
}

func TestSendUpdates(t *testing.T) {
	w := newWorld(t)
	event := w.Create()
	for _, email := range []string{ann, bob, cat} {
		w.Invite(event, email)
	}
	w.Clock.Pass(time.Minute)
	w.Answer(w.Reply(event, ann, "ACCEPTED"))
	w.mails.take(t)
	expect(t, "before any update", []string{}, w.staged(event))

	w.update(event, "LOCATION:Room 2", "SEQUENCE:1")
	expect(t, "behind", []string{ann, bob, cat}, w.staged(event))
	expect(t, "sent", invite.UpdatesSent{Sequence: 1, Sent: 2, Current: 2}, w.tell(event, ann, bob, "stranger@example.com", ann)) // ann once
	expect(t, "mails", []string{"ann@example.com REQUEST seq=1 ACCEPTED CONFIRMED", "bob@example.com REQUEST seq=1 NEEDS-ACTION CONFIRMED"}, w.mails.take(t))
	expect(t, "still behind", []string{cat}, w.staged(event))
	expect(t, "again", invite.UpdatesSent{Sequence: 1, Current: 2}, w.tell(event, ann, bob))
	expect(t, "mails again", []string{}, w.mails.take(t))

	w.Clock.Pass(time.Minute)
	w.update(event, "LOCATION:Room 2", "SEQUENCE:2", "DTSTART:20260402T090000Z", "DTEND:20260402T100000Z")
	w.tell(event, ann, bob, cat)
	expect(t, "reschedule", []string{
		"ann@example.com REQUEST seq=2 NEEDS-ACTION CONFIRMED", "bob@example.com REQUEST seq=2 NEEDS-ACTION CONFIRMED",
		"cat@example.com REQUEST seq=2 NEEDS-ACTION CONFIRMED",
	}, w.mails.take(t))
	expect(t, "record", itip.NoAction, w.Attendee(event, ann).Status)
	expect(t, "nobody behind", []string{}, w.staged(event))

	w.Clock.Pass(time.Minute)
	w.cancel(event)
	expect(t, "to be told of the cancellation", []string{ann, bob, cat}, w.staged(event))
	w.tell(event, ann, bob, cat)
	expect(t, "cancellation", []string{
		"ann@example.com CANCEL seq=3 NEEDS-ACTION CANCELLED", "bob@example.com CANCEL seq=3 NEEDS-ACTION CANCELLED",
		"cat@example.com CANCEL seq=3 NEEDS-ACTION CANCELLED",
	}, w.mails.take(t))
	expect(t, "all told", []string{}, w.staged(event))
	w.Check()
}

// The cost of a batch: two reads, the mails, and one write for 25 of them.
func TestSendUpdatesCalls(t *testing.T) {
	w := newWorld(t)
	w.allowBulk()
	event := w.Create()
	w.send(list("bulk-1", event, guests(invite.MaxBatch)...))
	w.update(event, "LOCATION:Room 2", "SEQUENCE:1")
	w.calls.take()
	expect(t, "staged", invite.MaxBatch, len(w.staged(event)))
	expect(t, "calls to stage", map[string]int{"GetItem": 2, "Query": 1}, w.calls.take()) // one GetItem is the test's own
	w.restart()
	for _, reads := range []map[string]int{ // one GetItem is the test's own
		{"GetItem": 2, "BatchGetItem": 2, "BatchExecuteStatement": 4}, // a process that never saw the event
		{"GetItem": 1, "BatchGetItem": 2},
	} {
		w.tell(event, guests(invite.MaxBatch)...)
		expect(t, "calls", reads, w.calls.take())
	}
}

// ORGANIZER in the guests' calendars is what it was at the start, whatever another calendar of the organizer's calls them (spec §4).
func TestUpdateKeepsTheOrganizersName(t *testing.T) {
	w := newWorld(t)
	event := w.Create()
	w.Invite(event, bob)
	w.mails.take(t)
	w.update(event, "SEQUENCE:1", "LOCATION:Room 2", "ORGANIZER;CN=\"Ng, Ada (EXT)\":mailto:ada@organizer.example")
	w.tell(w.Event(event.UID), w.staged(event)...)
	message, err := imip.Read(w.mails.sent[len(w.mails.sent)-1].Raw, imip.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	part, err := message.Calendar()
	if err != nil {
		t.Fatal(err)
	}
	sent, _ := part.Calendar.Main()
	if organizer, _ := sent.Organizer(); organizer.CN != "Ada Ng" || sent.Location() != "Room 2" {
		t.Errorf("the update is from %q, in %s", organizer.CN, sent.Location())
	}
	expect(t, "in the record", "Ada Ng", w.Event(event.UID).Organizer)
}

// Who is left out of updates, and is not staged for ever.
func TestSendUpdatesLeavesOut(t *testing.T) {
	w := newWorld(t)
	event := w.Create()
	people := []string{ann, "blocked-elsewhere@example.com", "blocked-here@example.com", "bounced@example.com", "friend@example.com", "stranger@example.com"}
	for _, email := range people[:4] {
		w.Invite(event, email)
	}
	friend := w.Reply(event, ann, "ACCEPTED")
	friend.Attendee, friend.From = "friend@example.com", "friend@example.com"
	w.Answer(friend)
	stranger := w.Reply(event, ann, "ACCEPTED") // invited by somebody else's copy, without a token: we do not know what they hold
	stranger.Attendee, stranger.From, stranger.Invited = "stranger@example.com", "stranger@example.com", ""
	w.Answer(stranger)
	w.Block(invite.Block{Attendee: people[1], Organizer: owner, By: invite.ByLink, At: 1}, true)
	w.Block(invite.Block{Attendee: people[2], Organizer: owner, UID: event.UID, By: invite.ByLink, At: 1}, true)
	bounce := invite.Feedback{Kind: invite.FeedbackBounce, UID: event.UID, Email: "bounced@example.com", Type: "Permanent", FeedbackID: "f1", At: 5}
	if _, err := w.Service.RecordFeedback(t.Context(), bounce); err != nil {
		t.Fatal(err)
	}
	w.mails.take(t)

	w.update(event, "LOCATION:Room 2", "SEQUENCE:1")
	expect(t, "staged", []string{ann, "blocked-elsewhere@example.com", "friend@example.com"}, w.staged(event))
	expect(t, "sent", invite.UpdatesSent{Sequence: 1, Sent: 2, Blocked: 1, Current: 3}, w.tell(event, people...))
	expect(t, "mails", []string{"ann@example.com REQUEST seq=1 NEEDS-ACTION CONFIRMED", "friend@example.com REQUEST seq=1 ACCEPTED CONFIRMED"}, w.mails.take(t))
	expect(t, "staged again", []string{}, w.staged(event))
	w.Check()
}

// A forwarded guest's updates have the UID of the invitation that was forwarded: also after the first one, and when invited properly.
func TestForwardedGuestKeepsTheUID(t *testing.T) {
	w := newWorld(t)
	event := w.Create()
	w.Invite(event, ann)
	friend := w.Reply(event, ann, "ACCEPTED")
	friend.Attendee, friend.From = bob, bob
	w.Answer(friend)
	uid := uidOf(t, w.mails.sent[0])
	w.update(event, "LOCATION:Room 2", "SEQUENCE:1")
	w.tell(event, bob)
	w.update(event, "LOCATION:Room 3", "SEQUENCE:2")
	w.tell(event, bob)
	for _, mail := range w.mails.sent[1:] {
		expect(t, "UID", uid, uidOf(t, mail))
		expect(t, "to", bob, mail.To)
	}
	expect(t, "mails", 3, len(w.mails.sent))
}

const series = "RRULE:FREQ=DAILY;COUNT=5"

// instance is a request about the series' instance on that day of April.
func instance(day string, lines ...string) []string {
	return append([]string{"RECURRENCE-ID:202604" + day + "T090000Z", "DTSTART:202604" + day + "T090000Z", "DTEND:202604" + day + "T100000Z"}, lines...)
}

// Where only instances changed, those who hold the revision before get just these.
func TestSendUpdatesOfInstances(t *testing.T) {
	w := newWorld(t)
	event := w.Create(series)
	w.Invite(event, ann)
	w.Clock.Pass(time.Minute)
	w.Answer(w.Reply(event, ann, "ACCEPTED"))
	w.mails.take(t)

	w.Clock.Pass(time.Minute)
	w.update(event, instance("02", "LOCATION:Room 2", "SEQUENCE:1", "DTSTAMP:20260302T091000Z")...)
	w.tell(event, ann)
	expect(t, "details", []string{"ann@example.com REQUEST seq=1 id=20260402T090000Z ACCEPTED CONFIRMED"}, w.mails.take(t))

	w.update(event, "RECURRENCE-ID:20260403T090000Z", "DTSTART:20260403T130000Z", "DTEND:20260403T140000Z", "SEQUENCE:2", "DTSTAMP:20260302T092000Z")
	w.tell(event, ann)
	expect(t, "moved", []string{"ann@example.com REQUEST seq=2 id=20260403T090000Z NEEDS-ACTION CONFIRMED"}, w.mails.take(t))

	w.cancel(event, instance("04", "SEQUENCE:3", "DTSTAMP:20260302T093000Z")...)
	w.tell(event, ann)
	expect(t, "called off", []string{"ann@example.com CANCEL seq=3 id=20260404T090000Z ACCEPTED CANCELLED"}, w.mails.take(t))

	w.update(event, instance("05", "LOCATION:Room 5", "SEQUENCE:4", "DTSTAMP:20260302T094000Z")...)
	w.update(event, instance("05", "LOCATION:Room 6", "SEQUENCE:5", "DTSTAMP:20260302T095000Z")...)
	w.tell(event, ann)
	expect(t, "two revisions behind", []string{
		"ann@example.com REQUEST seq=5 ACCEPTED CONFIRMED seq=5 id=20260402T090000Z ACCEPTED CONFIRMED" +
			" seq=5 id=20260403T090000Z NEEDS-ACTION CONFIRMED seq=5 id=20260405T090000Z ACCEPTED CONFIRMED",
	}, w.mails.take(t))
}

// A newer revision while a fan-out runs: nobody is told twice by it, and in the end everybody has the newest one.
func TestUpdateWhileFanOutRuns(t *testing.T) {
	w := newWorld(t)
	event := w.Create()
	for _, email := range []string{ann, bob, cat} {
		w.Invite(event, email)
	}
	w.mails.take(t)
	w.update(event, "LOCATION:Room 2", "SEQUENCE:1")
	w.tell(event, ann)
	w.mails.fail = func(_ int, mail invite.Outgoing) error { // while bob's batch is on its way, the organizer changes the event again
		w.mails.fail = nil
		w.mails.mu.Unlock()
		defer w.mails.mu.Lock()
		w.update(event, "LOCATION:Room 3", "SEQUENCE:2")
		w.tell(event, mail.To)
		return nil
	}
	w.tell(event, bob) // revision 1 leaves after revision 2
	expect(t, "bob's record", 2, w.Attendee(event, bob).SentSequence)
	expect(t, "the older fan-out ends", 0, count(t, w, event, 1))
	late, err := w.Service.SendUpdates(t.Context(), event.UID, 1, []string{ann, cat}) // staged before the event was changed again
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "the older fan-out's last batch", invite.UpdatesSent{Sequence: 2, Current: 2}, late)
	expect(t, "the newer one goes on", []string{ann, cat}, w.staged(event))
	w.tell(event, ann, cat)
	expect(t, "mails", []string{
		"ann@example.com REQUEST seq=1 NEEDS-ACTION CONFIRMED", "ann@example.com REQUEST seq=2 NEEDS-ACTION CONFIRMED",
		"bob@example.com REQUEST seq=1 NEEDS-ACTION CONFIRMED", "bob@example.com REQUEST seq=2 NEEDS-ACTION CONFIRMED",
		"cat@example.com REQUEST seq=2 NEEDS-ACTION CONFIRMED",
	}, w.mails.take(t))
	expect(t, "nobody behind", []string{}, w.staged(event))
}

func count(t *testing.T, w *world, e invite.Event, sequence int) int {
	t.Helper()
	found, err := w.Service.StageAttendees(t.Context(), e.UID, sequence, func(string) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	return found.Behind
}

// An invitation that is queued when the event is revised: the fan-out sends the newest revision, and what is sent late claims nothing.
func TestQueuedInvitationAndUpdate(t *testing.T) {
	w := newWorld(t)
	event := w.Create()
	request := invite.InviteRequest{ID: "slow", UID: event.UID, Email: ann}
	w.mails.fail = func(int, invite.Outgoing) error { return fault.New(fault.Throttled, "ses", "") }
	if _, err := w.Service.Send(t.Context(), request, event); fault.KindOf(err) != fault.Throttled {
		t.Fatal(err)
	}
	w.mails.fail = nil
	w.update(event, "LOCATION:Room 2", "SEQUENCE:1")
	expect(t, "staged", []string{ann}, w.staged(event))
	late, err := w.Service.Send(t.Context(), request, event) // with the event as it was verified
	if err != nil || late.Result != invite.SentNow {
		t.Fatalf("%+v %v", late, err)
	}
	expect(t, "still staged", []string{ann}, w.staged(event))
	w.tell(event, ann)
	expect(t, "mails", []string{"ann@example.com REQUEST seq=0 NEEDS-ACTION CONFIRMED", "ann@example.com REQUEST seq=1 NEEDS-ACTION CONFIRMED"}, w.mails.take(t))
	expect(t, "record", 1, w.Attendee(event, ann).SentSequence)
}

// A request that was recorded against a newer revision than it was verified against, and crashed, never sends the older one.
func TestSendResumesWithTheRevisionThatWasRecorded(t *testing.T) {
	w := newWorld(t)
	event := w.Create()
	w.update(event, "LOCATION:Room 2", "SEQUENCE:1")
	request := invite.InviteRequest{ID: "slow", UID: event.UID, Email: ann}
	w.mails.fail = func(int, invite.Outgoing) error { return fault.New(fault.Throttled, "ses", "") }
	if _, err := w.Service.Send(t.Context(), request, event); err == nil {
		t.Fatal("sent")
	}
	w.mails.fail = nil
	expect(t, "recorded", 1, w.Attendee(event, ann).SentSequence)
	if _, err := w.Service.Send(t.Context(), request, event); err != nil {
		t.Fatal(err)
	}
	expect(t, "mails", []string{"ann@example.com REQUEST seq=1 NEEDS-ACTION CONFIRMED"}, w.mails.take(t))
}

// Whatever stops a batch of updates, the same batch again sends only what was not sent.
func TestSendUpdatesAgain(t *testing.T) {
	w := newWorld(t)
	w.allowBulk()
	event := w.Create()
	w.send(list("bulk-1", event, guests(30)...))
	w.mails.take(t)
	w.update(event, "LOCATION:Room 2", "SEQUENCE:1")
	tried := 0
	w.mails.fail = func(_ int, mail invite.Outgoing) error {
		if mail.To == "guest07@example.com" {
			return fault.New(fault.InvalidRequest, "rejected", "")
		}
		if tried++; tried > 10 {
			return fault.New(fault.Internal, "ses-account", "")
		}
		return nil
	}
	if _, err := w.Service.SendUpdates(t.Context(), event.UID, 1, guests(30)); fault.KindOf(err) != fault.Internal {
		t.Fatal(err)
	}
	sent := len(w.mails.take(t))
	tried = -100
	done := w.tell(event, guests(30)...)
	expect(t, "sent in all", 29, sent+len(w.mails.take(t)))
	expect(t, "accounted for", 30, done.Sent+done.Current+done.Failed)
	expect(t, "refused", invite.Rejected, w.Attendee(event, "guest07@example.com").Undeliverable)
	expect(t, "nobody behind", []string{}, w.staged(event))
	w.Check()
}

func TestStageStops(t *testing.T) {
	w := newWorld(t)
	event := w.Create()
	w.Invite(event, ann)
	w.update(event, "LOCATION:Room 2", "SEQUENCE:1")
	full := fault.New(fault.Unavailable, "s3", "")
	if _, err := w.Service.StageAttendees(t.Context(), event.UID, 1, func(string) error { return full }); fault.KindOf(err) != fault.Unavailable {
		t.Error(err)
	}
	if _, err := w.Service.StageAttendees(t.Context(), "unknown", 1, func(string) error { return nil }); fault.KindOf(err) != fault.NotFound {
		t.Error(err)
	}
	if _, err := w.Service.SendUpdates(t.Context(), "unknown", 1, []string{ann}); fault.KindOf(err) != fault.NotFound {
		t.Error(err)
	}
	if _, err := w.Service.SendUpdates(t.Context(), event.UID, 1, guests(invite.MaxBatch+1)); fault.KindOf(err) != fault.InvalidRequest {
		t.Error(err)
	}
}

// The time that a step has is enough for noting what was sent.
func TestSendUpdatesOutOfTime(t *testing.T) {
	w := newWorld(t)
	event := w.Create()
	w.Invite(event, ann)
	w.Invite(event, bob)
	w.update(event, "LOCATION:Room 2", "SEQUENCE:1")
	w.Config.SendConcurrency = 1
	w.restart()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	w.mails.fail = func(_ int, mail invite.Outgoing) error {
		if mail.To == bob {
			return fault.New(fault.Throttled, "ses", "")
		}
		return nil
	}
	if _, err := w.Service.SendUpdates(ctx, event.UID, 1, []string{ann, bob}); fault.KindOf(err) != fault.Throttled {
		t.Error(err)
	}
	expect(t, "marked", []string{bob}, w.staged(event))
}
