package asl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// recordedCase is a run recorded against AWS Step Functions; see the README beside the cases.
type recordedCase struct {
	Name       string                    `json:"name"`
	Type       string                    `json:"type"`
	Definition json.RawMessage           `json:"definition"`
	Input      json.RawMessage           `json:"input"`
	Lambdas    map[string]recordedLambda `json:"lambdas"`
	S3         []struct{ Bucket, Key, Body string }
	Buckets    []string
	Expected   struct {
		Status  string          `json:"status"`
		Output  json.RawMessage `json:"output"`
		Error   string          `json:"error"`
		Cause   json.RawMessage `json:"cause"`
		Message string          `json:"message"`
	} `json:"expected"`
	Trace []map[string]json.RawMessage `json:"trace"`
}

type recordedLambda struct {
	Behaviour    string          `json:"behaviour"`
	Value        json.RawMessage `json:"value"`
	ErrorType    string          `json:"errorType"`
	ErrorMessage string          `json:"errorMessage"`
	Seconds      int             `json:"seconds"`
}

// recordedCases returns all cases, or skips the test where they are not at hand.
func recordedCases(tb testing.TB) []recordedCase {
	tb.Helper()
	files, err := filepath.Glob("../../../shared/asl-cases/*.json")
	if err != nil {
		tb.Fatal(err)
	}
	if len(files) == 0 {
		tb.Skip("no recorded cases in ../shared/asl-cases")
	}
	var all []recordedCase
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		var cases []recordedCase
		if err := json.Unmarshal(text, &cases); err != nil {
			tb.Fatalf("%s: %v", file, err)
		}
		all = append(all, cases...)
	}
	return all
}

// TestRecordedCases runs every recorded case. Each gives AWS's result or is refused by a message that names
// what is not supported; both are counted.
func TestRecordedCases(t *testing.T) {
	passed := 0
	refused := map[string][]string{}
	for _, c := range recordedCases(t) {
		t.Run(c.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				reason := c.run(t)
				switch {
				case reason != "":
					refused[reason] = append(refused[reason], c.Name)
				case !t.Failed():
					passed++
				}
			})
		})
	}
	count := 0
	for reason, names := range refused {
		count += len(names)
		t.Logf("refused: %s (%d cases)\n  %s", reason, len(names), strings.Join(names, "\n  "))
	}
	t.Logf("%d cases give AWS's result, %d are refused by name", passed, count)
}

// run runs the case and returns why it was refused, if it was.
func (c *recordedCase) run(t *testing.T) (refused string) {
	definition, input := expand(t, c.Definition), expand(t, c.Input)
	m, err := Load(JSON(definition), Environment{
		Express: c.Type == "EXPRESS", Resources: Functions{c.invoke}, Objects: c.objects(), MapRuns: &mapRuns{},
	})
	var unsupported *Unsupported
	if errors.As(err, &unsupported) {
		return strings.Join(unsupported.Problems, ", ")
	}
	if c.Expected.Status == "INVALID_DEFINITION" {
		var invalid *InvalidDefinition
		if !errors.As(err, &invalid) {
			t.Fatalf("the definition was accepted, or refused by %v", err)
		}
		if !strings.HasSuffix(c.Expected.Message, invalid.Error()) {
			t.Logf("refused in other words than AWS's:\n%s\n%s", invalid, c.Expected.Message)
		}
		return ""
	}
	if err != nil {
		t.Fatalf("loading: %v", err)
	}
	h := &history{}
	result, err := m.Run(t.Context(), Execution{
		ARN: "arn:aws:states:us-east-1:111111111111:execution:machine-name:execution-name", Name: "execution-name",
		MachineARN: "arn:aws:states:us-east-1:111111111111:stateMachine:machine-name", MachineName: "machine-name",
		RoleARN: "arn:aws:iam::111111111111:role/role-name", Start: time.Now(), Input: JSON(input), Recorder: h,
	})
	if err != nil {
		t.Fatalf("running: %v", err)
	}
	h.check(t)
	c.compare(t, result, h)
	return ""
}

