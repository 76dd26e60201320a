package asl

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// dmap is a machine of one distributed Map; fields stand beside its ItemProcessor, which runs states.
func dmap(fields, states string) string {
	return `{"StartAt":"M","States":{"M":{"Type":"Map",` + fields + `"ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},` + states + `},"End":true}}}`
}

const (
	passing = `"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}`
	calling = `"StartAt":"T","States":{"T":{"Type":"Task","Resource":"FN:f","End":true}}`
	picky   = `"StartAt":"C","States":{"C":{"Type":"Choice","Choices":[{"Variable":"$.bad","BooleanEquals":true,"Next":"F"}],"Default":"S"},
		"F":{"Type":"Fail","Error":"Bad","Cause":"no"},"S":{"Type":"Pass","End":true}}`
	fromList = `"ItemReader":{"Resource":"arn:aws:states:::s3:getObject","ReaderConfig":{"InputType":"JSONL"},"Parameters":{"Bucket":"data","Key.$":"$.key"}},`
	toBucket = `"ResultWriter":{"Resource":"arn:aws:states:::s3:putObject","Parameters":{"Bucket.$":"$.bucket","Prefix":"out/"}},`
)

// lab runs machines with distributed Maps.
type lab struct {
	script
	memory *memory
	runs   mapRuns
	file   int // ResultFile
}

func newLab() *lab { return &lab{memory: newMemory("data")} }

