package invite_test

import (
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/fact"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/invite/storetest"
)

// Each step tells what it did, and again when it finds its own earlier work, under the same ID.
func TestEventFacts(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	create := w.Request(ada, storetest.Meeting())
	move := w.Request(ada, storetest.Meeting("SEQUENCE:1", "DTSTART:20260402T090000Z", "DTEND:20260402T100000Z"))
	cancel := w.Request(ada, storetest.Meeting("METHOD:CANCEL", "SEQUENCE:2"))
	told := func(step func() error) fact.Fact {
		t.Helper()
		w.facts.fail = fault.New(fault.Unavailable, "event-bus", "") // the step did its work, and could not tell
		if err := step(); fault.KindOf(err) != fault.Unavailable {
			t.Fatal(err)
		}
		w.Clock.Pass(time.Minute)
		for range 2 {
			if err := step(); err != nil {
				t.Fatal(err)
			}
		}
		facts := w.facts.take()
		if len(facts) != 2 {
			t.Fatalf("%d facts", len(facts))
		}
		expect(t, "told again", facts[0], facts[1])
		return facts[0]
	}
	uid := create.MessageID
	want := fact.Event{
		UID: uid, OriginalUID: "meeting-1@organizer.example", Organizer: ada, Name: "Ada Ng", Status: "confirmed", Summary: "Planning", Location: "Room 1",
		DTStart: 1_775_034_000, DTEnd: 1_775_037_600,
	}
	created := told(func() error { _, err := w.Service.CreateEvent(ctx, create); return err })
	expect(t, "created", fact.EventCreated, created.Type)
	expect(t, "created", want, created.Data.(fact.Event))

	updated := told(func() error { _, err := w.Service.UpdateEvent(ctx, uid, move); return err })
	want.Sequence, want.DTStart, want.DTEnd, want.Change = 1, want.DTStart+86400, want.DTEnd+86400, "reschedule"
	expect(t, "updated", fact.EventUpdated, updated.Type)
	expect(t, "updated", want, updated.Data.(fact.Event))

	cancelled := told(func() error { _, err := w.Service.CancelEvent(ctx, uid, cancel); return err })
	want.Sequence, want.Status, want.Change = 2, "cancelled", "cancelled"
	expect(t, "cancelled", fact.EventCancelled, cancelled.Type)
	expect(t, "cancelled", want, cancelled.Data.(fact.Event))

	for _, step := range []func() error{ // nothing happens, nothing is told
		func() error { _, err := w.Service.UpdateEvent(ctx, uid, move); return err },
		func() error {
			_, err := w.Service.CancelEvent(ctx, uid, w.Request(ada, storetest.Meeting("METHOD:CANCEL", "SEQUENCE:3")))
			return err
		},
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	expect(t, "nothing", []string{}, typesOf(w.facts.take()))
}

// An instance that is called off is a change of the event, which goes on.
func TestInstanceFacts(t *testing.T) {
	w := newWorld(t)
	event := w.Create(series)
	w.facts.take()
	w.cancel(event, instance("04", "SEQUENCE:3", "DTSTAMP:20260302T093000Z")...)
	told := w.facts.take()
	expect(t, "facts", []string{"event.updated"}, typesOf(told))
	is := told[0].Data.(fact.Event)
	expect(t, "change", "cancelled", is.Change)
	expect(t, "instances", []string{"20260404T090000Z"}, is.Instances)
	expect(t, "status", "confirmed", is.Status)
}

func TestInviteFacts(t *testing.T) {
	w := newWorld(t)
	w.Config.EventInviteLimit = 1
	w.restart()
	event := w.Create()
	w.facts.take()
	request := invite.InviteRequest{ID: "r1", UID: event.UID, Email: bob, Name: "Bob", Origin: "webform"}
	send := func(r invite.InviteRequest) invite.Sent {
		t.Helper()
		sent, err := w.Service.Send(t.Context(), r, event)
		if err != nil {
			t.Fatal(err)
		}
		return sent
	}
	send(request)
	w.Clock.Pass(time.Hour)
	send(request)
	told := w.facts.take()
	expect(t, "facts", []string{"invite.sent", "invite.sent"}, typesOf(told))
	expect(t, "told again", told[0], told[1])
	expect(t, "sent", fact.Invites{UID: event.UID, Organizer: ada, Invites: []fact.Invite{
		{Attendee: bob, Name: "Bob", Origin: "webform", SESMessageID: "ses-1"},
	}}, told[0].Data.(fact.Invites))

	request.ID = "r2"
	expect(t, "invited before", invite.SentAlready, send(request).Result)
	expect(t, "nothing to tell", []string{}, typesOf(w.facts.take()))
	expect(t, "no room", invite.SentLimitReached, send(invite.InviteRequest{ID: "r3", UID: event.UID, Email: "eve@example.com"}).Result)
	told = w.facts.take()
	expect(t, "facts", []string{"invite.refused"}, typesOf(told))
	expect(t, "reason", invite.ReasonInviteLimit, told[0].Data.(fact.Invites).Invites[0].Reason)

	unknown, err := w.Service.Verify(t.Context(), invite.InviteRequest{UID: "unknown", Email: bob})
	if err != nil || unknown.Reason != invite.ReasonUnknownEvent || w.Service.Refused(t.Context(), unknown) != nil {
		t.Fatal(unknown, err)
	}
	expect(t, "no event, no fact", []string{}, typesOf(w.facts.take()))
	refused := w.refused(event, ada)
	expect(t, "refused", fact.InviteRefused, refused.Type)
	expect(t, "reason", invite.ReasonOrganizer, refused.Data.(fact.Invites).Invites[0].Reason)
}

// A mail that SES will never take is no error that somebody has to look at.
func TestSendRefusedBySES(t *testing.T) {
	w := newWorld(t)
	event := w.Create()
	w.facts.take()
	w.mails.fail = func(int, invite.Outgoing) error { return fault.New(fault.InvalidRequest, "rejected", "") }
	request := invite.InviteRequest{ID: "r1", UID: event.UID, Email: bob}
	for range 2 {
		sent, err := w.Service.Send(t.Context(), request, event)
		if err != nil || sent.Result != invite.SentRefused || sent.Reason != invite.ReasonRefused {
			t.Fatalf("%+v %v", sent, err)
		}
	}
	expect(t, "tries", 1, w.mails.tried)
	expect(t, "facts", []string{"attendee.bounced", "invite.refused", "attendee.bounced", "invite.refused"}, typesOf(w.facts.take()))
	w.Check()
}
