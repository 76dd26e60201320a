package invite

import "github.com/calendarinvite/calendarinviteserver/internal/itip"

// Action is what a request asks for.
type Action string

// The actions that Route chooses between.
const (
	ActionCreate Action = "create"
	ActionUpdate Action = "update"
	ActionCancel Action = "cancel"
	ActionIgnore Action = "ignore" // nothing to do; Reason says why
)

// Route is where a request goes.
type Route struct {
	Action Action `json:"action"`
	UID    string `json:"uid,omitempty"` // of the event to update or cancel
	Reason string `json:"reason,omitempty"`
}

// Results of CreateEvent, UpdateEvent and CancelEvent.
const (
	ResultCreated      = "created"
	ResultExists       = "exists" // the organizer has this event already: it is an update of UID
	ResultLimitReached = "limit-reached"
	ResultSuspended    = "suspended"
	ResultUpdated      = "updated"
	ResultUnchanged    = "unchanged"
	ResultStale        = "stale"     // older than what is stored (RFC 5546 §2.1.5)
	ResultCancelled    = "cancelled" // now; of UpdateEvent: the event was cancelled before and stays so
	ResultAlready      = "already"   // cancelled before
	ResultUnknown      = "unknown-event"
)

// Created is the outcome of CreateEvent.
type Created struct {
	Result string `json:"result"`           // created, exists, limit-reached, suspended
	Event  Event  `json:"event"`            // the new event; with exists, only its UID; else empty
	Events int    `json:"events,omitempty"` // how many events the organizer has, this one included
	Limit  int    `json:"limit,omitempty"`  // how many events the organizer may have, with limit-reached
}

// Updated is the outcome of UpdateEvent.
type Updated struct {
	Result     string       `json:"result"`              // updated, unchanged, stale, cancelled
	Reschedule bool         `json:"reschedule"`          // answers went back to noaction
	Instances  []string     `json:"instances,omitempty"` // itip.InstanceKey of the instances that alone changed; empty when the whole event did
	Changed    []itip.Field `json:"changed,omitempty"`
	Event      Event        `json:"event"`
}

// Cancelled is the outcome of CancelEvent.
type Cancelled struct {
	Result    string   `json:"result"`              // cancelled, already, stale, unknown-event
	Instances []string `json:"instances,omitempty"` // itip.InstanceKey of the cancelled instances; empty when the whole event is cancelled
	Event     Event    `json:"event"`
}

// InviteRequest asks to invite somebody.
type InviteRequest struct {
	// ID names the request: the execution's name. It tells a repeated step from a second request for the same person.
	ID       string `json:"id"`
	UID      string `json:"uid"`
	Email    string `json:"email"`
	Name     string `json:"name,omitempty"`
	Origin   string `json:"origin"`              // "" = api
	SourceIP string `json:"source_ip,omitempty"` // of a public link's request
	Signed   bool   `json:"signed,omitempty"`    // the link was signed for this event or address, or an API key came with it: no caps

	Listed bool `json:"-"` // in a list, which never asks twice ...
	Again  bool `json:"-"` // ... but sends again what did not arrive
}

// Reasons why an invitation is not sent.
const (
	ReasonBadAddress     = "bad-address"
	ReasonBadUID         = "bad-uid"
	ReasonUnknownOrigin  = "unknown-origin"
	ReasonUnknownEvent   = "unknown-event"
	ReasonEventCancelled = "event-cancelled"
	ReasonEventOver      = "event-over"
	ReasonOwnAddress     = "own-address" // one of our mailboxes
	ReasonOrganizer      = "organizer"   // the organizer's own address
	ReasonBlocked        = "blocked"
	ReasonUndeliverable  = "undeliverable"
	ReasonSuspended      = "suspended"
	ReasonNoBulk         = "no-bulk-permission"
	ReasonInviteLimit    = "invite-limit"
	ReasonAddressCap     = "address-cap"
	ReasonSourceCap      = "source-cap"
	ReasonRefused        = "refused" // SES will never take the mail
)

