package asl

import (
	"context"
	"errors"
	"sync"
)

// maxChildren is how many children of a Map Run run at once at most. AWS runs 10,000; one machine does not, and more
// would only wait for each other.
// https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
const maxChildren = 200

// do runs a Map Run, or goes on with the one under way. The items are read twice: to count them, and to hand them
// out. No more of them are held than are in children that run.
func (w *distributed) do(ctx context.Context, v *visit, payload any) (any, error) {
	d := v.data(payload)
	limit, failure := w.concurrency.integer("MaxConcurrencyPath", "MaxConcurrency", d)
	if failure != nil {
		return nil, failure
	}
	resumed := v.mapRun != ""
	all, failure := w.items(ctx, v, d, !resumed)
	if failure != nil {
		return nil, failure
	}
	tolerance, failure := w.tolerated.in(d)
	if failure != nil {
		return nil, failure
	}
	id := v.mapRun
	if !resumed {
		id = v.frame.run.random.uuid()
	}
	var to *destination
	if w.writer != nil {
		if to, failure = w.writer.destination(d, id); failure != nil {
			return nil, failure
		}
	}
	children, err := w.env.MapRuns.Begin(MapRun{
		ID: id, Execution: v.frame.run.x.ARN, Label: w.label, Processor: &Machine{body: *w.processor}, Definition: w.definition,
		Express: w.express, MaxConcurrency: limit, ToleratedFailureCount: tolerance.count, ToleratedFailurePercentage: tolerance.percentage,
	})
	if err != nil {
		return nil, err
	}
	if !resumed {
		v.emit(Event{Type: "MapRunStarted", MapRun: children.ARN()})
		v.mapRun = id
		v.checkpoint()
	}
	m := &mapRunning{distributed: w, v: v, payload: payload, items: all, children: children, tolerance: tolerance, to: to}
	result, err := m.run(ctx, limit)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil && !errors.As(err, &failure) {
		return nil, err
	}
	return result, m.end(failure)
}

// items is what the Map iterates over. begin says that the state has begun, once it is known how many there are.
func (w *distributed) items(ctx context.Context, v *visit, d data, begin bool) (items, *Failure) {
	started := Event{Type: "MapStateStarted"}
	var all items
	if w.reader == nil {
		list, failure := w.list(d)
		if failure != nil {
			return nil, failure
		}
		all, started.Length = listed(list), len(list)
	}
	if begin {
		v.emit(started)
	}
	if w.reader == nil {
		return all, nil
	}
	return w.reader.items(ctx, d)
}

// mapRunning is a Map Run under way.
type mapRunning struct {
	*distributed
	v         *visit
	payload   any
	items     items
	children  Children
	tolerance tolerance
	to        *destination // nil: the result is the children's output
	written   bool

	total int // items

	mu     sync.Mutex
	failed int   // items of children that did not succeed
	broken error // of Children
}

// errOver ends the handing out of children.
var errOver = errors.New("the Map Run is over")

// run runs the children and returns the result of the state. The error may be a *Failure.
func (m *mapRunning) run(ctx context.Context, limit int64) (any, error) {
	if err := m.count(ctx); err != nil {
		return nil, err
	}
	if err := m.handOut(ctx, limit); err != nil {
		return nil, err
	}
	exceeded := m.tolerance.exceeded(m.failed, m.total)
	result, err := m.result(ctx, exceeded)
	if exceeded {
		return nil, tooManyFailed()
	}
	return result, err
}

// count finds out how many items and children there are.
func (m *mapRunning) count(ctx context.Context) error {
	children := 0
	err := m.pack(ctx, func(c Child) error {
		children++
		m.total += c.Items
		return nil
	})
	if err == nil {
		m.children.Expect(m.total, children)
	}
	return err
}

// pack makes the children out of the items.
func (m *mapRunning) pack(ctx context.Context, give func(Child) error) error {
	p, failure := m.batch.packer(m.v.data(m.payload), give)
	if failure != nil {
		return failure
	}
	index := int64(0)
	err := m.items(func(item any) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		input, failure := m.input(m.v, NewObject("Item", NewObject("Index", number(index), "Value", item)), m.payload, item)
		if failure != nil {
			return failure
		}
		index++
		return p.add(JSON(input))
	})
	if err != nil {
		return err
	}
	return p.flush()
}

// handOut runs the children, at most limit at once, until all have ended or too many have failed. It returns when
// none is running any more.
func (m *mapRunning) handOut(ctx context.Context, limit int64) error {
	if limit == 0 || limit > maxChildren {
		limit = maxChildren
	}
	running, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := func(why string) {
		if !m.express { // Express executions cannot be stopped
			cancel(&Stop{ErrorName: why, Cause: "The Map Run has failed."})
		}
	}
	over := make(chan struct{})
	slots := make(chan struct{}, limit)
	var wg sync.WaitGroup
	var once sync.Once
	err := m.pack(ctx, func(c Child) error {
		select { // with priority over a free slot
		case <-over:
			return errOver
		default:
		}
		select {
		case slots <- struct{}{}:
		case <-over:
			return errOver
		case <-ctx.Done():
			return ctx.Err()
		}
		wg.Go(func() {
			defer func() { <-slots }()
			if status, err := m.children.Run(running, c); m.enough(c, status, err) {
				once.Do(func() {
					close(over)
					stop(ErrorToleratedFailures)
				})
			}
		})
		return nil
	})
	var failure *Failure
	if errors.As(err, &failure) { // the items cannot be read to the end
		stop(failure.Name)
	}
	wg.Wait()
	if m.broken != nil {
		return m.broken
	}
	if errors.Is(err, errOver) {
		return nil
	}
	return err
}

// enough counts a child that has ended and says whether no more may follow.
func (m *mapRunning) enough(c Child, status Status, err error) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err != nil {
		m.broken = errors.Join(m.broken, err)
		return true
	}
	if status != Succeeded {
		m.failed += c.Items
	}
	return m.tolerance.exceeded(m.failed, m.total)
}

// result collects what the children gave. Of a Map Run that failed it is only written.
func (m *mapRunning) result(ctx context.Context, failed bool) (any, error) {
	if m.to != nil {
		result, err := m.to.write(ctx, m.children)
		m.written = err == nil
		return result, err
	}
	if failed {
		return nil, nil
	}
	outputs, size := []any{}, len("[]")
	err := m.children.Each(func(c ChildResult) error {
		text := c.Output
		if c.Status != Succeeded {
			text = JSON(c.entry())
		}
		if size += len(text) + 1; size-1 > maxData {
			return outputTooLarge(m.v.name)
		}
		output, err := ParseJSON(text)
		outputs = append(outputs, output)
		return err
	})
	return outputs, err
}

// end records how the Map Run ended; failure is nil if well.
func (m *mapRunning) end(failure *Failure) error {
	status, last := Succeeded, Event{Type: "MapRunSucceeded"}
	if failure != nil {
		status, last = Failed, Event{Type: "MapRunFailed", Error: failure.Name, Cause: failure.Cause}
	}
	if err := m.children.End(status, m.written); err != nil {
		return err
	}
	m.v.mapRun = "" // a retry is another one
	m.v.emit(last)
	if failure != nil {
		return failure
	}
	m.v.emit(Event{Type: "MapStateSucceeded"})
	return nil
}
