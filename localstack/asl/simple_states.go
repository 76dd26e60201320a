package asl

import (
	"context"
	"time"
)

func (w *pass) do(_ context.Context, _ *visit, payload any) (any, error) {
	if w.result != nil {
		return *w.result, nil
	}
	return payload, nil
}

func (succeed) do(_ context.Context, _ *visit, payload any) (any, error) { return payload, nil }

func (w *fail) do(_ context.Context, v *visit, payload any) (any, error) {
	name, failure := w.name.value(v.data(payload))
	if failure != nil {
		return nil, failure
	}
	cause, failure := w.cause.value(v.data(payload))
	if failure != nil {
		return nil, failure
	}
	return nil, &Failure{Name: name, Cause: cause}
}

func (t text) value(d data) (string, *Failure) {
	if t.expr == nil {
		return t.literal, nil
	}
	v, failure := t.expr.eval(d)
	if p, ok := t.expr.(*Path); ok && failure != nil {
		return "", missing(p, t.field, d)
	}
	if failure != nil {
		return "", failure
	}
	s, ok := v.(string)
	if !ok {
		return "", runtimeError("The value of the field '%s' must be a string, but was: %s", t.field, JSON(v))
	}
	return s, nil
}

func (w *choice) do(_ context.Context, v *visit, payload any) (any, error) {
	for _, r := range w.rules {
		ok, failure := r.test.holds(v.data(payload))
		if failure != nil {
			return nil, failure
		}
		if ok {
			v.next, v.assign = r.next, r.assign
			return payload, nil
		}
	}
	if w.fallback == "" {
		return nil, runtimeError("Failed to transition out of the state. The state does not point to a next state.")
	}
	v.next = w.fallback
	return payload, nil
}

func (w *wait) do(ctx context.Context, v *visit, payload any) (any, error) {
	until, failure := w.until(v, payload)
	if failure != nil {
		return nil, failure
	}
	return payload, v.sleepUntil(ctx, until)
}

// until is when the state ends. It counts from when the state was entered, also after Resume.
func (w *wait) until(v *visit, payload any) (time.Time, *Failure) {
	d := v.data(payload)
	switch {
	case w.path != nil:
		return timestampAt(w.path, d)
	case w.seconds == nil:
		return w.timestamp, nil
	}
	seconds, failure := w.seconds.n, (*Failure)(nil)
	if w.seconds.path != nil {
		seconds, failure = secondsAt(w.seconds.path, "SecondsPath", d)
	}
	return v.enteredAt.Add(time.Duration(seconds) * time.Second), failure
}

func timestampAt(p *Path, d data) (time.Time, *Failure) {
	found, err := d.find(p)
	if err != nil {
		return time.Time{}, runtimeError("The TimestampPath parameter does not reference an input value: %s", p)
	}
	s, _ := found.(string)
	t, ok := parseTimestamp(s)
	if !ok {
		return t, runtimeError("The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string: %s == %s", p, plain(found))
	}
	return t, nil
}

// plain is a value as causes show it: a string without quotes, anything else as JSON.
func plain(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return string(JSON(v))
}

// secondsAt reads a number of seconds that is not negative.
func secondsAt(p *Path, field string, d data) (int64, *Failure) {
	found, err := d.find(p)
	if err != nil {
		return 0, runtimeError("The %s parameter does not reference an input value: %s", field, p)
	}
	n, ok := integer(found)
	switch {
	case !ok:
		return 0, runtimeError("The %s parameter cannot be parsed as a long value: %s == %s", field, p, plain(found))
	case n < 0:
		return 0, runtimeError("The %s parameter references a negative value: %s == %d", field, p, n)
	}
	return min(n, 99_999_999), nil
}
