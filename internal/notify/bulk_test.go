package notify

import (
	"strings"
	"testing"
)

func TestBulkInvitesCounts(t *testing.T) {
	one := BulkEvent{Summary: "Tea", UID: testUID, Sent: 1000, Already: 20, Blocked: 1, Invalid: 2, Limit: 3, Failed: 4}
	tests := []struct {
		name string
		tell BulkInvites
		has  map[string]string
	}{
		{"nothing", BulkInvites{}, map[string]string{"rows": "0", "sent": "0", "already": "", "unsent": "", "strays": "", "more_events": ""}},
		{"all sent", BulkInvites{Rows: 3, Events: []BulkEvent{{UID: "a", Sent: 2}, {UID: "b", Already: 1}}},
			map[string]string{"rows": "3", "sent": "2", "already": "1", "unsent": "", "blocked": "", "invalid": "", "limit": "", "failed": ""}},
		{"of two events", BulkInvites{Rows: 2060, Events: []BulkEvent{one, one}},
			map[string]string{"rows": "2,060", "sent": "2,000", "already": "40", "blocked": "2", "invalid": "4", "limit": "6", "failed": "8", "unsent": "20", "strays": ""}},
		{"rows that no event counts are invalid", BulkInvites{Rows: 1040, Events: []BulkEvent{one}},
			map[string]string{"invalid": "12", "unsent": "20", "strays": "10"}},
		{"fewer rows than counted", BulkInvites{Rows: 1, Events: []BulkEvent{one}}, map[string]string{"rows": "1", "unsent": "10", "strays": ""}},
		{"nobody's events", BulkInvites{Rows: 7}, map[string]string{"sent": "0", "invalid": "7", "unsent": "7", "strays": "7"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			v := newValues()
			if err := test.tell.fill(v, full()); err != nil {
				t.Fatal(err)
			}
			for name, want := range test.has {
				if got := v.texts[name]; got != want {
					t.Errorf("{%s} = %q, want %q", name, got, want)
				}
			}
		})
	}
}

// A list for a thousand events with the longest names is still a mail that Gmail shows whole (102 KB), and counts every event.
func TestBulkInvitesOfManyEvents(t *testing.T) {
	list := BulkInvites{Mailto: "ada@example.com"}
	for range 1000 {
		event := BulkEvent{Summary: strings.Repeat("<", 1000), UID: testUID, Sent: 100000, Already: 100000, Blocked: 100000, Invalid: 100000, Limit: 100000, Failed: 100000}
		list.Events = append(list.Events, event)
		list.Rows += event.rows()
	}
	mail := write(t, full(), nil, list)
	if len(mail.HTML) > 102<<10 {
		t.Errorf("HTML has %d bytes", len(mail.HTML))
	}
	if !strings.Contains(mail.Text, "More events: 950.") || !strings.Contains(mail.Text, "Sent:            100,000,000\n") {
		t.Errorf("events are not counted:\n%s", mail.Text)
	}
}

func TestBulkFailedWithoutAMailbox(t *testing.T) {
	mail := write(t, bare(), nil, BulkFailed{Mailto: "ada@example.com", Reason: "no-csv"})
	if !strings.Contains(mail.Text, "and send it to us.") {
		t.Errorf("advice is:\n%s", mail.Text)
	}
}
