// Package asl runs state machines of the Amazon States Language (JSONPath) as AWS Step Functions runs them.
//
// Load reads a definition and refuses, by name, whatever the package does not implement; what it accepts it
// runs with AWS's results, error names, causes and history. The package does no I/O: what a Task calls, where
// the history goes, the clock and chance are given by the caller. A run can be cut off at any moment and
// resumed from its last Checkpoint.
//
// https://states-language.net and https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html
package asl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"sync"
	"time"
)

// Clock is the time that executions see.
type Clock interface {
	Now() time.Time
	// Sleep returns nil after d, or earlier the context's error.
	Sleep(ctx context.Context, d time.Duration) error
}

// SystemClock is the real time.
type SystemClock struct{}

// Now returns the current time.
func (SystemClock) Now() time.Time { return time.Now() }

// Sleep waits for d or for the end of the context.
func (SystemClock) Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// An Execution is one run of a machine: who it is, and what it runs with.
type Execution struct {
	ARN, Name   string
	MachineARN  string
	MachineName string
	RoleARN     string
	Start       time.Time
	Input       []byte // JSON
	Express     bool   // no limit on the number of events
	// Timeout is the longest that the execution may take, beside the machine's own TimeoutSeconds; 0 = no limit.
	Timeout time.Duration

	Recorder Recorder    // where its history goes
	Clock    Clock       // SystemClock if nil
	Random   rand.Source // what chance is drawn from; if nil, from the runtime
	// Pace is what Wait states and the delays before retries are multiplied with, below 1 for those who cannot
	// wait so long; 0 = 1. Timeouts are not: they measure work, not waiting.
	Pace float64
}

// Status is how an execution stands.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html
type Status string

// The statuses of executions.
const (
	Running   Status = "RUNNING"
	Succeeded Status = "SUCCEEDED"
	Failed    Status = "FAILED"
	TimedOut  Status = "TIMED_OUT"
	Aborted   Status = "ABORTED"
)

// Result is how an execution ended.
type Result struct {
	Status Status
	Output []byte // JSON, if it succeeded
	Error  string
	Cause  string
}

// Stop is the cancellation cause (context.WithCancelCause) by which an execution is stopped for good, as
// StopExecution does. Cancelled for any other cause, a run just ceases and may be resumed.
type Stop struct{ ErrorName, Cause string }

func (s *Stop) Error() string { return "stopped: " + s.ErrorName }

// timedOut is the cancellation cause of an execution that took too long. It names the execution, for children
// have their parent's context.
type timedOut struct{ run *run }

func (t *timedOut) Error() string { return "execution " + t.run.x.Name + " timed out" }

// maxData is the most JSON text that a state may take or give, in bytes of UTF-8.
// https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
const maxData = 256 << 10

// Run runs the machine from the beginning and returns how it ended. The error is that of the Recorder or,
// when the run was cancelled, of the context.
func (m *Machine) Run(ctx context.Context, x Execution) (Result, error) {
	ctx, r, err := m.newRun(ctx, x, 0)
	if err != nil {
		return Result{}, err
	}
	defer r.cancel(nil)
	r.emit(&r.top, Event{Type: "ExecutionStarted", Input: x.Input})
	r.top.previous = 0 // AWS's first state does not follow the event of the start
	return r.to(ctx, nil)
}

// Resume goes on with an execution from a checkpoint of it.
func (m *Machine) Resume(ctx context.Context, x Execution, from Checkpoint) (Result, error) {
	ctx, r, err := m.newRun(ctx, x, from.LastEvent)
	if err != nil {
		return Result{}, err
	}
	defer r.cancel(nil)
	if m.states[from.State] == nil {
		return Result{}, fmt.Errorf("asl: resuming %s: the machine has no state %s", x.Name, from.State)
	}
	for name, value := range from.Variables {
		if r.top.vars[name], err = ParseJSON(value); err != nil {
			return Result{}, fmt.Errorf("asl: resuming %s: variable %s: %w", x.Name, name, err)
		}
	}
	return r.to(ctx, &from)
}

// run is one execution under way.
type run struct {
	machine *Machine
	x       Execution
	input   any
	random  *random
	top     frame
	cancel  context.CancelCauseFunc

	mu     sync.Mutex
	last   int64 // id of the last event
	failed error // of the Recorder
}

func (m *Machine) newRun(ctx context.Context, x Execution, last int64) (context.Context, *run, error) {
	input, err := ParseJSON(x.Input)
	if err != nil {
		return nil, nil, err
	}
	if x.Clock == nil {
		x.Clock = SystemClock{}
	}
	if x.Random == nil {
		x.Random = rand.NewPCG(rand.Uint64(), rand.Uint64())
	}
	if x.Pace == 0 {
		x.Pace = 1
	}
	r := &run{machine: m, x: x, input: input, random: &random{source: x.Random}, last: last}
	r.top = frame{run: r, body: &m.body, vars: map[string]any{}}
	ctx, r.cancel = context.WithCancelCause(ctx)
	return ctx, r, nil
}

