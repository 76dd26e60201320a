package invite

import (
	"context"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/imip"
)

// Clock tells the time; one operation asks once.
type Clock interface{ Now() time.Time }

// Blobs reads stored objects: raw mails.
type Blobs interface {
	// Get returns the object's bytes; a missing object is a fault NotFound.
	Get(ctx context.Context, bucket, key string) ([]byte, error)
}

// Mailer sends mail.
type Mailer interface {
	// Send hands one mail to SES and returns the id that SES gave it. It may be called again with the same mail: then the recipient
	// may get it twice. When it returns it keeps nothing of mail.Raw, which the caller uses again. Faults: Throttled, Unavailable (try
	// again), InvalidRequest (this mail will never be taken), Internal (nor will any other).
	Send(ctx context.Context, mail Outgoing) (sesMessageID string, err error)
}

// Outgoing is a mail to send.
type Outgoing struct {
	From string            // envelope and header address, one of ours
	To   string            // one recipient (field rule 7)
	Raw  []byte            // the whole message
	Tags map[string]string // name what SES's events are about: uid, attendee's hash ...
}

// Composer writes the invitation mails of one event to its attendees; *imip.Composer is one.
type Composer interface {
	Append(dst []byte, to imip.Recipient) ([]byte, error)
}

// Store keeps the records of spec §8. A method is one conditional write or one transaction, and each says what it answers when
// it finds the world changed. All faults are of package fault: NotFound where a method says so; Throttled after retries of
// conflicts and throttling; Unavailable; Internal. Every read sees all writes that finished before it.
type Store interface {
	// LookUp finds the organizer's event by the UID in the organizer's calendar (itip.UIDKey); "" when there is none.
	LookUp(ctx context.Context, o Organizer, originalUID string) (uid string, err error)
	// LookUpAny finds the events of all organizers with that original UID, at most ten.
	LookUpAny(ctx context.Context, originalUID string) (uids []string, err error)

	// Event reads an event; a fault NotFound when there is none.
	Event(ctx context.Context, uid string) (Event, error)
	// Registration reads in one call what creating an event depends on.
	Registration(ctx context.Context, o Organizer, originalUID, uid string) (Registration, error)
	// CreateEvent writes a new event, its look-up record, and the counts, unless the uid or the original UID is taken
	// (ErrEventExists), or the organizer has limit events already (ErrEventLimit; 0 = no limit). The limit is exact whoever else
	// creates at the same time.
	CreateEvent(ctx context.Context, e Event, limit int) error
	// Revise replaces the event's record if its stored version is e.Version, and counts the version up. With a new revision, every
	// invitation and answer that was prepared against the old one will be refused with ErrEventChanged. Where e.Rescheduled rose, all
	// answers move to noaction in the statistics, in the same transaction. ErrEventChanged when the version is another.
	Revise(ctx context.Context, e Event, rescheduled bool) error
	// Note replaces the event's record like Revise, but for fields that no invitation or answer depends on: sequence, status, calendar stay.
	Note(ctx context.Context, e Event) error

	// Standing reads in one call what verification depends on.
	Standing(ctx context.Context, q StandingQuery) (Standing, error)
	// Invite records and counts one invitation in one transaction (see Invitation) or says why not. It never sends.
	Invite(ctx context.Context, i Invitation) (Invited, error)
	// MarkSent turns queued into sent, if the attendee's record still waits for this request; otherwise it does nothing.
	MarkSent(ctx context.Context, a Attendee, sesMessageID string, at int64) error

	// Gather reads what inviting or telling up to MaxBatch people of one event depends on. Two calls.
	Gather(ctx context.Context, q GatherQuery) (Gathered, error)
	// InviteBatch records and counts up to MaxBatch invitations in one transaction, or says why it wrote nothing. It never sends.
	InviteBatch(ctx context.Context, b InvitationBatch) (InvitedBatch, error)
	// MarkInvited turns queued into sent for each mark whose record still waits for it; the others are left alone. One call for 25.
	MarkInvited(ctx context.Context, marks []InviteMark) error
	// MarkUpdated notes for each mark that the attendee was sent the revision, unless a newer one was noted; and where the record's
	// answer is from before the event's last reschedule, it becomes noaction in the record as well (no count moves: see the package
	// comment). One call for 25, and one more for those who answered meanwhile.
	MarkUpdated(ctx context.Context, marks []UpdateMark) error

	// Amend replaces an attendee's record and moves the counts in one transaction, if the record is the version read (a.Version): else
	// ErrEventChanged. For what no revision of the event touches: bounces, deliveries.
	Amend(ctx context.Context, a Attendee, change Statistics) error
	// Attendee reads one record; a fault NotFound when there is none.
	Attendee(ctx context.Context, uid, email string) (Attendee, error)

	// Answering reads in one call what an answer depends on. Addresses without a record are absent from the map; the event is nil when
	// there is none.
	Answering(ctx context.Context, uid string, emails []string) (Answering, error)
	// RecordAnswer writes the attendee's record and moves the counts in one transaction, if neither the record (its version; after.Version
	// is the one read, 0 = no record) nor the event's answers (rescheduled, cancelled) changed since: else ErrEventChanged.
	RecordAnswer(ctx context.Context, e Event, after Attendee, change Statistics) error

	// Statistics reads an event and its counts in one call; a fault NotFound when there is no event.
	Statistics(ctx context.Context, uid string) (Event, Statistics, error)
	OrganizerStatistics(ctx context.Context, o Organizer) (Statistics, error)
	SystemStatistics(ctx context.Context, tenant string) (Statistics, error)
	// Overview reads an event and all that is counted of it in one call; a fault NotFound when there is no event.
	Overview(ctx context.Context, uid string) (Overview, error)
	// Overviews reads up to MaxOverviews events and their statistics in one call, without days and works. Unknown ones are absent.
	Overviews(ctx context.Context, uids []string) (map[string]Overview, error)
	// PutWork keeps a work under its event, its kind and its start. Noted again, all but People is replaced.
	PutWork(ctx context.Context, w Work) error
	// SystemDays are the tenant's days from one date to another, both included, without those on which nothing came in.
	SystemDays(ctx context.Context, tenant, from, to string) ([]Day, error)
	// OrganizerEvents and SystemEvents list events, the last modified first: at most limit, after the given position ("" = from the
	// start); next is "" on the last page. They read indexes, which lag behind writes by a moment, and hold only what the lists show.
	OrganizerEvents(ctx context.Context, o Organizer, after string, limit int) (page []Event, next string, err error)
	SystemEvents(ctx context.Context, tenant, after string, limit int) (page []Event, next string, err error)
	// Attendees reads a page of at most limit attendees in the order of their addresses, starting after the given address; next is ""
	// on the last page.
	Attendees(ctx context.Context, uid, after string, limit int) (page []Attendee, next string, err error)

	// SetStanding grants or takes away a standing of the organizer's: subscription, suspended, bulk. A standing that is granted already
	// stays as it is.
	SetStanding(ctx context.Context, o Organizer, kind StandingKind, on bool, at int64) error
	// Organizers lists the tenant's organizers in the order of their addresses: at most limit of those whose address begins with the prefix,
	// after the given address; next is "" on the last page. Whoever made an event or was given a standing is one.
	Organizers(ctx context.Context, tenant, prefix, after string, limit int) (page []OrganizerEntry, next string, err error)
	// CountOrganizers is how many the list has.
	CountOrganizers(ctx context.Context, tenant string) (int, error)
	// KnownOrganizer reports whether the list has them.
	KnownOrganizer(ctx context.Context, o Organizer) (bool, error)
	// Standings reads all standings of an organizer.
	Standings(ctx context.Context, o Organizer) (Standings, error)
	// Subscribe writes the subscription of an order, unless the organizer has one: then that one is returned.
	Subscribe(ctx context.Context, o Organizer, s SubscriptionRecord) (existing *SubscriptionRecord, err error)

	// Blocked reports whether the attendee has blocked the organizer.
	Blocked(ctx context.Context, attendee, organizer string) (bool, error)
	// SetBlock makes or undoes an attendee's block of an organizer, counts it, and notes it in the attendee's record of the event that
	// the block came from, all in one transaction. It reports whether anything changed.
	SetBlock(ctx context.Context, b Block, on bool) (changed bool, err error)

	// PutProposal keeps a guest's newest proposal for an event or an instance, unless a newer one is kept.
	PutProposal(ctx context.Context, p Proposal) error
	// Proposals lists the proposals for an event in the order of the guests' addresses, like Attendees.
	Proposals(ctx context.Context, uid, after string, limit int) (page []Proposal, next string, err error)

	// PutGuest keeps the answer of a guest whom the organizer is to admit or refuse. A newer answer replaces the older one.
	PutGuest(ctx context.Context, g Guest) error
	// Guests lists them in the order of their addresses, like Attendees.
	Guests(ctx context.Context, uid, after string, limit int) (page []Guest, next string, err error)

	// NoteInviteLimit claims the one notification that the event's invite limit is reached for the request: true for the first
	// request that asks, and for it again; false for every other.
	NoteInviteLimit(ctx context.Context, uid, requestID string, at int64) (first bool, err error)
}

