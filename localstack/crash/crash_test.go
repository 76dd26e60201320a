// Package crash holds the tests that kill: the whole stack at any moment, and single functions at each of their AWS calls. Nothing that was
// accepted may be lost, and nothing may count twice.
package crash

import (
	"testing"

	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
)

func TestMain(m *testing.M) { stacktest.Main(m) }
