// Package lambda runs the project's functions as AWS Lambda does: the real binary, one process per concurrent invocation, spoken
// to over the Lambda Runtime API. Processes are started when first needed, used again, ended when idle, and never outlive the
// stack.
package lambda

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"path/filepath"
	"sync"
	"time"

	"github.com/calendarinvite/calendarinviteserver/localstack/child"
	"github.com/calendarinvite/calendarinviteserver/localstack/journal"
	"github.com/calendarinvite/calendarinviteserver/localstack/protocol"
	"github.com/calendarinvite/calendarinviteserver/localstack/wiring"
)

// Config is what a Runtime needs. Binary, Endpoint, Journal, DataDir and Wiring are required.
type Config struct {
	Wiring   *wiring.Wiring
	Binary   string      // the project's program; HANDLER says which function it is
	Endpoint string      // host:port of the AWS endpoint, where RuntimeAPI must be mounted at PathPrefix
	Journal  *journal.DB // keeps asynchronous invocations
	DataDir  string      // logs go to <DataDir>/logs/<function>.log

	Concurrency int             // processes per function; further invocations wait. Default 10
	IdleFor     time.Duration   // a process unused for so long is ended. Default 2 minutes
	RetryAfter  []time.Duration // pauses before asynchronous retries. Default 1 s, 2 s (AWS: 1 and 2 minutes)
	Environ     []string        // more NAME=value for every process, such as GOCOVERDIR=…

	// Fault says what is to go wrong with an invocation, for tests: it fails with err before the function sees it, or runs twice. May
	// be nil.
	Fault func(ctx context.Context, function string) (twice bool, err error)
}

// Result is what an invocation gave. A function that failed is a Result too: FunctionError is then "Unhandled" and the payload is
// {"errorMessage","errorType",…}.
type Result struct {
	Payload       []byte
	FunctionError string
	RequestID     string
	Duration      time.Duration // from handing the payload over to the answer; 0 if the process never asked for it
	Cold          bool          // a process was started for it
	Init          time.Duration // if so: from starting the process to its asking for work
	Log           []string      // the last lines that the process wrote
}

// ErrClosed is the error of every invocation after Close.
var ErrClosed = errors.New("lambda: the runtime is stopped")

// Runtime runs functions. Its methods may be called from many goroutines at once.
type Runtime struct {
	cfg    Config
	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	async  *journal.Bucket
	failed *journal.Bucket
	work   sync.WaitGroup // what Close waits for: processes' watchers and asynchronous invocations

	mu        sync.Mutex
	pools     map[string]*pool
	instances map[string]*instance // by id, alive
	peaks     map[string]int64     // by function, bytes
}

