// Package imiptest writes the mails that calendars write: invitations, updates and cancellations as organizers' calendars send them,
// and answers as guests' calendars give them, each with its client's habits and oddities. It is for tests and the demo. It reads
// invitations on its own, so that it does not share the mistakes of package imip.
package imiptest

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
)

// Client is the calendar that a mail looks like.
type Client string

// The clients. Each was modelled on captured mails.
const (
	Gmail   Client = "gmail"   // Google Calendar: mixed > alternative > calendar, and application/ics; UTC
	Outlook Client = "outlook" // Exchange: base64, Windows zone, answers without ORGANIZER, MAILTO in capitals
	Apple   Client = "apple"   // Apple Calendar: calendar as an attachment, method only in the body, encoded line ends
	Generic Client = "generic" // what RFC 6047 §4 shows: alternative of text and calendar, 8bit
)

// Clients lists all clients.
var Clients = []Client{Gmail, Outlook, Apple, Generic}

// The answers that a calendar's buttons give (RFC 5545 §3.2.12).
const (
	Accepted  = "ACCEPTED"
	Declined  = "DECLINED"
	Tentative = "TENTATIVE"
	Delegated = "DELEGATED" // with Reply.DelegatedTo
)

// words are what clients call the answers in subjects and texts.
var words = map[string]string{Accepted: "Accepted", Declined: "Declined", Tentative: "Tentatively Accepted", Delegated: "Delegated"}

// prodIDs are the clients' PRODIDs.
var prodIDs = map[Client]string{
	Gmail: "-//Google Inc//Google Calendar 70.9054//EN", Outlook: "Microsoft Exchange Server 2010",
	Apple: "-//Apple Inc.//macOS 15.3//EN", Generic: "-//Mozilla.org/NONSGML Mozilla Calendar V1.1//EN",
}

// Address is a mailbox: a display name, which may be empty, and an address.
type Address struct{ Name, Email string }

func (a Address) String() string {
	if a.Name == "" {
		return a.Email
	}
	return `"` + a.Name + `" <` + a.Email + `>`
}

// nameOrEmail is what calendars use as CN.
func (a Address) nameOrEmail() string {
	if a.Name == "" {
		return a.Email
	}
	return a.Name
}

// digest is a repeatable identifier made of the parts, as long as SHA-256 in hexadecimal.
func digest(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:])
}

// uuid is a repeatable identifier in the form of a UUID.
func uuid(parts ...string) string {
	d := digest(parts...)
	return d[:8] + "-" + d[8:12] + "-" + d[12:16] + "-" + d[16:20] + "-" + d[20:32]
}

const (
	dateForm  = "20060102"
	localForm = "20060102T150405"
	utcForm   = "20060102T150405Z"
)

func utc(t time.Time) string { return t.UTC().Format(utcForm) }
