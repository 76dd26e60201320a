// Package child keeps the processes that the local stack starts from outliving it.
package child

import (
	"os/exec"
	"syscall"
)

// Bind makes a command that is about to be started end, with all that it starts, when the stack ends. Where the kernel cannot
// do that (it can on Linux), whoever starts the process must also see to it that the process notices by itself.
func Bind(cmd *exec.Cmd) { cmd.SysProcAttr = attributes() }

// Kill ends a process that was bound and started, and all that it started, at once.
func Kill(cmd *exec.Cmd) { signal(cmd, syscall.SIGKILL) }

// Terminate asks them to end.
func Terminate(cmd *exec.Cmd) { signal(cmd, syscall.SIGTERM) }

func signal(cmd *exec.Cmd, s syscall.Signal) {
	if cmd.Process == nil || cmd.Process.Signal(syscall.Signal(0)) != nil {
		return // it has ended, and its number may be another's by now
	}
	_ = syscall.Kill(-cmd.Process.Pid, s) // no such process: it has just ended by itself
}
