package invite

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/calendarinvite/calendarinviteserver/internal/itip"
)

func TestReportRow(t *testing.T) {
	event := Event{Sequence: 3, Rescheduled: 2, Instances: map[string]int{"20260415T090000Z": 3}}
	for _, test := range []struct {
		name string
		a    Attendee
		want map[string]string // the columns that are not empty or "no"
	}{
		{"invited", Attendee{Email: "bob@example.com", Origin: "bulk", Status: itip.NoAction, Rescheduled: 2, Delivery: DeliveryQueued, SentSequence: 3},
			map[string]string{"status": "noaction", "origin": "bulk", "sent_revision": "3", "delivery": "queued"}},
		{"answered", Attendee{
			Email: "bob@example.com", Name: "=Bob", Origin: "api", Status: itip.Accepted, Rescheduled: 2, Answered: 2, AnsweredAt: 1772442000, Grade: Probable, AnsweredBy: "b@example.com",
			ProdID: "-//Google", Comment: "Yes!", Delivery: DeliverySent, SentSequence: 3,
			History: []HistoryEntry{{Channel: ChannelPage}, {Channel: ChannelMail, RecurrenceID: "20260408T090000Z"}, {Channel: ChannelMail, Note: itip.ReasonOldTime}},
			Instances: map[string]Instance{
				"20260415T090000Z": {Status: itip.Declined, Sequence: 2}, "20260408T090000Z": {Status: itip.Declined, Sequence: 2}, "20260401T090000Z": {Status: itip.Accepted, Sequence: 2},
			},
		}, map[string]string{
			"name": "=Bob", "status": "accepted", "origin": "api", "prodid": "-//Google", "grade": "probable", "answered_at": "2026-03-02T09:00:00Z", "comment": "Yes!",
			"channel": "page", "answered_by": "b@example.com", "sent_revision": "3", "up_to_date": "yes", "delivery": "sent",
			"instances": "20260408T090000Z=declined; 20260415T090000Z=noaction",
		}},
		{"asked again", Attendee{Email: "bob@example.com", Status: itip.Delegated, DelegatedTo: "eve@example.com", Rescheduled: 1, Answered: 1, AnsweredAt: 1772442000, Grade: Proven, Comment: "Sorry", Delivery: DeliverySent, SentSequence: 2},
			map[string]string{"status": "noaction", "comment": "Sorry", "sent_revision": "2", "delivery": "sent"}},
		{"delegated", Attendee{Email: "bob@example.com", Status: itip.Delegated, DelegatedTo: "eve@example.com", Rescheduled: 2, Answered: 2, AnsweredAt: 1772442000, Grade: Proven, Delivery: DeliverySent, SentSequence: 3},
			map[string]string{"status": "delegated", "grade": "proven", "answered_at": "2026-03-02T09:00:00Z", "delegated_to": "eve@example.com", "sent_revision": "3", "up_to_date": "yes", "delivery": "sent"}},
		{"forwarded", Attendee{Email: "bob@example.com", Origin: OriginShared, Status: itip.Tentative, Rescheduled: 2, Answered: 3, AnsweredAt: 1772442000, Grade: Claimed},
			map[string]string{"status": "tentative", "origin": "shared", "grade": "claimed", "answered_at": "2026-03-02T09:00:00Z", "up_to_date": "yes"}},
		{"given up", Attendee{Email: "bob@example.com", Status: itip.NoAction, Rescheduled: 2, Delivery: DeliveryFailed, SentSequence: 3, Undeliverable: Rejected, Blocked: true},
			map[string]string{"status": "noaction", "sent_revision": "3", "delivery": "failed", "undeliverable": "rejected", "blocked": "yes"}},
	} {
		header, row := ReportHeader(), ReportRow(event, test.a)
		if len(header) != len(row) {
			t.Fatalf("%d columns, %d values", len(header), len(row))
		}
		got := map[string]string{}
		for i, value := range row {
			if value != "" && value != "no" {
				got[header[i]] = value
			}
		}
		test.want["email"] = "bob@example.com"
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}
