package states

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/calendarinvite/calendarinviteserver/localstack/asl"
	"github.com/calendarinvite/calendarinviteserver/localstack/protocol"
)

// environment is what a machine of a type has around it.
func (s *Service) environment(machine, kind string) asl.Environment {
	env := asl.Environment{
		Express: kind == Express, Resources: resources{s.functions(), asl.Executions{Start: s.startFor}},
		MapRuns: mapRuns{s}, ResultFile: s.cfg.ResultFile,
	}
	if s.cfg.Objects != nil {
		env.Objects = allowed{s, machine}
	}
	return env
}

// resources are what Task states call: functions and other machines.
type resources struct {
	functions  asl.Functions
	executions asl.Executions
}

func (r resources) of(resource string) asl.Resources {
	if strings.HasSuffix(resource, ":"+asl.StartExecution) {
		return r.executions
	}
	return r.functions
}

func (r resources) Check(resource string, parameters []byte) error {
	return r.of(resource).Check(resource, parameters)
}

func (r resources) Call(ctx context.Context, t asl.Task) ([]byte, error) {
	return r.of(t.Resource).Call(ctx, t)
}

// startFor starts an execution for a Task of another one.
func (s *Service) startFor(ctx context.Context, by, machine, name string, input []byte) (string, time.Time, error) {
	e, err := s.startAllowed(ctx, by, machine, name, input)
	if err == nil {
		return e.record.ARN, e.record.Start, nil
	}
	if s.ctx.Err() != nil { // the task is not to fail for that, but to be done again after the next start
		<-ctx.Done()
		return "", time.Time{}, ctx.Err()
	}
	var refused *protocol.Error
	if errors.As(err, &refused) {
		err = &asl.Failure{Name: errorName(refused.Code), Cause: causeOf(refused, "AWSStepFunctions")}
	}
	return "", time.Time{}, err
}

func (s *Service) startAllowed(ctx context.Context, by, machine, name string, input []byte) (started *execution, err error) {
	m, err := s.machineOf(machine)
	if err != nil {
		return nil, err
	}
	_, rest, err := parseARN(by)
	if err != nil {
		return nil, err
	}
	starter, _, _ := strings.Cut(rest, ":")
	starter, _, _ = strings.Cut(starter, "/") // a child has the rights of its machine
	if s.cfg.MayStart != nil && !s.cfg.MayStart(starter, m.Name) {
		return nil, &protocol.Error{Status: http.StatusBadRequest, Code: accessDenied, Message: s.notAuthorized(starter, "states:StartExecution", s.MachineARN(m.Name))}
	}
	err = s.cfg.Call(ctx, starter, "states:StartExecution", func() (err error) {
		started, err = s.start(m.Name, name, input, false)
		return err
	})
	return started, err
}

func (s *Service) notAuthorized(machine, action, resource string) string {
	return "User: " + s.arnOfRole(machine) + " is not authorized to perform: " + action + " on resource: " + resource
}

const accessDenied = "AccessDeniedException"

// errorName names an error of StartExecution as the integration does. What the action does not document has the
// service's own name.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
func errorName(code string) string {
	switch {
	case code == accessDenied:
		return "StepFunctions.AWSStepFunctionsException"
	case strings.HasSuffix(code, "Exception"):
		return "StepFunctions." + code
	}
	return "StepFunctions." + code + "Exception"
}
