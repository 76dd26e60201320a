package states

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/calendarinvite/calendarinviteserver/localstack/asl"
	"github.com/calendarinvite/calendarinviteserver/localstack/journal"
)

// maxExpress is how long an Express execution may take.
// https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
const maxExpress = 5 * time.Minute

// Resume takes up the executions that the last process did not finish. It is called once, when all machines
// have been defined and what Config.Invoke calls is ready.
func (s *Service) Resume() error {
	s.mu.Lock()
	var running []*execution
	for _, e := range s.executions {
		if e.record.Status == asl.Running {
			running = append(running, e)
		}
	}
	s.mu.Unlock()
	if err := s.abortOrphans(); err != nil {
		return err
	}
	for _, e := range running {
		if err := s.resume(e); err != nil {
			return fmt.Errorf("states: resuming %s: %w", e.record.ARN, err)
		}
	}
	return nil
}

func (s *Service) resume(e *execution) error {
	if err := s.goOn(e); err != nil {
		return err
	}
	definition, err := s.definition(e.record.Definition)
	if err != nil {
		return err
	}
	m, err := s.load(e.record.Machine, e.record.Type, definition)
	if err != nil { // what an older local stack accepted: it cannot go on, and is not to keep the stack from starting
		return s.finish(e, asl.Result{Status: asl.Failed, Error: asl.ErrorRuntime, Cause: err.Error()})
	}
	s.launch(e, m, false)
	return nil
}

// goOn prepares an execution to go on from its last checkpoint, if it has one. Of its Map Runs only the one that the
// checkpoint is in the middle of goes on.
func (s *Service) goOn(e *execution) error {
	events, last, chunks, err := s.storedHistory(e.key)
	if err != nil {
		return err
	}
	under := ""
	if last != nil {
		under = last.MapRun
		e.mu.Lock()
		e.events, e.stored, e.chunks, e.resumed = events, len(events), chunks, last
		e.mu.Unlock()
	}
	return s.abortMapRuns(e.record.ARN, under)
}

// launch runs an execution in the background until its end or Close.
func (s *Service) launch(e *execution, m *asl.Machine, sync bool) {
	s.work.Go(func() {
		err := s.run(e, m)
		if err == nil {
			return
		}
		if !errors.Is(err, context.Canceled) {
			slog.Error("local stack: an execution was cut off", "execution", e.record.ARN, "error", err)
		}
		if !sync {
			return
		}
		// Nobody will take it up again.
		if err := s.finish(e, asl.Result{Status: asl.Aborted, Error: "States.Aborted", Cause: "The local stack was stopped."}); err != nil {
			e.end()
		}
	})
}

func (s *Service) run(e *execution, m *asl.Machine) error {
	x := asl.Execution{
		ARN: e.record.ARN, Name: e.record.Name, MachineARN: s.MachineARN(e.record.Machine), MachineName: e.record.Machine,
		RoleARN: e.record.RoleARN, Start: e.record.Start, Input: e.record.Input, Express: e.record.Type == Express,
		Recorder: &recorder{s, e}, Clock: s.cfg.Clock, Pace: s.cfg.Pace,
	}
	if x.Express {
		x.Timeout = maxExpress
	}
	run := func() (asl.Result, error) { return m.Run(e.ctx, x) }
	if e.resumed != nil {
		run = func() (asl.Result, error) { return m.Resume(e.ctx, x, *e.resumed) }
	}
	result, err := run()
	if err != nil {
		return err
	}
	return s.finish(e, result)
}

// finish stores how an execution ended and tells those who wait for it. A Map Run that it left behind, as one in a
// branch whose sibling failed, ends with it.
func (s *Service) finish(e *execution, result asl.Result) error {
	e.mu.Lock()
	r := e.record
	r.Status, r.Output, r.Error, r.Cause, r.Stop = result.Status, result.Output, result.Error, result.Cause, s.now()
	rest := chunk{Events: e.events[e.stored:]}
	n := e.chunks
	e.mu.Unlock()
	stored, err := s.pack(e, rest)
	if err != nil {
		return err
	}
	err = s.cfg.Journal.Update(func(tx *journal.Tx) error {
		return errors.Join(tx.Put(historyBucket, chunkKey(e.key, n), stored), tx.Put(e.bucket, e.key, r))
	})
	if err != nil {
		return err
	}
	if err := s.abortMapRuns(e.record.ARN, ""); err != nil {
		return err
	}
	e.mu.Lock()
	e.record.Status, e.record.Error, e.record.Cause, e.record.Stop = r.Status, r.Error, r.Cause, r.Stop
	e.forget()
	e.mu.Unlock()
	e.end()
	if r.MapRun != "" {
		return nil
	}
	return s.prune()
}

// recorder keeps the history of a running execution: in memory, and in the journal at every checkpoint.
type recorder struct {
	s *Service
	e *execution
}

func (r *recorder) Record(event asl.Event) error {
	r.e.mu.Lock()
	defer r.e.mu.Unlock()
	r.e.events = append(r.e.events, event)
	return nil
}

// Checkpoint stores the events since the last one and the checkpoint together, so that after a restart
// events and checkpoint fit each other.
func (r *recorder) Checkpoint(c asl.Checkpoint) error {
	r.e.mu.Lock()
	events, n := r.e.events[r.e.stored:], r.e.chunks
	r.e.mu.Unlock()
	stored, err := r.s.pack(r.e, chunk{Events: events, Checkpoint: &c})
	if err != nil {
		return err
	}
	if err := r.s.cfg.Journal.Bucket(historyBucket).Put(chunkKey(r.e.key, n), stored); err != nil {
		return err
	}
	r.e.mu.Lock()
	r.e.stored, r.e.chunks = r.e.stored+len(events), n+1
	r.e.mu.Unlock()
	return nil
}
