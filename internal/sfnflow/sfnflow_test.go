package sfnflow_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/calendarinvite/calendarinviteserver/internal/awstest"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/sfnflow"
)

const machine = "arn:aws:states:us-east-1:000000000000:stateMachine:cis-event-invite"

type input struct {
	UID string `json:"uid"`
}

func TestStart(t *testing.T) {
	states := awstest.Start(t, awstest.Answer{Body: `{"executionArn":"arn:aws:states:us-east-1:000000000000:execution:cis-event-request:m1","startDate":1.7e9}`})
	if err := sfnflow.New(awstest.Config(states.URL)).Start(t.Context(), machine, "m1", input{UID: "u1"}); err != nil {
		t.Fatal(err)
	}
	got := states.Only(t)
	if got.Operation != "StartExecution" {
		t.Errorf("operation %q", got.Operation)
	}
	for name, want := range map[string]any{"stateMachineArn": machine, "name": "m1", "input": `{"uid":"u1"}`} {
		if diff := cmp.Diff(want, got.Field(t, name)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A repeated delivery is no error: the first one did the work.
func TestStartAgain(t *testing.T) {
	states := awstest.Start(t, awstest.JSONError(400, "ExecutionAlreadyExists"))
	if err := sfnflow.New(awstest.Config(states.URL)).Start(t.Context(), machine, "m1", input{}); err != nil {
		t.Errorf("%v", err)
	}
	if name := states.Only(t).Field(t, "name"); name != "m1" {
		t.Errorf("name %q", name)
	}
}

func TestStartFaults(t *testing.T) {
	for _, test := range []struct {
		status int
		code   string
		kind   fault.Kind
	}{
		{400, "ExecutionLimitExceeded", fault.Throttled},
		{400, "ThrottlingException", fault.Throttled},
		{400, "Throttling", fault.Throttled},
		{400, "InvalidExecutionInput", fault.Internal},
		{400, "InvalidName", fault.Internal},
		{400, "StateMachineDoesNotExist", fault.Internal},
		{400, "AccessDeniedException", fault.Internal},
		{500, "InternalFailure", fault.Unavailable},
		{503, "ServiceUnavailable", fault.Unavailable},
	} {
		t.Run(test.code, func(t *testing.T) {
			states := awstest.Start(t, awstest.JSONError(test.status, test.code))
			flows := sfnflow.New(awstest.Config(states.URL))
			for doing, err := range map[string]error{
				"start": flows.Start(t.Context(), machine, "m1", input{}),
				"run":   flows.Run(t.Context(), machine, input{}, &struct{}{}),
			} {
				if err == nil || fault.KindOf(err) != test.kind || fault.ReasonOf(err) != "states" {
					t.Errorf("%s: %v, want %s (states)", doing, err, test.kind)
				}
			}
		})
	}
}

func TestNoAnswer(t *testing.T) {
	flows := sfnflow.New(awstest.Config(awstest.Dead()))
	for doing, err := range map[string]error{
		"start": flows.Start(t.Context(), machine, "m1", input{}),
		"run":   flows.Run(t.Context(), machine, input{}, &struct{}{}),
	} {
		if err == nil || fault.KindOf(err) != fault.Unavailable || fault.ReasonOf(err) != "states" {
			t.Errorf("%s: %v", doing, err)
		}
	}
}

func TestInputThatIsNoJSON(t *testing.T) {
	states := awstest.Start(t, awstest.Answer{})
	flows := sfnflow.New(awstest.Config(states.URL))
	for doing, err := range map[string]error{
		"start": flows.Start(t.Context(), machine, "m1", func() {}),
		"run":   flows.Run(t.Context(), machine, func() {}, &struct{}{}),
	} {
		if err == nil || fault.KindOf(err) != fault.Internal {
			t.Errorf("%s: %v", doing, err)
		}
	}
	if got := states.Requests(); len(got) != 0 {
		t.Errorf("%d requests", len(got))
	}
}

// ended is the answer of a synchronous execution.
func ended(t *testing.T, fields map[string]any) awstest.Answer {
	t.Helper()
	answer := map[string]any{"executionArn": "arn:aws:states:us-east-1:000000000000:express:cis-event-invite:e1:e1", "name": "e1", "startDate": 1.7e9, "stopDate": 1.7e9}
	for name, value := range fields {
		answer[name] = value
	}
	return awstest.JSON(t, answer)
}

func TestRun(t *testing.T) {
	states := awstest.Start(t, ended(t, map[string]any{"status": "SUCCEEDED", "output": `{"result":"sent"}`}))
	var out struct{ Result string }
	if err := sfnflow.New(awstest.Config(states.URL)).Run(t.Context(), machine, input{UID: "u1"}, &out); err != nil {
		t.Fatal(err)
	}
	if out.Result != "sent" {
		t.Errorf("result %q", out.Result)
	}
	got := states.Only(t)
	if got.Operation != "StartSyncExecution" || got.Field(t, "stateMachineArn") != machine || got.Field(t, "input") != `{"uid":"u1"}` {
		t.Errorf("%s %s", got.Operation, got.Body)
	}
	if "http://"+got.Host != states.URL {
		t.Errorf("host %s, want that of %s", got.Host, states.URL)
	}
}

func TestRunThatFailed(t *testing.T) {
	for _, test := range []struct {
		status, name string
		kind         fault.Kind
	}{
		{"FAILED", "Throttled", fault.Throttled},
		{"FAILED", "Unavailable", fault.Unavailable},
		{"FAILED", "NotFound", fault.NotFound},
		{"FAILED", "InvalidRequest", fault.InvalidRequest},
		{"FAILED", "States.Timeout", fault.Internal},
		{"FAILED", "Lambda.TooManyRequestsException", fault.Internal},
		{"TIMED_OUT", "", fault.Internal},
	} {
		t.Run(test.status+" "+test.name, func(t *testing.T) {
			fields := map[string]any{"status": test.status, "cause": "ada@example.com did it"}
			if test.name != "" {
				fields["error"] = test.name
			}
			states := awstest.Start(t, ended(t, fields))
			err := sfnflow.New(awstest.Config(states.URL)).Run(t.Context(), machine, input{}, &struct{}{})
			if err == nil || fault.KindOf(err) != test.kind || fault.ReasonOf(err) != "execution-failed" {
				t.Errorf("%v, want %s (execution-failed)", err, test.kind)
			}
		})
	}
}

func TestRunWithBadOutput(t *testing.T) {
	for _, output := range []string{"", "[]", `{"result":`} {
		states := awstest.Start(t, ended(t, map[string]any{"status": "SUCCEEDED", "output": output}))
		err := sfnflow.New(awstest.Config(states.URL)).Run(t.Context(), machine, input{}, &struct{ Result string }{})
		if err == nil || fault.KindOf(err) != fault.Internal {
			t.Errorf("output %q: %v", output, err)
		}
	}
}

// hosts notes where requests would go and lets none through.
type hosts []string

func (h *hosts) Do(r *http.Request) (*http.Response, error) {
	*h = append(*h, r.URL.Host)
	return nil, errors.New("no network")
}

// On AWS, synchronous executions have a host of their own.
// https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartSyncExecution.html
func TestHostOnAWS(t *testing.T) {
	var asked hosts
	cfg := awstest.Config("")
	cfg.BaseEndpoint, cfg.HTTPClient = nil, &asked
	flows := sfnflow.New(cfg)
	for _, err := range []error{flows.Start(t.Context(), machine, "m1", input{}), flows.Run(t.Context(), machine, input{}, &struct{}{})} {
		if fault.KindOf(err) != fault.Unavailable {
			t.Errorf("%v", err)
		}
	}
	want := hosts{"states.us-east-1.amazonaws.com", "sync-states.us-east-1.amazonaws.com"}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
