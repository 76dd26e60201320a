package secrets

import (
	"encoding/base64"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/calendarinvite/calendarinviteserver/localstack/journal"
	"github.com/calendarinvite/calendarinviteserver/localstack/wiring"
	"github.com/calendarinvite/calendarinviteserver/localstack/wiring/wiringtest"
)

const name = "cis/link-signing"

func open(t *testing.T, dir string, values map[string]string) *secretsmanager.Client {
	t.Helper()
	return openWith(t, dir, wiringtest.Load(t), values)
}

func openWith(t *testing.T, dir string, w *wiring.Wiring, values map[string]string) *secretsmanager.Client {
	t.Helper()
	j, err := journal.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	s, err := New(j, w, values)
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(s.API())
	t.Cleanup(func() { web.Close(); j.Close() })
	return secretsmanager.NewFromConfig(aws.Config{Region: "us-east-1", BaseEndpoint: &web.URL, Credentials: credentials.NewStaticCredentialsProvider("k", "s", ""), RetryMaxAttempts: 1})
}

func value(t *testing.T, c *secretsmanager.Client, id string) string {
	t.Helper()
	out, err := c.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &id})
	if err != nil {
		t.Fatal(err)
	}
	return aws.ToString(out.SecretString)
}

// restart opens the folder again.
func restart(t *testing.T, dir string, values map[string]string) (got string) {
	t.Helper()
	t.Run("restart", func(t *testing.T) { got = value(t, open(t, dir, values), name) })
	return got
}

func TestGeneratedOnceAndKept(t *testing.T) {
	dir := t.TempDir()
	first := restart(t, dir, nil)
	if !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(first) {
		t.Errorf("generated %q", first)
	}
	if again := restart(t, dir, nil); again != first {
		t.Errorf("after a restart %q, before %q", again, first)
	}
	if other := restart(t, t.TempDir(), nil); other == first {
		t.Error("another folder has the same secret")
	}
	if given := restart(t, dir, map[string]string{"LINK_SIGNING_SECRET": "of my own choice"}); given != "of my own choice" {
		t.Errorf("given %q", given)
	}
	if later := restart(t, dir, nil); later != "of my own choice" {
		t.Errorf("later %q", later)
	}
}

// A webhook's secret has the form that the receivers' libraries want, and a test may choose it.
func TestSecretsOfWebhooks(t *testing.T) {
	root := wiringtest.Root(t, map[string]string{
		"terraform/openapi.yaml": "openapi: 3.0.3\n", "statemachines/webhook-delivery.asl.json": "{}",
		"terraform/wiring.yaml": wiringtest.Base + "workflows: {webhook-delivery: {type: EXPRESS}}\nwebhooks: {crm: {url: \"https://a.example\"}, shop: {url: \"https://b.example\"}}\n",
	})
	w, err := wiring.Load(root, wiring.Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	c := openWith(t, t.TempDir(), w, map[string]string{"webhook-shop": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"})
	made, ok := strings.CutPrefix(value(t, c, "cis/webhook-crm"), "whsec_")
	if key, err := base64.StdEncoding.DecodeString(made); !ok || err != nil || len(key) < 24 {
		t.Errorf("generated %q: %v", made, err)
	}
	if got := value(t, c, "cis/webhook-shop"); got != "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" {
		t.Errorf("given %q", got)
	}
}

func TestAPI(t *testing.T) {
	c := open(t, t.TempDir(), nil)
	ctx := t.Context()
	described, err := c.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: aws.String(name)})
	if err != nil || *described.Description != "Seals tokens" || !regexp.MustCompile(`^arn:aws:secretsmanager:us-east-1:000000000000:secret:cis/link-signing-[0-9a-f]{6}$`).MatchString(*described.ARN) {
		t.Fatalf("%+v, %v", described, err)
	}
	partial := (*described.ARN)[:len(*described.ARN)-7]
	for _, id := range []string{*described.ARN, partial} {
		if value(t, c, id) != value(t, c, name) {
			t.Errorf("another value by %s", id)
		}
	}
	if _, err := c.CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: aws.String("a-secret"), SecretString: aws.String("one")}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: aws.String("a-secret"), SecretString: aws.String("one")}); err == nil {
		t.Error("created twice")
	}
	if _, err := c.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: aws.String("a-secret"), SecretString: aws.String("two")}); err != nil {
		t.Fatal(err)
	}
	if got := value(t, c, "a-secret"); got != "two" {
		t.Errorf("value %q", got)
	}
	if list, err := c.ListSecrets(ctx, nil); err != nil || len(list.SecretList) != 2 {
		t.Errorf("%v, %v", list, err)
	}
	if _, err := c.DeleteSecret(ctx, &secretsmanager.DeleteSecretInput{SecretId: aws.String("a-secret")}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String("a-secret")}); err == nil {
		t.Error("a deleted secret has a value")
	}
}
