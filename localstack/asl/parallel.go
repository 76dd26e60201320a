package asl

import (
	"context"
	"math"
)

func (w *parallel) do(ctx context.Context, v *visit, payload any) (any, error) {
	v.emit(Event{Type: "ParallelStateStarted"})
	frames := make([]*frame, len(w.branches))
	for i, b := range w.branches {
		frames[i] = v.frame.inner(b, v.entered, i, v.frame.item)
	}
	results, err := gather(ctx, len(frames), math.MaxInt, func(ctx context.Context, i int) (any, error) {
		return frames[i].states(ctx, frames[i].body.start, payload, nil)
	})
	v.join(frames)
	if err != nil {
		return nil, err
	}
	if failure := tooLarge(results, v.name); failure != nil {
		return nil, failure
	}
	v.emit(Event{Type: "ParallelStateSucceeded"})
	return results, nil
}

func (*parallel) failed(v *visit, why *Failure) {
	v.emit(Event{Type: "ParallelStateFailed", Error: why.Name, Cause: why.Cause})
}

// join puts the visit's next event behind the last one of the frames.
func (v *visit) join(frames []*frame) {
	for _, f := range frames {
		v.frame.previous = max(v.frame.previous, f.previous)
	}
}
