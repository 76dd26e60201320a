package imip

import (
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/brand"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/ical"
)

// The methods of the mails that a Composer writes (RFC 5546 §1.4).
const (
	MethodRequest = "REQUEST"
	MethodCancel  = "CANCEL"
)

// Invitation is all that is the same in the mails to every recipient of one revision of an event.
type Invitation struct {
	// Calendar is the organizer's calendar: the event and, for a series, its overrides, with the VTIMEZONEs that they use. A
	// calendar whose only event has a RECURRENCE-ID invites to, or cancels, that one instance.
	Calendar *ical.Calendar
	Method   string    // MethodRequest or MethodCancel
	UID      string    // our uid of the event
	Sequence int       // our revision number, not the organizer's (field rule 17)
	DTStamp  time.Time // the moment of the revision, so that a retried send is the same bytes
	Update   bool      // the recipients hold an earlier revision: the mail says that something changed

	OrganizerName  string // display name; may be empty
	OrganizerEmail string // the person, where people's own replies go (field rule 8)
	RSVP           string // our mailbox that calendars answer to: ORGANIZER, constant for the event's life (field rule 9)
	Sender         string // our address in From, of the same domain
	Domain         string // our mail domain, at most 100 octets; the right side of UIDs

	Brand              brand.Brand
	LinkBase           string // absolute URL of the API, without a slash at the end
	UnsubscribeMailbox string // the mailto form of List-Unsubscribe; empty = only the link
	Subject            string // empty = made from the method and the title
}

// Recipient is whom one mail goes to.
type Recipient struct {
	Email      string // ASCII, at most 254 octets
	Name       string // may be empty; anything from outside
	Generation int    // of the invitation (seal.Invitation)
	PartStat   string // the answer that our records hold, as in RFC 5545 §3.2.12; empty = NEEDS-ACTION
}

// check refuses an invitation that no mail can be made of.
func (inv *Invitation) check() error {
	invalid := func(what string) error {
		return fault.New(fault.InvalidRequest, "invitation-incomplete", "The invitation has no usable "+what+".")
	}
	switch {
	case inv.Calendar == nil:
		return invalid("calendar")
	case inv.Method != MethodRequest && inv.Method != MethodCancel:
		return invalid("method")
	case inv.UID == "" || len(inv.UID) > 90 || !asciiOnly(inv.UID) || cleanLine(inv.UID) != inv.UID:
		return invalid("uid")
	case inv.DTStamp.IsZero():
		return invalid("date")
	case inv.Domain == "" || len(inv.Domain) > 100 || checkAddress("x@"+inv.Domain) != nil:
		return invalid("domain")
	case brand.CheckURL(inv.LinkBase) != nil:
		return invalid("link base")
	}
	for _, address := range []string{inv.RSVP, inv.Sender, inv.OrganizerEmail} {
		if err := checkAddress(address); err != nil {
			return invalid("address")
		}
	}
	return nil
}

// organizerName is what ORGANIZER's CN and the texts call the organizer: the name, else the address.
func (inv *Invitation) organizerName() string {
	if name := cleanName(inv.OrganizerName); name != "" {
		return name
	}
	return inv.OrganizerEmail
}
