package invite

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// ReportRequest asks for the attendee report: the data of the workflow attendee-report.
type ReportRequest struct {
	ID  string `json:"id"` // names the execution, and the file
	UID string `json:"uid"`
	At  int64  `json:"at"` // seconds since 1970
}

// ReportHeader names the columns of the attendee report.
func ReportHeader() []string {
	return []string{
		"email", "name", "status", "origin", "prodid", "grade", "answered_at", "comment", "channel", "delegated_to", "answered_by",
		"sent_revision", "up_to_date", "delivery", "undeliverable", "blocked", "instances",
	}
}

// ReportRow is the attendee's row of the report, at the event as it stands:
//
//   - status is the answer that counts now; grade, answered_at (RFC 3339, UTC), channel and answered_by are of that answer, and empty
//     where a reschedule asks for a new one; comment is the attendee's last;
//   - sent_revision is the last SEQUENCE that we sent, and up_to_date says whether the attendee has the present one: sent, or answered;
//   - delivery is queued, sent, failed, or empty for a guest to whom the invitation was forwarded; undeliverable and blocked say why
//     nothing more is mailed;
//   - instances are the answers to single instances that differ from status: "20260408T090000Z=declined", joined by "; ".
//
// Texts are as people wrote them: whoever writes a CSV makes formulas harmless.
func ReportRow(e Event, a Attendee) []string {
	status := a.StatusAt(e)
	row := []string{a.Email, a.Name, string(status), a.Origin, a.ProdID}
	if at := a.AnswerTime(e); at != 0 {
		row = append(row, string(a.Grade), time.Unix(at, 0).UTC().Format(time.RFC3339), a.Comment, a.channel(), a.DelegatedTo, a.AnsweredBy)
	} else {
		row = append(row, "", "", a.Comment, "", "", "")
	}
	sent := strconv.Itoa(a.SentSequence)
	if a.Delivery == "" && a.SentSequence == 0 {
		sent = ""
	}
	return append(row, sent, yesNo(a.upToDate(e)), string(a.Delivery), string(a.Undeliverable), yesNo(a.Blocked), strings.Join(a.instanceAnswers(e), "; "))
}

// channel is how the last answer to the whole event came that counts.
func (a Attendee) channel() string {
	for _, entry := range slices.Backward(a.History) {
		if entry.RecurrenceID == "" && entry.Note == "" {
			return entry.Channel
		}
	}
	return ""
}

// upToDate reports whether the attendee has the event's present revision, as far as we know.
func (a Attendee) upToDate(e Event) bool {
	if a.Delivery == DeliveryQueued || a.Delivery == DeliveryFailed {
		return false
	}
	return max(a.SentSequence, a.Answered) >= e.Sequence
}

func (a Attendee) instanceAnswers(e Event) []string {
	var answers []string
	for key := range a.Instances {
		if status := a.InstanceStatusAt(e, key); status != a.StatusAt(e) {
			answers = append(answers, key+"="+string(status))
		}
	}
	slices.Sort(answers)
	return answers
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}
