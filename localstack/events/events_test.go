package events

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/smithy-go"

	"github.com/calendarinvite/calendarinviteserver/localstack/journal"
	"github.com/calendarinvite/calendarinviteserver/localstack/protocol"
	"github.com/calendarinvite/calendarinviteserver/localstack/wiring"
	"github.com/calendarinvite/calendarinviteserver/localstack/wiring/wiringtest"
)

// recorder is the targets. It refuses with the errors of refuse, one after the other, before it takes anything.
type recorder struct {
	mu     sync.Mutex
	refuse []error
	seen   []string
	tried  int
}

func (r *recorder) take(what string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tried++
	if len(r.refuse) > 0 {
		err := r.refuse[0]
		r.refuse = r.refuse[1:]
		if err != nil {
			return err
		}
	}
	r.seen = append(r.seen, what)
	return nil
}

func (r *recorder) InvokeAsync(function string, payload []byte) error {
	return r.take(function + " " + string(payload))
}

func (r *recorder) StartWorkflow(_ context.Context, workflow, name string, input []byte) error {
	return r.take(workflow + " " + name + " " + string(input))
}

func (r *recorder) list() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.seen)
}

func open(t *testing.T, dir string, w *wiring.Wiring, targets Targets) *Bus {
	t.Helper()
	j, err := journal.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	b, err := New(Config{Wiring: w, Journal: j, Targets: targets, Retry: []time.Duration{time.Millisecond, time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close(); _ = j.Close() })
	return b
}

// settled waits until nothing is to be delivered any more.
func settled(t *testing.T, b *Bus) {
	t.Helper()
	eventually(t, func() bool { list, err := b.Pending(); return err == nil && len(list) == 0 })
}

func eventually(t *testing.T, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it did not happen within 10 s")
		}
	}
}

func serve(t *testing.T, b *Bus) *eventbridge.Client {
	t.Helper()
	web := httptest.NewServer(b.API())
	t.Cleanup(web.Close)
	return eventbridge.NewFromConfig(aws.Config{Region: "us-east-1", BaseEndpoint: &web.URL, Credentials: credentials.NewStaticCredentialsProvider("k", "s", ""), RetryMaxAttempts: 1})
}

func of(source, kind, detail string) types.PutEventsRequestEntry {
	return types.PutEventsRequestEntry{Source: &source, DetailType: &kind, Detail: &detail}
}

const bounces = `
functions: {on-bounce: {memory: 128, timeout: 3}, on-fact: {memory: 128, timeout: 3}}
rules:
  bounces: {pattern: {source: [cis.mail], detail-type: [Email Bounced], detail: {bounce: {bounceType: [Permanent]}}}, function: on-bounce}
  facts: {pattern: {source: [{prefix: "cis."}], detail-type: [fact]}, function: on-fact}
`

func TestPutEvents(t *testing.T) {
	targets := &recorder{}
	bus := open(t, t.TempDir(), wiringtest.Load(t, bounces), targets)
	c := serve(t, bus)
	out, err := c.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{
		of("cis.mail", "Email Bounced", `{"bounce":{"bounceType":"Permanent"}}`),
		of("cis.mail", "Email Bounced", `{"bounce":{"bounceType":"Transient"}}`),
		of("cis.mail", "Email Bounced", `no JSON`),
		of("aws.ses", "Email Bounced", `{}`),
		of("cis.mail", "", `{}`),
		{Source: aws.String("x"), DetailType: aws.String("y"), Detail: aws.String("{}"), EventBusName: aws.String("other")},
		{Source: aws.String("x"), DetailType: aws.String("y"), Detail: aws.String("{}"), EventBusName: aws.String("arn:aws:events:us-east-1:000000000000:event-bus/default")},
	}})
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, e := range out.Entries {
		if (e.EventId == nil) == (e.ErrorCode == nil) {
			t.Errorf("entry %+v", e)
		}
		codes = append(codes, aws.ToString(e.ErrorCode))
	}
	if got := strings.Join(codes, ","); out.FailedEntryCount != 4 || got != ",,MalformedDetail,NotAuthorizedForSource,InvalidArgument,ResourceNotFoundException," {
		t.Errorf("codes %s, %d failed", got, out.FailedEntryCount)
	}
	settled(t, bus)
	seen := targets.list()
	if len(seen) != 1 || !strings.HasPrefix(seen[0], "on-bounce ") {
		t.Fatalf("targets saw %v", seen)
	}
	var e Event
	if err := json.Unmarshal([]byte(strings.TrimPrefix(seen[0], "on-bounce ")), &e); err != nil {
		t.Fatal(err)
	}
	if e.ID != *out.Entries[0].EventId || e.Region != "us-east-1" || e.Account != "000000000000" || e.Version != "0" || e.Resources == nil || e.Time.IsZero() || string(e.Detail) != `{"bounce":{"bounceType":"Permanent"}}` {
		t.Errorf("event = %+v", e)
	}
	if list, err := c.ListRules(t.Context(), nil); err != nil || len(list.Rules) != 2 {
		t.Errorf("%v, %v", list, err)
	}
}

