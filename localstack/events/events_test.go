package events

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"go.yaml.in/yaml/v3"

	"github.com/calendarinvite/calendarinviteserver/localstack/wiring/wiringtest"
)

type recorder struct{ seen []string }

func (r *recorder) InvokeAsync(function string, payload []byte) error {
	r.seen = append(r.seen, function+" "+string(payload))
	return nil
}

func (r *recorder) StartWorkflow(_ context.Context, workflow, name string, input []byte) error {
	r.seen = append(r.seen, workflow+" "+name)
	return nil
}

func TestPutEvents(t *testing.T) {
	w := wiringtest.Load(t, `
functions: {on-bounce: {memory: 128, timeout: 3}}
rules:
  bounces: {pattern: {source: [aws.ses], detail-type: [Email Bounced], detail: {bounce: {bounceType: [Permanent]}}}, function: on-bounce}
  others: {pattern: {source: [{prefix: "cis."}]}, function: on-bounce}
`)
	targets := &recorder{}
	bus, err := NewBus(w, targets)
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(bus.API())
	defer web.Close()
	c := eventbridge.NewFromConfig(aws.Config{Region: "us-east-1", BaseEndpoint: &web.URL, Credentials: credentials.NewStaticCredentialsProvider("k", "s", ""), RetryMaxAttempts: 1})
	entry := func(source, kind, detail string) types.PutEventsRequestEntry {
		return types.PutEventsRequestEntry{Source: &source, DetailType: &kind, Detail: &detail}
	}
	out, err := c.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{
		entry("aws.ses", "Email Bounced", `{"bounce":{"bounceType":"Permanent"}}`),
		entry("aws.ses", "Email Bounced", `{"bounce":{"bounceType":"Transient"}}`),
		entry("aws.ses", "Email Bounced", `no JSON`),
	}})
	if err != nil {
		t.Fatal(err)
	}
	if out.FailedEntryCount != 1 || out.Entries[2].ErrorCode == nil || out.Entries[0].EventId == nil {
		t.Errorf("out = %+v", out)
	}
	if len(targets.seen) != 1 || !strings.HasPrefix(targets.seen[0], "on-bounce ") {
		t.Fatalf("targets saw %v", targets.seen)
	}
	var e Event
	if err := json.Unmarshal([]byte(strings.TrimPrefix(targets.seen[0], "on-bounce ")), &e); err != nil {
		t.Fatal(err)
	}
	if e.ID != *out.Entries[0].EventId || e.Region != "us-east-1" || e.Account != "000000000000" || e.Version != "0" || e.Resources == nil || e.Time.IsZero() || string(e.Detail) != `{"bounce":{"bounceType":"Permanent"}}` {
		t.Errorf("event = %+v", e)
	}
	if list, err := c.ListRules(t.Context(), nil); err != nil || len(list.Rules) != 2 {
		t.Errorf("%v, %v", list, err)
	}
}

func TestPatterns(t *testing.T) {
	const event = `{"source":"aws.ses","detail":{"n":5,"s":"Hello","list":["a","b"],"nil":null,"deep":{"yes":true}}}`
	tests := []struct {
		pattern string
		want    bool
	}{
		{`{source: [aws.ses]}`, true},
		{`{source: [aws.s3, aws.ses]}`, true},
		{`{source: [aws.s3]}`, false},
		{`{detail: {n: [5]}}`, true},
		{`{detail: {n: [6]}}`, false},
		{`{detail: {list: [b]}}`, true},
		{`{detail: {list: [c]}}`, false},
		{`{detail: {deep: {yes: [true]}}}`, true},
		{`{detail: {nil: [null]}}`, true},
		{`{detail: {none: [null]}}`, false},
		{`{detail: {s: [{prefix: He}]}}`, true},
		{`{detail: {s: [{suffix: LO}, {suffix: lo}]}}`, true},
		{`{detail: {s: [{equals-ignore-case: HELLO}]}}`, true},
		{`{detail: {s: [{anything-but: Hello}]}}`, false},
		{`{detail: {s: [{anything-but: [a, b]}]}}`, true},
		{`{detail: {s: [{anything-but: {prefix: He}}]}}`, false},
		{`{detail: {none: [{anything-but: a}]}}`, false},
		{`{detail: {none: [{exists: false}]}}`, true},
		{`{detail: {s: [{exists: false}]}}`, false},
		{`{nowhere: {none: [{exists: false}]}}`, true},
		{`{detail: {n: [{numeric: [">", 4, "<=", 5]}]}}`, true},
		{`{detail: {n: [{numeric: [">", 5]}]}}`, false},
		{`{detail: {s: [{numeric: [">", 5]}]}}`, false},
		{`{source: [aws.ses], detail: {n: [6]}}`, false},
	}
	for _, test := range tests {
		var pattern, fields map[string]any
		if err := yaml.Unmarshal([]byte(test.pattern), &pattern); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(event), &fields); err != nil {
			t.Fatal(err)
		}
		match, err := compile(pattern)
		if err != nil {
			t.Errorf("%s: %v", test.pattern, err)
		} else if got := match(fields); got != test.want {
			t.Errorf("%s: %v", test.pattern, got)
		}
	}
	for _, bad := range []string{`{source: aws.ses}`, `{$or: [{a: [1]}]}`, `{a: [{wildcard: "*"}]}`, `{a: [{numeric: [">"]}]}`, `{a: [{numeric: ["~", 1]}]}`, `{a: [{exists: 1}]}`, `{a: [{prefix: 1}]}`, `{a: [{prefix: x, suffix: y}]}`} {
		var pattern map[string]any
		if err := yaml.Unmarshal([]byte(bad), &pattern); err != nil {
			t.Fatal(err)
		}
		if _, err := compile(pattern); err == nil {
			t.Errorf("%s is accepted", bad)
		}
	}
}
