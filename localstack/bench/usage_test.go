package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// usage is the CPU time used so far.
type usage struct {
	functions time.Duration // by the functions' processes
	emulator  time.Duration // by the DynamoDB emulator
	stack     time.Duration // by this process: the local stack, and those who send it mails and requests
}

func (u usage) minus(v usage) usage {
	return usage{u.functions - v.functions, u.emulator - v.emulator, u.stack - v.stack}
}

// usageNow adds up this process and its living children (proc(5)). Where there is no /proc the children are missing.
func usageNow() (u usage) {
	var self syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &self); err == nil {
		u.stack = time.Duration(self.Utime.Nano() + self.Stime.Nano())
	}
	lists, _ := filepath.Glob("/proc/self/task/*/children")
	for _, list := range lists {
		pids, err := os.ReadFile(list)
		if err != nil {
			continue // the thread has ended
		}
		for _, pid := range strings.Fields(string(pids)) {
			if program, err := os.Readlink("/proc/" + pid + "/exe"); err == nil && filepath.Base(program) == "bootstrap" {
				u.functions += cpuOf(pid)
			} else {
				u.emulator += cpuOf(pid)
			}
		}
	}
	return u
}

// tick is the unit of the times in /proc/<pid>/stat: USER_HZ is 100 on every architecture that Go knows.
const tick = time.Second / 100

// cpuOf is the CPU time of a process; 0 if it has ended.
func cpuOf(pid string) time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%s/stat", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(stat), ") ") // the name before it may have spaces
	fields := strings.Fields(rest)                // from field 3 on
	var sum time.Duration
	for _, i := range []int{14 - 3, 15 - 3} { // utime, stime
		if i < len(fields) {
			n, err := strconv.Atoi(fields[i])
			if err == nil {
				sum += time.Duration(n) * tick
			}
		}
	}
	return sum
}
