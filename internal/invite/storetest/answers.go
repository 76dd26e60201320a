package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/itip"
)

func testAnswer(t *testing.T, w *World) {
	event := w.Create()
	w.Invite(event, bob)
	w.Clock.Pass(time.Hour)
	reply := w.Reply(event, bob, "ACCEPTED")
	reply.Comment = "Looking forward!"
	expect(t, "answer", invite.Answered{
		Result: invite.AnswerApplied, UID: event.UID, Attendee: bob, Status: itip.Accepted, Previous: itip.NoAction, Grade: invite.Proven,
	}, w.Answer(reply))
	before := w.Attendee(event, bob)
	expect(t, "repeated", invite.AnswerDuplicate, w.Answer(reply).Result)
	second := reply
	second.MessageID = w.mailID()
	expect(t, "delivered twice", invite.AnswerDuplicate, w.Answer(second).Result)
	expect(t, "a repeat writes nothing", before, w.Attendee(event, bob))
	expect(t, "comment", "Looking forward!", before.Comment)
	expect(t, "history", []invite.HistoryEntry{{
		Status: itip.Accepted, Timestamp: w.Clock.Now().Unix(), DTStamp: reply.DTStamp, ProdID: reply.ProdID, Channel: invite.ChannelMail,
		Grade: invite.Proven, MessageID: reply.MessageID,
	}}, before.History)
	for _, step := range []struct {
		partStat string
		status   itip.Status
	}{{"TENTATIVE", itip.Tentative}, {"declined", itip.Declined}, {"X-MAYBE", itip.NoAction}, {"", itip.NoAction}, {"DELEGATED", itip.Delegated}} {
		w.Clock.Pass(time.Minute)
		reply := w.Reply(event, bob, step.partStat)
		reply.DelegatedTo = "eve@example.com"
		answered := w.Answer(reply)
		expect(t, step.partStat, step.status, answered.Status)
		expect(t, step.partStat, answers{string(step.status): 1}, w.RSVP(event))
	}
	expect(t, "delegate", "eve@example.com", w.Attendee(event, bob).DelegatedTo)
	w.Clock.Pass(time.Minute)
	page := w.Reply(event, bob, "ACCEPTED")
	page.Channel, page.Attendee, page.From, page.Authenticated = invite.ChannelPage, "", "", false
	expect(t, "page", invite.Proven, w.Answer(page).Grade)
	silent := w.Reply(event, bob, "")
	silent.Attendee = ""
	expect(t, "neither ATTENDEE nor PARTSTAT", invite.ReasonNoAnswer, w.Answer(silent).Reason)
	expect(t, "unknown event", invite.AnswerUnknownEvent, w.Answer(invite.Reply{UID: "nosuchevent", Invited: bob, Attendee: bob, From: bob, Authenticated: true}).Result)
	w.Check()
}

func testAnswerOrder(t *testing.T, w *World) {
	event := w.Create()
	w.Invite(event, bob)
	reply := func(at int64, sequence int, partStat string) string {
		r := w.Reply(event, bob, partStat)
		r.DTStamp, r.Sequence = start.Unix()+at, sequence
		return w.Answer(r).Result
	}
	expect(t, "first", invite.AnswerApplied, reply(100, 0, "ACCEPTED"))
	expect(t, "older", invite.AnswerStale, reply(50, 0, "DECLINED"))
	expect(t, "newer", invite.AnswerApplied, reply(200, 0, "TENTATIVE"))
	must(w.Service.UpdateEvent(w.ctx(), event.UID, w.Request(organizer, Meeting("SEQUENCE:1", "LOCATION:Room 2"))))(t)
	expect(t, "higher SEQUENCE", invite.AnswerApplied, reply(150, 1, "ACCEPTED"))
	expect(t, "lower SEQUENCE, later DTSTAMP", invite.AnswerStale, reply(300, 0, "DECLINED"))
	expect(t, "made-up SEQUENCE counts as ours", invite.AnswerApplied, reply(400, 99, "DECLINED"))
	expect(t, "so that the next answer counts", invite.AnswerApplied, reply(500, 1, "ACCEPTED"))
	expect(t, "answers", answers{"accepted": 1}, w.RSVP(event))
	expect(t, "answered revision", 1, w.Attendee(event, bob).Answered)
	w.Check()
}