// to runs to the end.
func (r *run) to(ctx context.Context, from *Checkpoint) (Result, error) {
	if limit := r.limit(); limit > 0 {
		go func() {
			if r.x.Clock.Sleep(ctx, limit-r.x.Clock.Now().Sub(r.x.Start)) == nil {
				r.cancel(&timedOut{r})
			}
		}()
	}
	output, err := r.top.states(ctx, r.machine.start, r.input, from)
	return r.end(ctx, output, err)
}

// limit is how long the execution may take; 0 = for ever.
func (r *run) limit() time.Duration {
	limit := time.Duration(r.machine.timeout) * time.Second
	if r.x.Timeout > 0 && (limit == 0 || r.x.Timeout < limit) {
		limit = r.x.Timeout
	}
	return limit
}

// end records how the execution ended.
func (r *run) end(ctx context.Context, output any, err error) (Result, error) {
	var failure *Failure
	var stop *Stop
	var late *timedOut
	cause := context.Cause(ctx)
	result := Result{Status: Succeeded}
	last := Event{Type: "ExecutionSucceeded"}
	switch {
	case r.recorderError() != nil:
		return Result{}, r.recorderError()
	case err == nil:
		result.Output = JSON(output)
		last.Output = result.Output
	case errors.As(cause, &stop):
		result = Result{Status: Aborted, Error: stop.ErrorName, Cause: stop.Cause}
		last.Type = "ExecutionAborted"
	case errors.As(cause, &late) && late.run == r:
		result = Result{Status: TimedOut}
		last.Type = "ExecutionTimedOut"
	case errors.As(err, &failure):
		result = Result{Status: Failed, Error: failure.Name, Cause: failure.Cause}
		last.Type = "ExecutionFailed"
	default:
		return Result{}, err
	}
	last.Error, last.Cause = result.Error, result.Cause
	r.emit(&r.top, last)
	return result, r.recorderError()
}

func (r *run) recorderError() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

// itself is the Visit of an event that begins a visit.
const itself = -1

// emit numbers an event, puts it behind the frame's last one and records it.
func (r *run) emit(f *frame, e Event) int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last++
	e.ID, e.Previous, e.Time = r.last, f.previous, r.x.Clock.Now()
	e.Parent, e.Index = f.parent, f.index
	if e.Visit == itself {
		e.Visit = e.ID
	}
	f.previous = e.ID
	if r.failed == nil {
		r.stopOn(r.x.Recorder.Record(e))
	}
	return e.ID
}

// checkpoint records where the execution can be resumed.
func (r *run) checkpoint(c Checkpoint) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c.LastEvent = r.last
	if r.failed == nil {
		r.stopOn(r.x.Recorder.Checkpoint(c))
	}
}

func (r *run) stopOn(err error) {
	if err != nil {
		r.failed = fmt.Errorf("asl: recording %s: %w", r.x.Name, err)
		r.cancel(r.failed)
	}
}

// full says whether a Standard execution has no room for more events but the last.
func (r *run) full() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.x.Express && r.last >= maxEvents-1
}

// variables is vars as JSON.
func variables(vars map[string]any) map[string]json.RawMessage {
	if len(vars) == 0 {
		return nil
	}
	texts := make(map[string]json.RawMessage, len(vars))
	for name, v := range vars {
		texts[name] = JSON(v)
	}
	return texts
}

// frame is the running of one body: the machine itself, or one branch or iteration.
type frame struct {
	run      *run
	body     *body
	vars     map[string]any
	parent   int64   // visit of the Map or Parallel state around it
	index    int     // which branch or iteration it is
	item     *Object // $$.Map
	previous int64   // id of the last event in it
}

// inner returns a frame for a branch or an iteration. Variables assigned in it stay in it.
func (f *frame) inner(b *body, parent int64, index int, item *Object) *frame {
	return &frame{run: f.run, body: b, vars: maps.Clone(f.vars), parent: parent, index: index, item: item, previous: f.previous}
}

// states runs state after state and returns the last one's output.
func (f *frame) states(ctx context.Context, name string, input any, from *Checkpoint) (any, error) {
	if from != nil {
		var err error
		if input, err = ParseJSON(from.Input); err != nil {
			return nil, fmt.Errorf("asl: resuming %s: %w", f.run.x.Name, err)
		}
		name = from.State
	}
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if f.run.full() {
			return nil, tooManyEvents
		}
		v := f.enter(f.body.states[name], input, from)
		from = nil
		output, err := v.perform(ctx)
		if err != nil || v.next == "" {
			return output, err
		}
		name, input = v.next, output
	}
}
