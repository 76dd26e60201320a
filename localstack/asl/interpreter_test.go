package asl

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// script is functions of a test: each call of a function takes its next answer, the last one for ever.
type script struct {
	mu      sync.Mutex
	answers map[string][]string // JSON, or "!Name" for an error, or "~5s" to take so long
	calls   []string
	times   []time.Time
}

func (s *script) invoke(ctx context.Context, name string, payload []byte) ([]byte, string, error) {
	s.mu.Lock()
	s.calls = append(s.calls, name+" "+string(payload))
	s.times = append(s.times, time.Now())
	answers := s.answers[name]
	if len(answers) == 0 {
		s.mu.Unlock()
		return payload, "", nil
	}
	answer := answers[0]
	if len(answers) > 1 {
		s.answers[name] = answers[1:]
	}
	s.mu.Unlock()
	if failed, ok := strings.CutPrefix(answer, "!"); ok {
		return JSON(NewObject("errorType", failed)), "Unhandled", nil
	}
	if long, ok := strings.CutPrefix(answer, "~"); ok {
		d, err := time.ParseDuration(long)
		if err != nil {
			return nil, "", err
		}
		return payload, "", SystemClock{}.Sleep(ctx, d)
	}
	return []byte(answer), "", nil
}

// functions names, in definitions, where F(name) stands.
const functionARN = "arn:aws:lambda:us-east-1:000000000000:function:"

func load(t *testing.T, definition string, s *script) *Machine {
	t.Helper()
	if s == nil {
		s = &script{}
	}
	m, err := Load([]byte(strings.ReplaceAll(definition, "FN:", functionARN)), Environment{Resources: Functions{s.invoke}})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func execution(input string, h *history) Execution {
	return Execution{ARN: "arn:execution", Name: "name", MachineARN: "arn:machine", MachineName: "machine", Start: time.Now(), Input: []byte(input), Recorder: h}
}

func runs(t *testing.T, definition, input string, s *script) (Result, *history) {
	t.Helper()
	h := &history{}
	result, err := load(t, definition, s).Run(t.Context(), execution(input, h))
	if err != nil {
		t.Fatal(err)
	}
	h.check(t)
	return result, h
}

func TestRetryDelays(t *testing.T) {
	for _, c := range []struct {
		retrier string
		want    []float64 // seconds between the attempts
	}{
		{`{"ErrorEquals":["E"]}`, []float64{1, 2, 4}},
		{`{"ErrorEquals":["E"],"IntervalSeconds":3,"MaxAttempts":2,"BackoffRate":1.5}`, []float64{3, 4.5}},
		{`{"ErrorEquals":["States.ALL"],"IntervalSeconds":10,"MaxAttempts":4,"MaxDelaySeconds":25}`, []float64{10, 20, 25, 25}},
		{`{"ErrorEquals":["E"],"MaxAttempts":0}`, nil},
		{`{"ErrorEquals":["Other"]}`, nil},
		{`{"ErrorEquals":["States.TaskFailed"],"MaxAttempts":1}`, []float64{1}},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &script{answers: map[string][]string{"f": {"!E"}}}
			result, _ := runs(t, `{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"FN:f","End":true,"Retry":[`+c.retrier+`]}}}`, "{}", s)
			var got []float64
			for i := 1; i < len(s.times); i++ {
				got = append(got, s.times[i].Sub(s.times[i-1]).Seconds())
			}
			if result.Error != "E" || !slices.Equal(got, c.want) {
				t.Errorf("%s: %s after delays %v, want %v", c.retrier, result.Error, got, c.want)
			}
		})
	}
}

func TestFullJitterStaysBelowTheInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: map[string][]string{"f": {"!E"}}}
		runs(t, `{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"FN:f","End":true,
			"Retry":[{"ErrorEquals":["E"],"IntervalSeconds":8,"BackoffRate":1,"MaxAttempts":20,"JitterStrategy":"FULL"}]}}}`, "{}", s)
		distinct := map[time.Duration]bool{}
		for i := 1; i < len(s.times); i++ {
			d := s.times[i].Sub(s.times[i-1])
			if distinct[d] = true; d < 0 || d > 8*time.Second {
				t.Errorf("delay %v", d)
			}
		}
		if len(distinct) < 10 {
			t.Errorf("%d different delays in 20", len(distinct))
		}
	})
}

func TestRetriersCountEachForItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: map[string][]string{"f": {"!A", "!B", "!A", "!B", "!A"}}}
		result, h := runs(t, `{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"FN:f","Parameters":{"n.$":"$$.State.RetryCount"},"End":true,
			"Retry":[{"ErrorEquals":["A"],"MaxAttempts":2},{"ErrorEquals":["B"],"MaxAttempts":3}]}}}`, "{}", s)
		want := []string{`f {"n":0}`, `f {"n":1}`, `f {"n":2}`, `f {"n":3}`, `f {"n":4}`}
		if result.Error != "A" || !slices.Equal(s.calls, want) {
			t.Errorf("%s after %q", result.Error, s.calls)
		}
		if last := h.checkpoints[len(h.checkpoints)-1]; !slices.Equal(last.Attempts, []int{2, 2}) {
			t.Errorf("last checkpoint %+v", last)
		}
	})
}

func TestTimeouts(t *testing.T) {
	for name, c := range map[string]struct {
		definition string
		want       Result
		after      time.Duration
	}{
		"task": {
			`{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"FN:slow","TimeoutSeconds":5,"End":true}}}`,
			Result{Status: Failed, Error: "States.Timeout"}, 5 * time.Second,
		},
		"task, by path, caught": {
			`{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"FN:slow","TimeoutSecondsPath":"$.limit","End":true,
				"Catch":[{"ErrorEquals":["States.TaskFailed"],"Next":"C"},{"ErrorEquals":["States.Timeout"],"Next":"B"}]},
				"B":{"Type":"Pass","End":true},"C":{"Type":"Pass","End":true}}}`,
			Result{Status: Succeeded, Output: []byte(`{"Error":"States.Timeout","Cause":""}`)}, 7 * time.Second,
		},
		"machine": {
			`{"StartAt":"A","TimeoutSeconds":9,"States":{"A":{"Type":"Task","Resource":"FN:slow","End":true}}}`,
			Result{Status: TimedOut}, 9 * time.Second,
		},
		"long enough": {
			`{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"FN:slow","TimeoutSeconds":61,"End":true}}}`,
			Result{Status: Succeeded, Output: []byte(`{"limit":7}`)}, 60 * time.Second,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				got, _ := runs(t, c.definition, `{"limit":7}`, &script{answers: map[string][]string{"slow": {"~60s"}}})
				if !reflect.DeepEqual(got, c.want) || time.Since(begin) != c.after {
					t.Errorf("got %+v after %v, want %+v after %v", got, time.Since(begin), c.want, c.after)
				}
			})
		})
	}
}

func TestMapConcurrency(t *testing.T) {
	for limit, want := range map[int]time.Duration{1: 50 * time.Second, 5: 10 * time.Second, 0: 2 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			begin := time.Now()
			result, _ := runs(t, fmt.Sprintf(`{"StartAt":"M","States":{"M":{"Type":"Map","MaxConcurrency":%d,"End":true,
				"ItemProcessor":{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"FN:f","End":true}}}}}}`, limit),
				"["+strings.TrimSuffix(strings.Repeat("1,", 50), ",")+"]", &script{answers: map[string][]string{"f": {"~1s"}}})
			if result.Status != Succeeded || time.Since(begin) != want {
				t.Errorf("MaxConcurrency %d: %s after %v, want %v", limit, result.Status, time.Since(begin), want)
			}
		})
	}
}

func TestFailedIterationEndsTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		result, h := runs(t, `{"StartAt":"M","States":{"M":{"Type":"Map","End":true,"ItemProcessor":{"StartAt":"C","States":{
			"C":{"Type":"Choice","Choices":[{"Variable":"$","NumericEquals":0,"Next":"F"}],"Default":"W"},
			"F":{"Type":"Fail","Error":"Zero"},"W":{"Type":"Wait","Seconds":100,"End":true}}}}}}`, "[1,0,2]", nil)
		if result.Error != "Zero" || time.Since(begin) != 0 {
			t.Errorf("%+v after %v", result, time.Since(begin))
		}
		if text := h.String(); !strings.Contains(text, "MapIterationAborted") || !strings.Contains(text, "MapStateFailed") {
			t.Error(text)
		}
	})
}

