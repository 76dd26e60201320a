package invite

import (
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/itip"
)

// Values of Event.Status: the VEVENT's STATUS in lower case (RFC 5545 §3.8.1.11).
const (
	StatusConfirmed = "confirmed"
	StatusTentative = "tentative"
	StatusCancelled = "cancelled"
)

// Event is the record of an event (spec §3). All moments are seconds since 1970 in UTC; 0 means that there is none.
type Event struct {
	UID         string `json:"uid"`          // ours: the message id of the creating mail, lower-case
	OriginalUID string `json:"original_uid"` // the organizer's calendar's, as written
	Tenant      string `json:"tenant"`

	MailTo            string `json:"mailto"`                       // the organizer's address: who owns the event
	Organizer         string `json:"organizer"`                    // the organizer's display name
	OriginalOrganizer string `json:"original_organizer,omitempty"` // the address in ORGANIZER, which may be another

	Method   string `json:"method"`   // of the request that made the present revision
	Status   string `json:"status"`   // confirmed, tentative, cancelled
	Sequence int    `json:"sequence"` // ours: 0 when created, one more with every revision (RFC 5546 §2.1.4)

	Created      int64 `json:"created"`
	DTStamp      int64 `json:"dtstamp"`       // the moment of the present revision
	LastModified int64 `json:"last_modified"` // likewise; sort key of the event lists

	DTStart int64  `json:"dtstart"` // all-day and floating times as if the zone were UTC
	DTEnd   int64  `json:"dtend"`
	Ends    int64  `json:"ends,omitempty"` // end of the last instance; 0 when a series has no last one or it is too far to count
	AllDay  bool   `json:"all_day"`
	TZID    string `json:"tzid,omitempty"`
	RRule   string `json:"rrule,omitempty"`

	Summary         string `json:"summary"`
	SummaryHTML     string `json:"summary_html"`
	Description     string `json:"description"`
	DescriptionHTML string `json:"description_html"`
	Location        string `json:"location"`
	LocationHTML    string `json:"location_html"`
	ProdID          string `json:"prodid,omitempty"` // the organizer's calendar

	InviteLimit             int    `json:"invite_limit"`                        // how many invitations may be sent; 0 = unlimited
	InviteLimitNotification int64  `json:"invite_limit_notification,omitempty"` // when the organizer was told that it is reached
	NotificationRequest     string `json:"invite_limit_request,omitempty"`      // which request claimed that notification

	Calendar []byte `json:"calendar,omitempty"` // gzip of the normalised calendar (see NewRequest)

	SourceSequence  int      `json:"source_sequence"`            // the organizer's own SEQUENCE ...
	SourceDTStamp   int64    `json:"source_dtstamp,omitempty"`   // ... and DTSTAMP of the newest request seen
	SourceMessage   string   `json:"source_message,omitempty"`   // message id of the mail that made the present revision
	SourceChange    string   `json:"source_change,omitempty"`    // what that mail changed: an itip.Change, or "cancelled"
	SourceInstances []string `json:"source_instances,omitempty"` // the instances that alone changed, by itip.InstanceKey

	SourceFields []itip.Field `json:"source_fields,omitempty"` // what differs from the revision before

	Rescheduled int            `json:"rescheduled"`         // Sequence at the last reschedule: answers to older revisions no longer count
	Instances   map[string]int `json:"instances,omitempty"` // likewise per instance key (itip.InstanceKey) that was moved on its own

	Version int `json:"version"` // rises with every write of the record
}

// Cancelled reports whether the event as a whole is called off.
func (e Event) Cancelled() bool { return e.Status == StatusCancelled }

// floatingSlack is how long after its end in UTC an event without a zone can still be going on somewhere: at UTC-12.
const floatingSlack = 12 * time.Hour

// Over reports whether the last instance has ended. A series without a known end is never over.
func (e Event) Over(now time.Time) bool {
	if e.Ends == 0 {
		return false
	}
	end := time.Unix(e.Ends, 0)
	if e.AllDay || e.TZID == itip.Floating {
		end = end.Add(floatingSlack)
	}
	return now.After(end)
}
