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

// emulator is a dynoxide process; one that dies is started again.
type emulator struct {
	program string
	file    string

	mu       sync.Mutex
	addr     string // another one each time
	cmd      *exec.Cmd
	said     *transcript
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
		if err := e.move(); err != nil {
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
		if attempt == 3 || !portTaken(err) { // another process may take the port before the emulator does
			return nil, err
		}
	}
}

// portTaken reports whether the process ended because another one has its port.
func portTaken(err error) bool { return strings.Contains(err.Error(), "in use") }

// move gives the emulator another address.
func (e *emulator) move() error {
	addr, err := freeAddr()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.addr = addr
	return err
}

// address is where the emulator answers now.
func (e *emulator) address() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.addr
}

// transcript is what a process says: a line or two, because it does not log requests.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (t *transcript) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.Write(p)
}

func (t *transcript) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
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
	e.mu.Lock()
	defer e.mu.Unlock()
	_, port, err := net.SplitHostPort(e.addr)
	if err != nil {
		return nil, err
	}
	if e.stopped {
		return nil, context.Canceled
	}
	cmd := exec.Command(e.program, "serve", "--host", "127.0.0.1", "--port", port, "--db-path", e.file)
	said := &transcript{}
	cmd.Stdout, cmd.Stderr = said, said
	child.Bind(cmd)
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("the DynamoDB emulator does not start: %w", err)
	}
	e.cmd, e.said = cmd, said
	exited = make(chan error, 1)
	go func() {
		err := cmd.Wait()
		lines := strings.Split(strings.TrimSpace(said.String()), "\n")
		exited <- fmt.Errorf("the DynamoDB emulator ended (%v): %s: %s", err, e.file, strings.TrimPrefix(lines[len(lines)-1], "error: "))
	}()
	return exited, nil
}

// answer waits until the process answers. That something answers at its address is not enough: it may be another one's.
func (e *emulator) answer(ctx context.Context, exited chan error) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if strings.Contains(e.said.String(), "listening on") {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+e.address()+"/", nil)
			if err != nil {
				return err
			}
			if resp, err := http.DefaultClient.Do(req); err == nil {
				return resp.Body.Close()
			}
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
		err = e.move() // at once: whatever takes the old port now is no table of ours
		select {
		case <-time.After(pause):
		case <-e.stopping:
		}
		var next chan error
		if err == nil {
			next, err = e.launch()
		}
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
