package states

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
)

// starting is a machine that starts the machine "two" under the name in its input.
const starting = `{"StartAt":"Start","States":{
	"Start":{"Type":"Task","Resource":"arn:aws:states:::states:startExecution","Parameters":{
		"StateMachineArn":"arn:aws:states:us-east-1:000000000000:stateMachine:two","Name.$":"$.name","Input":{"n.$":"$.n","by.$":"$$.Execution.Id"}},
		"Catch":[{"ErrorEquals":["StepFunctions.ExecutionAlreadyExistsException"],"Next":"There"}],"End":true},
	"There":{"Type":"Pass","End":true}}}`

func (st *stand) startTwo(machine, name, input string) Execution {
	st.t.Helper()
	if _, err := st.Start(st.t.Context(), machine, name, []byte(input)); err != nil {
		st.t.Fatal(err)
	}
	return st.wait(machine, name)
}

func TestStartExecutionTask(t *testing.T) {
	st := newStand(t)
	if err := st.Define("starter", Standard, []byte(starting)); err != nil {
		t.Fatal(err)
	}
	hangs := st.hangIn("first")
	x := st.startTwo("starter", "one", `{"name":"told","n":1}`)
	<-hangs // it is not waited for
	var result struct {
		ExecutionArn string
		StartDate    int64
	}
	two, err := st.Describe("two", "told")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(x.Output, &result); err != nil || result.ExecutionArn != two.ARN || result.StartDate != two.Start.UnixMilli() {
		t.Errorf("%s: %s %v", x.Status, x.Output, err)
	}
	if want := `{"n":1,"by":"` + x.ARN + `"}`; string(two.Input) != want {
		t.Errorf("started with %s, want %s", two.Input, want)
	}
	// Another execution has another input, for it names itself.
	if x := st.startTwo("starter", "two", `{"name":"told","n":1}`); !strings.Contains(string(x.Output), `"Error":"StepFunctions.ExecutionAlreadyExistsException"`) ||
		!strings.Contains(string(x.Output), "(Service: AWSStepFunctions; Status Code: 400; Error Code: ExecutionAlreadyExists; Request ID: ") {
		t.Errorf("%s: %s", x.Status, x.Output)
	}
}

// The same name with the same input while it runs is the same execution.
func TestStartExecutionTaskIsIdempotent(t *testing.T) {
	st := newStand(t)
	if err := st.Define("starter", Standard, []byte(strings.Replace(starting, `,"by.$":"$$.Execution.Id"`, "", 1))); err != nil {
		t.Fatal(err)
	}
	hangs := st.hangIn("first")
	a := st.startTwo("starter", "a", `{"name":"told","n":1}`)
	<-hangs
	b := st.startTwo("starter", "b", `{"name":"told","n":1}`)
	arnOf := func(x Execution) string {
		var result struct{ ExecutionArn string }
		if err := json.Unmarshal(x.Output, &result); err != nil {
			t.Error(err)
		}
		return result.ExecutionArn
	}
	if arnOf(a) == "" || arnOf(a) != arnOf(b) {
		t.Errorf("%s\n%s", a.Output, b.Output)
	}
}

func TestStartExecutionTaskFails(t *testing.T) {
	st := newStand(t)
	st.close()
	st.change = func(cfg *Config) {
		cfg.MayStart = func(machine, target string) bool { return machine == "starter" && target == "two" }
	}
	st.start()
	st.answering(func(context.Context, string, []byte) ([]byte, string, error) { return []byte(`{}`), "", nil })
	for _, c := range []struct{ machine, definition, input, want string }{
		{"starter", starting, `{"name":"fine","n":1}`, ""},
		{"other", starting, `{"name":"not-allowed","n":1}`, "StepFunctions.AWSStepFunctionsException"},
		{"starter", starting, `{"name":"not a name","n":1}`, "StepFunctions.InvalidNameException"},
		{"starter", starting, `{"name":7,"n":1}`, "States.Runtime"},
		{"starter", strings.Replace(starting, "stateMachine:two", "stateMachine:none", 1), `{"name":"x","n":1}`, "StepFunctions.StateMachineDoesNotExistException"},
		{"starter", strings.Replace(starting, "arn:aws:states:us-east-1:000000000000:stateMachine:two", "two", 1), `{"name":"x","n":1}`, "StepFunctions.InvalidArnException"},
	} {
		if err := st.Define(c.machine, Standard, []byte(c.definition)); err != nil {
			t.Fatal(err)
		}
		x := st.startTwo(c.machine, strings.NewReplacer(" ", "-", `"`, "", "{", "", "}", "", ":", "", ",", "").Replace(c.machine+c.input+c.want), c.input)
		if x.Error != c.want {
			t.Errorf("%s: %s %s, want %s", c.input, x.Error, x.Cause, c.want)
		}
	}
	for _, parameters := range []string{``, `"Parameters":{"TraceHeader":"x"},`} {
		definition := `{"StartAt":"S","States":{"S":{"Type":"Task","Resource":"arn:aws:states:::states:startExecution",` + parameters + `"End":true}}}`
		if err := st.Define("wrong", Standard, []byte(definition)); err == nil {
			t.Errorf("%s is accepted", definition)
		}
	}
	if err := st.Define("wrong", Standard, []byte(`{"StartAt":"S","States":{"S":{"Type":"Task","Resource":"arn:aws:states:::states:startExecution.sync:2","Parameters":{},"End":true}}}`)); err == nil {
		t.Error("startExecution.sync:2 is accepted")
	}
}
