package aws

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	runtime "github.com/aws/aws-lambda-go/lambda"
	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"github.com/calendarinvite/calendarinviteserver/localstack/dynamo"
	"github.com/calendarinvite/calendarinviteserver/localstack/events"
	"github.com/calendarinvite/calendarinviteserver/localstack/journal"
	"github.com/calendarinvite/calendarinviteserver/localstack/lambda"
	"github.com/calendarinvite/calendarinviteserver/localstack/objects"
	"github.com/calendarinvite/calendarinviteserver/localstack/outbox"
	"github.com/calendarinvite/calendarinviteserver/localstack/secrets"
	"github.com/calendarinvite/calendarinviteserver/localstack/wiring"
	"github.com/calendarinvite/calendarinviteserver/localstack/wiring/wiringtest"
)

// TestMain makes the test binary a function when the runtime starts it as one. The function writes an item as often as told.
func TestMain(m *testing.M) {
	if os.Getenv("AWS_LAMBDA_RUNTIME_API") != "" {
		runtime.Start(func(ctx context.Context, in struct{ Key string }) error {
			cfg, err := config.LoadDefaultConfig(ctx)
			if err != nil {
				return err
			}
			_, err = dynamodb.NewFromConfig(cfg).PutItem(ctx, &dynamodb.PutItemInput{TableName: sdk.String("cis"), Item: item(in.Key)})
			return err
		})
	}
	os.Exit(m.Run())
}

const sections = `
permissions:
  read-mail: {actions: [s3:GetObject], resources: ["arn:${partition}:s3:::${mail_bucket}/*"]}
  read-templates: {actions: [s3:GetObject, s3:ListBucket], resources: ["arn:${partition}:s3:::${template_bucket}", "arn:${partition}:s3:::${template_bucket}/*"]}
  put: {actions: [dynamodb:PutItem], resources: ["arn:${partition}:dynamodb:${region}:${account}:table/${table}"]}
  list-mail: {actions: [s3:ListBucket], resources: ["arn:${partition}:s3:::${mail_bucket}"]}
  write-lists: {actions: [s3:PutObject, s3:AbortMultipartUpload, s3:DeleteObject], resources: ["arn:${partition}:s3:::${mail_bucket}/lists/*"]}
  write-records:
    actions: [dynamodb:PutItem, dynamodb:UpdateItem, dynamodb:DeleteItem, dynamodb:GetItem, dynamodb:BatchGetItem, dynamodb:BatchWriteItem, dynamodb:PartiQLUpdate]
    resources: ["arn:${partition}:dynamodb:${region}:${account}:table/${table}"]
  put-events: {actions: [events:PutEvents], resources: ["arn:${partition}:events:${region}:${account}:event-bus/default"]}
  query-index: {actions: [dynamodb:Query], resources: ["arn:${partition}:dynamodb:${region}:${account}:table/${table}/index/*"]}
  send: {actions: [ses:SendEmail, ses:SendRawEmail], resources: ["arn:${partition}:ses:${region}:${account}:identity/*"]}
  secret: {actions: [secretsmanager:GetSecretValue], resources: ["arn:${partition}:secretsmanager:${region}:${account}:secret:${prefix}/link-signing-*"]}
functions:
  writer: {memory: 128, timeout: 20, permissions: [put]}
  reader: {memory: 128, timeout: 20, permissions: [read-mail, read-templates, query-index]}
  sender: {memory: 128, timeout: 20, permissions: [send, secret]}
  nobody: {memory: 128, timeout: 20}
  batcher: {memory: 128, timeout: 20, permissions: [write-records, put-events]}
  lister: {memory: 128, timeout: 20, permissions: [write-lists, read-mail, list-mail]}
rules:
  facts: {pattern: {source: [cis]}, function: nobody}
`

// endpoint is all services behind one address.
type endpoint struct {
	*Server
	url     string
	dir     string
	wiring  *wiring.Wiring
	objects *objects.Store
	outbox  *outbox.Outbox
	lambda  *lambda.Runtime
	tables  *dynamo.Server
	faults  *Faults
	targets *recordingTargets
}

type recordingTargets struct {
	mu   sync.Mutex
	seen []string
}

func (r *recordingTargets) InvokeAsync(function string, payload []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen = append(r.seen, function+" "+string(payload))
	return nil
}

func (r *recordingTargets) StartWorkflow(_ context.Context, workflow, _ string, input []byte) error {
	return r.InvokeAsync(workflow, input)
}

func (r *recordingTargets) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.seen)
}

// settled waits until all events have been delivered.
func (e *endpoint) settled(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); strings.Contains(e.get(t, "/_local/events"), `"attempts"`); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("events wait to be delivered")
		}
	}
}

// start is a fresh endpoint in a folder of its own.
func start(t testing.TB) *endpoint {
	t.Helper()
	return startIn(t, t.TempDir())
}

