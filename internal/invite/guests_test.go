package invite_test

import (
	"strings"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/fact"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

// forwarded is a world whose organizer's policy for forwarded guests is given, with an event that bob is invited to.
func forwarded(t *testing.T, policy invite.GuestPolicy) (*world, invite.Event) {
	t.Helper()
	w := newWorld(t)
	w.Config.ForwardedGuests = policy
	w.restart()
	event := w.Create()
	w.Invite(event, bob)
	w.mails.take(t)
	w.facts.take()
	return w, event
}

// reply is an answer from the address to bob's invitation, as it arrives; more lines are added to its VEVENT.
func (w *world) reply(e invite.Event, from, partStat string, lines ...string) invite.Reply {
	w.t.Helper()
	lines = append([]string{"UID:" + w.uidOf(e, bob, 1), w.stamp(), "SEQUENCE:0"}, lines...)
	if partStat != "" {
		lines = append(lines, "ATTENDEE;CN=\"Some Name\";PARTSTAT="+partStat+":mailto:"+from)
	}
	incoming := w.read(calendarMail(from, "REPLY", lines...))
	if incoming.Action != invite.IncomingReply || len(incoming.Replies) != 1 {
		w.t.Fatalf("read: %+v", incoming)
	}
	return incoming.Replies[0]
}

// guests are the forwarded guests and their states.
func (w *world) guests(e invite.Event) map[string]invite.GuestState {
	w.t.Helper()
	page, _, err := w.Service.Guests(w.t.Context(), e.UID, "", 100)
	if err != nil {
		w.t.Fatal(err)
	}
	states := map[string]invite.GuestState{}
	for _, guest := range page {
		states[guest.Email] = guest.State
	}
	return states
}

func TestForwardedGuestAccepted(t *testing.T) {
	w, event := forwarded(t, invite.AcceptGuests)
	answered := w.Answer(w.reply(event, eve, "ACCEPTED"))
	expect(t, "answer", invite.Answered{Result: invite.AnswerApplied, UID: event.UID, Attendee: eve, Status: "accepted", Previous: "noaction", Grade: invite.Probable}, answered)
	record := w.Attendee(event, eve)
	expect(t, "holds bob's invitation", []any{bob, 1, "shared", "Some Name"}, []any{record.Via, record.ViaGeneration, record.Origin, record.Name})
	expect(t, "bob's own record", "", w.Attendee(event, bob).Via)

	w.Clock.Pass(time.Minute)
	w.update(event, "SEQUENCE:1", "SUMMARY:Planning, again")
	if _, err := w.Service.SendUpdates(t.Context(), event.UID, 1, w.staged(event)); err != nil {
		t.Fatal(err)
	}
	uid := w.uidOf(event, bob, 1)
	for _, mail := range w.mails.sent {
		if mail.To == eve && !strings.Contains(string(mail.Raw), uid[:60]) {
			t.Errorf("eve's calendar does not know the UID:\n%s", mail.Raw)
		}
	}
	expect(t, "updates", []string{bob + " REQUEST seq=1 NEEDS-ACTION CONFIRMED", eve + " REQUEST seq=1 ACCEPTED CONFIRMED"}, w.mails.take(t))
	w.Check()
}

func TestForwardedGuestHeld(t *testing.T) {
	w, event := forwarded(t, invite.HoldGuests)
	reply := w.reply(event, eve, "TENTATIVE", "COMMENT:May I?")
	answered := w.Answer(reply)
	if answered.Result != invite.AnswerHeld || answered.Guest == nil || answered.Guest.Email != eve || answered.Guest.Name != "Some Name" || answered.Guest.State != invite.GuestHeld {
		t.Fatalf("held: %+v", answered)
	}
	expect(t, "again", answered, w.Answer(reply))
	expect(t, "nobody joined", map[string]int{"noaction": 1}, w.RSVP(event))
	w.Clock.Pass(time.Minute)
	later := w.Answer(w.reply(event, eve, "ACCEPTED"))
	expect(t, "another answer is held too", invite.AnswerHeld, later.Result)
	expect(t, "guests", map[string]invite.GuestState{eve: invite.GuestHeld}, w.guests(event))
	expect(t, "nothing is told", []string{}, typesOf(w.facts.take()))

	admitted, err := w.Service.AdmitGuest(t.Context(), event.UID, "Eve@example.net")
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "admitted", invite.Answered{Result: invite.AnswerApplied, UID: event.UID, Attendee: eve, Status: "accepted", Previous: "noaction", Grade: invite.Probable}, admitted)
	expect(t, "answers", map[string]int{"noaction": 1, "accepted": 1}, w.RSVP(event))
	expect(t, "via", bob, w.Attendee(event, eve).Via)
	expect(t, "guests then", map[string]invite.GuestState{eve: invite.GuestAdmitted}, w.guests(event))
	expect(t, "told", []string{string(fact.RSVPChanged)}, typesOf(w.facts.take()))

	admitted, err = w.Service.AdmitGuest(t.Context(), event.UID, eve)
	if err != nil || admitted.Result != invite.AnswerDuplicate {
		t.Errorf("admitted again: %+v %v", admitted, err)
	}
	if _, err := w.Service.RefuseHeldGuest(t.Context(), event.UID, eve); fault.KindOf(err) != fault.Conflict {
		t.Errorf("an admitted guest is refused: %v", err)
	}
	w.Clock.Pass(time.Minute)
	expect(t, "a later answer", invite.AnswerApplied, w.Answer(w.reply(event, eve, "DECLINED")).Result)
	expect(t, "mails", []string{}, w.mails.take(t))
	if _, err := w.Service.AdmitGuest(t.Context(), event.UID, "zoe@example.com"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("nobody: %v", err)
	}
	w.Check()
}

