package bulk

import (
	"context"
	"crypto/sha256"
	"slices"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

// MaxEvents is how many events one list may be for. Each costs a read.
const MaxEvents = 1000

// Events knows which events the sender of a list may invite to.
type Events interface {
	// Event is why nobody can be invited to the event by the sender, or "": a reason of package invite. invite.ReasonUnknownEvent
	// also stands for the event of somebody else. An error is transient and ends the reading.
	Event(ctx context.Context, uid string) (reason string, err error)
}

// Check decides about the rows of one list. It remembers 16 bytes of each accepted row, and the events.
type Check struct {
	events    Events
	organizer string
	own       []string
	asked     map[string]string // uid -> reason
	seen      map[[16]byte]struct{}
}

// NewCheck returns a Check for a list from that organizer. own are the addresses of our mailboxes.
func NewCheck(events Events, organizer string, own ...string) *Check {
	return &Check{events: events, organizer: organizer, own: own, asked: map[string]string{}, seen: map[[16]byte]struct{}{}}
}

// Row decides about a row: what is to be sent, in normal form, or why not; then known says whether the row's event is one of the
// sender's. Rows are checked once each and in order, for a row is a duplicate of one before.
func (c *Check) Row(ctx context.Context, row Row) (item Item, reason string, known bool, err error) {
	item = Item{Row: row.Number, UID: row.UID, Email: row.Email, Name: row.Name}
	if row.Problem != "" {
		return item, row.Problem, false, nil
	}
	uid, err := invite.ParseUID(row.UID)
	if err != nil {
		return item, invite.ReasonBadUID, false, nil
	}
	item.UID = uid
	if reason, err = c.event(ctx, uid); err != nil {
		return item, "", false, err
	}
	if known = reason != invite.ReasonUnknownEvent && reason != ReasonTooManyEvents; reason != "" {
		return item, reason, known, nil
	}
	if row.Email == "" {
		return item, ReasonNoAddress, known, nil
	}
	email, err := invite.ParseAddress(row.Email)
	if err != nil {
		return item, invite.ReasonBadAddress, known, nil
	}
	item.Email = email
	switch {
	case c.isOwn(email):
		return item, invite.ReasonOwnAddress, known, nil
	case strings.EqualFold(email, c.organizer):
		return item, invite.ReasonOrganizer, known, nil
	}
	sum := sha256.Sum256([]byte(uid + "\x00" + email))
	key := [16]byte(sum[:16])
	if _, ok := c.seen[key]; ok {
		return item, ReasonDuplicate, known, nil
	}
	c.seen[key] = struct{}{}
	return item, "", known, nil
}

// event asks about each event once.
func (c *Check) event(ctx context.Context, uid string) (reason string, err error) {
	if reason, ok := c.asked[uid]; ok {
		return reason, nil
	}
	if len(c.asked) >= MaxEvents {
		return ReasonTooManyEvents, nil
	}
	if reason, err = c.events.Event(ctx, uid); err != nil {
		return "", err
	}
	c.asked[uid] = reason
	return reason, nil
}

// isOwn reports whether an address is one of our mailboxes, also with a label (rsvp+anything@).
func (c *Check) isOwn(email string) bool {
	local, domain, _ := strings.Cut(email, "@")
	local, _, _ = strings.Cut(local, "+")
	return slices.ContainsFunc(c.own, func(own string) bool { return strings.EqualFold(own, local+"@"+domain) })
}
