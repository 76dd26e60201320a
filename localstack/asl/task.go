package asl

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Resources are what Task states call: functions and other services.
type Resources interface {
	// Check says, when a machine is loaded, whether a Task may name the resource with these Parameters (the
	// template as the definition has it; nil if there is none). The error names what is not supported.
	Check(resource string, parameters []byte) error
	// Call does the task and returns its result, JSON. It returns soon after the context has ended. A *Failure
	// keeps its name; any other error becomes States.TaskFailed.
	Call(ctx context.Context, t Task) ([]byte, error)
}

// Task is one call of a resource.
type Task struct {
	Resource  string        // the ARN in the definition
	Input     []byte        // JSON
	Heartbeat time.Duration // the longest time between signs of life, for resources that give them; 0 = any
	RequestID string        // unique
	Execution string        // ARN of the execution that calls
}

// errTaskTimedOut is the cancellation cause of a task that took too long.
var errTaskTimedOut = errors.New("the task timed out")

func (t *task) do(ctx context.Context, v *visit, payload any) (any, error) {
	timeout, failure := t.timeout.seconds("TimeoutSecondsPath", v.data(v.effective))
	if failure != nil {
		return nil, failure
	}
	heartbeat, failure := t.heartbeat.seconds("HeartbeatSecondsPath", v.data(v.effective))
	if failure != nil {
		return nil, failure
	}
	e := eventsOf(t.resource)
	scheduled := Event{
		Type: e.kind + "Scheduled", Resource: e.resource, ResourceType: e.service, Input: JSON(payload),
		Timeout: timeout, Heartbeat: heartbeat,
	}
	v.emit(scheduled)
	v.emit(Event{Type: e.kind + "Started", Resource: e.resource, ResourceType: e.service})

	result, err := t.call(ctx, v, Task{
		Resource: t.resource, Input: scheduled.Input, Heartbeat: time.Duration(heartbeat) * time.Second,
		RequestID: v.frame.run.random.uuid(), Execution: v.frame.run.x.ARN,
	}, timeout)
	if err == nil {
		if failure = tooLarge(result, e.what); failure == nil {
			v.emit(Event{Type: e.kind + "Succeeded", Resource: e.resource, ResourceType: e.service, Output: JSON(result)})
			return result, nil
		}
		err = failure
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	failure = asFailure(err)
	ended := Event{Type: e.kind + "Failed", Resource: e.resource, ResourceType: e.service, Error: failure.Name, Cause: failure.Cause}
	if failure.Name == ErrorTimeout || failure.Name == ErrorHeartbeatTimeout {
		ended.Type = e.kind + "TimedOut"
	}
	v.emit(ended)
	return nil, failure
}

// call calls the resource within so many seconds; 0 = any.
func (t *task) call(ctx context.Context, v *visit, call Task, seconds int64) (any, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if seconds > 0 {
		go func() {
			if v.frame.run.x.Clock.Sleep(ctx, time.Duration(seconds)*time.Second) == nil {
				cancel(errTaskTimedOut)
			}
		}()
	}
	output, err := t.resources.Call(ctx, call)
	if errors.Is(context.Cause(ctx), errTaskTimedOut) {
		return nil, &Failure{Name: ErrorTimeout}
	}
	if err != nil {
		return nil, err
	}
	return ParseJSON(output)
}

func asFailure(err error) *Failure {
	var failure *Failure
	if errors.As(err, &failure) {
		return &Failure{Name: failure.Name, Cause: failure.Cause}
	}
	return &Failure{Name: ErrorTaskFailed, Cause: err.Error()}
}

// seconds is the amount, which must be positive where it comes from a path; 0 = none given.
func (a amount) seconds(field string, d data) (int64, *Failure) {
	if a.path == nil {
		return a.n, nil
	}
	if _, err := d.find(a.path); err != nil {
		return 0, invalidPath(a.path, err)
	}
	n, failure := secondsAt(a.path, field, d)
	if failure == nil && n == 0 {
		failure = runtimeError("The %s parameter does not reference a positive value: %s == 0", field, a.path)
	}
	return n, failure
}

// taskEvents is how a resource appears in the history.
type taskEvents struct {
	kind              string // beginning of the events' types
	resource, service string
	what              string // who returned too much data
}

func eventsOf(resource string) taskEvents {
	parts := strings.SplitN(resource, ":", 6)
	if len(parts) == 6 && parts[2] == "states" {
		if i := strings.LastIndexByte(parts[5], ':'); i >= 0 {
			// arn:aws:states:::lambda:invoke, arn:aws:states:::aws-sdk:s3:getObject, arn:aws:states:::states:startExecution.sync:2
			if parts[5][i:] == ":2" {
				i = strings.LastIndexByte(parts[5][:i], ':')
			}
			return taskEvents{kind: "Task", resource: parts[5][i+1:], service: parts[5][:i], what: parts[5][:i]}
		}
	}
	return taskEvents{kind: "LambdaFunction", resource: resource, what: resource}
}

// NoResource is the error of Check for a resource that there is not.
func NoResource(resource string) error { return fmt.Errorf("resource %s", resource) }
