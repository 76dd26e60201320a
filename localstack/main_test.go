package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
)

func TestMain(m *testing.M) {
	if os.Getenv("CIS_TEST_RUN") != "" { // this test program, started as the command itself
		main()
		return
	}
	stacktest.Main(m)
}

// command is the local stack as a process of its own.
type command struct {
	*exec.Cmd
	api, smtp string
	exited    chan error // gets the result of Wait once the output has been read to its end

	mu     sync.Mutex
	output bytes.Buffer
}

// launch starts the command on free ports.
func launch(t *testing.T, dataDir string, env ...string) *command {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := &command{Cmd: exec.Command(self), exited: make(chan error, 1)}
	c.Dir = stacktest.Root(t)
	c.Env = append(os.Environ(), "CIS_TEST_RUN=1", "CIS_API_ADDR=127.0.0.1:0", "CIS_SMTP_ADDR=127.0.0.1:0", "CIS_AWS_ADDR=127.0.0.1:0",
		"CIS_DATA_DIR="+dataDir, "CIS_BINARY="+stacktest.Binary(t))
	c.Env = append(c.Env, env...)
	read, write := io.Pipe()
	c.Stdout, c.Stderr = write, write
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ready, drained := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(drained)
		lines := bufio.NewScanner(read)
		for lines.Scan() {
			c.mu.Lock()
			fmt.Fprintln(&c.output, lines.Text())
			c.mu.Unlock()
			if strings.Contains(lines.Text(), "curl --url") {
				close(ready)
			}
		}
	}()
	go func() {
		err := c.Wait()
		write.Close()
		<-drained
		c.exited <- err
	}()
	t.Cleanup(func() { _ = c.Process.Kill() }) // as a rule it is gone
	select {
	case <-ready:
		c.api = regexp.MustCompile(`REST API +http://(\S+)`).FindStringSubmatch(c.text())[1]
		c.smtp = regexp.MustCompile(`smtp://(\S+)`).FindStringSubmatch(c.text())[1]
	case err := <-c.exited:
		c.exited <- err
	case <-time.After(stacktest.Patience):
		t.Fatalf("not ready: %s", c.text())
	}
	return c
}

func (c *command) text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.output.String()
}

// wait returns the exit code.
func (c *command) wait(t *testing.T, limit time.Duration) int {
	t.Helper()
	select {
	case err := <-c.exited:
		var exit *exec.ExitError
		switch {
		case err == nil:
			return 0
		case errors.As(err, &exit):
			return exit.ExitCode()
		}
		t.Fatal(err)
	case <-time.After(limit):
		t.Fatalf("still running after %s: %s", limit, c.text())
	}
	return -1
}

func invitation(t *testing.T, key string) []byte {
	t.Helper()
	start := time.Now().AddDate(0, 1, 0).Truncate(time.Hour).UTC()
	raw, err := imiptest.ComposeRequest(imiptest.Event{
		Client: imiptest.Gmail, Organizer: imiptest.Address{Name: "Ada", Email: "ada@example.com"}, To: imiptest.Address{Email: "create@cis.localhost"},
		Key: key, Summary: "Tea " + key, Start: start, End: start.Add(time.Hour), At: time.Now(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequest("GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("x-api-key", "local-key")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func TestBannerAndStop(t *testing.T) {
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			c := launch(t, t.TempDir())
			if status, body := get(t, "http://"+c.api+"/health"); status != 200 {
				t.Errorf("health: %d %s", status, body)
			}
			children := childrenOf(c.Process.Pid)
			if len(children) < 2 {
				t.Errorf("children are %v, want the DynamoDB emulator and a function", children)
			}
			if err := c.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			if code := c.wait(t, stack.StopTime); code != 0 {
				t.Errorf("exit code %d: %s", code, c.text())
			}
			for _, pid := range children {
				if syscall.Kill(pid, 0) == nil {
					t.Errorf("process %d outlives the stack", pid)
				}
			}
			for _, want := range []string{"mail in", "/_local/", "local-admin-key", "AWS_ENDPOINT_URL", "create@cis.localhost"} {
				if !strings.Contains(c.text(), want) {
					t.Errorf("banner lacks %s:\n%s", want, c.text())
				}
			}
			// The example to copy names a file that is there.
			file := regexp.MustCompile(`--upload-file (\S+)`).FindStringSubmatch(c.text())[1]
			if _, err := os.Stat(filepath.Join(stacktest.Root(t), file)); err != nil {
				t.Error(err)
			}
		})
	}
}

// childrenOf lists the processes that a process started (proc(5)).
func childrenOf(pid int) []int {
	var children []int
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, list := range lists {
		data, err := os.ReadFile(list)
		if err != nil {
			continue // the thread is gone
		}
		for _, field := range strings.Fields(string(data)) {
			var child int
			if _, err := fmt.Sscan(field, &child); err == nil {
				children = append(children, child)
			}
		}
	}
	return children
}

func TestStartErrorsAreOneLine(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	damaged := t.TempDir()
	if err := os.WriteFile(filepath.Join(damaged, "journal.db"), bytes.Repeat([]byte("x"), 40000), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, dir, env, want string }{
		{"port in use", t.TempDir(), "CIS_API_ADDR=" + busy.Addr().String(), "is in use by another program"},
		{"damaged data", damaged, "X=", "is damaged"},
		{"missing tool", t.TempDir(), "CIS_DYNOXIDE=/nonexistent", "CIS_DYNOXIDE"},
		{"missing Go", t.TempDir(), "PATH=/nonexistent", "the go command is missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			env := []string{c.env}
			if c.name == "missing Go" {
				env = append(env, "CIS_BINARY=")
			}
			p := launch(t, c.dir, env...)
			if code := p.wait(t, stacktest.Patience); code != 1 {
				t.Errorf("exit code %d, want 1", code)
			}
			if text := p.text(); strings.Count(text, "\n") != 1 || !strings.HasPrefix(text, "localstack: ") || !strings.Contains(text, c.want) {
				t.Errorf("it says %q, want one line with %q", text, c.want)
			}
		})
	}
}

// TestKilledStackLosesNoMail kills the stack right after each accepted mail; after the last start all of them have become events.
func TestKilledStackLosesNoMail(t *testing.T) {
	dir := t.TempDir()
	var ids []string
	for i := range 3 {
		c := launch(t, dir, "EVENT_LIMIT=0")
		id, err := stack.SendMail(c.smtp, "ada@example.com", "create@cis.localhost", invitation(t, fmt.Sprint(i)))
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
		if err := c.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		c.wait(t, stacktest.Patience)
	}
	c := launch(t, dir, "EVENT_LIMIT=0")
	for i, id := range ids {
		stacktest.Eventually(t, fmt.Sprintf("the event of mail %d", i), func() bool {
			status, body := get(t, "http://"+c.api+"/event/"+id)
			return status == 200 && strings.Contains(body, fmt.Sprintf("Tea %d", i))
		})
	}
}

func TestRelayPasswordIsNotShown(t *testing.T) {
	if got := withoutPassword("smtp://ada:secret@mail.example:587"); strings.Contains(got, "secret") || !strings.Contains(got, "mail.example") {
		t.Errorf("it shows %q", got)
	}
	if got := withoutPassword("smtp://%zz:secret@x"); strings.Contains(got, "secret") {
		t.Errorf("it shows %q", got)
	}
}
