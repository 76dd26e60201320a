package notify

import (
	"fmt"
	"strings"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/when"
)

// Notification is what one mail tells: NewEvent, FailedEvent, EventLimit, Enrollment, AttendeeReport, ConfirmRequest, BulkInvites, BulkFailed, Proposal,
// HeldGuest, Question or SignIn. Their text fields are plain text and may hold anything; long ones are shortened. Links must be http or https.
type Notification interface {
	// Kind is the mail that tells it.
	Kind() Kind
	// fill adds the placeholders that only this mail has.
	fill(v values, s Settings) error
}

// NewEvent tells the organizer that the event is registered and how to invite people to it.
type NewEvent struct {
	Mailto      string // the organizer's address; the mail goes there
	Organizer   string // display name; empty = Mailto
	Summary     string
	UID         string // our uid, shown as the Event ID
	When        when.Span
	Where       string
	Events      int    // how many events the organizer has now, this one included
	InviteLink  string // https://api…/event/UID/invite, also with a query; guests' addresses are added to it
	EventPage   string // a page about the event; may be empty
	UnknownZone string // the event's zone, if nobody knows it: guests see the clock's time; may be empty
	Development bool   // mark the mail as a test
}

// Kind implements Notification.
func (n NewEvent) Kind() Kind {
	if n.Development {
		return KindDevNewEvent
	}
	return KindNewEvent
}

func (n NewEvent) fill(v values, _ Settings) error {
	v.line("mailto", n.Mailto)
	v.line("organizer", firstOf(n.Organizer, n.Mailto))
	v.line("summary", firstOf(n.Summary, untitled))
	v.line("uid", n.UID)
	v.line("when", n.When.String())
	v.line("where", n.Where)
	v.line("unknown_zone", n.UnknownZone)
	v.count("events", n.Events)
	if n.InviteLink != "" {
		separator := "?"
		if strings.Contains(n.InviteLink, "?") {
			separator = "&"
		}
		v.set("invite_email", n.InviteLink+separator+"email=")
	}
	return firstError(v.link("invite_link", n.InviteLink), v.link("event_page", n.EventPage))
}

// FailedEvent tells the organizer why no event was made of a mail, and what to do.
type FailedEvent struct {
	Mailto  string
	Summary string // the event's name, else the mail's subject; may be empty
	Reason  string // the reason word of the error (fault.ReasonOf)
	Public  string // its public sentence (fault.PublicOf), for a word that this package has no text for
}

// Kind implements Notification.
func (n FailedEvent) Kind() Kind { return KindFailedEvent }

func (n FailedEvent) fill(v values, s Settings) error {
	e := eventReasons.explain(n.Reason, n.Public)
	v.line("mailto", n.Mailto)
	v.line("summary", n.Summary)
	v.line("reason", e.reason)
	v.block("advice", strings.ReplaceAll(e.advice, "{create}", s.Create))
	return nil
}

// EventLimit tells the organizer that a limit is reached: either that of events (the new event was not created), or that of one event's invites.
type EventLimit struct {
	Mailto    string
	Summary   string // the event that was not created, or the one whose invites are used up
	UID       string // of the latter
	Limit     int
	Invites   bool   // the limit is of one event's invites
	EventPage string // may be empty
}

// Kind implements Notification.
func (n EventLimit) Kind() Kind { return KindEventLimit }

func (n EventLimit) fill(v values, _ Settings) error {
	v.line("mailto", n.Mailto)
	v.line("summary", firstOf(n.Summary, untitled))
	v.line("uid", n.UID)
	v.count("limit", n.Limit)
	if n.Invites {
		v.count("invite_limit", n.Limit)
	} else {
		v.count("event_limit", n.Limit)
	}
	return v.link("event_page", n.EventPage)
}

// Enrollment welcomes an organizer whose order made a subscription.
type Enrollment struct {
	Mailto  string
	Product string // the order's product name
	Order   string // the order's number, as the shop prints it
}

// Kind implements Notification.
func (n Enrollment) Kind() Kind { return KindEnrollment }

func (n Enrollment) fill(v values, _ Settings) error {
	v.line("mailto", n.Mailto)
	v.line("product", n.Product)
	v.line("order", n.Order)
	return nil
}

// AttendeeReport brings an event's attendees as a CSV file, attached, or, where that is too large for a mail, there for download.
type AttendeeReport struct {
	Mailto        string
	Summary       string
	UID           string
	When          when.Span
	Attendees     int
	Accepted      int
	Declined      int
	Tentative     int
	Delegated     int       // sent somebody else
	NoAction      int       // invited, not answered
	Bounced       int       // of all: the address takes no mail
	Blocked       int       // of all: wants no invitations from the organizer
	File          string    // the file's name
	Download      string    // link to the file; empty = it is attached
	DownloadUntil time.Time // when the link expires
	EventPage     string    // may be empty
}

// Kind implements Notification.
func (n AttendeeReport) Kind() Kind { return KindAttendeeReport }

func (n AttendeeReport) fill(v values, _ Settings) error {
	v.line("mailto", n.Mailto)
	v.line("summary", firstOf(n.Summary, untitled))
	v.line("uid", n.UID)
	v.line("when", n.When.String())
	v.count("attendees", n.Attendees)
	v.count("accepted", n.Accepted)
	v.count("declined", n.Declined)
	v.count("tentative", n.Tentative)
	v.some("delegated", n.Delegated)
	v.count("noaction", n.NoAction)
	v.some("bounced", n.Bounced)
	v.some("blocked", n.Blocked)
	v.line("file", n.File)
	v.moment("download_until", n.DownloadUntil)
	return firstError(v.link("download", n.Download), v.link("event_page", n.EventPage))
}

// Action is what a held request would do.
type Action string

// The actions; the words appear in the mail.
const (
	ActionCreate Action = "create"
	ActionUpdate Action = "update"
	ActionCancel Action = "cancel"
)

// ConfirmRequest asks the organizer whether a request that came in their name, but without proof, is theirs (spec: "held").
type ConfirmRequest struct {
	Mailto      string // the address that the request claims; the mail goes there
	Summary     string
	When        when.Span
	Where       string
	Action      Action
	Why         string // a sentence on why it is held; empty = a general one
	ConfirmLink string // leads to a page with a button; needed
}

// Kind implements Notification.
func (n ConfirmRequest) Kind() Kind { return KindConfirmRequest }

func (n ConfirmRequest) fill(v values, _ Settings) error {
	switch n.Action {
	case ActionCreate, ActionUpdate, ActionCancel:
	default:
		return fmt.Errorf("action %q is not create, update or cancel", n.Action)
	}
	v.line("mailto", n.Mailto)
	v.line("summary", firstOf(n.Summary, untitled))
	v.line("when", n.When.String())
	v.line("where", n.Where)
	v.line("action", string(n.Action))
	v.line("why", firstOf(n.Why, "The mail came from your address, but your mail provider did not say whether it really is from you."))
	return v.neededLink("confirm_link", n.ConfirmLink)
}

// untitled stands for an event without SUMMARY.
const untitled = "(no title)"

func firstOf(a, b string) string {
	if strings.TrimSpace(a) != "" {
		return a
	}
	return b
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
