// Package container tests a deployment at an AWS endpoint as somebody would who has nothing but that: it stores a mail where SES would, invokes
// receive-mail as SES would, and waits for the event's record and the organizer's confirmation. The same test runs against the embedded local
// stack, always, and against a LocalStack container that Terraform has filled (make localstack, make test-localstack).
package container

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/mail"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
)

func TestMain(m *testing.M) { stacktest.Main(m) }

func TestEmbeddedStack(t *testing.T) {
	s := stacktest.Start(t)
	register(t, deployment{endpoint: "http://" + s.AWS, config: client("http://" + s.AWS)})
}

func TestContainer(t *testing.T) {
	endpoint := os.Getenv("LOCALSTACK_ENDPOINT")
	if endpoint == "" {
		t.Skip("LOCALSTACK_ENDPOINT is not set: make localstack starts a container, make test-localstack runs this test against it")
	}
	register(t, deployment{endpoint: endpoint, config: client(endpoint)})
}

// deployment is a system behind an AWS endpoint. Nothing else is known of it: what it calls its things is asked.
type deployment struct {
	endpoint string
	config   aws.Config
}

func client(endpoint string) aws.Config {
	region := os.Getenv("AWS_REGION")
	if region == "" {
		region = "us-east-1"
	}
	return aws.Config{Region: region, BaseEndpoint: aws.String(endpoint), Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")}
}

// register mails an event and waits until it is there.
func register(t *testing.T, d deployment) {
	receive, create := d.function(t, "receive-mail"), d.function(t, "create-new-event-record")
	var mailboxes map[string]struct{ Prefix string }
	var tenants map[string]string
	decode(t, receive.setting("MAILBOXES"), &mailboxes)
	decode(t, receive.setting("TENANTS"), &tenants)
	if mailboxes["create"].Prefix == "" || len(tenants) == 0 {
		t.Fatalf("receive-mail knows the mailboxes %v and the tenants %v", mailboxes, tenants)
	}
	var domain string
	for domain = range tenants {
		break
	}

	// A name of SES's shape, and an organizer whom nobody else knows: a container lives longer than a test.
	now := time.Now().UTC()
	sum := sha256.Sum256([]byte(now.Format(time.RFC3339Nano)))
	id := hex.EncodeToString(sum[:])[:40]
	organizer := "ada." + id[:8] + "@example.com"
	raw := invitation(t, organizer, "create@"+domain, now)

	bucket := receive.setting("MAIL_BUCKET")
	store := s3.NewFromConfig(d.config, func(o *s3.Options) { o.UsePathStyle = true })
	if _, err := store.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: aws.String(mailboxes["create"].Prefix + id), Body: bytes.NewReader(raw)}); err != nil {
		t.Fatalf("storing the mail: %v", err)
	}
	d.invoke(t, receive.FunctionName, sesEvent(t, id, organizer, "create@"+domain))

	table := dynamodb.NewFromConfig(d.config)
	key := map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: "event#" + id}, "sk": &types.AttributeValueMemberS{Value: "event#" + id}}
	eventually(t, "the event's record", func() (bool, error) {
		got, err := table.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String(create.setting("DYNAMODB_TABLE")), Key: key})
		if err != nil || got.Item == nil {
			return false, err
		}
		summary, ok := got.Item["summary"].(*types.AttributeValueMemberS)
		mailto, known := got.Item["mailto"].(*types.AttributeValueMemberS)
		if !ok || !known || summary.Value != "Tea" || mailto.Value != organizer {
			return false, fmt.Errorf("the record is %v", got.Item)
		}
		return true, nil
	})
	eventually(t, "the confirmation", func() (bool, error) { return d.sentTo(t, organizer) })
}

