package e2e

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/localstack/events"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack"
)

// feedbackOf waits until SES's events about an address have been recorded: so many executions of delivery-feedback name it.
func (s *system) feedbackOf(email string, n int) (results []invite.FeedbackRecorded, inputs []json.RawMessage) {
	s.t.Helper()
	s.Eventually(fmt.Sprintf("%d events about %s", n, email), func() bool {
		all, err := s.States.List("cis-delivery-feedback")
		if err != nil {
			s.t.Fatal(err)
		}
		results, inputs = nil, nil
		for _, summary := range all {
			x, err := s.States.Describe("cis-delivery-feedback", summary.Name)
			if err != nil {
				s.t.Fatal(err)
			}
			var in struct {
				Detail struct {
					Mail struct{ Destination []string }
				}
			}
			s.output(x.Input, &in)
			if len(in.Detail.Mail.Destination) != 1 || in.Detail.Mail.Destination[0] != email || x.Status != "SUCCEEDED" {
				continue
			}
			var out struct {
				Recorded struct {
					Done struct{ Results []invite.FeedbackRecorded }
				}
			}
			s.output(x.Output, &out)
			results, inputs = append(results, out.Recorded.Done.Results...), append(inputs, x.Input)
		}
		return len(inputs) >= n
	})
	return results, inputs
}

