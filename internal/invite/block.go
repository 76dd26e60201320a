package invite

import (
	"strconv"

	"github.com/calendarinvite/calendarinviteserver/internal/fact"
)

// Block is an attendee's wish to get nothing more from an organizer (spec §7).
type Block struct {
	Attendee  string
	Organizer Organizer // whose counts it moves; the block itself holds for the address, whatever the tenant
	UID       string    // of the event whose mail it came from; "" when unknown
	By        string    // how: ByLink, ByMail, ByComplaint
	At        int64
}

// How a block came.
const (
	ByLink      = "link"
	ByMail      = "mail"
	ByComplaint = "complaint"
)

// Fact tells that the block was made, or taken back.
func (b Block) Fact(on bool) fact.Fact {
	t := fact.OrganizerUnblock
	if on {
		t = fact.OrganizerBlocked
	}
	return fact.New(t, b.Organizer.Tenant, b.At, fact.Block{Attendee: b.Attendee, Organizer: b.Organizer.Email, By: b.By},
		b.Attendee, b.Organizer.Tenant, b.Organizer.Email, b.By, strconv.FormatInt(b.At, 10))
}
