package crash

import (
	"fmt"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/localstack/states"
)

// failures are executions that have failed.
type failures []states.Summary

func (f failures) String() string {
	var all []string
	for _, x := range f {
		all = append(all, fmt.Sprintf("execution %s of %s is %s", x.Name, x.Machine, x.Status))
	}
	return strings.Join(all, "; ")
}

// startAgain starts executions that have failed once more with the same input, as a person does who finds them. Each must have ended in a state
// that is named for it.
func (r *run) startAgain(all failures) {
	r.t.Helper()
	again := map[string]string{} // the machine of each new execution
	for _, x := range all {
		e, err := r.States.Describe(x.Machine, x.Name)
		if err != nil {
			r.t.Fatal(err)
		}
		if end := e.States[len(e.States)-1]; end.Type != "Fail" || e.Error == "" || e.Cause == "" {
			r.t.Errorf("execution %s of %s fails in the state %s, with the error %q %q", x.Name, x.Machine, end.Name, e.Error, e.Cause)
		}
		name := "again-" + x.Name
		name = name[:min(len(name), 80)] // the longest name of an execution
		again[name] = x.Machine
		if _, err := r.States.Start(r.t.Context(), x.Machine, name, x.Input); err != nil {
			r.t.Fatal(err)
		}
	}
	r.settle()
	for name, machine := range again {
		if status, err := r.States.Status(machine, name); err != nil || status != succeeded {
			r.t.Errorf("execution %s of %s, which was started again, is %s: %v", name, machine, status, err)
		}
	}
}