// The limits are of the whole request: sizes as the guide counts them.
func TestLimits(t *testing.T) {
	bus := open(t, t.TempDir(), wiringtest.Load(t, bounces), &recorder{})
	c := serve(t, bus)
	padded := func(bytes int) string { return `{"a":"` + strings.Repeat("x", bytes-8) + `"}` }
	full := of("cis", "fact", padded(256<<10-7-100))
	tests := []struct {
		name    string
		entries []types.PutEventsRequestEntry
		want    string
	}{
		{"none", []types.PutEventsRequestEntry{}, "ValidationException"},
		{"ten", slices.Repeat([]types.PutEventsRequestEntry{of("cis", "fact", "{}")}, 10), ""},
		{"eleven", slices.Repeat([]types.PutEventsRequestEntry{of("cis", "fact", "{}")}, 11), "ValidationException"},
		{"the largest", []types.PutEventsRequestEntry{of("cis", "fact", padded(256<<10-7))}, ""},
		{"a byte more", []types.PutEventsRequestEntry{of("cis", "fact", padded(256<<10-6))}, "ValidationException"},
		{"two that are too large together", []types.PutEventsRequestEntry{of("cis", "fact", padded(128<<10)), of("cis", "fact", padded(128<<10))}, "ValidationException"},
		{"resources count", []types.PutEventsRequestEntry{{Source: full.Source, DetailType: full.DetailType, Detail: full.Detail, Resources: []string{strings.Repeat("r", 101)}}}, "ValidationException"},
		{"the time counts 14", []types.PutEventsRequestEntry{{Source: full.Source, DetailType: full.DetailType, Detail: full.Detail, Resources: []string{strings.Repeat("r", 87)}, Time: aws.Time(time.Now())}}, "ValidationException"},
		{"the time counts no more", []types.PutEventsRequestEntry{{Source: full.Source, DetailType: full.DetailType, Detail: full.Detail, Resources: []string{strings.Repeat("r", 86)}, Time: aws.Time(time.Now())}}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			out, err := c.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: test.entries})
			got := ""
			if e, ok := errors.AsType[smithy.APIError](err); ok {
				got = e.ErrorCode()
			}
			if got != test.want {
				t.Errorf("%q (%v); want %q", got, err, test.want)
			}
			if err == nil && out.FailedEntryCount != 0 {
				t.Errorf("failed: %+v", out)
			}
		})
	}
}

const two = `
workflows: {}
functions: {one: {memory: 128, timeout: 3}, two: {memory: 128, timeout: 3}}
rules:
  first: {pattern: {source: [cis]}, function: one}
  second: {pattern: {source: [cis]}, function: two, input: {paths: {n: $.detail.n}, template: '{"n":<n>}'}}
`

func TestATargetIsTriedAgain(t *testing.T) {
	targets := &recorder{refuse: []error{errors.New("busy"), errors.New("busy")}}
	bus := open(t, t.TempDir(), wiringtest.Load(t, two), targets)
	if _, err := bus.Publish(t.Context(), Event{Source: "cis", DetailType: "d", Detail: json.RawMessage(`{"n":1}`)}); err != nil {
		t.Fatal(err)
	}
	settled(t, bus)
	if seen := targets.list(); len(seen) != 2 || targets.tried != 4 {
		t.Errorf("saw %v after %d attempts", seen, targets.tried)
	}
	if dead, err := bus.DeadLetters(); err != nil || len(dead) != 0 {
		t.Errorf("dead letters %v, %v", dead, err)
	}
}

