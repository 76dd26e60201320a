package crash

import (
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/calendarinvite/calendarinviteserver/localstack/aws"
)

// TestEveryStepTwice runs every step twice with the same input, as Step Functions and Lambda may do ("at least once"): all steps of every
// operation in one run. The second time changes nothing, and sends nothing. TestFaultsAtEveryCall runs each function twice alone; so also
// receive-mail, which starts executions.
func TestEveryStepTwice(t *testing.T) {
	t.Parallel()
	alike := map[string][]operation{} // those that one stack can do
	for _, op := range operations {
		settings := strings.Join(op.settings, " ")
		alike[settings] = append(alike[settings], op)
	}
	for settings, ops := range alike {
		t.Run(settings, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 0, ops[0].settings...)
			for _, op := range ops {
				once := w.undisturbed(op)
				r := w.newRun(op)
				for function := range w.Wiring.Functions {
					if function == "receive-mail" {
						continue
					}
					if err := w.Faults.Add(aws.Fault{Function: function, Action: invoke, Kind: "twice", Times: -1}); err != nil {
						t.Fatal(err)
					}
				}
				w.Faults.Record()
				op.act(r)
				executions := r.settle()
				calls := w.Faults.Recorded()
				w.Faults.Clear()
				if failed := r.failed(executions); len(failed) > 0 {
					t.Errorf("%s: %s", op.name, failed)
				}
				for _, function := range op.functions {
					if len(callsOf(calls, function)) == 0 {
						t.Errorf("%s: %s did not run", op.name, function)
					}
				}
				if diff := gocmp.Diff(once.outcome, r.outcome()); diff != "" {
					t.Errorf("%s: every step ran twice, and the outcome is another (-once +twice):\n%s", op.name, diff)
				}
			}
		})
	}
}
