package sfnflow_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/calendarinvite/calendarinviteserver/internal/awstest"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/sfnflow"
)

const (
	listMachine = "arn:aws:states:us-east-1:000000000000:stateMachine:cis-bulk-invites"
	listARN     = "arn:aws:states:us-east-1:000000000000:execution:cis-bulk-invites:list-1"
	mapRunARN   = "arn:aws:states:us-east-1:000000000000:mapRun:cis-bulk-invites/SendInvites:"
)

// answering is a Flows on a Step Functions that answers each operation as given; an operation that is not gets an error.
func answering(t *testing.T, answers map[string]awstest.Answer) (*sfnflow.Flows, *awstest.Server) {
	t.Helper()
	states := awstest.StartFunc(t, func(r awstest.Request) awstest.Answer {
		if answer, has := answers[r.Operation]; has {
			return answer
		}
		return awstest.JSONError(400, "AccessDeniedException")
	})
	return sfnflow.New(awstest.Config(states.URL)), states
}

// operations are the calls that were made, in their order.
func operations(states *awstest.Server) (names []string) {
	for _, r := range states.Requests() {
		names = append(names, r.Operation)
	}
	return names
}

func TestList(t *testing.T) {
	flows, states := answering(t, map[string]awstest.Answer{"ListExecutions": {Body: `{"executions":[
		{"executionArn":"arn:x2","stateMachineArn":"arn:m","name":"list-2","status":"FAILED","startDate":1.7e9,"stopDate":1700000060},
		{"executionArn":"arn:x1","stateMachineArn":"arn:m","name":"list-1","status":"FAILED","startDate":1.6e9}],"nextToken":"more"}`}})
	got, err := flows.List(t.Context(), listMachine, "FAILED", 2)
	if err != nil {
		t.Fatal(err)
	}
	want := []sfnflow.Execution{
		{Name: "list-2", Status: "FAILED", Started: time.Unix(1_700_000_000, 0).UTC(), Stopped: time.Unix(1_700_000_060, 0).UTC()},
		{Name: "list-1", Status: "FAILED", Started: time.Unix(1_600_000_000, 0).UTC()},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	asked := states.Only(t)
	for name, want := range map[string]any{"stateMachineArn": listMachine, "statusFilter": "FAILED", "maxResults": 2.0} {
		if diff := cmp.Diff(want, asked.Field(t, name)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestDescribe(t *testing.T) {
	flows, states := answering(t, map[string]awstest.Answer{"DescribeExecution": {Body: `{"executionArn":"` + listARN + `","stateMachineArn":"arn:m","name":"list-1",
		"status":"FAILED","startDate":1.7e9,"stopDate":1.7e9,"input":"{\"rows\":1}","error":"Internal","cause":"table"}`}})
	got, err := flows.Describe(t.Context(), listMachine, "list-1")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Unix(1_700_000_000, 0).UTC()
	want := sfnflow.Execution{Name: "list-1", Status: "FAILED", Started: at, Stopped: at, Error: "Internal", Cause: "table", Input: `{"rows":1}`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if arn := states.Only(t).Field(t, "executionArn"); arn != listARN {
		t.Errorf("asked for %v", arn)
	}
}

// What no execution can be called is none, and nobody need ask.
func TestDescribeNoName(t *testing.T) {
	for _, name := range []string{"", strings.Repeat("x", 81)} {
		flows, states := answering(t, nil)
		if _, err := flows.Describe(t.Context(), listMachine, name); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%q: %v", name, err)
		}
		if n := len(states.Requests()); n != 0 {
			t.Errorf("%q: %d calls", name, n)
		}
	}
}

// Progress is of the Map Run that began last: each pass over a list is one of its own.
func TestProgress(t *testing.T) {
	describe := func(status string) awstest.Answer {
		return awstest.Answer{Body: `{"executionArn":"` + listARN + `","stateMachineArn":"arn:m","name":"list-1","status":"` + status + `","startDate":1.7e9}`}
	}
	run := func(name, start string) string {
		return `{"executionArn":"` + listARN + `","mapRunArn":"` + mapRunARN + name + `","stateMachineArn":"arn:m","startDate":` + start + `}`
	}
	counts := `"itemCounts":{"pending":50,"running":20,"succeeded":100,"failed":3,"timedOut":2,"aborted":1,"total":176,"resultsWritten":0}`
	described := awstest.Answer{Body: `{"executionArn":"` + listARN + `","mapRunArn":"x","maxConcurrency":8,"startDate":1.7e9,"status":"RUNNING",` +
		`"toleratedFailureCount":0,"toleratedFailurePercentage":100,"executionCounts":{"pending":1,"running":1,"succeeded":1,"failed":0,"timedOut":0,"aborted":0,"total":3,"resultsWritten":0},` + counts + `}`}
	for _, test := range []struct {
		name    string
		answers map[string]awstest.Answer
		want    sfnflow.Progress
		calls   []string
	}{
		{"over", map[string]awstest.Answer{"DescribeExecution": describe("SUCCEEDED")}, sfnflow.Progress{}, []string{"DescribeExecution"}},
		{"long over", map[string]awstest.Answer{"DescribeExecution": awstest.JSONError(400, "ExecutionDoesNotExist")}, sfnflow.Progress{}, []string{"DescribeExecution"}},
		{"not mapping yet", map[string]awstest.Answer{"DescribeExecution": describe("RUNNING"), "ListMapRuns": {Body: `{"mapRuns":[]}`}},
			sfnflow.Progress{Running: true}, []string{"DescribeExecution", "ListMapRuns"}},
		{"mapping", map[string]awstest.Answer{
			"DescribeExecution": describe("RUNNING"),
			"ListMapRuns":       {Body: `{"mapRuns":[` + run("first", "1.6e9") + `,` + run("second", "1.7e9") + `,` + run("none", "1.5e9") + `]}`},
			"DescribeMapRun":    described,
		}, sfnflow.Progress{Running: true, Mapped: true, Left: 70, Failed: 6}, []string{"DescribeExecution", "ListMapRuns", "DescribeMapRun"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			flows, states := answering(t, test.answers)
			got, err := flows.Progress(t.Context(), listMachine, "list-1")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.calls, operations(states)); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			for _, r := range states.Requests() {
				switch r.Operation {
				case "DescribeMapRun":
					if arn := r.Field(t, "mapRunArn"); arn != mapRunARN+"second" {
						t.Errorf("looked at %v", arn)
					}
				default:
					if arn := r.Field(t, "executionArn"); arn != listARN {
						t.Errorf("%s of %v", r.Operation, arn)
					}
				}
			}
		})
	}
}

func TestReadFaults(t *testing.T) {
	for _, test := range []struct {
		status int
		code   string
		kind   fault.Kind
	}{
		{400, "ExecutionDoesNotExist", fault.NotFound},
		{400, "InvalidArn", fault.NotFound},
		{400, "ResourceNotFound", fault.NotFound},
		{400, "ThrottlingException", fault.Throttled},
		{400, "StateMachineDoesNotExist", fault.Internal},
		{400, "AccessDeniedException", fault.Internal},
		{400, "ValidationException", fault.Internal},
		{500, "InternalFailure", fault.Unavailable},
	} {
		t.Run(test.code, func(t *testing.T) {
			states := awstest.Start(t, awstest.JSONError(test.status, test.code))
			flows := sfnflow.New(awstest.Config(states.URL))
			if _, err := flows.List(t.Context(), listMachine, "FAILED", 1); fault.KindOf(err) != test.kind {
				t.Errorf("list: %v, want %s", err, test.kind)
			}
			if _, err := flows.Describe(t.Context(), listMachine, "list-1"); fault.KindOf(err) != test.kind {
				t.Errorf("describe: %v, want %s", err, test.kind)
			}
			_, err := flows.Progress(t.Context(), listMachine, "list-1")
			if test.kind == fault.NotFound {
				if err != nil {
					t.Errorf("the progress of none: %v", err)
				}
			} else if fault.KindOf(err) != test.kind {
				t.Errorf("progress: %v, want %s", err, test.kind)
			}
		})
	}
	flows := sfnflow.New(awstest.Config(awstest.Dead()))
	if _, err := flows.List(t.Context(), listMachine, "FAILED", 1); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("no answer: %v", err)
	}
}
