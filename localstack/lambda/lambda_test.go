package lambda

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	runtime "github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/calendarinvite/calendarinviteserver/localstack/journal"
	"github.com/calendarinvite/calendarinviteserver/localstack/wiring/wiringtest"
)

// TestMain makes the test binary a function when the runtime under test starts it as one.
func TestMain(m *testing.M) {
	if os.Getenv("AWS_LAMBDA_RUNTIME_API") != "" {
		fmt.Println("started")
		if os.Getenv("HANDLER") == "broken" {
			fmt.Fprintln(os.Stderr, "a setting is missing")
			os.Exit(3)
		}
		runtime.Start(function)
	}
	os.Exit(m.Run())
}

type order struct {
	Do    string `json:"do"`
	Value string `json:"value,omitempty"`
	Path  string `json:"path,omitempty"`
}

func function(ctx context.Context, in order) (any, error) {
	switch in.Do {
	case "echo":
		fmt.Println("echo", in.Value)
		return map[string]any{"value": in.Value, "handler": os.Getenv("HANDLER"), "pid": os.Getpid()}, nil
	case "env":
		lc, _ := lambdacontext.FromContext(ctx)
		deadline, _ := ctx.Deadline()
		return map[string]any{"env": os.Environ(), "arn": lc.InvokedFunctionArn, "left": time.Until(deadline).Seconds()}, nil
	case "named error":
		return nil, messages.InvokeResponse_Error{Type: "Conflict", Message: "it is so already"}
	case "panic":
		panic("oh")
	case "grow":
		sum := grow()
		debug.FreeOSMemory()
		return sum, nil
	case "exit":
		os.Exit(7)
	case "hang":
		<-time.After(time.Minute)
	case "meet": // returns when Value processes are at it
		f, err := os.OpenFile(in.Path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			return nil, err
		}
		fmt.Fprintln(f, os.Getpid())
		f.Close()
		for ctx.Err() == nil {
			if b, _ := os.ReadFile(in.Path); fmt.Sprint(strings.Count(string(b), "\n")) >= in.Value {
				return os.Getpid(), nil
			}
			time.Sleep(time.Millisecond)
		}
		return nil, ctx.Err()
	case "fail until": // fails, and leaves a mark, until there are Value marks
		f, err := os.OpenFile(in.Path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			return nil, err
		}
		fmt.Fprintln(f, "x")
		f.Close()
		b, _ := os.ReadFile(in.Path)
		if fmt.Sprint(strings.Count(string(b), "\n")) < in.Value {
			return nil, errors.New("not yet")
		}
		return "done", nil
	}
	return nil, nil
}

// grow takes 64 MiB, which are free again when it returns.
func grow() (sum byte) {
	taken := make([]byte, 64<<20)
	for i := range taken {
		taken[i] = 1
	}
	for _, b := range taken {
		sum += b
	}
	return sum
}

const functions = `
functions:
  one: {memory: 128, timeout: 20, settings: [MAIL_BUCKET], permissions: []}
  two: {memory: 256, timeout: 20}
  quick: {memory: 128, timeout: 1}
  broken: {memory: 128, timeout: 5}
`

type fixture struct {
	*Runtime
	server *http.Server
}

func start(t *testing.T, dir string, change func(*Config)) fixture {
	t.Helper()
	j, err := journal.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{Wiring: wiringtest.Load(t, functions), Binary: os.Args[0], Endpoint: Loopback(l.Addr()), Journal: j, DataDir: dir, RetryAfter: []time.Duration{time.Millisecond, time.Millisecond}}
	if change != nil {
		change(&cfg)
	}
	r := New(cfg)
	mux := http.NewServeMux()
	mux.Handle(PathPrefix, r.RuntimeAPI())
	mux.Handle("/2015-03-31/", r.API())
	s := &http.Server{Handler: mux}
	go func() { _ = s.Serve(l) }() // ends with Close
	t.Cleanup(func() {
		r.Close()
		s.Close()
		j.Close()
	})
	return fixture{r, s}
}

