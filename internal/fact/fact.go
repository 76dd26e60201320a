// Package fact says what the system tells others: each thing that it learns, in a documented, versioned shape (docs/events.md). A
// fact is published on the EventBridge bus and sent to webhooks. It is told at least once, under the same ID however often.
package fact

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
)

// Source is the source of the system's events on EventBridge. Their detail-type is the fact's Type.
const Source = "calendar-invite-server"

// Version is the version of the shapes. A member may be added without a new version; one that goes or changes makes a new one.
const Version = 1

// Type names what happened.
type Type string

// The types, and what Data is with each.
const (
	EventCreated      Type = "event.created"       // Event
	EventUpdated      Type = "event.updated"       // Event
	EventCancelled    Type = "event.cancelled"     // Event
	InviteSent        Type = "invite.sent"         // Invites: one fact for all that one step sent
	InviteRefused     Type = "invite.refused"      // Invites
	RSVPChanged       Type = "rsvp.changed"        // RSVP
	AttendeeBounced   Type = "attendee.bounced"    // Bounce
	OrganizerBlocked  Type = "organizer.blocked"   // Block
	OrganizerUnblock  Type = "organizer.unblocked" // Block
	OrganizerEnrolled Type = "organizer.enrolled"  // Enrollment
)

// Types lists them all.
func Types() []Type {
	return []Type{EventCreated, EventUpdated, EventCancelled, InviteSent, InviteRefused, RSVPChanged, AttendeeBounced, OrganizerBlocked, OrganizerUnblock, OrganizerEnrolled}
}

// Fact is one thing that happened. Its JSON is the detail of the EventBridge event and the body of the webhook's request.
type Fact struct {
	ID        string    `json:"id"` // of the fact: who gets it twice sees the same one
	Type      Type      `json:"type"`
	Version   int       `json:"version"`
	Timestamp time.Time `json:"timestamp"` // when the system learned it, in whole seconds, UTC
	Tenant    string    `json:"tenant"`
	Data      any       `json:"data"`
}

// Publisher tells facts. Told again, a fact keeps its ID. Faults: Throttled, Unavailable (nothing, or a part, was told: tell all again).
type Publisher interface {
	Publish(ctx context.Context, facts ...Fact) error
}

// New returns a fact. The ID is made of the type and the key, which names the change itself: such as the event's uid and revision.
func New(t Type, tenant string, at int64, data any, key ...string) Fact {
	sum := sha256.Sum256([]byte(string(t) + "\x00" + strings.Join(key, "\x00")))
	return Fact{ID: "fact_" + hex.EncodeToString(sum[:16]), Type: t, Version: Version, Timestamp: time.Unix(at, 0).UTC(), Tenant: tenant, Data: data}
}

// Event is the data of event.created, event.updated and event.cancelled: the event as it is now.
type Event struct {
	UID         string   `json:"uid"`
	OriginalUID string   `json:"original_uid"`
	Organizer   string   `json:"organizer"` // address
	Name        string   `json:"name,omitempty"`
	Status      string   `json:"status"` // confirmed, tentative, cancelled
	Sequence    int      `json:"sequence"`
	Summary     string   `json:"summary"`
	Location    string   `json:"location,omitempty"`
	DTStart     int64    `json:"dtstart"` // seconds since 1970; all-day and floating times as if the zone were UTC
	DTEnd       int64    `json:"dtend"`
	AllDay      bool     `json:"all_day"`
	TZID        string   `json:"tzid,omitempty"`
	RRule       string   `json:"rrule,omitempty"`
	Change      string   `json:"change,omitempty"`    // details; reschedule: answers went back to noaction; cancelled: the event, or the instances
	Instances   []string `json:"instances,omitempty"` // the instances that alone changed, as RECURRENCE-ID, in UTC where there is a zone
}

// Invites is the data of invite.sent and invite.refused.
type Invites struct {
	UID       string   `json:"uid"` // of the event
	Organizer string   `json:"organizer"`
	Invites   []Invite `json:"invites"`
}

// Invite is one invitation.
type Invite struct {
	Attendee     string `json:"attendee"`
	Name         string `json:"name,omitempty"`
	Origin       string `json:"origin"`
	SESMessageID string `json:"ses_message_id,omitempty"`
	Reason       string `json:"reason,omitempty"` // why it was refused
}

// RSVP is the data of rsvp.changed.
type RSVP struct {
	UID          string `json:"uid"`
	Organizer    string `json:"organizer"`
	Attendee     string `json:"attendee"`
	Status       string `json:"status"` // noaction, accepted, declined, tentative, delegated
	Previous     string `json:"previous"`
	Grade        string `json:"grade"`                   // proven, probable, claimed
	Channel      string `json:"channel"`                 // mail, page
	RecurrenceID string `json:"recurrence_id,omitempty"` // the instance, when it is to one
	Comment      string `json:"comment,omitempty"`       // the attendee's last words
}

// Bounce is the data of attendee.bounced.
type Bounce struct {
	UID        string `json:"uid"`
	Organizer  string `json:"organizer"`
	Attendee   string `json:"attendee"`
	Type       string `json:"type"` // Permanent, Transient, Undetermined, Rejected, Complaint
	Subtype    string `json:"subtype,omitempty"`
	Diagnostic string `json:"diagnostic,omitempty"`
	Final      bool   `json:"final"` // nothing more is mailed to the attendee
}

// Block is the data of organizer.blocked and organizer.unblocked.
type Block struct {
	Attendee  string `json:"attendee"`
	Organizer string `json:"organizer"`
	By        string `json:"by"` // link, mail, complaint
}

// Enrollment is the data of organizer.enrolled.
type Enrollment struct {
	Organizer string `json:"organizer"`
	Product   string `json:"product"`
	Order     string `json:"order"`
}
