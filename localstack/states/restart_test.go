package states

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/localstack/journal"
)

// hangIn lets a function hang until the service is cut off, and tells when it does.
func (st *stand) hangIn(function string) (hangs <-chan struct{}) {
	begun := make(chan struct{}, 10)
	st.answering(func(ctx context.Context, name string, _ []byte) ([]byte, string, error) {
		if name == function {
			begun <- struct{}{}
			<-ctx.Done()
			return nil, "", ctx.Err()
		}
		return []byte(`{"by":"` + name + `"}`), "", nil
	})
	return begun
}

// answerAll lets every function answer again.
func (st *stand) answerAll() {
	st.answering(func(_ context.Context, name string, _ []byte) ([]byte, string, error) {
		return []byte(`{"by":"` + name + ` again"}`), "", nil
	})
}

// Close writes nothing about executions under way, so that what is found after it is what is found after kill -9.
func TestStandardGoesOnAfterRestart(t *testing.T) {
	st := newStand(t)
	hangs := st.hangIn("second")
	if _, err := st.Start(t.Context(), "two", "one", []byte(`{"n":1}`)); err != nil {
		t.Fatal(err)
	}
	<-hangs
	st.close()
	st.answerAll()
	st.start()

	x := st.wait("two", "one")
	if x.Status != "SUCCEEDED" || string(x.Output) != `{"by":"first","second":{"by":"second again"}}` {
		t.Errorf("%s %s: %s %s", x.Status, x.Output, x.Error, x.Cause)
	}
	if got := st.calls(); !slices.Equal(got, []string{"second"}) {
		t.Errorf("called after the restart: %v, want the second alone", got)
	}
	history, err := st.History("two", "one")
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range history {
		if e.ID != int64(i+1) {
			t.Errorf("event %d has the id %d", i+1, e.ID)
		}
	}
	if last := history[len(history)-1]; last.Type != "ExecutionSucceeded" || len(history) != 12 {
		t.Errorf("%d events, the last %s", len(history), last.Type)
	}
	if len(x.States) != 2 || x.States[1].Exited == nil || x.States[0].Retries != 0 {
		t.Errorf("states %+v", x.States)
	}
}

func TestExpressRunsAgainAfterRestart(t *testing.T) {
	st := newStand(t)
	hangs := st.hangIn("second")
	if _, err := st.Start(t.Context(), "quick", "one", []byte(`{"n":1}`)); err != nil {
		t.Fatal(err)
	}
	<-hangs
	st.close()
	st.answerAll()
	st.start()
	if x := st.wait("quick", "one"); x.Status != "SUCCEEDED" || len(x.States) != 2 {
		t.Errorf("%+v", x)
	}
	if got := st.calls(); !slices.Equal(got, []string{"first", "second"}) {
		t.Errorf("called after the restart: %v", got)
	}
}

// A synchronous execution runs at most once: https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html
func TestSyncDoesNotRunAgain(t *testing.T) {
	st := newStand(t)
	hangs := st.hangIn("second")
	answered := make(chan Execution, 1)
	go func() {
		x, err := st.StartSync(context.Background(), "quick", "one", nil)
		if err != nil {
			t.Errorf("cut off: %v", err)
		}
		answered <- x
	}()
	<-hangs
	close := st.close
	closed := make(chan struct{})
	go func() { defer func() { closed <- struct{}{} }(); st.Close() }() //nolint:errcheck // returns nil
	if x := <-answered; x.Status != "ABORTED" {
		t.Errorf("cut off with status %s", x.Status)
	}
	<-closed
	close()
	st.answerAll()
	st.start()
	if got := st.calls(); len(got) != 0 {
		t.Errorf("called after the restart: %v", got)
	}
}

func TestOldExecutionsAreDropped(t *testing.T) {
	st := newStand(t)
	st.close()
	st.change = func(cfg *Config) { cfg.Keep = 10 }
	st.start()
	const runs = 250
	for i := range runs {
		if _, err := st.StartSync(t.Context(), "quick", fmt.Sprintf("run-%d", i), nil); err != nil {
			t.Fatal(err)
		}
	}
	list, err := st.List("quick")
	if err != nil {
		t.Fatal(err)
	}
	if len(list) < 10 || len(list) >= 110 || list[len(list)-1].Name != fmt.Sprintf("run-%d", runs-1) {
		t.Errorf("%d are left, the last %s", len(list), list[len(list)-1].Name)
	}
	count := func(bucket string) (n int) {
		if err := journal.Each(st.db.Bucket(bucket), "", func(string, any) error { n++; return nil }); err != nil {
			t.Fatal(err)
		}
		return n
	}
	// The oldest leave the journal after the execution that pushed them out has answered.
	records, chunks := count(executionBucket), count(historyBucket)
	for deadline := time.Now().Add(20 * time.Second); (records != len(list) || chunks != len(list)) && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		records, chunks = count(executionBucket), count(historyBucket)
	}
	if records != len(list) || chunks != len(list) {
		t.Errorf("the journal has %d records and %d chunks for %d executions", records, chunks, len(list))
	}
}

func TestVisits(t *testing.T) {
	st := newStand(t)
	definition := `{"StartAt":"Each","States":{
		"Each":{"Type":"Map","ItemsPath":"$.list","MaxConcurrency":1,"ItemProcessor":{"StartAt":"Do","States":{
			"Do":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:do","Retry":[{"ErrorEquals":["Flaky"],"IntervalSeconds":1,"MaxAttempts":1}],
				"Catch":[{"ErrorEquals":["States.ALL"],"Next":"Caught"}],"End":true},
			"Caught":{"Type":"Pass","End":true}}},"End":true}}}`
	if err := st.Define("map", Standard, []byte(definition)); err != nil {
		t.Fatal(err)
	}
	failed := 0
	st.answering(func(_ context.Context, _ string, payload []byte) ([]byte, string, error) {
		switch {
		case string(payload) == `"bad"`:
			return []byte(`{"errorType":"Bad","errorMessage":"no"}`), "Unhandled", nil
		case failed == 0:
			failed++
			return []byte(`{"errorType":"Flaky"}`), "Unhandled", nil
		}
		return payload, "", nil
	})
	if _, err := st.Start(t.Context(), "map", "one", []byte(`{"list":["good","bad"]}`)); err != nil {
		t.Fatal(err)
	}
	x := st.wait("map", "one")
	var got []string
	for _, v := range x.States {
		got = append(got, fmt.Sprintf("%s %s %s retries=%d error=%s left=%t", v.Within, v.Type, v.Name, v.Retries, v.Error, v.Exited != nil))
	}
	want := []string{
		" Map Each retries=0 error= left=true",
		"Each[0] Task Do retries=1 error= left=true",
		"Each[1] Task Do retries=0 error=Bad left=true",
		"Each[1] Pass Caught retries=0 error= left=true",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s: visits\n%q\nwant\n%q", x.Status, got, want)
	}
}