func (f fixture) do(t *testing.T, function string, in order) Result {
	t.Helper()
	payload, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	result, err := f.Invoke(t.Context(), function, payload)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestInvokeReusesTheProcess(t *testing.T) {
	f := start(t, t.TempDir(), nil)
	first := f.do(t, "one", order{Do: "echo", Value: "hello"})
	if first.FunctionError != "" || !strings.Contains(string(first.Payload), `"value":"hello"`) || !strings.Contains(string(first.Payload), `"handler":"one"`) || !first.Cold || first.Init <= 0 || first.Duration <= 0 {
		t.Fatalf("first = %+v %s", first, first.Payload)
	}
	for range 20 {
		if next := f.do(t, "one", order{Do: "echo", Value: "hello"}); next.Cold || next.Init != 0 || string(next.Payload) != string(first.Payload) {
			t.Fatalf("not the same process: %s, %s", first.Payload, next.Payload)
		}
	}
	if n := f.Processes()["one"]; n != 1 {
		t.Fatalf("%d processes", n)
	}
	if peak := f.Peak()["one"]; peak < 1<<20 || peak > 200<<20 {
		t.Errorf("peak memory = %d bytes", peak)
	}
	waitFor(t, func() bool { return len(f.Log("one")) >= 2 }) // a process's lines come apart from its answers
	if log := f.Log("one"); log[0] != "started" || log[1] != "echo hello" {
		t.Errorf("log = %q", log)
	}
}

// Every function has a process that asked for work before anybody invoked it; one that cannot start is no harm to the others.
func TestWarmFunctionsAnswerWithoutAColdStart(t *testing.T) {
	f := start(t, t.TempDir(), nil)
	f.Warm()
	for _, function := range []string{"one", "two"} {
		pool := f.pools[function]
		for deadline := time.Now().Add(20 * time.Second); len(pool.snapshot()) == 0; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s has no idle process", function)
			}
		}
		if got := f.do(t, function, order{Do: "echo", Value: "hello"}); got.Cold || got.FunctionError != "" {
			t.Errorf("%s: %+v %s", function, got, got.Payload)
		}
		if n := f.Processes()[function]; n != 1 {
			t.Errorf("%s: %d processes", function, n)
		}
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv("MY_OWN_SECRET", "x")
	f := start(t, t.TempDir(), func(c *Config) { c.Environ = []string{"EXTRA=yes"} })
	var got struct {
		Env  []string
		Arn  string
		Left float64
	}
	if err := json.Unmarshal(f.do(t, "one", order{Do: "env"}).Payload, &got); err != nil {
		t.Fatal(err)
	}
	env := "\n" + strings.Join(got.Env, "\n") + "\n"
	for _, want := range []string{"HANDLER=one", "MAIL_BUCKET=cis-mail", "REGION=us-east-1", "AWS_REGION=us-east-1", "LOG_LEVEL=info", "AWS_ACCESS_KEY_ID=one", "AWS_SECRET_ACCESS_KEY=local",
		"AWS_ENDPOINT_URL=http://" + f.cfg.Endpoint, "AWS_LAMBDA_FUNCTION_NAME=cis-one", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128", "EXTRA=yes"} {
		if !strings.Contains(env, "\n"+want+"\n") {
			t.Errorf("the environment lacks %s", want)
		}
	}
	if strings.Contains(env, "MY_OWN_SECRET") {
		t.Error("the stack's own environment reached a function")
	}
	if got.Arn != "arn:aws:lambda:us-east-1:000000000000:function:cis-one" || got.Left < 15 || got.Left > 20 {
		t.Errorf("arn %s, %v seconds left", got.Arn, got.Left)
	}
}

func TestFailures(t *testing.T) {
	f := start(t, t.TempDir(), nil)
	tests := []struct{ name, function, do, errorType, message string }{
		{"a named error keeps its name", "one", "named error", "Conflict", "it is so already"},
		{"a panic", "one", "panic", "string", "oh"},
		{"a crash", "one", "exit", "Runtime.ExitError", "Runtime exited with error: exit status 7"},
		{"a time-out", "quick", "hang", "Sandbox.Timedout", "Task timed out after 1.00 seconds"},
		{"a process that ends while it starts", "broken", "echo", "Runtime.ExitError", "Runtime exited with error: exit status 3"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			result := f.do(t, test.function, order{Do: test.do})
			var got struct{ ErrorType, ErrorMessage string }
			if err := json.Unmarshal(result.Payload, &got); err != nil {
				t.Fatal(err)
			}
			if result.FunctionError != "Unhandled" || got.ErrorType != test.errorType || !strings.Contains(got.ErrorMessage, test.message) {
				t.Fatalf("FunctionError %q, payload %s", result.FunctionError, result.Payload)
			}
		})
	}
	if result := f.do(t, "one", order{Do: "echo", Value: "again"}); result.FunctionError != "" {
		t.Fatalf("after a crash: %s", result.Payload)
	}
	waitFor(t, func() bool {
		log := f.Log("broken")
		return len(log) > 0 && log[len(log)-1] == "a setting is missing"
	})
	if _, err := f.Invoke(t.Context(), "none", nil); err == nil || !strings.Contains(err.Error(), "ResourceNotFoundException") {
		t.Errorf("an unknown function: %v", err)
	}
}

