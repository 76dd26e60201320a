package stack_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	events "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	ses "github.com/aws/aws-sdk-go-v2/service/sesv2/types"

	"github.com/calendarinvite/calendarinviteserver/localstack/aws"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
	"github.com/calendarinvite/calendarinviteserver/localstack/states"
)

// client is the SDK configuration of somebody at the AWS endpoint who may do everything.
func client(s *stacktest.Stack) sdk.Config {
	return sdk.Config{Region: "us-east-1", BaseEndpoint: sdk.String("http://" + s.AWS), Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""), RetryMaxAttempts: 1}
}

// waitInputs waits until a workflow has been started so often, and returns the inputs.
func waitInputs(t *testing.T, s *stacktest.Stack, workflow string, n int) []string {
	t.Helper()
	var list []states.Summary
	s.Eventually("executions of "+workflow, func() bool {
		var err error
		list, err = s.States.List(s.Wiring.Prefix() + "-" + workflow)
		return err == nil && len(list) >= n
	})
	var inputs []string
	for _, e := range list {
		inputs = append(inputs, string(e.Input))
	}
	return inputs
}

// A bounce of mail that was sent with the configuration set reaches the rule's workflow as EventBridge's event.
func TestABounceStartsTheFeedbackWorkflow(t *testing.T) {
	s := stacktest.Start(t)
	send := func(to string) string {
		t.Helper()
		out, err := sesv2.NewFromConfig(client(s)).SendEmail(t.Context(), &sesv2.SendEmailInput{
			FromEmailAddress: sdk.String("invites@cis.localhost"), Destination: &ses.Destination{ToAddresses: []string{to}}, ConfigurationSetName: sdk.String(s.Wiring.Setting("CONFIGURATION_SET")),
			Content:   &ses.EmailContent{Raw: &ses.RawMessage{Data: []byte("From: invites@cis.localhost\r\nTo: " + to + "\r\nSubject: Tea\r\n\r\nHello\r\n")}},
			EmailTags: []ses.MessageTag{{Name: sdk.String("event"), Value: sdk.String("abc")}},
		})
		if err != nil {
			t.Fatal(err)
		}
		return *out.MessageId
	}
	send("jane@example.com")
	id := send("bounce+jane@simulator.amazonses.com")
	inputs := waitInputs(t, s, "delivery-feedback", 1)
	var event struct {
		Source     string
		DetailType string `json:"detail-type"`
		Resources  []string
		Detail     struct {
			EventType string
			Bounce    struct{ BounceType string }
			Mail      struct {
				MessageID string
				Tags      map[string][]string
			}
		}
	}
	if err := json.Unmarshal([]byte(inputs[0]), &event); err != nil {
		t.Fatal(err)
	}
	d := event.Detail
	if event.Source != "aws.ses" || event.DetailType != "Email Bounced" || d.EventType != "Bounce" || d.Bounce.BounceType != "Permanent" || d.Mail.MessageID != id || d.Mail.Tags["event"][0] != "abc" || len(event.Resources) != 1 {
		t.Errorf("event %s", inputs[0])
	}
	s.Restart()
	if again := waitInputs(t, s, "delivery-feedback", 1); len(again) != 1 {
		t.Errorf("after a restart %v", again)
	}
	if dead, err := s.Events.DeadLetters(); err != nil || len(dead) != 0 {
		t.Errorf("dead letters %+v, %v", dead, err)
	}
}

// A webhook is one line of configuration: its rule, its setting and its secret are made from that.
func TestAWebhookGetsTheFacts(t *testing.T) {
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	defer receiver.Close()
	const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	s := stacktest.Start(t, func(cfg *stack.Config) {
		cfg.Webhooks, cfg.Secrets = map[string]string{"crm": receiver.URL}, map[string]string{"webhook-crm": secret}
	})
	out, err := eventbridge.NewFromConfig(client(s)).PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []events.PutEventsRequestEntry{
		{Source: sdk.String("calendar-invite-server"), DetailType: sdk.String("rsvp.changed"), Detail: sdk.String(`{"id":"f1","uid":"u"}`)},
		{Source: sdk.String("somebody-else"), DetailType: sdk.String("rsvp.changed"), Detail: sdk.String(`{}`)},
	}})
	if err != nil || out.FailedEntryCount != 0 {
		t.Fatalf("%+v, %v", out, err)
	}
	if inputs := waitInputs(t, s, "webhook-delivery", 1); len(inputs) != 1 || inputs[0] != `{"webhook":"crm","fact":{"id":"f1","uid":"u"}}` {
		t.Errorf("inputs %v", inputs)
	}
	if got, want := s.Wiring.Setting("WEBHOOKS"), `{"crm":{"url":"`+receiver.URL+`","secret":"cis/webhook-crm"}}`; got != want {
		t.Errorf("WEBHOOKS is %s; want %s", got, want)
	}
	value, err := secretsmanager.NewFromConfig(client(s)).GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: sdk.String("cis/webhook-crm")})
	if err != nil || *value.SecretString != secret {
		t.Errorf("secret %v, %v", value, err)
	}
	if a := s.Do("GET", "/_local/events", ""); a.Status != 200 || !strings.Contains(a.Body, `"dead_letters": []`) {
		t.Errorf("/_local/events: %d %s", a.Status, a.Body)
	}
}

// A machine sees a throttled invocation as Lambda's error, and tries again.
func TestAThrottledInvocationIsRetried(t *testing.T) {
	s := stacktest.Start(t, func(cfg *stack.Config) { cfg.Pace = 0.01 })
	if err := s.Faults.Add(aws.Fault{Function: "create-new-event-record", Action: "lambda:Invoke", Kind: "throttle"}); err != nil {
		t.Fatal(err)
	}
	id := s.SendMail("ada@example.com", "create@cis.localhost", invitation(t))
	if e := s.WaitExecution("event-request", id); e.Status != "SUCCEEDED" {
		t.Errorf("execution %s: %s %s", e.Status, e.Error, e.Cause)
	}
	history, err := s.States.History(s.Wiring.Prefix()+"-event-request", id)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(history)
	if err != nil || !strings.Contains(string(text), "Lambda.TooManyRequestsException") {
		t.Errorf("no such error in the history: %s, %v", text, err)
	}
	if list := s.Faults.List(); list[0].Hits != 1 || list[0].Seen < 2 {
		t.Errorf("faults %+v", list)
	}
}
