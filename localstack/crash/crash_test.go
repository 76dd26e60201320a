// Package crash holds the tests that kill: the whole stack at any moment, and single functions at each of their AWS calls. Nothing that was
// accepted may be lost, and nothing may count twice.
package crash

import (
	"flag"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
)

// TestMain lets many stacks run at a time: they wait more than they compute.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "24"); err != nil {
		panic(err)
	}
	stacktest.Main(m)
}