func (c *recordedCase) compare(t *testing.T, result Result, h *history) {
	if string(result.Status) != c.Expected.Status {
		t.Fatalf("status %s (%s: %s), want %s", result.Status, result.Error, result.Cause, c.Expected.Status)
	}
	if result.Error != c.Expected.Error {
		t.Errorf("error %q, want %q", result.Error, c.Expected.Error)
	}
	if c.Expected.Cause != nil && !like(expand(t, c.Expected.Cause), result.Cause) {
		t.Errorf("cause\n%s\nwant\n%s", result.Cause, c.Expected.Cause)
	}
	if c.Expected.Output != nil {
		output, err := ParseJSON(result.Output)
		if err != nil {
			t.Fatal(err)
		}
		if !like(expand(t, c.Expected.Output), output) {
			t.Errorf("output\n%s\nwant\n%s", result.Output, c.Expected.Output)
		}
	}
	if c.Trace != nil {
		c.compareTrace(t, h)
	}
}

// compareTrace compares the states entered and left, in order unless the machine runs some of them at once.
func (c *recordedCase) compareTrace(t *testing.T, h *history) {
	var got []any
	for _, e := range h.events {
		if line := traced(e); line != nil {
			got = append(got, line)
		}
	}
	concurrent := hasParallel.Match(c.Definition) && !hasOneAtATime.Match(c.Definition)
	for i, line := range c.Trace {
		text, err := json.Marshal(line)
		if err != nil {
			t.Fatal(err)
		}
		want := expand(t, text)
		at := 0
		if concurrent {
			at = max(0, slices.IndexFunc(got, func(g any) bool { return like(want, g) }))
		}
		if at >= len(got) || !like(want, got[at]) {
			t.Fatalf("trace line %d: got %s\nwant %s", i, JSON(got), text)
		}
		got = slices.Delete(got, at, at+1)
	}
	if len(got) > 0 {
		t.Errorf("trace has more: %s", JSON(got))
	}
}

// traced returns an event as traces tell it; nil for those that they leave out.
func traced(e Event) any {
	o := NewObject("event", e.Type)
	parse := func(name string, text []byte) {
		v, err := ParseJSON(text)
		if err != nil {
			panic(err)
		}
		o.Set(name, v)
	}
	switch {
	case strings.HasSuffix(e.Type, "StateEntered"):
		o.Set("state", e.State)
		parse("input", e.Input)
	case strings.HasSuffix(e.Type, "StateExited"):
		o.Set("state", e.State)
		parse("output", e.Output)
		if e.Variables != nil {
			text, err := json.Marshal(e.Variables)
			if err != nil {
				panic(err)
			}
			parse("assignedVariables", text)
		}
	case strings.HasPrefix(e.Type, "MapIteration"):
		o.Set("name", e.State)
		o.Set("index", number(int64(e.Index)))
	case e.Type == "MapStateStarted":
		o.Set("length", number(int64(e.Length)))
	case e.Type == "LambdaFunctionFailed", e.Type == "TaskFailed", e.Type == "MapRunFailed", strings.HasSuffix(e.Type, "TimedOut") && e.Visit != 0:
		o.Set("error", e.Error)
	case e.Type == "MapRunStarted", e.Type == "MapRunSucceeded", e.Type == "MapStateSucceeded", e.Type == "MapStateFailed", e.Type == "ParallelStateStarted", e.Type == "ParallelStateFailed":
	default:
		return nil
	}
	return o
}

// objects are the objects of a case.
func (c *recordedCase) objects() *memory {
	m := newMemory(c.Buckets...)
	for _, o := range c.S3 {
		m.buckets[o.Bucket] = true
		m.put(o.Bucket, o.Key, o.Body)
	}
	return m
}

// invoke is the functions of a case.
func (c *recordedCase) invoke(ctx context.Context, name string, payload []byte) ([]byte, string, error) {
	l, ok := c.Lambdas[name]
	if !ok {
		return nil, "", &Failure{
			Name: "Lambda.ResourceNotFoundException",
			Cause: "Function not found: arn:aws:lambda:us-east-1:111111111111:function:" + name +
				" (Service: AWSLambda; Status Code: 404; Error Code: ResourceNotFoundException; Request ID: id; Proxy: null)",
		}
	}
	switch l.Behaviour {
	case "raise":
		answer := NewObject("errorMessage", l.ErrorMessage, "errorType", l.ErrorType, "requestId", "id", "stackTrace", []any{})
		return JSON(answer), "Unhandled", nil
	case "sleep":
		if err := (SystemClock{}).Sleep(ctx, time.Duration(l.Seconds)*time.Second); err != nil {
			return nil, "", err
		}
		return payload, "", nil
	}
	v, err := ParseJSON(l.Value)
	if err != nil {
		return nil, "", err
	}
	switch v {
	case "$event":
		return payload, "", nil
	case "input-event-${event}":
		if event, err := ParseJSON(payload); err == nil {
			if s, ok := event.(string); ok {
				payload = []byte(s)
			}
		}
		return JSON("input-event-" + string(payload)), "", nil
	}
	return JSON(repeated(v)), "", nil
}

