package invite

import "context"

// WorkKind is what runs for an event.
type WorkKind string

// The kinds.
const (
	WorkList         WorkKind = "list"         // a list of people is being invited
	WorkUpdate       WorkKind = "update"       // the attendees are told of a change
	WorkCancellation WorkKind = "cancellation" // ... that the event, or instances of it, are called off
)

// WorkKept is how long the record of a work is kept after its start, in seconds: 90 days, as Step Functions keeps an execution.
const WorkKept = 90 * 24 * 60 * 60

// Work is an execution that runs, or ran, for an event: a list or a fan-out.
type Work struct {
	UID       string   `json:"uid"`
	Kind      WorkKind `json:"kind"`
	Workflow  string   `json:"workflow"`  // name of the state machine, such as event-update
	Execution string   `json:"execution"` // its name
	Sequence  int      `json:"sequence"`  // of the event's revision that is told of; of a list that invites it says nothing
	People    int      `json:"people"`    // the rows of the list, or the attendees to tell
	// Behind and OutOfDate are a fan-out's: how many its last pass found to be told (Staging.Behind), and how many are not to be told.
	Behind    int   `json:"behind"`
	OutOfDate int   `json:"out_of_date"`
	Started   int64 `json:"started"`
}

// Overview is an event with everything that is counted of it.
type Overview struct {
	Event      Event
	Statistics Statistics
	Days       []Day  // the oldest first
	Works      []Work // the oldest first
}

// Overview reads the organizer's event with everything that is counted of it. A fault NotFound when there is no such event, or another
// organizer's. One call.
func (s *Service) Overview(ctx context.Context, o Organizer, uid string) (Overview, error) {
	found, err := s.store.Overview(ctx, uid)
	if err == nil && found.Event.Owner() != o {
		err = unknownEvent()
	}
	if err != nil {
		return Overview{}, wrap("overview", err)
	}
	return found, nil
}

// NoteWork keeps that an execution runs for an event. The same work noted again replaces what was noted, but for People.
func (s *Service) NoteWork(ctx context.Context, w Work) error {
	return wrap("note work", s.store.PutWork(ctx, w))
}
