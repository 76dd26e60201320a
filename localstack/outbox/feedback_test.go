package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/calendarinvite/calendarinviteserver/localstack/journal"
)

var allTypes = []string{"SEND", "DELIVERY", "BOUNCE", "COMPLAINT", "REJECT", "DELIVERY_DELAY"}

// bus keeps what is published. It refuses the first n.
type bus struct {
	mu     sync.Mutex
	refuse int
	seen   []Feedback
}

func (b *bus) publish(_ context.Context, f Feedback) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.refuse > 0 {
		b.refuse--
		return errors.New("busy")
	}
	b.seen = append(b.seen, f)
	return nil
}

// wait returns what was published when nothing waits any more.
func (b *bus) wait(t *testing.T, o *Outbox) []Feedback {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); o.publisher.list.Len() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("events wait to be published")
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	seen := b.seen
	b.seen = nil
	return seen
}

func feeding(kinds ...string) func(*Config) {
	return func(c *Config) { c.Partition, c.Account, c.Feedback = "aws", "000000000000", kinds }
}

func mailTo(to ...string) Message {
	return Message{
		Source: "Invites <invites@cis.localhost>", To: to, ConfigurationSet: "cis", Caller: "send-event-invite", Tags: map[string][]string{"event": {"abc"}},
		Raw: []byte("From: Invites <invites@cis.localhost>\r\nTo: " + strings.Join(to, ", ") + "\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nReferences: <a\r\n b>\r\n\r\nHello\r\n"),
	}
}

// Each address has its fate, in any case and with a label.
func TestFates(t *testing.T) {
	o := open(t, t.TempDir(), feeding(allTypes...))
	b := &bus{}
	o.Publish(b.publish)
	for to, want := range map[string]string{
		"jane@example.com":                               "Email Sent, Email Delivered",
		"success@simulator.amazonses.com":                "Email Sent, Email Delivered",
		"bounce@simulator.amazonses.com":                 "Email Sent, Email Bounced",
		"Bounce+label1@Simulator.AmazonSES.com":          "Email Sent, Email Bounced",
		"ooto@simulator.amazonses.com":                   "Email Sent, Email Delivered, Email Bounced",
		"complaint+x@simulator.amazonses.com":            "Email Sent, Email Delivered, Email Complaint Received",
		"suppressionlist@simulator.amazonses.com":        "Email Sent, Email Bounced",
		"unknown@simulator.amazonses.com":                "Email Sent, Email Delivered",
		"anybody@bounce.localhost":                       "Email Sent, Email Bounced",
		"any.body+at.all@softbounce.localhost":           "Email Sent, Email Delivery Delayed, Email Bounced",
		"Jane Doe <jane@complaint.localhost>":            "Email Sent, Email Delivered, Email Complaint Received",
		"anybody@reject.localhost":                       "Email Sent, Email Rejected",
		"bounce@sub.bounce.localhost":                    "Email Sent, Email Delivered",
		"bounce@simulator.amazonses.com.example.invalid": "Email Sent, Email Delivered",
	} {
		if _, err := o.Send(mailTo(to)); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range b.wait(t, o) {
			got = append(got, f.DetailType)
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s: %s; want %s", to, strings.Join(got, ", "), want)
		}
	}
}

// Only what the wiring asks for, and only about mail with a configuration set.
func TestFeedbackThatNobodyWants(t *testing.T) {
	o := open(t, t.TempDir(), feeding("BOUNCE", "COMPLAINT", "REJECT", "DELIVERY_DELAY"))
	b := &bus{}
	o.Publish(b.publish)
	without := mailTo("a@bounce.localhost")
	without.ConfigurationSet = ""
	for _, m := range []Message{mailTo("jane@example.com"), mailTo("success@simulator.amazonses.com"), without} {
		if _, err := o.Send(m); err != nil {
			t.Fatal(err)
		}
	}
	if seen := b.wait(t, o); len(seen) != 0 {
		t.Errorf("published %+v", seen)
	}
	if _, err := o.Send(mailTo("a@complaint.localhost")); err != nil {
		t.Fatal(err)
	}
	if seen := b.wait(t, o); len(seen) != 1 || seen[0].DetailType != "Email Complaint Received" {
		t.Errorf("published %+v", seen)
	}
}