func TestHeldGuestRefused(t *testing.T) {
	w, event := forwarded(t, invite.HoldGuests)
	w.Answer(w.reply(event, eve, "ACCEPTED"))
	refuse := func() invite.Refused {
		t.Helper()
		refused, err := w.Service.RefuseHeldGuest(t.Context(), event.UID, eve)
		if err != nil {
			t.Fatal(err)
		}
		return refused
	}
	w.mails.fail = func(int, invite.Outgoing) error {
		w.mails.fail = nil
		return fault.New(fault.Unavailable, "ses", "")
	}
	if _, err := w.Service.RefuseHeldGuest(t.Context(), event.UID, eve); fault.KindOf(err) != fault.Unavailable {
		t.Fatalf("SES is away: %v", err)
	}
	w.Clock.Pass(time.Minute)
	expect(t, "refused", invite.RefusedNow, refuse().Result)
	raw := string(w.mails.sent[0].Raw)
	if !strings.Contains(raw, w.uidOf(event, bob, 1)[:60]) || !strings.Contains(raw, "Not on the guest list: Planning") {
		t.Errorf("the CANCEL is of another UID, or does not say why:\n%s", raw)
	}
	expect(t, "mails", []string{eve + " CANCEL seq=1 NEEDS-ACTION CANCELLED"}, w.mails.take(t))
	expect(t, "again", invite.RefusedAlready, refuse().Result)
	expect(t, "guests", map[string]invite.GuestState{eve: invite.GuestRefused}, w.guests(event))
	w.Clock.Pass(time.Minute)
	later := w.Answer(w.reply(event, eve, "ACCEPTED"))
	expect(t, "a later answer", invite.Answered{Result: invite.AnswerRefused, Reason: invite.ReasonGuestRefused, UID: event.UID, Attendee: eve, Grade: invite.Probable}, later)
	expect(t, "mails then", []string{}, w.mails.take(t))
	expect(t, "nobody joined", map[string]int{"noaction": 1}, w.RSVP(event))

	admitted, err := w.Service.AdmitGuest(t.Context(), event.UID, eve)
	if err != nil || admitted.Result != invite.AnswerApplied {
		t.Errorf("the organizer thinks better of it: %+v %v", admitted, err)
	}
	w.Check()
}

// Who waits cannot be admitted to what is called off, and can still be refused: the CANCEL takes it out of their calendar.
func TestHeldGuestOfCancelledEvent(t *testing.T) {
	w, event := forwarded(t, invite.HoldGuests)
	w.Answer(w.reply(event, eve, "ACCEPTED"))
	w.cancel(event)
	if _, err := w.Service.AdmitGuest(t.Context(), event.UID, eve); fault.KindOf(err) != fault.Conflict || fault.ReasonOf(err) != invite.ReasonEventCancelled {
		t.Errorf("admitted: %v", err)
	}
	expect(t, "nobody joined", map[string]int{"noaction": 1}, w.RSVP(event))
	expect(t, "guests", map[string]invite.GuestState{eve: invite.GuestHeld}, w.guests(event))
	if refused, err := w.Service.RefuseHeldGuest(t.Context(), event.UID, eve); err != nil || refused.Result != invite.RefusedNow {
		t.Errorf("refused: %+v %v", refused, err)
	}
	w.Check()
}

