// Package suppress keeps who must not be mailed: the people who blocked an organizer by the link in an invitation (spec §7, RFC 8058).
package suppress

import (
	"context"
	"time"
)

// Blocks keeps blocks, each of one attendee against one organizer. Addresses are lower-case.
type Blocks interface {
	Blocked(ctx context.Context, attendee, organizer string) (bool, error)
	// SetBlock makes a block, or takes it back. Either may be repeated.
	SetBlock(ctx context.Context, attendee, organizer string, on bool, at int64) error
}

// Choice is what the holder of an unsubscribe link wants.
type Choice string

// The choices.
const (
	Keep  Choice = ""      // nothing: the page is only looked at
	Block Choice = "block" // no more invitations from the organizer
	Undo  Choice = "undo"  // invitations again
)

// Subscription is what a sealed unsubscribe link is about.
type Subscription struct{ Attendee, Organizer string }

// Apply makes the choice and answers whether the organizer is blocked afterwards.
func Apply(ctx context.Context, blocks Blocks, s Subscription, choice Choice, now time.Time) (blocked bool, err error) {
	if choice == Keep {
		return blocks.Blocked(ctx, s.Attendee, s.Organizer)
	}
	blocked = choice == Block
	return blocked, blocks.SetBlock(ctx, s.Attendee, s.Organizer, blocked, now.Unix())
}
