package outbox

import (
	"encoding/json"
	"net/mail"
	"slices"
	"strings"
	"time"

	"github.com/calendarinvite/calendarinviteserver/localstack/protocol"
)

// Feedback is one of SES's events about a message, as it goes to EventBridge (SES guide, "Monitoring SES events using Amazon
// EventBridge").
type Feedback struct {
	ID         string          `json:"id"` // the same however often it is handed on
	DetailType string          `json:"detail_type"`
	Time       time.Time       `json:"time"`
	Resources  []string        `json:"resources"` // ARN of the configuration set
	Detail     json.RawMessage `json:"detail"`    // the event record
}

// detailTypes are EventBridge's words for the types of events that the stack makes, and eventTypes those of the event records (SES
// guide, "Contents of event data").
var (
	detailTypes = map[string]string{
		"SEND": "Email Sent", "DELIVERY": "Email Delivered", "BOUNCE": "Email Bounced", "COMPLAINT": "Email Complaint Received",
		"DELIVERY_DELAY": "Email Delivery Delayed", "REJECT": "Email Rejected",
	}
	eventTypes = map[string]string{
		"SEND": "Send", "DELIVERY": "Delivery", "BOUNCE": "Bounce", "COMPLAINT": "Complaint", "DELIVERY_DELAY": "DeliveryDelay", "REJECT": "Reject",
	}
)

// record is an event record. Which of the last members is there depends on the type.
type record struct {
	EventType     string         `json:"eventType"`
	Mail          mailRecord     `json:"mail"`
	Send          *struct{}      `json:"send,omitempty"`
	Delivery      map[string]any `json:"delivery,omitempty"`
	Bounce        map[string]any `json:"bounce,omitempty"`
	Complaint     map[string]any `json:"complaint,omitempty"`
	Reject        map[string]any `json:"reject,omitempty"`
	DeliveryDelay map[string]any `json:"deliveryDelay,omitempty"`
}

// mailRecord says which message an event is about.
type mailRecord struct {
	Timestamp        string              `json:"timestamp"`
	Source           string              `json:"source"`
	SourceArn        string              `json:"sourceArn"`
	SendingAccountID string              `json:"sendingAccountId"`
	MessageID        string              `json:"messageId"`
	Destination      []string            `json:"destination"`
	HeadersTruncated bool                `json:"headersTruncated"`
	Headers          []header            `json:"headers"`
	CommonHeaders    map[string]any      `json:"commonHeaders"`
	Tags             map[string][]string `json:"tags"`
}

type header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// headerLimit is how many bytes of header fields an event record has at most (SES guide, "Contents of event data").
const headerLimit = 10 << 10

// feedback makes the events about a message that are asked for. Mail without a configuration set has none. Recipients that meet the
// same fate share their events.
func (o *Outbox) feedback(s Sent) ([]Feedback, error) {
	if s.ConfigurationSet == "" || len(o.cfg.Feedback) == 0 {
		return nil, nil
	}
	groups := make(map[string][]string) // recipients by the fate's place in the table
	var fatesOf []fate
	for _, r := range s.Recipients() {
		f := fateOf(r)
		key := f.local + "@" + f.domain
		if groups[key] == nil {
			fatesOf = append(fatesOf, f)
		}
		groups[key] = append(groups[key], bare(r))
	}
	about := o.mailRecord(s)
	var list []Feedback
	add := func(kind string, fill func(at string, r *record)) error {
		if !slices.Contains(o.cfg.Feedback, kind) {
			return nil
		}
		at := s.Time.Add(time.Duration(len(list)+1) * time.Millisecond)
		r := record{EventType: eventTypes[kind], Mail: about}
		fill(stamp(at), &r)
		detail, err := json.Marshal(r)
		if err != nil {
			return err
		}
		list = append(list, Feedback{
			ID: protocol.RequestID(), DetailType: detailTypes[kind], Time: at, Detail: detail,
			Resources: []string{o.arn("configuration-set/" + s.ConfigurationSet)},
		})
		return nil
	}
	if err := add("SEND", func(_ string, r *record) { r.Send = &struct{}{} }); err != nil {
		return nil, err
	}
	for _, f := range fatesOf {
		for _, kind := range f.events {
			err := add(kind, func(at string, r *record) { o.describe(r, kind, f, groups[f.local+"@"+f.domain], at, s) })
			if err != nil {
				return nil, err
			}
		}
	}
	return list, nil
}

