// Package stacktest starts local stacks for tests: the project's real program, built once per test process, on free ports with temporary data.
package stacktest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/localstack/stack"
)

// Patience is how long the helpers wait for something to happen before they fail the test.
const Patience = 30 * time.Second

// Stack is a running stack of a test.
type Stack struct {
	*stack.Stack
	t   testing.TB
	cfg stack.Config
}

// Start starts a stack that ends with the test. Each change may set more of the configuration.
func Start(t testing.TB, changes ...func(*stack.Config)) *Stack {
	t.Helper()
	cfg := stack.Config{
		APIAddr: "127.0.0.1:0", SMTPAddr: "127.0.0.1:0", AWSAddr: "127.0.0.1:0",
		DataDir: t.TempDir(), Domain: "cis.localhost", Root: Root(t), Binary: Binary(t),
		DynamoEndpoint: os.Getenv("DYNAMODB_ENDPOINT"), Dynoxide: os.Getenv("CIS_DYNOXIDE"),
		DeliveryRetry: []time.Duration{10 * time.Millisecond, 100 * time.Millisecond, time.Second},
	}
	for _, change := range changes {
		change(&cfg)
	}
	s := &Stack{t: t, cfg: cfg}
	s.start()
	t.Cleanup(s.stop)
	return s
}

// Env sets a setting of the functions (spec §10).
func Env(name, value string) func(*stack.Config) {
	return func(cfg *stack.Config) { cfg.Env = append(cfg.Env, name+"="+value) }
}

// On is the same stack in a subtest, whose failures its waiting then is.
func (s *Stack) On(t testing.TB) *Stack {
	on := *s
	on.t = t
	return &on
}

// DataDir is where the stack keeps its data.
func (s *Stack) DataDir() string { return s.cfg.DataDir }

// Restart stops the stack and starts it again with the same data, on other ports.
func (s *Stack) Restart() {
	s.t.Helper()
	s.stop()
	s.start()
}

func (s *Stack) start() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	running, err := stack.Start(ctx, s.cfg)
	if err != nil {
		s.t.Fatalf("starting the local stack: %v", err)
	}
	s.Stack = running
}

func (s *Stack) stop() {
	s.t.Helper()
	if s.Stack == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), stack.StopTime)
	defer cancel()
	if err := s.Stop(ctx); err != nil {
		s.t.Errorf("stopping the local stack: %v", err)
	}
	s.Stack = nil
}

// Root is the project's folder.
func Root(t testing.TB) string {
	t.Helper()
	_, file, _, _ := runtime.Caller(0)
	root, err := stack.Root(filepath.Dir(file))
	if err != nil {
		t.Fatal(err)
	}
	return root
}

var binary struct {
	once sync.Once
	path string
	err  error
}

// Binary builds the project's program once in this process and returns its path.
func Binary(t testing.TB) string {
	t.Helper()
	binary.once.Do(func() {
		dir, err := os.MkdirTemp("", "cis-functions-")
		if err != nil {
			binary.err = err
			return
		}
		binary.path = filepath.Join(dir, "bootstrap")
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute) // a cold module and build cache
		defer cancel()
		binary.err = stack.Build(ctx, Root(t), binary.path)
	})
	if binary.err != nil {
		t.Fatal(binary.err)
	}
	return binary.path
}

// Main runs a package's tests (m is a *testing.M, or what wraps one) and removes the program that they built. Call it from TestMain.
func Main(m interface{ Run() int }) {
	code := m.Run()
	if binary.path != "" {
		if err := os.RemoveAll(filepath.Dir(binary.path)); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
	os.Exit(code)
}