func (l *lab) load(t *testing.T, definition string) *Machine {
	t.Helper()
	m, err := Load([]byte(strings.ReplaceAll(definition, "FN:", functionARN)), Environment{
		Resources: Functions{l.invoke}, Objects: l.memory, MapRuns: &l.runs, ResultFile: l.file,
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func (l *lab) run(t *testing.T, definition, input string) (Result, *history) {
	t.Helper()
	h := &history{}
	result, err := l.load(t, definition).Run(t.Context(), execution(input, h))
	if err != nil {
		t.Fatal(err)
	}
	h.check(t)
	return result, h
}

func TestDistributedMap(t *testing.T) {
	for name, c := range map[string]struct{ fields, input, want string }{
		"the input": {``, `[1,"a",null]`, `[1,"a",null]`},
		"none":      {``, `[]`, `[]`},
		"selector":  {`"ItemsPath":"$.list","ItemSelector":{"i.$":"$$.Map.Item.Index","v.$":"$$.Map.Item.Value.x","k.$":"$.k"},`, `{"k":7,"list":[{"x":1},{"x":2}]}`, `[{"i":0,"v":1,"k":7},{"i":1,"v":2,"k":7}]`},
		"batches":   {`"ItemBatcher":{"MaxItemsPerBatch":2},`, `[1,2,3]`, `[{"Items":[1,2]},{"Items":[3]}]`},
		"batches by paths": {
			`"ItemsPath":"$.list","ItemBatcher":{"MaxItemsPerBatchPath":"$.n","MaxInputBytesPerBatchPath":"$.b","BatchInput":{"k.$":"$.k","c":1}},`, `{"list":[1,2,3],"n":2,"b":262144,"k":7}`,
			`[{"BatchInput":{"k":7,"c":1},"Items":[1,2]},{"BatchInput":{"k":7,"c":1},"Items":[3]}]`,
		},
		"batches of bytes":                     {`"ItemBatcher":{"MaxInputBytesPerBatch":16},`, `["a","b","c"]`, `[{"Items":["a"]},{"Items":["b"]},{"Items":["c"]}]`},
		"selected batches":                     {`"ItemSelector":{"v.$":"$$.Map.Item.Value"},"ItemBatcher":{"MaxItemsPerBatch":2},`, `[1,2]`, `[{"Items":[{"v":1},{"v":2}]}]`},
		"a list in S3":                         {fromList, `{"key":"list"}`, `[{"n":1},{"n":2},{"n":3}]`},
		"a list in S3, whatever else there is": {`"ItemsPath":"$.nothing",` + fromList, `{"key":"list"}`, `[{"n":1},{"n":2},{"n":3}]`},
		"some of a list":                       {strings.Replace(fromList, `"JSONL"`, `"JSONL","MaxItemsPath":"$.most"`, 1), `{"key":"list","most":2}`, `[{"n":1},{"n":2}]`},
		"objects": {
			`"ItemReader":{"Resource":"arn:aws:states:::s3:listObjectsV2","ReaderConfig":{"MaxItems":1},"Parameters":{"Bucket":"data","Prefix":"li"}},"ItemSelector":{"k.$":"$$.Map.Item.Value.Key","s.$":"$$.Map.Item.Value.LastModified"},`,
			`{}`, `[{"k":"list","s":1000000000}]`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab()
			l.memory.put("data", "list", "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n")
			l.memory.put("data", "lists", "")
			l.memory.put("data", "other", "")
			result, h := l.run(t, dmap(c.fields, passing), c.input)
			if string(result.Output) != c.want {
				t.Errorf("%s %s: %s\nwant %s", result.Status, result.Cause, result.Output, c.want)
			}
			want := "ExecutionStarted\nMapStateEntered\nMapStateStarted\nMapRunStarted\nMapRunSucceeded\nMapStateSucceeded\nMapStateExited\nExecutionSucceeded\n"
			if got := sameTypes(h.events); got != want {
				t.Errorf("history\n%s", got)
			}
			if run := l.runs.runs[0]; run.status != Succeeded || run.Label != "M" {
				t.Errorf("Map Run %s of %s", run.status, run.Label)
			}
		})
	}
}

func TestDistributedMapFails(t *testing.T) {
	for name, c := range map[string]struct{ fields, states, input, name, cause string }{
		"no list":        {fromList, passing, `{"key":"none"}`, ErrorItemReader, "no object data/none"},
		"a bad list":     {fromList, passing, `{"key":"bad"}`, ErrorItemReader, "Line 2 of the JSONL file could not be read: asl: reading JSON: unexpected EOF"},
		"less than none": {strings.Replace(fromList, `"JSONL"`, `"JSONL","MaxItemsPath":"$.most"`, 1), passing, `{"key":"bad","most":-1}`, ErrorItemReader, "field MaxItems must be positive"},
		"no key":         {fromList, passing, `{"key":1}`, ErrorRuntime, "An error occurred while executing the state 'M' (entered at the event id #2). The Parameters must contain 'Key', a text"},
		"no bucket":      {`"ItemsPath":"$.list",` + toBucket, passing, `{"list":[1],"bucket":"none"}`, ErrorResultWriter, "no bucket none"},
		"selector":       {`"ItemSelector":{"x.$":"$$.Map.Item.Value.x"},`, passing, `[{}]`, ErrorRuntime, ""},
		"a long item":    {`"ItemBatcher":{"MaxInputBytesPerBatch":20},`, passing, `["0123456789"]`, ErrorDataLimitExceeded, "An item is too long for the input of a child execution, which has at most 20 bytes."},
		"batch limits":   {`"ItemsPath":"$.list","ItemBatcher":{"MaxItemsPerBatchPath":"$.n"},`, passing, `{"list":[],"n":-1}`, ErrorRuntime, "An error occurred while executing the state 'M' (entered at the event id #2). MaxItemsPerBatch cannot be negative."},
		"a child":        {``, picky, `[{"bad":false},{"bad":true}]`, ErrorToleratedFailures, "The specified tolerated failure threshold was exceeded"},
		"long results":   {``, `"StartAt":"P","States":{"P":{"Type":"Pass","Result":"` + strings.Repeat("x", 100_000) + `","End":true}}`, `[1,2,3]`, ErrorDataLimitExceeded, "The state/task 'M' returned a result with a size exceeding the maximum number of bytes service limit."},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab()
			l.memory.put("data", "bad", "1\n{\n")
			result, h := l.run(t, dmap(c.fields, c.states), c.input)
			if result.Error != c.name || c.cause != "" && result.Cause != c.cause {
				t.Errorf("%s: %s\nwant %s: %s", result.Error, result.Cause, c.name, c.cause)
			}
			if c.name != ErrorRuntime && !strings.Contains(h.String(), "MapRunFailed") {
				t.Error(h)
			}
			for _, run := range l.runs.runs {
				if run.status != Failed {
					t.Errorf("Map Run %s", run.status)
				}
			}
		})
	}
}