// What fails for good is kept; the other rule's delivery does not suffer.
func TestDeadLetters(t *testing.T) {
	missing := &protocol.Error{Status: 404, Code: "ResourceNotFoundException"}
	tests := []struct {
		name     string
		detail   string
		refuse   error
		attempts int
		reason   string
	}{
		{"after all attempts", `{"n":1}`, errors.New("busy"), 3, "busy"},
		{"throttled", `{"n":1}`, &protocol.Error{Status: 429, Code: "TooManyRequestsException"}, 3, "TooMany"},
		{"a target that is not there", `{"n":1}`, missing, 1, "ResourceNotFound"},
		{"an input that cannot be made", `{}`, nil, 1, "no value for <n>"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			targets := &refusing{of: "two", err: test.refuse}
			bus := open(t, t.TempDir(), wiringtest.Load(t, two), targets)
			id, err := bus.Publish(t.Context(), Event{Source: "cis", DetailType: "d", Detail: json.RawMessage(test.detail)})
			if err != nil {
				t.Fatal(err)
			}
			settled(t, bus)
			dead, err := bus.DeadLetters()
			if err != nil || len(dead) != 1 || dead[0].Rule != "second" || dead[0].EventID != id || dead[0].Attempts != test.attempts || !strings.Contains(dead[0].Error, test.reason) {
				t.Errorf("dead letters %+v, %v", dead, err)
			}
			if seen := targets.list(); len(seen) != 1 || !strings.HasPrefix(seen[0], "one ") {
				t.Errorf("seen %v", seen)
			}
			page := httptest.NewRecorder()
			bus.Deliveries().ServeHTTP(page, httptest.NewRequest("GET", "/", nil))
			var told struct {
				Pending []Delivery
				Dead    []Delivery `json:"dead_letters"`
			}
			if err := json.Unmarshal(page.Body.Bytes(), &told); err != nil || len(told.Dead) != 1 || len(told.Pending) != 0 {
				t.Errorf("page %s, %v", page.Body, err)
			}
		})
	}
}

// refusing refuses everything for one function.
type refusing struct {
	recorder
	of  string
	err error
}

func (r *refusing) InvokeAsync(function string, payload []byte) error {
	if function == r.of && r.err != nil {
		return r.err
	}
	return r.recorder.InvokeAsync(function, payload)
}

// blocking never gets anywhere.
type blocking struct{ recorder }

func (*blocking) InvokeAsync(string, []byte) error { return errors.New("not now") }

