package states

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/calendarinvite/calendarinviteserver/localstack/asl"
	"github.com/calendarinvite/calendarinviteserver/localstack/journal"
)

// Buckets of the journal.
const (
	executionBucket = "states-executions" // by id: record
	childBucket     = "states-children"   // by id of the Map Run/number: record
	historyBucket   = "states-history"    // by the key of the record/number: chunk
)

// record is an execution as the journal keeps it.
type record struct {
	Machine    string          `json:"machine"`
	Name       string          `json:"name"`
	ARN        string          `json:"arn"`
	Type       string          `json:"type"`
	RoleARN    string          `json:"role"`
	Definition string          `json:"definition"` // hash
	Start      time.Time       `json:"start"`
	Stop       time.Time       `json:"stop,omitzero"`
	Status     asl.Status      `json:"status"`
	Input      json.RawMessage `json:"input"`
	Output     json.RawMessage `json:"output,omitempty"`
	Error      string          `json:"error,omitempty"`
	Cause      string          `json:"cause,omitempty"`
	MapRun     string          `json:"mapRun,omitempty"` // id of the Map Run that a child belongs to
	Items      int             `json:"items,omitempty"`  // that a child was given
}

// execution is one execution. Once it has ended only its outlines stay in memory, and nothing at all of a child.
type execution struct {
	bucket string // of its record
	key    string // in that bucket
	ctx    context.Context
	cancel context.CancelCauseFunc
	ended  chan struct{} // closed at the end

	mu      sync.Mutex  // guards what changes: of the record Status, Stop, Input, Output, Error and Cause
	record  record      // without Input and Output once it has ended
	events  []asl.Event // all of a running one
	stored  int         // how many of them the journal has
	chunks  int         // how many chunks the journal has
	resumed *asl.Checkpoint
}

// newExecution makes an execution that ends, at the latest, with the context.
func newExecution(ctx context.Context, bucket, key string, r record) *execution {
	e := &execution{bucket: bucket, key: key, record: r, ended: make(chan struct{})}
	e.ctx, e.cancel = context.WithCancelCause(ctx)
	return e
}

func chunkKey(key string, n int) string { return fmt.Sprintf("%s/%08x", key, n) }

// snapshot returns the record as it is in memory, and the events if the execution is running.
func (e *execution) snapshot() (record, []asl.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.record, e.events[:len(e.events):len(e.events)]
}

// full returns the whole record.
func (s *Service) full(e *execution) (record, error) {
	r, _ := e.snapshot()
	if r.Status == asl.Running {
		return r, nil
	}
	found, err := s.cfg.Journal.Bucket(e.bucket).Get(e.key, &r)
	if err == nil && !found {
		err = fmt.Errorf("states: execution %s is not in the journal", r.ARN)
	}
	return r, err
}

// events returns the history so far.
func (s *Service) events(e *execution) ([]asl.Event, error) {
	if r, events := e.snapshot(); r.Status == asl.Running {
		return events, nil
	}
	events, _, _, err := s.storedHistory(e.key)
	return events, err
}

// storedHistory reads the history of an execution from the journal, with its last checkpoint.
func (s *Service) storedHistory(key string) (events []asl.Event, last *asl.Checkpoint, chunks int, err error) {
	err = journal.Each(s.cfg.Journal.Bucket(historyBucket), key+"/", func(_ string, stored packed) error {
		c, err := stored.unpack()
		if err != nil {
			return err
		}
		events = append(events, c.Events...)
		if c.Checkpoint != nil {
			last = c.Checkpoint
		}
		chunks++
		return nil
	})
	return events, last, chunks, err
}

// loadExecutions reads the outlines of all executions.
func (s *Service) loadExecutions() error {
	return journal.Each(s.cfg.Journal.Bucket(executionBucket), "", func(key string, r record) error {
		id, _ := journal.SeqOf(key)
		s.lastID = max(s.lastID, id)
		e := newExecution(s.ctx, executionBucket, key, r)
		if r.Status != asl.Running {
			e.forget()
			e.end()
		}
		s.index(e)
		return nil
	})
}

// forget drops what the journal keeps.
func (e *execution) forget() {
	e.record.Input, e.record.Output, e.events = nil, nil, nil
}

// end releases what only a running execution needs.
func (e *execution) end() {
	e.cancel(nil)
	close(e.ended)
}

// index makes an execution known. The caller holds s.mu, or is New.
func (s *Service) index(e *execution) {
	s.executions = append(s.executions, e)
	s.byName[[2]string{e.record.Machine, e.record.Name}] = e
	s.byARN[e.record.ARN] = e
}

// prune drops the oldest executions that have ended, beyond the number to keep, a number at a time.
func (s *Service) prune() error {
	const atOnce = 100
	s.mu.Lock()
	var old []*execution
	if len(s.executions) >= s.cfg.Keep+atOnce {
		kept := s.executions[:0:0]
		for _, e := range s.executions {
			if r, _ := e.snapshot(); len(old) < atOnce && r.Status != asl.Running {
				old = append(old, e)
				delete(s.byARN, r.ARN)
				if name := [2]string{r.Machine, r.Name}; s.byName[name] == e {
					delete(s.byName, name)
				}
				continue
			}
			kept = append(kept, e)
		}
		s.executions = kept
	}
	s.mu.Unlock()
	for _, e := range old {
		if err := errors.Join(s.eraseMapRuns(e.record.ARN), s.erase(e.key)); err != nil {
			return err
		}
	}
	return nil
}

// erase removes an execution from the journal.
func (s *Service) erase(key string) error {
	return s.cfg.Journal.Update(func(tx *journal.Tx) error {
		for n := 0; ; n++ {
			found, err := tx.Get(historyBucket, chunkKey(key, n), &json.RawMessage{})
			if err != nil {
				return err
			}
			if !found {
				return tx.Delete(executionBucket, key)
			}
			if err := tx.Delete(historyBucket, chunkKey(key, n)); err != nil {
				return err
			}
		}
	})
}
