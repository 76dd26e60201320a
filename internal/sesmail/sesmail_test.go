package sesmail_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/calendarinvite/calendarinviteserver/internal/awstest"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/sesmail"
)

var accepted = awstest.Answer{Body: `{"MessageId":"0100019-1"}`}

func outgoing(tags map[string]string) invite.Outgoing {
	return invite.Outgoing{From: "invites@example.org", To: "ada@example.com", Raw: []byte("Subject: Hi\r\n\r\nHello\r\n"), Tags: tags}
}

func TestSend(t *testing.T) {
	ses := awstest.Start(t, accepted)
	id, err := sesmail.New(awstest.Config(ses.URL), "cis").Send(t.Context(), outgoing(nil))
	if err != nil || id != "0100019-1" {
		t.Fatalf("%q, %v", id, err)
	}
	sent := ses.Only(t)
	if sent.Method != "POST" || sent.Path != "/v2/email/outbound-emails" {
		t.Errorf("%s %s", sent.Method, sent.Path)
	}
	for name, want := range map[string]any{
		"FromEmailAddress":     "invites@example.org",
		"Destination":          map[string]any{"ToAddresses": []any{"ada@example.com"}},
		"Content":              map[string]any{"Raw": map[string]any{"Data": base64.StdEncoding.EncodeToString([]byte("Subject: Hi\r\n\r\nHello\r\n"))}},
		"ConfigurationSetName": "cis",
		"EmailTags":            nil,
	} {
		if diff := cmp.Diff(want, sent.Field(t, name)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestSendWithoutConfigurationSet(t *testing.T) {
	ses := awstest.Start(t, accepted)
	if _, err := sesmail.New(awstest.Config(ses.URL), "").Send(t.Context(), outgoing(nil)); err != nil {
		t.Fatal(err)
	}
	if set := ses.Only(t).Field(t, "ConfigurationSetName"); set != nil {
		t.Errorf("ConfigurationSetName is %q, want none", set)
	}
}

// Tags leave in one order and hold only what SES takes.
func TestTags(t *testing.T) {
	for _, test := range []struct {
		name string
		tags map[string]string
		want []string // name=value
	}{
		{"sorted", map[string]string{"uid": "u1", "tenant": "default", "kind": "invite"}, []string{"kind=invite", "tenant=default", "uid=u1"}},
		{"cleaned", map[string]string{"event id": "a@b.c/é"}, []string{"event_id=a_b_c__"}},
		{"allowed signs stay", map[string]string{"A-z_0": "Z-a_9"}, []string{"A-z_0=Z-a_9"}},
		{"without a value", map[string]string{"uid": "", "tenant": "default"}, []string{"tenant=default"}},
		{"cut", map[string]string{"uid": strings.Repeat("é", 300)}, []string{"uid=" + strings.Repeat("_", 256)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			ses := awstest.Start(t, accepted)
			if _, err := sesmail.New(awstest.Config(ses.URL), "").Send(t.Context(), outgoing(test.tags)); err != nil {
				t.Fatal(err)
			}
			var got []string
			list, _ := ses.Only(t).Field(t, "EmailTags").([]any)
			for _, tag := range list {
				fields := tag.(map[string]any)
				got = append(got, fields["Name"].(string)+"="+fields["Value"].(string))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestFaults(t *testing.T) {
	for _, test := range []struct {
		status int
		code   string
		kind   fault.Kind
		reason string
	}{
		{429, "TooManyRequestsException", fault.Throttled, "ses"},
		{400, "LimitExceededException", fault.Throttled, "ses"},
		{400, "ThrottlingException", fault.Throttled, "ses"},
		{400, "Throttling", fault.Throttled, "ses"},
		{400, "MessageRejected", fault.InvalidRequest, "rejected"},
		{400, "BadRequestException", fault.InvalidRequest, "rejected"},
		{404, "NotFoundException", fault.Internal, "ses-account"}, // the configuration set
		{400, "MailFromDomainNotVerifiedException", fault.Internal, "ses-account"},
		{400, "AccountSuspendedException", fault.Internal, "ses-account"},
		{400, "SendingPausedException", fault.Internal, "ses-account"},
		{403, "AccessDeniedException", fault.Internal, "ses-account"},
		{500, "InternalServiceErrorException", fault.Unavailable, "ses"},
		{503, "", fault.Unavailable, "ses"},
	} {
		t.Run(test.code, func(t *testing.T) {
			ses := awstest.Start(t, awstest.RESTError(test.status, test.code))
			id, err := sesmail.New(awstest.Config(ses.URL), "").Send(t.Context(), outgoing(nil))
			if id != "" || err == nil || fault.KindOf(err) != test.kind || fault.ReasonOf(err) != test.reason {
				t.Errorf("%q, %v; want %s (%s)", id, err, test.kind, test.reason)
			}
		})
	}
}

// In the sandbox SES refuses whom it does not know, and without DNS records whatever we send: that is nothing about the recipient, and may pass.
func TestNotVerified(t *testing.T) {
	answer := awstest.RESTError(400, "MessageRejected")
	answer.Body = `{"message":"Email address is not verified. The following identities failed the check in region US-EAST-1: bob@example.com"}`
	_, err := sesmail.New(awstest.Config(awstest.Start(t, answer).URL), "").Send(t.Context(), outgoing(nil))
	if fault.KindOf(err) != fault.Internal || fault.ReasonOf(err) != invite.ReasonNotVerified {
		t.Errorf("%v", err)
	}
}

func TestNoAnswer(t *testing.T) {
	_, err := sesmail.New(awstest.Config(awstest.Dead()), "").Send(t.Context(), outgoing(nil))
	if err == nil || fault.KindOf(err) != fault.Unavailable || fault.ReasonOf(err) != "ses" {
		t.Errorf("%v", err)
	}
}
