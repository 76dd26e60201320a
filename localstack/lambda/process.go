package lambda

import (
	"os"

	"github.com/calendarinvite/calendarinviteserver/localstack/child"
)

// inherited is the part of the stack's own environment that functions see.
func inherited() []string {
	var list []string
	for _, name := range []string{"PATH", "HOME", "TMPDIR"} {
		if value, ok := os.LookupEnv(name); ok {
			list = append(list, name+"="+value)
		}
	}
	return list
}

// notePeak remembers the memory that a process has had. r.mu is held.
func (r *Runtime) notePeak(in *instance) {
	r.peaks[in.function] = max(r.peaks[in.function], child.PeakMemory(in.cmd.Process.Pid))
}

// rememberPeak is notePeak for those that do not hold r.mu.
func (r *Runtime) rememberPeak(in *instance) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.notePeak(in)
}
