// Package fault is the system's error type: a kind that state machines and HTTP callers know, a reason that tests and logs
// name, a sentence that people may read, and the cause.
package fault

import (
	"errors"
	"fmt"
)

// Kind classifies an error by what a caller can do about it. Its text is the error name that Step Functions matches in Retry
// and Catch, so the names are part of the contract with statemachines/*.asl.json.
type Kind string

// Permanent kinds: repeating the call with the same input gives the same error.
const (
	InvalidRequest Kind = "InvalidRequest" // the input cannot be understood or breaks a stated limit
	NotAuthorized  Kind = "NotAuthorized"  // the input is understood, but this sender or key may not do it
	NotFound       Kind = "NotFound"       // what the input names does not exist, or not for this caller
	Conflict       Kind = "Conflict"       // the state already is, or can no longer become, what was asked for
	Stale          Kind = "Stale"          // a newer revision has been seen (RFC 5546 §2.1.5)
)

// Transient kinds: the same call may succeed later.
const (
	Throttled   Kind = "Throttled"   // a service or our own cap asks for less; retry with backoff
	Unavailable Kind = "Unavailable" // a service did not answer, or answered that it cannot now
	Internal    Kind = "Internal"    // anything that nobody classified
)

// Permanent reports whether a retry is pointless.
func (k Kind) Permanent() bool {
	switch k {
	case InvalidRequest, NotAuthorized, NotFound, Conflict, Stale:
		return true
	}
	return false
}

// Known is k if it is one of this package's kinds, and Internal otherwise: for error names that come from outside.
func (k Kind) Known() Kind {
	if k.Permanent() || k == Throttled || k == Unavailable {
		return k
	}
	return Internal
}

// HTTPStatus is the status code that the REST API answers for the kind (spec §9).
func (k Kind) HTTPStatus() int {
	switch k {
	case InvalidRequest:
		return 400
	case NotAuthorized:
		return 403
	case NotFound:
		return 404
	case Conflict, Stale:
		return 409
	case Throttled:
		return 429
	case Unavailable:
		return 503
	}
	return 500
}

// Error is an error with a Kind. The zero Kind reads as Internal.
type Error struct {
	Kind   Kind
	Reason string // short fixed word, such as "no-calendar"; never holds data from outside
	Public string // a sentence that may be shown to anyone; empty when there is nothing to add to the kind
	Err    error  // the cause, for the log; may be nil
}

// New returns an error of the kind with a reason and a public sentence.
func New(kind Kind, reason, public string) *Error {
	return &Error{Kind: kind, Reason: reason, Public: public}
}

// Wrap returns an error of the kind around its cause. It has no public sentence.
func Wrap(kind Kind, reason string, err error) *Error {
	return &Error{Kind: kind, Reason: reason, Err: err}
}

// Error implements error.
func (e *Error) Error() string {
	text := string(e.Kind)
	if e.Reason != "" {
		text += " (" + e.Reason + ")"
	}
	if e.Err != nil {
		return fmt.Sprintf("%s: %v", text, e.Err)
	}
	if e.Public != "" {
		return text + ": " + e.Public
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf is the kind of the first Error in err's chain; any other error is Internal.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) && e.Kind != "" {
		return e.Kind
	}
	return Internal
}

// ReasonOf is the reason of the first Error in err's chain, or "".
func ReasonOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}

// PublicOf is the public sentence of the first Error in err's chain, or "".
func PublicOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Public
	}
	return ""
}
