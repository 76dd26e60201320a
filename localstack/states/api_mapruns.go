package states

import (
	"context"
	"slices"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/localstack/asl"
	"github.com/calendarinvite/calendarinviteserver/localstack/protocol"
)

// mapRunOf returns the Map Run of an ARN.
func (s *Service) mapRunOf(arn string) (*mapRun, error) {
	kind, rest, err := parseARN(arn)
	if err != nil {
		return nil, err
	}
	if kind != "mapRun" {
		return nil, wrongKind(kind)
	}
	r := s.mapRunNamed(rest[strings.LastIndexByte(rest, ':')+1:])
	if r == nil || r.record.ARN != arn {
		return nil, protocol.Errorf("ResourceNotFound", "Resource not found: '%s'", arn)
	}
	return r, nil
}

func (s *Service) describeMapRun(_ context.Context, in struct {
	MapRunARN string `json:"mapRunArn"`
}) (members, error) {
	r, err := s.mapRunOf(in.MapRunARN)
	if err != nil {
		return nil, err
	}
	run := r.snapshot()
	answer := members{
		"mapRunArn": run.ARN, "executionArn": r.record.Parent, "status": run.Status, "startDate": epoch(run.Start),
		"maxConcurrency": run.MaxConcurrency, "toleratedFailureCount": run.ToleratedFailureCount,
		"toleratedFailurePercentage": run.ToleratedFailurePercentage,
		"itemCounts":                 run.Items.members(), "executionCounts": run.Children.members(), "redriveCount": 0,
	}
	if run.Stop != nil {
		answer["stopDate"] = epoch(*run.Stop)
	}
	return answer, nil
}

func (c Counts) members() members {
	return members{
		"total": c.All, "pending": c.Pending(), "running": c.Running, "succeeded": c.Succeeded, "failed": c.Failed,
		"timedOut": c.TimedOut, "aborted": c.Aborted, "resultsWritten": c.ResultsWritten,
	}
}

func (s *Service) listMapRuns(_ context.Context, in struct {
	page
	executionRequest
}) (members, error) {
	e, err := s.executionOf(in.ExecutionARN)
	if err != nil {
		return nil, err
	}
	all := []members{}
	for _, run := range s.mapRunsFrom(e) {
		m := members{
			"mapRunArn": run.ARN, "executionArn": e.record.ARN, "stateMachineArn": s.MachineARN(e.record.Machine), "startDate": epoch(run.Start),
		}
		if run.Stop != nil {
			m["stopDate"] = epoch(*run.Stop)
		}
		all = append(all, m)
	}
	slices.Reverse(all) // the latest first
	answer := members{}
	from, to, err := in.of(len(all), answer)
	answer["mapRuns"] = all[from:to]
	return answer, err
}

// listChildren lists the children of a Map Run, the latest first.
func (s *Service) listChildren(p page, arn string, status asl.Status) (members, error) {
	r, err := s.mapRunOf(arn)
	if err != nil {
		return nil, err
	}
	numbers := r.numbers(status)
	slices.Reverse(numbers)
	answer := members{}
	from, to, err := p.of(len(numbers), answer)
	if err != nil {
		return nil, err
	}
	list := []members{}
	for _, n := range numbers[from:to] {
		e, err := r.at(n)
		if err != nil {
			return nil, err
		}
		if e == nil {
			continue // it was dropped meanwhile
		}
		child, _ := e.snapshot()
		m := child.outline(s)
		m["mapRunArn"], m["itemCount"] = arn, child.Items
		list = append(list, m)
	}
	answer["executions"] = list
	return answer, nil
}
