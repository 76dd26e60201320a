package asl

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"
)

// work is what a type of state does with its effective input, or with what Parameters make of that. A *Failure
// may be retried and caught.
type work interface {
	do(ctx context.Context, v *visit, payload any) (any, error)
}

// visit is one stay of an execution in a state.
type visit struct {
	*state
	frame     *frame
	raw       any // the state's input
	effective any // what InputPath leaves of it
	entered   int64
	enteredAt time.Time
	attempts  []int // retries so far, per retrier
	retryAt   time.Time
	mapRun    string // id of the Map Run under way
	next      string
	assign    *template
}

// enter begins a visit or, with a checkpoint, takes one up again.
func (f *frame) enter(s *state, input any, from *Checkpoint) *visit {
	v := &visit{state: s, frame: f, raw: input, next: s.next, assign: s.assign, attempts: make([]int, len(s.retry))}
	if from != nil {
		v.entered, v.enteredAt, v.retryAt = from.Entered, from.EnteredAt, from.RetryAt
		copy(v.attempts, from.Attempts)
		f.previous = from.Entered
		if v.mapRun = from.MapRun; v.mapRun != "" {
			f.previous = from.LastEvent
		}
		return v
	}
	v.enteredAt = f.run.x.Clock.Now()
	v.entered = f.run.emit(f, Event{Type: s.kind + "StateEntered", Visit: itself, State: s.name, Input: JSON(input)})
	v.checkpoint()
	return v
}

// emit records an event of this visit.
func (v *visit) emit(e Event) int64 {
	e.Visit = v.entered
	return v.frame.run.emit(v.frame, e)
}

// checkpoint records that the execution can be resumed here. Inside a Map or Parallel it cannot.
func (v *visit) checkpoint() {
	if v.frame.parent != 0 || v.frame.run.x.Express {
		return
	}
	v.frame.run.checkpoint(Checkpoint{
		State: v.name, Entered: v.entered, EnteredAt: v.enteredAt, Input: JSON(v.raw),
		Variables: variables(v.frame.vars), Attempts: v.attempts, RetryAt: v.retryAt, MapRun: v.mapRun,
	})
}

// data is what the state's paths refer to, with $ as given.
func (v *visit) data(input any) data {
	return data{input: input, context: v.context, vars: v.frame.vars, random: v.frame.run.random}
}

// context is the context object.
// https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html
func (v *visit) context() *Object {
	r := v.frame.run
	state := NewObject("Name", v.name, "EnteredTime", formatTimestamp(v.enteredAt))
	if v.retryable() {
		state.Set("RetryCount", number(int64(v.retries())))
	}
	c := NewObject(
		"Execution", NewObject(
			"Id", r.x.ARN, "Input", r.input, "Name", r.x.Name, "RoleArn", r.x.RoleARN,
			"StartTime", formatTimestamp(r.x.Start), "RedriveCount", number(0),
		),
		"State", state,
		"StateMachine", NewObject("Id", r.x.MachineARN, "Name", r.x.MachineName),
	)
	if v.frame.item != nil {
		c.Set("Map", v.frame.item)
	}
	return c
}

func (v *visit) retries() int {
	n := 0
	for _, a := range v.attempts {
		n += a
	}
	return n
}

// perform does all that a state does and returns its output; next then names the state to go on with. A failure
// that comes out of it ends the body that the state is in.
func (v *visit) perform(ctx context.Context) (any, error) {
	output, assigned, err := v.output(ctx)
	var failure *Failure
	if errors.As(err, &failure) {
		return nil, failure.in(v.name, v.entered)
	}
	if err != nil {
		return nil, err
	}
	if v.kind == "Fail" {
		return output, nil
	}
	maps.Copy(v.frame.vars, assigned)
	v.emit(Event{Type: v.kind + "StateExited", State: v.name, Output: JSON(output), Variables: variables(assigned)})
	return output, nil
}

// output takes the input through the state's fields, in their order.
// https://docs.aws.amazon.com/step-functions/latest/dg/concepts-input-output-filtering.html
func (v *visit) output(ctx context.Context) (output any, assigned map[string]any, err error) {
	if v.effective, err = v.input.from(v.data(v.raw)); err != nil {
		return nil, nil, invalidPath(v.input.path, err)
	}
	result, err := v.result(ctx)
	var failure *Failure
	if errors.As(err, &failure) && !failure.fatal {
		return v.caught(failure)
	}
	if err != nil {
		return nil, nil, err
	}
	if assigned, err = v.assignments(v.assign, result); err != nil {
		return nil, nil, err
	}
	if v.selector != nil {
		if result, failure = v.selector.fill(v.data(result)); failure != nil {
			return nil, nil, failure
		}
	}
	output, err = v.place(v.resultPath, result)
	if err != nil {
		return nil, nil, err
	}
	if output, err = v.state.output.from(v.data(output)); err != nil {
		return nil, nil, invalidPath(v.state.output.path, err)
	}
	if failure = tooLarge(output, v.name); failure != nil {
		return nil, nil, failure
	}
	return output, assigned, nil
}

