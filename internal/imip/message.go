// Package imip finds iTIP messages in email and composes the email that carries them (RFC 6047).
package imip

import (
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
)

// Address is a mailbox of a header (RFC 5322 §3.4): a display name, which may be empty, and an address as it was written.
type Address struct {
	Name, Email string
}

// Message is a mail as Read understood it. Everything in it is the sender's claim; package mailauth decides what to believe.
type Message struct {
	From    Address // the first mailbox of From
	Sender  Address // Sender (RFC 5322 §3.6.2); empty when absent
	ReplyTo Address // Reply-To; shown to people, never an identity
	HasFrom bool    // From names exactly one address; with none, or several different ones, nobody has spoken
	Senders int     // how many different addresses From names

	ReturnPath     string // address of the first Return-Path, the one that the receiving server put on top
	NullReturnPath bool   // Return-Path is present and empty (RFC 5321 §4.5.5)

	Subject    string    // decoded (RFC 2047)
	MessageID  string    // without angle brackets; likewise the next two
	InReplyTo  string    // first id of In-Reply-To
	References []string  // at most the last 100
	Date       time.Time // zero when absent or unreadable
	Header     Header    // all fields, in order

	Auto      Automatic
	Parts     []Part         // the leaves of the MIME tree, in order
	Calendars []CalendarPart // the parts that can hold a calendar, in the order of preference of Message.Calendar
	TNEF      bool           // a winmail.dat is attached: Outlook's own format instead of a calendar
	Truncated bool           // a limit cut the reading short: parts are missing

	chosen  int // index in Calendars of the calendar that speaks; -1 when none does
	refusal error
}

// Automatic holds the signs of mail that no person wrote (RFC 3834 §5 and what senders used before it).
type Automatic struct {
	Submitted         string // Auto-Submitted keyword, lower-case, without parameters; empty when absent
	Precedence        string // lower-case; empty when absent
	ListID            string // List-Id (RFC 2919)
	AutoReply         bool   // X-Autoreply, X-Autorespond and their relatives
	SuppressReplies   bool   // X-Auto-Response-Suppress asks that no automatic reply be sent (Exchange)
	DeliveryReport    bool   // a delivery status notification (RFC 3464), also one that carries the original message
	DispositionReport bool   // a read receipt (RFC 8098)
	FeedbackReport    bool   // a complaint (RFC 5965)
	SetupNotice       bool   // what SES itself writes into a new mail bucket
}

// Part is a leaf of the MIME tree.
type Part struct {
	Nesting      []string          // media types from the outermost to the part's own; shared, do not change
	Type         string            // media type, lower-case; text/plain when absent or unreadable (RFC 2045 §5.2)
	Params       map[string]string // Content-Type parameters by lower-case name, decoded (RFC 2231); may be nil
	Encoding     string            // Content-Transfer-Encoding, lower-case; empty when absent
	Disposition  string            // Content-Disposition, lower-case; empty when absent
	Filename     string            // from Content-Disposition, else the name parameter of Content-Type
	InsideRFC822 bool              // the part belongs to a message inside this message
	Body         []byte            // transfer encoding removed, charset untouched; may share memory with the raw message
}

// CalendarPart is a part that can hold an iCalendar object.
type CalendarPart struct {
	Part
	Method      string         // BodyMethod, else MethodParam: the body is what calendars act on
	MethodParam string         // method parameter of Content-Type, upper-case (RFC 6047 §2.4)
	BodyMethod  string         // METHOD property, upper-case; known once Calendar is
	Charset     string         // what the bytes were decoded from, lower-case; "ascii" when every byte is
	Calendar    *ical.Calendar // nil when the part was not needed or is not readable
}
