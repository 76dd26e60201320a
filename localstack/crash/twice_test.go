package crash

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/calendarinvite/calendarinviteserver/localstack/aws"
)

// TestEveryStepTwice runs every step twice with the same input, as Step Functions and Lambda may do ("at least once"). The second time changes
// nothing, and sends nothing.
func TestEveryStepTwice(t *testing.T) {
	t.Parallel()
	for _, op := range operations {
		t.Run(op.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, op.settings...)
			once := w.undisturbed(op)
			for _, function := range op.functions {
				r := w.newRun(op)
				if err := w.Faults.Add(aws.Fault{Function: function, Action: "lambda:Invoke", Kind: "twice", Times: -1}); err != nil {
					t.Fatal(err)
				}
				op.act(r)
				r.settle()
				if w.Faults.List()[0].Hits == 0 {
					t.Errorf("%s did not run twice", function)
				}
				w.Faults.Clear()
				r.allSucceeded(function + " twice")
				if diff := cmp.Diff(once.outcome, r.outcome()); diff != "" {
					t.Errorf("%s ran twice, and the outcome is another (-once +twice):\n%s", function, diff)
				}
			}
		})
	}
}