// expand parses JSON of a case and replaces {"$repeat": "a", "$count": n}.
func expand(t *testing.T, text []byte) any {
	if text == nil {
		return nil
	}
	v, err := ParseJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	return repeated(v)
}

func repeated(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = repeated(v[i])
		}
	case *Object:
		if s, ok := v.values["$repeat"]; ok {
			n, _ := integer(v.values["$count"])
			return strings.Repeat(s.(string), int(n))
		}
		for _, k := range v.keys {
			v.values[k] = repeated(v.values[k])
		}
	}
	return v
}

var (
	hasParallel   = regexp.MustCompile(`"Type":\s*"(Parallel|Map)"`)
	hasOneAtATime = regexp.MustCompile(`"Type":\s*"Map"(?s:.*)"MaxConcurrency":\s*1\b|"MaxConcurrency":\s*1\b(?s:.*)"Type":\s*"Map"`)
)

// like compares by the rules of the cases' README.
func like(want, got any) bool {
	switch want := want.(type) {
	case string:
		return want == "<any>" || likeText(want, got)
	case []any:
		list, ok := got.([]any)
		return ok && slices.EqualFunc(want, list, like)
	case *Object:
		if text, ok := want.values["$jsonText"]; ok {
			return likeJSONText(text, got, false)
		}
		if text, ok := want.values["$jsonTextWith"]; ok {
			return likeJSONText(text, got, true)
		}
		o, ok := got.(*Object)
		return ok && likeMembers(want, o, false)
	}
	return equal(want, got)
}

func likeText(want string, got any) bool {
	text, ok := got.(string)
	if !ok {
		return false
	}
	var pattern []string
	for _, part := range strings.Split(want, "<any>") {
		pattern = append(pattern, regexp.QuoteMeta(part))
	}
	return regexp.MustCompile("(?s)^" + strings.Join(pattern, ".*") + "$").MatchString(text)
}

func likeJSONText(want, got any, atLeast bool) bool {
	text, ok := got.(string)
	if !ok {
		return false
	}
	v, err := ParseJSON([]byte(text))
	if err != nil {
		return false
	}
	w, isObject := want.(*Object)
	if o, ok := v.(*Object); ok && isObject {
		return likeMembers(w, o, atLeast)
	}
	return like(want, v)
}

func likeMembers(want, got *Object, atLeast bool) bool {
	n := 0
	for _, k := range got.keys {
		if k == "SdkHttpMetadata" || k == "SdkResponseMetadata" {
			continue
		}
		n++
		if w, ok := want.values[k]; (ok && !like(w, got.values[k])) || (!ok && !atLeast) {
			return false
		}
	}
	return n == want.Len() || (atLeast && n > want.Len())
}

// history is a Recorder in memory.
type history struct {
	events      []Event
	checkpoints []Checkpoint
	fail        error
}

func (h *history) Record(e Event) error {
	h.events = append(h.events, e)
	return h.fail
}

func (h *history) Checkpoint(c Checkpoint) error {
	c.Attempts = slices.Clone(c.Attempts)
	h.checkpoints = append(h.checkpoints, c)
	return h.fail
}

// check checks that events are numbered and chained as AWS does it.
func (h *history) check(t *testing.T) {
	t.Helper()
	for i, e := range h.events {
		if e.ID != int64(i+1) || e.Previous >= e.ID {
			t.Errorf("event %d of the history is number %d and follows %d", i+1, e.ID, e.Previous)
		}
	}
}

func (h *history) String() string {
	var b strings.Builder
	for _, e := range h.events {
		fmt.Fprintf(&b, "%d<%d %s %s\n", e.ID, e.Previous, e.Type, e.State)
	}
	return b.String()
}