// MaxOverviews is how many events Overviews reads at a time: the nine items of each are in one BatchGetItem, which reads 100.
const MaxOverviews = 11

// Registration is what creating an event depends on.
type Registration struct {
	Own        *Event // the event that this very mail created earlier
	Known      string // uid of the organizer's event with the same original UID; "" when there is none
	Events     int    // how many events the organizer has
	Subscribed bool
	Suspended  bool
}

// StandingQuery names what verification reads.
type StandingQuery struct {
	UID   string
	Owner Organizer // of the event
	Email string    // whom to invite
	Known bool      // the caller has the event already: it is not read again
	Bulk  bool      // also the bulk permission and the remaining invitations
	Caps  []Cap     // also the counters of these
}

// Standing is what verification depends on.
type Standing struct {
	Event       *Event    // nil when there is none, or when the query said Known
	Attendee    *Attendee // nil when the address has no record
	Blocked     bool      // the attendee has blocked the organizer
	Suspended   bool      // the organizer is
	BulkAllowed bool      // when asked for Bulk
	Sent        int       // when asked for Bulk: invitations that the event has sent
	Full        []string  // names of the caps that are reached
}

// Cap is a limit on how often something may happen in a window of time.
type Cap struct {
	Name   string // what reasons call it: ReasonAddressCap, ReasonSourceCap
	Key    string // what is counted, such as an address; only its hash is stored
	By     string // what uses it, such as a list: counted once, however often it asks; "" = every time, as by public links
	Window int64  // start of the window, seconds since 1970
	Until  int64  // when the counter may be forgotten, seconds since 1970
	Limit  int    // how often; at least 1
}

