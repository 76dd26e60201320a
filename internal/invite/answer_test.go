package invite_test

import (
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/fact"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

// What was recorded is told, however often it takes, under one ID; what changes nothing is not.
func TestAnswerTells(t *testing.T) {
	w, event := forwarded(t, invite.AcceptGuests)
	first := w.reply(event, bob, "TENTATIVE", "COMMENT:Perhaps")
	w.facts.fail = fault.New(fault.Unavailable, "bus", "")
	if _, err := w.Service.Answer(t.Context(), first); fault.KindOf(err) != fault.Unavailable {
		t.Fatalf("the bus is down: %v", err)
	}
	expect(t, "the step runs again", invite.AnswerDuplicate, w.Answer(first).Result)
	expect(t, "and again", invite.AnswerDuplicate, w.Answer(first).Result)
	told := w.facts.take()
	if len(told) != 2 || told[0].ID != told[1].ID {
		t.Fatalf("told: %+v", told)
	}
	expect(t, "what is told", fact.RSVP{
		UID: event.UID, Organizer: ada, Attendee: bob, Status: "tentative", Previous: "noaction", Grade: "proven", Channel: "mail", Comment: "Perhaps",
	}, told[0].Data.(fact.RSVP))

	w.Clock.Pass(time.Minute)
	second := w.reply(event, bob, "ACCEPTED")
	w.Answer(second)
	w.Answer(second)
	told = w.facts.take()
	if len(told) != 2 || told[0].ID != told[1].ID {
		t.Fatalf("told: %+v", told)
	}
	for _, f := range told {
		expect(t, "what went before", "tentative", f.Data.(fact.RSVP).Previous)
	}
	expect(t, "an older one", invite.AnswerDuplicate, w.Answer(first).Result)
	expect(t, "is this mail's own work", 1, len(w.facts.take()))
	copied := second
	copied.MessageID = "another"
	expect(t, "the same in another mail", invite.AnswerDuplicate, w.Answer(copied).Result)
	stale := first
	stale.MessageID = "a third"
	expect(t, "an older one in another mail", invite.AnswerStale, w.Answer(stale).Result)
	expect(t, "nothing is told of these", []string{}, typesOf(w.facts.take()))

	w.cancel(event)
	w.facts.take()
	w.Clock.Pass(time.Minute)
	late := w.reply(event, bob, "DECLINED")
	expect(t, "too late", invite.AnswerCancelled, w.Answer(late).Result)
	expect(t, "again", invite.AnswerDuplicate, w.Answer(late).Result)
	expect(t, "nothing is told of what does not count", []string{}, typesOf(w.facts.take()))
	w.Check()
}

func TestAnswerComment(t *testing.T) {
	w, event := forwarded(t, invite.AcceptGuests)
	stamp := "DTSTAMP:20260302T085900Z" // of the invitation, as some calendars stamp all answers
	answer := func(comment string) invite.Answered {
		t.Helper()
		r := w.reply(event, bob, "ACCEPTED", stamp, "COMMENT:"+comment)
		r.DTStamp = 1772441940
		return w.Answer(r)
	}
	expect(t, "first", invite.AnswerApplied, answer("I bring cake").Result)
	expect(t, "the same again", invite.AnswerDuplicate, answer("I bring cake").Result)
	expect(t, "new words", invite.AnswerApplied, answer("I bring pie").Result)
	expect(t, "comment", "I bring pie", w.Attendee(event, bob).Comment)
	expect(t, "no words", invite.AnswerDuplicate, answer("").Result)
	expect(t, "comment stays", "I bring pie", w.Attendee(event, bob).Comment)
	expect(t, "answers", map[string]int{"accepted": 1}, w.RSVP(event))
	w.cancel(event)
	expect(t, "of a cancelled event", invite.AnswerDuplicate, answer("What a pity").Result)
	w.Check()
}

func TestAnswerInstanceComment(t *testing.T) {
	w := newWorld(t)
	event := w.Create("RRULE:FREQ=WEEKLY;COUNT=4")
	w.Invite(event, bob)
	w.Answer(w.reply(event, bob, "ACCEPTED"))
	w.facts.take()
	w.Clock.Pass(time.Minute)
	r := w.reply(event, bob, "DECLINED", "RECURRENCE-ID:20260408T090000Z", "COMMENT:Not that week")
	expect(t, "result", invite.AnswerApplied, w.Answer(r).Result)
	record := w.Attendee(event, bob)
	expect(t, "comment", "Not that week", record.Comment)
	expect(t, "the series' answer stays", "accepted", string(record.StatusAt(event)))
	expect(t, "the instance's", "declined", string(record.InstanceStatusAt(event, "20260408T090000Z")))
	told := w.facts.take()
	expect(t, "told", 1, len(told))
	data := told[0].Data.(fact.RSVP)
	expect(t, "what is told", []string{"declined", "accepted", "20260408T090000Z", "Not that week"}, []string{data.Status, data.Previous, data.RecurrenceID, data.Comment})
	w.Check()
}
