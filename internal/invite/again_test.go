package invite_test

import (
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/itip"
)

// missed are the addresses to whom sending again has a point.
func (w *world) missed(e invite.Event) []string {
	w.t.Helper()
	emails := []string{}
	err := w.Service.Missed(w.t.Context(), w.Event(e.UID), func(a invite.Attendee) error {
		emails = append(emails, a.Email)
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return emails
}

// again is a list of the people that sends again what did not arrive.
func again(id string, e invite.Event, emails ...string) invite.BatchRequest {
	b := list(id, e, emails...)
	b.Origin, b.Again = invite.OriginDashboard, true
	return b
}

// Again sends the event as it is now to whoever holds an older revision or whose mail bounced softly, and to nobody else; run again, or by
// another list, it sends nothing.
func TestSendAgain(t *testing.T) {
	w := newWorld(t)
	event := w.crowd()
	expect(t, "bounced softly", []string{"soft@example.com"}, w.missed(event))
	w.Clock.Pass(time.Minute)
	w.update(event, "SEQUENCE:1", "DTSTAMP:20260302T120000Z", "SUMMARY:Planning, again")
	event = w.Event(event.UID)
	w.tell(event, "silent@example.com")
	missed := []string{"soft@example.com", "yes@example.com"}
	expect(t, "missed", missed, w.missed(event))
	w.mails.take(t)
	w.Clock.Pass(time.Minute)

	everybody := []string{"blocker@example.com", "hard@example.com", "no@example.com", "silent@example.com", "soft@example.com", "yes@example.com"}
	want := []string{"blocked blocked", "invalid undeliverable", "already", "already", "sent", "sent"} // who declined is never asked twice
	expect(t, "first", want, words(w.send(again("again-1", event, everybody...))))
	expect(t, "mails", []string{"soft@example.com REQUEST seq=1 NEEDS-ACTION CONFIRMED", "yes@example.com REQUEST seq=1 ACCEPTED CONFIRMED"}, w.mails.take(t))
	expect(t, "the same list", want, words(w.send(again("again-1", event, everybody...))))
	want[4], want[5] = "already", "already"
	expect(t, "another list", want, words(w.send(again("again-2", event, everybody...))))
	expect(t, "mails then", []string{}, w.mails.take(t))

	yes := w.Attendee(event, "yes@example.com")
	if yes.StatusAt(event) != itip.Accepted || yes.Generation != 1 || yes.SentSequence != 1 || yes.Delivery != invite.DeliverySent || yes.Origin != invite.OriginAPI {
		t.Errorf("%+v", yes)
	}
	if soft := w.Attendee(event, "soft@example.com"); soft.BouncedSoftly() {
		t.Errorf("the bounce is of the mail before: %+v", soft)
	}
	expect(t, "missed then", []string{}, w.missed(event))
	w.Check()
}

// A list that does not say so leaves alone who was invited before.
func TestListDoesNotSendAgain(t *testing.T) {
	w := newWorld(t)
	event := w.crowd()
	w.update(event, "SEQUENCE:1", "DTSTAMP:20260302T120000Z", "SUMMARY:Planning, again")
	w.mails.take(t)
	b := list("list-1", event, "soft@example.com", "yes@example.com")
	b.Origin = invite.OriginDashboard
	expect(t, "results", []string{"already", "already"}, words(w.send(b)))
	expect(t, "mails", []string{}, w.mails.take(t))
}

// What is sent again was counted when it was sent first: it goes out also where no invitations are left.
func TestSendAgainAtTheLimit(t *testing.T) {
	w := newWorld(t)
	w.Config.EventInviteLimit = 2
	w.restart()
	event := w.Create()
	w.Invite(event, bob)
	w.Invite(event, eve)
	w.update(event, "SEQUENCE:1", "DTSTAMP:20260302T120000Z", "SUMMARY:Planning, again")
	w.mails.take(t)
	expect(t, "results", []string{"sent", "sent", "limit invite-limit"}, words(w.send(again("again-1", event, bob, eve, ann))))
	expect(t, "mails", 2, len(w.mails.take(t)))
	_, counted, err := w.Store.Statistics(t.Context(), event.UID)
	if err != nil || counted.Invites != 2 || counted.Attendees != 2 {
		t.Errorf("%+v, %v", counted, err)
	}
	w.Check()
}
