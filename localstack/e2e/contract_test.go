package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/handlers"
	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
	"github.com/calendarinvite/calendarinviteserver/localstack/wiring"
)

func load(t *testing.T) *wiring.Wiring {
	t.Helper()
	w, err := wiring.Load(stacktest.Root(t), wiring.Overrides{Domain: "cis.localhost", APIURL: "http://127.0.0.1:8080"})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// One word for a step everywhere: HANDLER, the wiring, the state machines and the API name the same functions.
func TestStepsAndWiringAgree(t *testing.T) {
	w := load(t)
	var wired []string
	for name := range w.Functions {
		wired = append(wired, name)
	}
	slices.Sort(wired)
	if !slices.Equal(wired, handlers.Names()) {
		t.Errorf("wiring.yaml has %v\nthe registry has %v", wired, handlers.Names())
	}
	used := map[string]bool{"receive-mail": true} // SES invokes it
	for _, flow := range w.Workflows {
		for _, name := range flow.Functions {
			used[name] = true
		}
	}
	for _, name := range wired {
		if !used[name] && !strings.Contains(string(w.OpenAPI), "-"+name+"/invocations") {
			t.Errorf("nothing invokes %s", name)
		}
	}
}

// Every integration of the API contract invokes a function of the wiring.
func TestTheAPINamesKnownFunctions(t *testing.T) {
	w := load(t)
	integrations := strings.Split(string(w.OpenAPI), "/functions/")[1:]
	if len(integrations) == 0 {
		t.Fatal("openapi.yaml has no integrations")
	}
	for _, rest := range integrations {
		arn, _, _ := strings.Cut(rest, "/invocations")
		if name, known := w.FunctionOf(arn); !known {
			t.Errorf("openapi.yaml names %s, which is %q in the wiring", arn, name)
		}
	}
}

// machine is a state machine, or what a Map runs for each of its items.
type machine struct {
	Comment         string
	TimeoutSeconds  int
	StartAt         string
	ProcessorConfig struct{ Mode, ExecutionType string }
	States          map[string]state
}

type state struct {
	Type, Comment, Resource string
	TimeoutSeconds          int
	Parameters              map[string]any
	Retry                   []retrier
	Catch                   []struct{ ErrorEquals []string }

	ItemProcessor     *machine // of a Map, as what follows
	ItemReader        *struct{ Resource string }
	ItemBatcher       *struct{ MaxItemsPerBatch int }
	ResultWriter      *struct{ Resource string }
	MaxConcurrency    int
	Concurrency       string `json:"MaxConcurrencyPath"`
	ToleratedFailures *int   `json:"ToleratedFailurePercentage"`
}

type retrier struct {
	ErrorEquals    []string
	JitterStrategy string
	MaxAttempts    *int
}

// flows looks at the state machines, one after the other.
type flows struct {
	t    *testing.T
	w    *wiring.Wiring
	name string // of the workflow
	used map[string]bool
}

func (f flows) errorf(at, format string, args ...any) {
	f.t.Helper()
	f.t.Errorf("%s: %s %s", f.name, at, fmt.Sprintf(format, args...))
}

// Every state says why it is there; every task has a limit in time, retries what may pass with jitter, and catches what may not; whatever
// a workflow may call, start, read and write, it does.
func TestStateMachinesLeaveNothingUnhandled(t *testing.T) {
	w := load(t)
	for name, flow := range w.Workflows {
		var m machine
		if err := json.Unmarshal(w.Definitions[name], &m); err != nil {
			t.Fatal(err)
		}
		if m.Comment == "" || m.TimeoutSeconds == 0 {
			t.Errorf("%s has no comment or no timeout", name)
		}
		if flow.Express() && m.TimeoutSeconds >= 300 { // Step Functions quotas: an Express execution lasts five minutes
			t.Errorf("%s may take %d s", name, m.TimeoutSeconds)
		}
		f := flows{t, w, name, map[string]bool{}}
		f.machine(m)
		for kind, list := range map[string][]string{"call": flow.Functions, "start": flow.Starts} {
			for _, what := range list {
				if !f.used[what] {
					t.Errorf("%s may %s %s and never does", name, kind, what)
				}
			}
		}
		if f.used["reads"] != (len(flow.Reads) > 0) || f.used["writes"] != (len(flow.Writes) > 0) {
			t.Errorf("%s reads %v and writes %v; its states: %v", name, flow.Reads, flow.Writes, f.used)
		}
	}
}

func (f flows) machine(m machine) {
	f.t.Helper()
	for at, st := range m.States {
		if st.Comment == "" {
			f.errorf(at, "does not say what it is for")
		}
		switch st.Type {
		case "Task":
			f.task(at, st)
		case "Map":
			f.mapping(at, st)
			f.machine(*st.ItemProcessor)
		case "Choice", "Wait", "Succeed", "Fail", "Pass":
		default:
			f.errorf(at, "is a %s, which this test does not know", st.Type)
		}
	}
}

// task looks at a Task: it invokes a function, or starts another workflow.
func (f flows) task(at string, st state) {
	f.t.Helper()
	flow := f.w.Workflows[f.name]
	f.catchesAll(at, st)
	if len(st.Retry) == 0 {
		f.errorf(at, "retries nothing")
	}
	switch _, action, _ := strings.Cut(st.Resource, ":states:::"); action {
	case "lambda:invoke":
		ref, _ := st.Parameters["FunctionName"].(string)
		function, known := f.w.FunctionOf(ref)
		if f.used[function] = true; !known || !slices.Contains(flow.Functions, function) {
			f.errorf(at, "calls %q, which the workflow may not", ref)
		}
		if st.TimeoutSeconds <= f.w.Functions[function].Timeout {
			f.errorf(at, "waits %d s for a function of %d s", st.TimeoutSeconds, f.w.Functions[function].Timeout)
		}
		for _, retry := range st.Retry {
			for _, kind := range []fault.Kind{fault.Throttled, fault.Unavailable, fault.Internal} {
				if !slices.Contains(retry.ErrorEquals, string(kind)) {
					f.errorf(at, "does not retry %s", kind)
				}
			}
		}
	case "states:startExecution": // without .sync: the started one goes on alone
		ref, _ := st.Parameters["StateMachineArn"].(string)
		target, known := f.w.WorkflowOf(ref)
		if f.used[target] = true; !known || !slices.Contains(flow.Starts, target) {
			f.errorf(at, "starts %q, which the workflow may not", ref)
		}
		if st.Parameters["Name.$"] == nil || st.TimeoutSeconds == 0 {
			f.errorf(at, "starts an execution without a name, which a repeat starts again, or without a timeout")
		}
		if again := st.Retry[0]; !slices.Equal(again.ErrorEquals, []string{"StepFunctions.ExecutionAlreadyExistsException"}) || again.MaxAttempts == nil || *again.MaxAttempts != 0 {
			f.errorf(at, "does not take an execution that is there already for started")
		}
	default:
		f.errorf(at, "does %s, which this test does not know", st.Resource)
	}
	f.retries(at, st)
}

func (f flows) catchesAll(at string, st state) {
	f.t.Helper()
	if len(st.Catch) == 0 || !slices.Equal(st.Catch[len(st.Catch)-1].ErrorEquals, []string{"States.ALL"}) {
		f.errorf(at, "lacks a Catch of everything")
	}
}

func (f flows) retries(at string, st state) {
	f.t.Helper()
	for _, retry := range st.Retry {
		if retry.MaxAttempts == nil || *retry.MaxAttempts > 0 && retry.JitterStrategy != "FULL" {
			f.errorf(at, "retries %v without jitter or without an end", retry.ErrorEquals)
		}
		for _, e := range retry.ErrorEquals {
			service, _, dotted := strings.Cut(e, ".")
			known := slices.Contains([]string{"Lambda", "Sandbox", "Runtime", "States", "StepFunctions"}, service)
			if !dotted && (fault.Kind(e).Known() != fault.Kind(e) || fault.Kind(e).Permanent()) || dotted && !known {
				f.errorf(at, "retries %s, which nothing answers or which is permanent", e)
			}
		}
	}
}

// maxBatch is how many items a batch has: the functions behind it write up to 100 records in one transaction.
const maxBatch = 89

// mapping looks at a Map: inline over a short list in the data, or distributed over a list in S3.
func (f flows) mapping(at string, st state) {
	f.t.Helper()
	f.catchesAll(at, st)
	f.retries(at, st)
	if st.ItemProcessor == nil || st.MaxConcurrency == 0 && st.Concurrency == "" {
		f.errorf(at, "has no processor, or as many at once as there are items")
		return
	}
	switch st.ItemProcessor.ProcessorConfig.Mode {
	case "INLINE":
		if st.ItemReader != nil || st.ResultWriter != nil {
			f.errorf(at, "reads or writes S3 inline")
		}
	case "DISTRIBUTED":
		flow := f.w.Workflows[f.name]
		if flow.Express() || st.ItemProcessor.ProcessorConfig.ExecutionType != "EXPRESS" {
			f.errorf(at, "is distributed in an Express workflow, or its children are Standard ones")
		}
		if st.ItemReader == nil || !strings.HasSuffix(st.ItemReader.Resource, ":states:::s3:getObject") || len(st.Retry) == 0 {
			f.errorf(at, "reads no list, or does not try that again")
		}
		f.used["reads"] = true
		if st.ItemBatcher == nil || st.ItemBatcher.MaxItemsPerBatch != maxBatch {
			f.errorf(at, "has batches of %+v", st.ItemBatcher)
		}
		if st.ToleratedFailures == nil || *st.ToleratedFailures != 100 { // what failed is found in the records and sent in the next pass
			f.errorf(at, "ends with the first batch that fails")
		}
		if st.ResultWriter != nil {
			f.used["writes"] = true
		}
	default:
		f.errorf(at, "says not how it runs")
	}
}

// The production binary contains nothing of the local stack, and no template package whose reflection keeps every method of the SDK.
func TestProductionBinaryStaysAlone(t *testing.T) {
	list := exec.Command("go", "list", "-deps", "-tags", "lambda.norpc", ".")
	list.Dir = stacktest.Root(t)
	out, err := list.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, dep := range strings.Fields(string(out)) {
		if strings.Contains(dep, "/calendarinviteserver/localstack") || dep == "text/template" || dep == "html/template" {
			t.Errorf("the binary contains %s", dep)
		}
	}
}

// Every function can start with the settings that it gets, and gets none that it does not read.
func TestFunctionsReadTheirSettings(t *testing.T) {
	w := load(t)
	vault := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { // what a step asks for when it starts
		rw.Header().Set("Content-Type", "application/x-amz-json-1.1")
		fmt.Fprint(rw, `{"SecretString": "a secret of the test, long enough to seal with"}`)
	}))
	t.Cleanup(vault.Close)
	for name, function := range w.Functions {
		given, read := w.Environment(name), map[string]bool{}
		if given["INVITE_LINKS"] != "" {
			given["INVITE_LINKS"] = "signed" // which needs the most
		}
		given["AWS_ENDPOINT_URL"], given["AWS_ACCESS_KEY_ID"], given["AWS_SECRET_ACCESS_KEY"] = vault.URL, "test", "test"
		a := app.New(name, func(setting string) (string, bool) {
			read[setting] = true
			value, has := given[setting]
			return value, has
		}, io.Discard)
		construct, err := handlers.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		construct(t.Context(), a)
		if err := a.Err(); err != nil {
			t.Errorf("%s cannot start: %v", name, err)
		}
		for _, setting := range function.Settings {
			if !read[setting] {
				t.Errorf("%s gets %s and never reads it", name, setting)
			}
		}
	}
}
