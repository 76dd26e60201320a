package crash

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/calendarinvite/calendarinviteserver/localstack/aws"
)

// tried counts the points of a test.
type tried struct {
	mu        sync.Mutex
	points    map[string]int  // by operation
	functions map[string]bool // whose calls were hit
}

func (n *tried) add(op operation, points []point) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.points[op.name] += len(points)
	for _, p := range points {
		n.functions[p.Function] = true
	}
}

// TestFaultsAtEveryCall disturbs every workflow at every AWS call that its functions make and at every invocation of them: it fails before or
// after its effect, is throttled, meets another transaction, is done in part, or the process dies there. After the machine's own retries, those
// of mail deliveries and those of people, everything must be as without.
func TestFaultsAtEveryCall(t *testing.T) {
	t.Parallel()
	n := &tried{points: map[string]int{}, functions: map[string]bool{}}
	t.Run("of", func(t *testing.T) {
		for _, op := range operations {
			t.Run(op.name, func(t *testing.T) {
				t.Parallel()
				stacksOf(t, op, func(t *testing.T, w *world, share, of int) { disturb(t, op, w, share, of, n) })
			})
		}
	})
	all := 0
	for _, name := range slices.Sorted(maps.Keys(n.points)) {
		t.Logf("%4d points of %s", n.points[name], name)
		all += n.points[name]
	}
	t.Logf("%4d points in all", all)
}

func disturb(t *testing.T, op operation, w *world, share, of int, n *tried) {
	cold := w.undisturbed(op)
	warm := w.undisturbed(op)
	if diff := cmp.Diff(cold.outcome, warm.outcome); diff != "" {
		t.Fatalf("two undisturbed runs differ:\n%s", diff)
	}
	if len(warm.Mails) == 0 && len(warm.Records) == 0 && len(warm.Facts) == 0 {
		t.Fatal("an undisturbed run leaves nothing behind")
	}
	var mine []point
	for i, p := range pointsOf(op.functions, cold.calls, warm.calls) {
		if i%of == share {
			mine = append(mine, p)
		}
	}
	n.add(op, mine)
	for _, p := range mine {
		got := w.disturbed(op, p)
		got.forgive(warm.outcome, p)
		if diff := cmp.Diff(warm.outcome, got); diff != "" {
			t.Errorf("%s: the outcome is another (-undisturbed +disturbed):\n%s", p, diff)
		}
	}
}

// observed is an undisturbed run.
type observed struct {
	outcome
	calls []aws.Seen
}

func (w *world) undisturbed(op operation) observed {
	w.t.Helper()
	r := w.newRun(op)
	w.Faults.Record()
	op.act(r)
	r.settle()
	calls := w.Faults.Recorded()
	r.allSucceeded("undisturbed")
	return observed{r.outcome(), calls}
}

// disturbed is a run in which something happens at the point.
func (w *world) disturbed(op operation, p point) outcome {
	w.t.Helper()
	r := w.newRun(op)
	add := func(f aws.Fault) {
		if err := w.Faults.Add(f); err != nil {
			w.t.Fatal(err)
		}
	}
	fault := aws.Fault{Function: p.Function, Action: p.Action, Nth: p.nth, When: p.when, Kind: p.kind}
	if p.enough {
		fault.Times = -1
	}
	add(fault)
	add(aws.Fault{Function: p.Function, Action: "lambda:Invoke", Kind: "delay", Times: -1}) // counts the invocations
	if p.cold {
		add(aws.Fault{Function: p.Function, Action: p.firstCall(), Kind: "kill"}) // so that there is a new process
	}
	invocations := p.invocations()
	if p.cold {
		invocations++
	}
	stop := w.lift(func(list []aws.Fault) bool { return p.enough && list[1].Seen > invocations })
	op.act(r)
	r.settle()
	if hits := stop()[0].Hits; hits == 0 {
		w.t.Errorf("%s: did not happen", p)
	}
	w.Faults.Clear()
	r.allSucceeded(p.String())
	return r.outcome()
}

// lift ends all faults as soon as it is enough. It returns a function that stops looking and returns what became of the faults.
func (w *world) lift(enough func([]aws.Fault) bool) (stop func() []aws.Fault) {
	stopped, ended := make(chan struct{}), make(chan struct{})
	var list []aws.Fault
	go func() {
		defer close(ended)
		tick := time.NewTicker(3 * time.Millisecond)
		defer tick.Stop()
		for list = w.Faults.List(); !enough(list); list = w.Faults.List() {
			select {
			case <-tick.C:
			case <-stopped:
				list = w.Faults.List()
				return
			}
		}
		w.Faults.Clear()
	}()
	return func() []aws.Fault {
		close(stopped)
		<-ended
		return list
	}
}

// forgive takes away the second copies that there may be.
func (o outcome) forgive(undisturbed outcome, p point) {
	more := p.sesTookItAndNobodyNotedIt()
	for mail, n := range undisturbed.Mails {
		if got := o.Mails[mail]; got > n && got <= n+more {
			o.Mails[mail] = n
		}
	}
}

// allSucceeded checks that every execution of the run has ended well.
func (r *run) allSucceeded(what string) {
	r.t.Helper()
	for _, x := range r.executions()[r.executions0:] {
		if x.Status != "SUCCEEDED" {
			e, err := r.States.Describe(x.Machine, x.Name)
			if err != nil {
				r.t.Fatal(err)
			}
			r.t.Errorf("%s: execution %s of %s is %s: %s %s", what, x.Name, strings.TrimPrefix(x.Machine, r.Wiring.Prefix()+"-"), x.Status, e.Error, e.Cause)
		}
	}
}
