package aws

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func str(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

// sized is an item with about so many bytes.
func sized(key string, bytes int) map[string]types.AttributeValue {
	i := item(key)
	i["filler"] = str(strings.Repeat("x", bytes))
	return i
}

// TestUnits holds what each kind of call consumes: a write unit per started KB, twice that in transactions, also where a condition fails; a
// write to the index where its attributes are; half a read unit per started 4 KB, twice that if consistent, four times in transactions.
func TestUnits(t *testing.T) {
	e := start(t)
	ctx, c, table := t.Context(), e.dynamo("someone"), sdk.String("cis")
	put := func(i map[string]types.AttributeValue) error {
		_, err := c.PutItem(ctx, &dynamodb.PutItemInput{TableName: table, Item: i})
		return err
	}
	once := func(i map[string]types.AttributeValue) error {
		_, err := c.PutItem(ctx, &dynamodb.PutItemInput{TableName: table, Item: i, ConditionExpression: sdk.String("attribute_not_exists(pk)")})
		return err
	}
	update := func(key, condition string) error {
		in := &dynamodb.UpdateItemInput{TableName: table, Key: item(key), UpdateExpression: sdk.String("SET n = :n"), ExpressionAttributeValues: map[string]types.AttributeValue{":n": str("n")}}
		if condition != "" {
			in.ConditionExpression = &condition
		}
		_, err := c.UpdateItem(ctx, in)
		return err
	}
	indexed := item("indexed")
	indexed["mailto"], indexed["last_modified"] = str("m"), &types.AttributeValueMemberN{Value: "1"}
	transact := func(token string, items ...types.TransactWriteItem) error {
		in := &dynamodb.TransactWriteItemsInput{TransactItems: items}
		if token != "" {
			in.ClientRequestToken = &token
		}
		_, err := c.TransactWriteItems(ctx, in)
		return err
	}
	putIn := func(i map[string]types.AttributeValue) types.TransactWriteItem {
		return types.TransactWriteItem{Put: &types.Put{TableName: table, Item: i, ConditionExpression: sdk.String("attribute_not_exists(pk)")}}
	}
	batch := func(keys ...string) error {
		var list []types.BatchStatementRequest
		for _, key := range keys {
			list = append(list, types.BatchStatementRequest{
				Statement: sdk.String(`UPDATE "cis" SET delivery='sent' SET id=? WHERE pk=? AND sk=? AND delivery='queued'`), Parameters: []types.AttributeValue{str("id"), str(key), str(key)},
			})
		}
		_, err := c.BatchExecuteStatement(ctx, &dynamodb.BatchExecuteStatementInput{Statements: list})
		return err
	}
	queued := func(key string) map[string]types.AttributeValue {
		i := item(key)
		i["delivery"] = str("queued")
		return i
	}
	token := putIn(sized("tokened", 1500))
	tests := []struct {
		name  string
		do    func() error
		fails bool
		want  Units
	}{
		{"small", func() error { return put(item("small")) }, false, Units{Write: 1}},
		{"just a KB", func() error { return put(sized("k", 1024-12)) }, false, Units{Write: 1}}, // pk, k, sk, k and filler
		{"a byte more", func() error { return put(sized("l", 1024-11)) }, false, Units{Write: 2}},
		{"three KB", func() error { return put(sized("three", 2500)) }, false, Units{Write: 3}},
		{"a small one over a large one", func() error { return put(item("three")) }, false, Units{Write: 3}},
		{"with an index", func() error { return put(indexed) }, false, Units{Write: 2}},
		{"update", func() error { return update("small", "") }, false, Units{Write: 1}},
		{"put again what may not be", func() error { return once(item("small")) }, true, Units{Write: 1}},
		{"put something large that may not be", func() error { return once(sized("small", 2500)) }, true, Units{Write: 3}},
		{"the large one", func() error { return put(sized("three", 2500)) }, false, Units{Write: 3}},
		{"put something small over something large that may not be", func() error { return once(item("three")) }, true, Units{Write: 3}},
		{"update what is not as it should be", func() error { return update("three", "attribute_exists(nothing)") }, true, Units{Write: 3}},
		{"update what is not there", func() error { return update("nothing", "attribute_exists(pk)") }, true, Units{Write: 1}},
		{"a transaction", func() error { return transact("", putIn(item("t1")), putIn(sized("t2", 1500))) }, false, Units{Write: 6}},
		{"a cancelled transaction", func() error { return transact("", putIn(item("t1")), putIn(sized("t3", 1500))) }, true, Units{Write: 6}},
		{"a transaction with a token", func() error { return transact("the-token", token) }, false, Units{Write: 4}},
		{"the same again only reads", func() error { return transact("the-token", token) }, false, Units{Read: 2}},
		{"queued", func() error { return put(queued("q1")) }, false, Units{Write: 1}},
		{"queued, too", func() error { return put(queued("q2")) }, false, Units{Write: 1}},
		{"a batch of statements", func() error { return batch("q1", "q2") }, false, Units{Write: 2}},
		{"the same again, and one that is not there", func() error { return batch("q1", "q2", "q3") }, false, Units{Write: 3}},
		{"get", func() error {
			_, err := c.GetItem(ctx, &dynamodb.GetItemInput{TableName: table, Key: item("small")})
			return err
		}, false, Units{Read: 0.5}},
		{"get consistently", func() error {
			_, err := c.GetItem(ctx, &dynamodb.GetItemInput{TableName: table, Key: item("small"), ConsistentRead: sdk.Bool(true)})
			return err
		}, false, Units{Read: 1}},
		{"batch get", func() error {
			_, err := c.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{"cis": {Keys: []map[string]types.AttributeValue{item("small"), item("none")}}}})
			return err
		}, false, Units{Read: 1}},
		{"transact get", func() error {
			_, err := c.TransactGetItems(ctx, &dynamodb.TransactGetItemsInput{TransactItems: []types.TransactGetItem{{Get: &types.Get{TableName: table, Key: item("small")}}}})
			return err
		}, false, Units{Read: 2}},
		{"select", func() error {
			_, err := c.ExecuteStatement(ctx, &dynamodb.ExecuteStatementInput{Statement: sdk.String(`SELECT * FROM "cis" WHERE pk='small'`)})
			return err
		}, false, Units{Read: 0.5}},
		{"no data", func() error { _, err := c.ListTables(ctx, nil); return err }, false, Units{}},
	}
	for _, test := range tests {
		e.Calls().Reset()
		if err := test.do(); (err != nil) != test.fails {
			t.Errorf("%s: err = %v", test.name, err)
		}
		if got := e.Calls().Units("someone"); got != test.want {
			t.Errorf("%s: %+v; want %+v", test.name, got, test.want)
		}
	}
}