func TestTolerance(t *testing.T) {
	count := func(n int64) tolerance { return tolerance{hasCount: true, count: n} }
	percentage := func(p float64) tolerance { return tolerance{hasPercentage: true, percentage: p} }
	both := tolerance{hasCount: true, count: 5, hasPercentage: true, percentage: 10}
	for _, c := range []struct {
		t           tolerance
		failed, all int
		want        bool
	}{
		{tolerance{}, 0, 10, false}, {tolerance{}, 1, 10, true},
		{count(0), 0, 10, false}, {count(0), 1, 10, true}, {count(2), 2, 10, false}, {count(2), 3, 10, true},
		{percentage(0), 0, 10, false}, {percentage(0), 1, 10, true}, {percentage(50), 5, 10, false}, {percentage(50), 6, 10, true},
		{percentage(100), 10, 10, false}, {percentage(0.5), 1, 200, false}, {percentage(0.5), 2, 200, true}, {percentage(33.4), 1, 3, false},
		{both, 5, 100, false}, {both, 6, 100, true}, {both, 1, 10, false}, {both, 2, 10, true}, {percentage(50), 0, 0, false},
	} {
		if got := c.t.exceeded(c.failed, c.all); got != c.want {
			t.Errorf("%+v with %d of %d failed: %t", c.t, c.failed, c.all, got)
		}
	}
}

// It is items that are counted, not children; and a failed child's place in the result tells of it.
func TestToleratedFailures(t *testing.T) {
	l := newLab()
	batch := `"StartAt":"C","States":{"C":{"Type":"Choice","Choices":[{"Variable":"$.Items[0]","NumericEquals":3,"Next":"F"}],"Default":"S"},
		"F":{"Type":"Fail","Error":"Bad","Cause":"no"},"S":{"Type":"Pass","End":true}}`
	result, _ := l.run(t, dmap(`"ToleratedFailureCount":1,"ItemBatcher":{"MaxItemsPerBatch":2},`, batch), `[1,2,3,4,5]`)
	if result.Error != ErrorToleratedFailures {
		t.Errorf("two items failed, one is tolerated: %+v", result)
	}
	result, _ = l.run(t, dmap(`"ToleratedFailurePercentagePath":"$$.Execution.Input[0]","ItemBatcher":{"MaxItemsPerBatch":2},"ItemsPath":"$[1]",`, batch), `["40",[1,2,3,4,5]]`)
	output, err := ParseJSON(result.Output)
	want, err2 := ParseJSON([]byte(`[{"Items":[1,2]},{"Cause":"no","Error":"Bad","ExecutionArn":"arn:child:1","Input":"{\"Items\":[3,4]}","InputDetails":{"Included":true},
		"Name":"child-1","RedriveCount":0,"RedriveStatus":"REDRIVABLE_BY_MAP_RUN","StartDate":"<any>","StateMachineArn":"arn:machine/M","Status":"FAILED","StopDate":"<any>"},{"Items":[5]}]`))
	if err != nil || err2 != nil || !like(want, output) {
		t.Errorf("%s %s: %s %v %v", result.Status, result.Cause, result.Output, err, err2)
	}
}

