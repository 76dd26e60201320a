package crash

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/localstack/child"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
)

// site is where the command localstack is built and keeps its data, over all the times that it is killed.
type site struct {
	program, functions, data string
	settings                 []string // NAME=value
}

func newSite(t *testing.T, settings ...string) site {
	t.Helper()
	dir := t.TempDir()
	s := site{program: filepath.Join(dir, "localstack"), functions: filepath.Join(dir, "bootstrap"), data: filepath.Join(dir, "data"), settings: settings}
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", s.program, "./localstack")
	cmd.Dir = stacktest.Root(t)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building localstack: %v: %s", err, out)
	}
	// A copy of its own tells its functions' processes from those of other tests.
	program, err := os.ReadFile(stacktest.Binary(t))
	if err == nil {
		err = os.WriteFile(s.functions, program, 0o700)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// process is the command localstack, running in a process group of its own.
type process struct {
	site
	cmd            *exec.Cmd
	api, smtp, aws string // host:port, known when ready
	ready          chan struct{}
	drained        chan struct{} // closed when its output is read to the end

	mu     sync.Mutex
	output bytes.Buffer
}

// start starts the command on free ports, and does not wait until it is ready.
func (s site) start(t *testing.T) *process {
	t.Helper()
	p := &process{site: s, cmd: exec.Command(s.program), ready: make(chan struct{}), drained: make(chan struct{})}
	p.cmd.Dir = stacktest.Root(t)
	p.cmd.Env = append(os.Environ(), "CIS_API_ADDR=127.0.0.1:0", "CIS_SMTP_ADDR=127.0.0.1:0", "CIS_AWS_ADDR=127.0.0.1:0",
		"CIS_DATA_DIR="+s.data, "CIS_BINARY="+s.functions, "EVENT_LIMIT=0", "LINK_SOURCE_CAP=0")
	p.cmd.Env = append(p.cmd.Env, s.settings...)
	child.Bind(p.cmd)
	read, write := io.Pipe()
	p.cmd.Stdout, p.cmd.Stderr = write, write
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.cmd.Process.Kill() }) // as a rule it is gone
	go p.read(read)
	go func() {
		_ = p.cmd.Wait() // it is killed
		write.Close()
	}()
	return p
}

var banner = regexp.MustCompile(`(?s)smtp://(\S+).*REST API +http://(\S+).*AWS +http://(\S+).*curl --url`)

func (p *process) read(r io.Reader) {
	defer close(p.drained)
	for lines := bufio.NewScanner(r); lines.Scan(); {
		p.mu.Lock()
		fmt.Fprintln(&p.output, lines.Text())
		if p.api == "" {
			if found := banner.FindStringSubmatch(p.output.String()); found != nil {
				p.smtp, p.api, p.aws = found[1], found[2], found[3]
				close(p.ready)
			}
		}
		p.mu.Unlock()
	}
}

// waitReady waits for the banner.
func (p *process) waitReady(t *testing.T) {
	t.Helper()
	select {
	case <-p.ready:
	case <-p.drained:
		t.Fatalf("the stack ended: %s", p.text())
	case <-time.After(stacktest.Patience):
		t.Fatalf("the stack is not ready: %s", p.text())
	}
}

func (p *process) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.String()
}

// kill ends the command alone, as kill -9 does.
func (p *process) kill(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
}

// gone waits until the command and everything that it had started are gone.
func (p *process) gone(t *testing.T) {
	t.Helper()
	<-p.drained
	stacktest.Eventually(t, "the end of the stack's children", func() bool { return len(p.running()) == 0 })
}

// running lists the functions' processes and the DynamoDB emulator: those with the site's paths in their command lines (proc(5)). A zombie
// has none.
func (s site) running() (found []string) {
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			continue // it has just ended
		}
		line := strings.ReplaceAll(string(data), "\x00", " ")
		if strings.Contains(line, s.functions) || strings.Contains(line, s.data) {
			found = append(found, line)
		}
	}
	return found
}
