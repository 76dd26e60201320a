package aws

import (
	"encoding/json"
	"strings"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	ses "github.com/aws/aws-sdk-go-v2/service/sesv2/types"
)

func TestNeedsOfDynamoDB(t *testing.T) {
	s := &Server{cfg: Config{Wiring: mustWiring(t)}}
	table := "arn:aws:dynamodb:us-east-1:000000000000:table/"
	tests := []struct{ action, body, want string }{
		{"GetItem", `{"TableName":"cis"}`, "dynamodb:GetItem " + table + "cis"},
		{"GetItem", `{"TableName":"` + table + `cis"}`, "dynamodb:GetItem " + table + "cis"},
		{"Query", `{"TableName":"cis","IndexName":"i"}`, "dynamodb:Query " + table + "cis/index/i"},
		{"BatchGetItem", `{"RequestItems":{"cis":{}}}`, "dynamodb:BatchGetItem " + table + "cis"},
		{"TransactWriteItems", `{"TransactItems":[{"Put":{"TableName":"cis"}},{"Update":{"TableName":"b"}},{"Delete":{"TableName":"cis"}},{"ConditionCheck":{"TableName":"cis"}}]}`,
			"dynamodb:PutItem " + table + "cis, dynamodb:UpdateItem " + table + "b, dynamodb:DeleteItem " + table + "cis, dynamodb:ConditionCheckItem " + table + "cis"},
		{"TransactGetItems", `{"TransactItems":[{"Get":{"TableName":"cis"}}]}`, "dynamodb:GetItem " + table + "cis"},
		{"ExecuteStatement", `{"Statement":"SELECT * FROM \"cis\".\"i\" WHERE pk = ?"}`, "dynamodb:PartiQLSelect " + table + "cis/index/i"},
		{"BatchExecuteStatement", `{"Statements":[{"Statement":"UPDATE \"cis\" SET a=1"},{"Statement":"insert into cis value {}"}]}`,
			"dynamodb:PartiQLUpdate " + table + "cis, dynamodb:PartiQLInsert " + table + "cis"},
		{"BatchExecuteStatement", `{"Statements":[{"Statement":"UPDATE \"cis\" SET delivery='sent' SET ses_message_id=? WHERE pk=? AND sk=? AND delivery='queued'"}]}`, "dynamodb:PartiQLUpdate " + table + "cis"},
		{"ExecuteTransaction", `{"TransactStatements":[{"Statement":"DELETE FROM cis WHERE pk=1"}]}`, "dynamodb:PartiQLDelete " + table + "cis"},
		{"ListTables", `{}`, "dynamodb:ListTables *"},
	}
	for _, test := range tests {
		c := call{service: "dynamodb", action: test.action}
		if err := s.jsonNeeds(&c, []byte(test.body)); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, n := range c.needs {
			got = append(got, n.action+" "+n.resource)
		}
		if strings.Join(got, ", ") != test.want {
			t.Errorf("%s %s\n got %s\nwant %s", test.action, test.body, strings.Join(got, ", "), test.want)
		}
	}
}

func TestPermissions(t *testing.T) {
	e := start(t)
	ctx := t.Context()
	for _, bucket := range []string{"cis-mail", "cis-templates"} {
		if err := e.objects.Put(ctx, bucket, "there", []byte("hello"), nil); err != nil {
			t.Fatal(err)
		}
	}
	getObject := func(caller, bucket, key string) func() error {
		return func() error {
			_, err := s3.NewFromConfig(e.as(caller)).GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
			return err
		}
	}
	send := func(caller string) func() error {
		return func() error {
			raw := []byte("From: a@cis.localhost\r\nTo: b@example.com\r\n\r\nhi\r\n")
			_, err := sesv2.NewFromConfig(e.as(caller)).SendEmail(ctx, &sesv2.SendEmailInput{Content: &ses.EmailContent{Raw: &ses.RawMessage{Data: raw}}})
			return err
		}
	}
	query := func(caller, index string) func() error {
		return func() error {
			in := &dynamodb.QueryInput{TableName: sdk.String("cis"), KeyConditionExpression: sdk.String("mailto = :m"), ExpressionAttributeValues: map[string]types.AttributeValue{":m": &types.AttributeValueMemberS{Value: "m"}}}
			if index != "" {
				in.IndexName = &index
			}
			_, err := e.dynamo(caller).Query(ctx, in)
			return err
		}
	}
	transact := func(caller string, items ...types.TransactWriteItem) func() error {
		return func() error {
			_, err := e.dynamo(caller).TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: items})
			return err
		}
	}
	put := types.TransactWriteItem{Put: &types.Put{TableName: sdk.String("cis"), Item: item("a")}}
	del := types.TransactWriteItem{Delete: &types.Delete{TableName: sdk.String("cis"), Key: item("b")}}
	tests := []struct {
		name string
		do   func() error
		want string // error code
	}{
		{"read what is allowed", getObject("reader", "cis-mail", "there"), ""},
		{"a missing object is forbidden without ListBucket", getObject("reader", "cis-mail", "missing"), "AccessDenied"},
		{"a missing object is missing with ListBucket", getObject("reader", "cis-templates", "missing"), "NoSuchKey"},
		{"another's bucket", getObject("writer", "cis-mail", "there"), "AccessDenied"},
		{"an administrator may read", getObject("test", "cis-mail", "there"), ""},
		{"an administrator sees that an object is missing", getObject("test", "cis-mail", "missing"), "NoSuchKey"},
		{"transaction allowed entry by entry", transact("writer", put), ""},
		{"transaction with one entry too many", transact("writer", put, del), "AccessDeniedException"},
		{"query an index", query("reader", "organizer_events"), ""},
		{"query the table with a grant for indexes", query("reader", ""), "AccessDeniedException"},
		{"send", send("sender"), ""},
		{"send without permission", send("reader"), "AccessDeniedException"},
		{"secret", func() error {
			_, err := secretsmanager.NewFromConfig(e.as("sender")).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: sdk.String("cis/link-signing")})
			return err
		}, ""},
		{"secret without permission", func() error {
			_, err := secretsmanager.NewFromConfig(e.as("nobody")).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: sdk.String("cis/link-signing")})
			return err
		}, "AccessDeniedException"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := test.do()
			if test.want == "" && err != nil || test.want != "" && (err == nil || code(err) != test.want) {
				t.Errorf("got %v; want %q", err, test.want)
			}
		})
	}

	var told struct {
		Unused []Unused
		Denied []Denial
	}
	if err := json.Unmarshal([]byte(e.get(t, "/_local/permissions")), &told); err != nil {
		t.Fatal(err)
	}
	for _, u := range told.Unused { // a bucket's own ARN with GetObject, and the objects' with ListBucket, are never of use
		if u.Permission != "read-templates" && u.Function != "batcher" && u.Function != "lister" {
			t.Errorf("unused: %+v", u)
		}
	}
	if len(e.Permissions().Unused("sender")) != 0 {
		t.Errorf("sender used everything, but %+v", e.Permissions().Unused("sender"))
	}
	if len(told.Denied) != 6 {
		t.Errorf("denied: %+v", told.Denied)
	}
}
