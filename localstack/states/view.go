package states

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/calendarinvite/calendarinviteserver/localstack/asl"
	"github.com/calendarinvite/calendarinviteserver/localstack/protocol"
)

// Summary is an execution in a list.
type Summary struct {
	Machine string          `json:"machine"` // of a child of a Map Run: machine/label
	Name    string          `json:"name"`
	Status  string          `json:"status"` // RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED
	Start   time.Time       `json:"start"`
	Stop    *time.Time      `json:"stop"` // nil while it runs
	Input   json.RawMessage `json:"input"`
	Items   int             `json:"items,omitempty"` // that a child of a Map Run was given
}

// Execution is an execution with all that is known of it.
type Execution struct {
	Summary
	ARN        string          `json:"arn"`
	MapRun     string          `json:"mapRun,omitempty"` // id of the Map Run that it is a child of
	Type       string          `json:"type"`             // STANDARD or EXPRESS
	Output     json.RawMessage `json:"output,omitempty"`
	Error      string          `json:"error,omitempty"`
	Cause      string          `json:"cause,omitempty"`
	States     []Visit         `json:"states"` // in the order in which they were entered
	Definition json.RawMessage `json:"-"`
}

// Visit is one time that an execution was in a state.
type Visit struct {
	Name    string          `json:"name"`
	Type    string          `json:"type"`
	Within  string          `json:"within,omitempty"` // branches and iterations around it, such as "SendAll[3]"; "" at the top
	Entered time.Time       `json:"entered"`
	Exited  *time.Time      `json:"exited"` // nil while the state runs, and when the execution ended in it
	Input   json.RawMessage `json:"input,omitempty"`
	Output  json.RawMessage `json:"output,omitempty"`
	Error   string          `json:"error,omitempty"` // of the last attempt; when the state was left all the same, a Catch took it
	Cause   string          `json:"cause,omitempty"`
	Retries int             `json:"retries"`
}

// HistoryEvent is an entry of an execution's history, as GetExecutionHistory tells it.
type HistoryEvent struct {
	ID       int64
	Previous int64
	Time     time.Time
	Type     string
	Details  json.RawMessage // what the event's ...EventDetails hold; nil if it has none
}

func (r record) summary() Summary {
	sum := Summary{Machine: r.Machine, Name: r.Name, Status: string(r.Status), Start: r.Start, Input: r.Input, Items: r.Items}
	if !r.Stop.IsZero() {
		sum.Stop = &r.Stop
	}
	return sum
}

// List tells of the executions of a machine, or of all if machine is empty, oldest first.
func (s *Service) List(machine string) ([]Summary, error) {
	s.mu.Lock()
	executions := slices.Clone(s.executions)
	s.mu.Unlock()
	all := []Summary{}
	for _, e := range executions {
		if machine != "" && e.record.Machine != machine {
			continue
		}
		r, err := s.full(e)
		if err != nil {
			return nil, err
		}
		all = append(all, r.summary())
	}
	return all, nil
}

// named returns the latest execution of that name.
func (s *Service) named(machine, name string) (*execution, error) {
	if strings.Contains(machine, "/") {
		return s.childNamed(machine, name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.byName[[2]string{machine, name}]
	if e == nil {
		return nil, protocol.Errorf("ExecutionDoesNotExist", "Execution Does Not Exist: '%s'", s.arn("execution", machine+":"+name))
	}
	return e, nil
}

// Describe returns an execution, the latest of that name, with every visit of a state. The error is a
// *protocol.Error ExecutionDoesNotExist if there is none.
func (s *Service) Describe(machine, name string) (Execution, error) {
	e, err := s.named(machine, name)
	if err != nil {
		return Execution{}, err
	}
	return s.describe(e)
}

// Status is the status of an execution, the latest of that name: Describe for those who only wait for the end. The error is as Describe's.
func (s *Service) Status(machine, name string) (string, error) {
	e, err := s.named(machine, name)
	if err != nil {
		return "", err
	}
	r, _ := e.snapshot()
	return string(r.Status), nil
}

func (s *Service) describe(e *execution) (Execution, error) {
	r, err := s.full(e)
	if err != nil {
		return Execution{}, err
	}
	events, err := s.events(e)
	if err != nil {
		return Execution{}, err
	}
	definition, err := s.definition(r.Definition)
	if err != nil {
		return Execution{}, err
	}
	return Execution{
		Summary: r.summary(), ARN: r.ARN, MapRun: r.MapRun, Type: r.Type, Output: r.Output, Error: r.Error, Cause: r.Cause,
		States: visits(events), Definition: definition,
	}, nil
}

// History returns the history of an execution, the latest of that name.
func (s *Service) History(machine, name string) ([]HistoryEvent, error) {
	e, err := s.named(machine, name)
	if err != nil {
		return nil, err
	}
	events, err := s.events(e)
	if err != nil {
		return nil, err
	}
	role := e.record.RoleARN
	all := make([]HistoryEvent, len(events))
	for i, event := range events {
		all[i] = HistoryEvent{ID: event.ID, Previous: event.Previous, Time: event.Time, Type: event.Type}
		if details := detailsOf(event, role, s.cfg.Region); details != nil {
			if all[i].Details, err = json.Marshal(details); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// visits reads the visits of states out of a history.
func visits(events []asl.Event) []Visit {
	all := []Visit{}
	index := map[int64]int{} // by the event that began the visit
	for _, e := range events {
		if kind, entered := strings.CutSuffix(e.Type, "StateEntered"); entered {
			within := ""
			if parent, ok := index[e.Parent]; ok {
				within = fmt.Sprintf("%s[%d]", all[parent].Name, e.Index)
				if outer := all[parent].Within; outer != "" {
					within = outer + "/" + within
				}
			}
			index[e.Visit] = len(all)
			all = append(all, Visit{Name: e.State, Type: kind, Within: within, Entered: e.Time, Input: e.Input, Retries: -1})
			continue
		}
		visit := e.Visit
		if e.Type == "ExecutionFailed" {
			visit = lastOpen(events, e.Previous)
		}
		if i, ok := index[visit]; ok {
			all[i].take(e)
		}
	}
	for i := range all {
		all[i].Retries = max(0, all[i].Retries)
	}
	return all
}

// lastOpen returns the visit that an event belongs to.
func lastOpen(events []asl.Event, id int64) int64 {
	i := slices.IndexFunc(events, func(e asl.Event) bool { return e.ID == id })
	if i < 0 {
		return 0
	}
	return events[i].Visit
}

// take takes what an event tells of the visit.
func (v *Visit) take(e asl.Event) {
	switch {
	case strings.HasSuffix(e.Type, "StateExited"):
		v.Exited, v.Output = &e.Time, e.Output
	case strings.HasSuffix(e.Type, "Scheduled"), strings.HasSuffix(e.Type, "StateStarted"):
		v.Retries++
	case strings.HasPrefix(e.Type, "MapIteration"):
	case strings.HasSuffix(e.Type, "Succeeded"):
		v.Error, v.Cause = "", ""
	case strings.HasSuffix(e.Type, "Failed"), strings.HasSuffix(e.Type, "TimedOut"):
		v.Error, v.Cause = e.Error, e.Cause
	}
}
