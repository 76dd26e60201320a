package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"github.com/calendarinvite/calendarinviteserver/localstack/journal"
	"github.com/calendarinvite/calendarinviteserver/localstack/protocol"
)

// asyncLimit is the largest payload of an asynchronous invocation (Lambda quotas).
const asyncLimit = 1 << 20

// Event is an asynchronous invocation that is not done yet, or one that was given up.
type Event struct {
	Function string          `json:"function"`
	Payload  json.RawMessage `json:"payload"`
	Accepted time.Time       `json:"accepted"`
	Attempts int             `json:"attempts"`        // that failed
	Error    json.RawMessage `json:"error,omitempty"` // of the last attempt
}

// InvokeAsync accepts an invocation and returns when it is in the journal: from then on the function runs, if need be after a
// restart of the stack, until it succeeds once or has failed three times (Lambda guide, "Asynchronous invocation").
func (r *Runtime) InvokeAsync(function string, payload []byte) error {
	if _, ok := r.pools[function]; !ok {
		return r.notFound(function)
	}
	if len(payload) == 0 {
		payload = []byte("{}")
	}
	if len(payload) > asyncLimit {
		return &protocol.Error{Status: 413, Code: "RequestEntityTooLargeException", Message: "the payload of an asynchronous invocation is over 1 MB"}
	}
	if !json.Valid(payload) {
		return protocol.Errorf("InvalidRequestContentException", "Could not parse request body into json")
	}
	event := Event{Function: function, Payload: payload, Accepted: time.Now().UTC()}
	n, err := r.async.Append(event)
	if err != nil {
		return err
	}
	r.spawn(func() { r.persist(journal.SeqKey(n), event) })
	return nil
}

// Resume goes on with the asynchronous invocations that the journal holds; call it once the endpoint answers.
func (r *Runtime) Resume() error {
	return journal.Each(r.async, "", func(key string, event Event) error {
		r.spawn(func() { r.persist(key, event) })
		return nil
	})
}

// Pending returns the asynchronous invocations that are not done yet, oldest first.
func (r *Runtime) Pending() ([]Event, error) { return events(r.async) }

// Failed returns the asynchronous invocations that were given up, oldest first.
func (r *Runtime) Failed() ([]Event, error) { return events(r.failed) }

func events(b *journal.Bucket) ([]Event, error) {
	list := []Event{}
	err := journal.Each(b, "", func(_ string, e Event) error {
		list = append(list, e)
		return nil
	})
	return list, err
}

// spawn runs fn beside everything else, and Close waits for it; after Close it does nothing.
func (r *Runtime) spawn(fn func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ctx.Err() != nil {
		return
	}
	r.work.Go(fn)
}

// persist invokes until success, or failure three times. Whatever stops it halfway leaves the journal as it was.
func (r *Runtime) persist(key string, event Event) {
	for {
		result, err := r.Invoke(r.ctx, event.Function, event.Payload)
		if errors.Is(err, ErrClosed) || errors.Is(err, context.Canceled) {
			return
		}
		if err == nil && result.FunctionError == "" {
			if err := r.async.Delete(key); err != nil {
				slog.Error("local stack: an asynchronous invocation may run again", "function", event.Function, "error", err)
			}
			return
		}
		event.Attempts++
		if event.Error = result.Payload; err != nil {
			event.Error, _ = json.Marshal(err.Error()) // a string always encodes
		}
		if event.Attempts > len(r.cfg.RetryAfter) {
			r.giveUp(key, event)
			return
		}
		if err := r.async.Put(key, event); err != nil {
			slog.Error("local stack: an asynchronous invocation may run too often", "function", event.Function, "error", err)
		}
		select {
		case <-time.After(r.cfg.RetryAfter[event.Attempts-1]):
		case <-r.ctx.Done():
			return
		}
	}
}

func (r *Runtime) giveUp(key string, event Event) {
	slog.Warn("local stack: an asynchronous invocation failed for good", "function", event.Function, "attempts", event.Attempts, "error", string(event.Error))
	err := r.cfg.Journal.Update(func(tx *journal.Tx) error {
		if err := tx.Delete(r.async.Name(), key); err != nil {
			return err
		}
		return tx.Put(r.failed.Name(), key, event)
	})
	if err != nil {
		slog.Error("local stack: journal", "error", err)
	}
}
