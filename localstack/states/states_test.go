package states

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/calendarinvite/calendarinviteserver/localstack/journal"
	"github.com/calendarinvite/calendarinviteserver/localstack/objects"
	"github.com/calendarinvite/calendarinviteserver/localstack/protocol"
)

// stand is a Service on a data folder of its own, which outlives restarts.
type stand struct {
	*Service
	t       testing.TB
	dir     string
	db      *journal.DB
	client  *sfn.Client
	close   func()
	invoke  func(ctx context.Context, function string, payload []byte) ([]byte, string, error)
	objects *objects.Store
	change  func(*Config) // what is not as usual
	mu      sync.Mutex
	invoked []string
}

const twoSteps = `{"StartAt":"First","States":{
	"First":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"first","Payload.$":"$"},"OutputPath":"$.Payload","Next":"Second"},
	"Second":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:second","ResultPath":"$.second","End":true}}}`

// newStand starts a service with the machine "two" (Standard) and "quick" (Express), whose functions answer
// with their name.
func newStand(t testing.TB) *stand {
	t.Helper()
	st := &stand{t: t, dir: t.TempDir()}
	st.invoke = func(_ context.Context, function string, _ []byte) ([]byte, string, error) {
		return []byte(`{"by":"` + function + `"}`), "", nil
	}
	st.start()
	t.Cleanup(func() { st.close() })
	return st
}

func (st *stand) start() {
	st.t.Helper()
	var err error
	if st.db, err = journal.Open(st.dir); err != nil {
		st.t.Fatal(err)
	}
	if st.objects, err = objects.Open(st.dir, "data"); err != nil {
		st.t.Fatal(err)
	}
	cfg := Config{
		Journal: st.db, Region: "us-east-1", Account: "000000000000", Partition: "aws", Objects: Stored(st.objects),
		Invoke: func(ctx context.Context, function string, payload []byte) ([]byte, string, error) {
			st.mu.Lock()
			st.invoked = append(st.invoked, function)
			invoke := st.invoke
			st.mu.Unlock()
			return invoke(ctx, function, payload)
		},
	}
	if st.change != nil {
		st.change(&cfg)
	}
	if st.Service, err = New(cfg); err != nil {
		st.t.Fatal(err)
	}
	if err := errors.Join(st.Define("two", Standard, []byte(twoSteps)), st.Define("quick", Express, []byte(twoSteps)), st.Resume()); err != nil {
		st.t.Fatal(err)
	}
	server := httptest.NewServer(st.API())
	st.client = sfn.New(sfn.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(server.URL), Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
		RetryMaxAttempts: 1, APIOptions: []func(*middleware.Stack) error{withoutHostPrefix},
	})
	service, db, store := st.Service, st.db, st.objects
	st.close = func() {
		server.Close()
		if err := errors.Join(service.Close(), db.Close(), store.Close()); err != nil {
			st.t.Error(err)
		}
	}
}

// withoutHostPrefix keeps StartSyncExecution from going to sync-<host>.
func withoutHostPrefix(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("WithoutHostPrefix",
		func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			return next.HandleInitialize(smithyhttp.DisableEndpointHostPrefix(ctx, true), in)
		}), middleware.Before)
}

// answering lets the functions answer in another way.
func (st *stand) answering(invoke func(ctx context.Context, function string, payload []byte) ([]byte, string, error)) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.invoke, st.invoked = invoke, nil
}

func (st *stand) calls() []string {
	st.mu.Lock()
	defer st.mu.Unlock()
	return slices.Clone(st.invoked)
}

// wait waits for the end of an execution.
func (st *stand) wait(machine, name string) Execution {
	st.t.Helper()
	e, err := st.named(machine, name)
	if err != nil {
		st.t.Fatal(err)
	}
	select {
	case <-e.ended:
	case <-time.After(time.Minute):
		st.t.Fatalf("%s %s does not end", machine, name)
	}
	x, err := st.Describe(machine, name)
	if err != nil {
		st.t.Fatal(err)
	}
	return x
}

func codeOf(err error) string {
	var apiErr smithy.APIError
	if errors.As(err, &apiErr) {
		return apiErr.ErrorCode()
	}
	return fmt.Sprint(err)
}