// What SES says about the mails of its mailbox simulator, and of the domains that the local stack adds to it, is in the records and in
// every count (spec §7).
func TestDeliveryFeedback(t *testing.T) {
	s := start(t)
	organizer := somebody("ada")
	e := tea(organizer)
	uid := s.register(e)
	later := tea(organizer)
	later.Key = "later"
	laterUID := s.register(later)

	type fate struct {
		email, undeliverable, bounce string
		events                       int  // of those that wiring.yaml asks for
		blocked                      bool // for the organizer's other events, too
	}
	fates := []fate{
		{email: "success@simulator.amazonses.com"},
		{email: "success+tag@simulator.amazonses.com"},
		{email: "bounce@simulator.amazonses.com", undeliverable: "bounced", bounce: "Permanent", events: 1},
		{email: "bounce+tag@simulator.amazonses.com", undeliverable: "bounced", bounce: "Permanent", events: 1},
		{email: "suppressionlist@simulator.amazonses.com", undeliverable: "bounced", bounce: "Permanent", events: 1},
		{email: "ooto@simulator.amazonses.com", bounce: "Transient", events: 1},
		{email: "complaint@simulator.amazonses.com", undeliverable: "complained", bounce: "Complaint", events: 1, blocked: true},
		{email: "anybody@bounce.localhost", undeliverable: "bounced", bounce: "Permanent", events: 1},
		{email: "anybody@softbounce.localhost", bounce: "Transient", events: 2},
		{email: "anybody@complaint.localhost", undeliverable: "complained", bounce: "Complaint", events: 1, blocked: true},
		{email: "anybody@reject.localhost", undeliverable: "rejected", bounce: "Rejected", events: 1},
		{email: somebody("fine").Email},
	}
	for _, f := range fates {
		s.invite(uid, imiptest.Address{Name: "Grace", Email: f.email})
	}
	bounced, blocked := 0, 0
	for _, f := range fates {
		s.feedbackOf(f.email, f.events)
		got := s.attendee(uid, f.email)
		bounce := ""
		if got.Bounce != nil {
			bounce = got.Bounce.Type
		}
		if string(got.Undeliverable) != f.undeliverable || bounce != f.bounce || got.Blocked != f.blocked || got.Status != "noaction" || got.DeliveredAt != 0 {
			t.Errorf("%s: undeliverable %q, bounce %+v, blocked %t", f.email, got.Undeliverable, got.Bounce, got.Blocked)
		}
		if f.undeliverable == "bounced" || f.undeliverable == "rejected" {
			bounced++
		}
		if f.blocked {
			blocked++
		}
	}
	counted := func() {
		t.Helper()
		for _, path := range []string{"/event/" + uid + "/statistics", "/shadow/organizer/" + organizer.Email + "/statistics", "/system/statistics"} {
			var counts tenantStatistics
			if err := s.asAdmin(path, &counts); err != nil || counts.Bounced != bounced || counts.Blocked != blocked || counts.Attendees < len(fates) {
				t.Errorf("%s: %v %+v, want %d bounced and %d blocked", path, err, counts, bounced, blocked)
			}
		}
	}
	counted()

	t.Run("told again, nothing changes", func(t *testing.T) {
		s := s.on(t)
		for _, f := range fates {
			if f.events == 0 {
				continue
			}
			before := s.attendee(uid, f.email)
			_, inputs := s.feedbackOf(f.email, f.events)
			for i, input := range inputs {
				var event events.Event
				var again struct {
					DetailType string          `json:"detail-type"`
					Detail     json.RawMessage `json:"detail"`
				}
				s.output(input, &again)
				// EventBridge delivers at least once: another delivery of the event has another execution.
				event = events.Event{ID: fmt.Sprintf("again-%d-%d", people.Add(1), i), Source: "aws.ses", DetailType: again.DetailType, Time: time.Now(), Detail: again.Detail}
				if _, err := s.Events.Publish(t.Context(), event); err != nil {
					t.Fatal(err)
				}
			}
			results, _ := s.feedbackOf(f.email, 2*len(inputs))
			for _, result := range results[len(results)/2:] {
				if result.Result == invite.FeedbackRecordedNow && len(inputs) == 1 {
					t.Errorf("%s: %+v", f.email, results)
				}
			}
			if after := s.attendee(uid, f.email); after.Version != before.Version {
				t.Errorf("%s: %+v, was %+v", f.email, after, before)
			}
		}
		counted()
	})

	t.Run("nothing more is mailed to who cannot be reached", func(t *testing.T) {
		s := s.on(t)
		for _, f := range fates {
			before := s.sentTo(f.email)
			if a := s.link(uid, f.email, "origin", "test"); a.Status != 302 {
				t.Errorf("%s: %d %s", f.email, a.Status, a.Body)
			}
			want := before + 1
			if f.undeliverable != "" {
				want = before
			}
			if n := s.sentTo(f.email); n != want {
				t.Errorf("%s got %d mails, want %d", f.email, n, want)
			}
			// A complaint is about the organizer, a bounce about the mail of this event.
			before = s.sentTo(f.email)
			s.link(laterUID, f.email)
			if n := s.sentTo(f.email) - before; (n == 0) != f.blocked {
				t.Errorf("%s got %d invitations to another event", f.email, n)
			}
		}
		s.settle()
		e.Location, e.Sequence, e.At = "Paris", 1, e.At.Add(time.Minute)
		before := map[string]int{}
		for _, f := range fates {
			before[f.email] = s.sentTo(f.email)
		}
		s.endsIn(s.request(e), "EventUpdated")
		s.settle()
		for _, f := range fates {
			if n := s.sentTo(f.email) - before[f.email]; (n == 0) != (f.undeliverable != "") {
				t.Errorf("%s got %d updates", f.email, n)
			}
		}
	})

	t.Run("the report says it", func(t *testing.T) {
		s := s.on(t)
		_, rows := s.report(uid, organizer.Email)
		for _, f := range fates {
			if row := rows[f.email]; row["undeliverable"] != f.undeliverable || (row["blocked"] == "yes") != f.blocked {
				t.Errorf("%s: %v", f.email, row)
			}
		}
	})

	t.Run("about nobody's mail", func(t *testing.T) {
		s := s.on(t)
		for name, detail := range map[string]string{
			"an event that is none":       `{"eventType":"Bounce","mail":{"messageId":"m","tags":{"uid":["` + uid + `x"]}},"bounce":{"bounceType":"Permanent","bouncedRecipients":[{"emailAddress":"a@example.com"}]}}`,
			"a mail without tags":         `{"eventType":"Complaint","mail":{"messageId":"m"},"complaint":{"complainedRecipients":[{"emailAddress":"a@example.com"}]}}`,
			"somebody who is not invited": `{"eventType":"Reject","mail":{"messageId":"m","destination":["stranger@example.com"],"tags":{"uid":["` + uid + `"]}},"reject":{"reason":"Bad content"}}`,
			"no recipients":               `{"eventType":"Bounce","mail":{"messageId":"m"},"bounce":{"bounceType":"Permanent","bouncedRecipients":[]}}`,
		} {
			id := fmt.Sprintf("stray-%d", people.Add(1))
			event := events.Event{ID: id, Source: "aws.ses", DetailType: "Email Bounced", Time: time.Now(), Detail: json.RawMessage(detail)}
			if _, err := s.Events.Publish(t.Context(), event); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		s.settle()
		if dead, err := s.Events.DeadLetters(); err != nil || len(dead) != 0 {
			t.Errorf("%v %v", dead, err)
		}
	})
}

// Where the deployment asks for deliveries, the records tell when each mail arrived.
func TestDeliveriesAreNoted(t *testing.T) {
	s := start(t, func(cfg *stack.Config) { cfg.Feedback = []string{"DELIVERY"} })
	uid := s.register(tea(somebody("ada")))
	guest := somebody("guest")
	s.invite(uid, guest)
	s.feedbackOf(guest.Email, 1)
	if got := s.attendee(uid, guest.Email); got.DeliveredAt < got.SentAt || got.DeliveredAt == 0 || got.Bounce != nil {
		t.Errorf("sent at %d, delivered at %d, %+v", got.SentAt, got.DeliveredAt, got.Bounce)
	}
	s.invite(uid, imiptest.Address{Email: "complaint@simulator.amazonses.com"})
	s.feedbackOf("complaint@simulator.amazonses.com", 2)
	if got := s.attendee(uid, "complaint@simulator.amazonses.com"); got.DeliveredAt == 0 || got.Undeliverable != "complained" {
		t.Errorf("%+v", got)
	}
}

// An address that SES will not send to at all.
func TestRefusedBySES(t *testing.T) {
	s := start(t)
	uid := s.register(tea(somebody("ada")))
	const refused = "anybody@refused.localhost"
	a := s.link(uid, refused)
	got := s.attendee(uid, refused)
	if a.Status != 302 && a.Status != 400 || got.Delivery == "sent" || s.sentTo(refused) != 0 {
		t.Errorf("%d %s: %+v", a.Status, a.Body, got)
	}
}