func TestConcurrencyIsCapped(t *testing.T) {
	f := start(t, t.TempDir(), func(c *Config) { c.Concurrency = 3 })
	mark := t.TempDir() + "/mark"
	var wg sync.WaitGroup
	for range 9 {
		wg.Go(func() { f.do(t, "one", order{Do: "meet", Value: "3", Path: mark}) }) // needs 3 at once
	}
	wg.Wait()
	if n := f.Processes()["one"]; n != 3 {
		t.Fatalf("%d processes; want 3", n)
	}
	f.do(t, "two", order{Do: "echo"}) // another function has places of its own
}

func TestACallerThatLeavesWhileWaitingLeavesNothing(t *testing.T) {
	f := start(t, t.TempDir(), func(c *Config) { c.Concurrency = 1 })
	mark := t.TempDir() + "/mark"
	first := make(chan Result)
	go func() { first <- f.do(t, "one", order{Do: "meet", Value: "2", Path: mark}) }()
	waitFor(t, func() bool { b, _ := os.ReadFile(mark); return len(b) > 0 })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := f.Invoke(ctx, "one", nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("err = %v", err)
	}
	if err := os.WriteFile(mark, []byte("1\n2\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if result := <-first; result.FunctionError != "" {
		t.Fatalf("first = %s", result.Payload)
	}
	f.do(t, "one", order{Do: "echo"})
}

func TestIdleProcessesEnd(t *testing.T) {
	f := start(t, t.TempDir(), func(c *Config) { c.IdleFor = 50 * time.Millisecond })
	f.do(t, "one", order{Do: "echo"})
	waitFor(t, func() bool { return f.Processes()["one"] == 0 })
	if f.Peak()["one"] == 0 {
		t.Error("the memory of ended processes is forgotten")
	}
	if again := f.do(t, "one", order{Do: "echo"}); !again.Cold {
		t.Error("no fresh process")
	}
}

// The peak is each function's own, outlives its processes, and can be measured anew.
func TestPeakMemory(t *testing.T) {
	const grown = 64 << 20
	f := start(t, t.TempDir(), nil)
	f.do(t, "one", order{Do: "grow"})
	f.do(t, "two", order{Do: "echo"})
	first := f.Peak()
	if first["one"] < grown || first["two"] == 0 || first["two"] >= first["one"]-grown/2 {
		t.Fatalf("peaks %v", first)
	}
	f.ResetPeak()
	f.do(t, "one", order{Do: "echo"}) // the same process
	again := f.Peak()
	if again["one"] == 0 || again["one"] > first["one"]-grown/2 || again["two"] == 0 {
		t.Errorf("after the reset %v, before %v", again, first)
	}
	f.do(t, "one", order{Do: "grow"})
	f.do(t, "one", order{Do: "exit"})
	waitFor(t, func() bool { return f.Processes()["one"] == 0 })
	if last := f.Peak(); last["one"] < again["one"]+grown/2 {
		t.Errorf("after the process has gone %v, before %v", last, again)
	}
}

// A fault strikes before the function sees anything, and a retry is then an invocation like any other.
func TestFaults(t *testing.T) {
	var faults []string
	f := start(t, t.TempDir(), func(c *Config) {
		c.Fault = func(_ context.Context, function string) (bool, error) {
			faults = append(faults, function)
			switch len(faults) {
			case 1:
				return false, errors.New("throttled")
			case 2:
				return true, nil
			}
			return false, nil
		}
	})
	if _, err := f.Invoke(t.Context(), "one", []byte(`{"do":"echo","value":"a"}`)); err == nil || err.Error() != "throttled" {
		t.Errorf("err = %v", err)
	}
	if n := f.Processes()["one"]; n != 0 {
		t.Errorf("%d processes", n)
	}
	for _, value := range []string{"b", "c"} {
		f.do(t, "one", order{Do: "echo", Value: value})
	}
	waitFor(t, func() bool { return len(f.Log("one")) >= 4 })
	if got := strings.Join(f.Log("one"), ","); got != "started,echo b,echo b,echo c" {
		t.Errorf("log %s", got)
	}
}

func TestCloseEndsEverything(t *testing.T) {
	f := start(t, t.TempDir(), nil)
	var got struct{ PID int }
	if err := json.Unmarshal(f.do(t, "one", order{Do: "echo"}).Payload, &got); err != nil {
		t.Fatal(err)
	}
	busy := make(chan error)
	go func() {
		_, err := f.Invoke(t.Context(), "two", []byte(`{"do":"hang"}`))
		busy <- err
	}()
	waitFor(t, func() bool { return len(f.Log("two")) > 0 })
	begun := time.Now()
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begun); took > 3*time.Second {
		t.Errorf("Close took %v", took)
	}
	if err := <-busy; !errors.Is(err, ErrClosed) {
		t.Errorf("the interrupted invocation: %v", err)
	}
	if err := syscall.Kill(got.PID, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("process %d is still there: %v", got.PID, err)
	}
	if _, err := f.Invoke(t.Context(), "one", nil); !errors.Is(err, ErrClosed) {
		t.Errorf("Invoke after Close: %v", err)
	}
}