func TestStandardExecution(t *testing.T) {
	st, ctx := newStand(t), t.Context()
	machine := aws.String(st.MachineARN("two"))
	started, err := st.client.StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: machine, Name: aws.String("one"), Input: aws.String(`{"n": 1.0}`)})
	if err != nil {
		t.Fatal(err)
	}
	if want := "arn:aws:states:us-east-1:000000000000:execution:two:one"; *started.ExecutionArn != want {
		t.Errorf("arn %s, want %s", *started.ExecutionArn, want)
	}
	st.wait("two", "one")

	described, err := st.client.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: started.ExecutionArn})
	if err != nil {
		t.Fatal(err)
	}
	if described.Status != types.ExecutionStatusSucceeded || *described.Output != `{"by":"first","second":{"by":"second"}}` ||
		*described.Input != `{"n":1.0}` || described.StopDate.Before(*described.StartDate) {
		t.Errorf("described as %+v", described)
	}
	listed, err := st.client.ListExecutions(ctx, &sfn.ListExecutionsInput{StateMachineArn: machine, StatusFilter: types.ExecutionStatusSucceeded})
	if err != nil || len(listed.Executions) != 1 || *listed.Executions[0].Name != "one" {
		t.Errorf("listed as %+v, %v", listed, err)
	}
}

func TestHistory(t *testing.T) {
	st, ctx := newStand(t), t.Context()
	arn, err := st.Start(ctx, "two", "one", nil)
	if err != nil {
		t.Fatal(err)
	}
	st.wait("two", "one")
	var got []string
	pages := sfn.NewGetExecutionHistoryPaginator(st.client, &sfn.GetExecutionHistoryInput{ExecutionArn: &arn, MaxResults: 3})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Events {
			got = append(got, fmt.Sprintf("%d<%d %s", e.Id, e.PreviousEventId, e.Type))
			if e.Type == types.HistoryEventTypeTaskScheduled && (*e.TaskScheduledEventDetails.Resource != "invoke" || *e.TaskScheduledEventDetails.ResourceType != "lambda") {
				t.Errorf("scheduled %+v", e.TaskScheduledEventDetails)
			}
			if e.Type == types.HistoryEventTypeLambdaFunctionSucceeded && *e.LambdaFunctionSucceededEventDetails.Output != `{"by":"second"}` {
				t.Errorf("succeeded with %s", *e.LambdaFunctionSucceededEventDetails.Output)
			}
			if e.Type == types.HistoryEventTypeTaskStateExited && e.StateExitedEventDetails.Name == nil {
				t.Errorf("exited without a name")
			}
		}
	}
	want := []string{
		"1<0 ExecutionStarted", "2<0 TaskStateEntered", "3<2 TaskScheduled", "4<3 TaskStarted", "5<4 TaskSucceeded", "6<5 TaskStateExited",
		"7<6 TaskStateEntered", "8<7 LambdaFunctionScheduled", "9<8 LambdaFunctionStarted", "10<9 LambdaFunctionSucceeded", "11<10 TaskStateExited",
		"12<11 ExecutionSucceeded",
	}
	if !slices.Equal(got, want) {
		t.Errorf("history\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
func TestStartIsIdempotentByName(t *testing.T) {
	st, ctx := newStand(t), t.Context()
	release := make(chan struct{})
	st.answering(func(ctx context.Context, _ string, _ []byte) ([]byte, string, error) {
		select {
		case <-release:
		case <-ctx.Done():
		}
		return []byte("{}"), "", ctx.Err()
	})
	start := func(name, input string) (string, error) {
		out, err := st.client.StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: aws.String(st.MachineARN("two")), Name: &name, Input: &input})
		if err != nil {
			return codeOf(err), err
		}
		return *out.ExecutionArn + out.StartDate.String(), nil
	}
	first, err := start("same", `{"a":1}`)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := start("same", ` {"a": 1}`); err != nil || again != first {
		t.Errorf("same name and input while it runs: %s, %v; want %s", again, err, first)
	}
	if code, _ := start("same", `{"a":2}`); code != "ExecutionAlreadyExists" {
		t.Errorf("another input: %s", code)
	}
	close(release)
	st.wait("two", "same")
	if code, _ := start("same", `{"a":1}`); code != "ExecutionAlreadyExists" {
		t.Errorf("after its end: %s", code)
	}
	if got := st.calls(); len(got) != 2 {
		t.Errorf("it ran more than once: %v", got)
	}
	a, errA := st.Start(ctx, "quick", "same", nil)
	b, errB := st.Start(ctx, "quick", "same", nil)
	if errA != nil || errB != nil || a == b || !strings.HasPrefix(a, "arn:aws:states:us-east-1:000000000000:express:quick:same:") {
		t.Errorf("Express executions are not idempotent: %s %s %v %v", a, b, errA, errB)
	}
}

