package dynamo

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"io"
	"net/http"
	"net/http/httptest"
)

func TestJoinClauses(t *testing.T) {
	for statement, want := range map[string]string{
		`UPDATE "t" SET a=1 SET b=? WHERE pk=?`:                                                `UPDATE "t" SET a=1, b=? WHERE pk=?`,
		`update t set a='it''s SET x' Set b={'SET':[1]}  WHERE pk='WHERE'`:                     `update t SET a='it''s SET x', b={'SET':[1]} WHERE pk='WHERE'`,
		`UPDATE t SET a=1 REMOVE b REMOVE c.d SET e=2 WHERE pk=? AND sk=? RETURNING ALL OLD *`: `UPDATE t SET a=1, e=2 REMOVE b, c.d WHERE pk=? AND sk=? RETURNING ALL OLD *`,
		`UPDATE t REMOVE b SET a=1 WHERE pk=?`:                                                 `UPDATE t SET a=1 REMOVE b WHERE pk=?`,
		`UPDATE t SET a=1, b=2 WHERE pk=?`:                                                     `UPDATE t SET a=1, b=2 WHERE pk=?`,
		`UPDATE t SET a=1 WHERE pk=?`:                                                          `UPDATE t SET a=1 WHERE pk=?`,
		`UPDATE "set" SET "set"=1 SET "remove"=2 WHERE "x"=1`:                                  `UPDATE "set" SET "set"=1, "remove"=2 WHERE "x"=1`,
		`UPDATE t SET offset=1 SET a=2 WHERE pk=?`:                                             `UPDATE t SET offset=1, a=2 WHERE pk=?`,
		`SELECT * FROM t WHERE a='SET'`:                                                        `SELECT * FROM t WHERE a='SET'`,
		`INSERT INTO t VALUE {'SET': 1}`:                                                       `INSERT INTO t VALUE {'SET': 1}`,
		`DELETE FROM t WHERE pk=?`:                                                             `DELETE FROM t WHERE pk=?`,
		`UPDATE t SET a='open`:                                                                 `UPDATE t SET a='open`,
		``:                                                                                     ``,
	} {
		if got := joinClauses(statement); got != want {
			t.Errorf("%s\n got %s\nwant %s", statement, got, want)
		}
	}
}

func FuzzJoinClauses(f *testing.F) {
	f.Add(`UPDATE "t" SET a=1 SET b=? REMOVE c WHERE pk=?`)
	f.Add(`UPDATE t SET a='x`)
	f.Fuzz(func(t *testing.T, statement string) {
		joined := joinClauses(statement)
		if strings.Count(joined, "?") != strings.Count(statement, "?") {
			t.Errorf("%q has other parameters than %q", joined, statement)
		}
		if again := joinClauses(joined); again != joined {
			t.Errorf("%q is not the end: %q", joined, again)
		}
	})
}

const markSent = `UPDATE "cis" SET delivery='sent' SET ses_message_id=? WHERE pk=? AND sk=? AND delivery='queued'`

func statement(id, sk string) types.BatchStatementRequest {
	return types.BatchStatementRequest{Statement: aws.String(markSent), Parameters: []types.AttributeValue{text(id), text("e"), text(sk)}}
}

// A batch of conditional updates: each statement succeeds or fails on its own, and says why.
func TestBatchExecuteStatement(t *testing.T) {
	_, c := start(t, config(t, t.TempDir()))
	for i := range 30 {
		item := map[string]types.AttributeValue{"pk": text("e"), "sk": text(fmt.Sprint(i)), "delivery": text("queued")}
		if _, err := c.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("cis"), Item: item}); err != nil {
			t.Fatal(err)
		}
	}
	run := func(list ...types.BatchStatementRequest) string {
		t.Helper()
		out, err := c.BatchExecuteStatement(t.Context(), &dynamodb.BatchExecuteStatementInput{Statements: list})
		if e, ok := errors.AsType[smithy.APIError](err); ok {
			return "error " + e.ErrorCode()
		}
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
	if got, want := run(statement("m0", "0"), statement("m1", "none"), statement("m2", "1")), "ok ConditionalCheckFailed ok"; got != want {
		t.Errorf("a missing item: %s; want %s", got, want)
	}
	if got, want := run(statement("other", "0"), statement("m2", "2")), "ConditionalCheckFailed ok"; got != want {
		t.Errorf("a failed condition: %s; want %s", got, want)
	}
	item, err := c.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String("cis"), Key: map[string]types.AttributeValue{"pk": text("e"), "sk": text("0")}})
	if err != nil || item.Item["ses_message_id"].(*types.AttributeValueMemberS).Value != "m0" || item.Item["delivery"].(*types.AttributeValueMemberS).Value != "sent" {
		t.Errorf("item %v, %v", item, err)
	}
	none, err := c.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String("cis"), Key: map[string]types.AttributeValue{"pk": text("e"), "sk": text("none")}})
	if err != nil || none.Item != nil {
		t.Errorf("the missing item is there: %v, %v", none, err)
	}
	var many []types.BatchStatementRequest
	for i := 3; i < 29; i++ {
		many = append(many, statement("m", fmt.Sprint(i)))
	}
	if got, want := run(many...), "error ValidationException"; got != want {
		t.Errorf("26 statements: %s; want %s", got, want)
	}
	if got, want := run(many[:25]...), strings.TrimSpace(strings.Repeat("ok ", 25)); got != want {
		t.Errorf("25 statements: %s; want %s", got, want)
	}
	if got, want := run(statement("m", "28"), statement("m", "28")), "error ValidationException"; got != want {
		t.Errorf("one item twice: %s; want %s", got, want)
	}
	garbled := types.BatchStatementRequest{Statement: aws.String(`UPDATE "cis" SET a=1 WHERE pk='e'`)}
	if got, want := run(garbled, statement("m", "28")), "ValidationError ok"; got != want {
		t.Errorf("a statement without the whole key: %s; want %s", got, want)
	}
}

// Whatever is asked, the body outlives that of the request as it came: the server closes it while the answer comes.
func TestTranslateHoldsTheBody(t *testing.T) {
	for _, action := range []string{"GetItem", "BatchExecuteStatement"} {
		came := &closing{Reader: strings.NewReader(`{"TableName":"cis"}`)}
		r := httptest.NewRequest(http.MethodPost, "/", came)
		r.Header.Set("X-Amz-Target", "DynamoDB_20120810."+action)
		if err := Translate(r); err != nil {
			t.Fatal(err)
		}
		came.closed = true
		if body, err := io.ReadAll(r.Body); err != nil || string(body) != `{"TableName":"cis"}` || r.ContentLength != int64(len(body)) {
			t.Errorf("%s: %q %v", action, body, err)
		}
	}
}

// closing is a body that cannot be read any more once it is closed.
type closing struct {
	io.Reader
	closed bool
}

func (c *closing) Read(p []byte) (int, error) {
	if c.closed {
		return 0, http.ErrBodyReadAfterClose
	}
	return c.Reader.Read(p)
}