// Invitation is an invitation to record.
type Invitation struct {
	Event    Event
	Attendee Attendee   // the record to write; its Version is the one read, 0 = put only if there is none
	Change   Statistics // the counts to move; Invites is 1
	Caps     []Cap      // to count, and to refuse by
}

// InviteState is how recording an invitation went.
type InviteState string

// The states.
const (
	InviteRecorded InviteState = "recorded"
	InviteKnown    InviteState = "known"         // the attendee has a record already, or another than the one read: Known holds it
	InviteLimit    InviteState = "limit-reached" // the event may send no more
	InviteCapped   InviteState = "capped"        // Cap names the cap that is reached
	InviteChanged  InviteState = "changed"       // the event was revised or cancelled meanwhile: read it again
)

// Invited is what Store.Invite answers. Nothing was written unless State is InviteRecorded.
type Invited struct {
	State InviteState
	Known Attendee
	Cap   string
}

// Answering is what an answer depends on.
type Answering struct {
	Event     *Event
	Attendees map[string]Attendee // by address
	Prods     map[string][]string // by address: the calendars that the counters of its shard know already
}

// MaxProds is how many different calendars one set of counters tells apart; the next ones are counted as "other", so that invented
// names cannot fill up a record that others need.
const MaxProds = 200

// StandingKind is a record that gives an organizer a standing; its text is the prefix of the record's sort key.
type StandingKind string

// The standings of organizers.
const (
	Subscription StandingKind = "subscription"
	Suspended    StandingKind = "suspended"
	BulkAllowed  StandingKind = "bulk"
)
