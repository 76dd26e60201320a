package handlers

import (
	"context"

	"github.com/calendarinvite/calendarinviteserver/internal/app"
)

// What the tests, which stand outside, see of the package's pure parts.
var (
	FirstRunes    = firstRunes
	ProblemReason = problemReason
	WantsPage     = wantsPage
	AsRoute       = asRoute
	AsPage        = asPage
)

// Reason names an error that a Catch handed over.
func (e *ExecutionError) Reason() string { return e.reason() }

// AsStep is asStep.
func AsStep[In, Out any](a *app.App, f func(context.Context, In) (Out, error)) func(context.Context, In) (Out, error) {
	return asStep(a, f)
}
