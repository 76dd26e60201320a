package addto

import (
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
	"github.com/calendarinvite/calendarinviteserver/internal/imip"
)

// Copy is an event as a file for anybody.
type Copy struct {
	Calendar  *ical.Calendar // the organizer's, as stored
	UID       string         // our uid of the event
	Domain    string         // our mail domain
	Sequence  int            // our revision
	DTStamp   time.Time      // its moment
	Organizer string         // display name; may be empty
	RSVP      string         // our mailbox in ORGANIZER, as in invitations: no file names the organizer's own address
}

// ContentType is the file's media type (RFC 5545 §8.1).
const ContentType = "text/calendar; charset=utf-8; method=" + imip.MethodPublish

// File writes the copy: METHOD:PUBLISH, nobody invited, nothing to answer (RFC 5546 §3.2.1), with all dates of a series and the zones that they
// are in. A fault InvalidRequest where the calendar has no event with a start.
//
// Its UID is "<uid>.copy@domain", that of no invitation: those are "<uid>-<token>@domain". So whoever has a copy and is invited later gets
// the invitation as an event of its own, with buttons, instead of one that the calendar takes for the copy that it knows and cannot answer;
// and whatever happens to one of them leaves the other alone. Taking the file again replaces the copy by the newest revision.
func (c Copy) File() ([]byte, error) {
	return imip.Publish(imip.Invitation{
		Calendar: c.Calendar, Sequence: c.Sequence, DTStamp: c.DTStamp, OrganizerName: c.Organizer, OrganizerEmail: c.RSVP, RSVP: c.RSVP,
	}, c.UID+".copy@"+c.Domain)
}
