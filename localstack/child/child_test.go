package child

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain: the test binary is also the processes: one that starts another and waits, and one that only waits.
func TestMain(m *testing.M) {
	switch os.Getenv("CHILD") {
	case "parent":
		cmd := self("child")
		Bind(cmd)
		if err := cmd.Start(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(cmd.Process.Pid)
		select {}
	case "child":
		select {}
	}
	os.Exit(m.Run())
}

func self(role string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "CHILD="+role)
	return cmd
}

func TestAKilledParentTakesItsChildAlong(t *testing.T) {
	if PeakMemory(os.Getpid()) == 0 {
		t.Skip("this system does not end children with their parent")
	}
	parent := self("parent")
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait() // it was killed
	waitGone(t, pid)
}

func TestKill(t *testing.T) {
	cmd := self("child")
	Bind(cmd)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if peak := PeakMemory(cmd.Process.Pid); peak == 0 && PeakMemory(os.Getpid()) > 0 {
		t.Error("no memory known")
	}
	Terminate(cmd)
	if err := cmd.Wait(); err == nil || err.Error() != "signal: terminated" {
		t.Errorf("Wait: %v", err)
	}
	Kill(cmd) // of one that is gone does nothing
	waitGone(t, cmd.Process.Pid)
}

// waitGone waits until a process is no more, or a zombie that nobody has waited for.
func waitGone(t *testing.T, pid int) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil && syscall.Kill(pid, 0) != nil || strings.Contains(string(stat), ") Z ") {
			return
		}
	}
	t.Errorf("process %d is still there", pid)
}
