package crash

import (
	"encoding/json"
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

// findFailures does what people do about a function that never answers. Executions that ended in a state that asks for it are started again with
// the same input; then everything must be as without. Where none did, the organizer must have been told; it returns what they were told.
func (r *run) findFailures(executions []states.Summary, undisturbed outcome) (told string) {
	r.t.Helper()
	again := map[string]string{} // the machine of each new execution
	for _, x := range executions[r.executions0:] {
		e, err := r.States.Describe(x.Machine, x.Name)
		if err != nil {
			r.t.Fatal(err)
		}
		end := r.end(e)
		switch {
		case x.Status == succeeded && !advice.MatchString(end.Comment):
			continue
		case x.Status != succeeded && (end.Type != "Fail" || e.Error == "" || e.Cause == ""):
			r.t.Errorf("execution %s of %s fails in a state of type %s, with the error %q %q", x.Name, x.Machine, end.Type, e.Error, e.Cause)
		case x.Status != succeeded && strings.HasSuffix(x.Machine, "-event-invite"):
			continue // whoever opened the link was told, and has opened it again
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
	if len(again) > 0 {
		return ""
	}
	for _, m := range r.sent()[r.mailsBefore:] {
		to := strings.Join(m.Recipients(), ",")
		if to == r.organizer() && undisturbed.Mails[r.alike(to+" "+m.Subject)] == 0 {
			return m.Subject
		}
	}
	return ""
}

// end is the state in which an execution has ended.
func (r *run) end(e states.Execution) state {
	r.t.Helper()
	var machine definition
	if err := json.Unmarshal(e.Definition, &machine); err != nil {
		r.t.Fatal(err)
	}
	name := ""
	for _, visit := range e.States {
		if visit.Within == "" {
			name = visit.Name
		}
	}
	return machine.States[name]
}
