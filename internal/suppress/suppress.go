// Package suppress keeps who must not be mailed: the people who blocked an organizer by the link in an invitation, or by the mail
// that is its other form (spec §7, RFC 8058, RFC 2369).
package suppress

import (
	"context"
	"fmt"

	"github.com/calendarinvite/calendarinviteserver/internal/fact"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/seal"
)

// Store keeps blocks, each of one attendee against one organizer. Addresses are lower-case. An invite.Store is one.
type Store interface {
	Event(ctx context.Context, uid string) (invite.Event, error)
	Blocked(ctx context.Context, attendee, organizer string) (bool, error)
	// SetBlock makes a block or takes it back, and counts it. Either may be repeated.
	SetBlock(ctx context.Context, b invite.Block, on bool) (changed bool, err error)
}

// Choice is what the holder of an unsubscribe link wants.
type Choice string

// The choices.
const (
	Keep  Choice = ""      // nothing: the page is only looked at
	Block Choice = "block" // no more invitations from the organizer
	Undo  Choice = "undo"  // invitations again
)

// Subscription is what somebody asks to end: that the organizer may write to the attendee.
type Subscription struct {
	Attendee  string // address
	Organizer string // address; "" = the owner of the event
	UID       string // of the event whose mail it is about; "" when the link does not say
	By        string // invite.ByLink or invite.ByMail
}

// FromLink is what an unsubscribe link is about.
func FromLink(link seal.Link) Subscription {
	return Subscription{Attendee: link.Email, Organizer: link.Extra, UID: link.UID, By: invite.ByLink}
}

// Blocked is the state after a choice.
type Blocked struct {
	Blocked   bool   `json:"blocked"` // the organizer cannot write to the attendee
	Changed   bool   `json:"changed"` // by this choice
	Attendee  string `json:"attendee"`
	Organizer string `json:"organizer"`
}

// Apply makes the choice at the moment (seconds since 1970) and answers what holds afterwards. The block counts at the event that it is
// about and at its tenant; without one, at the default tenant. What was chosen is told, also when it was chosen before, since nobody
// knows whether that was told: with the same moment, it is the same fact. facts may be nil. A Subscription without an organizer whose
// event is gone is a fault NotFound. Two or three calls.
func Apply(ctx context.Context, store Store, facts fact.Publisher, s Subscription, choice Choice, at int64) (Blocked, error) {
	block, err := blockOf(ctx, store, s, choice, at)
	if err != nil {
		return Blocked{}, fmt.Errorf("suppress: %w", err)
	}
	state := Blocked{Blocked: choice == Block, Attendee: s.Attendee, Organizer: block.Organizer.Email}
	if choice == Keep {
		state.Blocked, err = store.Blocked(ctx, s.Attendee, block.Organizer.Email)
		return state, wrap("look at block", err)
	}
	if state.Changed, err = store.SetBlock(ctx, block, state.Blocked); err != nil {
		return state, wrap("set block", err)
	}
	if facts == nil {
		return state, nil
	}
	return state, wrap("tell", facts.Publish(ctx, block.Fact(state.Blocked)))
}

// blockOf is the block that the choice makes or undoes.
func blockOf(ctx context.Context, store Store, s Subscription, choice Choice, at int64) (invite.Block, error) {
	block := invite.Block{
		Attendee: s.Attendee, Organizer: invite.Organizer{Tenant: invite.DefaultTenant, Email: s.Organizer}, UID: s.UID, By: s.By, At: at,
	}
	if s.UID == "" || choice == Keep && s.Organizer != "" {
		return block, nil
	}
	event, err := store.Event(ctx, s.UID)
	switch {
	case err == nil && (s.Organizer == "" || s.Organizer == event.MailTo):
		block.Organizer = event.Owner()
	case err != nil && (fault.KindOf(err) != fault.NotFound || s.Organizer == ""):
		return block, err
	default: // the event is gone, or no longer the organizer's
		block.UID = ""
	}
	return block, nil
}

func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("suppress: %s: %w", doing, err)
}
