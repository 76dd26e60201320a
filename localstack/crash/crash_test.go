// Package crash holds the tests that kill: the whole stack at any moment, and single functions at each of their AWS calls. Nothing that was
// accepted may be lost, and nothing may count twice.
package crash

import (
	"flag"
	"runtime/debug"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
)

// TestMain lets many stacks run at a time: they wait more than they compute. All of them are in this process, which rather grows than collects.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "32"); err != nil {
		panic(err)
	}
	debug.SetGCPercent(200)
	stacktest.Main(m)
}
