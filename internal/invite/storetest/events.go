package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/itip"
)

func testCreate(t *testing.T, w *World) {
	request := w.Request(organizer, Meeting())
	route := must(w.Service.Route(w.ctx(), request))(t)
	expect(t, "route", invite.Route{Action: invite.ActionCreate, UID: request.MessageID}, route)
	for range 2 { // the step may run twice
		created := must(w.Service.CreateEvent(w.ctx(), request))(t)
		expect(t, "result", invite.ResultCreated, created.Result)
		expect(t, "uid", request.MessageID, created.Event.UID)
		expect(t, "route again", invite.ActionCreate, must(w.Service.Route(w.ctx(), request))(t).Action)
	}
	event := w.Event(request.MessageID)
	expect(t, "owner", organizer, event.MailTo)
	expect(t, "organizer", "Ada Ng", event.Organizer)
	expect(t, "summary", "Planning", event.Summary)
	expect(t, "dtstart", time.Date(2026, 4, 1, 9, 0, 0, 0, time.UTC).Unix(), event.DTStart)
	expect(t, "dtstamp", start.Unix(), event.DTStamp)
	expect(t, "version", 1, event.Version)
	expect(t, "events of the organizer", 1, must(w.Store.OrganizerStatistics(w.ctx(), ada))(t).Events)
	expect(t, "events of the system", 1, must(w.Store.SystemStatistics(w.ctx(), invite.DefaultTenant))(t).Events)
	if _, err := w.Service.Event(w.ctx(), "other", event.UID); fault.KindOf(err) != fault.NotFound {
		t.Errorf("another tenant reads the event: %v", err)
	}
	if _, err := w.Service.Statistics(w.ctx(), "default", "nosuchevent"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("statistics of no event: %v", err)
	}
}

func testEventLimit(t *testing.T, w *World) {
	w.Reconfigure(func(c *invite.Config) { c.EventLimit = 2 })
	w.Create("UID:1")
	w.Create("UID:2")
	third := w.Request(organizer, Meeting("UID:3"))
	for range 2 {
		limited := must(w.Service.CreateEvent(w.ctx(), third))(t)
		expect(t, "third event", invite.ResultLimitReached, limited.Result)
		expect(t, "limit", 2, limited.Limit)
	}
	if _, err := w.Store.Event(w.ctx(), third.MessageID); fault.KindOf(err) != fault.NotFound {
		t.Errorf("an event over the limit was written: %v", err)
	}
	other := must(w.Service.CreateEvent(w.ctx(), w.Request("bob@organizer.example", Meeting("UID:3"))))(t)
	expect(t, "another organizer", invite.ResultCreated, other.Result)
	if err := w.Store.SetStanding(w.ctx(), ada, invite.Subscription, true, start.Unix()); err != nil {
		t.Fatal(err)
	}
	expect(t, "with a subscription", invite.ResultCreated, must(w.Service.CreateEvent(w.ctx(), third))(t).Result)
	w.Reconfigure(func(c *invite.Config) { c.EventLimit = 0 })
	expect(t, "without a limit", invite.ResultCreated, must(w.Service.CreateEvent(w.ctx(), w.Request("bob@organizer.example", Meeting("UID:4"))))(t).Result)
}