// invitation is a mail that registers an event next month, as Google writes it.
func invitation(t *testing.T, organizer, to string, now time.Time) []byte {
	t.Helper()
	start := now.AddDate(0, 1, 0).Truncate(time.Hour)
	raw, err := imiptest.ComposeRequest(imiptest.Event{
		Client: imiptest.Gmail, Organizer: imiptest.Address{Name: "Ada", Email: organizer}, To: imiptest.Address{Email: to},
		Key: organizer, Summary: "Tea", Start: start, End: start.Add(time.Hour), At: now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// sesEvent is what SES invokes receive-mail with, as docs/operate.md shows it to who wants to replay a mail.
func sesEvent(t *testing.T, id, from, to string) json.RawMessage {
	t.Helper()
	guide, err := os.ReadFile(filepath.Join(stacktest.Root(t), "docs", "operate.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(guide), "\n## Replaying a mail\n")
	_, text, _ = strings.Cut(text, "\n```json\n")
	text, _, found := strings.Cut(text, "\n```\n")
	if !found {
		t.Fatal("docs/operate.md shows no event")
	}
	var event events.SimpleEmailEvent
	decode(t, text, &event)
	if len(event.Records) != 1 || event.Records[0].SES.Receipt.DMARCVerdict.Status != "PASS" {
		t.Fatalf("docs/operate.md shows %+v", event)
	}
	return json.RawMessage(strings.NewReplacer("MESSAGE_ID", id, "SENDER", from, "MAILBOX", to).Replace(text))
}

// function is a function as Lambda lists it.
type function struct {
	FunctionName string
	Environment  struct{ Variables map[string]string }
}

func (f function) setting(name string) string { return f.Environment.Variables[name] }

// function finds the function of a step: its name ends in the step's.
func (d deployment) function(t *testing.T, step string) function {
	t.Helper()
	for marker := ""; ; {
		var page struct {
			Functions  []function
			NextMarker string
		}
		_, body := d.lambda(t, "GET", "?"+url.Values{"Marker": {marker}}.Encode(), nil)
		decode(t, string(body), &page)
		for _, f := range page.Functions {
			if strings.HasSuffix(f.FunctionName, "-"+step) {
				return f
			}
		}
		if marker = page.NextMarker; marker == "" {
			t.Fatalf("there is no function of the step %s", step)
		}
	}
}

// invoke runs a function and fails the test if the function fails.
func (d deployment) invoke(t *testing.T, name string, payload []byte) {
	t.Helper()
	header, body := d.lambda(t, "POST", "/"+name+"/invocations", payload)
	if kind := header.Get("X-Amz-Function-Error"); kind != "" {
		t.Fatalf("%s failed (%s): %s", name, kind, body)
	}
}

// lambda makes a signed request to the Lambda API, which the project has no SDK client of.
func (d deployment) lambda(t *testing.T, method, path string, body []byte) (http.Header, []byte) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, d.endpoint+"/2015-03-31/functions"+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := d.config.Credentials.Retrieve(ctx)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(ctx, keys, req, hex.EncodeToString(sum[:]), "lambda", d.config.Region, time.Now()); err != nil {
		t.Fatal(err)
	}
	return send(t, req)
}

// sentTo says whether a mail was sent to the address, by what the endpoint keeps of sent mail.
func (d deployment) sentTo(t *testing.T, address string) (bool, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", d.endpoint+"/_aws/ses", nil)
	if err != nil {
		return false, err
	}
	_, body := send(t, req)
	var sent struct{ Messages []struct{ RawData string } }
	decode(t, string(body), &sent)
	for _, m := range sent.Messages {
		message, err := mail.ReadMessage(strings.NewReader(m.RawData))
		if err == nil && strings.Contains(message.Header.Get("To"), address) {
			return true, nil
		}
	}
	return false, nil
}

func send(t *testing.T, req *http.Request) (http.Header, []byte) {
	t.Helper()
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode/100 != 2 {
		t.Fatalf("%s %s: %s: %s", req.Method, req.URL, answer.Status, body)
	}
	return answer.Header, body
}

func decode(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
}

// patience is how long things may take: a container starts each function in a container of its own.
const patience = 3 * time.Minute

// eventually asks until the answer is yes.
func eventually(t *testing.T, what string, ask func() (bool, error)) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		done, err := ask()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if done {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%s: not after %s", what, patience)
		}
	}
}
