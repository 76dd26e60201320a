package scale

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/localstack/aws"
)

// spent is what the endpoint has counted.
type spent struct {
	calls map[string]map[string]int // by function and action
	units map[string]aws.Units      // by function
	total int                       // calls of functions; those of the tests are not in it
}

// spent reads the counts since the last reset.
func (s *system) spent() spent {
	all := spent{calls: s.Endpoint.Calls().Counts(), units: s.Endpoint.Calls().AllUnits()}
	maps.DeleteFunc(all.calls, func(caller string, _ map[string]int) bool { return !s.isFunction(caller) })
	maps.DeleteFunc(all.units, func(caller string, _ aws.Units) bool { return !s.isFunction(caller) })
	for _, actions := range all.calls {
		for _, n := range actions {
			all.total += n
		}
	}
	return all
}

func (s *system) isFunction(caller string) bool {
	_, is := s.Wiring.Functions[caller]
	return is
}

// writes are the write units of all.
func (p spent) writes() (sum float64) {
	for _, u := range p.units {
		sum += u.Write
	}
	return sum
}

// exactly checks the calls of a function.
func (p spent) exactly(t testing.TB, function string, want map[string]int) {
	t.Helper()
	if got := p.calls[function]; !maps.Equal(got, want) {
		t.Errorf("%s makes the calls\n%v, want\n%v", function, got, want)
	}
}

// log tells what so many mails cost.
func (p spent) log(t testing.TB, mails int, took time.Duration) {
	t.Helper()
	var lines strings.Builder
	for _, function := range slices.Sorted(maps.Keys(p.calls)) {
		fmt.Fprintf(&lines, "\n  %-40s %6.0f WRU %6.0f RRU  %v", function, p.units[function].Write, p.units[function].Read, p.calls[function])
	}
	t.Logf("%d mails in %.1f s, %.0f/s; for each %.4f AWS calls of functions, %.4f with Step Functions' own, %.4f write units%s", mails, took.Seconds(),
		float64(mails)/took.Seconds(), float64(p.total)/float64(mails), float64(p.total+2*children(mails))/float64(mails), p.writes()/float64(mails), lines.String())
}
