package lambda

import (
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/calendarinvite/calendarinviteserver/localstack/child"
	"github.com/calendarinvite/calendarinviteserver/localstack/protocol"
)

// initLimit is how long a process may take until it first asks for work, unless its function's timeout is longer. AWS gives 10 s;
// a laptop that compiles at the same time needs more.
const initLimit = 30 * time.Second

// invocation is one call of a function.
type invocation struct {
	id      string
	payload []byte
	cold    bool
	started time.Time
	done    chan Result // holds one
}

// instance is one process of a function.
type instance struct {
	id       string
	function string
	runtime  *Runtime
	pool     *pool
	early    bool // started ahead of any invocation
	cmd      *exec.Cmd
	out      *lineWriter
	work     chan *invocation // holds one: what the process gets when it next asks
	gone     chan struct{}    // closed when the process has ended

	begun time.Time // when the process was started

	mu       sync.Mutex
	init     time.Duration // until it asked for work; 0 before
	current  *invocation   // offered or being worked on; nil while idle
	answer   *Result       // of current, until the process asks for more or ends
	limit    *time.Timer   // ends the process when start-up or current takes too long
	dead     bool
	lastUsed time.Time
}

// start begins a process for a function whose pool has a place. An early one is started ahead of any invocation and idle once it asks
// for work.
func (r *Runtime) start(function string, early bool) (*instance, error) {
	p := r.pools[function]
	in := &instance{
		id: protocol.RequestID(), function: function, runtime: r, pool: p, early: early,
		out:  &lineWriter{log: p.log},
		work: make(chan *invocation, 1),
		gone: make(chan struct{}),
	}
	in.cmd = exec.Command(r.cfg.Binary)
	in.cmd.Dir = filepath.Dir(r.cfg.Binary)
	in.cmd.Env = r.environ(function, in.id)
	in.cmd.Stdout, in.cmd.Stderr = in.out, in.out
	in.cmd.WaitDelay = time.Second // for output that a grandchild holds open
	child.Bind(in.cmd)

	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ctx.Err() != nil {
		return nil, ErrClosed
	}
	in.begun = time.Now()
	if err := in.cmd.Start(); err != nil {
		return nil, fmt.Errorf("lambda: start %s: %w", function, err)
	}
	r.instances[in.id] = in
	in.limit = time.AfterFunc(max(initLimit, r.timeout(function)), func() { in.expire(nil) })
	r.work.Add(1)
	go in.watch()
	return in, nil
}

func (r *Runtime) timeout(function string) time.Duration {
	return time.Duration(r.cfg.Wiring.Functions[function].Timeout) * time.Second
}

// offer gives an idle or fresh process its next invocation; false if the process has ended meanwhile.
func (in *instance) offer(inv *invocation) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.dead {
		return false
	}
	in.current = inv
	in.work <- inv
	return true
}

// begin notes that the process has taken inv, and by when it must have answered.
func (in *instance) begin(inv *invocation) (deadline time.Time) {
	in.mu.Lock()
	defer in.mu.Unlock()
	inv.started = time.Now()
	in.out.reset()
	timeout := in.runtime.timeout(in.function)
	in.limit.Stop()
	in.limit = time.AfterFunc(timeout, func() { in.expire(inv) })
	return inv.started.Add(timeout)
}

// respond keeps the answer to the invocation with that id; false if it is not the current one, or has been answered.
func (in *instance) respond(id string, payload []byte, functionError string) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.current == nil || in.current.id != id || in.answer != nil {
		return false
	}
	in.answer = &Result{Payload: payload, FunctionError: functionError}
	return true
}

// ready completes the current invocation, if any: the process asks for the next. An invocation is not complete before that
// (Lambda guide, "Custom runtimes"), so a process that dies after its answer never takes the next invocation with it.
func (in *instance) ready() {
	in.runtime.rememberPeak(in)
	in.mu.Lock()
	defer in.mu.Unlock()
	in.limit.Stop()
	if in.init == 0 {
		in.init = time.Since(in.begun)
		if in.early {
			in.lastUsed = time.Now()
			in.pool.putIdle(in)
			return
		}
	}
	if in.current == nil || in.answer == nil {
		return // the first time, its work is already waiting
	}
	settle := in.settle()
	in.lastUsed = time.Now()
	in.pool.putIdle(in)
	in.pool.release()
	settle() // last, so that who invokes again at once finds this process idle
}

// settle ends the current invocation with the answer; what it returns hands the result to who waits for it. in.mu is held.
func (in *instance) settle() func() {
	inv, result := in.current, *in.answer
	result.RequestID, result.Cold = inv.id, inv.cold
	if inv.cold {
		result.Init = in.init
	}
	if !inv.started.IsZero() {
		result.Duration = time.Since(inv.started)
	}
	result.Log = in.out.lines()
	in.current, in.answer = nil, nil
	return func() { inv.done <- result }
}

// expire ends the process because inv (or its start, when inv is nil) took too long.
func (in *instance) expire(inv *invocation) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.dead || in.current != inv && (inv != nil || in.started()) {
		return // it was in time after all
	}
	in.runtime.rememberPeak(in)
	if in.current != nil && in.answer == nil {
		seconds := in.runtime.timeout(in.function).Seconds()
		in.answer = failure("Sandbox.Timedout", fmt.Sprintf("RequestId: %s Error: Task timed out after %.2f seconds", in.current.id, seconds))
	}
	in.kill()
}

// started says that the process has asked for work at least once. in.mu is held.
func (in *instance) started() bool { return in.current == nil || !in.current.started.IsZero() }

// kill ends the process and all that it started.
func (in *instance) kill() { child.Kill(in.cmd) }

// watch waits for the process to end and settles what it leaves behind.
func (in *instance) watch() {
	r := in.runtime
	defer r.work.Done()
	err := in.cmd.Wait()
	in.out.flush()

	r.mu.Lock()
	delete(r.instances, in.id)
	r.mu.Unlock()
	in.pool.forget(in)

	in.mu.Lock()
	defer in.mu.Unlock()
	in.dead = true
	in.limit.Stop()
	close(in.gone)
	if in.current == nil {
		return
	}
	if in.answer == nil {
		in.answer = failure("Runtime.ExitError", fmt.Sprintf("RequestId: %s Error: Runtime exited %s", in.current.id, exitReason(err)))
	}
	settle := in.settle()
	in.pool.release()
	settle()
}

// exitReason words how a process ended as Lambda does.
func exitReason(err error) string {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return "with error: " + exit.String() // exit status 1; signal: killed
	}
	return "without providing a reason"
}

// failure is the result of an invocation that the platform, not the function, reports as failed.
func failure(errorType, message string) *Result {
	payload, _ := json.Marshal(struct { // strings always encode
		Type    string `json:"errorType"`
		Message string `json:"errorMessage"`
	}{errorType, message})
	return &Result{Payload: payload, FunctionError: unhandled}
}

// unhandled is the X-Amz-Function-Error of every failed function of a custom runtime.
const unhandled = "Unhandled"

// reap ends processes that have been idle for too long.
func (r *Runtime) reap() {
	defer r.work.Done()
	tick := time.NewTicker(max(r.cfg.IdleFor/4, 10*time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-r.ctx.Done():
			return
		case now := <-tick.C:
			for _, p := range r.pools {
				for _, in := range p.snapshot() {
					in.mu.Lock()
					old := now.Sub(in.lastUsed) > r.cfg.IdleFor
					in.mu.Unlock()
					if old && p.forget(in) { // else it has just been given work
						r.rememberPeak(in)
						in.kill()
					}
				}
			}
		}
	}
}
