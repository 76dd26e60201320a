package crash

import (
	"slices"
	"strings"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
	"github.com/calendarinvite/calendarinviteserver/localstack/wiring"
)

// reads begin the names of the actions that leave everything as it was.
var reads = []string{"Get", "BatchGet", "Query", "List"}

// TestEveryFunctionIsDisturbed: every function that a workflow invokes, or that may change anything, is one whose calls fail in some operation.
// The others answer a GET of the REST API, or a page's, and can be asked again. So is every workflow for which Step Functions makes calls itself.
func TestEveryFunctionIsDisturbed(t *testing.T) {
	t.Parallel()
	w, err := wiring.Load(stacktest.Root(t), wiring.Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	disturbed, invoked, own := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, op := range operations {
		for _, function := range op.functions {
			if _, has := w.Functions[function]; !has {
				t.Errorf("%s: there is no function %s", op.name, function)
			}
			disturbed[function] = true
		}
		for _, workflow := range op.workflows {
			own[workflow] = true
		}
	}
	for name, workflow := range w.Workflows {
		if calls := slices.Concat(workflow.Starts, workflow.Reads, workflow.Writes); own[name] != (len(calls) > 0) {
			t.Errorf("the calls of %s to %v: disturbed %v", name, calls, own[name])
		}
		for _, function := range workflow.Functions {
			invoked[function] = true
		}
	}
	for name, function := range w.Functions {
		var writes []string
		for _, permission := range function.Permissions {
			for _, action := range w.Permissions[permission].Actions {
				_, verb, _ := strings.Cut(action, ":")
				if !slices.ContainsFunc(reads, func(prefix string) bool { return strings.HasPrefix(verb, prefix) }) {
					writes = append(writes, action)
				}
			}
		}
		switch needed := invoked[name] || len(writes) > 0; {
		case needed && !disturbed[name]:
			t.Errorf("no operation disturbs %s, which may %v", name, writes)
		case !needed && disturbed[name]:
			t.Errorf("%s only reads", name)
		}
	}
}
