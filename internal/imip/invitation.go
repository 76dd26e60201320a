package imip

import (
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/brand"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/ical"
	"github.com/calendarinvite/calendarinviteserver/internal/itip"
	"github.com/calendarinvite/calendarinviteserver/internal/when"
)

// The methods of the mails that a Composer writes (RFC 5546 §1.4).
const (
	MethodRequest        = "REQUEST"
	MethodCancel         = "CANCEL"
	MethodDeclineCounter = "DECLINECOUNTER"
)

// Invitation is all that is the same in the mails to every recipient of one revision of an event.
type Invitation struct {
	// Calendar is the organizer's calendar: the event and, for a series, its overrides, with the VTIMEZONEs that they use. A
	// calendar whose events all have a RECURRENCE-ID invites to, or cancels, those instances.
	Calendar *ical.Calendar
	Method   string // MethodRequest, MethodCancel or MethodDeclineCounter
	UID      string // our uid of the event
	// Sequence is our revision number, not the organizer's (field rule 17). A DECLINECOUNTER has that of the COUNTER (RFC 5546 §3.2.8).
	Sequence int
	DTStamp  time.Time // the moment of the revision, so that a retried send is the same bytes
	Update   bool      // the recipients hold an earlier revision: the mail says that something changed

	// Instances are the instances, by itip.InstanceKey, that the mail is about; empty = the whole event. The calendar in the mail then
	// holds these alone (field rule 24): a REQUEST those of them that take place, a CANCEL those that are called off
	// (itip.SplitInstances), a DECLINECOUNTER the one that the proposal was for.
	Instances []string
	Changed   []itip.Field // what an update changes, for the text of the mail; empty = the text says only that something changed

	Comment  string    // the organizer's words to the recipients (COMMENT); may be empty
	Proposal when.Span // of a DECLINECOUNTER: the time that was proposed, for the text; the zero Span is not mentioned

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
	// Instances are the answers to single instances that differ from PartStat, by itip.InstanceKey.
	Instances map[string]string
	// DelegatedTo is whom the recipient sent in their place, with PartStat DELEGATED (RFC 5546 §3.2.2.3). An address that cannot be
	// written is left out.
	DelegatedTo string

	// UIDEmail and UIDGeneration are what the UID in the recipient's calendar is sealed for, where that is somebody else's invitation,
	// forwarded; empty = Email and Generation. The links in the mail are the recipient's own in any case.
	UIDEmail      string
	UIDGeneration int
}

// check refuses an invitation that no mail can be made of.
func (inv *Invitation) check() error {
	invalid := func(what string) error {
		return fault.New(fault.InvalidRequest, "invitation-incomplete", "The invitation has no usable "+what+".")
	}
	switch {
	case inv.Calendar == nil:
		return invalid("calendar")
	case inv.Method != MethodRequest && inv.Method != MethodCancel && inv.Method != MethodDeclineCounter:
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
