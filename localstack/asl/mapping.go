package asl

import (
	"context"
	"errors"
	"strconv"
)

// maxInline is how many iterations of an inline Map run at once at most.
// https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html
const maxInline = 40

func (w *mapping) do(ctx context.Context, v *visit, payload any) (any, error) {
	limit, failure := w.concurrency.integer("MaxConcurrencyPath", "MaxConcurrency", v.data(payload))
	if failure != nil {
		return nil, failure
	}
	if limit == 0 || limit > maxInline {
		limit = maxInline
	}
	items, failure := w.list(v.data(payload))
	if failure != nil {
		return nil, failure
	}
	v.emit(Event{Type: "MapStateStarted", Length: len(items)})
	frames := make([]*frame, len(items))
	for i, item := range items {
		frames[i] = v.frame.inner(w.processor, v.entered, i, NewObject("Item", NewObject("Index", number(int64(i)), "Value", item)))
	}
	results, err := gather(ctx, len(items), int(limit), func(ctx context.Context, i int) (any, error) {
		return w.iterate(ctx, v, frames[i], payload, items[i])
	})
	v.join(frames)
	if err != nil {
		return nil, err
	}
	if failure := tooLarge(results, v.name); failure != nil {
		return nil, failure
	}
	v.emit(Event{Type: "MapStateSucceeded"})
	return results, nil
}

func (*mapping) failed(v *visit, why *Failure) {
	v.emit(Event{Type: "MapStateFailed", Error: why.Name, Cause: why.Cause})
}

// list is what the Map iterates over.
func (w *mapping) list(d data) ([]any, *Failure) {
	found, path := d.input, "$"
	if w.items != nil {
		var err error
		path = w.items.text
		if found, err = d.find(w.items); err != nil {
			return nil, invalidPath(w.items, err)
		}
	}
	list, ok := found.([]any)
	if !ok {
		return nil, runtimeError("Reference path \"%s\" must point to array.", path)
	}
	return list, nil
}

// iterate runs one iteration.
func (w *mapping) iterate(ctx context.Context, v *visit, f *frame, payload, item any) (any, error) {
	emit := func(what string) {
		f.run.emit(f, Event{Type: "MapIteration" + what, State: v.name, Visit: v.entered})
	}
	emit("Started")
	input, failure := w.input(v, f.item, payload, item)
	if failure != nil {
		return nil, failure
	}
	result, err := f.states(ctx, f.body.start, input, nil)
	switch {
	case err == nil:
		emit("Succeeded")
	case errors.As(err, &failure):
		if !failure.fatal {
			emit("Failed")
		}
	default:
		emit("Aborted")
	}
	return result, err
}

// input is what an iteration begins with: the item, or what ItemSelector makes of it with $$.Map as given.
func (w *mapping) input(v *visit, here *Object, payload, item any) (any, *Failure) {
	if w.item == nil {
		return item, nil
	}
	d := v.data(payload)
	d.context = func() *Object {
		c := v.context()
		c.Set("Map", here)
		return c
	}
	return w.item.fill(d)
}

// integer is the amount, which must not be negative where it comes from a path. AWS also takes a string of
// digits there.
func (a amount) integer(field, name string, d data) (int64, *Failure) {
	n, failure := a.signed(field, d)
	if failure == nil && n < 0 {
		failure = runtimeError("%s cannot be negative.", name)
	}
	return n, failure
}

// signed is the amount, which may be negative.
func (a amount) signed(field string, d data) (int64, *Failure) {
	if a.path == nil {
		return a.n, nil
	}
	found, err := d.find(a.path)
	if err != nil {
		return 0, invalidPath(a.path, err)
	}
	digits := plain(found)
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0, runtimeError("The %s field refers to value \"%s\" which is not a valid integer: %s", field, digits, a.path)
	}
	return n, nil
}