func TestStartRefuses(t *testing.T) {
	st := newStand(t)
	for _, c := range []struct{ machine, name, input, code string }{
		{"none", "n", "{}", "StateMachineDoesNotExist"},
		{"two", "with space", "{}", "InvalidName"},
		{"two", "a/b", "{}", "InvalidName"},
		{"two", strings.Repeat("n", 81), "{}", "InvalidName"},
		{"two", "n", "{", "InvalidExecutionInput"},
		{"two", "n", `"` + strings.Repeat("n", maxInput) + `"`, "ValidationException"},
	} {
		_, err := st.client.StartExecution(t.Context(), &sfn.StartExecutionInput{StateMachineArn: aws.String(st.MachineARN(c.machine)), Name: &c.name, Input: &c.input})
		if got := codeOf(err); got != c.code {
			t.Errorf("%s %.20s %.20s: %s, want %s", c.machine, c.name, c.input, got, c.code)
		}
	}
	if _, err := st.client.DescribeExecution(t.Context(), &sfn.DescribeExecutionInput{ExecutionArn: aws.String(st.arn("execution", "two:none"))}); codeOf(err) != "ExecutionDoesNotExist" {
		t.Errorf("describing none: %v", err)
	}
	if _, err := st.client.DescribeExecution(t.Context(), &sfn.DescribeExecutionInput{ExecutionArn: aws.String(st.arn("express", "quick:n:id"))}); codeOf(err) != "InvalidArn" {
		t.Errorf("describing an Express execution: %v", err)
	}
}

func TestStartSyncExecution(t *testing.T) {
	st, ctx := newStand(t), t.Context()
	out, err := st.client.StartSyncExecution(ctx, &sfn.StartSyncExecutionInput{StateMachineArn: aws.String(st.MachineARN("quick")), Name: aws.String("now"), Input: aws.String(`{}`)})
	if err != nil {
		t.Fatal(err)
	}
	if out.Status != types.SyncExecutionStatusSucceeded || *out.Output != `{"by":"first","second":{"by":"second"}}` {
		t.Errorf("answer %+v", out)
	}
	if x, err := st.Describe("quick", "now"); err != nil || x.Status != "SUCCEEDED" || len(x.States) != 2 {
		t.Errorf("kept as %+v, %v", x, err)
	}
	st.answering(func(context.Context, string, []byte) ([]byte, string, error) {
		return []byte(`{"errorType":"Throttled","errorMessage":"slow down"}`), "Unhandled", nil
	})
	out, err = st.client.StartSyncExecution(ctx, &sfn.StartSyncExecutionInput{StateMachineArn: aws.String(st.MachineARN("quick"))})
	if err != nil || out.Status != types.SyncExecutionStatusFailed || *out.Error != "Throttled" || *out.Cause != `{"errorType":"Throttled","errorMessage":"slow down"}` {
		t.Errorf("answer %+v, %v", out, err)
	}
	_, err = st.client.StartSyncExecution(ctx, &sfn.StartSyncExecutionInput{StateMachineArn: aws.String(st.MachineARN("two"))})
	if codeOf(err) != "StateMachineTypeNotSupported" {
		t.Errorf("a Standard machine: %v", err)
	}
}

func TestFunctionThatDoesNotExist(t *testing.T) {
	st := newStand(t)
	st.answering(func(context.Context, string, []byte) ([]byte, string, error) {
		return nil, "", &protocol.Error{Status: 404, Code: "ResourceNotFoundException", Message: "Function not found: arn"}
	})
	if _, err := st.Start(t.Context(), "two", "n", nil); err != nil {
		t.Fatal(err)
	}
	x := st.wait("two", "n")
	if x.Error != "Lambda.ResourceNotFoundException" || !strings.HasPrefix(x.Cause, "Function not found: arn (Service: AWSLambda; Status Code: 404; Error Code: ResourceNotFoundException; Request ID: ") {
		t.Errorf("%s: %s", x.Error, x.Cause)
	}
}

