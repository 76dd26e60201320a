package events

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/calendarinvite/calendarinviteserver/localstack/journal"
	"github.com/calendarinvite/calendarinviteserver/localstack/protocol"
)

// Delivery is an event on its way to the target of one rule, or, as a dead letter, one that did not get there.
type Delivery struct {
	Rule     string          `json:"rule"`
	EventID  string          `json:"event_id"`
	Event    json.RawMessage `json:"event"`
	Accepted time.Time       `json:"accepted"`
	Attempts int             `json:"attempts"`        // that failed
	Error    string          `json:"error,omitempty"` // of the last attempt
}

// accept makes deliveries last, and begins them.
func (b *Bus) accept(list []Delivery) error {
	if len(list) == 0 {
		return nil
	}
	values := make([]any, len(list))
	for i, d := range list {
		values[i] = d
	}
	first, err := b.pending.Append(values...)
	if err != nil {
		return err
	}
	for i, d := range list {
		b.spawn(journal.SeqKey(first+uint64(i)), d)
	}
	return nil
}

// Resume goes on with the deliveries that the journal holds; call it once the targets can be reached.
func (b *Bus) Resume() error {
	return journal.Each(b.pending, "", func(key string, d Delivery) error {
		b.spawn(key, d)
		return nil
	})
}

// Close ends the deliveries under way, and returns when they have ended. They go on after the next start.
func (b *Bus) Close() error {
	b.mu.Lock() // so that no delivery begins meanwhile
	b.cancel()
	b.mu.Unlock()
	b.work.Wait()
	return nil
}

// Pending returns what is still to be delivered, oldest first.
func (b *Bus) Pending() ([]Delivery, error) { return deliveries(b.pending) }

// DeadLetters returns what could not be delivered, oldest first.
func (b *Bus) DeadLetters() ([]Delivery, error) { return deliveries(b.dead) }

func deliveries(bucket *journal.Bucket) ([]Delivery, error) {
	list := []Delivery{}
	err := journal.Each(bucket, "", func(_ string, d Delivery) error {
		list = append(list, d)
		return nil
	})
	return list, err
}

// spawn begins a delivery beside everything else; after Close it does nothing.
func (b *Bus) spawn(key string, d Delivery) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ctx.Err() == nil {
		b.work.Go(func() { b.persist(key, d) })
	}
}

// persist tries until the target has the event or all attempts have failed. Whatever stops it halfway leaves the journal as it was.
func (b *Bus) persist(key string, d Delivery) {
	for {
		err := b.deliver(d)
		if b.ctx.Err() != nil && err != nil {
			return
		}
		if err == nil {
			if err := b.pending.Delete(key); err != nil {
				b.cfg.Log.Error("events: an event may be delivered again", "rule", d.Rule, "event", d.EventID, "error", err)
			}
			return
		}
		d.Attempts++
		d.Error = err.Error()
		if hopeless(err) || d.Attempts > len(b.cfg.Retry) {
			b.bury(key, d)
			return
		}
		pause := b.cfg.Retry[d.Attempts-1]
		b.cfg.Log.Warn("events: a target did not take an event yet", "rule", d.Rule, "event", d.EventID, "again in", pause, "error", err)
		if err := b.pending.Put(key, d); err != nil {
			b.cfg.Log.Error("events: an event may be tried too often", "rule", d.Rule, "event", d.EventID, "error", err)
		}
		select {
		case <-time.After(pause):
		case <-b.ctx.Done():
			return
		}
	}
}

// errUndeliverable marks what no further attempt can mend.
var errUndeliverable = errors.New("undeliverable")

// deliver makes one attempt.
func (b *Bus) deliver(d Delivery) error {
	at := slices.IndexFunc(b.rules, func(r rule) bool { return r.name == d.Rule })
	if at < 0 {
		return fmt.Errorf("%w: there is no rule %s any more", errUndeliverable, d.Rule)
	}
	r, input := b.rules[at], []byte(d.Event)
	if r.input != nil {
		var err error
		if input, err = r.input(d.Event); err != nil {
			return fmt.Errorf("%w: %w", errUndeliverable, err)
		}
	}
	if r.Function != "" {
		return b.cfg.Targets.InvokeAsync(r.Function, input)
	}
	err := b.cfg.Targets.StartWorkflow(context.WithoutCancel(b.ctx), r.Workflow, executionName(d.EventID, r.name), input)
	if e, ok := errors.AsType[*protocol.Error](err); ok && e.Code == "ExecutionAlreadyExists" {
		return nil // an earlier attempt started it
	}
	return err
}

// executionName is one of EventBridge's making: the event's id and another, which is the rule's. It fits into 80 characters.
func executionName(eventID, rule string) string {
	sum := sha256.Sum256([]byte(rule))
	return fmt.Sprintf("%s_%x-%x-%x-%x-%x", eventID, sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// hopeless says that trying again is of no use: the target is missing, or will not have such an event (EventBridge guide, "Using
// dead-letter queues to process undelivered events").
func hopeless(err error) bool {
	if errors.Is(err, errUndeliverable) {
		return true
	}
	e, ok := errors.AsType[*protocol.Error](err)
	return ok && e.Status >= 400 && e.Status < 500 && e.Status != http.StatusTooManyRequests && e.Code != "ThrottlingException" && e.Code != "ExecutionLimitExceeded"
}

// bury makes a delivery a dead letter.
func (b *Bus) bury(key string, d Delivery) {
	b.cfg.Log.Error("events: an event could not be delivered", "rule", d.Rule, "event", d.EventID, "attempts", d.Attempts, "error", d.Error)
	err := b.cfg.Journal.Update(func(tx *journal.Tx) error {
		if err := tx.Delete(b.pending.Name(), key); err != nil {
			return err
		}
		return tx.Put(b.dead.Name(), key, d)
	})
	if err != nil {
		b.cfg.Log.Error("events: journal", "error", err)
	}
}
