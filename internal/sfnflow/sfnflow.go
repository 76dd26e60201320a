// Package sfnflow starts executions of Step Functions state machines, and looks at them.
package sfnflow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
)

// Flows starts executions and looks at them.
type Flows struct {
	client *sfn.Client
}

// New returns Flows on the account that cfg names.
func New(cfg aws.Config) *Flows {
	return &Flows{client: sfn.NewFromConfig(cfg, func(o *sfn.Options) {
		if cfg.BaseEndpoint != nil { // an endpoint of its own has no second host name for synchronous executions
			o.APIOptions = append(o.APIOptions, withoutHostPrefix)
		}
	})}
}

// withoutHostPrefix keeps StartSyncExecution from going to sync-<host>. The client clears such marks from a caller's context, so the mark is
// set inside.
func withoutHostPrefix(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("WithoutHostPrefix",
		func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			return next.HandleInitialize(smithyhttp.DisableEndpointHostPrefix(ctx, true), in)
		}), middleware.Before)
}

// Start starts an execution of the machine with the input as JSON and does not wait for it. An execution of a Standard
// machine that was started before with the same name is left alone: the repeat is no error.
func (f *Flows) Start(ctx context.Context, machineARN, name string, input any) error {
	text, err := json.Marshal(input)
	if err != nil {
		return fmt.Errorf("encode the input of %s: %w", name, err)
	}
	_, err = f.client.StartExecution(ctx, &sfn.StartExecutionInput{
		StateMachineArn: &machineARN, Name: &name, Input: aws.String(string(text)),
	})
	if exists := (*types.ExecutionAlreadyExists)(nil); errors.As(err, &exists) {
		return nil
	}
	return startFault(err)
}

// Run starts an execution of an Express machine, waits for its end, at most five minutes, and decodes its output into out. A
// failed execution is an error of the kind that its error's name says.
func (f *Flows) Run(ctx context.Context, machineARN string, input, out any) error {
	text, err := json.Marshal(input)
	if err != nil {
		return fmt.Errorf("encode the input: %w", err)
	}
	ended, err := f.client.StartSyncExecution(ctx, &sfn.StartSyncExecutionInput{
		StateMachineArn: &machineARN, Input: aws.String(string(text)),
	})
	if err != nil {
		return startFault(err)
	}
	if ended.Status != types.SyncExecutionStatusSucceeded {
		cause := fmt.Errorf("execution %s %s: %s", aws.ToString(ended.Name), ended.Status, aws.ToString(ended.Error))
		return fault.Wrap(fault.Kind(aws.ToString(ended.Error)).Known(), "execution-failed", cause)
	}
	if err := json.Unmarshal([]byte(aws.ToString(ended.Output)), out); err != nil {
		return fmt.Errorf("decode the output of %s: %w", aws.ToString(ended.Name), err)
	}
	return nil
}

func startFault(err error) error {
	if err == nil {
		return nil
	}
	cause := fmt.Errorf("start execution: %w", err)
	if api := smithy.APIError(nil); errors.As(err, &api) {
		switch api.ErrorCode() {
		case "ExecutionLimitExceeded", "ThrottlingException", "Throttling":
			return fault.Wrap(fault.Throttled, "states", cause)
		case "InvalidExecutionInput", "InvalidName", "StateMachineDoesNotExist", "AccessDeniedException":
			return fault.Wrap(fault.Internal, "states", cause)
		}
	}
	return fault.Wrap(fault.Unavailable, "states", cause)
}
