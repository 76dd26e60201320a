package dynamo

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/calendarinvite/calendarinviteserver/localstack/child"
	"github.com/calendarinvite/calendarinviteserver/localstack/wiring/wiringtest"
)

func config(t *testing.T, dir string) Config {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return Config{Wiring: wiringtest.Load(t), Root: root, DataDir: dir, Program: os.Getenv("CIS_DYNOXIDE")}
}

func start(t *testing.T, cfg Config) (*Server, *dynamodb.Client) {
	t.Helper()
	s, err := Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(s)
	t.Cleanup(func() { web.Close(); s.Close() })
	return s, dynamodb.NewFromConfig(aws.Config{Region: "us-east-1", BaseEndpoint: &web.URL, Credentials: credentials.NewStaticCredentialsProvider("k", "s", "")}, func(o *dynamodb.Options) { o.RetryMaxAttempts = 10 })
}

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func put(t *testing.T, c *dynamodb.Client, key string) {
	t.Helper()
	item := map[string]types.AttributeValue{"pk": text(key), "sk": text("x"), "mailto": text("m"), "last_modified": &types.AttributeValueMemberN{Value: "5"}, "uid": text("u"), "other": text("o")}
	if _, err := c.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("cis"), Item: item}); err != nil {
		t.Fatal(err)
	}
}

func TestTableIsMadeAndKept(t *testing.T) {
	dir := t.TempDir()
	s, c := start(t, config(t, dir))
	table, err := c.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String("cis")})
	if err != nil || len(table.Table.GlobalSecondaryIndexes) != 1 || len(table.Table.AttributeDefinitions) != 4 {
		t.Fatalf("%+v, %v", table, err)
	}
	ttl, err := c.DescribeTimeToLive(t.Context(), &dynamodb.DescribeTimeToLiveInput{TableName: aws.String("cis")})
	if err != nil || aws.ToString(ttl.TimeToLiveDescription.AttributeName) != "ttl" {
		t.Errorf("%+v, %v", ttl, err)
	}
	put(t, c, "a")
	out, err := c.Query(t.Context(), &dynamodb.QueryInput{TableName: aws.String("cis"), IndexName: aws.String("organizer_events"),
		KeyConditionExpression: aws.String("mailto = :m"), ExpressionAttributeValues: map[string]types.AttributeValue{":m": text("m")}})
	if err != nil || len(out.Items) != 1 || out.Items[0]["uid"] == nil || out.Items[0]["other"] != nil {
		t.Errorf("index: %+v, %v", out, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	s, c = start(t, config(t, dir))
	put(t, c, "b")
	var keys []string
	for after, page := (Item)(nil), 0; page == 0 || after != nil; page++ {
		items, next, err := s.Scan(t.Context(), "cis", after, 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range items {
			keys = append(keys, string(i["pk"]))
		}
		after = next
	}
	if got := strings.Join(keys, " "); got != `{"S":"a"} {"S":"b"}` && got != `{"S":"b"} {"S":"a"}` {
		t.Errorf("after a restart: %s", got)
	}
	if tables, err := s.Tables(t.Context()); err != nil || len(tables) != 1 {
		t.Errorf("%v, %v", tables, err)
	}
	if err := s.Call(t.Context(), "Scan", map[string]any{"TableName": "none"}, nil); err == nil || !strings.Contains(err.Error(), "ResourceNotFoundException") {
		t.Errorf("err = %v", err)
	}
}

func TestAnIndexThatWasAddedLater(t *testing.T) {
	dir := t.TempDir()
	s, c := start(t, config(t, dir))
	put(t, c, "a")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	cfg := config(t, dir)
	added := cfg.Wiring.Table.Indexes["organizer_events"]
	added.Hash = "uid"
	cfg.Wiring.Table.Indexes["by_uid"] = added
	_, c = start(t, cfg)
	out, err := c.Query(t.Context(), &dynamodb.QueryInput{TableName: aws.String("cis"), IndexName: aws.String("by_uid"),
		KeyConditionExpression: aws.String("uid = :u"), ExpressionAttributeValues: map[string]types.AttributeValue{":u": text("u")}})
	if err != nil || len(out.Items) != 1 {
		t.Errorf("%+v, %v", out, err)
	}
}

func TestADeadEmulatorIsStartedAgain(t *testing.T) {
	t.Run("at its address", func(t *testing.T) { testDeadEmulator(t, false) })
	t.Run("elsewhere, where somebody took that", func(t *testing.T) { testDeadEmulator(t, true) })
}

func testDeadEmulator(t *testing.T, taken bool) {
	s, c := start(t, config(t, t.TempDir()))
	put(t, c, "a")
	before := s.emu.address()
	s.emu.mu.Lock() // nothing is started meanwhile
	child.Kill(s.emu.cmd)
	for deadline := time.Now().Add(5 * time.Second); taken && time.Now().Before(deadline); { // until the dead process has let go of it
		if l, err := net.Listen("tcp", s.emu.addr); err == nil {
			go func() { _ = http.Serve(l, http.NotFoundHandler()) }() // it speaks HTTP, but is no DynamoDB
			defer l.Close()
			break
		}
	}
	s.emu.mu.Unlock()
	for deadline := time.Now().Add(5 * time.Second); s.emu.address() == before && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	put(t, c, "b") // the SDK tries again
	for deadline := time.Now().Add(5 * time.Second); ; {
		items, _, err := s.Scan(t.Context(), "cis", nil, 10)
		if err == nil && len(items) == 2 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d items, %v", len(items), err)
		}
	}
}

func TestAnotherEmulator(t *testing.T) {
	first, c := start(t, config(t, t.TempDir()))
	put(t, c, "a")
	second, _ := start(t, Config{Wiring: wiringtest.Load(t), Endpoint: first.base.String()})
	if items, _, err := second.Scan(t.Context(), "cis", nil, 10); err != nil || len(items) != 1 {
		t.Errorf("%d items, %v", len(items), err)
	}
}

func TestErrorsAtStart(t *testing.T) {
	missing := config(t, t.TempDir())
	missing.Root = t.TempDir()
	t.Setenv("PATH", "")
	missing.Program = ""
	damaged := config(t, t.TempDir())
	if err := os.WriteFile(filepath.Join(damaged.DataDir, FileName), []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	wrong := config(t, t.TempDir())
	wrong.Program = "/nowhere/dynoxide"
	for name, test := range map[string]struct {
		cfg  Config
		want string
	}{
		"missing": {missing, "DynamoDB emulator is missing"},
		"damaged": {damaged, FileName},
		"wrong":   {wrong, "CIS_DYNOXIDE"},
		"no URL":  {Config{Wiring: wiringtest.Load(t), Endpoint: "somewhere"}, "DYNAMODB_ENDPOINT"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Start(t.Context(), test.cfg)
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("err = %v", err)
			}
		})
	}
	if platform() == "linux-x64" {
		if _, err := Start(t.Context(), missing); err == nil || !strings.Contains(err.Error(), "npm ci") {
			t.Errorf("err = %v", err)
		}
	}
	if _, err := Start(t.Context(), Config{Wiring: wiringtest.Load(t), Endpoint: "http://127.0.0.1:1"}); err == nil || errors.Is(err, os.ErrNotExist) {
		t.Errorf("nobody listens: %v", err)
	}
}
