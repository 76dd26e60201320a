// Package invite is the application: events, organizers, attendees, invitations, answers and statistics, and what may be done with
// them (spec §3-§5). It declares what it needs of the outside: Store, Mailer, Blobs, Clock.
//
// Every method of Service may be called again with the same input and leaves the same state; a call that finds its own earlier work
// returns its own earlier answer.
//
// How a reschedule resets 100,000 answers at once: an attendee's status holds for as long as the record's Rescheduled is the
// event's. A reschedule raises the event's and, in the same transaction, moves the event's counts to noaction (each shard of the
// counters knows the revision it counts, and refuses answers prepared against another). So reads and statistics are right from that
// moment, whatever the number of attendees; each attendee's record is rewritten later, when the update is sent to that attendee,
// and moves no count then.
package invite

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/brand"
	"github.com/calendarinvite/calendarinviteserver/internal/fact"
	"github.com/calendarinvite/calendarinviteserver/internal/seal"
)

// What a Store answers when the world changed under a write.
var (
	ErrEventExists  = errors.New("invite: the event exists")
	ErrEventLimit   = errors.New("invite: the organizer has reached the event limit")
	ErrEventChanged = errors.New("invite: the record changed since it was read")
)

// GuestPolicy is what happens to the answer of a guest who was not invited: mostly, whom somebody forwarded the invitation to (spec §2.5).
type GuestPolicy string

// The policies for forwarded guests.
const (
	AcceptGuests GuestPolicy = "accept" // they join the event, origin shared
	HoldGuests   GuestPolicy = "hold"   // the answer is not counted; the organizer decides
	RefuseGuests GuestPolicy = "refuse" // the answer is not counted; a CANCEL goes back, where there was an invitation
)

// Config is what the settings of spec §10 say to this package.
type Config struct {
	Domain           string      // DOMAIN: of our mailboxes and of the UIDs of invitations
	Sender           string      // SENDER: From of invitations
	RSVP             string      // RSVP_EMAIL: their ORGANIZER, constant for the life of an event
	Unsubscribe      string      // mailbox of List-Unsubscribe
	LinkBase         string      // URL of the API without a trailing slash
	Brand            brand.Brand // BRAND_*
	OwnAddresses     []string    // all our mailboxes: never invited, never counted as guests
	EventLimit       int         // EVENT_LIMIT: events of an organizer without a subscription; 0 = unlimited
	EventInviteLimit int         // EVENT_INVITE_LIMIT: invitations per new event; 0 = unlimited
	LinkAddressCap   int         // LINK_ADDRESS_CAP: public-link invitations to one mailbox, whatever its +tag, per hour, 10 unless set; 0 = no cap
	LinkSourceCap    int         // LINK_SOURCE_CAP: public-link invitations from one source (IPv4 address, IPv6 /64) per hour, 2500 unless set; 0 = no cap
	ForwardedGuests  GuestPolicy // FORWARDED_GUESTS; "" = accept
	SendConcurrency  int         // SEND_CONCURRENCY: mails that one step hands to SES at a time; 10 unless set
}

// Deps is what a Service works with. Blobs may be nil where no method needs it.
type Deps struct {
	Store  Store
	Mailer Mailer
	Blobs  Blobs
	Clock  Clock
	Keys   *seal.Keys     // seals the UIDs and links of invitations; needed where mail to attendees is written
	Facts  fact.Publisher // tells others what happened; nil = nobody
	Config Config
}

// Service is the application.
type Service struct {
	store     Store
	mailer    Mailer
	clock     Clock
	facts     fact.Publisher
	keys      *seal.Keys
	config    Config
	owners    owners
	composers composers
}

// New returns a Service.
func New(d Deps) *Service {
	return &Service{store: d.Store, mailer: d.Mailer, clock: d.Clock, facts: d.Facts, keys: d.Keys, config: d.Config}
}

// now is the present second.
func (s *Service) now() time.Time { return s.clock.Now().UTC().Truncate(time.Second) }

// isOwn reports whether the address is one of our mailboxes, with or without a +tag.
func (s *Service) isOwn(email string) bool {
	local, domain, _ := strings.Cut(email, "@")
	local, _, _ = strings.Cut(local, "+")
	for _, own := range s.config.OwnAddresses {
		if strings.EqualFold(own, local+"@"+domain) {
			return true
		}
	}
	return false
}

// owners remembers who owns an event, which never changes, so that a warm process verifies an invitation with one read.
type owners struct {
	mu sync.Mutex
	of map[string]Organizer
}

const maxOwners = 1000

func (o *owners) get(uid string) Organizer {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.of[uid]
}

func (o *owners) put(uid string, owner Organizer) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.of == nil || len(o.of) >= maxOwners {
		o.of = map[string]Organizer{}
	}
	o.of[uid] = owner
}

// maxAttempts is how often an operation starts over because somebody else changed what it had read.
const maxAttempts = 10

func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("invite: %s: %w", doing, err)
}
