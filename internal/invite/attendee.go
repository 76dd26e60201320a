package invite

import "github.com/calendarinvite/calendarinviteserver/internal/itip"

// Delivery says how far an invitation to an attendee got.
type Delivery string

// The values of Delivery. The zero value means that we never sent this attendee anything: a guest who came by a forwarded mail.
const (
	DeliveryQueued Delivery = "queued" // recorded and counted; the mail may or may not have left
	DeliverySent   Delivery = "sent"   // SES took the mail and named it
	DeliveryFailed Delivery = "failed" // SES will never take it: Undeliverable says so
)

// Undeliverable says why nothing more is mailed to an attendee; the zero value means that mail goes out.
type Undeliverable string

// The reasons.
const (
	HardBounce Undeliverable = "bounced"    // counted as bounced
	Complained Undeliverable = "complained" // marked as spam: also a block, and counted as one
	Rejected   Undeliverable = "rejected"   // SES refuses the mail or the address; counted as bounced
)

// Bounced reports whether mail to the attendee does not arrive: the address bounced for good, or is refused.
func (a Attendee) Bounced() bool { return a.Undeliverable == HardBounce || a.Undeliverable == Rejected }

// Bounce is what a mail server said about a mail that it did not take.
type Bounce struct {
	Type       string `json:"type"` // Permanent, Transient, Undetermined, as SES names them; Rejected
	Subtype    string `json:"subtype,omitempty"`
	Diagnostic string `json:"diagnostic,omitempty"`
	At         int64  `json:"at"`
	FeedbackID string `json:"feedback_id,omitempty"` // SES's; the same bounce told twice is one
}

// Grade says how sure we are that an answer is the attendee's own (spec §2.5).
type Grade string

// The grades of an answer.
const (
	Proven   Grade = "proven"   // the sealed token and the answering address agree
	Probable Grade = "probable" // an authenticated mail of an alias or delegate, or of a guest without a token
	Claimed  Grade = "claimed"  // the mail says so, and nothing supports it
)

// Channels of an answer.
const (
	ChannelMail = "mail" // a REPLY from a calendar
	ChannelPage = "page" // the button on our page
)

// Attendee is the record of one person at one event: the truth that the statistics count.
type Attendee struct {
	UID    string `json:"uid"` // of the event
	Email  string `json:"email"`
	Name   string `json:"name,omitempty"`
	MailTo string `json:"mailto"` // the event's organizer
	Tenant string `json:"tenant"`
	Origin string `json:"origin"` // of the first invitation, or "shared"

	// Status is the last answer given. It holds while Rescheduled is the event's: StatusAt says what it is worth now.
	Status      itip.Status `json:"status"`
	Rescheduled int         `json:"rescheduled"` // Event.Rescheduled when Status was set
	Answered    int         `json:"answered"`    // our SEQUENCE that the answer is to
	AnsweredAt  int64       `json:"answered_at,omitempty"`
	Grade       Grade       `json:"grade,omitempty"`
	AnsweredBy  string      `json:"answered_by,omitempty"`  // the alias or delegate who answered
	DelegatedTo string      `json:"delegated_to,omitempty"` // RFC 5545 §3.2.5
	Comment     string      `json:"comment,omitempty"`
	ProdID      string      `json:"prodid,omitempty"`         // the calendar that answered, as it names itself
	CountedProd string      `json:"prodid_counted,omitempty"` // the name it is counted under

	ReplySequence int   `json:"reply_sequence"` // SEQUENCE and DTSTAMP of the newest reply seen (RFC 5546 §2.1.5)
	ReplyDTStamp  int64 `json:"reply_dtstamp,omitempty"`

	Instances map[string]Instance `json:"instances,omitempty"` // answers to single instances, by itip.InstanceKey
	History   []HistoryEntry      `json:"history,omitempty"`   // oldest first, at most MaxHistory

	Delivery     Delivery `json:"delivery,omitempty"`
	Generation   int      `json:"generation"`           // of the invitation: one more with every re-invitation; 0 = none sent
	RequestID    string   `json:"request_id,omitempty"` // of the request that queued it
	QueuedAt     int64    `json:"queued_at,omitempty"`
	SentAt       int64    `json:"sent_at,omitempty"`
	SentSequence int      `json:"sent_sequence"`    // the revision that the attendee was sent
	Spared       int      `json:"spared,omitempty"` // the newest revision that was not sent, because the attendee has blocked the organizer
	SESMessageID string   `json:"ses_message_id,omitempty"`

	// Via is whose invitation a forwarded guest holds: the address and generation that its UID is sealed for. Empty for everybody else.
	Via           string `json:"via,omitempty"`
	ViaGeneration int    `json:"via_generation,omitempty"`

	Undeliverable Undeliverable `json:"undeliverable,omitempty"` // why mail to the attendee is given up
	Blocked       bool          `json:"blocked,omitempty"`       // blocked the organizer by a mail about this event
	Bounce        *Bounce       `json:"bounce,omitempty"`        // the last one, hard or soft
	DeliveredAt   int64         `json:"delivered_at,omitempty"`  // when the recipient's server took the last mail, where SES tells

	Created      int64 `json:"created"`
	LastModified int64 `json:"updated"` // not last_modified: the event lists are indexes over that
	Version      int   `json:"version"` // rises with every write of the record
}