func TestForwardedGuestRefused(t *testing.T) {
	w, event := forwarded(t, invite.RefuseGuests)
	answered := w.Answer(w.reply(event, eve, "ACCEPTED"))
	if answered.Result != invite.AnswerRefused || answered.Reason != invite.ReasonForwardedGuest || answered.Guest == nil {
		t.Fatalf("refused: %+v", answered)
	}
	refused, err := w.Service.RefuseGuest(t.Context(), *answered.Guest)
	if err != nil || refused.Result != invite.RefusedNow || refused.SESMessageID == "" {
		t.Errorf("refused: %+v %v", refused, err)
	}
	expect(t, "mails", []string{eve + " CANCEL seq=1 NEEDS-ACTION CANCELLED"}, w.mails.take(t))
	expect(t, "no guests are kept", map[string]invite.GuestState{}, w.guests(event))
	expect(t, "an alias is no guest", invite.AnswerApplied, w.Answer(w.reply(event, "bob+work@example.com", "ACCEPTED")).Result)
	w.cancel(event)
	late := w.Answer(w.reply(event, eve, "ACCEPTED"))
	expect(t, "of a cancelled event", []any{invite.AnswerRefused, invite.ReasonEventCancelled, true}, []any{late.Result, late.Reason, late.Guest == nil})
	if _, err := w.Service.RefuseGuest(t.Context(), invite.Guest{UID: "nosuchevent", Email: eve}); fault.KindOf(err) != fault.NotFound {
		t.Errorf("an unknown event: %v", err)
	}
	w.Check()
}

// Who knows nothing but the event's uid is no guest, either.
func TestUninvitedGuest(t *testing.T) {
	for policy, want := range map[invite.GuestPolicy]string{
		invite.AcceptGuests: invite.AnswerApplied, invite.HoldGuests: invite.AnswerHeld, invite.RefuseGuests: invite.AnswerRefused,
	} {
		w, event := forwarded(t, policy)
		incoming := w.read(calendarMail(eve, "REPLY", "UID:"+event.UID+"@cis.example", w.stamp(), "SEQUENCE:0", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:"+eve))
		answered := w.Answer(incoming.Replies[0])
		expect(t, string(policy), want, answered.Result)
		switch policy { // nobody is mailed: there is nothing to take out of their calendar
		case invite.RefuseGuests:
			refused, err := w.Service.RefuseGuest(t.Context(), *answered.Guest)
			expect(t, "refused by the policy", []any{invite.RefusedNow, "", nil}, []any{refused.Result, refused.SESMessageID, err})
		case invite.HoldGuests:
			refused, err := w.Service.RefuseHeldGuest(t.Context(), event.UID, eve)
			expect(t, "refused by the organizer", []any{invite.RefusedNow, "", nil}, []any{refused.Result, refused.SESMessageID, err})
		}
		expect(t, "mails", []string{}, w.mails.take(t))
		refresh := w.read(calendarMail(eve, "REFRESH", "UID:"+event.UID+"@cis.example", w.stamp(), "ATTENDEE:mailto:"+eve))
		sent, err := w.Service.Refresh(t.Context(), *refresh.Refresh)
		if err != nil || (sent.Reason == "") != (policy == invite.AcceptGuests) {
			t.Errorf("%s: asks for the invitation: %+v %v", policy, sent, err)
		}
		w.Check()
	}
}

func TestDelegation(t *testing.T) {
	for _, policy := range []invite.GuestPolicy{invite.AcceptGuests, invite.HoldGuests, invite.RefuseGuests} {
		w, event := forwarded(t, policy)
		delegator := w.reply(event, bob, "", `ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:eve@example.net":mailto:`+bob, "ATTENDEE;DELEGATED-FROM=\"mailto:bob@example.com\":mailto:"+eve)
		delegate := w.reply(event, eve, "ACCEPTED", `ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:eve@example.net":mailto:`+bob)
		expect(t, "delegated", invite.AnswerApplied, w.Answer(delegator).Result)
		expect(t, "the delegate answers", invite.AnswerApplied, w.Answer(delegate).Result)
		expect(t, "answers", map[string]int{"delegated": 1, "accepted": 1}, w.RSVP(event))
		expect(t, "to", eve, w.Attendee(event, bob).DelegatedTo)
		record := w.Attendee(event, eve)
		expect(t, "the delegate's record", []any{"shared", bob, 1}, []any{record.Origin, record.Via, record.ViaGeneration})
		w.Clock.Pass(time.Minute)
		w.Answer(w.reply(event, bob, "ACCEPTED"))
		expect(t, "taken back", "", w.Attendee(event, bob).DelegatedTo)
		w.Check()
	}
}

// The delegate's answer may come before the word that they are one.
func TestDelegateFirst(t *testing.T) {
	w, event := forwarded(t, invite.HoldGuests)
	expect(t, "held", invite.AnswerHeld, w.Answer(w.reply(event, eve, "ACCEPTED")).Result)
	delegator := w.reply(event, bob, "", `ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:eve@example.net":mailto:`+bob)
	expect(t, "delegated", invite.AnswerApplied, w.Answer(delegator).Result)
	expect(t, "answers", map[string]int{"delegated": 1, "accepted": 1}, w.RSVP(event))
	expect(t, "guests", map[string]invite.GuestState{eve: invite.GuestAdmitted}, w.guests(event))
	expect(t, "again", invite.AnswerDuplicate, w.Answer(delegator).Result)
	w.Check()
}
