package imiptest_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/calendarinvite/calendarinviteserver/internal/brand"
	"github.com/calendarinvite/calendarinviteserver/internal/ical"
	"github.com/calendarinvite/calendarinviteserver/internal/imip"
	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/internal/itip"
	"github.com/calendarinvite/calendarinviteserver/internal/seal"
)

func testKeys(t testing.TB) *seal.Keys {
	t.Helper()
	keys, err := seal.ParseKeys([]byte("a secret for tests, not for use"))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// history is a life of an event on the organizer's side, and the mails that went to a guest.
type history struct {
	tb       testing.TB
	keys     *seal.Keys
	calendar *ical.Calendar
	sequence int
	partStat string
	mails    [][]byte
}

// send mails the present revision to the guest: whole, or these instances in one mail a method.
func (h *history) send(method string, instances ...string) {
	h.tb.Helper()
	composer, err := imip.NewComposer(imip.Invitation{
		Calendar: h.calendar, Method: method, UID: uid, Sequence: h.sequence, DTStamp: stamp.Add(time.Duration(h.sequence) * time.Hour), Update: h.sequence > 0,
		Instances: instances, OrganizerName: ada.Name, OrganizerEmail: ada.Email, RSVP: "rsvp@cis.localhost", Sender: "invites@cis.localhost",
		Domain: "cis.localhost", Brand: brand.Default(), LinkBase: "http://127.0.0.1:8080",
	}, h.keys)
	if err != nil {
		h.tb.Fatal(err)
	}
	mail, err := composer.Append(nil, imip.Recipient{Email: grace.Email, Name: grace.Name, PartStat: h.partStat})
	if err != nil {
		h.tb.Fatal(err)
	}
	h.mails = append(h.mails, mail)
}

// fanOut is what an update of single instances sends.
func (h *history) fanOut(instances []string) {
	on, off, whole := itip.SplitInstances(h.calendar, instances)
	switch {
	case whole:
		h.send(imip.MethodRequest)
	default:
		if len(on) > 0 {
			h.send(imip.MethodRequest, on...)
		}
		if len(off) > 0 {
			h.send(imip.MethodCancel, off...)
		}
	}
}

// arrive is a message of the organizer's calendar.
func arrive(tb testing.TB, method string, sequence int, events ...string) *ical.Calendar {
	tb.Helper()
	text := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:" + method + "\r\n"
	for _, lines := range events {
		text += fmt.Sprintf("BEGIN:VEVENT\r\nUID:1@example.com\r\nSEQUENCE:%d\r\n", sequence) + strings.ReplaceAll(lines, " | ", "\r\n") + "\r\nEND:VEVENT\r\n"
	}
	c, err := ical.Read([]byte(text+"END:VCALENDAR\r\n"), ical.Limits{})
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

const weekly = "DTSTART;TZID=Europe/Berlin:20260303T140000 | DTEND;TZID=Europe/Berlin:20260303T150000 | RRULE:FREQ=WEEKLY;COUNT=6 | SUMMARY:Stand-up"

// show is what a calendar shows of its only event.
func show(tb testing.TB, c *imiptest.Calendar) string {
	tb.Helper()
	events := c.Events()
	if len(events) != 1 {
		tb.Fatalf("%d events", len(events))
	}
	text, err := json.Marshal(events[0])
	if err != nil {
		tb.Fatal(err)
	}
	return string(text) + fmt.Sprint(events[0].Starts(20))
}

func TestCalendarFollowsTheOrganizer(t *testing.T) {
	h := &history{tb: t, keys: testKeys(t), calendar: arrive(t, "REQUEST", 0, weekly)}
	c := imiptest.NewCalendar()
	receive := func() imiptest.Entry {
		t.Helper()
		for _, mail := range h.mails {
			if err := c.Receive(mail); err != nil {
				t.Fatal(err)
			}
		}
		h.mails = nil
		e, ok := c.Event(c.Events()[0].UID)
		if !ok {
			t.Fatal("no event")
		}
		return e
	}
	starts := func(e imiptest.Entry) string {
		var days []string
		for _, at := range e.Starts(10) {
			days = append(days, at.In(berlin(t)).Format("2.1. 15h"))
		}
		return strings.Join(days, ", ")
	}
	h.send(imip.MethodRequest)
	e := receive()
	if got := starts(e); got != "3.3. 14h, 10.3. 14h, 17.3. 14h, 24.3. 14h, 31.3. 14h, 7.4. 14h" || e.Summary != "Stand-up" || e.PartStat != "NEEDS-ACTION" || e.Status != "CONFIRMED" {
		t.Errorf("invited to %s, %+v", got, e)
	}

	h.sequence, h.partStat = 1, "ACCEPTED"
	update, _ := itip.MergeInstances(h.calendar, arrive(t, "REQUEST", 1, "RECURRENCE-ID:20260310T130000Z | DTSTART:20260311T150000Z | DTEND:20260311T160000Z | SUMMARY:Moved"))
	h.calendar = update.Calendar
	h.fanOut(update.Changed)
	e = receive()
	if got := starts(e); got != "3.3. 14h, 11.3. 16h, 17.3. 14h, 24.3. 14h, 31.3. 14h, 7.4. 14h" || len(e.Instances) != 1 || e.Instances[0].Summary != "Moved" || e.Instances[0].PartStat != "ACCEPTED" {
		t.Errorf("moved: %s, %+v", got, e)
	}

	h.sequence = 2
	cancelled, _ := itip.CancelInstances(h.calendar, arrive(t, "CANCEL", 2, "RECURRENCE-ID:20260310T130000Z | SUMMARY:Canceled: Stand-up", "RECURRENCE-ID;TZID=Europe/Berlin:20260407T140000"))
	h.calendar = cancelled.Calendar
	h.fanOut(cancelled.Cancelled)
	if got := starts(receive()); got != "3.3. 14h, 17.3. 14h, 24.3. 14h, 31.3. 14h" {
		t.Errorf("two called off: %s", got)
	}

	h.sequence = 3
	back, _ := itip.MergeInstances(h.calendar, arrive(t, "REQUEST", 3, "RECURRENCE-ID:20260310T130000Z | DTSTART:20260310T130000Z | DTEND:20260310T140000Z | SUMMARY:Stand-up"))
	h.calendar = back.Calendar
	h.fanOut(back.Changed)
	if got := starts(receive()); got != "3.3. 14h, 10.3. 14h, 17.3. 14h, 24.3. 14h, 31.3. 14h" {
		t.Errorf("one is back: %s", got)
	}

	h.sequence = 4
	ended, _ := itip.CancelInstances(h.calendar, arrive(t, "CANCEL", 4, "RECURRENCE-ID;RANGE=THISANDFUTURE:20260324T130000Z"))
	h.calendar = ended.Calendar
	h.fanOut(ended.Cancelled)
	if got := starts(receive()); got != "3.3. 14h, 10.3. 14h, 17.3. 14h" {
		t.Errorf("it ends earlier: %s", got)
	}

	h.sequence = 5
	h.send(imip.MethodCancel)
	if e := receive(); !e.Cancelled || e.Status != "CANCELLED" || len(e.Starts(10)) != 0 || e.Sequence != 5 || !e.DTStamp.Equal(stamp.Add(5*time.Hour)) {
		t.Errorf("cancelled: %+v", e)
	}
}

// Whatever an organizer does to a series, and in whatever order and however often the mails about it arrive, a guest's calendar ends
// as one does that got each once and in order, and shows the instances that the organizer's calendar has.
func TestMailsInAnyOrder(t *testing.T) {
	keys := testKeys(t)
	forms := map[string]func(at time.Time) string{
		"zoned":      func(at time.Time) string { return ";TZID=Europe/Berlin:" + at.Format("20060102T150405") },
		"UTC":        func(at time.Time) string { return ":" + at.Format("20060102T150405Z") },
		"floating":   func(at time.Time) string { return ":" + at.Format("20060102T150405") },
		"whole days": func(at time.Time) string { return ";VALUE=DATE:" + at.Format("20060102") },
	}
	rapid.Check(t, func(rt *rapid.T) {
		form := forms[rapid.SampledFrom([]string{"zoned", "UTC", "floating", "whole days"}).Draw(rt, "form")]
		first := time.Date(2026, 3, 3, 14, 0, 0, 0, time.UTC)
		series := func(title int) string {
			return "DTSTART" + form(first) + " | RRULE:FREQ=WEEKLY;COUNT=6 | SUMMARY:Title " + fmt.Sprint(title)
		}
		h := &history{tb: t, keys: keys, calendar: arrive(t, "REQUEST", 0, series(0))}
		h.send(imip.MethodRequest)
		for step := range rapid.IntRange(1, 6).Draw(rt, "steps") {
			h.sequence++
			h.partStat = rapid.SampledFrom([]string{"ACCEPTED", "NEEDS-ACTION"}).Draw(rt, "answer")
			planned := first.AddDate(0, 0, 7*rapid.IntRange(0, 5).Draw(rt, "week"))
			id := "RECURRENCE-ID" + form(planned)
			switch rapid.SampledFrom([]string{"move", "cancel", "both", "whole", "end"}).Draw(rt, "change") {
			case "move":
				update, _ := itip.MergeInstances(h.calendar, arrive(t, "REQUEST", h.sequence, id+" | DTSTART"+form(planned.AddDate(0, 0, step+1))+" | SUMMARY:Moved "+fmt.Sprint(step)))
				h.calendar = update.Calendar
				h.fanOut(update.Changed)
			case "cancel":
				cancelled, _ := itip.CancelInstances(h.calendar, arrive(t, "CANCEL", h.sequence, id))
				h.calendar = cancelled.Calendar
				h.fanOut(cancelled.Cancelled)
			case "both": // of a revision that comes in two mails
				cancelled, _ := itip.CancelInstances(h.calendar, arrive(t, "CANCEL", h.sequence, id))
				other := first.AddDate(0, 0, 7*rapid.IntRange(0, 5).Draw(rt, "other week"))
				update, _ := itip.MergeInstances(cancelled.Calendar, arrive(t, "REQUEST", h.sequence, "RECURRENCE-ID"+form(other)+" | DTSTART"+form(other.AddDate(0, 0, 2))+" | SUMMARY:Other"))
				h.calendar = update.Calendar
				h.fanOut(slices.Concat(cancelled.Cancelled, update.Changed))
			case "whole":
				h.calendar = itip.KeepInstances(h.calendar, arrive(t, "REQUEST", h.sequence, series(h.sequence)))
				h.send(imip.MethodRequest)
			case "end":
				h.send(imip.MethodCancel)
			}
		}
		inOrder, shuffled := imiptest.NewCalendar(), imiptest.NewCalendar()
		for _, mail := range h.mails {
			if err := inOrder.Receive(mail); err != nil {
				rt.Fatalf("%v in\n%s", err, mail)
			}
		}
		order := rapid.Permutation(slices.Concat(h.mails, h.mails[:rapid.IntRange(0, len(h.mails)).Draw(rt, "repeated")])).Draw(rt, "order")
		for _, mail := range order {
			if err := shuffled.Receive(mail); err != nil {
				rt.Fatalf("%v in\n%s", err, mail)
			}
		}
		if got, want := show(t, shuffled), show(t, inOrder); got != want {
			rt.Fatalf("got\n%s\nwant\n%s", got, want)
		}
		if shown := inOrder.Events()[0]; !shown.Cancelled { // a guest who is invited only now sees the same dates
			late := &history{tb: t, keys: keys, calendar: h.calendar, sequence: h.sequence}
			late.send(imip.MethodRequest)
			fresh := imiptest.NewCalendar()
			if err := fresh.Receive(late.mails[0]); err != nil {
				rt.Fatal(err)
			}
			if got, want := shown.Starts(20), fresh.Events()[0].Starts(20); !slices.EqualFunc(got, want, time.Time.Equal) {
				rt.Fatalf("shows\n%v\nwant\n%v", got, want)
			}
		}
	})
}

// A calendar does not take everything.
func TestCalendarIsStrict(t *testing.T) {
	h := &history{tb: t, keys: testKeys(t), calendar: arrive(t, "REQUEST", 0, weekly)}
	h.send(imip.MethodRequest)
	h.sequence++
	h.send(imip.MethodRequest, "20260310T130000Z")
	for name, change := range map[string][2]string{
		"the form of RECURRENCE-ID": {"RECURRENCE-ID;TZID=3DEurope/Berlin:20260310T140000", "RECURRENCE-ID:20260310T130000Z"},
		"another organizer":         {":mailto:rsvp@cis.localhost", ":mailto:other@cis.localhost"},
		"the method":                {"method=REQUEST", "method=CANCEL"},
		"a REQUEST that cancels":    {"STATUS:CONFIRMED", "STATUS:CANCELLED"},
		"no DTSTAMP":                {"DTSTAMP:", "X-STAMP:"},
		"no VTIMEZONE":              {"TZID:Europe/Berlin", "TZID:Europe/Paris"},
		"a method for organizers":   {"METHOD:REQUEST", "METHOD:COUNTER"},
		"no calendar":               {"Content-Type: text/calendar", "Content-Type: text/plain"},
		"no SEQUENCE":               {"SEQUENCE:1", "SEQUENCE:x"},
	} {
		c := imiptest.NewCalendar()
		if err := c.Receive(h.mails[0]); err != nil {
			t.Fatal(err)
		}
		before := show(t, c)
		mail := strings.ReplaceAll(string(h.mails[1]), change[0], change[1])
		if mail == string(h.mails[1]) {
			t.Errorf("%s: nothing to change", name)
		}
		if err := c.Receive([]byte(mail)); err == nil || show(t, c) != before {
			t.Errorf("%s is taken: %v", name, err)
		}
	}
	if _, ok := imiptest.NewCalendar().Event("x"); ok {
		t.Error("an event that nobody sent")
	}
}

// RFC 5546 §3.2.6: UID and ATTENDEE are all there is.
func TestRefresh(t *testing.T) {
	keys := testKeys(t)
	invitation := invite(t, keys, event(t, imiptest.Gmail))
	raw, err := imiptest.ComposeRefresh(invitation, imiptest.Reply{At: stamp, As: imiptest.Address{Email: "grace.h@example.net"}})
	if err != nil {
		t.Fatal(err)
	}
	m, part, main := read(t, raw)
	opened, err := keys.OpenUID(main.UID())
	if _, has := main.Start(); has || part.Method != "REFRESH" || err != nil || opened.Email != grace.Email || len(main.Attendees()) != 1 ||
		main.Attendees()[0].Email != "grace.h@example.net" || m.From.Email != "grace.h@example.net" || main.DTStamp() != stamp {
		t.Errorf("read %+v of %+v", main.Component, opened)
	}
	raw, _ = imiptest.ComposeRefresh(invitation, imiptest.Reply{At: stamp, Instance: event(t, imiptest.Gmail).Start})
	if _, _, main := read(t, raw); itip.InstanceKeyOf(main) != "20260303T130000Z" {
		t.Errorf("one instance: %v", main.Props)
	}
}

// RFC 5546 §3.2.2.3, §4.2.5: the delegator says who comes, and the delegate who sent them.
func TestDelegation(t *testing.T) {
	invitation := invite(t, testKeys(t), event(t, imiptest.Gmail))
	edith := imiptest.Address{Name: "Edith Clarke", Email: "edith@example.net"}
	for _, client := range imiptest.Clients {
		raw, err := imiptest.ComposeReply(invitation, imiptest.Reply{Client: client, Answer: imiptest.Delegated, At: stamp, DelegatedTo: edith})
		if err != nil {
			t.Fatal(err)
		}
		_, part, main := read(t, raw)
		a := main.Attendees()[0]
		if part.Method != "REPLY" || a.Email != grace.Email || itip.StatusOf(a.PartStat) != itip.Delegated || a.DelegatedTo != edith.Email || a.DelegatedFrom != "" {
			t.Errorf("%s: the delegator's %+v", client, a)
		}
		raw, _ = imiptest.ComposeReply(invitation, imiptest.Reply{Client: client, Answer: imiptest.Accepted, At: stamp, As: edith, DelegatedFrom: grace})
		if _, _, main = read(t, raw); main.Attendees()[0].DelegatedFrom != grace.Email || main.Attendees()[0].Email != edith.Email {
			t.Errorf("%s: the delegate's %+v", client, main.Attendees()[0])
		}
	}
}