// describe fills in what a record says besides the mail (SES guide, "Examples of event data").
func (o *Outbox) describe(r *record, kind string, f fate, recipients []string, at string, s Sent) {
	const mta = "a8-31.smtp-out.amazonses.com"
	each := func(more map[string]string) []map[string]string {
		var all []map[string]string
		for _, address := range recipients {
			one := map[string]string{"emailAddress": address}
			for name, value := range more {
				if value != "" {
					one[name] = value
				}
			}
			all = append(all, one)
		}
		return all
	}
	switch kind {
	case "DELIVERY":
		r.Delivery = map[string]any{"timestamp": at, "processingTimeMillis": 1, "recipients": recipients, "smtpResponse": "250 2.6.0 Message received", "reportingMTA": mta}
	case "BOUNCE":
		r.Bounce = map[string]any{
			"bounceType": f.bounceType, "bounceSubType": f.bounceSubType, "timestamp": at, "feedbackId": o.newID(s.Time), "reportingMTA": "dsn; " + mta,
			"bouncedRecipients": each(map[string]string{"action": f.action, "status": f.status, "diagnosticCode": f.diagnostic}),
		}
	case "COMPLAINT":
		r.Complaint = map[string]any{
			"complainedRecipients": each(nil), "timestamp": at, "feedbackId": o.newID(s.Time), "complaintSubType": nil,
			"userAgent": "Amazon SES Mailbox Simulator", "complaintFeedbackType": "abuse", "arrivalDate": stamp(s.Time),
		}
	case "REJECT":
		r.Reject = map[string]any{"reason": "Bad content"}
	case "DELIVERY_DELAY":
		r.DeliveryDelay = map[string]any{
			"timestamp": at, "delayType": f.delay, "expirationTime": stamp(s.Time.Add(14 * time.Hour)), "reportingMTA": mta,
			"delayedRecipients": each(map[string]string{"status": "4.2.2", "diagnosticCode": f.diagnostic}),
		}
	}
}

func (o *Outbox) mailRecord(s Sent) mailRecord {
	head, _ := split(s.Raw)
	fields := parseFields(head)
	_, domain, _ := strings.Cut(bare(s.Source), "@")
	m := mailRecord{
		Timestamp: stamp(s.Time), Source: s.Source, SourceArn: o.arn("identity/" + domain), SendingAccountID: o.cfg.Account,
		MessageID: s.ID, Destination: s.Recipients(), Headers: []header{},
		CommonHeaders: map[string]any{"messageId": s.ID},
		Tags: map[string][]string{
			"ses:configuration-set": {s.ConfigurationSet}, "ses:from-domain": {domain}, "ses:caller-identity": {s.Caller}, "ses:operation": {"SendEmail"},
		},
	}
	size := 0
	for _, f := range fields {
		if size += len(f.raw); size > headerLimit {
			m.HeadersTruncated = true
			break
		}
		m.Headers = append(m.Headers, header{f.name, fieldList{f}.value(f.name)})
	}
	for _, common := range []struct{ name, field string }{{"from", "From"}, {"replyTo", "Reply-To"}, {"to", "To"}, {"cc", "Cc"}} {
		if value := fields.value(common.field); value != "" {
			m.CommonHeaders[common.name] = people(value)
		}
	}
	for _, common := range []struct{ name, field string }{{"date", "Date"}, {"subject", "Subject"}} {
		if value := fields.value(common.field); value != "" {
			m.CommonHeaders[common.name] = decodeWords(value)
		}
	}
	for name, values := range s.Tags {
		m.Tags[name] = values
	}
	return m
}

// people are the addresses of a field, with their names.
func people(value string) []string {
	parsed, err := mail.ParseAddressList(value)
	if err != nil {
		return []string{value}
	}
	list := make([]string, len(parsed))
	for i, a := range parsed {
		list[i] = a.Address
		if a.Name != "" {
			list[i] = a.Name + " <" + a.Address + ">"
		}
	}
	return list
}

func (o *Outbox) arn(resource string) string {
	return strings.Join([]string{"arn", o.cfg.Partition, "ses", o.cfg.Region, o.cfg.Account, resource}, ":")
}

// stamp is a moment as event records write it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