func testAnswerInstance(t *testing.T, w *World) {
	event := w.Create("RRULE:FREQ=WEEKLY;COUNT=4")
	w.Invite(event, bob)
	w.Clock.Pass(time.Minute)
	w.Answer(w.Reply(event, bob, "ACCEPTED"))
	one := w.Reply(event, bob, "DECLINED")
	one.RecurrenceID = "20260408T090000Z"
	expect(t, "one instance", invite.AnswerApplied, w.Answer(one).Result)
	expect(t, "the same again", invite.AnswerDuplicate, w.Answer(one).Result)
	older := one
	older.DTStamp, older.PartStat, older.MessageID = one.DTStamp-10, "TENTATIVE", w.mailID()
	expect(t, "an older one", invite.AnswerStale, w.Answer(older).Result)
	record := w.Attendee(event, bob)
	expect(t, "the series", itip.Accepted, record.StatusAt(event))
	expect(t, "the instance", itip.Declined, record.InstanceStatusAt(event, "20260408T090000Z"))
	expect(t, "another instance", itip.Accepted, record.InstanceStatusAt(event, "20260401T090000Z"))
	expect(t, "answers", answers{"accepted": 1}, w.RSVP(event))
	guest := invite.Reply{MessageID: w.mailID(), UID: event.UID, Attendee: "eve@example.com", From: "eve@example.com", Authenticated: true, PartStat: "ACCEPTED", DTStamp: 5, RecurrenceID: "20260408T090000Z"}
	expect(t, "a guest for one instance", invite.AnswerApplied, w.Answer(guest).Result)
	expect(t, "answers", answers{"accepted": 1, noAnswer: 1}, w.RSVP(event))
	w.Check()
}

func testAnswersConcurrently(t *testing.T, w *World) {
	event := w.Create()
	const guests = 8
	name := func(i int) string { return fmt.Sprintf("guest%d@example.com", i%guests) }
	for i := range guests {
		w.Invite(event, name(i))
	}
	statuses := []string{"ACCEPTED", "DECLINED", "TENTATIVE", "ACCEPTED", "DELEGATED", "TENTATIVE"}
	replies := make([]invite.Reply, guests*len(statuses))
	for i := range replies {
		replies[i] = w.Reply(event, name(i), statuses[i/guests])
		replies[i].DTStamp = start.Unix() + int64(i/guests)
	}
	parallel(2*len(replies), func(i int) { // every answer twice, in an order that nobody knows
		if _, err := w.Service.Answer(w.ctx(), replies[i%len(replies)]); err != nil {
			t.Error(err)
		}
	})
	expect(t, "the newest answers", answers{"tentative": guests}, w.RSVP(event))
	w.Check()
}

