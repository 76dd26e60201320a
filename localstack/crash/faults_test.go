package crash

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/calendarinvite/calendarinviteserver/localstack/aws"
)

// sample is the share of the points that a short run (go test -short) tries: every so many.
const sample = 12

// TestFaultsAtEveryCall disturbs every workflow, and every page and route that writes, at every AWS call that its functions make, at every
// invocation of them, and at every call that Step Functions itself makes for it: it fails before or after its effect, is throttled, meets another transaction, is done in part, runs twice, or the process
// dies there. After the machine's own retries, those of mail deliveries and those of people, everything must be as without.
func TestFaultsAtEveryCall(t *testing.T) {
	t.Parallel()
	plans := make([]*plan, len(operations))
	t.Run("of", func(t *testing.T) {
		for i, op := range operations {
			plans[i] = &plan{op: op}
			for n := range plans[i].stacks() {
				t.Run(fmt.Sprintf("%s/stack %d", op.name, n+1), func(t *testing.T) {
					t.Parallel()
					plans[i].work(t)
				})
			}
		}
	})
	all, possible, again := map[string]int{}, 0, 0
	for _, p := range plans {
		again += int(p.again.Load())
		if p.possible == 0 {
			continue // go test -run chose others
		}
		t.Logf("%4d points of %s", len(p.points), p.op.name)
		possible += p.possible
		for _, point := range p.points {
			all[point.disturbance.String()+" "+point.when]++
		}
	}
	t.Logf("%4d facts came again, under their ids", again)
	tried := 0
	for _, what := range slices.Sorted(maps.Keys(all)) {
		t.Logf("%4d × %s", all[what], what)
		tried += all[what]
	}
	if tried < possible {
		t.Logf("%4d points in all: a SAMPLE, because the run is short; there are %d", tried, possible)
		return
	}
	t.Logf("%4d points in all", tried)
}

// plan is what is tried of an operation, by all stacks that work on it.
type plan struct {
	op       operation
	once     sync.Once
	outcome  outcome // of an undisturbed run
	points   []point
	possible int          // points that there are
	taken    atomic.Int64 // points that a stack has begun
	again    atomic.Int64 // facts that were told again
}

// stacks is how many work on the plan.
func (p *plan) stacks() int {
	if testing.Short() {
		return 1
	}
	return max(1, p.op.stacks)
}

// make runs the operation with new processes, and with old ones, and looks at what they call.
func (p *plan) make(w *world) {
	w.t.Helper()
	cold := w.undisturbed(p.op)
	warm := w.undisturbed(p.op)
	if diff := gocmp.Diff(cold.outcome, warm.outcome); diff != "" {
		w.t.Fatalf("two undisturbed runs differ:\n%s", diff)
	}
	if len(warm.Mails) == 0 && len(warm.Records) == 0 && len(warm.Facts) == 0 {
		w.t.Fatal("an undisturbed run leaves nothing behind")
	}
	for _, caller := range slices.Concat(p.op.functions, p.op.workflows) {
		if len(callsOf(warm.calls, caller)) == 0 {
			w.t.Errorf("%s calls nothing", caller)
		}
	}
	points := append(pointsOf(p.op.functions, w.steps(), cold.calls, warm.calls), ownPoints(p.op.workflows, warm.calls)...)
	p.outcome, p.possible = warm.outcome, len(points)
	if testing.Short() {
		for i, point := range points {
			if i%sample == 0 {
				p.points = append(p.points, point)
			}
		}
		return
	}
	p.points = points
	slices.SortStableFunc(p.points, func(a, b point) int { return cmp.Compare(b.slow(), a.slow()) }) // lest one stack works long after the others
}

// steps are the functions that a state machine invokes.
func (w *world) steps() map[string]bool {
	all := map[string]bool{}
	for _, workflow := range w.Wiring.Workflows {
		for _, function := range workflow.Functions {
			all[function] = true
		}
	}
	return all
}

