//go:build !linux

package child

import "syscall"

func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// PeakMemory is not known here: it is always 0.
func PeakMemory(int) int64 { return 0 }

// ResetPeakMemory does nothing here.
func ResetPeakMemory(int) {}
