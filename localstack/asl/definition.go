package asl

import "time"

// A Machine is a state machine that has been loaded and checked. It holds no state of executions and may run
// any number of them at once.
type Machine struct {
	body
	timeout int64 // seconds; 0 = none
}

// body is a set of states with a beginning: the machine itself, a branch of a Parallel, the processor of a Map.
type body struct {
	start  string
	states map[string]*state
}

// state holds what all types of state have in common. What a type does not have is at its zero value, which
// changes nothing.
type state struct {
	name string
	kind string // Type

	next string // the state to go on with; "" = this one ends its body

	input      selector
	parameters *template
	work       work
	selector   *template // ResultSelector
	assign     *template
	resultPath selector
	output     selector

	retry []*retrier
	catch []*catcher
}

// retryable says whether the type of state has Retry and Catch.
func (s *state) retryable() bool { return s.kind == "Task" || s.kind == "Parallel" || s.kind == "Map" }

// selector is InputPath, OutputPath or ResultPath. Its zero value stands for $, the whole.
type selector struct {
	path *Path
	null bool
}

func (s selector) from(d data) (any, error) {
	switch {
	case s.null:
		return NewObject(), nil
	case s.path == nil:
		return d.input, nil
	}
	return d.find(s.path)
}

// amount is a number of seconds or the like, given as it is or by a path.
type amount struct {
	n    int64
	path *Path
}

// text is Error or Cause of a Fail state, given as it is or by ErrorPath or CausePath.
type text struct {
	literal string
	field   string
	expr    expression
}

type retrier struct {
	errors     []string
	interval   int64 // seconds
	attempts   int64
	backoff    float64
	maxDelay   int64 // seconds; 0 = no limit
	fullJitter bool
}

type catcher struct {
	errors     []string
	next       string
	resultPath selector
	assign     *template
}

// The types of state.
type (
	pass    struct{ result *any }
	succeed struct{}
	fail    struct{ name, cause text }
	task    struct {
		resource           string
		timeout, heartbeat amount
		resources          Resources
	}
	wait struct {
		seconds   *amount
		timestamp time.Time
		path      *Path // TimestampPath
	}
	choice struct {
		rules    []rule
		fallback string // Default
	}
	parallel struct{ branches []*body }
	mapping  struct {
		items       *Path
		item        *template // ItemSelector, or Parameters in older machines
		concurrency amount
		processor   *body
	}
	distributed struct {
		mapping
		env        Environment
		label      string
		express    bool   // the children are Express executions
		definition []byte // of the children
		reader     *itemReader
		batch      *itemBatcher
		tolerated  tolerated
		writer     *resultWriter
	}
)
