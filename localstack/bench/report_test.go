package bench

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"
)

// row is what one operation was measured to cost.
type row struct {
	name       string
	operations int
	took       time.Duration
	used       usage
	calls      map[string]map[string]int // by function and action
	peak       int64                     // bytes
}

// start is how long a function takes to start.
type start struct {
	function string
	mean     time.Duration
}

// What the tables show.
var (
	rows   []row
	starts []start
	binary float64 // MB
)

func (r row) perSecond() float64 { return float64(r.operations) / r.took.Seconds() }

// each is a sum's part of one operation.
func (r row) each(sum float64) float64 { return sum / float64(r.operations) }

func (r row) ms(d time.Duration) float64 { return r.each(float64(d) / float64(time.Millisecond)) }

// byService is how many calls one operation makes.
func (r row) byService() (total float64, by map[string]float64) {
	by = map[string]float64{}
	for _, actions := range r.calls {
		for action, n := range actions {
			by[service(action)] += r.each(float64(n))
			total += r.each(float64(n))
		}
	}
	return total, by
}

func report(b *testing.B, r row) {
	b.Helper()
	total, by := r.byService()
	b.ReportMetric(r.perSecond(), "mails/s")
	b.ReportMetric(total, "aws-calls/op")
	for name, n := range by {
		b.ReportMetric(n, name+"-calls/op")
	}
	b.ReportMetric(r.ms(r.used.functions), "functions-cpu-ms/op")
	b.ReportMetric(r.ms(r.used.stack+r.used.emulator), "stack-cpu-ms/op")
	b.ReportMetric(float64(r.peak)/(1<<20), "peak-MB")
	rows = append(rows, r)
}

// printTables prints what was measured, for people.
func printTables(to io.Writer) {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', tabwriter.AlignRight)
	if len(rows) > 0 {
		fmt.Fprintf(w, "\n%d at a time\tper second\tAWS calls\tdynamodb\ts3\tses\tstates\tother\tCPU ms: functions\tstack\temulator\tpeak MB\t\n", concurrency)
	}
	for _, r := range rows {
		total, by := r.byService()
		fmt.Fprintf(w, "%s\t%.0f\t%.2f\t", r.name, r.perSecond(), total)
		for _, name := range []string{"dynamodb", "s3", "ses", "states"} {
			fmt.Fprintf(w, "%.2f\t", by[name])
			delete(by, name)
		}
		other := 0.0
		for _, n := range by {
			other += n
		}
		fmt.Fprintf(w, "%.2f\t", other)
		fmt.Fprintf(w, "%.1f\t%.1f\t%.1f\t%.0f\t\n", r.ms(r.used.functions), r.ms(r.used.stack), r.ms(r.used.emulator), float64(r.peak)/(1<<20))
	}
	_ = w.Flush() // the terminal is gone: nobody is there to be told
	if len(starts) > 0 {
		slices.SortFunc(starts, func(a, b start) int { return int(b.mean - a.mean) })
		const named = 5
		var slowest []string
		sum := time.Duration(0)
		for i, s := range starts {
			sum += s.mean
			if i < named {
				slowest = append(slowest, fmt.Sprintf("%s %d", s.function, s.mean.Milliseconds()))
			}
		}
		fmt.Fprintf(to, "\nms from a process's start to its first request for work: %.1f on average of %d functions; the slowest:\n%s\n",
			sum.Seconds()*1000/float64(len(starts)), len(starts), strings.Join(slowest, ", "))
	}
	if binary > 0 {
		fmt.Fprintf(to, "\nfunction program for arm64: %.1f MB\n", binary)
	}
}