func TestShapes(t *testing.T) {
	now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	o := open(t, t.TempDir(), func(c *Config) { feeding(allTypes...)(c); c.Now = func() time.Time { return now } })
	b := &bus{}
	o.Publish(b.publish)
	sent, err := o.Send(mailTo("one@bounce.localhost", "two@bounce.localhost", "soft@softbounce.localhost", "no@complaint.localhost", "bad@reject.localhost", "jane@example.com"))
	if err != nil {
		t.Fatal(err)
	}
	mail := map[string]any{
		"timestamp": "2026-11-20T10:00:00.000Z", "source": "Invites <invites@cis.localhost>", "sourceArn": "arn:aws:ses:us-east-1:000000000000:identity/cis.localhost",
		"sendingAccountId": "000000000000", "messageId": sent.ID, "headersTruncated": false,
		"destination": []any{"one@bounce.localhost", "two@bounce.localhost", "soft@softbounce.localhost", "no@complaint.localhost", "bad@reject.localhost", "jane@example.com"},
		"headers": []any{
			map[string]any{"name": "From", "value": "Invites <invites@cis.localhost>"},
			map[string]any{"name": "To", "value": "one@bounce.localhost, two@bounce.localhost, soft@softbounce.localhost, no@complaint.localhost, bad@reject.localhost, jane@example.com"},
			map[string]any{"name": "Subject", "value": "=?utf-8?q?Gr=C3=BC=C3=9Fe?="},
			map[string]any{"name": "References", "value": "<a b>"},
			map[string]any{"name": "Date", "value": "Fri, 20 Nov 2026 10:00:00 +0000"},
			map[string]any{"name": "Message-ID", "value": "<" + sent.ID + "@email.amazonses.com>"},
		},
		"commonHeaders": map[string]any{
			"messageId": sent.ID, "subject": "Grüße", "date": "Fri, 20 Nov 2026 10:00:00 +0000", "from": []any{"Invites <invites@cis.localhost>"},
			"to": []any{"one@bounce.localhost", "two@bounce.localhost", "soft@softbounce.localhost", "no@complaint.localhost", "bad@reject.localhost", "jane@example.com"},
		},
		"tags": map[string]any{
			"ses:configuration-set": []any{"cis"}, "ses:from-domain": []any{"cis.localhost"}, "ses:caller-identity": []any{"send-event-invite"},
			"ses:operation": []any{"SendEmail"}, "event": []any{"abc"},
		},
	}
	failed := func(address, status, diagnostic string) any {
		return map[string]any{"emailAddress": address, "action": "failed", "status": status, "diagnosticCode": diagnostic}
	}
	want := []map[string]any{
		{"eventType": "Send", "mail": mail, "send": map[string]any{}},
		{"eventType": "Bounce", "mail": mail, "bounce": map[string]any{
			"bounceType": "Permanent", "bounceSubType": "General", "timestamp": "2026-11-20T10:00:00.002Z", "feedbackId": "*", "reportingMTA": "dsn; a8-31.smtp-out.amazonses.com",
			"bouncedRecipients": []any{failed("one@bounce.localhost", "5.1.1", "smtp; 550 5.1.1 user unknown"), failed("two@bounce.localhost", "5.1.1", "smtp; 550 5.1.1 user unknown")},
		}},
		{"eventType": "DeliveryDelay", "mail": mail, "deliveryDelay": map[string]any{
			"timestamp": "2026-11-20T10:00:00.003Z", "delayType": "MailboxFull", "expirationTime": "2026-11-21T00:00:00.000Z", "reportingMTA": "a8-31.smtp-out.amazonses.com",
			"delayedRecipients": []any{map[string]any{"emailAddress": "soft@softbounce.localhost", "status": "4.2.2", "diagnosticCode": "smtp; 452 4.2.2 mailbox full"}},
		}},
		{"eventType": "Bounce", "mail": mail, "bounce": map[string]any{
			"bounceType": "Transient", "bounceSubType": "MailboxFull", "timestamp": "2026-11-20T10:00:00.004Z", "feedbackId": "*", "reportingMTA": "dsn; a8-31.smtp-out.amazonses.com",
			"bouncedRecipients": []any{failed("soft@softbounce.localhost", "5.2.2", "smtp; 452 4.2.2 mailbox full")},
		}},
		{"eventType": "Delivery", "mail": mail, "delivery": map[string]any{
			"timestamp": "2026-11-20T10:00:00.005Z", "processingTimeMillis": 1.0, "recipients": []any{"no@complaint.localhost"},
			"smtpResponse": "250 2.6.0 Message received", "reportingMTA": "a8-31.smtp-out.amazonses.com",
		}},
		{"eventType": "Complaint", "mail": mail, "complaint": map[string]any{
			"complainedRecipients": []any{map[string]any{"emailAddress": "no@complaint.localhost"}}, "timestamp": "2026-11-20T10:00:00.006Z", "feedbackId": "*",
			"complaintSubType": nil, "userAgent": "Amazon SES Mailbox Simulator", "complaintFeedbackType": "abuse", "arrivalDate": "2026-11-20T10:00:00.000Z",
		}},
		{"eventType": "Reject", "mail": mail, "reject": map[string]any{"reason": "Bad content"}},
		{"eventType": "Delivery", "mail": mail, "delivery": map[string]any{
			"timestamp": "2026-11-20T10:00:00.008Z", "processingTimeMillis": 1.0, "recipients": []any{"jane@example.com"},
			"smtpResponse": "250 2.6.0 Message received", "reportingMTA": "a8-31.smtp-out.amazonses.com",
		}},
	}
	var got []map[string]any
	var ids []string
	for _, f := range b.wait(t, o) {
		var detail map[string]any
		if err := json.Unmarshal(f.Detail, &detail); err != nil {
			t.Fatal(err)
		}
		for _, kind := range []string{"bounce", "complaint"} {
			if of, ok := detail[kind].(map[string]any); ok {
				if of["feedbackId"] == "" || of["feedbackId"] == sent.ID {
					t.Errorf("feedbackId %v", of["feedbackId"])
				}
				of["feedbackId"] = "*"
			}
		}
		got = append(got, detail)
		if len(f.Resources) != 1 || f.Resources[0] != "arn:aws:ses:us-east-1:000000000000:configuration-set/cis" || f.Time.IsZero() || f.ID == "" || slices.Contains(ids, f.ID) {
			t.Errorf("%+v", f)
		}
		ids = append(ids, f.ID)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

func TestLongHeadersAreTruncated(t *testing.T) {
	o := open(t, t.TempDir(), feeding("BOUNCE"))
	b := &bus{}
	o.Publish(b.publish)
	m := mailTo("a@bounce.localhost")
	m.Raw = append([]byte(strings.Repeat("X-Long: "+strings.Repeat("x", 900)+"\r\n", 20)), m.Raw...)
	if _, err := o.Send(m); err != nil {
		t.Fatal(err)
	}
	var r record
	if err := json.Unmarshal(b.wait(t, o)[0].Detail, &r); err != nil || !r.Mail.HeadersTruncated || len(r.Mail.Headers) != 11 || r.Mail.CommonHeaders["subject"] != "Grüße" {
		t.Errorf("%v, %d headers, truncated %v", err, len(r.Mail.Headers), r.Mail.HeadersTruncated)
	}
}

func TestRefusedAddress(t *testing.T) {
	o := open(t, t.TempDir(), feeding(allTypes...))
	client, _ := serve(t, o)
	_, err := client.SendEmail(t.Context(), &sesv2.SendEmailInput{
		FromEmailAddress: aws.String("x@cis.localhost"), Destination: &types.Destination{ToAddresses: []string{"jane@example.com", "any@refused.localhost"}},
		Content: &types.EmailContent{Raw: &types.RawMessage{Data: []byte("From: x@cis.localhost\r\n\r\n")}},
	})
	if e, ok := errors.AsType[smithy.APIError](err); !ok || e.ErrorCode() != "MessageRejected" {
		t.Errorf("err = %v", err)
	}
	if list, err := o.List(Filter{}); err != nil || len(list) != 0 {
		t.Errorf("sent %v, %v", list, err)
	}
}

// An event that could not be handed on is handed on later, and after a restart.
func TestFeedbackSurvives(t *testing.T) {
	dir := t.TempDir()
	t.Run("before", func(t *testing.T) {
		o := open(t, dir, feeding("BOUNCE"))
		b := &bus{refuse: 1}
		o.Publish(b.publish)
		if _, err := o.Send(mailTo("a@bounce.localhost")); err != nil {
			t.Fatal(err)
		}
		if seen := b.wait(t, o); len(seen) != 1 {
			t.Errorf("published %+v", seen)
		}
	})
	t.Run("never handed on", func(t *testing.T) {
		o := open(t, dir, feeding("BOUNCE"))
		if _, err := o.Send(mailTo("b@bounce.localhost")); err != nil {
			t.Fatal(err)
		}
	})
	j, err := journal.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	o, err := New(Config{Journal: j, Region: "us-east-1"})
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	b := &bus{}
	o.Publish(b.publish)
	if seen := b.wait(t, o); len(seen) != 1 || !strings.Contains(string(seen[0].Detail), "b@bounce.localhost") {
		t.Errorf("after the restart %+v", seen)
	}
}