// Verification is the outcome of Verify.
type Verification struct {
	Verified bool          `json:"verified"`
	Reason   string        `json:"reason,omitempty"`
	Request  InviteRequest `json:"request"` // normalised: what to give to Send
	Event    Event         `json:"event"`   // of a refusal: without its calendar; empty when there is none
}

// Results of Send.
const (
	SentNow          = "sent"
	SentAlready      = "already"       // the attendee was invited before
	SentLimitReached = "limit-reached" // the event's invite limit
	SentCapped       = "capped"        // a cap on public links; Reason names it
	SentRefused      = "refused"       // the event was cancelled since the verification, or the attendee cannot be reached; Reason says which
)

// Sent is the outcome of Send.
type Sent struct {
	Result       string `json:"result"`
	Reason       string `json:"reason,omitempty"`
	SESMessageID string `json:"ses_message_id,omitempty"`
	Generation   int    `json:"generation,omitempty"`
}

// Reply is an answer that arrived.
type Reply struct {
	MessageID     string `json:"message_id,omitempty"` // SES's id of the mail
	UID           string `json:"uid"`                  // the event's; without a token, the UID in the calendar
	Attendee      string `json:"attendee"`             // address in ATTENDEE
	Name          string `json:"name,omitempty"`       // CN of ATTENDEE
	Invited       string `json:"invited,omitempty"`    // the token's address; "" without a token
	Generation    int    `json:"generation,omitempty"` // the token's
	From          string `json:"from,omitempty"`       // address in From
	Authenticated bool   `json:"authenticated"`        // mailauth believes From
	PartStat      string `json:"partstat"`             // as in the calendar; "" = absent
	DTStamp       int64  `json:"dtstamp"`
	Sequence      int    `json:"sequence"`
	ProdID        string `json:"prodid,omitempty"`
	Comment       string `json:"comment,omitempty"`
	RecurrenceID  string `json:"recurrence_id,omitempty"` // itip.InstanceKey of the instance it is to; "" = the whole event
	DelegatedTo   string `json:"delegated_to,omitempty"`
	Channel       string `json:"channel"` // "" = mail
}

// Results of Answer.
const (
	AnswerApplied      = "applied"
	AnswerDuplicate    = "duplicate"
	AnswerStale        = "stale"
	AnswerOutdated     = "outdated"  // to a time that is no longer: kept in the history, not counted
	AnswerCancelled    = "cancelled" // to an event that is called off: likewise
	AnswerHeld         = "held"      // a forwarded guest's, by the organizer's policy
	AnswerRefused      = "refused"   // likewise; or nobody we can believe it of. Reason says which
	AnswerUnknownEvent = "unknown-event"
)

// Answered is the outcome of Answer.
type Answered struct {
	Result   string      `json:"result"`
	Reason   string      `json:"reason,omitempty"`
	UID      string      `json:"uid,omitempty"`
	Attendee string      `json:"attendee,omitempty"` // whose record it went to
	Status   itip.Status `json:"status,omitempty"`   // the attendee's answer now
	Previous itip.Status `json:"previous,omitempty"`
	Grade    Grade       `json:"grade,omitempty"`
	Guest    *Guest      `json:"guest,omitempty"` // held: whom the organizer is asked about; refused by the policy: whom to send a CANCEL (RefuseGuest)
}

// BatchRequest asks to invite people from a list.
type BatchRequest struct {
	ID    string    `json:"id"`    // of the bulk request: its mail's message id. All batches of a list have the same
	Owner Organizer `json:"owner"` // whose list it is: only events of theirs exist for it
	// Origin is how the list came: OriginBulk by mail (which "" means too), OriginDashboard. Only the former needs the bulk permission.
	Origin string `json:"origin,omitempty"`
	// Again also sends to those who were invited before, but hold an older revision, or whose mail bounced softly since. That takes no further
	// invitations of the event's.
	Again bool        `json:"again,omitempty"`
	Items []BatchItem `json:"items"` // at most MaxBatch
}

