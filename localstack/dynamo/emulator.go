package dynamo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/calendarinvite/calendarinviteserver/localstack/child"
)

// FileName is the emulator's SQLite file in the data folder.
const FileName = "dynamodb.sqlite"

const (
	startLimit = 15 * time.Second
	stopLimit  = 3 * time.Second
)

// find looks for the emulator: the setting, the project's node_modules, the PATH.
func find(program, root string) (string, error) {
	if program != "" {
		if _, err := exec.LookPath(program); err != nil {
			return "", fmt.Errorf("CIS_DYNOXIDE: %w", err)
		}
		return program, nil
	}
	pkg := "@dynoxide/" + platform()
	installed := filepath.Join(root, "localstack", "node_modules", filepath.FromSlash(pkg), "dynoxide")
	if _, err := os.Stat(installed); err == nil {
		return installed, nil
	}
	if onPath, err := exec.LookPath("dynoxide"); err == nil {
		return onPath, nil
	}
	if platform() == "linux-x64" {
		return "", fmt.Errorf("the DynamoDB emulator is missing: run npm ci in %s", filepath.Join(root, "localstack"))
	}
	return "", fmt.Errorf("the DynamoDB emulator is missing: this project pins no package for %s; put a dynoxide program on the PATH or name it in CIS_DYNOXIDE, or set DYNAMODB_ENDPOINT to another emulator", platform())
}

// platform is this machine as npm names it.
func platform() string {
	arch := runtime.GOARCH
	if arch == "amd64" {
		arch = "x64"
	}
	return runtime.GOOS + "-" + arch
}

// emulator is a dynoxide process; one that dies is started again at the same address.
type emulator struct {
	program string
	file    string
	addr    string

	mu       sync.Mutex
	cmd      *exec.Cmd
	stopped  bool
	stopping chan struct{} // closed with stopped
	gone     chan struct{} // closed when nothing will be started any more
}

func startEmulator(ctx context.Context, program, dir string) (*emulator, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	e := &emulator{program: program, file: filepath.Join(dir, FileName), stopping: make(chan struct{}), gone: make(chan struct{})}
	for attempt := 1; ; attempt++ {
		var err error
		if e.addr, err = freeAddr(); err != nil {
			return nil, err
		}
		exited, err := e.launch()
		if err == nil {
			err = e.answer(ctx, exited)
		}
		if err == nil {
			go e.keep(exited)
			return e, nil
		}
		if attempt == 3 || !strings.Contains(err.Error(), "in use") { // another process may take the port before the emulator does
			return nil, err
		}
	}
}

// freeAddr is a port that is free now: the emulator does not tell which one it takes when asked for any.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// launch starts the process. The channel gets, once, the reason why it ended.
func (e *emulator) launch() (exited chan error, err error) {
	_, port, err := net.SplitHostPort(e.addr)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.stopped {
		return nil, context.Canceled
	}
	cmd := exec.Command(e.program, "serve", "--host", "127.0.0.1", "--port", port, "--db-path", e.file)
	var said bytes.Buffer // a line or two: it does not log requests
	cmd.Stdout, cmd.Stderr = &said, &said
	child.Bind(cmd)
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("the DynamoDB emulator does not start: %w", err)
	}
	e.cmd = cmd
	exited = make(chan error, 1)
	go func() {
		err := cmd.Wait()
		lines := strings.Split(strings.TrimSpace(said.String()), "\n")
		exited <- fmt.Errorf("the DynamoDB emulator ended (%v): %s: %s", err, e.file, strings.TrimPrefix(lines[len(lines)-1], "error: "))
	}()
	return exited, nil
}

// answer waits until the process answers. It puts the reason back if the process ends first.
func (e *emulator) answer(ctx context.Context, exited chan error) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+e.addr+"/", nil)
		if err != nil {
			return err
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			return resp.Body.Close()
		}
		select {
		case err := <-exited:
			return err
		case <-ctx.Done():
			child.Kill(e.cmd)
			return errors.Join(fmt.Errorf("the DynamoDB emulator did not answer within %v", startLimit), context.Cause(ctx))
		case <-tick.C:
		}
	}
}

// keep starts the process again when it ends by itself.
func (e *emulator) keep(exited chan error) {
	defer close(e.gone)
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		err := <-exited
		e.mu.Lock()
		stopped := e.stopped
		e.mu.Unlock()
		if stopped {
			return
		}
		slog.Error("local stack: starting the DynamoDB emulator again", "error", err)
		select {
		case <-time.After(pause):
		case <-e.stopping:
		}
		next, err := e.launch()
		if err != nil {
			next = make(chan error, 1)
			next <- err
		}
		exited = next
	}
}

// stop ends the process gently, so that it folds its log into the file, and by force if that takes too long.
func (e *emulator) stop() error {
	e.mu.Lock()
	if !e.stopped {
		e.stopped = true
		close(e.stopping)
	}
	child.Terminate(e.cmd)
	e.mu.Unlock()
	select {
	case <-e.gone:
		return nil
	case <-time.After(stopLimit):
		child.Kill(e.cmd)
		<-e.gone
		return nil
	}
}