func TestResultWriter(t *testing.T) {
	l := newLab()
	l.file = 800 // two entries of succeeded children
	result, _ := l.run(t, dmap(`"ToleratedFailureCount":1,"ItemsPath":"$.list",`+toBucket, picky), `{"bucket":"data","list":[{"bad":false},{"bad":true},{"bad":false},{"bad":false},{"bad":false},{"bad":false}]}`)
	run := l.runs.runs[0]
	folder := "out/" + run.ID + "/"
	if want := `{"MapRunArn":"` + run.ARN() + `","ResultWriterDetails":{"Bucket":"data","Key":"` + folder + `manifest.json"}}`; string(result.Output) != want || !run.written {
		t.Fatalf("%s %s: %s\nwant %s", result.Status, result.Cause, result.Output, want)
	}
	size := func(name string) int { return len(l.memory.get("data", folder+name)) }
	want := fmt.Sprintf(`{"DestinationBucket":"data","MapRunArn":"%s","ResultFiles":{"FAILED":[{"Key":"%sFAILED_0.json","Size":%d}],"PENDING":[],`+
		`"SUCCEEDED":[{"Key":"%[2]sSUCCEEDED_0.json","Size":%[4]d},{"Key":"%[2]sSUCCEEDED_1.json","Size":%[5]d},{"Key":"%[2]sSUCCEEDED_2.json","Size":%[6]d}]}}`,
		run.ARN(), folder, size("FAILED_0.json"), size("SUCCEEDED_0.json"), size("SUCCEEDED_1.json"), size("SUCCEEDED_2.json"))
	if got := l.memory.get("data", folder+"manifest.json"); got != want {
		t.Errorf("manifest\n%s\nwant\n%s", got, want)
	}
	var succeeded []string
	for n, count := range []int{2, 2, 1} {
		text := l.memory.get("data", fmt.Sprintf("%sSUCCEEDED_%d.json", folder, n))
		v, err := ParseJSON([]byte(text))
		list, ok := v.([]any)
		if err != nil || !ok || len(list) != count || len(text) > l.file {
			t.Errorf("file %d: %s, %v", n, text, err)
		}
		for _, e := range list {
			succeeded = append(succeeded, e.(*Object).values["Name"].(string))
		}
	}
	if want := []string{"child-0", "child-2", "child-3", "child-4", "child-5"}; !reflect.DeepEqual(succeeded, want) {
		t.Errorf("%q, want %q", succeeded, want)
	}
	v, err := ParseJSON([]byte(l.memory.get("data", folder+"SUCCEEDED_0.json")))
	entry, err2 := ParseJSON([]byte(`{"ExecutionArn":"arn:child:0","Input":"{\"bad\":false}","InputDetails":{"Included":true},"Name":"child-0",
		"Output":"{\"bad\":false}","OutputDetails":{"Included":true},"RedriveCount":0,"RedriveStatus":"NOT_REDRIVABLE","StartDate":"<any>",
		"StateMachineArn":"arn:machine/M","Status":"SUCCEEDED","StopDate":"<any>"}`))
	if err != nil || err2 != nil || !like(entry, v.([]any)[0]) {
		t.Errorf("entry %s, %v %v", JSON(v), err, err2)
	}
}

// With nothing to write there is the manifest alone.
func TestResultWriterOfNothing(t *testing.T) {
	l := newLab()
	l.run(t, dmap(`"ItemsPath":"$.list",`+toBucket, passing), `{"bucket":"data","list":[]}`)
	if keys := l.memory.keys("data"); len(keys) != 1 || !strings.Contains(l.memory.get("data", keys[0]), `"ResultFiles":{"FAILED":[],"PENDING":[],"SUCCEEDED":[]}`) {
		t.Errorf("%q", keys)
	}
}

// A retry is a new Map Run over all items.
func TestRetryIsAnotherMapRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab()
		l.answers = map[string][]string{"f": {"1", "!Once", "2"}}
		result, h := l.run(t, dmap(`"MaxConcurrency":1,"Retry":[{"ErrorEquals":["States.ExceedToleratedFailureThreshold"],"IntervalSeconds":9}],`, calling), `[1,2,3]`)
		if string(result.Output) != "[2,2,2]" {
			t.Errorf("%s %s %s", result.Status, result.Cause, result.Output)
		}
		if len(l.runs.runs) != 2 || l.runs.runs[0].ID == l.runs.runs[1].ID || len(l.runs.runs[1].ran) != 3 {
			t.Errorf("%d Map Runs\n%s", len(l.runs.runs), h)
		}
		var under []string
		for _, c := range h.checkpoints {
			under = append(under, c.MapRun)
		}
		if want := []string{"", l.runs.runs[0].ID, "", l.runs.runs[1].ID}; !reflect.DeepEqual(under, want) {
			t.Errorf("checkpoints in Map Runs %q, want %q", under, want)
		}
	})
}

