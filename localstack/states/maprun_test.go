package states

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/calendarinvite/calendarinviteserver/localstack/asl"
	"github.com/calendarinvite/calendarinviteserver/localstack/journal"
)

// mapping is a machine that hands the lines of data/list to the function "each", in children of a type.
func mapping(kind, more string) []byte {
	return []byte(`{"StartAt":"Each","States":{"Each":{"Type":"Map","Label":"Rows","MaxConcurrency":3,
		"ItemReader":{"Resource":"arn:aws:states:::s3:getObject","ReaderConfig":{"InputType":"JSONL"},"Parameters":{"Bucket":"data","Key":"list"}},
		"ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"` + kind + `"},"StartAt":"Before","States":{
			"Before":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:before","ResultPath":null,"Next":"Do"},
			"Do":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:each","End":true}}},
		` + more + `"End":true}}}`)
}

const (
	inTens  = `"ItemBatcher":{"MaxItemsPerBatch":10,"BatchInput":{"who.$":"$.who"}},`
	written = `"ResultWriter":{"Resource":"arn:aws:states:::s3:putObject","Parameters":{"Bucket":"data","Prefix.$":"$.to"}},`
	lenient = `"ToleratedFailurePercentage":100,`
)

// runMap defines the machine "map" and starts its execution "one" over so many lines.
func (st *stand) runMap(definition []byte, lines int) {
	st.t.Helper()
	var list strings.Builder
	for i := range lines {
		fmt.Fprintf(&list, "{\"n\":%d}\n", i)
	}
	if err := st.objects.Put(st.t.Context(), "data", "list", []byte(list.String()), nil); err != nil {
		st.t.Fatal(err)
	}
	if err := st.Define("map", Standard, definition); err != nil {
		st.t.Fatal(err)
	}
	if _, err := st.Start(st.t.Context(), "map", "one", []byte(`{"who":"me","to":"results"}`)); err != nil {
		st.t.Fatal(err)
	}
}

// theMapRun returns the only Map Run of "map" "one".
func (st *stand) theMapRun() MapRun {
	st.t.Helper()
	runs, err := st.MapRuns("map", "one")
	if err != nil || len(runs) != 1 {
		st.t.Fatalf("%d Map Runs, %v", len(runs), err)
	}
	return runs[0]
}

// failing lets "each" fail for inputs that contain a text.
func (st *stand) failing(text string) {
	st.answering(func(_ context.Context, name string, payload []byte) ([]byte, string, error) {
		if name == "each" && strings.Contains(string(payload), text) {
			return []byte(`{"errorType":"Bad","errorMessage":"no"}`), "Unhandled", nil
		}
		return []byte(`{"ok":true}`), "", nil
	})
}

