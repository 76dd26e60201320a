package bench

import (
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/localstack/child"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
)

// BenchmarkStart starts one function after the other. A start lasts from the start of the process until it asks for work for the first time,
// which is what Lambda calls the init phase, without the time that AWS needs to fetch the program.
func BenchmarkStart(b *testing.B) {
	s := stacktest.Start(b)
	asked := make(chan struct{}, 1)
	end := make(chan struct{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	platform := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/runtime/invocation/next") {
			asked <- struct{}{}
		}
		select { // there is never any work
		case <-r.Context().Done():
		case <-end:
		}
	})}
	go func() { _ = platform.Serve(l) }() // ends with Close
	b.Cleanup(func() { close(end); platform.Close() })

	functions := slices.Sorted(maps.Keys(s.Wiring.Functions))
	sums, counts := map[string]time.Duration{}, map[string]int{}
	once := func(function string) {
		cmd := exec.Command(stacktest.Binary(b))
		cmd.Env = append(os.Environ(), "AWS_LAMBDA_RUNTIME_API="+l.Addr().String(), "AWS_LAMBDA_FUNCTION_NAME="+function,
			"AWS_REGION="+s.Wiring.Region(), "AWS_ENDPOINT_URL=http://"+s.AWS, "AWS_ACCESS_KEY_ID="+function, "AWS_SECRET_ACCESS_KEY=local")
		for name, value := range s.Wiring.Environment(function) {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
		child.Bind(cmd)
		begun := time.Now()
		if err := cmd.Start(); err != nil {
			b.Fatal(err)
		}
		select {
		case <-asked:
		case <-time.After(stacktest.Patience):
			b.Errorf("%s does not ask for work", function)
		}
		sums[function] += time.Since(begun)
		counts[function]++
		child.Kill(cmd)
		_ = cmd.Wait() // it was killed
	}
	for _, function := range functions { // each at least once, and with the program in the page cache
		once(function)
	}
	clear(sums)
	clear(counts)
	for n := 0; b.Loop() || n < len(functions); n++ {
		once(functions[n%len(functions)])
	}
	slowest, sum := time.Duration(0), time.Duration(0)
	for _, function := range functions {
		mean := sums[function] / time.Duration(counts[function])
		slowest, sum = max(slowest, mean), sum+mean
		starts = append(starts, start{function, mean})
	}
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	b.ReportMetric(ms(sum)/float64(len(functions)), "ms/start")
	b.ReportMetric(ms(slowest), "slowest-ms/start")
}

// maxBinary is the most that the function program may take, in MB.
const maxBinary = 20

// BenchmarkBinary reports the size of the function program as it is deployed.
func BenchmarkBinary(b *testing.B) {
	root := stacktest.Root(b)
	for b.Loop() {
		if binary > 0 {
			continue // once is enough
		}
		if out, err := exec.CommandContext(b.Context(), "make", "-C", root, "build").CombinedOutput(); err != nil {
			b.Fatalf("make build: %v: %s", err, out)
		}
		file, err := os.Stat(filepath.Join(root, "build", "bootstrap"))
		if err != nil {
			b.Fatal(err)
		}
		binary = float64(file.Size()) / (1 << 20)
	}
	b.ReportMetric(binary, "MB")
	b.ReportMetric(0, "ns/op") // means nothing here
	if binary >= maxBinary {
		b.Errorf("the program has %.1f MB, %d are allowed", binary, maxBinary)
	}
}
