// Package bench measures the whole system, through the doors that people and calendars use: how much it does in a second, what that costs in AWS
// calls, CPU and memory, and how long a function takes to start.
package bench

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
)

// concurrency is how many operations are under way at the same time.
const concurrency = 8

func TestMain(m *testing.M) { stacktest.Main(&reported{M: m}) }

// reported prints the tables after the benchmarks.
type reported struct{ *testing.M }

func (r *reported) Run() int {
	code := r.M.Run()
	printTables(os.Stdout)
	printSights(os.Stdout)
	printBill(os.Stdout)
	return code
}

// operation does something once, the nth time, and returns when it has had its effect.
type operation func(n int) error

// measure repeats an operation for as long as the benchmark lasts and reports what it costs. It returns how often it was done in all: n from 0 up.
func measure(b *testing.B, s *stacktest.Stack, name string, do operation) (done int) {
	b.Helper()
	all := begin(do)
	for range 4 * concurrency { // until as many processes as are needed have started
		all.next(b)
	}
	all.settle()
	s.Endpoint.Calls().Reset()
	before, first, since := usageNow(), all.n, time.Now()
	for b.Loop() {
		all.next(b)
	}
	all.end()
	took, used := time.Since(since), usageNow().minus(before)
	if all.err != nil {
		b.Fatal(all.err)
	}
	report(b, row{
		name: name, operations: all.n - first, took: took, used: used, calls: s.Endpoint.Calls().Counts(), peak: peak(s.Runtime.Peak()),
	})
	return all.n
}

// runners do an operation many times, concurrency at a time.
type runners struct {
	n    int // how often it was begun
	work chan int
	busy sync.WaitGroup // operations
	live sync.WaitGroup // goroutines

	failed chan struct{} // closed with err
	once   sync.Once
	err    error
}

func begin(do operation) *runners {
	r := &runners{work: make(chan int), failed: make(chan struct{})}
	for range concurrency {
		r.live.Go(func() {
			for n := range r.work {
				if err := do(n); err != nil {
					r.once.Do(func() { r.err = err; close(r.failed) })
				}
				r.busy.Done()
			}
		})
	}
	return r
}

// next begins the operation once more as soon as a runner is free.
func (r *runners) next(b *testing.B) {
	b.Helper()
	r.busy.Add(1)
	select {
	case r.work <- r.n:
		r.n++
	case <-r.failed:
		b.Fatal(r.err)
	}
}

// settle waits until no operation is under way.
func (r *runners) settle() { r.busy.Wait() }

// end waits for the operations and their runners.
func (r *runners) end() {
	close(r.work)
	r.live.Wait()
}

// finished waits for the end of the execution that a mail started.
func finished(s *stacktest.Stack, workflow, id string) error {
	return finishedWithin(s, workflow, id, stacktest.Patience)
}

// finishedWithin is finished for what takes longer.
func finishedWithin(s *stacktest.Stack, workflow, id string, patience time.Duration) error {
	machine := s.Wiring.Prefix() + "-" + workflow
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); <-tick.C {
		status, err := s.States.Status(machine, id)
		if err != nil || status == "RUNNING" { // not started yet, or not ended
			continue
		}
		if status != "SUCCEEDED" {
			return fmt.Errorf("%s %s: %s", workflow, id, status)
		}
		return nil
	}
	return fmt.Errorf("%s %s did not end within %v", workflow, id, patience)
}

// peak is the largest of the functions' peaks, in bytes.
func peak(of map[string]int64) (most int64) {
	for _, bytes := range of {
		most = max(most, bytes)
	}
	return most
}

// service is the part of a counted call before the colon.
func service(action string) string {
	name, _, _ := strings.Cut(action, ":")
	return name
}
