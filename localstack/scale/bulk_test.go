package scale

import (
	"encoding/json"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/handlers"
	"github.com/calendarinvite/calendarinviteserver/internal/bulk"
	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/localstack/states"
)

// What an invitation of a list may cost.
const (
	maxCalls  = 1.15 // AWS calls, of which 1 is SES
	maxWrites = 3.5  // DynamoDB write units
)

// TestTenThousand: a list of 10,000 people for one event, the same list again, an update of the event, its cancellation.
func TestTenThousand(t *testing.T) {
	people := size(t, 10_000, 1_000)
	s := start(t)
	s.allow()
	e := tea(s)
	uid := s.register(e)
	defer func() { s.slim(s.Runtime.Peak()) }()

	t.Run("the list", func(t *testing.T) {
		s := s.on(t)
		s.Endpoint.Calls().Reset()
		since := time.Now()
		x := s.bulk(s.list(uid, people))
		took := time.Since(since)
		s.mapped(x, people)
		if got, want := s.tally(x), (bulk.Tally{Sent: people}); got != want {
			t.Errorf("the report says %+v, want %+v", got, want)
		}
		const sender = "send-bulk-event-invites"
		spent := s.spent()
		spent.log(t, people, took)
		batches, rest := people/batch, people%batch
		gathers := 2 * batches // a whole batch: the event, two standings, and a record and a block each; a BatchGetItem reads 100 items
		marks := batches * 4   // 25 statements a call
		if rest > 0 {
			gathers += (3 + 2*rest + 99) / 100
			marks += (rest + 24) / 25
		}
		spent.exactly(t, sender, map[string]int{
			"ses:SendEmail": people, "dynamodb:TransactWriteItems": children(people), "dynamodb:BatchGetItem": gathers,
			"dynamodb:BatchExecuteStatement": marks, "events:PutEvents": children(people),
			"secretsmanager:GetSecretValue": s.Runtime.Processes()[sender],
		})
		// A record of at most 1 KB: two units in the transaction, one when it is marked sent; four counters in each transaction (the event, the organizer, the tenant, its day).
		if got, want := spent.units[sender].Write, float64(3*people+2*4*children(people)); got != want {
			t.Errorf("%s consumes %.0f write units, want %.0f", sender, got, want)
		}
		// Each child is started, and invokes one function: calls, too, though not of ours.
		if got := float64(spent.total+2*children(people)) / float64(people); got > maxCalls {
			t.Errorf("%.3f AWS calls for an invitation, at most %.2f are allowed", got, maxCalls)
		}
		if got := spent.writes() / float64(people); got > maxWrites {
			t.Errorf("%.3f write units for an invitation, at most %.1f are allowed", got, maxWrites)
		}
		s.recorded(uid, s.everybodyOnce(sender, people), func(a invite.Attendee) bool {
			return a.Delivery == invite.DeliverySent && a.Generation == 1 && a.SentSequence == 0 && a.RequestID == x.Name && a.Origin == invite.OriginBulk
		})
	})
	t.Run("the same list again", func(t *testing.T) {
		s := s.on(t)
		x := s.bulk(s.list(uid, people))
		if got, want := s.tally(x), (bulk.Tally{Already: people}); got != want {
			t.Errorf("the report says %+v, want %+v", got, want)
		}
		s.everybodyOnce("send-bulk-event-invites", people)
	})
	t.Run("an update", func(t *testing.T) {
		e.Summary, e.Sequence, e.At = "Tea and cake", 1, e.At.Add(time.Minute)
		s := s.on(t)
		s.told(uid, "event-update", "send-event-update", people, func() { s.mail(imiptest.ComposeRequest, e) }, 1)
	})
	t.Run("a cancellation", func(t *testing.T) {
		e.Sequence, e.At = 2, e.At.Add(time.Minute)
		s := s.on(t)
		s.told(uid, "event-cancellation", "send-event-cancellation", people, func() { s.mail(imiptest.ComposeCancel, e) }, 2)
	})
}

// told checks that a revision of the event reaches everybody once, and what that costs.
func (s *system) told(uid, workflow, sender string, people int, revise func(), sequence int) {
	s.t.Helper()
	s.Endpoint.Calls().Reset()
	since := time.Now()
	revise()
	x := s.ended(workflow, fmt.Sprintf("%s-%d", uid, sequence))
	took := time.Since(since)
	s.mapped(x, people)
	spent := s.spent()
	spent.log(s.t, people, took)
	batches, rest := people/batch, people%batch
	gathers, marks := 2*batches, 4*batches
	if rest > 0 {
		gathers += (1 + 2*rest + 99) / 100
		marks += (rest + 24) / 25
	}
	processes := s.Runtime.Processes()[sender]
	spent.exactly(s.t, sender, map[string]int{
		"ses:SendEmail": people, "dynamodb:BatchGetItem": gathers, "dynamodb:BatchExecuteStatement": marks,
		"dynamodb:GetItem": processes, "secretsmanager:GetSecretValue": processes, // the event's owner and the keys, which each process reads once
	})
	if got := spent.units[sender].Write; got != float64(people) { // the marks
		s.t.Errorf("%s consumes %.0f write units, want %d", sender, got, people)
	}
	if got := float64(spent.total+2*children(people)) / float64(people); got > maxCalls {
		s.t.Errorf("%.3f AWS calls for a mail, at most %.2f are allowed", got, maxCalls)
	}
	s.recorded(uid, s.everybodyOnce(sender, people), func(a invite.Attendee) bool {
		return a.Delivery == invite.DeliverySent && a.SentSequence == sequence
	})
}

// tally is how a list's report counts its rows.
func (s *system) tally(x states.Execution) bulk.Tally {
	s.t.Helper()
	var out struct {
		Report struct{ Done handlers.BulkReported }
	}
	if err := json.Unmarshal(x.Output, &out); err != nil || out.Report.Done.Pass != 1 {
		s.t.Fatalf("%v: %s", err, x.Output)
	}
	return out.Report.Done.Total
}

// recorded holds the attendees' records against the mails that were sent (ids by address) and against every statistic that counts them.
func (s *system) recorded(uid string, mails map[string]string, fits func(invite.Attendee) bool) {
	s.t.Helper()
	event, attendees := s.records(uid)
	want := invite.NewStatistics()
	wrong := 0
	for _, a := range attendees {
		want.Count(event, a)
		if a.SESMessageID != mails[a.Email] || !fits(a) {
			if wrong++; wrong <= 5 {
				s.t.Errorf("%s got the mail %s; the record says %+v", a.Email, mails[a.Email], a)
			}
		}
	}
	if len(attendees) != len(mails) {
		s.t.Errorf("%d records, %d people got mails", len(attendees), len(mails))
	}
	want.Invites = len(attendees)
	for path, key := range map[string]string{
		"/event/" + uid + "/statistics": "local-key", "/shadow/organizer/" + host.Email + "/statistics": "local-key", "/system/statistics": "local-admin-key",
	} {
		var got invite.Statistics
		s.get(path, key, &got)
		if got.Attendees != want.Attendees || !maps.Equal(got.RSVP, want.RSVP) || !maps.Equal(got.Origin, want.Origin) || len(got.ProdID) != 0 ||
			got.Bounced != 0 || got.Blocked != 0 {
			s.t.Errorf("%s are %+v, the records make %+v", path, got, want)
		}
	}
}