func TestMapRun(t *testing.T) {
	for _, kind := range []string{Express, Standard} {
		t.Run(kind, func(t *testing.T) {
			st, ctx := newStand(t), t.Context()
			st.failing(`"n":25}`)
			st.runMap(mapping(kind, inTens+written+lenient), 95)
			x := st.wait("map", "one")
			run := st.theMapRun()
			var result struct {
				MapRunArn           string
				ResultWriterDetails struct{ Bucket, Key string }
			}
			if err := json.Unmarshal(x.Output, &result); err != nil || result.MapRunArn != run.ARN || result.ResultWriterDetails.Key != "results/"+run.ID+"/manifest.json" {
				t.Fatalf("%s %s: %s %v", x.Status, x.Cause, x.Output, err)
			}
			if want := "arn:aws:states:us-east-1:000000000000:mapRun:map/Rows:" + run.ID; run.ARN != want || run.Status != asl.Succeeded {
				t.Errorf("%s %s, want %s", run.Status, run.ARN, want)
			}
			if want := (Counts{All: 10, Succeeded: 9, Failed: 1, ResultsWritten: 10}); run.Children != want {
				t.Errorf("children %+v, want %+v", run.Children, want)
			}
			if want := (Counts{All: 95, Succeeded: 85, Failed: 10, ResultsWritten: 95}); run.Items != want {
				t.Errorf("items %+v, want %+v", run.Items, want)
			}

			described, err := st.client.DescribeMapRun(ctx, &sfn.DescribeMapRunInput{MapRunArn: &run.ARN})
			if err != nil || described.Status != types.MapRunStatusSucceeded || described.ItemCounts.Failed != 10 || described.ExecutionCounts.Succeeded != 9 ||
				described.MaxConcurrency != 3 || described.ToleratedFailurePercentage != 100 || *described.ExecutionArn != x.ARN {
				t.Errorf("described as %+v, %v", described, err)
			}
			listed, err := st.client.ListMapRuns(ctx, &sfn.ListMapRunsInput{ExecutionArn: &x.ARN})
			if err != nil || len(listed.MapRuns) != 1 || *listed.MapRuns[0].MapRunArn != run.ARN {
				t.Errorf("listed as %+v, %v", listed, err)
			}
			failed, err := st.client.ListExecutions(ctx, &sfn.ListExecutionsInput{MapRunArn: &run.ARN, StatusFilter: types.ExecutionStatusFailed})
			if err != nil || len(failed.Executions) != 1 || *failed.Executions[0].Name != run.ID+"-2" || *failed.Executions[0].ItemCount != 10 {
				t.Fatalf("failed %+v, %v", failed, err)
			}
			child, err := st.client.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: failed.Executions[0].ExecutionArn})
			if err != nil || *child.Error != "Bad" || *child.MapRunArn != run.ARN || !strings.HasPrefix(*child.Input, `{"BatchInput":{"who":"me"},"Items":[{"n":20},`) {
				t.Errorf("child %+v, %v", child, err)
			}
			if *child.StateMachineArn != st.MachineARN("map/Rows") {
				t.Errorf("the child's machine is %s", *child.StateMachineArn)
			}

			// The children are there as any execution is, and still are after a restart.
			st.close()
			st.start()
			if again := st.theMapRun(); !reflect.DeepEqual(again.Children, run.Children) {
				t.Errorf("after the restart %+v", again)
			}
			page, all, err := st.Children(run.ID, "", 8, 5)
			if err != nil || all != 10 || len(page) != 2 || page[1].Name != run.ID+"-9" || page[1].Items != 5 {
				t.Errorf("page %+v of %d, %v", page, all, err)
			}
			one, err := st.Describe("map/Rows", run.ID+"-9")
			if err != nil || one.Status != "SUCCEEDED" || len(one.States) != 2 || one.Type != kind || !strings.Contains(string(one.Definition), `"StartAt":"Before"`) {
				t.Errorf("child %+v, %v", one, err)
			}
			history, err := st.History("map/Rows", run.ID+"-9")
			if err != nil || history[0].Type != "ExecutionStarted" || history[len(history)-1].Type != "ExecutionSucceeded" {
				t.Errorf("history %+v, %v", history, err)
			}
			if list, err := st.List(""); err != nil || len(list) != 1 {
				t.Errorf("children are in the list of executions: %d, %v", len(list), err)
			}
		})
	}
}

func TestMapRunsNeverOpenTooMany(t *testing.T) {
	st := newStand(t)
	var open, peak atomic.Int32
	st.answering(func(context.Context, string, []byte) ([]byte, string, error) {
		n := open.Add(1)
		for old := peak.Load(); n > old && !peak.CompareAndSwap(old, n); old = peak.Load() {
		}
		defer open.Add(-1)
		return []byte(`{}`), "", nil
	})
	st.runMap(mapping(Express, `"ResultSelector":{},`), 300)
	if x := st.wait("map", "one"); x.Status != "SUCCEEDED" || peak.Load() > 3 {
		t.Errorf("%s: %s with %d at once", x.Status, x.Cause, peak.Load())
	}
}

