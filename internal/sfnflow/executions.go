package sfnflow

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/aws/smithy-go"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
)

// Execution is an execution of a Standard machine. Express machines keep none: theirs are in the log.
type Execution struct {
	Name    string
	Status  string // RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED
	Started time.Time
	Stopped time.Time // zero while it runs

	Error, Cause, Input string // of Describe only
}

// Progress is how far the Distributed Map of an execution is.
type Progress struct {
	Running bool // the execution is
	Left    int  // items of the present Map Run that are not through yet
	Failed  int  // items of it that failed
	Mapped  bool // there is a Map Run: Left and Failed say something
}

// executionARN is the ARN of a machine's execution.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsstepfunctions.html
func executionARN(machineARN, name string) string {
	return strings.Replace(machineARN, ":stateMachine:", ":execution:", 1) + ":" + name
}

// List returns the newest executions of a Standard machine that have the status, at most limit. One call.
func (f *Flows) List(ctx context.Context, machineARN, status string, limit int) ([]Execution, error) {
	out, err := f.client.ListExecutions(ctx, &sfn.ListExecutionsInput{
		StateMachineArn: &machineARN, StatusFilter: types.ExecutionStatus(status), MaxResults: int32(limit),
	})
	if err != nil {
		return nil, readFault("list executions", err)
	}
	list := make([]Execution, len(out.Executions))
	for i, x := range out.Executions {
		list[i] = Execution{Name: aws.ToString(x.Name), Status: string(x.Status), Started: aws.ToTime(x.StartDate), Stopped: aws.ToTime(x.StopDate)}
	}
	return list, nil
}

// maxName is the most characters of an execution's name.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
const maxName = 80

// Describe returns the machine's execution of that name; a fault NotFound when there is none. One call.
func (f *Flows) Describe(ctx context.Context, machineARN, name string) (Execution, error) {
	if name == "" || len(name) > maxName {
		return Execution{}, fault.New(fault.NotFound, "execution", "")
	}
	out, err := f.client.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: aws.String(executionARN(machineARN, name))})
	if err != nil {
		return Execution{}, readFault("describe execution", err)
	}
	return Execution{
		Name: aws.ToString(out.Name), Status: string(out.Status), Started: aws.ToTime(out.StartDate), Stopped: aws.ToTime(out.StopDate),
		Error: aws.ToString(out.Error), Cause: aws.ToString(out.Cause), Input: aws.ToString(out.Input),
	}, nil
}

// Progress says how far an execution is: one call when it is over, three while it runs. One that is unknown, because it is long over, does
// not run.
func (f *Flows) Progress(ctx context.Context, machineARN, name string) (Progress, error) {
	x, err := f.Describe(ctx, machineARN, name)
	if fault.KindOf(err) == fault.NotFound {
		return Progress{}, nil
	}
	if err != nil || x.Status != string(types.ExecutionStatusRunning) {
		return Progress{}, err
	}
	runs, err := f.client.ListMapRuns(ctx, &sfn.ListMapRunsInput{ExecutionArn: aws.String(executionARN(machineARN, name))})
	if err != nil {
		return Progress{}, readFault("list map runs", err)
	}
	if len(runs.MapRuns) == 0 {
		return Progress{Running: true}, nil
	}
	newest := slices.MaxFunc(runs.MapRuns, func(a, b types.MapRunListItem) int { return aws.ToTime(a.StartDate).Compare(aws.ToTime(b.StartDate)) })
	run, err := f.client.DescribeMapRun(ctx, &sfn.DescribeMapRunInput{MapRunArn: newest.MapRunArn})
	if err != nil {
		return Progress{}, readFault("describe map run", err)
	}
	progress := Progress{Running: true, Mapped: true}
	if c := run.ItemCounts; c != nil {
		progress.Left, progress.Failed = int(c.Pending+c.Running), int(c.Failed+c.TimedOut+c.Aborted)
	}
	return progress, nil
}

func readFault(doing string, err error) error {
	cause := fmt.Errorf("%s: %w", doing, err)
	if api := smithy.APIError(nil); errors.As(err, &api) {
		switch api.ErrorCode() {
		case "ExecutionDoesNotExist", "InvalidArn", "ResourceNotFound":
			return fault.Wrap(fault.NotFound, "execution", cause)
		case "ThrottlingException", "Throttling":
			return fault.Wrap(fault.Throttled, "states", cause)
		case "StateMachineDoesNotExist", "AccessDeniedException", "ValidationException":
			return fault.Wrap(fault.Internal, "states", cause)
		}
	}
	return fault.Wrap(fault.Unavailable, "states", cause)
}