func TestCatchOfAMapRun(t *testing.T) {
	l := newLab()
	definition := dmap(`"Catch":[{"ErrorEquals":["States.ItemReaderFailed"],"ResultPath":"$.e","Next":"C"}],`+fromList, passing)
	definition = strings.TrimSuffix(definition, "}}") + `,"C":{"Type":"Pass","End":true}}}`
	result, _ := l.run(t, definition, `{"key":"none"}`)
	if string(result.Output) != `{"key":"none","e":{"Error":"States.ItemReaderFailed","Cause":"no object data/none"}}` {
		t.Errorf("%s %s: %s", result.Status, result.Cause, result.Output)
	}
}

func TestDistributedConcurrency(t *testing.T) {
	for fields, want := range map[string]int{`"MaxConcurrency":4,`: 4, `"MaxConcurrencyPath":"$.n",`: 7, ``: maxChildren, `"MaxConcurrency":0,`: maxChildren, `"MaxConcurrency":9000,`: maxChildren} {
		synctest.Test(t, func(t *testing.T) {
			l := newLab()
			l.answers = map[string][]string{"f": {"~10s"}}
			begin := time.Now()
			result, _ := l.run(t, dmap(`"ItemsPath":"$.list",`+fields, calling), `{"n":7,"list":[`+strings.TrimSuffix(strings.Repeat("1,", 500), ",")+`]}`)
			took := time.Duration((500+want-1)/want) * 10 * time.Second
			if peak := l.runs.runs[0].peak; result.Status != Succeeded || peak != want || time.Since(begin) != took {
				t.Errorf("%s: %s with %d at once in %v, want %d in %v", fields, result.Status, peak, time.Since(begin), want, took)
			}
		})
	}
}

// A failure stops Standard children and lets Express ones run to their ends; nothing begins after it.
func TestFailureEndsTheOtherChildren(t *testing.T) {
	for kind, want := range map[string]struct {
		after time.Duration
		ended map[Status]int
	}{
		"STANDARD": {0, map[Status]int{Failed: 1, Aborted: 2}},
		"EXPRESS":  {100 * time.Second, map[Status]int{Failed: 1, Succeeded: 2}},
	} {
		synctest.Test(t, func(t *testing.T) {
			l := newLab()
			states := `"StartAt":"C","States":{"C":{"Type":"Choice","Choices":[{"Variable":"$","NumericEquals":2,"Next":"F"}],"Default":"W"},
				"F":{"Type":"Fail","Error":"Bad"},"W":{"Type":"Wait","Seconds":100,"End":true}}`
			begin := time.Now()
			result, _ := l.run(t, strings.Replace(dmap(`"MaxConcurrency":3,`, states), `"STANDARD"`, `"`+kind+`"`, 1), `[0,1,2,3,4,5]`)
			run := l.runs.runs[0]
			if result.Error != ErrorToleratedFailures || time.Since(begin) != want.after || !reflect.DeepEqual(run.statuses(), want.ended) {
				t.Errorf("%s: %s after %v: %v", kind, result.Error, time.Since(begin), run.statuses())
			}
		})
	}
}

