package asl

import (
	"encoding/json"
	"time"
)

// An Event is one entry of an execution's history, with AWS's types and numbering.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
type Event struct {
	ID       int64     `json:"id"`
	Previous int64     `json:"previous"`
	Type     string    `json:"type"`
	Time     time.Time `json:"time"`

	// State is the state's name; of a MapIteration* event the Map state's.
	State string `json:"state,omitempty"`
	// Visit is the id of the event by which that visit of the state was entered; 0 for events of the execution itself.
	Visit int64 `json:"visit,omitempty"`
	// Parent is the Visit of the Map or Parallel state that this happened in; 0 at the top.
	Parent int64 `json:"parent,omitempty"`
	// Index is the iteration of that Map, or the branch of that Parallel; of a MapIteration* event its own.
	Index int `json:"index,omitempty"`

	Input     json.RawMessage            `json:"input,omitempty"`
	Output    json.RawMessage            `json:"output,omitempty"`
	Error     string                     `json:"error,omitempty"`
	Cause     string                     `json:"cause,omitempty"`
	Variables map[string]json.RawMessage `json:"variables,omitempty"` // assigned on leaving the state
	Length    int                        `json:"length,omitempty"`    // items of a Map
	MapRun    string                     `json:"mapRun,omitempty"`    // ARN of the Map Run that was started

	Resource     string `json:"resource,omitempty"` // a function's ARN, or an action such as invoke
	ResourceType string `json:"resourceType,omitempty"`
	Timeout      int64  `json:"timeout,omitempty"`   // seconds
	Heartbeat    int64  `json:"heartbeat,omitempty"` // seconds
}

// A Checkpoint is a place from which Resume can take an execution up again: inside a visit of a state at the
// top of the machine, before its work. Work that was under way is done again, as all of a Map or Parallel; only a
// distributed Map goes on with its Map Run.
type Checkpoint struct {
	State     string                     `json:"state"`
	Entered   int64                      `json:"entered"` // id of the event by which the state was entered
	EnteredAt time.Time                  `json:"enteredAt"`
	Input     json.RawMessage            `json:"input"`
	Variables map[string]json.RawMessage `json:"variables,omitempty"`
	Attempts  []int                      `json:"attempts,omitempty"` // retries so far, per retrier
	RetryAt   time.Time                  `json:"retryAt,omitzero"`   // the work waits until then
	MapRun    string                     `json:"mapRun,omitempty"`   // id of the Map Run under way
	LastEvent int64                      `json:"lastEvent"`          // events after this one will come again
}

// A Recorder keeps what happens in one execution. Its methods are called one at a time. An error ends the run
// without a result, as if the process had died there.
type Recorder interface {
	// Record takes the next event.
	Record(Event) error
	// Checkpoint takes the place to resume from, in place of any earlier one. It must be durable, together
	// with the events recorded before it, when Checkpoint returns.
	Checkpoint(Checkpoint) error
}

// maxEvents ends a Standard execution whose history has grown so long.
// https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
const maxEvents = 25_000
