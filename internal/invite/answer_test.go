package invite_test

import (
	"strings"
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

// An answer on the page is the newest there is: whatever the clock of the guest's calendar said before, however soon after another, and by the
// link in whichever of their mails.
func TestAnswerOnThePage(t *testing.T) {
	w := newWorld(t)
	event := w.Create()
	w.Invite(event, bob)
	press := func(answer string) {
		t.Helper()
		r := w.Reply(event, bob, answer)
		r.MessageID, r.Channel, r.Generation = "", invite.ChannelPage, 1
		if answered := w.Answer(r); answered.Result != invite.AnswerApplied || string(answered.Status) != strings.ToLower(answer) {
			t.Errorf("%s: %+v", answer, answered)
		}
	}
	ahead := w.Reply(event, bob, "ACCEPTED")
	ahead.DTStamp += 7200
	expect(t, "by a calendar two hours ahead", invite.AnswerApplied, w.Answer(ahead).Result)
	for _, answer := range []string{"DECLINED", "ACCEPTED", "DECLINED"} { // within a second
		press(answer)
	}
	w.Clock.Pass(3 * time.Hour)
	w.Invite(event, bob) // who declined is invited anew, in a new generation
	expect(t, "invited anew", 2, w.Attendee(event, bob).Generation)
	press("ACCEPTED") // by the first mail's link
	w.Check()
}

// Whoever presses the same button of the page again, such as after an error, gives the same answer again; another button, other words, or an
// answer by mail in between make it a new one.
func TestAnswerPressedAgain(t *testing.T) {
	w := newWorld(t)
	event := w.Create()
	w.Invite(event, bob)
	w.facts.take()
	press := func(answer, words string) (invite.Answered, error) {
		w.Clock.Pass(time.Minute)
		r := w.Reply(event, bob, answer)
		r.MessageID, r.Channel, r.Comment = "", invite.ChannelPage, words
		return w.Service.Answer(t.Context(), r)
	}
	w.facts.fail = fault.New(fault.Unavailable, "bus", "")
	if _, err := press("ACCEPTED", "Gladly"); fault.KindOf(err) != fault.Unavailable {
		t.Fatalf("the bus is down: %v", err)
	}
	told := map[string]bool{}
	for _, step := range []struct {
		answer, words string
		byMail        bool
		entries       int // of the history, and of what was told
		previous      string
	}{
		{answer: "ACCEPTED", words: "Gladly", entries: 1, previous: "noaction"}, // what could not be told before
		{answer: "ACCEPTED", entries: 1, previous: "noaction"},
		{answer: "ACCEPTED", words: "Late", entries: 2, previous: "accepted"},
		{answer: "DECLINED", entries: 3, previous: "accepted"},
		{answer: "DECLINED", byMail: true, entries: 4, previous: "declined"},
		{answer: "DECLINED", entries: 5, previous: "declined"},
		{answer: "DECLINED", entries: 5, previous: "declined"},
		{answer: "ACCEPTED", entries: 6, previous: "declined"},
	} {
		var err error
		if step.byMail {
			w.Clock.Pass(time.Minute)
			_, err = w.Service.Answer(t.Context(), w.Reply(event, bob, step.answer))
		} else {
			_, err = press(step.answer, step.words)
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range w.facts.take() {
			told[f.ID] = true
			expect(t, "what went before "+step.answer, step.previous, f.Data.(fact.RSVP).Previous)
		}
		if a := w.Attendee(event, bob); len(a.History) != step.entries || len(told) != step.entries {
			t.Errorf("%+v: the history has %d entries, %d were told", step, len(a.History), len(told))
		}
	}
	w.Check()
}

// Who declined, and was invited again, has not declined the second invitation.
func TestAnswerPressedAfterAnotherInvitation(t *testing.T) {
	w := newWorld(t)
	event := w.Create()
	for n := range 2 {
		w.Clock.Pass(time.Minute)
		expect(t, "invited", invite.SentNow, w.Invite(event, bob))
		r := w.Reply(event, bob, "DECLINED")
		r.MessageID, r.Channel = "", invite.ChannelPage
		expect(t, "answered", invite.AnswerApplied, w.Answer(r).Result)
		expect(t, "entries", n+1, len(w.Attendee(event, bob).History))
	}
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
