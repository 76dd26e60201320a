package invite_test

import (
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/fact"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

func (w *world) feedback(f invite.Feedback) string {
	w.t.Helper()
	recorded, err := w.Service.RecordFeedback(w.t.Context(), f)
	if err != nil {
		w.t.Fatal(err)
	}
	if recorded.Reason != "" {
		return recorded.Result + " " + recorded.Reason
	}
	return recorded.Result
}

func bounce(e invite.Event, id, kind string, at int64) invite.Feedback {
	return invite.Feedback{
		Kind: invite.FeedbackBounce, UID: e.UID, Email: bob, Type: kind, Subtype: "General", Diagnostic: "550 no\r\nsuch user", FeedbackID: id,
		SESMessageID: "ses-1", At: at,
	}
}

func TestRecordBounces(t *testing.T) {
	w := newWorld(t)
	event := w.Create()
	w.Invite(event, bob)
	w.facts.take()
	at := w.Clock.Now().Unix()
	bounced := func() int {
		_, counts, err := w.Store.Statistics(t.Context(), event.UID)
		if err != nil {
			t.Fatal(err)
		}
		return counts.Bounced
	}

	expect(t, "soft", "recorded", w.feedback(bounce(event, "f-1", "Transient", at+1)))
	expect(t, "soft again", "repeated", w.feedback(bounce(event, "f-1", "Transient", at+1)))
	record := w.Attendee(event, bob)
	expect(t, "noted", &invite.Bounce{Type: "Transient", Subtype: "General", Diagnostic: "550 no  such user", At: at + 1, FeedbackID: "f-1"}, record.Bounce)
	expect(t, "mail goes on", invite.Undeliverable(""), record.Undeliverable)
	expect(t, "counted", 0, bounced())
	facts := w.facts.take()
	expect(t, "told", []string{"attendee.bounced", "attendee.bounced"}, typesOf(facts))
	expect(t, "told again", facts[0], facts[1])
	expect(t, "final", false, facts[0].Data.(fact.Bounce).Final)

	expect(t, "hard", "recorded", w.feedback(bounce(event, "f-2", "Permanent", at+2)))
	version := w.Attendee(event, bob).Version
	expect(t, "hard again", "repeated", w.feedback(bounce(event, "f-2", "Permanent", at+2)))
	expect(t, "soft afterwards", "ignored undeliverable", w.feedback(bounce(event, "f-3", "Transient", at+3)))
	expect(t, "writes", version, w.Attendee(event, bob).Version)
	expect(t, "another hard one", "recorded", w.feedback(bounce(event, "f-4", "Permanent", at+4)))
	expect(t, "record", invite.HardBounce, w.Attendee(event, bob).Undeliverable)
	expect(t, "counted once", 1, bounced())
	facts = w.facts.take()
	expect(t, "facts", []string{"attendee.bounced", "attendee.bounced", "attendee.bounced"}, typesOf(facts))
	expect(t, "told final", fact.Bounce{
		UID: event.UID, Organizer: ada, Attendee: bob, Type: "Permanent", Subtype: "General", Diagnostic: "550 no  such user", Final: true,
	}, facts[0].Data.(fact.Bounce))
	w.Check()
}

// A hard bounce holds whichever mail it is about; what is said of an earlier mail than the last says nothing else.
func TestRecordFeedbackOfEarlierMail(t *testing.T) {
	w := newWorld(t)
	event := w.Create()
	w.Invite(event, bob)
	early := w.Clock.Now().Unix()
	w.Clock.Pass(time.Hour)
	w.update(event, "LOCATION:Room 2", "SEQUENCE:1")
	w.tell(event, bob)
	expect(t, "last mail", "ses-2", w.Attendee(event, bob).SESMessageID)

	expect(t, "soft", "ignored older-mail", w.feedback(bounce(event, "f-1", "Transient", early+1)))
	delivery := invite.Feedback{Kind: invite.FeedbackDelivery, UID: event.UID, Email: bob, SESMessageID: "ses-1", At: early + 1}
	expect(t, "delivery", "ignored older-mail", w.feedback(delivery))
	delivery.SESMessageID, delivery.At = "ses-2", w.Clock.Now().Unix()+1
	expect(t, "delivery of the last", "recorded", w.feedback(delivery))
	expect(t, "delivery told again", "repeated", w.feedback(delivery))
	expect(t, "delivered", delivery.At, w.Attendee(event, bob).DeliveredAt)
	expect(t, "hard", "recorded", w.feedback(bounce(event, "f-2", "Permanent", early+1)))
	expect(t, "undeliverable", invite.HardBounce, w.Attendee(event, bob).Undeliverable)
	w.Check()
}

func TestRecordComplaint(t *testing.T) {
	w := newWorld(t)
	event, other := w.Create(), w.Create("UID:meeting-2@organizer.example")
	w.Invite(event, bob)
	w.facts.take()
	complaint := invite.Feedback{Kind: invite.FeedbackComplaint, UID: event.UID, Email: bob, Subtype: "abuse", FeedbackID: "c-1", At: 77}
	notSpam := complaint
	notSpam.Subtype = "not-spam"
	expect(t, "not spam", "ignored not-spam", w.feedback(notSpam))
	expect(t, "complaint", "recorded", w.feedback(complaint))
	record := w.Attendee(event, bob)
	if record.Undeliverable != invite.Complained || !record.Blocked || record.Bounce.Type != "Complaint" || record.Bounce.Subtype != "abuse" {
		t.Errorf("%+v", record)
	}
	expect(t, "other events", invite.ReasonBlocked, w.Invite(other, bob))
	facts := w.facts.take()
	expect(t, "facts", []string{"attendee.bounced", "organizer.blocked", "invite.refused"}, typesOf(append(facts[:2:2], w.refused(other, bob))))
	expect(t, "told", fact.Block{Attendee: bob, Organizer: ada, By: "complaint"}, facts[1].Data.(fact.Block))

	block := invite.Block{Attendee: bob, Organizer: owner, UID: event.UID}
	if _, err := w.Store.SetBlock(t.Context(), block, false); err != nil {
		t.Fatal(err)
	}
	expect(t, "told again", "repeated", w.feedback(complaint))
	if blocked, err := w.Store.Blocked(t.Context(), bob, ada); blocked || err != nil {
		t.Errorf("a block that was undone came back, %v", err)
	}
	expect(t, "under the same IDs", idsOf(facts[:2]), idsOf(w.facts.take()))
	w.Check()
}

// refused is the fact that a verification's refusal makes.
func (w *world) refused(e invite.Event, email string) fact.Fact {
	w.t.Helper()
	verified, err := w.Service.Verify(w.t.Context(), invite.InviteRequest{ID: "r", UID: e.UID, Email: email})
	if err != nil {
		w.t.Fatal(err)
	}
	w.facts.take()
	if err := w.Service.Refused(w.t.Context(), verified); err != nil {
		w.t.Fatal(err)
	}
	return w.facts.take()[0]
}

func TestFeedbackIgnored(t *testing.T) {
	w := newWorld(t)
	event := w.Create()
	for name, test := range map[string]struct {
		feedback invite.Feedback
		want     string
	}{
		"delay":    {invite.Feedback{Kind: invite.FeedbackDelay, UID: event.UID, Email: bob}, "ignored no-matter"},
		"opened":   {invite.Feedback{Kind: invite.FeedbackOther, UID: event.UID, Email: bob}, "ignored no-matter"},
		"no event": {invite.Feedback{Kind: invite.FeedbackBounce, Type: "Permanent", Email: bob}, "ignored no-event"},
		"unknown":  {bounce(event, "f-1", "Permanent", 5), "ignored unknown-attendee"},
	} {
		expect(t, name, test.want, w.feedback(test.feedback))
	}
	w.facts.take()
	w.Check()
}

// When others cannot be told, the step fails, and finds its own work when it runs again.
func TestFeedbackToldLater(t *testing.T) {
	w := newWorld(t)
	event := w.Create()
	w.Invite(event, bob)
	w.facts.take()
	w.facts.fail = fault.New(fault.Unavailable, "event-bus", "")
	hard := bounce(event, "f-1", "Permanent", 5)
	if _, err := w.Service.RecordFeedback(t.Context(), hard); fault.KindOf(err) != fault.Unavailable {
		t.Fatal(err)
	}
	expect(t, "again", "repeated", w.feedback(hard))
	expect(t, "told", []string{"attendee.bounced"}, typesOf(w.facts.take()))
}

func TestRejectedMail(t *testing.T) {
	w := newWorld(t)
	event := w.Create()
	w.Invite(event, bob)
	reject := invite.Feedback{Kind: invite.FeedbackReject, UID: event.UID, Email: bob, Subtype: "Bad content", FeedbackID: "ses-1", SESMessageID: "ses-1", At: 5}
	expect(t, "reject", "recorded", w.feedback(reject))
	expect(t, "record", invite.Rejected, w.Attendee(event, bob).Undeliverable)
	w.Check()
}
