package invite

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
)

// sesMail is the part of an event that all kinds have.
const sesMail = `"mail":{"timestamp":"2026-03-02T08:59:00.000Z","source":"invites@cis.example","sendingAccountId":"123456789012","messageId":"0100019-1",` +
	`"destination":["bob@example.com"],"headersTruncated":false,"headers":[{"name":"From","value":"x"}],"commonHeaders":{"from":["x"]},` +
	`"tags":{"ses:configuration-set":["cis"],"uid":["abc123"],"tenant":["default"]}}`

func TestReadFeedback(t *testing.T) {
	base := Feedback{UID: "abc123", Email: "bob@example.com", SESMessageID: "0100019-1", At: 1_772_442_000}
	with := func(change func(*Feedback)) []Feedback {
		f := base
		change(&f)
		return []Feedback{f}
	}
	for _, test := range []struct {
		name, detail string
		want         []Feedback
	}{
		{"hard bounce", `{"eventType":"Bounce","bounce":{"bounceType":"Permanent","bounceSubType":"General","bouncedRecipients":[{"emailAddress":"Bob@Example.com",` +
			`"action":"failed","status":"5.1.1","diagnosticCode":"smtp; 550 5.1.1 user unknown"}],"timestamp":"2026-03-02T09:00:00.123Z","feedbackId":"f-1",` +
			`"reportingMTA":"dsn; a8-50.smtp-out.amazonses.com"},` + sesMail + `}`,
			with(func(f *Feedback) {
				f.Kind, f.Type, f.Subtype, f.Diagnostic, f.FeedbackID = FeedbackBounce, "Permanent", "General", "smtp; 550 5.1.1 user unknown", "f-1"
			})},
		{"suppressed, with a name", `{"eventType":"Bounce","bounce":{"bounceType":"Permanent","bounceSubType":"OnAccountSuppressionList","bouncedRecipients":[` +
			`{"emailAddress":"Bob <bob@example.com>","status":"5.1.1"}],"timestamp":"2026-03-02T09:00:00Z","feedbackId":"f-2"},` + sesMail + `}`,
			with(func(f *Feedback) {
				f.Kind, f.Type, f.Subtype, f.Diagnostic, f.FeedbackID = FeedbackBounce, "Permanent", "OnAccountSuppressionList", "5.1.1", "f-2"
			})},
		{"soft bounce of two", `{"eventType":"Bounce","bounce":{"bounceType":"Transient","bounceSubType":"MailboxFull","bouncedRecipients":[` +
			`{"emailAddress":"bob@example.com"},{"emailAddress":"not an address"}],"timestamp":"2026-03-02T09:00:00Z","feedbackId":"f-3"},` + sesMail + `}`,
			append(with(func(f *Feedback) {
				f.Kind, f.Type, f.Subtype, f.FeedbackID = FeedbackBounce, "Transient", "MailboxFull", "f-3"
			}), with(func(f *Feedback) {
				f.Kind, f.Type, f.Subtype, f.FeedbackID, f.Email = FeedbackBounce, "Transient", "MailboxFull", "f-3", ""
			})...)},
		{"complaint", `{"eventType":"Complaint","complaint":{"complainedRecipients":[{"emailAddress":"bob@example.com"}],"timestamp":"2026-03-02T09:00:00Z",` +
			`"feedbackId":"f-4","userAgent":"Yahoo","complaintFeedbackType":"abuse","arrivalDate":"2026-03-02T08:59:30.000Z"},` + sesMail + `}`,
			with(func(f *Feedback) { f.Kind, f.Subtype, f.FeedbackID = FeedbackComplaint, "abuse", "f-4" })},
		{"complaint of the suppression list", `{"eventType":"Complaint","complaint":{"complainedRecipients":[{"emailAddress":"bob@example.com"}],` +
			`"timestamp":"2026-03-02T09:00:00Z","feedbackId":"f-5","complaintSubType":"OnAccountSuppressionList"},` + sesMail + `}`,
			with(func(f *Feedback) {
				f.Kind, f.Subtype, f.FeedbackID = FeedbackComplaint, "OnAccountSuppressionList", "f-5"
			})},
		{"delivery", `{"eventType":"Delivery","delivery":{"timestamp":"2026-03-02T09:00:00Z","processingTimeMillis":500,"recipients":["bob@example.com"],` +
			`"smtpResponse":"250 ok","reportingMTA":"x"},` + sesMail + `}`,
			with(func(f *Feedback) { f.Kind = FeedbackDelivery })},
		{"reject", `{"eventType":"Reject","reject":{"reason":"Bad content"},` + sesMail + `}`,
			with(func(f *Feedback) {
				f.Kind, f.Subtype, f.FeedbackID, f.At = FeedbackReject, "Bad content", "0100019-1", 1_772_441_940
			})},
		{"delay", `{"eventType":"DeliveryDelay","deliveryDelay":{"timestamp":"2026-03-02T09:00:00Z","delayType":"MailboxFull","delayedRecipients":[]},` + sesMail + `}`,
			with(func(f *Feedback) { f.Kind, f.At = FeedbackDelay, 1_772_441_940 })},
		{"sent", `{"eventType":"Send","send":{},` + sesMail + `}`, with(func(f *Feedback) { f.Kind, f.At = FeedbackOther, 1_772_441_940 })},
		{"organizer mail", `{"eventType":"Delivery","delivery":{"timestamp":"x","recipients":["bob@example.com"]},"mail":{"messageId":"0100019-1","tags":{}}}`,
			with(func(f *Feedback) { f.Kind, f.UID, f.At = FeedbackDelivery, "", 0 })},
		{"nobody", `{"eventType":"Bounce","bounce":{"bounceType":"Permanent"}}`, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := ReadFeedback(json.RawMessage(test.detail))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReadFeedbackRefuses(t *testing.T) {
	for _, detail := range []string{``, `null`, `[]`, `{}`, `{"eventType":3}`, `{"eventType":"Bounce","bounce":[]}`, strings.Repeat("[", 1000)} {
		if _, err := ReadFeedback(json.RawMessage(detail)); fault.KindOf(err) != fault.InvalidRequest {
			t.Errorf("%.20q: %v", detail, err)
		}
	}
}

func FuzzReadFeedback(f *testing.F) {
	f.Add([]byte(`{"eventType":"Bounce","bounce":{"bouncedRecipients":[{"emailAddress":"<bob@example.com>"}]},` + sesMail + `}`))
	f.Add([]byte(`{"eventType":"Complaint","complaint":{"complainedRecipients":[{"emailAddress":"b\"o@b"}],"timestamp":"0000-01-01T00:00:00Z"}}`))
	f.Add([]byte(`{"eventType":"Reject","mail":{"destination":["a@b.example","c"]}}`))
	f.Fuzz(func(t *testing.T, detail []byte) {
		all, err := ReadFeedback(detail)
		if err != nil && fault.KindOf(err) != fault.InvalidRequest {
			t.Error(err)
		}
		for _, one := range all {
			if one.Email != known(one.Email) || len(all) > maxRecipients {
				t.Errorf("%d, %q", len(all), one.Email)
			}
		}
	})
}