func testAttribution(t *testing.T, w *World) {
	event := w.Create()
	w.Invite(event, bob)
	generation := w.Attendee(event, bob).Generation
	answer := func(attendee, from string, authenticated bool, token string, partStat string) invite.Answered {
		w.Clock.Pass(time.Minute)
		r := invite.Reply{
			MessageID: w.mailID(), UID: event.UID, Attendee: attendee, From: from, Authenticated: authenticated, PartStat: partStat,
			DTStamp: w.Clock.Now().Unix(), Invited: token,
		}
		if token != "" {
			r.Generation = generation
		}
		return w.Answer(r)
	}
	for _, test := range []struct {
		name, attendee, from, token string
		authenticated               bool
		result, who                 string
		grade                       invite.Grade
	}{
		{"himself", bob, bob, bob, true, invite.AnswerApplied, bob, invite.Proven},
		{"an alias in ATTENDEE", "robert@alias.example", bob, bob, true, invite.AnswerApplied, bob, invite.Probable},
		{"an assistant", bob, "assistant@example.com", bob, true, invite.AnswerApplied, bob, invite.Probable},
		{"a tagged address", "bob+calendar@example.com", "bob+calendar@example.com", bob, true, invite.AnswerApplied, bob, invite.Probable},
		{"a room without ATTENDEE", "", bob, bob, true, invite.AnswerApplied, bob, invite.Probable},
		{"a forwarded guest", "carol@example.com", "carol@example.com", bob, true, invite.AnswerApplied, "carol@example.com", invite.Probable},
		{"a forwarded guest for another", "victim@example.com", "dave@example.com", bob, true, invite.AnswerApplied, "dave@example.com", invite.Claimed},
		{"a guest without a token", "eve@example.com", "eve@example.com", "", true, invite.AnswerApplied, "eve@example.com", invite.Probable},
		{"without a token, for another", bob, "mallory@example.com", "", true, invite.AnswerRefused, "", ""},
		{"without a token or a trusted From", bob, bob, "", false, invite.AnswerRefused, "", ""},
		{"our own mailbox", "rsvp@cis.example", "rsvp@cis.example", bob, true, invite.AnswerRefused, "", ""},
		{"the organizer", organizer, organizer, bob, true, invite.AnswerRefused, organizer, invite.Probable},
	} {
		answered := answer(test.attendee, test.from, test.authenticated, test.token, "ACCEPTED")
		if answered.Result != test.result || answered.Attendee != test.who || answered.Grade != test.grade {
			t.Errorf("%s: %+v", test.name, answered)
		}
		w.Check()
	}
	expect(t, "answered by", "assistant@example.com", func() string {
		answer(bob, "assistant@example.com", true, bob, "TENTATIVE")
		return w.Attendee(event, bob).AnsweredBy
	}())
	expect(t, "answers", answers{"accepted": 3, "tentative": 1}, w.RSVP(event))
	expect(t, "the victim", invite.Attendee{}, w.Attendee(event, "victim@example.com"))
	expect(t, "origin of guests", invite.OriginShared, w.Attendee(event, "carol@example.com").Origin)

	w.Reconfigure(func(c *invite.Config) { c.ForwardedGuests = invite.HoldGuests })
	expect(t, "hold", invite.AnswerHeld, answer("new@example.com", "new@example.com", true, bob, "ACCEPTED").Result)
	expect(t, "known guests go on", invite.AnswerApplied, answer("carol@example.com", "carol@example.com", true, bob, "DECLINED").Result)
	w.Reconfigure(func(c *invite.Config) { c.ForwardedGuests = invite.RefuseGuests })
	expect(t, "refuse", invite.AnswerRefused, answer("new@example.com", "new@example.com", true, bob, "ACCEPTED").Result)
	w.Clock.Pass(time.Minute)
	delegates := w.Reply(event, bob, "DELEGATED")
	delegates.DelegatedTo = "new@example.com"
	w.Answer(delegates)
	expect(t, "a delegate is no stranger", invite.AnswerApplied, answer("new@example.com", "new@example.com", true, bob, "ACCEPTED").Result)

	foreign := invite.Reply{MessageID: w.mailID(), UID: "MEETING-1@organizer.example", Attendee: "zoe@example.com", From: "zoe@example.com", Authenticated: true, PartStat: "ACCEPTED", DTStamp: 1}
	expect(t, "to the organizer's own invitation", invite.AnswerApplied, w.Answer(foreign).Result)
	expect(t, "a guest is invited late", invite.SentNow, w.Invite(event, "zoe@example.com"))
	expect(t, "the answer stands", itip.Accepted, w.Attendee(event, "zoe@example.com").StatusAt(event))
	w.Check()
}

