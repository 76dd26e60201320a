package e2e

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/handlers"
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

type state struct {
	Type, Comment, Next string
	TimeoutSeconds      int
	Parameters          map[string]any
	Retry               []struct {
		ErrorEquals    []string
		JitterStrategy string
		MaxAttempts    *int
	}
	Catch []struct{ ErrorEquals []string }
}

// Every state says why it is there; every task has a limit in time, retries what may pass with jitter, and catches what may not.
func TestStateMachinesLeaveNothingUnhandled(t *testing.T) {
	w := load(t)
	for name, flow := range w.Workflows {
		var machine struct {
			Comment        string
			TimeoutSeconds int
			States         map[string]state
		}
		if err := json.Unmarshal(w.Definitions[name], &machine); err != nil {
			t.Fatal(err)
		}
		if machine.Comment == "" || machine.TimeoutSeconds == 0 {
			t.Errorf("%s has no comment or no timeout", name)
		}
		called := map[string]bool{}
		for at, st := range machine.States {
			if st.Comment == "" {
				t.Errorf("%s: %s does not say what it is for", name, at)
			}
			if st.Type != "Task" {
				continue
			}
			function, known := w.FunctionOf(st.Parameters["FunctionName"].(string))
			if called[function] = true; !known || !slices.Contains(flow.Functions, function) {
				t.Errorf("%s: %s calls %s, which the workflow may not", name, at, function)
			}
			if st.TimeoutSeconds <= w.Functions[function].Timeout {
				t.Errorf("%s: %s waits %d s for a function of %d s", name, at, st.TimeoutSeconds, w.Functions[function].Timeout)
			}
			if len(st.Retry) == 0 || len(st.Catch) == 0 || !slices.Equal(st.Catch[len(st.Catch)-1].ErrorEquals, []string{"States.ALL"}) {
				t.Errorf("%s: %s lacks a Retry, or a Catch of everything", name, at)
			}
			for _, retry := range st.Retry {
				if retry.JitterStrategy != "FULL" || retry.MaxAttempts == nil {
					t.Errorf("%s: %s retries without jitter or without an end", name, at)
				}
				for _, kind := range []fault.Kind{fault.Throttled, fault.Unavailable, fault.Internal} {
					if !slices.Contains(retry.ErrorEquals, string(kind)) {
						t.Errorf("%s: %s does not retry %s", name, at, kind)
					}
				}
				for _, e := range retry.ErrorEquals {
					service, _, dotted := strings.Cut(e, ".")
					known := slices.Contains([]string{"Lambda", "Sandbox", "Runtime", "States"}, service)
					if !dotted && (fault.Kind(e).Known() != fault.Kind(e) || fault.Kind(e).Permanent()) || dotted && !known {
						t.Errorf("%s: %s retries %s, which nothing answers or which is permanent", name, at, e)
					}
				}
			}
		}
		for _, function := range flow.Functions {
			if !called[function] {
				t.Errorf("%s may call %s and never does", name, function)
			}
		}
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
