package invite

import (
	"encoding/json"
	"net/mail"
	"strings"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
)

// maxRecipients is how many recipients of one event are read. Our mails have one.
const maxRecipients = 50

// sesEvent is an event of SES as EventBridge carries it in detail.
// https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
type sesEvent struct {
	EventType string `json:"eventType"`
	Mail      struct {
		MessageID   string              `json:"messageId"`
		Timestamp   string              `json:"timestamp"`
		Destination []string            `json:"destination"`
		Tags        map[string][]string `json:"tags"`
	} `json:"mail"`
	Bounce struct {
		Type       string         `json:"bounceType"`
		Subtype    string         `json:"bounceSubType"`
		Recipients []sesRecipient `json:"bouncedRecipients"`
		Timestamp  string         `json:"timestamp"`
		FeedbackID string         `json:"feedbackId"`
	} `json:"bounce"`
	Complaint struct {
		Recipients []sesRecipient `json:"complainedRecipients"`
		Timestamp  string         `json:"timestamp"`
		FeedbackID string         `json:"feedbackId"`
		Type       string         `json:"complaintFeedbackType"`
		Subtype    string         `json:"complaintSubType"`
	} `json:"complaint"`
	Delivery struct {
		Recipients []string `json:"recipients"`
		Timestamp  string   `json:"timestamp"`
	} `json:"delivery"`
	Reject struct {
		Reason string `json:"reason"`
	} `json:"reject"`
}

type sesRecipient struct {
	Email      string `json:"emailAddress"`
	Status     string `json:"status"`
	Diagnostic string `json:"diagnosticCode"`
}

// ReadFeedback reads the detail of an event that SES put on EventBridge: one Feedback for each recipient. Which event of ours a mail was
// about, its tags say. What is no such detail is a fault InvalidRequest.
func ReadFeedback(detail json.RawMessage) ([]Feedback, error) {
	var e sesEvent
	if err := json.Unmarshal(detail, &e); err != nil {
		return nil, fault.Wrap(fault.InvalidRequest, "bad-feedback", err)
	}
	if e.EventType == "" {
		return nil, fault.New(fault.InvalidRequest, "bad-feedback", "")
	}
	base := Feedback{Kind: FeedbackOther, SESMessageID: e.Mail.MessageID, At: sesTime(e.Mail.Timestamp)}
	if uid := e.Mail.Tags["uid"]; len(uid) == 1 {
		base.UID, _ = ParseUID(uid[0])
	}
	var recipients []sesRecipient
	for _, email := range e.Mail.Destination {
		recipients = append(recipients, sesRecipient{Email: email})
	}
	switch e.EventType {
	case "Bounce":
		base.Kind, base.Type, base.Subtype, base.FeedbackID = FeedbackBounce, e.Bounce.Type, e.Bounce.Subtype, e.Bounce.FeedbackID
		base.at(e.Bounce.Timestamp)
		recipients = e.Bounce.Recipients
	case "Complaint":
		base.Kind, base.Subtype, base.FeedbackID = FeedbackComplaint, e.Complaint.Type, e.Complaint.FeedbackID
		if base.Subtype == "" {
			base.Subtype = e.Complaint.Subtype
		}
		base.at(e.Complaint.Timestamp)
		recipients = e.Complaint.Recipients
	case "Delivery":
		base.Kind = FeedbackDelivery
		base.at(e.Delivery.Timestamp)
		recipients = nil
		for _, email := range e.Delivery.Recipients {
			recipients = append(recipients, sesRecipient{Email: email})
		}
	case "Reject":
		base.Kind, base.Subtype, base.FeedbackID = FeedbackReject, cut(oneLine(e.Reject.Reason), maxLine), e.Mail.MessageID
	case "DeliveryDelay":
		base.Kind = FeedbackDelay
	}
	var all []Feedback
	for _, r := range recipients[:min(len(recipients), maxRecipients)] {
		f := base
		f.Email = known(sesAddress(r.Email))
		f.Diagnostic = strings.TrimSpace(r.Diagnostic)
		if f.Diagnostic == "" {
			f.Diagnostic = strings.TrimSpace(r.Status)
		}
		all = append(all, f)
	}
	return all, nil
}

// at sets the moment, where the text is one.
func (f *Feedback) at(text string) {
	if at := sesTime(text); at != 0 {
		f.At = at
	}
}

// sesTime reads a time of SES, such as 2026-03-02T09:00:00.000Z; 0 when it is none.
func sesTime(text string) int64 {
	at, err := time.Parse(time.RFC3339, strings.TrimSpace(text))
	if err != nil {
		return 0
	}
	return at.Unix()
}

// sesAddress is the bare address: SES writes some with a name or in angle brackets.
func sesAddress(text string) string {
	if parsed, err := mail.ParseAddress(text); err == nil {
		return parsed.Address
	}
	return text
}
