package asl

import (
	"context"
	"time"
)

// MapRuns keeps the Map Runs of distributed Map states: it runs their children, each an execution of its own, and
// remembers how they ended. This package reads the items, decides what runs when, and makes the result.
// https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
type MapRuns interface {
	// Begin begins a Map Run. One with the same id that was begun before, even by an earlier process, goes on.
	Begin(MapRun) (Children, error)
}

// MapRun is one Map Run. A retry of the state is another one.
type MapRun struct {
	ID         string   // UUID
	Execution  string   // ARN of the execution that it belongs to
	Label      string   // names the Map state in its machine
	Processor  *Machine // what each child runs
	Definition []byte   // of Processor, JSON
	Express    bool     // the children are Express executions

	MaxConcurrency             int64   // as the definition or the input says; 0 = no limit given
	ToleratedFailureCount      int64   // items
	ToleratedFailurePercentage float64 // of the items
}

// Children are the child executions of a Map Run, numbered from 0. The methods may be called from many goroutines
// at once.
type Children interface {
	// ARN is the Map Run's.
	ARN() string
	// Expect tells how many items and children there will be in all.
	Expect(items, children int)
	// Run runs a child to its end and returns its status. One that ended before is not run again: its status is
	// returned. A Standard child that was cut off goes on, with the input that it had; an Express one runs again. The error is
	// that of the context, unless cancelled by a *Stop, or of the storage.
	Run(ctx context.Context, c Child) (Status, error)
	// Each calls fn with the children that have ended, in order of their numbers. An error of fn ends it and is
	// returned.
	Each(fn func(ChildResult) error) error
	// End ends the Map Run. written says whether a ResultWriter has written the results.
	End(status Status, written bool) error
}

// Child is what one child execution is started with.
type Child struct {
	Number int
	Items  int    // that are in Input
	Input  []byte // JSON, at most 256 KiB
}

// ChildResult is a child that has ended.
type ChildResult struct {
	Result
	ARN, Name   string
	MachineARN  string
	Input       []byte
	Start, Stop time.Time
}

// entry is the child as a result file tells of it.
// https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
func (c ChildResult) entry() *Object {
	included := NewObject("Included", true)
	o := NewObject()
	if c.Status != Succeeded {
		o.Set("Cause", c.Cause)
		o.Set("Error", c.Error)
	}
	o.Set("ExecutionArn", c.ARN)
	o.Set("Input", string(c.Input))
	o.Set("InputDetails", included)
	o.Set("Name", c.Name)
	if c.Status == Succeeded {
		o.Set("Output", string(c.Output))
		o.Set("OutputDetails", included)
	}
	redrive := "REDRIVABLE_BY_MAP_RUN"
	if c.Status == Succeeded {
		redrive = "NOT_REDRIVABLE"
	}
	o.Set("RedriveCount", number(0))
	o.Set("RedriveStatus", redrive)
	o.Set("StartDate", formatTimestamp(c.Start))
	o.Set("StateMachineArn", c.MachineARN)
	o.Set("Status", string(c.Status))
	o.Set("StopDate", formatTimestamp(c.Stop))
	return o
}
