package aws

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

func (e *endpoint) count(t *testing.T) int {
	t.Helper()
	out, err := e.dynamo("test").Scan(t.Context(), &dynamodb.ScanInput{TableName: sdk.String("cis")})
	if err != nil {
		t.Fatal(err)
	}
	return len(out.Items)
}

func TestFaults(t *testing.T) {
	e := start(t)
	put := func(key string) error {
		_, err := e.dynamo("writer").PutItem(t.Context(), &dynamodb.PutItemInput{TableName: sdk.String("cis"), Item: item(key)})
		return err
	}
	tests := []struct {
		name, rule string
		want       string // the codes of three calls
		written    int
	}{
		{"the first one fails", `{"kind":"fail"}`, "InternalServerError,,", 2},
		{"the second one, after its effect", `{"function":"writer","action":"dynamodb:Put*","nth":2,"kind":"fail","when":"after"}`, ",InternalServerError,", 3},
		{"two are throttled", `{"kind":"throttle","times":2}`, "ThrottlingException,ThrottlingException,", 1},
		{"all", `{"kind":"error:LimitExceededException","times":-1}`, "LimitExceededException,LimitExceededException,LimitExceededException", 0},
		{"a conflict", `{"kind":"conflict"}`, "TransactionConflictException,,", 2},
		{"another action", `{"action":"dynamodb:GetItem","kind":"fail"}`, ",,", 3},
		{"another function", `{"function":"reader","kind":"fail"}`, ",,", 3},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if status := e.send(t, "POST", "/_local/faults", test.rule); status != 204 {
				t.Fatalf("POST: %d", status)
			}
			defer e.send(t, "DELETE", "/_local/faults", "")
			before := e.count(t)
			var codes []string
			for _, key := range []string{"1", "2", "3"} {
				got := ""
				if err := put(test.name + key); err != nil {
					got = code(err)
				}
				codes = append(codes, got)
			}
			if got := strings.Join(codes, ","); got != test.want {
				t.Errorf("codes %q; want %q", got, test.want)
			}
			if got := e.count(t) - before; got != test.written {
				t.Errorf("%d written; want %d", got, test.written)
			}
		})
	}
	for _, bad := range []string{`{"kind":"kill","action":"lambda:Invoke"}`, `{"kind":"fail","action":"lambda:Invoke","when":"after"}`, `{"kind":"partial","when":"after"}`, `{}`, `{"kind":"odd"}`, `{"kind":"fail","when":"later"}`, `{"kind":"fail","odd":1}`, `{"kind":"error:"}`} {
		if status := e.send(t, "POST", "/_local/faults", bad); status != 400 {
			t.Errorf("POST %s: %d", bad, status)
		}
	}
}

func TestFaultOfATransaction(t *testing.T) {
	e := start(t)
	if err := e.faults.Add(Fault{Kind: "conflict"}); err != nil {
		t.Fatal(err)
	}
	put := func(key string) types.TransactWriteItem {
		return types.TransactWriteItem{Put: &types.Put{TableName: sdk.String("cis"), Item: item(key)}}
	}
	_, err := e.dynamo("writer").TransactWriteItems(t.Context(), &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{put("a"), put("b")}})
	cancelled, ok := errors.AsType[*types.TransactionCanceledException](err)
	if !ok || len(cancelled.CancellationReasons) != 2 || *cancelled.CancellationReasons[1].Code != "TransactionConflict" {
		t.Fatalf("err = %v", err)
	}
	if list := e.faults.List(); list[0].Seen != 1 || list[0].Hits != 1 {
		t.Errorf("list = %+v", list)
	}
}

func TestFaultOfS3(t *testing.T) {
	e := start(t)
	if err := e.faults.Add(Fault{Kind: "throttle", Action: "s3:*"}); err != nil {
		t.Fatal(err)
	}
	_, err := s3.NewFromConfig(e.as("reader")).ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: sdk.String("cis-templates")})
	if code(err) != "SlowDown" {
		t.Errorf("err = %v", err)
	}
}

func TestFaultDelays(t *testing.T) {
	e := start(t)
	if err := e.faults.Add(Fault{Kind: "delay", DelayMS: 150}); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	if _, err := e.dynamo("writer").PutItem(t.Context(), &dynamodb.PutItemInput{TableName: sdk.String("cis"), Item: item("late")}); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begun); took < 150*time.Millisecond {
		t.Errorf("took %v", took)
	}
}

// A function's process is killed by its own call: before the write there is nothing, after it there is.
func TestFaultKills(t *testing.T) {
	e := start(t)
	for when, want := range map[string]int{Before: 0, After: 1} {
		t.Run(when, func(t *testing.T) {
			if err := e.faults.Add(Fault{Function: "writer", Action: "dynamodb:PutItem", Kind: "kill", When: when}); err != nil {
				t.Fatal(err)
			}
			before := e.count(t)
			result, err := e.lambda.Invoke(t.Context(), "writer", []byte(`{"Key":"`+when+`"}`))
			if err != nil || !strings.Contains(string(result.Payload), "Runtime.ExitError") || !strings.Contains(string(result.Payload), "signal: killed") {
				t.Fatalf("result %s, %v", result.Payload, err)
			}
			if got := e.count(t) - before; got != want {
				t.Errorf("%d written; want %d", got, want)
			}
			if again, err := e.lambda.Invoke(t.Context(), "writer", []byte(`{"Key":"`+when+`"}`)); err != nil || again.FunctionError != "" {
				t.Errorf("afterwards: %s, %v", again.Payload, err)
			}
		})
	}
}

func TestFaultRunsAStepTwice(t *testing.T) {
	e := start(t)
	if err := e.faults.Add(Fault{Function: "writer", Kind: "twice"}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if result, err := e.lambda.Invoke(t.Context(), "writer", []byte(`{"Key":"k"}`)); err != nil || result.FunctionError != "" {
			t.Fatalf("%s, %v", result.Payload, err)
		}
	}
	if n := e.Calls().Counts()["writer"]["dynamodb:PutItem"]; n != 3 {
		t.Errorf("%d calls; want 3: twice, then once", n)
	}
}

func TestFunctionWithoutPermissionFails(t *testing.T) {
	e := start(t)
	result, err := e.lambda.Invoke(t.Context(), "nobody", []byte(`{"Key":"k"}`))
	if err != nil || result.FunctionError == "" || !strings.Contains(string(result.Payload), "not authorized to perform: dynamodb:PutItem") {
		t.Errorf("%s, %v", result.Payload, err)
	}
	if resp, err := http.Get(e.url + "/_local/permissions"); err != nil || resp.StatusCode != 200 {
		t.Errorf("%v, %v", resp, err)
	}
}