// result does the state's work, again as often as its retriers say.
func (v *visit) result(ctx context.Context) (any, error) {
	for {
		if err := v.sleepUntil(ctx, v.retryAt); err != nil {
			return nil, err
		}
		result, err := v.attempt(ctx)
		var failure *Failure
		if !errors.As(err, &failure) {
			return result, err
		}
		if failure.fatal || !v.retryAfter(failure) {
			if w, ok := v.work.(interface{ failed(v *visit, why *Failure) }); ok && !failure.fatal {
				w.failed(v, failure)
			}
			return nil, failure
		}
	}
}

// attempt does the state's work once.
func (v *visit) attempt(ctx context.Context) (any, error) {
	payload := v.effective
	if v.parameters != nil {
		filled, failure := v.parameters.fill(v.data(v.effective))
		if failure != nil {
			return nil, failure
		}
		payload = filled
	}
	return v.work.do(ctx, v, payload)
}

// retryAfter counts a failure against the first retrier that names it, and says whether the work is to be
// done again, at retryAt.
func (v *visit) retryAfter(failure *Failure) bool {
	i := slices.IndexFunc(v.retry, func(r *retrier) bool { return failure.matches(r.errors) })
	if i < 0 || int64(v.attempts[i]) >= v.retry[i].attempts {
		return false
	}
	delay := v.retry[i].delay(v.attempts[i])
	if v.retry[i].fullJitter {
		delay = time.Duration(v.frame.run.random.float64() * float64(delay))
	}
	v.attempts[i]++
	v.retryAt = v.frame.run.x.Clock.Now().Add(delay)
	v.checkpoint()
	return true
}

// delay is how long to wait before retry number n, counted from 0.
func (r *retrier) delay(n int) time.Duration {
	const longest = 99_999_999
	seconds := float64(r.interval)
	for range n {
		if seconds = seconds * r.backoff; seconds > longest {
			seconds = longest
			break
		}
	}
	if r.maxDelay > 0 {
		seconds = min(seconds, float64(r.maxDelay))
	}
	return time.Duration(seconds * float64(time.Second))
}

// caught goes on with the first catcher that names the failure.
func (v *visit) caught(failure *Failure) (any, map[string]any, error) {
	i := slices.IndexFunc(v.catch, func(c *catcher) bool { return failure.matches(c.errors) })
	if i < 0 {
		return nil, nil, failure
	}
	c := v.catch[i]
	message := NewObject("Error", failure.Name, "Cause", failure.Cause)
	assigned, err := v.assignments(c.assign, message)
	if err != nil {
		return nil, nil, err
	}
	output, err := v.place(c.resultPath, message)
	v.next = c.next
	return output, assigned, err
}

// assignments computes the variables that a state assigns. All of them see the values from before.
func (v *visit) assignments(t *template, result any) (map[string]any, error) {
	if t == nil {
		return nil, nil
	}
	filled, failure := t.fill(v.data(result))
	if failure != nil {
		return nil, failure
	}
	return filled.(*Object).values, nil
}

// place puts a result into the state's input, as ResultPath says.
func (v *visit) place(where selector, result any) (any, error) {
	switch {
	case where.null:
		return v.raw, nil
	case where.path == nil:
		return result, nil
	}
	output, ok := where.path.replaceIn(v.raw, result)
	if !ok {
		f := runtimeError("Unable to apply ReferencePath %s to input %s", where.path, JSON(v.raw))
		f.Name = ErrorResultPathMatchFailure
		return nil, f
	}
	return output, nil
}

// sleepUntil waits, at the execution's pace, for a time; the zero time has passed.
func (v *visit) sleepUntil(ctx context.Context, t time.Time) error {
	if t.IsZero() {
		return ctx.Err()
	}
	x := v.frame.run.x
	return x.Clock.Sleep(ctx, time.Duration(x.Pace*float64(t.Sub(x.Clock.Now()))))
}

func invalidPath(p *Path, err error) *Failure { return runtimeError("Invalid path '%s' : %s", p, err) }

// tooLarge is the failure of data beyond the limit; what is the state or task that it came from.
func tooLarge(data any, what string) *Failure {
	if len(JSON(data)) <= maxData {
		return nil
	}
	return outputTooLarge(what)
}

func outputTooLarge(what string) *Failure {
	return &Failure{Name: ErrorDataLimitExceeded, Cause: "The state/task '" + what + "' returned a result with a size exceeding the maximum number of bytes service limit."}
}
