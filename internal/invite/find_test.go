package invite_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/itip"
)

// crowd is an event with one attendee for each thing that can become of an invitation.
func (w *world) crowd() invite.Event {
	w.t.Helper()
	event := w.Create()
	for _, email := range []string{"yes@example.com", "no@example.com", "silent@example.com", "hard@example.com", "soft@example.com", "blocker@example.com"} {
		w.InviteAs(invite.InviteRequest{ID: "r-" + email, UID: event.UID, Email: email, Name: map[string]string{"yes@example.com": "Zoë Ng", "no@example.com": "adam"}[email]})
	}
	w.Clock.Pass(time.Minute)
	w.Answer(w.Reply(event, "no@example.com", "DECLINED"))
	w.Clock.Pass(time.Minute)
	w.Answer(w.Reply(event, "yes@example.com", "ACCEPTED"))
	at := w.Clock.Now().Unix()
	for email, kind := range map[string]string{"hard@example.com": "Permanent", "soft@example.com": "Transient"} {
		if _, err := w.Service.RecordFeedback(w.t.Context(), invite.Feedback{Kind: invite.FeedbackBounce, UID: event.UID, Email: email, Type: kind, FeedbackID: "f", At: at}); err != nil {
			w.t.Fatal(err)
		}
	}
	w.Block(invite.Block{Attendee: "blocker@example.com", Organizer: owner, UID: event.UID, By: invite.ByLink, At: at}, true)
	return w.Event(event.UID)
}

// found are the addresses of all pages of so many.
func (w *world) found(e invite.Event, f invite.AttendeeFilter, size int) []string {
	w.t.Helper()
	emails := []string{}
	for after := ""; ; {
		page, next, err := w.Service.FindAttendees(w.t.Context(), e, f, after, size)
		if err != nil || len(page) > size {
			w.t.Fatalf("%d of %d: %v", len(page), size, err)
		}
		for _, a := range page {
			emails = append(emails, a.Email)
		}
		if after = next; after == "" {
			return emails
		}
	}
}

func TestFindAttendees(t *testing.T) {
	w := newWorld(t)
	event := w.crowd()
	everybody := []string{"blocker@example.com", "hard@example.com", "no@example.com", "silent@example.com", "soft@example.com", "yes@example.com"}
	filters := map[string]struct {
		filter invite.AttendeeFilter
		want   []string
	}{
		"everybody":       {invite.AttendeeFilter{}, everybody},
		"yes":             {invite.AttendeeFilter{Status: itip.Accepted}, []string{"yes@example.com"}},
		"no answer":       {invite.AttendeeFilter{Status: itip.NoAction}, []string{"blocker@example.com", "hard@example.com", "silent@example.com", "soft@example.com"}},
		"no such answer":  {invite.AttendeeFilter{Status: "perhaps"}, []string{}},
		"by name":         {invite.AttendeeFilter{Text: "zOË"}, []string{"yes@example.com"}},
		"by address":      {invite.AttendeeFilter{Text: "O@Example"}, []string{"no@example.com"}},
		"part of several": {invite.AttendeeFilter{Text: "s", Status: itip.NoAction, Delivery: invite.FilterSoft}, []string{"soft@example.com"}},
		"sent":            {invite.AttendeeFilter{Delivery: invite.FilterSent}, everybody},
		"queued":          {invite.AttendeeFilter{Delivery: invite.FilterQueued}, []string{}},
		"current":         {invite.AttendeeFilter{Delivery: invite.FilterCurrent}, []string{"blocker@example.com", "no@example.com", "silent@example.com", "soft@example.com", "yes@example.com"}},
		"outdated":        {invite.AttendeeFilter{Delivery: invite.FilterOutdated}, []string{}},
		"bounced":         {invite.AttendeeFilter{Delivery: invite.FilterBounced}, []string{"hard@example.com"}},
		"bounced softly":  {invite.AttendeeFilter{Delivery: invite.FilterSoft}, []string{"soft@example.com"}},
		"blocked":         {invite.AttendeeFilter{Delivery: invite.FilterBlocked}, []string{"blocker@example.com"}},
		"no such filter":  {invite.AttendeeFilter{Delivery: "lost"}, everybody},
	}
	for name, test := range filters {
		for _, size := range []int{1, 2, 3, 100} {
			expect(t, fmt.Sprintf("%s, pages of %d", name, size), test.want, w.found(event, test.filter, size))
		}
	}

	w.Clock.Pass(time.Minute)
	w.update(event, "SEQUENCE:1", "DTSTAMP:20260302T120000Z", "DTSTART:20260401T110000Z", "DTEND:20260401T120000Z")
	event = w.Event(event.UID)
	w.tell(event, w.staged(event)...)
	expect(t, "answers to the old time", []string{}, w.found(event, invite.AttendeeFilter{Status: itip.Accepted}, 2))
	expect(t, "who holds it", []string{"no@example.com", "silent@example.com", "soft@example.com", "yes@example.com"}, w.found(event, invite.AttendeeFilter{Delivery: invite.FilterCurrent}, 2))
	expect(t, "who is not told", []string{"blocker@example.com"}, w.found(event, invite.AttendeeFilter{Delivery: invite.FilterOutdated}, 2))
}