// A Standard execution that was cut off at any checkpoint ends as if it had not been.
func TestResumeFromEveryCheckpoint(t *testing.T) {
	definition := `{"StartAt":"Set","States":{
		"Set":{"Type":"Pass","Assign":{"n":1,"who.$":"$.who"},"Next":"Flaky"},
		"Flaky":{"Type":"Task","Resource":"FN:flaky","ResultPath":"$.flaky","Retry":[{"ErrorEquals":["E"],"IntervalSeconds":60,"MaxAttempts":2}],"Next":"Wait"},
		"Wait":{"Type":"Wait","Seconds":3600,"Next":"Both"},
		"Both":{"Type":"Parallel","ResultPath":"$.both","Branches":[
			{"StartAt":"L","States":{"L":{"Type":"Pass","Parameters":{"n.$":"$n"},"End":true}}},
			{"StartAt":"R","States":{"R":{"Type":"Task","Resource":"FN:echo","Parameters":{"who.$":"$who"},"End":true}}}],"Next":"Done"},
		"Done":{"Type":"Succeed"}}}`
	answers := func() *script { return &script{answers: map[string][]string{"flaky": {"!E", "!E", `"ok"`}}} }
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		want, whole := runs(t, definition, `{"who":"me"}`, answers())
		took := time.Since(begin)
		if want.Status != Succeeded || string(want.Output) != `{"who":"me","flaky":"ok","both":[{"n":1},{"who":"me"}]}` {
			t.Fatalf("%+v %s", want, want.Output)
		}
		if len(whole.checkpoints) != 7 { // five states and two retries
			t.Fatalf("%d checkpoints", len(whole.checkpoints))
		}
		for i, c := range whole.checkpoints {
			s := answers()
			if done := slices.IndexFunc(whole.checkpoints, func(c Checkpoint) bool { return c.State == "Wait" }); i >= done {
				s.answers = nil
			} else if i > 0 {
				s.answers["flaky"] = s.answers["flaky"][i-1:]
			}
			h := &history{events: slices.Clone(whole.events[:c.LastEvent])}
			x := execution(`{"who":"me"}`, h)
			x.Start = begin // the clock has run on: what is due happens at once
			got, err := load(t, definition, s).Resume(t.Context(), x, c)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("from %s (%v): %+v %s, %v", c.State, c.Attempts, got, got.Output, err)
			}
			h.check(t)
			if sameTypes(h.events) != sameTypes(whole.events) {
				t.Errorf("from %s (%v): history\n%s\nwant\n%s", c.State, c.Attempts, h, whole)
			}
		}
		if took != 3600*time.Second+60*time.Second+120*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func sameTypes(events []Event) string {
	var b strings.Builder
	for _, e := range events {
		if !strings.HasPrefix(e.Type, "Pass") { // the branches of a Parallel come in any order
			b.WriteString(e.Type + "\n")
		}
	}
	return b.String()
}

// After a restart a Wait ends when it would have ended.
func TestWaitCountsFromItsEntry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := load(t, `{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":100,"End":true}}}`, nil)
		ctx, cancel := context.WithCancel(t.Context())
		h := &history{}
		time.AfterFunc(30*time.Second, cancel)
		if _, err := m.Run(ctx, execution("{}", h)); !errors.Is(err, context.Canceled) {
			t.Fatalf("cut off: %v", err)
		}
		time.Sleep(20 * time.Second)
		resumed := time.Now()
		if result, err := m.Resume(t.Context(), execution("{}", h), h.checkpoints[0]); err != nil || result.Status != Succeeded {
			t.Fatalf("%+v, %v", result, err)
		}
		if took := time.Since(resumed); took != 50*time.Second {
			t.Errorf("the rest took %v", took)
		}
	})
}

func TestStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := load(t, `{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":100,"End":true}}}`, nil)
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(&Stop{ErrorName: "Enough", Cause: "why"}) })
		h := &history{}
		result, err := m.Run(ctx, execution("{}", h))
		if err != nil || !reflect.DeepEqual(result, Result{Status: Aborted, Error: "Enough", Cause: "why"}) {
			t.Errorf("%+v, %v", result, err)
		}
		if last := h.events[len(h.events)-1]; last.Type != "ExecutionAborted" || last.Error != "Enough" {
			t.Errorf("last event %+v", last)
		}
	})
}

func TestRecorderErrorEndsTheRun(t *testing.T) {
	full := errors.New("disk full")
	m := load(t, `{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":100,"End":true}}}`, nil)
	if _, err := m.Run(t.Context(), execution("{}", &history{fail: full})); !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
}

func TestHistoryIsLimited(t *testing.T) {
	result, h := runs(t, `{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Pass","Next":"A"}}}`, "{}", nil)
	if result.Status != Failed || !strings.Contains(result.Cause, "maximum number of history events (25000)") || len(h.events) != maxEvents {
		t.Errorf("%+v after %d events", result, len(h.events))
	}
}