func TestAsyncRetriesTwiceAndRemembersFailures(t *testing.T) {
	dir := t.TempDir()
	f := start(t, dir, nil)
	mark := dir + "/mark"
	if err := f.InvokeAsync("one", []byte(`{"do":"fail until","value":"3","path":"`+mark+`"}`)); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { list, _ := f.Pending(); return len(list) == 0 })
	if b, _ := os.ReadFile(mark); strings.Count(string(b), "x") != 3 {
		t.Errorf("attempts: %q", b)
	}
	if err := f.InvokeAsync("one", []byte(`{"do":"named error"}`)); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { list, _ := f.Failed(); return len(list) == 1 })
	list, err := f.Failed()
	if err != nil || list[0].Attempts != 3 || !strings.Contains(string(list[0].Error), "Conflict") {
		t.Errorf("failed = %+v, %v", list, err)
	}
}

func TestAsyncSurvivesARestart(t *testing.T) {
	dir := t.TempDir()
	mark := dir + "/mark"
	f := start(t, dir, nil)
	if err := f.InvokeAsync("one", []byte(`{"do":"meet","value":"2","path":"`+mark+`"}`)); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { b, _ := os.ReadFile(mark); return len(b) > 0 })
	f.Close()
	f.cfg.Journal.Close()

	f = start(t, dir, nil)
	if list, err := f.Pending(); err != nil || len(list) != 1 || list[0].Attempts != 0 {
		t.Fatalf("pending after the restart: %+v, %v", list, err)
	}
	if err := f.Resume(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { list, _ := f.Pending(); return len(list) == 0 })
	if list, _ := f.Failed(); len(list) != 0 {
		t.Errorf("failed = %+v", list)
	}
}

func TestAPI(t *testing.T) {
	f := start(t, t.TempDir(), nil)
	url := "http://" + f.cfg.Endpoint + "/2015-03-31/functions/"
	post := func(name, kind, body string) *http.Response {
		t.Helper()
		req, err := http.NewRequest("POST", url+name+"/invocations", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Amz-Invocation-Type", kind)
		req.Header.Set("X-Amz-Log-Type", "Tail")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { resp.Body.Close() })
		return resp
	}
	for _, name := range []string{"one", "cis-one", "arn:aws:lambda:us-east-1:000000000000:function:cis-one", "cis-one:$LATEST"} {
		resp := post(name, "RequestResponse", `{"do":"echo","value":"v"}`)
		line, _ := bufio.NewReader(resp.Body).ReadString('}')
		if resp.StatusCode != 200 || !strings.Contains(line, `"value":"v"`) || resp.Header.Get("X-Amz-Log-Result") == "" {
			t.Errorf("%s: %d %s", name, resp.StatusCode, line)
		}
	}
	if resp := post("one", "RequestResponse", `{"do":"named error"}`); resp.StatusCode != 200 || resp.Header.Get("X-Amz-Function-Error") != "Unhandled" {
		t.Errorf("a function's error: %d %v", resp.StatusCode, resp.Header)
	}
	for kind, status := range map[string]int{"Event": 202, "DryRun": 204} {
		if resp := post("one", kind, `{"do":"echo"}`); resp.StatusCode != status {
			t.Errorf("%s: %d", kind, resp.StatusCode)
		}
	}
	if resp := post("nobody", "RequestResponse", ``); resp.StatusCode != 404 || resp.Header.Get("X-Amzn-Errortype") != "ResourceNotFoundException" {
		t.Errorf("unknown function: %d %v", resp.StatusCode, resp.Header)
	}
}

// waitFor polls a condition that another process makes true.
func waitFor(t *testing.T, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !condition(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it did not happen within 10 s")
		}
	}
}

func BenchmarkInvoke(b *testing.B) {
	dir := b.TempDir()
	j, err := journal.Open(dir)
	if err != nil {
		b.Fatal(err)
	}
	defer j.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	r := New(Config{Wiring: wiringtest.Load(b, functions), Binary: os.Args[0], Endpoint: Loopback(l.Addr()), Journal: j, DataDir: dir})
	s := &http.Server{Handler: r.RuntimeAPI()}
	go func() { _ = s.Serve(l) }() // ends with Close
	defer s.Close()
	defer r.Close()
	for b.Loop() {
		if _, err := r.Invoke(b.Context(), "one", []byte(`{"do":"echo"}`)); err != nil {
			b.Fatal(err)
		}
	}
}
