package invite

// MaxBatch is how many people one step invites or tells at a time: with the counters of an event whose limit is spread over all its
// shards (8), of its organizer (1), of the system (1) and of its day (1), exactly the 100 actions that a transaction may have.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
const MaxBatch = 89

// GatherQuery names what Gather reads.
type GatherQuery struct {
	UID    string
	Owner  Organizer
	Emails []string // at most MaxBatch, each once
	// Standings asks for the organizer's as well.
	Standings bool
}

// Gathered is what inviting or telling many people depends on.
type Gathered struct {
	Event       *Event              // nil when there is none
	Attendees   map[string]Attendee // by address; absent without a record
	Blocked     map[string]bool     // who has blocked the organizer
	Suspended   bool                // when asked for Standings
	BulkAllowed bool                // likewise
}

// InvitationBatch is a set of invitations to one event to record together.
type InvitationBatch struct {
	Event     Event
	Attendees []Attendee // the records to write, at most MaxBatch; Version is the one read, 0 = put only if there is none
	Change    Statistics // the counts to move, all in all; Invites is what the limit is lowered by
}

// InvitedBatch is what Store.InviteBatch answers. Nothing was written unless State is InviteRecorded.
type InvitedBatch struct {
	State     InviteState         // InviteRecorded, InviteKnown, InviteLimit or InviteChanged
	Known     map[string]Attendee // with InviteKnown: by address, the records that are not as they were read
	Remaining int                 // with InviteLimit: how many invitations the event may still send
}

// InviteMark says that an invitation was sent.
type InviteMark struct {
	UID, Email   string
	RequestID    string // of the request that queued it
	Generation   int
	SESMessageID string
	At           int64
}

// UpdateMark says that an attendee was sent a revision.
type UpdateMark struct {
	UID, Email   string
	Sequence     int // the revision
	Rescheduled  int // the event's
	SESMessageID string
	At           int64
}