// A list as long as the system takes: nothing of it stays in memory.
func TestLongList(t *testing.T) {
	if testing.Short() {
		t.Skip("100,000 lines")
	}
	st := newStand(t)
	st.runMap(mapping(Express, `"ItemBatcher":{"MaxItemsPerBatch":90},`+written), 100_000)
	if x := st.wait("map", "one"); x.Status != "SUCCEEDED" {
		t.Fatalf("%s: %s", x.Status, x.Cause)
	}
	run := st.theMapRun()
	if run.Children.Succeeded != 1112 || run.Items.Succeeded != 100_000 {
		t.Errorf("%+v %+v", run.Children, run.Items)
	}
	history, err := st.History("map", "one")
	if err != nil || len(history) != 8 {
		t.Errorf("%d events of the parent, %v", len(history), err)
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	if open, known := len(st.mapRuns[run.ID].open), len(st.executions); open != 0 || known != 1 {
		t.Errorf("%d children and %d executions are in memory", open, known)
	}
}

// stopAfter lets a function answer so often, and then hang until the service is cut off; hangs tells of each that does.
func (st *stand) stopAfter(function string, answers int32) (hangs <-chan string) {
	begun, n := make(chan string, 1000), atomic.Int32{}
	st.answering(func(ctx context.Context, name string, payload []byte) ([]byte, string, error) {
		if name == function && n.Add(1) > answers {
			begun <- string(payload)
			<-ctx.Done()
			return nil, "", ctx.Err()
		}
		return []byte(`{"ok":true}`), "", nil
	})
	return begun
}

// Close writes nothing about executions under way, so that what is found after it is what is found after kill -9.
func TestMapRunGoesOnAfterRestart(t *testing.T) {
	for _, c := range []struct {
		kind          string
		before, after int // calls of the functions after the restart
	}{
		{Express, 6, 6},  // three were under way and three had not begun: all of them from the beginning
		{Standard, 3, 6}, // those under way go on where they were
	} {
		t.Run(c.kind, func(t *testing.T) {
			st := newStand(t)
			hangs := st.stopAfter("each", 4)
			st.runMap(mapping(c.kind, inTens+written), 100)
			for range 3 {
				<-hangs
			}
			before := st.theMapRun()
			if before.Children.Succeeded != 4 || before.Children.Running != 3 || before.Children.Pending() != 3 || before.Items.Pending() != 30 {
				t.Errorf("before: %+v %+v", before.Children, before.Items)
			}
			running, all, err := st.Children(before.ID, "RUNNING", 0, 10)
			if err != nil || all != 3 || len(running) != 3 {
				t.Errorf("running %+v, %v", running, err)
			}
			if x, err := st.Describe("map/Rows", running[0].Name); err != nil || x.Status != "RUNNING" || len(x.States) != 2 {
				t.Errorf("a running child %+v, %v", x, err)
			}
			st.close()
			st.answerAll()
			st.start()

			x := st.wait("map", "one")
			run := st.theMapRun() // the same one
			if x.Status != "SUCCEEDED" || run.ID != before.ID || run.Children != (Counts{All: 10, Succeeded: 10, ResultsWritten: 10}) {
				t.Fatalf("%s %s: %+v", x.Status, x.Cause, run)
			}
			calls := map[string]int{}
			for _, name := range st.calls() {
				calls[name]++
			}
			if calls["before"] != c.before || calls["each"] != c.after {
				t.Errorf("after the restart %v", calls)
			}
			history, err := st.History("map", "one")
			var got []string
			for i, e := range history {
				if got = append(got, e.Type); e.ID != int64(i+1) {
					t.Errorf("event %d has the id %d", i+1, e.ID)
				}
			}
			want := []string{"ExecutionStarted", "MapStateEntered", "MapStateStarted", "MapRunStarted", "MapRunSucceeded", "MapStateSucceeded", "MapStateExited", "ExecutionSucceeded"}
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("history %v, %v", got, err)
			}
		})
	}
}

// Once too many have failed nothing more begins. Standard children that run are stopped, Express ones cannot be.
func TestFailedMapRun(t *testing.T) {
	for _, kind := range []string{Standard, Express} {
		st := newStand(t)
		failed := make(chan struct{})
		st.answering(func(ctx context.Context, name string, payload []byte) ([]byte, string, error) {
			switch {
			case name != "each":
			case strings.Contains(string(payload), `"n":25}`):
				close(failed)
				return []byte(`{"errorType":"Bad"}`), "Unhandled", nil
			case kind == Standard:
				<-ctx.Done()
				return nil, "", ctx.Err()
			default:
				<-failed
			}
			return []byte(`{}`), "", nil
		})
		st.runMap(mapping(kind, inTens+written), 200)
		x := st.wait("map", "one")
		run := st.theMapRun()
		if x.Error != asl.ErrorToleratedFailures || run.Status != asl.Failed || run.Children.Failed != 1 || run.Children.Running != 0 {
			t.Errorf("%s: %s: %+v", kind, x.Error, run)
		}
		if c := run.Children; kind == Standard && (c.Aborted != 2 || c.Pending() != 17) || kind == Express && c.Aborted != 0 {
			t.Errorf("%s: %+v", kind, c)
		}
		body, err := st.objects.Get(t.Context(), "data", "results/"+run.ID+"/FAILED_0.json")
		if err != nil || !strings.Contains(string(body.Body), `"Error":"Bad"`) {
			t.Errorf("results of the failed: %s, %v", body.Body, err)
		}
	}
}

