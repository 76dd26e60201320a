package invite_test

import (
	"context"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

// A suspended organizer has nothing sent (spec §3), whatever page asks for it.
func TestSuspendedOrganizerSendsNothing(t *testing.T) {
	w, event := forwarded(t, invite.HoldGuests)
	w.Answer(w.reply(event, eve, "ACCEPTED"))
	proposal := invite.Proposal{UID: event.UID, Email: bob, Start: event.DTStart + 3600, End: event.DTEnd + 3600, State: invite.ProposalOpen, MessageID: "m"}
	if err := w.Store.PutProposal(t.Context(), proposal); err != nil {
		t.Fatal(err)
	}
	doings := map[string]func(context.Context) error{
		"a test": func(ctx context.Context) error {
			_, err := w.Service.SendTest(ctx, event)
			return err
		},
		"a proposal declined": func(ctx context.Context) error {
			_, err := w.Service.DeclineProposal(ctx, event.UID, bob, "", "Buy now!")
			return err
		},
		"a guest refused": func(ctx context.Context) error {
			_, err := w.Service.RefuseHeldGuest(ctx, event.UID, eve)
			return err
		},
	}
	if err := w.Service.SetStanding(t.Context(), owner, invite.Suspended, true); err != nil {
		t.Fatal(err)
	}
	for name, do := range doings {
		if err := do(t.Context()); fault.KindOf(err) != fault.NotAuthorized || fault.ReasonOf(err) != invite.ReasonSuspended {
			t.Errorf("%s: %v", name, err)
		}
	}
	expect(t, "mails", []string{}, w.mails.take(t))
	expect(t, "guests", map[string]invite.GuestState{eve: invite.GuestHeld}, w.guests(event))

	if err := w.Service.SetStanding(t.Context(), owner, invite.Suspended, false); err != nil {
		t.Fatal(err)
	}
	for name, do := range doings {
		if err := do(t.Context()); err != nil {
			t.Errorf("%s, afterwards: %v", name, err)
		}
	}
	expect(t, "mails, afterwards", 3, len(w.mails.take(t)))
	w.Check()
}
