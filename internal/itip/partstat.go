package itip

import "strings"

// Status is an attendee's answer by the name that records, statistics and the API use for it (spec §5).
type Status string

// The statuses.
const (
	NoAction  Status = "noaction" // NEEDS-ACTION: invited, not answered
	Accepted  Status = "accepted"
	Declined  Status = "declined"
	Tentative Status = "tentative"
	Delegated Status = "delegated"
)

// Statuses lists all statuses.
func Statuses() []Status { return []Status{Accepted, Declined, Tentative, NoAction, Delegated} }

// Known reports whether s is one of Statuses.
func (s Status) Known() bool { return s.PartStat() != "" }

// StatusOf is the status for a PARTSTAT (RFC 5545 §3.2.12). Absent and every value that nobody registered mean NEEDS-ACTION, as the
// RFC demands ("applications MUST treat x-name and iana-token values they don't recognize the same way as NEEDS-ACTION"). A to-do's
// COMPLETED and IN-PROGRESS say nothing about coming to an event either.
func StatusOf(partStat string) Status {
	switch strings.ToUpper(strings.TrimSpace(partStat)) {
	case "ACCEPTED":
		return Accepted
	case "DECLINED":
		return Declined
	case "TENTATIVE":
		return Tentative
	case "DELEGATED":
		return Delegated
	}
	return NoAction
}

// PartStat is the PARTSTAT for a status; "" for a text that is no status.
func (s Status) PartStat() string {
	switch s {
	case NoAction:
		return "NEEDS-ACTION"
	case Accepted:
		return "ACCEPTED"
	case Declined:
		return "DECLINED"
	case Tentative:
		return "TENTATIVE"
	case Delegated:
		return "DELEGATED"
	}
	return ""
}