func TestStopAbortsTheMapRun(t *testing.T) {
	for _, kind := range []string{Standard, Express} {
		st := newStand(t)
		hangs := st.stopAfter("each", 0)
		st.runMap(mapping(kind, inTens), 100)
		for range 3 {
			<-hangs
		}
		if err := st.Stop("map", "one", "Enough", "really"); err != nil {
			t.Fatal(err)
		}
		run := st.theMapRun()
		if x := st.wait("map", "one"); x.Status != "ABORTED" || run.Status != asl.Aborted || run.Children.Aborted != 3 || run.Children.Running != 0 {
			t.Errorf("%s: %+v", x.Status, run)
		}
		if x, err := st.Describe("map/Rows", run.ID+"-0"); err != nil || x.Status != "ABORTED" {
			t.Errorf("child %+v, %v", x, err)
		}
	}
}

// A Map in a branch cannot go on after a restart: it begins anew, and what it had begun is over.
func TestMapRunInABranch(t *testing.T) {
	st := newStand(t)
	hangs := st.stopAfter("each", 2)
	inner := string(mapping(Standard, inTens))
	st.runMap([]byte(`{"StartAt":"Both","States":{"Both":{"Type":"Parallel","Branches":[`+inner+`],"End":true}}}`), 50)
	for range 3 {
		<-hangs
	}
	st.close()
	st.answerAll()
	st.start()
	if x := st.wait("map", "one"); x.Status != "SUCCEEDED" {
		t.Errorf("%s: %s", x.Status, x.Cause)
	}
	runs, err := st.MapRuns("map", "one")
	if err != nil || len(runs) != 2 || runs[0].Status != asl.Aborted || runs[1].Status != asl.Succeeded {
		t.Fatalf("%+v, %v", runs, err)
	}
	if runs[0].Children.Aborted != 3 || runs[0].Children.Succeeded != 2 || runs[1].Children.Succeeded != 5 {
		t.Errorf("%+v\n%+v", runs[0].Children, runs[1].Children)
	}
}

// count counts the keys of a bucket.
func (st *stand) count(bucket string) (n int) {
	st.t.Helper()
	if err := journal.Each(st.db.Bucket(bucket), "", func(string, any) error { n++; return nil }); err != nil {
		st.t.Fatal(err)
	}
	return n
}