// New makes a Runtime that has started nothing yet.
func New(cfg Config) *Runtime {
	if cfg.Concurrency <= 0 {
		cfg.Concurrency = 10
	}
	if cfg.IdleFor <= 0 {
		cfg.IdleFor = 2 * time.Minute
	}
	if cfg.RetryAfter == nil {
		cfg.RetryAfter = []time.Duration{time.Second, 2 * time.Second}
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &Runtime{
		cfg: cfg, ctx: ctx, cancel: cancel,
		async:     cfg.Journal.Bucket("lambda-async"),
		failed:    cfg.Journal.Bucket("lambda-failed"),
		pools:     make(map[string]*pool),
		instances: make(map[string]*instance),
		peaks:     make(map[string]int64),
	}
	for name := range cfg.Wiring.Functions {
		r.pools[name] = newPool(cfg.Concurrency, newLog(filepath.Join(cfg.DataDir, "logs", name+".log")))
	}
	r.work.Add(1)
	go r.reap()
	return r
}

// Warm starts one process of every function without waiting for them, so that the first invocations find them ready, as Lambda does
// ahead of invocations ("proactive initialization"). A process that cannot start is told by the first invocation.
func (r *Runtime) Warm() {
	for function := range r.pools {
		if _, err := r.start(function, true); err != nil {
			return
		}
	}
}

// Close ends every process, waits until they are gone, and lets asynchronous invocations stay in the journal for the next start.
func (r *Runtime) Close() error {
	r.cancel()
	r.mu.Lock()
	for _, in := range r.instances {
		r.notePeak(in)
		in.kill()
	}
	r.mu.Unlock()
	r.work.Wait()
	var err error
	for _, p := range r.pools {
		err = errors.Join(err, p.log.close())
	}
	return err
}

// Invoke runs a function, named as in the wiring, and waits for its answer. It waits for a free process if all are busy. Its
// errors are about the call, not the function: an unknown function (*protocol.Error ResourceNotFoundException), ctx, ErrClosed.
// When ctx ends the function runs on, as it does on AWS when a caller hangs up.
func (r *Runtime) Invoke(ctx context.Context, function string, payload []byte) (Result, error) {
	p, ok := r.pools[function]
	if !ok {
		return Result{}, r.notFound(function)
	}
	if len(payload) == 0 {
		payload = []byte("{}")
	}
	if r.cfg.Fault != nil {
		twice, err := r.cfg.Fault(ctx, function)
		if err != nil {
			return Result{}, err
		}
		if twice {
			if result, err := r.run(ctx, p, function, payload); err != nil || result.FunctionError != "" {
				return result, err
			}
		}
	}
	return r.run(ctx, p, function, payload)
}

// run has one process work on the payload.
func (r *Runtime) run(ctx context.Context, p *pool, function string, payload []byte) (Result, error) {
	inv := &invocation{id: protocol.RequestID(), payload: payload, done: make(chan Result, 1)}
	if err := p.acquire(ctx, r.ctx); err != nil {
		return Result{}, err
	}
	for handed := false; !handed; {
		in := p.takeIdle()
		if in == nil {
			var err error
			if in, err = r.start(function, false); errors.Is(err, ErrClosed) {
				p.release()
				return Result{}, err
			} else if err != nil {
				p.release()
				return *failure("Runtime.InvalidEntrypoint", fmt.Sprintf("RequestId: %s Error: %v", inv.id, err)), nil
			}
			inv.cold = true
		}
		handed = in.offer(inv)
	}
	select {
	case result := <-inv.done:
		if r.ctx.Err() != nil && result.FunctionError != "" {
			return Result{}, ErrClosed // it was Close that ended the process
		}
		return result, nil
	case <-ctx.Done():
		return Result{}, context.Cause(ctx)
	}
}

func (r *Runtime) notFound(function string) error {
	return &protocol.Error{Status: 404, Code: "ResourceNotFoundException", Message: "Function not found: " + r.cfg.Wiring.FunctionARN(function)}
}

// Kill ends one process as if it had crashed; id is the session token that its AWS calls carry. It reports whether there was one.
func (r *Runtime) Kill(id string) bool {
	r.mu.Lock()
	in := r.instances[id]
	r.mu.Unlock()
	if in == nil {
		return false
	}
	r.rememberPeak(in)
	in.kill()
	return true
}

// Log returns the last lines that a function wrote, oldest first.
func (r *Runtime) Log(function string) []string {
	if p, ok := r.pools[function]; ok {
		return p.log.tail(ringSize)
	}
	return nil
}

// Peak is the largest resident memory, in bytes, that any one process of each function has had since it was started or since ResetPeak.
// It is read when an invocation has been answered and before a process is ended, so what a process takes right before it dies by itself
// may be missing.
func (r *Runtime) Peak() map[string]int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, in := range r.instances {
		r.notePeak(in)
	}
	return maps.Clone(r.peaks)
}

// ResetPeak begins to measure anew, also for the processes that run already, where the kernel can do that (it can on Linux).
func (r *Runtime) ResetPeak() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.peaks)
	for _, in := range r.instances {
		child.ResetPeakMemory(in.cmd.Process.Pid)
	}
}

// Processes counts the processes alive per function.
func (r *Runtime) Processes() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := make(map[string]int)
	for _, in := range r.instances {
		n[in.function]++
	}
	return n
}

// environ is the environment of a function's process. Nothing is inherited but where programs and the home folder are.
func (r *Runtime) environ(function, id string) []string {
	w, f := r.cfg.Wiring, r.cfg.Wiring.Functions[function]
	name := w.Prefix() + "-" + function
	env := map[string]string{
		"AWS_LAMBDA_RUNTIME_API":          r.cfg.Endpoint + PathPrefix + id,
		"AWS_LAMBDA_FUNCTION_NAME":        name,
		"AWS_LAMBDA_FUNCTION_VERSION":     "$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": fmt.Sprint(f.Memory),
		"AWS_LAMBDA_LOG_GROUP_NAME":       "/aws/lambda/" + name,
		"AWS_LAMBDA_LOG_STREAM_NAME":      id,
		"AWS_EXECUTION_ENV":               "AWS_Lambda_provided.al2023",
		"AWS_REGION":                      w.Region(),
		"AWS_DEFAULT_REGION":              w.Region(),
		"AWS_ENDPOINT_URL":                "http://" + r.cfg.Endpoint,
		"AWS_ACCESS_KEY_ID":               function, // how the endpoint knows who calls
		"AWS_SECRET_ACCESS_KEY":           "local",
		"AWS_SESSION_TOKEN":               id, // and which process it is
		"AWS_EC2_METADATA_DISABLED":       "true",
		"TZ":                              ":UTC",
	}
	for k, v := range w.Environment(function) {
		env[k] = v
	}
	list := append(inherited(), r.cfg.Environ...)
	for k, v := range env {
		list = append(list, k+"="+v)
	}
	return list
}

// Loopback is the host:port under which a process of this machine reaches a listener on addr, which may be ":4566" or "0.0.0.0:4566".
func Loopback(addr net.Addr) string {
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return addr.String()
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}
