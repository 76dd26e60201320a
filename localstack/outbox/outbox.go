// Package outbox is the local stack's Amazon SES sending: it accepts mail under SES's rules, keeps every message as SES would have
// sent it, and can hand it on to a real SMTP server.
package outbox

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/calendarinvite/calendarinviteserver/localstack/journal"
	"github.com/calendarinvite/calendarinviteserver/localstack/protocol"
)

// Config is what an Outbox needs. Journal, Region and Domains are required.
type Config struct {
	Journal   *journal.DB
	Partition string // of ARNs, as the next two
	Region    string
	Account   string
	Domains   []string // verified identities: mail must come from one of them
	Feedback  []string // types of SES's events that are wanted, as SESv2 names them (BOUNCE …), about mail that is sent with a configuration set
	Relay     string   // smtp://user:password@host:port or smtps://…; empty: mail stays here
	Now       func() time.Time
}

// Outbox holds the messages that were sent. Its methods may be called from many goroutines at once.
type Outbox struct {
	cfg   Config
	index *journal.Bucket // Sent by id
	raws  *journal.Bucket // the messages by id
	relay *relay          // nil without one

	publisher *publisher

	mu     sync.Mutex
	lastMS int64 // of the newest id
}

// Sent is one message that was accepted.
type Sent struct {
	ID               string              `json:"id"` // SES's message id: sorts by time
	Source           string              `json:"source"`
	To               []string            `json:"to"`
	Cc               []string            `json:"cc,omitempty"`
	Bcc              []string            `json:"bcc,omitempty"`
	Subject          string              `json:"subject"`
	Size             int                 `json:"size"` // bytes of Raw
	Time             time.Time           `json:"time"`
	Caller           string              `json:"caller"` // access key: a function's name
	Tags             map[string][]string `json:"tags,omitempty"`
	ConfigurationSet string              `json:"configuration_set,omitempty"`
	Raw              []byte              `json:"-"` // the message as sent; Get only
}

// Recipients are all addresses that the message goes to.
func (s Sent) Recipients() []string {
	return append(append(append([]string(nil), s.To...), s.Cc...), s.Bcc...)
}

// Filter chooses messages; the zero Filter chooses all.
type Filter struct {
	ID    string
	Email string // sender, without regard to case or display name
}

// New makes an Outbox over the journal. With a relay it goes on with what was not handed on before.
func New(cfg Config) (*Outbox, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	o := &Outbox{cfg: cfg, index: cfg.Journal.Bucket("outbox"), raws: cfg.Journal.Bucket("outbox-raw"), publisher: newPublisher(cfg.Journal)}
	if cfg.Relay != "" {
		var err error
		if o.relay, err = newRelay(cfg.Relay, o); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// Close stops the relay and the publishing of feedback; what they have not handed on stays for the next start.
func (o *Outbox) Close() error {
	o.publisher.close()
	if o.relay != nil {
		o.relay.close()
	}
	return nil
}

// List returns the chosen messages, oldest first, without Raw.
func (o *Outbox) List(f Filter) ([]Sent, error) {
	list := []Sent{}
	err := journal.Each(o.index, f.ID, func(_ string, s Sent) error {
		if f.matches(s) {
			list = append(list, s)
		}
		return nil
	})
	return list, err
}

// Get returns a message with Raw; ok is false if there is none of that id.
func (o *Outbox) Get(id string) (s Sent, ok bool, err error) {
	if ok, err = o.index.Get(id, &s); !ok || err != nil {
		return s, false, err
	}
	ok, err = o.raws.Get(id, &s.Raw)
	return s, ok, err
}

// Delete forgets the chosen messages.
func (o *Outbox) Delete(f Filter) error {
	list, err := o.List(f)
	if err != nil {
		return err
	}
	return o.cfg.Journal.Update(func(tx *journal.Tx) error {
		for _, s := range list {
			if err := tx.Delete(o.index.Name(), s.ID); err != nil {
				return err
			}
			if err := tx.Delete(o.raws.Name(), s.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

func (f Filter) matches(s Sent) bool {
	return (f.ID == "" || f.ID == s.ID) && (f.Email == "" || strings.EqualFold(f.Email, s.Source) || strings.EqualFold(f.Email, bare(s.Source)))
}

// store makes the message last, with the events about it, and only then hands them on.
func (o *Outbox) store(s Sent) error {
	feedback, err := o.feedback(s)
	if err != nil {
		return err
	}
	err = o.cfg.Journal.Update(func(tx *journal.Tx) error {
		for _, f := range feedback {
			if _, err := tx.Append(feedbackBucket, f); err != nil {
				return err
			}
		}
		if err := tx.Put(o.index.Name(), s.ID, s); err != nil {
			return err
		}
		if o.relay != nil {
			if err := tx.Put(relayBucket, s.ID, pending{}); err != nil {
				return err
			}
		}
		return tx.Put(o.raws.Name(), s.ID, s.Raw)
	})
	if err != nil {
		return err
	}
	if o.relay != nil {
		o.relay.wake()
	}
	if feedback != nil {
		o.publisher.wake()
	}
	return nil
}

// newID makes an id of SES's shape: "0100", the time in milliseconds (12 hex digits, never the same twice), a UUID, "000000".
func (o *Outbox) newID(now time.Time) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.lastMS = max(o.lastMS+1, now.UnixMilli())
	return fmt.Sprintf("0100%012x-%s-000000", o.lastMS, protocol.RequestID()[9:])
}
