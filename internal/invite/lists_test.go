package invite_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/internal/fact"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/invite/storetest"
)

func TestEachAttendee(t *testing.T) {
	w := newWorld(t)
	event := w.Create()
	var want []string
	for i := range 12 {
		email := fmt.Sprintf("guest%02d@example.com", i)
		w.Invite(event, email)
		want = append(want, email)
	}
	var got []string
	for after := ""; ; {
		page, next, err := w.Service.Attendees(t.Context(), event.UID, after, 5)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range page {
			got = append(got, a.Email)
		}
		if after = next; after == "" {
			break
		}
	}
	expect(t, "pages", want, got)
	got = nil
	err := w.Service.EachAttendee(t.Context(), event.UID, func(a invite.Attendee) error {
		got = append(got, a.Email)
		return nil
	})
	expect(t, "each", want, got)
	expect(t, "error", nil, err)
	full := errors.New("the disk is full")
	seen := 0
	err = w.Service.EachAttendee(t.Context(), event.UID, func(invite.Attendee) error { seen++; return full })
	if !errors.Is(err, full) || seen != 1 {
		t.Errorf("stopped after %d: %v", seen, err)
	}
}

func TestStandings(t *testing.T) {
	w := newWorld(t)
	for _, kind := range []invite.StandingKind{invite.Subscription, invite.Suspended, invite.BulkAllowed} {
		if err := w.Service.SetStanding(t.Context(), owner, kind, true); err != nil {
			t.Fatal(err)
		}
	}
	standings, err := w.Service.Standings(t.Context(), owner)
	if err != nil || standings.Subscription == nil || standings.Suspended == 0 || standings.Bulk == 0 {
		t.Errorf("granted: %+v %v", standings, err)
	}
	if err := w.Service.SetStanding(t.Context(), owner, invite.Suspended, false); err != nil {
		t.Fatal(err)
	}
	standings, err = w.Service.Standings(t.Context(), owner)
	if err != nil || standings.Suspended != 0 || standings.Bulk == 0 {
		t.Errorf("taken away: %+v %v", standings, err)
	}
	if err := w.Service.SetStanding(t.Context(), owner, "king", true); fault.KindOf(err) != fault.InvalidRequest {
		t.Errorf("another kind: %v", err)
	}
}

// Whoever is suspended sends nothing: neither an update nor a cancellation asks for anything.
func TestSuspendedRoute(t *testing.T) {
	w := newWorld(t)
	event := w.Create()
	for _, properties := range [][]string{{"SEQUENCE:1"}, {"METHOD:CANCEL", "SEQUENCE:1", "STATUS:CANCELLED"}} {
		request := w.Request(owner.Email, storetest.Meeting(properties...))
		for _, suspended := range []bool{true, false} {
			if err := w.Service.SetStanding(t.Context(), owner, invite.Suspended, suspended); err != nil {
				t.Fatal(err)
			}
			route, err := w.Service.Route(t.Context(), request)
			if err != nil || suspended != (route.Reason == invite.ReasonSuspended) || suspended != (route.UID != event.UID) {
				t.Errorf("%v, suspended %t: %+v %v", properties, suspended, route, err)
			}
		}
	}
}

func TestEnroll(t *testing.T) {
	w := newWorld(t)
	bought := invite.SubscriptionRecord{Product: "Plus", ProductID: "7", Order: "1001", OrderID: "9007199254740993", Purchaser: bob}
	enroll := func(r invite.SubscriptionRecord) invite.Enrolled {
		t.Helper()
		enrolled, err := w.Service.Enroll(t.Context(), owner, r)
		if err != nil {
			t.Fatal(err)
		}
		return enrolled
	}
	counts := bought
	counts.Created = w.Clock.Now().Unix()
	w.facts.fail = fault.New(fault.Unavailable, "bus", "")
	if _, err := w.Service.Enroll(t.Context(), owner, bought); fault.KindOf(err) != fault.Unavailable {
		t.Fatalf("the bus is down: %v", err)
	}
	w.Clock.Pass(3600e9)
	expect(t, "the same order", invite.Enrolled{Result: invite.EnrolledAgain, Subscription: counts}, enroll(bought))
	told := w.facts.take()
	expect(t, "told", []string{string(fact.OrganizerEnrolled)}, typesOf(told))
	expect(t, "what is told", fact.Enrollment{Organizer: ada, Product: "Plus", Order: "1001"}, told[0].Data.(fact.Enrollment))
	enroll(bought)
	expect(t, "again, the same", idsOf(told), idsOf(w.facts.take()))

	other := bought
	other.Order, other.OrderID = "1002", "2"
	expect(t, "another order", invite.Enrolled{Result: invite.EnrolledBefore, Subscription: counts}, enroll(other))
	expect(t, "nothing is told", []string{}, typesOf(w.facts.take()))
	elsewhere, err := w.Service.Enroll(t.Context(), invite.Organizer{Tenant: "acme", Email: ada}, other)
	if err != nil || elsewhere.Result != invite.EnrolledNow {
		t.Errorf("at another tenant: %+v %v", elsewhere, err)
	}
}

func TestEventLists(t *testing.T) {
	w := newWorld(t)
	event := w.Create()
	page, next, err := w.Service.OrganizerEvents(t.Context(), owner, "", 10)
	if err != nil || next != "" || len(page) != 1 || page[0].UID != event.UID {
		t.Errorf("organizer's events: %v %q %v", page, next, err)
	}
	page, _, err = w.Service.OrganizerEvents(t.Context(), invite.Organizer{Tenant: invite.DefaultTenant, Email: bob}, "", 10)
	if err != nil || len(page) != 0 {
		t.Errorf("nobody's events: %v %v", page, err)
	}
	for tenant, n := range map[string]int{invite.DefaultTenant: 1, "acme": 0} {
		page, _, err := w.Service.SystemEvents(t.Context(), tenant, "", 10)
		counts, countErr := w.Service.SystemStatistics(t.Context(), tenant)
		if err != nil || countErr != nil || len(page) != n || counts.Events != n {
			t.Errorf("%s: %v %+v %v %v", tenant, page, counts, err, countErr)
		}
	}
	counts, err := w.Service.OrganizerStatistics(t.Context(), owner)
	if err != nil || counts.Events != 1 {
		t.Errorf("organizer's statistics: %+v %v", counts, err)
	}
}