// Cut off in a Map Run, an execution goes on with it.
func TestResumeInAMapRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab()
		definition := dmap(`"MaxConcurrency":1,`, `"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":10,"End":true}}`)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(25*time.Second, cancel)
		h := &history{}
		if _, err := l.load(t, definition).Run(ctx, execution(`[1,2,3,4]`, h)); !errors.Is(err, context.Canceled) {
			t.Fatalf("cut off: %v", err)
		}
		run, last := l.runs.runs[0], h.checkpoints[len(h.checkpoints)-1]
		if run.status != "" || last.MapRun != run.ID {
			t.Fatalf("the Map Run is %q, the checkpoint in %q", run.status, last.MapRun)
		}
		h.events = h.events[:last.LastEvent]
		result, err := l.load(t, definition).Resume(t.Context(), execution(`[1,2,3,4]`, h), last)
		if err != nil || string(result.Output) != `[1,2,3,4]` {
			t.Fatalf("%+v %v", result, err)
		}
		if want := []int{0, 1, 2, 2, 3}; !reflect.DeepEqual(run.ran, want) || run.again != 1 || len(l.runs.runs) != 1 {
			t.Errorf("children ran %v, want %v; %d Map Runs", run.ran, want, len(l.runs.runs))
		}
		h.check(t)
		if got := sameTypes(h.events); strings.Count(got, "MapRunStarted") != 1 || strings.Count(got, "MapStateStarted") != 1 {
			t.Error(got)
		}
	})
}

// A parent's timeout cuts its children off; they did not time out themselves.
func TestTimeoutInAMapRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab()
		definition := strings.Replace(dmap(``, `"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":10,"End":true}}`), `{"StartAt"`, `{"TimeoutSeconds":5,"StartAt"`, 1)
		result, _ := l.run(t, definition, `[1]`)
		if result.Status != TimedOut || len(l.runs.runs[0].ended) != 0 {
			t.Errorf("%s: %v", result.Status, l.runs.runs[0].statuses())
		}
	})
}

func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: map[string][]string{"f": {"!E", "!E", "~3s"}}}
		x := execution("{}", &history{})
		x.Pace = 0.01
		begin := time.Now()
		result, err := load(t, `{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":100,"Next":"T"},
			"T":{"Type":"Task","Resource":"FN:f","Retry":[{"ErrorEquals":["E"],"IntervalSeconds":100}],"End":true}}}`, s).Run(t.Context(), x)
		if took := time.Since(begin); err != nil || result.Status != Succeeded || took != time.Second+time.Second+2*time.Second+3*time.Second {
			t.Errorf("%+v %v after %v", result, err, took)
		}
	})
}

