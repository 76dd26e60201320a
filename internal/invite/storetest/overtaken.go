package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

// overtaken is a Store in which something else happens between what a step has read and what it writes, once.
type overtaken struct {
	invite.Store
	by func()
}

func (s *overtaken) happen() {
	if by := s.by; by != nil {
		s.by = nil
		by()
	}
}

// RecordAnswer implements invite.Store.
func (s *overtaken) RecordAnswer(ctx context.Context, e invite.Event, after invite.Attendee, change invite.Statistics) error {
	s.happen()
	return s.Store.RecordAnswer(ctx, e, after, change)
}

// Invite implements invite.Store.
func (s *overtaken) Invite(ctx context.Context, i invite.Invitation) (invite.Invited, error) {
	s.happen()
	return s.Store.Invite(ctx, i)
}

// Revise implements invite.Store.
func (s *overtaken) Revise(ctx context.Context, e invite.Event, rescheduled bool) error {
	s.happen()
	return s.Store.Revise(ctx, e, rescheduled)
}

// MarkSent implements invite.Store.
func (s *overtaken) MarkSent(ctx context.Context, a invite.Attendee, sesMessageID string, at int64) error {
	s.happen()
	return s.Store.MarkSent(ctx, a, sesMessageID, at)
}

func testOvertaken(t *testing.T, w *World) {
	store := &overtaken{Store: w.Store}
	w.Store = store
	w.Reconfigure(func(*invite.Config) {})
	event := w.Create()
	w.Invite(event, bob)
	reschedule := func(sequence, start string) {
		must(w.Service.UpdateEvent(w.ctx(), event.UID, w.Request(organizer, Meeting("SEQUENCE:"+sequence, "DTSTART:"+start))))(t)
	}

	answer := w.Reply(event, bob, "ACCEPTED")
	store.by = func() { reschedule("1", "20260402T090000Z") }
	expect(t, "an answer overtaken by a reschedule", invite.AnswerOutdated, w.Answer(answer).Result)
	expect(t, "answers", answers{noAnswer: 1}, w.RSVP(event))
	w.Check()

	w.Clock.Pass(time.Minute)
	first, second := w.Reply(event, bob, "ACCEPTED"), w.Reply(event, bob, "DECLINED")
	second.DTStamp++
	store.by = func() { w.Answer(second) }
	expect(t, "an answer overtaken by a newer one", invite.AnswerStale, w.Answer(first).Result)
	expect(t, "answers", answers{"declined": 1}, w.RSVP(event))
	w.Check()

	store.by = func() { w.Answer(w.Reply(event, "eve@example.com", "ACCEPTED")) }
	expect(t, "an invitation overtaken by the guest's own answer", invite.SentNow, w.Invite(event, "eve@example.com"))
	expect(t, "answers", answers{"accepted": 1, "declined": 1}, w.RSVP(event))
	w.Check()

	store.by = func() { w.Answer(w.Reply(event, "eve@example.com", "TENTATIVE")) }
	w.Clock.Pass(time.Minute)
	reschedule("2", "20260403T090000Z")
	expect(t, "a reschedule overtaken by an answer", answers{noAnswer: 2}, w.RSVP(event))
	w.Check()

	store.by = func() { w.Invite(event, "new@example.com") }
	reschedule("3", "20260404T090000Z")
	expect(t, "a reschedule overtaken by an invitation", answers{noAnswer: 3}, w.RSVP(event))
	w.Check()

	w.Clock.Pass(time.Minute)
	verified := must(w.Service.Verify(w.ctx(), invite.InviteRequest{ID: "1", UID: event.UID, Email: "zoe@example.com"}))(t)
	w.Mails.Fail = func(invite.Outgoing) (bool, error) { // the guest answers before the mail is marked as sent
		w.Mails.Fail = nil
		store.by = func() { w.Answer(w.Reply(event, "zoe@example.com", "ACCEPTED")) }
		return true, nil
	}
	must(w.Service.Send(w.ctx(), verified.Request, verified.Event))(t)
	zoe := w.Attendee(event, "zoe@example.com")
	expect(t, "both are on record", []string{"accepted", string(invite.DeliverySent)}, []string{string(zoe.StatusAt(w.Event(event.UID))), string(zoe.Delivery)})
	w.Check()

	late := w.Reply(event, bob, "ACCEPTED")
	store.by = func() {
		must(w.Service.CancelEvent(w.ctx(), event.UID, w.Request(organizer, Meeting("METHOD:CANCEL", "SEQUENCE:4"))))(t)
	}
	expect(t, "an answer overtaken by the cancellation", invite.AnswerCancelled, w.Answer(late).Result)
	expect(t, "answers", answers{noAnswer: 3, "accepted": 1}, w.RSVP(event))
	w.Check()
}