// BatchItem is a row of the list.
type BatchItem struct {
	Row   int    `json:"row"` // in the list, from 1
	UID   string `json:"uid"`
	Email string `json:"email"`
	Name  string `json:"name,omitempty"`
}

// BatchResult says what became of a row.
type BatchResult string

// The results of rows.
const (
	RowSent    BatchResult = "sent"    // now, or by this request earlier
	RowAlready BatchResult = "already" // invited before, or by another request at this moment; or declined: a list never asks twice
	RowBlocked BatchResult = "blocked" // the attendee has blocked the organizer
	RowInvalid BatchResult = "invalid" // nothing can be sent; Reason says why
	RowLimit   BatchResult = "limit"   // the event may send no more invitations
	RowFailed  BatchResult = "failed"  // SES refused the mail for good (ReasonRefused)
	RowReady   BatchResult = "ready"   // of a Preview: the invitation would be sent
)

// ReasonDuplicate is the reason of a row whose person stands in the same batch twice.
const ReasonDuplicate = "duplicate"

// BatchSent is the outcome of SendBatch: a result for every row, in the order of the items.
type BatchSent struct {
	Results []SentRow `json:"results"`
}

// SentRow is what became of one row.
type SentRow struct {
	Row          int         `json:"row"`
	UID          string      `json:"uid"`
	Email        string      `json:"email"`
	Result       BatchResult `json:"result"`
	Reason       string      `json:"reason,omitempty"`
	SESMessageID string      `json:"ses_message_id,omitempty"`
}

// UpdatesSent is the outcome of SendUpdates: how many of the attendees ...
type UpdatesSent struct {
	Sequence int `json:"sequence"` // the revision that was sent
	Sent     int `json:"sent"`     // ... were sent it
	Current  int `json:"current"`  // ... had it, or are sent nothing: unknown, undeliverable, never written to, or a newer one comes
	Blocked  int `json:"blocked"`  // ... have blocked the organizer
	Failed   int `json:"failed"`   // ... cannot be reached: SES refused the mail for good
}

// FeedbackKind is what SES says about a mail.
type FeedbackKind string

// The kinds.
const (
	FeedbackDelivery  FeedbackKind = "delivery"  // the recipient's server took it
	FeedbackBounce    FeedbackKind = "bounce"    // the recipient's server, or SES's suppression list, did not
	FeedbackComplaint FeedbackKind = "complaint" // the recipient called it spam
	FeedbackReject    FeedbackKind = "reject"    // SES took it and found a virus in it
	FeedbackDelay     FeedbackKind = "delay"     // not delivered yet: nothing follows from it
	FeedbackOther     FeedbackKind = "other"     // sent, opened, clicked ...
)

// Feedback is what SES says about a mail to one recipient.
type Feedback struct {
	Kind         FeedbackKind
	UID          string // of the event that the mail was about; "" for mails about none
	Email        string
	Type         string // of a bounce: Permanent, Transient, Undetermined
	Subtype      string // of a bounce; of a complaint, what the recipient said: abuse, fraud, virus, not-spam ...
	Diagnostic   string
	FeedbackID   string // names the bounce or complaint
	SESMessageID string // of the mail
	At           int64  // seconds since 1970
}

// Results of RecordFeedback.
const (
	FeedbackRecordedNow = "recorded"
	FeedbackRepeated    = "repeated" // recorded earlier
	FeedbackIgnored     = "ignored"  // Reason says why
)

// Reasons why feedback is ignored.
const (
	ReasonNoEvent         = "no-event"         // the mail was not about an event
	ReasonUnknownAttendee = "unknown-attendee" // there is no record of the recipient
	ReasonNotSpam         = "not-spam"         // a complaint that is the contrary of one
	ReasonOlderMail       = "older-mail"       // about an earlier mail than the last one
	ReasonNoMatter        = "no-matter"        // nothing follows from this kind
)

// FeedbackRecorded is the outcome of RecordFeedback.
type FeedbackRecorded struct {
	Result string `json:"result"`
	Reason string `json:"reason,omitempty"`
}