// What was accepted and not delivered goes on after a restart, even if the stack was killed.
func TestARestartLosesNothing(t *testing.T) {
	dir := t.TempDir()
	w := wiringtest.Load(t, two)
	j, err := journal.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	bus, err := New(Config{Wiring: w, Journal: j, Targets: &blocking{}, Retry: []time.Duration{time.Hour}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bus.Publish(t.Context(), Event{Source: "cis", DetailType: "d", Detail: json.RawMessage(`{"n":7}`)}); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool {
		list, err := bus.Pending()
		return err == nil && len(list) == 2 && list[0].Attempts == 1 && list[1].Attempts == 1
	})
	if err := bus.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := bus.Publish(t.Context(), Event{Source: "cis", DetailType: "d", Detail: json.RawMessage(`{"n":8}`)}); err != nil {
		t.Fatal(err) // between Close and the end it is kept as well
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}

	targets := &recorder{}
	bus = open(t, dir, w, targets)
	if err := bus.Resume(); err != nil {
		t.Fatal(err)
	}
	settled(t, bus)
	seen := targets.list()
	if len(seen) != 4 || !slices.Contains(seen, `two {"n":7}`) || !slices.Contains(seen, `two {"n":8}`) {
		t.Errorf("seen %v", seen)
	}
}

// A rule that has gone meanwhile makes a dead letter, not an endless delivery.
func TestARuleThatHasGone(t *testing.T) {
	dir := t.TempDir()
	bus := open(t, dir, wiringtest.Load(t, two), &blocking{})
	if _, err := bus.Publish(t.Context(), Event{Source: "cis", DetailType: "d", Detail: json.RawMessage(`{"n":7}`)}); err != nil {
		t.Fatal(err)
	}
	_ = bus.Close()
	pending, err := bus.Pending()
	if err != nil {
		t.Fatal(err)
	}
	_ = bus.cfg.Journal.Close()
	bus = open(t, dir, wiringtest.Load(t, "functions: {one: {memory: 128, timeout: 3}}"), &recorder{})
	if err := bus.Resume(); err != nil {
		t.Fatal(err)
	}
	settled(t, bus)
	if dead, err := bus.DeadLetters(); err != nil || len(dead) < len(pending) {
		t.Errorf("dead letters %+v, %v", dead, err)
	}
}

// starts is a target that knows the names of executions, as Step Functions does.
type starts struct {
	recorder
	names map[string]bool
}

func (s *starts) StartWorkflow(ctx context.Context, workflow, name string, input []byte) error {
	s.mu.Lock()
	known := s.names[name]
	s.names[name] = true
	s.mu.Unlock()
	if known {
		return &protocol.Error{Status: 400, Code: "ExecutionAlreadyExists"}
	}
	if err := s.recorder.StartWorkflow(ctx, workflow, name, input); err != nil {
		return err
	}
	return errors.New("the answer was lost")
}

// An execution's name is the same at every attempt, so an attempt whose answer was lost starts nothing a second time.
func TestExecutionNames(t *testing.T) {
	root := wiringtest.Root(t, map[string]string{
		"terraform/openapi.yaml": "openapi: 3.0.3\n", "statemachines/webhook-delivery.asl.json": "{}",
		"terraform/wiring.yaml": wiringtest.Base + `
workflows: {webhook-delivery: {type: STANDARD}}
webhooks: {crm: {url: "https://a.example", types: [rsvp.changed]}, all-the-facts-there-are-in-this-world: {url: "https://b.example"}}
`})
	w, err := wiring.Load(root, wiring.Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	targets := &starts{names: map[string]bool{}}
	bus := open(t, t.TempDir(), w, targets)
	for _, kind := range []string{"rsvp.changed", "event.created"} {
		if _, err := bus.Publish(t.Context(), Event{Source: wiring.EventSource, DetailType: kind, Detail: json.RawMessage(`{"is":"` + kind + `"}`)}); err != nil {
			t.Fatal(err)
		}
	}
	settled(t, bus)
	name := regexp.MustCompile(`^webhook-delivery ([0-9a-f-]{36}_[0-9a-f-]{36}) `)
	var inputs []string
	names := map[string]bool{}
	for _, s := range targets.list() {
		m := name.FindStringSubmatch(s)
		if m == nil || len(m[1]) > 80 {
			t.Fatalf("seen %q", s)
		}
		names[m[1]] = true
		inputs = append(inputs, strings.TrimPrefix(s, m[0]))
	}
	slices.Sort(inputs)
	want := `{"webhook":"all-the-facts-there-are-in-this-world","fact":{"is":"event.created"}}
{"webhook":"all-the-facts-there-are-in-this-world","fact":{"is":"rsvp.changed"}}
{"webhook":"crm","fact":{"is":"rsvp.changed"}}`
	if got := strings.Join(inputs, "\n"); got != want || len(names) != 3 {
		t.Errorf("inputs\n%s\nnames %v", got, names)
	}
	if dead, err := bus.DeadLetters(); err != nil || len(dead) != 0 {
		t.Errorf("dead letters %v, %v", dead, err)
	}
}

func TestRulesThatCannotBe(t *testing.T) {
	j, err := journal.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	for rule, want := range map[string]string{
		`{pattern: {source: [{wildcard: "*"}]}, function: f}`:                                         "rule r: source: filter wildcard",
		`{pattern: {source: [x]}, function: f, input: {paths: {a: detail}, template: "<a>"}}`:         `rule r: input: "detail" is no path`,
		`{pattern: {source: [x]}, function: f, input: {paths: {a: "$.detail"}, template: "{<a>:1}"}}`: "rule r: input: the template",
	} {
		w := wiringtest.Load(t, "functions: {f: {memory: 128, timeout: 3}}\nrules: {r: "+rule+"}\n")
		if _, err := New(Config{Wiring: w, Journal: j, Targets: &recorder{}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", rule, err)
		}
	}
}
