// Package dynamotest gives tests tables of their own in the DynamoDB emulator, without the rest of the local stack.
package dynamotest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/calendarinvite/calendarinviteserver/localstack/dynamo"
)

// emulator is the DynamoDB emulator that the tests of this process share. It keeps its tables in memory.
type emulator struct {
	endpoint string
	process  *exec.Cmd
	err      error
}

var (
	startEmulator sync.Once
	shared        emulator
	tables        atomic.Int64
)

// Main runs a package's tests (m is a *testing.M) and ends the emulator that they started. Call it from TestMain.
func Main(m interface{ Run() int }) {
	status := m.Run()
	if shared.process != nil {
		_ = shared.process.Process.Kill() // it may have ended by itself
		_ = shared.process.Wait()         // "signal: killed"
	}
	os.Exit(status)
}

// dynoxide finds the emulator: CIS_DYNOXIDE, the npm package of the local stack, or the path.
func dynoxide() (string, error) {
	if path := os.Getenv("CIS_DYNOXIDE"); path != "" {
		return path, nil
	}
	installed := filepath.Join(projectRoot(), "localstack", "node_modules", "@dynoxide", "linux-x64", "dynoxide")
	if _, err := os.Stat(installed); err == nil {
		return filepath.Abs(installed)
	}
	return exec.LookPath("dynoxide")
}

// projectRoot is the folder with go.mod, looked for from the tested package's upwards.
func projectRoot() string {
	dir, err := os.Getwd()
	for err == nil {
		if _, missing := os.Stat(filepath.Join(dir, "go.mod")); missing == nil {
			return dir
		}
		above := filepath.Dir(dir)
		if above == dir {
			break
		}
		dir = above
	}
	return "."
}

func (e *emulator) start() {
	path, err := dynoxide()
	if err != nil {
		e.err = err
		return
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		e.err = err
		return
	}
	port := listener.Addr().(*net.TCPAddr).Port
	listener.Close()
	emulator := &url.URL{Scheme: "http", Host: fmt.Sprintf("127.0.0.1:%d", port)}
	proxy := httputil.NewSingleHostReverseProxy(emulator)
	proxy.Transport = &http.Transport{MaxIdleConnsPerHost: 64} // its own: whoever closes an httptest.Server closes connections of the default one
	e.endpoint = httptest.NewServer(inItsWords(proxy)).URL     // until the process ends
	e.process = exec.Command(path, "--port", fmt.Sprint(port))
	if e.err = e.process.Start(); e.err != nil {
		e.process = nil
		return
	}
	for deadline := time.Now().Add(10 * time.Second); ; {
		conn, err := net.DialTimeout("tcp", listener.Addr().String(), time.Second)
		if err == nil {
			conn.Close()
			return
		}
		if time.Now().After(deadline) {
			e.err = fmt.Errorf("the emulator does not answer: %w", err)
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// inItsWords puts statements as AWS has them into the words of the emulator, as the local stack does.
func inItsWords(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := dynamo.Translate(r); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// NewTable makes a table of its own for the test, as spec §8 has it, and returns how to reach it: through the transport, if one is given.
// The test is skipped where there is no emulator.
func NewTable(t testing.TB, transport http.RoundTripper) (aws.Config, string) {
	t.Helper()
	startEmulator.Do(shared.start)
	if shared.err != nil {
		t.Skipf("no DynamoDB emulator (npm ci in localstack/, or set CIS_DYNOXIDE): %v", shared.err)
	}
	cfg := aws.Config{
		Region: "us-east-1", BaseEndpoint: &shared.endpoint,
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	}
	name := fmt.Sprintf("cis-%d", tables.Add(1))
	_, err := dynamodb.NewFromConfig(cfg).CreateTable(context.Background(), schema(name))
	if err != nil {
		t.Fatalf("create table: %v", err)
	}
	if transport != nil {
		cfg.HTTPClient = &http.Client{Transport: transport}
	}
	return cfg, name
}

// schema is the table of spec §8, as terraform/wiring.yaml has it.
func schema(name string) *dynamodb.CreateTableInput {
	attribute := func(name string, kind types.ScalarAttributeType) types.AttributeDefinition {
		return types.AttributeDefinition{AttributeName: &name, AttributeType: kind}
	}
	keys := func(hash, sort string) []types.KeySchemaElement {
		return []types.KeySchemaElement{{AttributeName: &hash, KeyType: types.KeyTypeHash}, {AttributeName: &sort, KeyType: types.KeyTypeRange}}
	}
	index := func(name, hash, sort string, include ...string) types.GlobalSecondaryIndex {
		projection := &types.Projection{ProjectionType: types.ProjectionTypeInclude, NonKeyAttributes: include}
		return types.GlobalSecondaryIndex{IndexName: &name, KeySchema: keys(hash, sort), Projection: projection}
	}
	listed := []string{"uid", "organizer", "status", "created", "dtstart", "dtend", "summary_html", "description_html", "location_html"}
	return &dynamodb.CreateTableInput{
		TableName: &name, BillingMode: types.BillingModePayPerRequest, KeySchema: keys("pk", "sk"),
		AttributeDefinitions: []types.AttributeDefinition{
			attribute("pk", types.ScalarAttributeTypeS), attribute("sk", types.ScalarAttributeTypeS),
			attribute("mailto", types.ScalarAttributeTypeS), attribute("tenant", types.ScalarAttributeTypeS),
			attribute("last_modified", types.ScalarAttributeTypeN), attribute("original_uid", types.ScalarAttributeTypeS),
		},
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{
			index("organizer_events", "mailto", "last_modified", append(listed, "tenant", "ends", "all_day", "tzid")...), index("system_events", "tenant", "last_modified", append(listed, "mailto")...),
			index("original_uid_lookup", "original_uid", "mailto", "uid"),
		},
	}
}