// Instance is an attendee's answer to one instance of a series.
type Instance struct {
	Status   itip.Status `json:"status"`
	Sequence int         `json:"sequence"` // as Attendee.ReplySequence, for this instance
	DTStamp  int64       `json:"dtstamp,omitempty"`
	At       int64       `json:"at"`
}

// MaxHistory is how many entries an attendee's history keeps: the newest.
const MaxHistory = 50

// HistoryEntry is one answer as it came.
type HistoryEntry struct {
	Status       itip.Status `json:"status"`
	Timestamp    int64       `json:"timestamp"`         // when it was recorded
	DTStamp      int64       `json:"dtstamp,omitempty"` // when the answer was given, by the attendee's calendar
	Sequence     int         `json:"sequence"`          // the revision it is to
	ProdID       string      `json:"prodid,omitempty"`
	Channel      string      `json:"channel"`
	Grade        Grade       `json:"grade,omitempty"`
	By           string      `json:"by,omitempty"`            // the alias or delegate who answered
	RecurrenceID string      `json:"recurrence_id,omitempty"` // the instance, when it is to one
	MessageID    string      `json:"message_id,omitempty"`    // SES's id of the mail
	Note         string      `json:"note,omitempty"`          // why it does not count: an itip reason
}

// StatusAt is the attendee's answer to the event as it stands: noaction when the event was rescheduled after the answer (RFC
// 5546 §3.2.2.1). The record itself is rewritten when the update is sent to the attendee; until then, this is the truth.
func (a Attendee) StatusAt(e Event) itip.Status {
	if a.Status == "" || a.Rescheduled < e.Rescheduled {
		return itip.NoAction
	}
	return a.Status
}

// AnswerTime is when the attendee gave the answer that counts now; 0 without one.
func (a Attendee) AnswerTime(e Event) int64 {
	if a.Rescheduled < e.Rescheduled {
		return 0
	}
	return a.AnsweredAt
}

// InstanceStatusAt is the answer to one instance: the instance's own, else the series'.
func (a Attendee) InstanceStatusAt(e Event, key string) itip.Status {
	own, ok := a.Instances[key]
	moved := max(e.Rescheduled, e.Instances[key])
	switch {
	case ok && own.Sequence >= moved:
		return own.Status
	case e.Instances[key] > a.Answered:
		return itip.NoAction
	}
	return a.StatusAt(e)
}

func (a *Attendee) remember(entry HistoryEntry) {
	a.History = append(a.History, entry)
	if extra := len(a.History) - MaxHistory; extra > 0 {
		a.History = append([]HistoryEntry(nil), a.History[extra:]...)
	}
}