func TestLoadRefusesOfDistributed(t *testing.T) {
	reader := func(config string) string {
		return `"ItemReader":{"Resource":"arn:aws:states:::s3:getObject","ReaderConfig":{` + config + `},"Parameters":{"Bucket":"b","Key":"k"}},`
	}
	for _, c := range []struct{ definition, want string }{
		{dmap(reader(`"InputType":"PARQUET"`), passing), "unsupported by the local stack: InputType PARQUET at /States/M/ItemReader/ReaderConfig/InputType"},
		{dmap(reader(`"InputType":"MANIFEST","ManifestType":"ATHENA_DATA"`), passing), "field ManifestType at"},
		{dmap(reader(`"InputType":"JSON","ItemsPointer":"/a"`), passing), "field ItemsPointer at"},
		{dmap(reader(`"InputType":"JSON","Transformation":"LOAD_AND_FLATTEN"`), passing), "Transformation LOAD_AND_FLATTEN at"},
		{dmap(reader(`"InputType":"XML"`), passing), "Value is not one of CSV, JSON, JSONL, PARQUET, MANIFEST at"},
		{dmap(reader(``), passing), "These fields are required: [InputType]"},
		{dmap(reader(`"InputType":"CSV"`), passing), "These fields are required: [CSVHeaderLocation]"},
		{dmap(reader(`"InputType":"CSV","CSVHeaderLocation":"GIVEN"`), passing), "These fields are required: [CSVHeaders]"},
		{dmap(reader(`"InputType":"CSV","CSVHeaderLocation":"FIRST_ROW","CSVDelimiter":"X"`), passing), "Value is not one of COMMA, PIPE"},
		{dmap(reader(`"InputType":"CSV","CSVHeaderLocation":"FIRST_ROW","CSVHeaders":["a"]`), passing), "Field is not supported. at /States/M/ItemReader/ReaderConfig/CSVHeaders"},
		{dmap(reader(`"InputType":"JSON","MaxItems":100000001`), passing), "The value must be from 0 to 100000000"},
		{dmap(strings.Replace(reader(`"InputType":"JSON"`), `"Key"`, `"VersionId":"1","Key"`, 1), passing), "parameter VersionId at"},
		{dmap(`"ItemReader":{"Resource":"arn:aws:states:::dynamodb:scan","Parameters":{}},`, passing), "resource arn:aws:states:::dynamodb:scan at"},
		{dmap(`"ItemBatcher":{},`, passing), "One of MaxItemsPerBatch and MaxInputBytesPerBatch must be given at /States/M/ItemBatcher"},
		{dmap(`"ItemBatcher":{"MaxInputBytesPerBatch":262145},`, passing), "The value must be from 1 to 262144"},
		{dmap(`"ToleratedFailurePercentage":100.5,`, passing), "The value must be a number from 0 to 100"},
		{dmap(`"ToleratedFailureCount":1,"ToleratedFailureCountPath":"$.n",`, passing), "Only one of these fields may be given"},
		{dmap(`"Label":"a b",`, passing), "Value is not a label"},
		{dmap(`"Label":"`+strings.Repeat("x", 41)+`",`, passing), "Value is not a label"},
		{dmap(`"ResultWriter":{"Resource":"arn:aws:states:::s3:putObject","Parameters":{"Bucket":"b"},"WriterConfig":{"Transformation":"COMPACT","OutputType":"JSONL"}},`, passing), "Transformation COMPACT at"},
		{dmap(`"ResultWriter":{"Resource":"arn:aws:states:::s3:putObject","Parameters":{"Prefix":"b"}},`, passing), "These fields are required: [Bucket]"},
		{strings.Replace(dmap(``, passing), `,"ExecutionType":"STANDARD"`, ``, 1), "These fields are required: [ExecutionType]"},
		{strings.Replace(dmap(``, passing), `"STANDARD"`, `"FAST"`, 1), "Value is not one of STANDARD, EXPRESS"},
		{strings.Replace(dmap(``, strings.TrimSuffix(strings.TrimPrefix(strings.Replace(dmap(``, passing), `"M"`, `"N"`, 2), "{"), "}")), `"STANDARD"`, `"EXPRESS"`, 1), "Mode DISTRIBUTED is only for workflows of type STANDARD"},
		{strings.Replace(dmap(`"ToleratedFailureCount":1,`, passing), "DISTRIBUTED", "INLINE", 1), "field ToleratedFailureCount at"},
	} {
		_, err := Load([]byte(c.definition), Environment{Objects: newMemory(), MapRuns: &mapRuns{}})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s\n%v\nwant %s", c.definition, err, c.want)
		}
	}
	for want, env := range map[string]Environment{
		"Mode DISTRIBUTED is only for workflows of type STANDARD": {Express: true, Objects: newMemory(), MapRuns: &mapRuns{}},
		"without a store of objects":                              {MapRuns: &mapRuns{}},
		"Mode DISTRIBUTED of a Map at":                            {Objects: newMemory()},
	} {
		if _, err := Load([]byte(dmap(reader(`"InputType":"JSON"`), passing)), env); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestLabels(t *testing.T) {
	l := &loader{labels: map[string]bool{}}
	for _, c := range []struct{ state, want string }{
		{"Send all", "Sendall"}, {"Sendall", "Sendall-2"}, {"[]", "Map"}, {"{}", "Map-2"}, {strings.Repeat("é", 80), strings.Repeat("é", 40)},
		{strings.Repeat("é", 79), strings.Repeat("é", 36) + "-2"},
	} {
		if got := l.freeLabel(c.state); got != c.want {
			t.Errorf("%s: %s, want %s", c.state, got, c.want)
		}
		l.labels[c.want] = true
	}
}