// The last page says that it is, also where it is full.
func TestFindAttendeesLastPage(t *testing.T) {
	w := newWorld(t)
	event := w.crowd()
	filter := invite.AttendeeFilter{Text: "o@example"}
	page, next, err := w.Service.FindAttendees(t.Context(), event, filter, "", 1)
	if err != nil || len(page) != 1 {
		t.Fatalf("%d, %v", len(page), err)
	}
	page, next, err = w.Service.FindAttendees(t.Context(), event, filter, next, 1)
	if err != nil || len(page) != 0 || next != "" {
		t.Errorf("after the only one: %d, %q, %v", len(page), next, err)
	}
	if page, next, err = w.Service.FindAttendees(t.Context(), event, invite.AttendeeFilter{Text: "yes@"}, "", 1); err != nil || len(page) != 1 || next != "" {
		t.Errorf("the very last attendee: %d, %q, %v", len(page), next, err)
	}
}

func TestSortedAttendees(t *testing.T) {
	w := newWorld(t)
	event := w.crowd()
	silent := []string{"blocker@example.com", "hard@example.com", "silent@example.com", "soft@example.com"}
	sorted := func(f invite.AttendeeFilter, order invite.AttendeeOrder, from, limit, all int) []string {
		t.Helper()
		page, n, err := w.Service.SortedAttendees(t.Context(), w.Event(event.UID), f, order, from, limit)
		if err != nil || n != all {
			t.Fatalf("%d of %d: %v", n, all, err)
		}
		emails := []string{}
		for _, a := range page {
			emails = append(emails, a.Email)
			if a.History != nil {
				t.Errorf("%s brings its history", a.Email)
			}
		}
		return emails
	}
	all := invite.AttendeeFilter{}
	expect(t, "by name, in any case", append([]string{"no@example.com", "yes@example.com"}, silent...), sorted(all, invite.OrderName, 0, 100, 6))
	expect(t, "by answer", append([]string{"yes@example.com", "no@example.com"}, silent...), sorted(all, invite.OrderStatus, 0, 100, 6))
	expect(t, "by time of the answer", append([]string{"yes@example.com", "no@example.com"}, silent...), sorted(all, invite.OrderAnswered, 0, 100, 6))
	expect(t, "a page", []string{"blocker@example.com", "hard@example.com"}, sorted(all, invite.OrderAnswered, 2, 2, 6))
	expect(t, "the last page", []string{"soft@example.com"}, sorted(all, invite.OrderAnswered, 5, 2, 6))
	expect(t, "behind the last page", []string{}, sorted(all, invite.OrderAnswered, 9, 2, 6))
	expect(t, "before the first", []string{"yes@example.com"}, sorted(all, invite.OrderAnswered, -3, 1, 6))
	expect(t, "chosen", []string{"hard@example.com", "silent@example.com"}, sorted(invite.AttendeeFilter{Status: itip.NoAction}, invite.OrderName, 1, 2, 4))

	w.Clock.Pass(time.Minute)
	w.update(event, "SEQUENCE:1", "DTSTAMP:20260302T120000Z", "DTSTART:20260401T110000Z", "DTEND:20260401T120000Z")
	w.Clock.Pass(time.Minute)
	w.Answer(w.Reply(event, "no@example.com", "ACCEPTED"))
	expect(t, "an answer to the old time is none", []string{"no@example.com", "blocker@example.com", "hard@example.com"}, sorted(all, invite.OrderAnswered, 0, 3, 6))
	expect(t, "when it was given", []int64{0, w.Clock.Now().Unix()}, []int64{
		w.Attendee(event, "yes@example.com").AnswerTime(w.Event(event.UID)), w.Attendee(event, "no@example.com").AnswerTime(w.Event(event.UID)),
	})
}

// A search ends after some reads, and says where it goes on.
func TestFindAttendeesInABigEvent(t *testing.T) {
	w := newWorld(t)
	w.allowBulk()
	w.Config.EventInviteLimit = 0
	w.restart()
	event := w.Create()
	const people = 4100
	record := func(n int) {
		var emails []string
		for i := n; i < min(n+invite.MaxBatch, people); i++ {
			emails = append(emails, fmt.Sprintf("guest%05d@example.com", i))
		}
		if _, err := w.Store.InviteBatch(t.Context(), w.Batch(event, "bulk-1", emails...)); err != nil {
			t.Fatal(err)
		}
	}
	for n := 0; n < people; n += invite.MaxBatch {
		record(n)
	}
	w.calls.take()
	filter := invite.AttendeeFilter{Text: "guest04099"}
	page, next, err := w.Service.FindAttendees(t.Context(), event, filter, "", 25)
	if err != nil || len(page) != 0 || next == "" {
		t.Fatalf("at first: %d, %q, %v", len(page), next, err)
	}
	expect(t, "reads", map[string]int{"Query": 4}, w.calls.take())
	expect(t, "then", []string{"guest04099@example.com"}, w.found(event, filter, 25))
}