// take is the next point that no stack has begun; nil when there is none.
func (p *plan) take() *point {
	n := int(p.taken.Add(1)) - 1
	if n >= len(p.points) {
		return nil
	}
	return &p.points[n]
}

// work has a new stack try points until there are none.
func (p *plan) work(t *testing.T) {
	if taken := int(p.taken.Load()); taken > 0 && taken >= len(p.points) {
		return
	}
	w := newWorld(t, p.op.pace, p.op.settings...)
	first := false
	p.once.Do(func() {
		first = true
		p.make(w)
	})
	if !first {
		if diff := gocmp.Diff(p.outcome, w.undisturbed(p.op).outcome); diff != "" { // which starts the functions' processes, too
			t.Fatalf("undisturbed runs of two stacks differ:\n%s", diff)
		}
	}
	defer func() { p.again.Add(int64(w.receiver.again)) }()
	for point := p.take(); point != nil; point = p.take() {
		got := w.disturbed(p.op, *point, p.outcome)
		got.forgive(p.outcome, *point)
		if diff := gocmp.Diff(p.outcome, got); diff != "" {
			t.Errorf("%s: the outcome is another (-undisturbed +disturbed):\n%s", point, diff)
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
	executions := r.settle()
	calls := w.Faults.Recorded()
	if failed := r.failed(executions); len(failed) > 0 {
		r.t.Errorf("undisturbed: %s", failed)
	}
	return observed{r.outcome(), calls}
}

// disturbed is a run in which something happens at the point. Where a person was told that it failed for good, and the machine needs no other,
// the outcome is the undisturbed one.
func (w *world) disturbed(op operation, p point, undisturbed outcome) outcome {
	w.t.Helper()
	r := w.newRun(op)
	add := func(f aws.Fault) {
		if err := w.Faults.Add(f); err != nil {
			w.t.Fatal(err)
		}
	}
	fault := aws.Fault{Function: p.Function, Action: p.Action, Nth: p.nth, When: p.when, Kind: p.kind}
	if p.until != once {
		fault.Times = -1
	}
	add(fault)
	add(aws.Fault{Function: p.Function, Action: invoke, Kind: "delay", Times: -1}) // counts the invocations
	if p.cold {
		add(aws.Fault{Function: p.Function, Action: p.firstCall(), Kind: "kill"}) // so that there is a new process
	}
	invocations := p.invocations()
	if p.cold {
		invocations++
	}
	stop := w.Faults.List
	switch p.until {
	case stepFails:
		stop = w.lift(5*time.Millisecond, func(list []aws.Fault) bool { return list[1].Seen > invocations })
	case executionFails:
		stop = w.lift(50*time.Millisecond, func([]aws.Fault) bool { return len(r.failed(r.executions())) > 0 })
	}
	defer stop() // also when the test ends here
	op.act(r)
	executions := r.settle()
	if hits := stop()[0].Hits; hits == 0 {
		w.t.Errorf("%s: did not happen", p)
	}
	w.Faults.Clear()
	told := ""
	if p.until == executionFails {
		told = r.findFailures(executions, undisturbed)
	} else if failed := r.failed(executions); len(failed) > 0 {
		r.t.Errorf("%s: %s", p, failed)
	}
	got := r.outcome() // which compares the sums with the records
	if told != "" {
		return undisturbed
	}
	if op.statement && r.insisted > 0 {
		got.Facts = slices.Compact(got.Facts)
	}
	return got
}

// lift ends all faults as soon as it is enough, at which it looks so often. It returns a function that stops looking and returns what became
// of the faults.
func (w *world) lift(often time.Duration, enough func([]aws.Fault) bool) (stop func() []aws.Fault) {
	stopped, ended := make(chan struct{}), make(chan struct{})
	var list []aws.Fault
	go func() {
		defer close(ended)
		tick := time.NewTicker(often)
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
	return sync.OnceValue(func() []aws.Fault {
		close(stopped)
		<-ended
		return list
	})
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