func testReschedule(t *testing.T, w *World) {
	event := w.Create()
	other := w.Create("UID:2")
	for i := range 20 {
		email := fmt.Sprintf("guest%d@example.com", i)
		w.Invite(event, email)
		w.Invite(other, email)
		w.Answer(w.Reply(other, email, "ACCEPTED"))
		if i%4 != 0 {
			w.Answer(w.Reply(event, email, []string{"", "ACCEPTED", "DECLINED", "TENTATIVE"}[i%4]))
		}
	}
	late := w.Reply(event, "guest1@example.com", "DECLINED")
	w.Check()
	w.Clock.Pass(time.Hour)
	late.DTStamp = w.Clock.Now().Unix()
	request := w.Request(organizer, Meeting("SEQUENCE:1", "DTSTART:20260402T090000Z", "DTEND:20260402T100000Z"))
	for range 2 {
		updated := must(w.Service.UpdateEvent(w.ctx(), event.UID, request))(t)
		expect(t, "updated", invite.ResultUpdated, updated.Result)
		expect(t, "reschedule", true, updated.Reschedule)
	}
	expect(t, "answers", answers{noAnswer: 20}, w.RSVP(event))
	expect(t, "the other event's", answers{"accepted": 20}, w.RSVP(other))
	w.Check()
	expect(t, "history is kept", 1, len(w.Attendee(event, "guest1@example.com").History))
	expect(t, "an answer to the old time", invite.AnswerOutdated, w.Answer(late).Result)
	expect(t, "twice", invite.AnswerDuplicate, w.Answer(late).Result)
	expect(t, "it stays visible", 2, len(w.Attendee(event, "guest1@example.com").History))
	w.Clock.Pass(time.Minute)
	expect(t, "an answer to the new time", invite.AnswerApplied, w.Answer(w.Reply(event, "guest1@example.com", "ACCEPTED")).Result)
	expect(t, "answers", answers{noAnswer: 19, "accepted": 1}, w.RSVP(event))
	expect(t, "a new guest", invite.SentNow, w.Invite(event, "new@example.com"))
	must(w.Service.UpdateEvent(w.ctx(), event.UID, w.Request(organizer, Meeting("SEQUENCE:2", "DTSTART:20260403T090000Z", "DTEND:20260403T100000Z"))))(t)
	expect(t, "again", answers{noAnswer: 21}, w.RSVP(event))
	w.Check()
}

func testRescheduleConcurrently(t *testing.T, w *World) {
	event := w.Create()
	const guests = 24
	replies := make([]invite.Reply, guests)
	for i := range replies {
		email := fmt.Sprintf("guest%d@example.com", i)
		w.Invite(event, email)
		replies[i] = w.Reply(event, email, "ACCEPTED")
	}
	request := w.Request(organizer, Meeting("SEQUENCE:1", "DTSTART:20260402T090000Z", "DTEND:20260402T100000Z"))
	var mu sync.Mutex
	applied := 0
	parallel(2*guests+1, func(i int) {
		switch {
		case i == guests/2:
			if _, err := w.Service.UpdateEvent(w.ctx(), event.UID, request); err != nil {
				t.Error(err)
			}
		case i%2 == 0:
			answered, err := w.Service.Answer(w.ctx(), replies[i/2%guests])
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if answered.Result == invite.AnswerApplied {
				applied++
			}
		default:
			if result := w.Invite(event, fmt.Sprintf("new%d@example.com", i)); result != invite.SentNow {
				t.Error(result)
			}
		}
	})
	expect(t, "rescheduled", 1, w.Event(event.UID).Rescheduled)
	expect(t, "no answer to the old time counts", 0, w.RSVP(event)["accepted"])
	t.Logf("%d of %d answers came before the reschedule", applied, guests)
	w.Check()
}

func testProdIDs(t *testing.T, w *World) {
	event := w.Create()
	w.Invite(event, bob)
	for i := range invite.MaxProds + 5 {
		w.Clock.Pass(time.Second)
		reply := w.Reply(event, bob, "ACCEPTED")
		reply.ProdID = fmt.Sprintf("-//Made up//%d '\"#.//EN", i)
		w.Answer(reply)
	}
	_, counts, err := w.Store.Statistics(w.ctx(), event.UID)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "calendars", map[string]int{"other": 1}, counts.ProdID)
	expect(t, "as it names itself", fmt.Sprintf("-//Made up//%d '\"#.//EN", invite.MaxProds+4), w.Attendee(event, bob).ProdID)
	expect(t, "history", invite.MaxHistory, len(w.Attendee(event, bob).History))
	w.Check()
}
