package asl

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Executions are the resource arn:aws:states:::states:startExecution: a Task that starts another machine and does not
// wait for its end.
// https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html
type Executions struct {
	// Start starts an execution; by is the ARN of the one that asks. An empty name is any free one. The error may be a
	// *Failure, such as StepFunctions.ExecutionAlreadyExistsException.
	Start func(ctx context.Context, by, machine, name string, input []byte) (arn string, start time.Time, err error)
}

// StartExecution is the action of the resource.
const StartExecution = "states:startExecution"

// Check accepts the resource with the parameters that it has.
func (e Executions) Check(resource string, parameters []byte) error {
	if action, ok := optimized(resource); !ok || action != StartExecution {
		return NoResource(resource)
	}
	var given map[string]any
	if err := json.Unmarshal(parameters, &given); err != nil {
		return fmt.Errorf("no Parameters for %s", resource)
	}
	for name := range given {
		switch strings.TrimSuffix(name, ".$") {
		case "StateMachineArn", "Name", "Input":
		default:
			return fmt.Errorf("parameter %s of %s", name, resource)
		}
	}
	return nil
}

// Call starts the execution.
func (e Executions) Call(ctx context.Context, t Task) ([]byte, error) {
	v, err := ParseJSON(t.Input)
	if err != nil {
		return nil, err
	}
	parameters, ok := v.(*Object)
	if !ok {
		return nil, &Failure{Name: ErrorRuntime, Cause: "Parameters of states:startExecution must be an object"}
	}
	machine, failure := textOf(parameters, "StateMachineArn")
	if failure != nil {
		return nil, failure
	}
	name := ""
	if _, given := parameters.Get("Name"); given {
		if name, failure = textOf(parameters, "Name"); failure != nil {
			return nil, failure
		}
	}
	arn, start, err := e.Start(ctx, t.Execution, machine, name, payload(parameters.values["Input"]))
	if err != nil {
		return nil, err
	}
	return JSON(NewObject(
		"ExecutionArn", arn,
		"SdkHttpMetadata", NewObject("HttpStatusCode", number(200)),
		"SdkResponseMetadata", NewObject("RequestId", t.RequestID),
		"StartDate", number(start.UnixMilli()),
	)), nil
}
