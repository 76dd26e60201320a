package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

const eve = "eve@example.com"

// All that is counted of an event comes with it, and of several events at once.
func testOverview(t *testing.T, w *World) {
	event := w.Create()
	other := w.Create("UID:other")
	w.Invite(event, eve)
	w.Invite(event, bob)
	today := w.Clock.Now().UTC().Format(time.DateOnly)
	w.Answer(w.Reply(event, eve, "ACCEPTED"))
	w.Clock.Pass(time.Minute)
	w.Answer(w.Reply(event, eve, "DECLINED"))
	w.Clock.Pass(24 * time.Hour)
	tomorrow := w.Clock.Now().UTC().Format(time.DateOnly)
	w.Answer(w.Reply(event, bob, "ACCEPTED"))
	works := []invite.Work{
		{UID: event.UID, Kind: invite.WorkList, Workflow: "bulk-invites", Execution: "list-1", People: 2, Started: 5},
		{UID: event.UID, Kind: invite.WorkUpdate, Workflow: "event-update", Execution: "update-1", Sequence: 1, People: 2, Started: 900},
		{UID: event.UID, Kind: invite.WorkUpdate, Workflow: "event-update", Execution: "update-2", Sequence: 2, People: 1, Started: 10_000_000_000},
	}
	for _, i := range []int{2, 0, 1, 1} {
		if err := w.Store.PutWork(w.ctx(), works[i]); err != nil {
			t.Fatal(err)
		}
	}

	found := must(w.Store.Overview(w.ctx(), event.UID))(t)
	expect(t, "event", w.Event(event.UID), found.Event)
	_, counted, err := w.Store.Statistics(w.ctx(), event.UID)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "statistics", counted, found.Statistics)
	expect(t, "days", []invite.Day{
		{Date: today, Answers: map[string]int{"declined": 1}}, {Date: tomorrow, Answers: map[string]int{"accepted": 1}},
	}, found.Days)
	expect(t, "works", works, found.Works)

	if _, err := w.Store.Overview(w.ctx(), "nothing"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("an unknown event: %v", err)
	}
	empty := must(w.Store.Overview(w.ctx(), other.UID))(t)
	expect(t, "no days", 0, len(empty.Days))
	expect(t, "no works", 0, len(empty.Works))

	expect(t, "overviews", map[string]invite.Overview{
		event.UID: {Event: w.Event(event.UID), Statistics: counted}, other.UID: {Event: w.Event(other.UID), Statistics: invite.NewStatistics()},
	}, must(w.Store.Overviews(w.ctx(), []string{event.UID, other.UID, "nothing"}))(t))
	if _, err := w.Store.Overviews(w.ctx(), nil); err != nil {
		t.Errorf("overviews of nothing: %v", err)
	}
	w.Check()
}

// What came in on a day stays there, whatever becomes of it; each tenant has days of its own.
func testDays(t *testing.T, w *World) {
	event := w.Create()
	abroad := w.CreateAt("other", "UID:abroad")
	first := w.Clock.Now().UTC().Format(time.DateOnly)
	w.Invite(event, eve)
	w.Clock.Pass(24 * time.Hour)
	second := w.Clock.Now().UTC().Format(time.DateOnly)
	w.Invite(event, bob)
	w.Answer(w.Reply(event, eve, "TENTATIVE"))
	bounce := invite.Feedback{Kind: invite.FeedbackBounce, UID: event.UID, Email: bob, Type: "Permanent", FeedbackID: "f1", At: w.Clock.Now().Unix()}
	for range 2 {
		if _, err := w.Service.RecordFeedback(w.ctx(), bounce); err != nil {
			t.Fatal(err)
		}
	}
	complaint := invite.Feedback{Kind: invite.FeedbackComplaint, UID: event.UID, Email: eve, FeedbackID: "f2", At: w.Clock.Now().Unix()}
	for range 2 {
		if _, err := w.Service.RecordFeedback(w.ctx(), complaint); err != nil {
			t.Fatal(err)
		}
	}
	dayOne := invite.Day{Date: first, Events: 1, Invites: 1, Answers: map[string]int{}}
	dayTwo := invite.Day{Date: second, Invites: 1, Answers: map[string]int{"tentative": 1}, Bounced: 1, Complained: 1}
	days := func(tenant, from, to string) []invite.Day {
		return must(w.Store.SystemDays(w.ctx(), tenant, from, to))(t)
	}
	expect(t, "both days", []invite.Day{dayOne, dayTwo}, days("", first, second))
	expect(t, "the second day", []invite.Day{dayTwo}, days(invite.DefaultTenant, second, second))
	expect(t, "the day before", 0, len(days("", "2000-01-01", "2000-01-02")))
	expect(t, "another tenant", []invite.Day{{Date: first, Events: 1, Answers: map[string]int{}}}, days(abroad.Tenant, first, second))
}