func testCreateConcurrently(t *testing.T, w *World) {
	w.Reconfigure(func(c *invite.Config) { c.EventLimit = 5 })
	var mu sync.Mutex
	results := map[string]int{}
	parallel(12, func(i int) {
		created, err := w.Service.CreateEvent(w.ctx(), w.Request(organizer, Meeting(fmt.Sprintf("UID:%d", i))))
		if err != nil {
			t.Error(err)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		results[created.Result]++
	})
	expect(t, "results", map[string]int{invite.ResultCreated: 5, invite.ResultLimitReached: 7}, results)
	expect(t, "events", 5, must(w.Store.OrganizerStatistics(w.ctx(), ada))(t).Events)
	expect(t, "events of the system", 5, must(w.Store.SystemStatistics(w.ctx(), invite.DefaultTenant))(t).Events)
}

func testSuspended(t *testing.T, w *World) {
	event := w.Create()
	if err := w.Store.SetStanding(w.ctx(), ada, invite.Suspended, true, start.Unix()); err != nil {
		t.Fatal(err)
	}
	expect(t, "create", invite.ResultSuspended, must(w.Service.CreateEvent(w.ctx(), w.Request(organizer, Meeting("UID:2"))))(t).Result)
	expect(t, "invite", invite.ReasonSuspended, w.Invite(event, "bob@example.com"))
	if err := w.Store.SetStanding(w.ctx(), ada, invite.Suspended, false, start.Unix()); err != nil {
		t.Fatal(err)
	}
	expect(t, "invite again", invite.SentNow, w.Invite(event, "bob@example.com"))
	w.Check()
}

func testSameOriginalUID(t *testing.T, w *World) {
	event := w.Create("UID:ABC@organizer.example")
	second := w.Request(organizer, Meeting("UID:abc@organizer.example"))
	expect(t, "route", invite.Route{Action: invite.ActionUpdate, UID: event.UID}, must(w.Service.Route(w.ctx(), second))(t))
	exists := must(w.Service.CreateEvent(w.ctx(), second))(t)
	expect(t, "create", invite.ResultExists, exists.Result)
	expect(t, "uid", event.UID, exists.Event.UID)
	foreign := w.Request("bob@organizer.example", Meeting("UID:abc@organizer.example"))
	expect(t, "another organizer's route", invite.ActionCreate, must(w.Service.Route(w.ctx(), foreign))(t).Action)
	expect(t, "another organizer", invite.ResultCreated, must(w.Service.CreateEvent(w.ctx(), foreign))(t).Result)
	expect(t, "both found", 2, len(must(w.Store.LookUpAny(w.ctx(), "ABC@organizer.example"))(t)))
}

func testUpdate(t *testing.T, w *World) {
	event := w.Create()
	w.Invite(event, "bob@example.com")
	w.Answer(w.Reply(event, "bob@example.com", "ACCEPTED"))
	w.Clock.Pass(time.Hour)

	same := must(w.Service.UpdateEvent(w.ctx(), event.UID, w.Request(organizer, Meeting("DTSTAMP:20260302T120000Z"))))(t)
	expect(t, "re-sent", invite.ResultUnchanged, same.Result)
	expect(t, "sequence", 0, w.Event(event.UID).Sequence)

	request := w.Request(organizer, Meeting("DTSTAMP:20260302T130000Z", "LOCATION:Room 2"))
	for range 2 {
		updated := must(w.Service.UpdateEvent(w.ctx(), event.UID, request))(t)
		expect(t, "new location", invite.ResultUpdated, updated.Result)
		expect(t, "reschedule", false, updated.Reschedule)
	}
	changed := w.Event(event.UID)
	expect(t, "sequence", 1, changed.Sequence)
	expect(t, "location", "Room 2", changed.Location)
	expect(t, "dtstamp", start.Add(time.Hour).Unix(), changed.DTStamp)
	expect(t, "answers", answers{"accepted": 1}, w.RSVP(event))

	older := must(w.Service.UpdateEvent(w.ctx(), event.UID, w.Request(organizer, Meeting("DTSTAMP:20260302T110000Z", "LOCATION:Room 3"))))(t)
	expect(t, "older request", invite.ResultStale, older.Result)
	expect(t, "location", "Room 2", w.Event(event.UID).Location)
	w.Check()
}

func testUpdateAgain(t *testing.T, w *World) {
	event := w.Create()
	var mu sync.Mutex
	results := map[string]int{}
	requests := make([]invite.Request, 6)
	for i := range requests {
		requests[i] = w.Request(organizer, Meeting(fmt.Sprintf("DTSTAMP:20260302T12000%dZ", i), fmt.Sprintf("SUMMARY:Title %d", i)))
	}
	parallel(len(requests), func(i int) {
		updated, err := w.Service.UpdateEvent(w.ctx(), event.UID, requests[i])
		if err != nil {
			t.Error(err)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		results[updated.Result]++
	})
	after := w.Event(event.UID)
	expect(t, "the newest wins", "Title 5", after.Summary)
	expect(t, "one revision per update", results[invite.ResultUpdated], after.Sequence)
	expect(t, "all answered", len(requests), results[invite.ResultUpdated]+results[invite.ResultStale])
}

func testInstanceUpdate(t *testing.T, w *World) {
	event := w.Create("RRULE:FREQ=WEEKLY;COUNT=4")
	w.Invite(event, "bob@example.com")
	w.Answer(w.Reply(event, "bob@example.com", "ACCEPTED"))
	request := w.Request(organizer, Meeting("DTSTAMP:20260302T120000Z", "RECURRENCE-ID:20260408T090000Z", "DTSTART:20260408T110000Z", "DTEND:20260408T120000Z"))
	updated := must(w.Service.UpdateEvent(w.ctx(), event.UID, request))(t)
	expect(t, "result", invite.ResultUpdated, updated.Result)
	expect(t, "instances", []string{"20260408T090000Z"}, updated.Instances)
	expect(t, "the series keeps its answers", answers{"accepted": 1}, w.RSVP(event))
	after := w.Event(event.UID)
	expect(t, "the series keeps its time", event.DTStart, after.DTStart)
	expect(t, "moved", map[string]int{"20260408T090000Z": 1}, after.Instances)
	bob := w.Attendee(event, "bob@example.com")
	expect(t, "answer to the moved instance", itip.NoAction, bob.InstanceStatusAt(after, "20260408T090000Z"))
	expect(t, "answer to another instance", itip.Accepted, bob.InstanceStatusAt(after, "20260415T090000Z"))
	again := must(w.Service.UpdateEvent(w.ctx(), event.UID, w.Request(organizer, Meeting("DTSTAMP:20260302T120000Z", "RECURRENCE-ID:20260408T090000Z", "DTSTART:20260408T110000Z", "DTEND:20260408T120000Z"))))(t)
	expect(t, "again", invite.ResultUnchanged, again.Result)
	older := must(w.Service.UpdateEvent(w.ctx(), event.UID, w.Request(organizer, Meeting("DTSTAMP:20260302T110000Z", "RECURRENCE-ID:20260408T090000Z", "DTSTART:20260408T130000Z", "DTEND:20260408T140000Z"))))(t)
	expect(t, "older", invite.ResultStale, older.Result)
	w.Check()
}

func testCancel(t *testing.T, w *World) {
	event := w.Create()
	w.Invite(event, "bob@example.com")
	w.Answer(w.Reply(event, "bob@example.com", "ACCEPTED"))
	request := w.Request(organizer, Meeting("METHOD:CANCEL", "SEQUENCE:1", "STATUS:CANCELLED"))
	expect(t, "route", invite.Route{Action: invite.ActionCancel, UID: event.UID}, must(w.Service.Route(w.ctx(), request))(t))
	for range 2 {
		cancelled := must(w.Service.CancelEvent(w.ctx(), event.UID, request))(t)
		expect(t, "cancel", invite.ResultCancelled, cancelled.Result)
	}
	after := w.Event(event.UID)
	expect(t, "status", invite.StatusCancelled, after.Status)
	expect(t, "sequence", 1, after.Sequence)
	expect(t, "cancel again", invite.ResultAlready, must(w.Service.CancelEvent(w.ctx(), event.UID, w.Request(organizer, Meeting("METHOD:CANCEL", "SEQUENCE:2"))))(t).Result)
	expect(t, "an update from before", invite.ResultCancelled, must(w.Service.UpdateEvent(w.ctx(), event.UID, w.Request(organizer, Meeting("SEQUENCE:0", "SUMMARY:New"))))(t).Result)
	if _, err := w.Service.UpdateEvent(w.ctx(), event.UID, w.Request(organizer, Meeting("SEQUENCE:2", "SUMMARY:New"))); fault.KindOf(err) != fault.Conflict || fault.ReasonOf(err) != invite.ReasonEventCancelled {
		t.Errorf("put back: %v", err)
	}
	expect(t, "invite", invite.ReasonEventCancelled, w.Invite(event, "eve@example.com"))
	w.Clock.Pass(time.Minute)
	late := w.Answer(w.Reply(event, "bob@example.com", "DECLINED"))
	expect(t, "answer", invite.AnswerCancelled, late.Result)
	expect(t, "answers", answers{"accepted": 1}, w.RSVP(event))
	expect(t, "history", 2, len(w.Attendee(event, "bob@example.com").History))
	stale := w.Create("UID:2", "SEQUENCE:5")
	expect(t, "older cancellation", invite.ResultStale, must(w.Service.CancelEvent(w.ctx(), stale.UID, w.Request(organizer, Meeting("UID:2", "METHOD:CANCEL", "SEQUENCE:4"))))(t).Result)
	w.Check()
}

func testCancelInstance(t *testing.T, w *World) {
	event := w.Create("RRULE:FREQ=WEEKLY;COUNT=4")
	lines := []string{"METHOD:CANCEL", "SEQUENCE:1", "DTSTAMP:20260302T120000Z", "RECURRENCE-ID:20260408T090000Z", "STATUS:CANCELLED", "RRULE"}
	request := w.Request(organizer, Meeting(lines...))
	for range 2 {
		cancelled := must(w.Service.CancelEvent(w.ctx(), event.UID, request))(t)
		expect(t, "result", invite.ResultCancelled, cancelled.Result)
		expect(t, "instances", []string{"20260408T090000Z"}, cancelled.Instances)
	}
	after := w.Event(event.UID)
	expect(t, "status", invite.StatusConfirmed, after.Status)
	expect(t, "sequence", 1, after.Sequence)
	main, _ := must(after.ReadCalendar())(t).Main()
	expect(t, "excluded", 1, len(main.Dates("EXDATE")))
	expect(t, "again", invite.ResultAlready, must(w.Service.CancelEvent(w.ctx(), event.UID, w.Request(organizer, Meeting(lines...))))(t).Result)
	delayed := w.Request(organizer, Meeting("DTSTAMP:20260302T110000Z", "RECURRENCE-ID:20260408T090000Z", "DTSTART:20260408T110000Z", "DTEND:20260408T120000Z"))
	expect(t, "an older update of the instance", invite.ResultStale, must(w.Service.UpdateEvent(w.ctx(), event.UID, delayed))(t).Result)
	full := w.Request(organizer, Meeting("RRULE:FREQ=WEEKLY;COUNT=4", "EXDATE:20260408T090000Z", "SEQUENCE:1", "DTSTAMP:20260302T130000Z"))
	expect(t, "the series without it", invite.ResultUnchanged, must(w.Service.UpdateEvent(w.ctx(), event.UID, full))(t).Result)
	expect(t, "invite", invite.SentNow, w.Invite(event, "bob@example.com"))
}

func testForeignOrganizer(t *testing.T, w *World) {
	event := w.Create()
	request := w.Request("mallory@organizer.example", Meeting("SUMMARY:Mine now", "SEQUENCE:9"))
	if _, err := w.Service.UpdateEvent(w.ctx(), event.UID, request); fault.KindOf(err) != fault.NotFound {
		t.Errorf("update by somebody else: %v", err)
	}
	cancelled := must(w.Service.CancelEvent(w.ctx(), event.UID, w.Request("mallory@organizer.example", Meeting("METHOD:CANCEL", "SEQUENCE:9"))))(t)
	expect(t, "cancel by somebody else", invite.ResultUnknown, cancelled.Result)
	expect(t, "summary", "Planning", w.Event(event.UID).Summary)
	unknown := w.Request("mallory@organizer.example", Meeting("METHOD:CANCEL", "SEQUENCE:9"))
	expect(t, "route", invite.Route{Action: invite.ActionIgnore, Reason: invite.ReasonUnknownEvent}, must(w.Service.Route(w.ctx(), unknown))(t))
}
