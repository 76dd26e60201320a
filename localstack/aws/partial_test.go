package aws

import (
	"fmt"
	"strings"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	events "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// addPartial asks for one fault of the kind and checks, at the end, that it hit.
func addPartial(t *testing.T, e *endpoint) {
	t.Helper()
	e.faults.Clear()
	if err := e.faults.Add(Fault{Function: "batcher", Kind: "partial"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if list := e.faults.List(); list[0].Hits != 1 {
			t.Errorf("%+v", list)
		}
	})
}

func TestStatementsThrottled(t *testing.T) {
	e := start(t)
	for _, n := range []int{1, 3} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			var list []types.BatchStatementRequest
			for i := range n {
				key := fmt.Sprint(n, "-", i)
				queued := item(key)
				queued["delivery"] = str("queued")
				if _, err := e.dynamo("test").PutItem(t.Context(), &dynamodb.PutItemInput{TableName: sdk.String("cis"), Item: queued}); err != nil {
					t.Fatal(err)
				}
				list = append(list, types.BatchStatementRequest{
					Statement: sdk.String(`UPDATE "cis" SET delivery='sent' SET id=? WHERE pk=? AND sk=? AND delivery='queued'`), Parameters: []types.AttributeValue{str("id"), str(key), str(key)},
				})
			}
			addPartial(t, e)
			run := func() string {
				out, err := e.dynamo("batcher").BatchExecuteStatement(t.Context(), &dynamodb.BatchExecuteStatementInput{Statements: list})
				if err != nil {
					t.Fatal(err)
				}
				var codes []string
				for _, r := range out.Responses {
					code := "ok"
					if r.Error != nil {
						code = string(r.Error.Code)
					}
					codes = append(codes, code)
				}
				return strings.Join(codes, " ")
			}
			if got, want := run(), "ThrottlingError"+strings.Repeat(" ok", n-1); got != want {
				t.Errorf("first %s; want %s", got, want)
			}
			if got, want := run(), "ok"+strings.Repeat(" ConditionalCheckFailed", n-1); got != want { // so the throttled one had no effect
				t.Errorf("then %s; want %s", got, want)
			}
		})
	}
}

func TestUnprocessedItems(t *testing.T) {
	e := start(t)
	for n, left := range map[int]int{1: 1, 2: 1, 5: 3} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			var list []types.WriteRequest
			for i := range n {
				list = append(list, types.WriteRequest{PutRequest: &types.PutRequest{Item: item(fmt.Sprint("w", n, "-", i))}})
			}
			addPartial(t, e)
			before := e.count(t)
			out, err := e.dynamo("batcher").BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{"cis": list}})
			if err != nil {
				t.Fatal(err)
			}
			rest := out.UnprocessedItems["cis"]
			if len(rest) != left || e.count(t)-before != n-left {
				t.Fatalf("%d came back, %d written", len(rest), e.count(t)-before)
			}
			if _, err := e.dynamo("batcher").BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: out.UnprocessedItems}); err != nil {
				t.Fatal(err)
			}
			if got := e.count(t) - before; got != n {
				t.Errorf("%d written in the end", got)
			}
		})
	}
}

func TestUnprocessedKeys(t *testing.T) {
	e := start(t)
	var keys []map[string]types.AttributeValue
	for i := range 5 {
		keys = append(keys, item(fmt.Sprint(i)))
		if _, err := e.dynamo("test").PutItem(t.Context(), &dynamodb.PutItemInput{TableName: sdk.String("cis"), Item: keys[i]}); err != nil {
			t.Fatal(err)
		}
	}
	for n, left := range map[int]int{1: 1, 5: 3} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			addPartial(t, e)
			out, err := e.dynamo("batcher").BatchGetItem(t.Context(), &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{
				"cis": {Keys: keys[:n], ConsistentRead: sdk.Bool(true)},
			}})
			if err != nil {
				t.Fatal(err)
			}
			rest := out.UnprocessedKeys["cis"]
			if len(out.Responses["cis"]) != n-left || len(rest.Keys) != left || !sdk.ToBool(rest.ConsistentRead) {
				t.Fatalf("%+v", out)
			}
			again, err := e.dynamo("batcher").BatchGetItem(t.Context(), &dynamodb.BatchGetItemInput{RequestItems: out.UnprocessedKeys})
			if err != nil || len(again.Responses["cis"]) != left || len(again.UnprocessedKeys) != 0 {
				t.Errorf("%+v, %v", again, err)
			}
		})
	}
}