// The caller sees what it asked for, and nothing else.
func TestUnitsAreToldWhoAsks(t *testing.T) {
	e := start(t)
	ctx, c, table := t.Context(), e.dynamo("batcher"), sdk.String("cis")
	if _, err := c.PutItem(ctx, &dynamodb.PutItemInput{TableName: table, Item: map[string]types.AttributeValue{"pk": str("<a&b>"), "sk": str("ü")}}); err != nil {
		t.Fatal(err)
	}
	key := map[string]types.AttributeValue{"pk": str("<a&b>"), "sk": str("ü")}
	for asks, want := range map[types.ReturnConsumedCapacity]bool{"": false, types.ReturnConsumedCapacityNone: false, types.ReturnConsumedCapacityTotal: true, types.ReturnConsumedCapacityIndexes: true} {
		out, err := c.GetItem(ctx, &dynamodb.GetItemInput{TableName: table, Key: key, ReturnConsumedCapacity: asks})
		if err != nil || out.Item["pk"].(*types.AttributeValueMemberS).Value != "<a&b>" || (out.ConsumedCapacity != nil) != want {
			t.Errorf("%q: %+v, %v", asks, out, err)
		}
	}
	var units map[string]Units
	if err := json.Unmarshal([]byte(e.get(t, "/_local/units")), &units); err != nil || units["batcher"] != (Units{Read: 2, Write: 1}) {
		t.Errorf("units %v, %v", units, err)
	}
	e.send(t, "DELETE", "/_local/calls", "")
	if all := e.Calls().AllUnits(); len(all) != 0 {
		t.Errorf("after DELETE %v", all)
	}
}

func TestItemSize(t *testing.T) {
	for raw, want := range map[string]int{
		`{}`:                          0,
		`{"ab":{"S":"xyz"}}`:          5,
		`{"ab":{"S":""}}`:             2,
		`{"a":{"S":"ü"}}`:             3,
		`{"a":{"N":"12345"}}`:         5,
		`{"a":{"N":"-12300"}}`:        5,
		`{"a":{"B":"AAECAw=="}}`:      5,
		`{"a":{"BOOL":true}}`:         2,
		`{"a":{"NULL":true}}`:         2,
		`{"a":{"SS":["xy","z"]}}`:     4,
		`{"a":{"L":[{"S":"x"}]}}`:     6,
		`{"a":{"M":{"k":{"S":"x"}}}}`: 7,
	} {
		var a attributes
		if err := json.Unmarshal([]byte(raw), &a); err != nil {
			t.Fatal(err)
		}
		if got := a.size(); got != want {
			t.Errorf("%s: %d; want %d", raw, got, want)
		}
	}
}

func BenchmarkGetItem(b *testing.B) {
	e := start(b)
	c := e.dynamo("test")
	for i := range 10 {
		if _, err := c.PutItem(b.Context(), &dynamodb.PutItemInput{TableName: sdk.String("cis"), Item: item(fmt.Sprint(i))}); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if _, err := c.GetItem(b.Context(), &dynamodb.GetItemInput{TableName: sdk.String("cis"), Key: item("3")}); err != nil {
			b.Fatal(err)
		}
	}
}