func startIn(t testing.TB, dir string) *endpoint {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	w := wiringtest.Load(t, sections)
	j, err := journal.Open(dir)
	must(err)
	store, err := objects.Open(dir, w.Buckets()...)
	must(err)
	box, err := outbox.New(outbox.Config{Journal: j, Region: w.Region(), Domains: w.Domains()})
	must(err)
	vault, err := secrets.New(j, w, nil)
	must(err)
	root, err := filepath.Abs("../..")
	must(err)
	tables, err := dynamo.Start(t.Context(), dynamo.Config{Wiring: w, Root: root, DataDir: dir, Program: os.Getenv("CIS_DYNOXIDE"), Endpoint: os.Getenv("DYNAMODB_ENDPOINT")})
	must(err)
	targets := &recordingTargets{}
	bus, err := events.New(events.Config{Wiring: w, Journal: j, Targets: targets})
	must(err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	faults := NewFaults()
	functions := lambda.New(lambda.Config{Wiring: w, Binary: os.Args[0], Endpoint: lambda.Loopback(l.Addr()), Journal: j, DataDir: dir, Fault: faults.Invoke})
	server := New(Config{
		Wiring: w, Objects: store, Runtime: functions.RuntimeAPI(), Messages: box.Messages(), Kill: functions.Kill, Faults: faults, Events: bus.Deliveries(), Version: "test",
		Services: map[string]http.Handler{
			"s3": store.API(), "dynamodb": tables, "ses": box.API(CallerOf), "secretsmanager": vault.API(), "events": bus.API(), "lambda": functions.API(),
		},
	})
	web := &http.Server{Handler: server}
	go func() { _ = web.Serve(l) }() // ends with Close
	t.Cleanup(func() {
		must(functions.Close())
		must(bus.Close())
		must(web.Close())
		must(tables.Close())
		must(box.Close())
		must(store.Close())
		must(j.Close())
	})
	return &endpoint{server, "http://" + l.Addr().String(), dir, w, store, box, functions, tables, faults, targets}
}

// as is the SDK configuration of a caller: a function, or anybody else, who may do everything.
func (e *endpoint) as(key string) sdk.Config {
	return sdk.Config{
		Region: "us-east-1", BaseEndpoint: sdk.String(e.url), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(key, "local", ""),
	}
}

func (e *endpoint) dynamo(key string) *dynamodb.Client { return dynamodb.NewFromConfig(e.as(key)) }

func item(key string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: key}, "sk": &types.AttributeValueMemberS{Value: key}}
}

// code is the AWS error code of an error.
func code(err error) string {
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		return e.ErrorCode()
	}
	return fmt.Sprint(err)
}

func (e *endpoint) get(t *testing.T, path string) string {
	t.Helper()
	resp, err := http.Get(e.url + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func (e *endpoint) send(t *testing.T, method, path, body string) int {
	t.Helper()
	req, err := http.NewRequest(method, e.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

func TestHealth(t *testing.T) {
	e := start(t)
	var health struct {
		Services         map[string]string
		Edition, Version string
	}
	if err := json.Unmarshal([]byte(e.get(t, "/_localstack/health")), &health); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"s3", "dynamodb", "ses", "secretsmanager", "events", "lambda", "sts"} {
		if health.Services[name] != "running" {
			t.Errorf("%s is %q", name, health.Services[name])
		}
	}
}

func TestCalls(t *testing.T) {
	e := start(t)
	writer := e.dynamo("writer")
	for i := range 3 {
		if _, err := writer.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: sdk.String("cis"), Item: item(fmt.Sprint(i))}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := e.dynamo("test").ListTables(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	var counts map[string]map[string]int
	if err := json.Unmarshal([]byte(e.get(t, "/_local/calls")), &counts); err != nil {
		t.Fatal(err)
	}
	if counts["writer"]["dynamodb:PutItem"] != 3 || counts["test"]["dynamodb:ListTables"] != 1 {
		t.Errorf("counts = %v", counts)
	}
	if status := e.send(t, "DELETE", "/_local/calls", ""); status != 204 {
		t.Errorf("DELETE: %d", status)
	}
	if counts := e.Calls().Counts(); len(counts) != 0 {
		t.Errorf("after DELETE: %v", counts)
	}
}

func TestUnknownService(t *testing.T) {
	e := start(t)
	req, err := http.NewRequest("POST", e.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 501 {
		t.Errorf("status %d", resp.StatusCode)
	}
}

func mustWiring(t testing.TB) *wiring.Wiring { return wiringtest.Load(t, sections) }

// A call through the endpoint: signature, permissions, counting, proxy, emulator.
func BenchmarkPutItem(b *testing.B) {
	e := start(b)
	c := e.dynamo("writer")
	in := &dynamodb.PutItemInput{TableName: sdk.String("cis"), Item: item("k")}
	for b.Loop() {
		if _, err := c.PutItem(b.Context(), in); err != nil {
			b.Fatal(err)
		}
	}
}

// The same without the endpoint before the emulator.
func BenchmarkPutItemBare(b *testing.B) {
	e := start(b)
	web := httptest.NewServer(e.tables)
	defer web.Close()
	cfg := e.as("writer")
	cfg.BaseEndpoint = &web.URL
	c := dynamodb.NewFromConfig(cfg)
	in := &dynamodb.PutItemInput{TableName: sdk.String("cis"), Item: item("k")}
	for b.Loop() {
		if _, err := c.PutItem(b.Context(), in); err != nil {
			b.Fatal(err)
		}
	}
}