func TestStopExecution(t *testing.T) {
	st, ctx := newStand(t), t.Context()
	st.answering(func(ctx context.Context, _ string, _ []byte) ([]byte, string, error) {
		<-ctx.Done()
		return nil, "", ctx.Err()
	})
	arn, err := st.Start(ctx, "two", "long", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := st.client.StopExecution(ctx, &sfn.StopExecutionInput{ExecutionArn: &arn, Error: aws.String("Enough"), Cause: aws.String("really")}); err != nil {
		t.Fatal(err)
	}
	described, err := st.client.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: &arn})
	if err != nil || described.Status != types.ExecutionStatusAborted || *described.Error != "Enough" || *described.Cause != "really" {
		t.Errorf("described as %+v, %v", described, err)
	}
}

func TestStateMachines(t *testing.T) {
	st, ctx := newStand(t), t.Context()
	create := &sfn.CreateStateMachineInput{Name: aws.String("made"), RoleArn: aws.String("arn:aws:iam::000000000000:role/r"), Definition: aws.String(twoSteps)}
	made, err := st.client.CreateStateMachine(ctx, create)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := st.client.CreateStateMachine(ctx, create); err != nil || *again.StateMachineArn != *made.StateMachineArn {
		t.Errorf("again: %+v, %v", again, err)
	}
	create.Definition = aws.String(strings.ReplaceAll(twoSteps, "Second", "Last"))
	if _, err := st.client.CreateStateMachine(ctx, create); codeOf(err) != "StateMachineAlreadyExists" {
		t.Errorf("another definition: %v", err)
	}
	for definition, message := range map[string]string{
		`{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"}}}`:                           "MISSING_TRANSITION_TARGET: Missing 'Next' target: B",
		`{"StartAt":"A","States":{"A":{"Type":"Pass","QueryLanguage":"JSONata","End":true}}}`: "QueryLanguage JSONata at /States/A/QueryLanguage",
	} {
		create.Definition = &definition
		if _, err := st.client.CreateStateMachine(ctx, create); codeOf(err) != "InvalidDefinition" || !strings.Contains(err.Error(), message) {
			t.Errorf("%s\n%v\nwant %s", definition, err, message)
		}
		valid, err := st.client.ValidateStateMachineDefinition(ctx, &sfn.ValidateStateMachineDefinitionInput{Definition: &definition})
		if err != nil || valid.Result != types.ValidateStateMachineDefinitionResultCodeFail || len(valid.Diagnostics) != 1 {
			t.Errorf("validation: %+v, %v", valid, err)
		}
	}
	if _, err := st.client.UpdateStateMachine(ctx, &sfn.UpdateStateMachineInput{StateMachineArn: made.StateMachineArn, Definition: aws.String(strings.ReplaceAll(twoSteps, "Second", "Last"))}); err != nil {
		t.Fatal(err)
	}
	st.close()
	st.start()
	described, err := st.client.DescribeStateMachine(ctx, &sfn.DescribeStateMachineInput{StateMachineArn: made.StateMachineArn})
	if err != nil || !strings.Contains(*described.Definition, "Last") || described.Type != types.StateMachineTypeStandard {
		t.Errorf("after a restart: %+v, %v", described, err)
	}
	listed, err := st.client.ListStateMachines(ctx, &sfn.ListStateMachinesInput{})
	if err != nil || len(listed.StateMachines) != 3 {
		t.Errorf("listed %+v, %v", listed, err)
	}
	if _, err := st.client.DeleteStateMachine(ctx, &sfn.DeleteStateMachineInput{StateMachineArn: made.StateMachineArn}); err != nil {
		t.Fatal(err)
	}
	if _, err := st.client.DescribeStateMachine(ctx, &sfn.DescribeStateMachineInput{StateMachineArn: made.StateMachineArn}); codeOf(err) != "StateMachineDoesNotExist" {
		t.Errorf("after deletion: %v", err)
	}
}