func TestDataLimit(t *testing.T) {
	big := `"` + strings.Repeat("é", maxData/2) + `"`
	result, _ := runs(t, `{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"FN:f","End":true}}}`, "{}", &script{answers: map[string][]string{"f": {big}}})
	if result.Error != ErrorDataLimitExceeded || !strings.HasPrefix(result.Cause, "The state/task '"+functionARN+"f' returned a result with a size exceeding") {
		t.Errorf("%s: %s", result.Error, result.Cause)
	}
	result, _ = runs(t, `{"StartAt":"A","States":{"A":{"Type":"Pass","Parameters":{"a.$":"$","b.$":"$"},"End":true}}}`, `"`+strings.Repeat("x", maxData/2)+`"`, nil)
	if result.Error != ErrorDataLimitExceeded || !strings.HasPrefix(result.Cause, "The state/task 'A' returned") {
		t.Errorf("%s: %s", result.Error, result.Cause)
	}
}

func TestFailures(t *testing.T) {
	for name, c := range map[string]struct{ definition, input, name, cause string }{
		"no choice": {
			`{"StartAt":"C","States":{"C":{"Type":"Choice","Choices":[{"Variable":"$.a","IsNull":true,"Next":"P"}]},"P":{"Type":"Pass","End":true}}}`, `{"a":1}`,
			"States.Runtime", "An error occurred while executing the state 'C' (entered at the event id #2). Failed to transition out of the state. The state does not point to a next state.",
		},
		"choice without the variable": {
			`{"StartAt":"C","States":{"C":{"Type":"Choice","Choices":[{"Variable":"$.b","IsNull":true,"Next":"P"}],"Default":"P"},"P":{"Type":"Pass","End":true}}}`, `{"a":1}`,
			"States.Runtime", "An error occurred while executing the state 'C' (entered at the event id #2). Invalid path '$.b': The choice state's condition path references an invalid value.",
		},
		"intrinsic without the value": {
			`{"StartAt":"P","States":{"P":{"Type":"Pass","Parameters":{"v.$":"States.Format('{}', $.nope)"},"End":true}}}`, `{"other":1}`,
			"States.Runtime", "An error occurred while executing the state 'P' (entered at the event id #2). The function 'States.Format('{}', $.nope)' had the following error: The JsonPath argument for the field '$.nope' could not be found in the input '{\"other\":1}'",
		},
		"intrinsic of the wrong type": {
			`{"StartAt":"P","States":{"P":{"Type":"Pass","Parameters":{"v.$":"States.MathAdd($.a, 1)"},"End":true}}}`, `{"a":"x"}`,
			"States.Runtime", "An error occurred while executing the state 'P' (entered at the event id #2). The function 'States.MathAdd($.a, 1)' had the following error: Invalid arguments in States.MathAdd",
		},
		"ResultPath into text": {
			`{"StartAt":"P","States":{"P":{"Type":"Pass","ResultPath":"$.a.b","End":true}}}`, `{"a":"x"}`,
			"States.ResultPathMatchFailure", "An error occurred while executing the state 'P' (entered at the event id #2). Unable to apply ReferencePath $.a.b to input {\"a\":\"x\"}",
		},
		"Map over an object": {
			`{"StartAt":"M","States":{"M":{"Type":"Map","ItemsPath":"$.a","ItemProcessor":{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}},"End":true}}}`, `{"a":{}}`,
			"States.Runtime", "An error occurred while executing the state 'M' (entered at the event id #2). Reference path \"$.a\" must point to array.",
		},
		"TimeoutSecondsPath to nothing": {
			`{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"FN:f","TimeoutSecondsPath":"$.no","End":true}}}`, `{}`,
			"States.Runtime", "An error occurred while executing the state 'T' (entered at the event id #2). Invalid path '$.no' : No results for path: $['no']",
		},
		"States.Runtime inside a Parallel is not caught": {
			`{"StartAt":"X","States":{"X":{"Type":"Parallel","Branches":[{"StartAt":"P","States":{"P":{"Type":"Pass","InputPath":"$.no.such","End":true}}}],
				"Catch":[{"ErrorEquals":["States.ALL"],"Next":"Y"}],"End":true},"Y":{"Type":"Pass","End":true}}}`, `{}`,
			"States.Runtime", "An error occurred while executing the state 'P' (entered at the event id #4). Invalid path '$.no.such' : Missing property in path $['no']",
		},
		"function error without a type": {
			`{"StartAt":"T","States":{"T":{"Type":"Task","Resource":"FN:f","End":true}}}`, `{}`,
			"Lambda.Unknown", `The cause could not be determined because Lambda did not return an error type. Returned payload: {"errorType":""}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			result, _ := runs(t, c.definition, c.input, &script{answers: map[string][]string{"f": {"!"}}})
			if result.Status != Failed || result.Error != c.name || result.Cause != c.cause {
				t.Errorf("%s %s\n%s\nwant %s\n%s", result.Status, result.Error, result.Cause, c.name, c.cause)
			}
		})
	}
}