// The list of organizers has whoever made an event or was given a standing, with what is known of them.
func testOrganizers(t *testing.T, w *World) {
	event := w.Create()
	w.Create("UID:second")
	w.Invite(event, bob)
	now := w.Clock.Now().Unix()
	granted := invite.Organizer{Tenant: invite.DefaultTenant, Email: "granted@example.com"}
	for range 2 {
		if err := w.Store.SetStanding(w.ctx(), granted, invite.BulkAllowed, true, 7); err != nil {
			t.Fatal(err)
		}
	}
	bought := invite.Organizer{Tenant: invite.DefaultTenant, Email: "bought@example.com"}
	subscription := invite.SubscriptionRecord{Created: 9}
	if _, err := w.Store.Subscribe(w.ctx(), bought, subscription); err != nil {
		t.Fatal(err)
	}
	if err := w.Store.SetStanding(w.ctx(), invite.Organizer{Tenant: "other", Email: "abroad@example.com"}, invite.Suspended, true, 8); err != nil {
		t.Fatal(err)
	}
	all := []invite.OrganizerEntry{
		{Email: event.MailTo, Name: event.Organizer, LastEvent: now, Events: 2, Invites: 1},
		{Email: bought.Email, Standings: invite.Standings{Subscription: &subscription}},
		{Email: granted.Email, Standings: invite.Standings{Bulk: 7}},
	}
	slices.SortFunc(all, func(a, b invite.OrganizerEntry) int { return strings.Compare(a.Email, b.Email) })
	list := func(prefix string, size int) (found []invite.OrganizerEntry) {
		for after := ""; ; {
			page, next, err := w.Store.Organizers(w.ctx(), invite.DefaultTenant, prefix, after, size)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 && after != "" {
				t.Errorf("pages of %d: the last one is empty", size)
			}
			found = append(found, page...)
			if after = next; after == "" {
				return found
			}
		}
	}
	for _, size := range []int{1, 2, 3, 25} {
		expect(t, fmt.Sprintf("pages of %d", size), all, list("", size))
	}
	expect(t, "one that begins so", []invite.OrganizerEntry{{Email: granted.Email, Standings: invite.Standings{Bulk: 7}}}, list("gran", 1))
	expect(t, "none that begins so", 0, len(list("zzz", 1)))
	for tenant, n := range map[string]int{invite.DefaultTenant: 3, "": 3, "other": 1, "nowhere": 0} {
		expect(t, "how many at "+tenant, n, must(w.Store.CountOrganizers(w.ctx(), tenant))(t))
	}
	for o, want := range map[invite.Organizer]bool{
		event.Owner(): true, granted: true, bought: true, {Tenant: "other", Email: granted.Email}: false, {Tenant: invite.DefaultTenant, Email: "abroad@example.com"}: false,
	} {
		expect(t, "known: "+o.Email, want, must(w.Store.KnownOrganizer(w.ctx(), o))(t))
	}
	w.Check()
}
