package states

import (
	"context"
	"slices"

	"github.com/calendarinvite/calendarinviteserver/localstack/asl"
	"github.com/calendarinvite/calendarinviteserver/localstack/protocol"
)

type startRequest struct {
	StateMachineARN string `json:"stateMachineArn"`
	Name            string `json:"name"`
	Input           string `json:"input"`
}

func (s *Service) startExecution(_ context.Context, in startRequest) (members, error) {
	m, err := s.machineOf(in.StateMachineARN)
	if err != nil {
		return nil, err
	}
	e, err := s.start(m.Name, in.Name, []byte(in.Input), false)
	if err != nil {
		return nil, err
	}
	return members{"executionArn": e.record.ARN, "startDate": epoch(e.record.Start)}, nil
}

func (s *Service) startSyncExecution(ctx context.Context, in startRequest) (members, error) {
	m, err := s.machineOf(in.StateMachineARN)
	if err != nil {
		return nil, err
	}
	e, err := s.runSync(ctx, m.Name, in.Name, []byte(in.Input))
	if err != nil {
		return nil, err
	}
	r, err := s.full(e)
	if err != nil {
		return nil, err
	}
	answer := members{
		"executionArn": r.ARN, "stateMachineArn": in.StateMachineARN, "name": r.Name,
		"startDate": epoch(r.Start), "stopDate": epoch(r.Stop), "status": r.Status,
		"billingDetails": members{"billedDurationInMilliseconds": 100 * (1 + r.Stop.Sub(r.Start).Milliseconds()/100), "billedMemoryUsedInMB": 64},
	}
	r.data(answer)
	return answer, nil
}

type executionRequest struct {
	ExecutionARN string `json:"executionArn"`
}

func (s *Service) describeExecution(_ context.Context, in executionRequest) (members, error) {
	e, err := s.executionOf(in.ExecutionARN)
	if err != nil {
		return nil, err
	}
	r, err := s.full(e)
	if err != nil {
		return nil, err
	}
	answer := r.outline(s)
	r.data(answer)
	answer["redriveStatus"] = "NOT_REDRIVABLE"
	if run := s.mapRunNamed(r.MapRun); run != nil {
		answer["mapRunArn"] = run.record.ARN
	}
	return answer, nil
}

// outline is what both DescribeExecution and ListExecutions tell.
func (r record) outline(s *Service) members {
	answer := members{
		"executionArn": r.ARN, "stateMachineArn": s.MachineARN(r.Machine), "name": r.Name,
		"status": r.Status, "startDate": epoch(r.Start), "redriveCount": 0,
	}
	if !r.Stop.IsZero() {
		answer["stopDate"] = epoch(r.Stop)
	}
	return answer
}

// data adds what went into an execution and came out of it.
func (r record) data(answer members) {
	answer["input"], answer["inputDetails"] = string(r.Input), members{"included": true}
	if r.Output != nil {
		answer["output"], answer["outputDetails"] = string(r.Output), members{"included": true}
	}
	answer.set("error", r.Error)
	answer.set("cause", r.Cause)
}

// listExecutions lists the Standard executions of a machine or the children of a Map Run, the latest first.
func (s *Service) listExecutions(_ context.Context, in struct {
	page
	StateMachineARN string     `json:"stateMachineArn"`
	MapRunARN       string     `json:"mapRunArn"`
	StatusFilter    asl.Status `json:"statusFilter"`
}) (members, error) {
	if in.MapRunARN != "" {
		return s.listChildren(in.page, in.MapRunARN, in.StatusFilter)
	}
	m, err := s.machineOf(in.StateMachineARN)
	if err != nil {
		return nil, err
	}
	if m.Type == Express {
		return nil, protocol.Errorf("StateMachineTypeNotSupported", "This operation is not supported by this type of state machine")
	}
	s.mu.Lock()
	executions := slices.Clone(s.executions)
	s.mu.Unlock()
	all := []members{}
	for _, e := range slices.Backward(executions) {
		r, _ := e.snapshot()
		if r.Machine == m.Name && (in.StatusFilter == "" || in.StatusFilter == r.Status) {
			all = append(all, r.outline(s))
		}
	}
	answer := members{}
	from, to, err := in.of(len(all), answer)
	answer["executions"] = all[from:to]
	return answer, err
}

func (s *Service) getExecutionHistory(_ context.Context, in struct {
	page
	executionRequest
	ReverseOrder bool  `json:"reverseOrder"`
	IncludeData  *bool `json:"includeExecutionData"`
}) (members, error) {
	e, err := s.executionOf(in.ExecutionARN)
	if err != nil {
		return nil, err
	}
	events, err := s.events(e)
	if err != nil {
		return nil, err
	}
	if in.ReverseOrder {
		events = slices.Clone(events)
		slices.Reverse(events)
	}
	answer := members{}
	from, to, err := in.of(len(events), answer)
	if err != nil {
		return nil, err
	}
	list := []members{}
	for _, event := range events[from:to] {
		if in.IncludeData != nil && !*in.IncludeData {
			event.Input, event.Output, event.Variables = nil, nil, nil
		}
		m := members{"id": event.ID, "previousEventId": event.Previous, "type": event.Type, "timestamp": epoch(event.Time)}
		if details := detailsOf(event, e.record.RoleARN, s.cfg.Region); details != nil {
			m[detailsMember(event.Type)] = details
		}
		list = append(list, m)
	}
	answer["events"] = list
	return answer, nil
}

func (s *Service) stopExecution(_ context.Context, in struct {
	executionRequest
	Error string `json:"error"`
	Cause string `json:"cause"`
}) (members, error) {
	e, err := s.executionOf(in.ExecutionARN)
	if err != nil {
		return nil, err
	}
	s.abort(e, in.Error, in.Cause)
	r, _ := e.snapshot()
	return members{"stopDate": epoch(r.Stop)}, nil
}