func TestOldChildrenAreDropped(t *testing.T) {
	st := newStand(t)
	st.close()
	st.change = func(cfg *Config) { cfg.KeepChildren, cfg.Keep = 25, 1 }
	st.start()
	st.runMap(mapping(Express, inTens), 100)
	st.wait("map", "one")
	for _, name := range []string{"two", "three"} {
		if _, err := st.Start(t.Context(), "map", name, []byte(`{"who":"me"}`)); err != nil {
			t.Fatal(err)
		}
		st.wait("map", name)
	}
	first := st.theMapRun()
	if !first.Dropped || first.Children.Succeeded != 10 {
		t.Errorf("the oldest Map Run %+v", first)
	}
	if page, all, err := st.Children(first.ID, "", 0, 10); err != nil || all != 0 || len(page) != 0 {
		t.Errorf("its children %v of %d, %v", page, all, err)
	}
	if n := st.count(childBucket); n != 20 {
		t.Errorf("%d children are kept", n)
	}
	for range 101 { // their parents go, and all that belongs to them
		if _, err := st.StartSync(t.Context(), "quick", "", nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := st.Close(); err != nil { // what goes on after the answers has ended
		t.Fatal(err)
	}
	if children, runs := st.count(childBucket), st.count(mapRunBucket); children != 0 || runs != 0 {
		t.Errorf("%d children of %d Map Runs are left", children, runs)
	}
}

func TestNestedMapRuns(t *testing.T) {
	st := newStand(t)
	inner := `{"Type":"Map","Label":"Inner","ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"EXPRESS"},
		"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}},"End":true}`
	st.runMap([]byte(`{"StartAt":"Outer","States":{"Outer":{"Type":"Map","Label":"Outer","ItemsPath":"$$.Execution.Input.none","End":true,
		"ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"StartAt":"Inner","States":{"Inner":`+inner+`}}}}}`), 0)
	if x := st.wait("map", "one"); x.Error != asl.ErrorRuntime {
		t.Errorf("no such items: %s", x.Error)
	}
	if _, err := st.Start(t.Context(), "map", "nested", []byte(`{"none":[[1,2],[3]]}`)); err != nil {
		t.Fatal(err)
	}
	x := st.wait("map", "nested")
	if string(x.Output) != `[[1,2],[3]]` {
		t.Errorf("%s: %s %s", x.Status, x.Output, x.Cause)
	}
	outer, err := st.MapRuns("map", "nested")
	if err != nil || len(outer) != 1 {
		t.Fatal(outer, err)
	}
	nested, err := st.MapRuns("map/Outer", outer[0].ID+"-0")
	if err != nil || len(nested) != 1 || nested[0].Children.Succeeded != 2 {
		t.Fatalf("%+v, %v", nested, err)
	}
	if leaf, err := st.Describe("map/Inner", nested[0].ID+"-1"); err != nil || string(leaf.Output) != "2" {
		t.Errorf("%+v, %v", leaf, err)
	}
}

func TestDistributedNeedsStandard(t *testing.T) {
	st := newStand(t)
	if err := st.Define("map", Express, mapping(Express, "")); err == nil || !strings.Contains(err.Error(), "Mode DISTRIBUTED is only for workflows of type STANDARD") {
		t.Errorf("an Express parent: %v", err)
	}
}

func TestMapMayOnlyWhatItsMachineMay(t *testing.T) {
	st := newStand(t)
	var mu sync.Mutex
	var asked []string
	ask := func(what string, answer *bool) func(string, string, string) bool {
		return func(machine, bucket, key string) bool {
			mu.Lock()
			defer mu.Unlock()
			asked = append(asked, what+" "+machine+" "+bucket+" "+strings.SplitAfter(key, "/")[0])
			return *answer
		}
	}
	var read, write bool
	st.close()
	st.change = func(cfg *Config) { cfg.MayRead, cfg.MayWrite = ask("read", &read), ask("write", &write) }
	st.start()
	for _, c := range []struct {
		read, write bool
		want        string
	}{
		{false, true, asl.ErrorItemReader},
		{true, false, asl.ErrorResultWriter},
		{true, true, ""},
	} {
		read, write = c.read, c.write
		name := fmt.Sprintf("%t-%t", read, write)
		st.runMapNamed(name, mapping(Express, written))
		x := st.wait("map", name)
		if x.Error != c.want || c.want != "" && !strings.Contains(x.Cause, "arn:aws:iam::000000000000:role/map is not authorized to perform: s3:") {
			t.Errorf("%+v: %s %s", c, x.Error, x.Cause)
		}
	}
	slices.Sort(asked)
	if want := []string{"read map data list", "write map data results/"}; !slices.Equal(slices.Compact(asked), want) {
		t.Errorf("asked %q", asked)
	}
}

// runMapNamed is runMap with another name, over two lines.
func (st *stand) runMapNamed(name string, definition []byte) {
	st.t.Helper()
	if err := st.objects.Put(st.t.Context(), "data", "list", []byte("1\n2\n"), nil); err != nil {
		st.t.Fatal(err)
	}
	if err := st.Define("map", Standard, definition); err != nil {
		st.t.Fatal(err)
	}
	if _, err := st.Start(st.t.Context(), "map", name, []byte(`{"to":"results"}`)); err != nil {
		st.t.Fatal(err)
	}
}

func TestMapRunErrors(t *testing.T) {
	st := newStand(t)
	for arn, want := range map[string]string{
		"nonsense":                          "InvalidArn",
		st.MachineARN("two"):                "InvalidArn",
		st.arn("mapRun", "map/Rows:nobody"): "ResourceNotFound",
	} {
		if _, err := st.client.DescribeMapRun(t.Context(), &sfn.DescribeMapRunInput{MapRunArn: aws.String(arn)}); codeOf(err) != want {
			t.Errorf("%s: %v", arn, err)
		}
	}
	for _, name := range []string{"none", "none-1", "-", ""} {
		if _, err := st.Describe("map/Rows", name); codeOf(err) == "" || !strings.Contains(err.Error(), "ExecutionDoesNotExist") {
			t.Errorf("child %q: %v", name, err)
		}
	}
}
