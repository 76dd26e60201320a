package handlers_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"github.com/calendarinvite/calendarinviteserver/handlers"
	"github.com/calendarinvite/calendarinviteserver/internal/awstest"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/mailauth"
)

type receive = func(context.Context, events.SimpleEmailEvent) (handlers.Started, error)

// receiver is receive-mail with two tenants and Step Functions at the URL.
func receiver(t *testing.T, log io.Writer, states string) receive {
	t.Helper()
	return step[receive](t, "receive-mail", newApp(log, map[string]string{
		"AWS_ENDPOINT_URL": states,
		"MAIL_BUCKET":      "cis-mail",
		"TENANT":           "default",
		"TENANTS":          `{"example.org":"default","events.example.com":"second"}`,
		"MAILBOXES": `{"create":{"prefix":"event_request/","workflow":"arn:request"},"rsvp":{"prefix":"event_reply/","workflow":"arn:reply"},
			"abuse":{"prefix":"mailbox/abuse/","workflow":""}}`,
	}))
}

var started = awstest.Answer{Body: `{"executionArn":"arn:execution","startDate":1.7e9}`}

func delivered(messageID string, recipients ...string) events.SimpleEmailEvent {
	var record events.SimpleEmailRecord
	record.SES.Mail.MessageID, record.SES.Mail.Source = messageID, "ada@example.com"
	record.SES.Receipt = events.SimpleEmailReceipt{
		Recipients:   recipients,
		Timestamp:    time.Unix(1700000000, 0),
		SPFVerdict:   events.SimpleEmailVerdict{Status: "PASS"},
		DKIMVerdict:  events.SimpleEmailVerdict{Status: "FAIL"},
		DMARCVerdict: events.SimpleEmailVerdict{Status: "GRAY"},
		SpamVerdict:  events.SimpleEmailVerdict{Status: "PROCESSING_FAILED"},
		VirusVerdict: events.SimpleEmailVerdict{Status: "DISABLED"},
		DMARCPolicy:  "reject",
	}
	return events.SimpleEmailEvent{Records: []events.SimpleEmailRecord{record}}
}

func TestReceiveMailStartsTheMailboxsWorkflow(t *testing.T) {
	states := awstest.Start(t, started)
	got, err := receiver(t, io.Discard, states.URL)(t.Context(), delivered("m1", "Create+Spring@Example.org"))
	if err != nil {
		t.Fatal(err)
	}
	want := []invite.Mail{{
		MessageID: "m1", Bucket: "cis-mail", Key: "event_request/m1", Mailbox: "create", Tenant: "default", Domain: "example.org",
		Recipients: []string{"Create+Spring@Example.org"}, Source: "ada@example.com", Received: 1700000000,
		Verdicts: mailauth.Verdicts{SPF: "PASS", DKIM: "FAIL", DMARC: "GRAY", Spam: "PROCESSING_FAILED", Virus: "DISABLED", DMARCPolicy: "reject"},
	}}
	if diff := cmp.Diff(want, got.Mails); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	execution := states.Only(t)
	if execution.Field(t, "stateMachineArn") != "arn:request" || execution.Field(t, "name") != "m1" {
		t.Errorf("%s", execution.Body)
	}
	var input invite.Mail
	if err := json.Unmarshal([]byte(execution.Field(t, "input").(string)), &input); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want[0], input); diff != "" {
		t.Errorf("input (-want +got):\n%s", diff)
	}
}

// Which of the addresses that a mail was sent to start what, and for whom.
func TestReceiveMailRecipients(t *testing.T) {
	for _, test := range []struct {
		name       string
		recipients []string
		want       []string // mailbox, domain, tenant and key of the mails that start a workflow
	}{
		{"nobody of ours", []string{"ada@example.org", "create"}, []string{"create@ default event_request/m1"}},
		{"stored only", []string{"abuse@example.org"}, nil},
		{"not a mailbox", []string{"ada@example.org", "creates@example.org", "+create@example.org"}, nil},
		{"labels", []string{"create+a@example.org", "create+b+c@example.org", "CREATE@example.org"}, []string{"create@example.org default event_request/m1"}},
		{"two mailboxes", []string{"create@example.org", "ada@example.org", "rsvp@example.org"},
			[]string{"create@example.org default event_request/m1", "rsvp@example.org default event_reply/m1"}},
		{"two tenants", []string{"create@example.org", "rsvp@EVENTS.example.com"},
			[]string{"create@example.org default event_request/m1", "rsvp@events.example.com second event_reply/m1"}},
		{"the same mailbox of two tenants", []string{"create@example.org", "create@events.example.com"},
			[]string{"create@example.org default event_request/m1", "create@events.example.com second event_request/m1"}},
		{"two domains of one tenant", []string{"create@example.org", "create@elsewhere.example"}, []string{"create@example.org default event_request/m1"}},
		{"unknown domain", []string{"create@elsewhere.example"}, []string{"create@elsewhere.example default event_request/m1"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			states := awstest.Start(t, started)
			got, err := receiver(t, io.Discard, states.URL)(t.Context(), delivered("m1", test.recipients...))
			if err != nil {
				t.Fatal(err)
			}
			var mails []string
			for _, mail := range got.Mails {
				mails = append(mails, mail.Mailbox+"@"+mail.Domain+" "+mail.Tenant+" "+mail.Key)
			}
			if diff := cmp.Diff(test.want, mails); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			names := map[any]bool{} // of executions, by the machine
			for i, mail := range got.Mails {
				request := states.Requests()[i]
				names[[2]any{request.Field(t, "stateMachineArn"), request.Field(t, "name")}] = true
				if request.Field(t, "name") != mail.MessageID {
					t.Errorf("execution %v of the mail %s", request.Field(t, "name"), mail.MessageID)
				}
			}
			if len(states.Requests()) != len(test.want) || len(names) != len(test.want) {
				t.Errorf("%d executions under %d names, want %d", len(states.Requests()), len(names), len(test.want))
			}
		})
	}
}

// The object that SES writes when receiving is set up is no mail.
func TestReceiveMailIgnoresTheSetupNotice(t *testing.T) {
	states := awstest.Start(t, started)
	got, err := receiver(t, io.Discard, states.URL)(t.Context(), delivered("AMAZON_SES_SETUP_NOTIFICATION", "create@example.org"))
	if err != nil || len(got.Mails) != 0 || len(states.Requests()) != 0 {
		t.Errorf("%+v, %v, %d executions", got, err, len(states.Requests()))
	}
}

func TestReceiveMailWithoutRecords(t *testing.T) {
	_, err := receiver(t, io.Discard, awstest.Dead())(t.Context(), events.SimpleEmailEvent{})
	if kind, message := invokeError(t, err); kind != string(fault.InvalidRequest) || !strings.Contains(message, "no-records") {
		t.Errorf("%s: %s", kind, message)
	}
}

// SES tries again after an error, so a start that fails must be one. No line shows an address.
func TestReceiveMailFails(t *testing.T) {
	var log bytes.Buffer
	states := awstest.Start(t, awstest.JSONError(400, "StateMachineDoesNotExist"))
	_, err := receiver(t, &log, states.URL)(t.Context(), delivered("m1", "create@example.org"))
	if kind, _ := invokeError(t, err); kind != string(fault.Internal) {
		t.Errorf("%v", err)
	}
	if strings.Count(log.String(), "\n") != 1 || !strings.Contains(log.String(), `"msg":"failed"`) || strings.Contains(log.String(), "ada@") {
		t.Errorf("log:\n%s", log.String())
	}
}