func TestEventsThatFail(t *testing.T) {
	e := start(t)
	for n, failed := range map[int]int32{1: 1, 3: 2} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			addPartial(t, e)
			before := e.targets.count()
			var entries []events.PutEventsRequestEntry
			for i := range n {
				entries = append(entries, events.PutEventsRequestEntry{Source: sdk.String("cis"), DetailType: sdk.String("fact"), Detail: sdk.String(fmt.Sprintf(`{"n":%d}`, i))})
			}
			out, err := eventbridge.NewFromConfig(e.as("batcher")).PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: entries})
			if err != nil || out.FailedEntryCount != failed || len(out.Entries) != n {
				t.Fatalf("%+v, %v", out, err)
			}
			for i, entry := range out.Entries {
				if want := i >= n-int(failed); (entry.ErrorCode != nil) != want || (entry.EventId == nil) != want {
					t.Errorf("entry %d: %+v", i, entry)
				}
			}
			e.settled(t)
			if got := e.targets.count() - before; got != n-int(failed) {
				t.Errorf("%d delivered", got)
			}
		})
	}
}

// Where nothing can be done in part, the fault waits.
func TestPartialLeavesOthersAlone(t *testing.T) {
	e := start(t)
	if err := e.faults.Add(Fault{Kind: "partial"}); err != nil {
		t.Fatal(err)
	}
	if _, err := e.dynamo("batcher").PutItem(t.Context(), &dynamodb.PutItemInput{TableName: sdk.String("cis"), Item: item("a")}); err != nil {
		t.Error(err)
	}
	if list := e.faults.List(); list[0].Seen != 0 {
		t.Errorf("%+v", list)
	}
}

// A test can list what a function does and let something happen at each point of it.
func TestRecorder(t *testing.T) {
	e := start(t)
	if list := e.faults.Recorded(); len(list) != 0 {
		t.Errorf("recorded %v", list)
	}
	if status := e.send(t, "POST", "/_local/faults/record", ""); status != 204 {
		t.Errorf("POST: %d", status)
	}
	if result, err := e.lambda.Invoke(t.Context(), "writer", []byte(`{"Key":"k"}`)); err != nil || result.FunctionError != "" {
		t.Fatalf("%s, %v", result.Payload, err)
	}
	e.count(t) // the test's own call
	if _, err := s3.NewFromConfig(e.as("reader")).ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: sdk.String("cis-templates")}); err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(e.faults.Recorded()), "[{writer lambda:Invoke} {writer dynamodb:PutItem} {reader s3:ListObjectsV2}]"; got != want {
		t.Errorf("recorded %s; want %s", got, want)
	}
	if got := e.get(t, "/_local/faults/record"); !strings.Contains(got, `"action": "s3:ListObjectsV2"`) {
		t.Errorf("GET: %s", got)
	}
	e.faults.Record()
	if list := e.faults.Recorded(); len(list) != 0 {
		t.Errorf("recorded anew %v", list)
	}
}

// Invocations fail before the function sees them, in Lambda's words, and only by faults that name them.
func TestFaultsOfInvocations(t *testing.T) {
	e := start(t)
	invoke := func() string {
		before := e.Calls().Counts()["writer"]["dynamodb:PutItem"]
		result, err := e.lambda.Invoke(t.Context(), "writer", []byte(`{"Key":"k"}`))
		if err == nil && result.FunctionError != "" {
			t.Fatalf("%s", result.Payload)
		}
		if ran := e.Calls().Counts()["writer"]["dynamodb:PutItem"] > before; ran != (err == nil) {
			t.Errorf("the function ran: %v, err = %v", ran, err)
		}
		if err == nil {
			return ""
		}
		code, _, _ := strings.Cut(err.Error(), ":")
		return code
	}
	for _, test := range []struct {
		name  string
		fault Fault
		want  string // of three invocations
	}{
		{"throttled", Fault{Function: "writer", Action: "lambda:Invoke", Kind: "throttle"}, "TooManyRequestsException,,"},
		{"fails twice from the second on", Fault{Action: "lambda:Invoke", Kind: "fail", Nth: 2, Times: 2}, ",ServiceException,ServiceException"},
		{"an error of choice", Fault{Action: "lambda:Invoke", Kind: "error:EC2ThrottledException"}, "EC2ThrottledException,,"},
		{"another function", Fault{Function: "reader", Action: "lambda:Invoke", Kind: "fail"}, ",,"},
		{"its calls", Fault{Function: "writer", Action: "s3:*", Kind: "fail"}, ",,"},
	} {
		t.Run(test.name, func(t *testing.T) {
			e.faults.Clear()
			if err := e.faults.Add(test.fault); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join([]string{invoke(), invoke(), invoke()}, ","); got != test.want {
				t.Errorf("%s; want %s", got, test.want)
			}
		})
	}
}
