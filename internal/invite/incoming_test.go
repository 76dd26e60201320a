package invite_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/imip"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/itip"
	"github.com/calendarinvite/calendarinviteserver/internal/mailauth"
	"github.com/calendarinvite/calendarinviteserver/internal/seal"
	"github.com/calendarinvite/calendarinviteserver/internal/suppress"
)

const (
	bob = "bob@example.com"
	eve = "eve@example.net"
)

var _ suppress.Store = invite.Store(nil)

// calendarMail is a mail with an iTIP message; lines are those of its VEVENT.
func calendarMail(from, method string, lines ...string) string {
	return "From: " + from + "\r\nTo: rsvp@cis.example\r\nSubject: Re\r\nMIME-Version: 1.0\r\nContent-Type: text/calendar; method=" + method + "; charset=UTF-8\r\n\r\n" +
		"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Client//EN\r\nMETHOD:" + method + "\r\nBEGIN:VEVENT\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
}

// arrived counts the mails that read makes up.
var arrived int

// read reads a mail to rsvp@ as its workflow does, on the way through JSON; From is authenticated.
func (w *world) read(raw string) invite.Incoming {
	w.t.Helper()
	message, err := imip.Read([]byte(raw), imip.Limits{})
	if err != nil {
		w.t.Fatal(err)
	}
	arrived++
	mail := invite.Mail{MessageID: fmt.Sprintf("reply%035d", arrived), Received: w.Clock.Now().Unix(), Source: message.From.Email}
	judged := mailauth.Judge(mailauth.Verdicts{SPF: mailauth.Pass, DKIM: mailauth.Pass, DMARC: mailauth.Pass}, message, mailauth.Policy{OwnAddresses: w.Config.OwnAddresses})
	text, err := json.Marshal(invite.ReadReply(mail, message, judged, w.Keys))
	if err != nil {
		w.t.Fatal(err)
	}
	var incoming invite.Incoming
	if err := json.Unmarshal(text, &incoming); err != nil {
		w.t.Fatal(err)
	}
	return incoming
}

// uidOf is the UID in the invited person's calendar.
func (w *world) uidOf(e invite.Event, email string, generation int) string {
	return w.Keys.UID(seal.Invitation{UID: e.UID, Email: email, Generation: generation}, w.Config.Domain)
}

// stamp is the DTSTAMP line of now.
func (w *world) stamp() string { return "DTSTAMP:" + w.Clock.Now().Format("20060102T150405Z") }

func TestReadReplyIgnores(t *testing.T) {
	w := newWorld(t)
	event := w.Create()
	uid := w.uidOf(event, bob, 1)
	for name, test := range map[string]struct{ raw, reason string }{
		"a request":           {calendarMail(bob, "REQUEST", "UID:x", "DTSTART:20260401T090000Z"), invite.ReasonNotAReply},
		"a cancellation":      {calendarMail(bob, "CANCEL", "UID:x"), invite.ReasonNotAReply},
		"no UID":              {calendarMail(bob, "REPLY", "ATTENDEE:mailto:"+bob), invite.ReasonNoAnswer},
		"a forged UID":        {calendarMail(bob, "REFRESH", "UID:a"+uid), invite.ReasonForgedToken},
		"a forged proposal":   {calendarMail(bob, "COUNTER", "UID:a"+uid, "DTSTART:20260401T090000Z"), invite.ReasonForgedToken},
		"no time proposed":    {calendarMail(bob, "COUNTER", "UID:"+uid), invite.ReasonNoProposal},
		"no time at all":      {calendarMail(bob, "COUNTER", "UID:"+uid, "DTSTART:99991231T235959", "DURATION:P9999W"), invite.ReasonNoProposal},
		"words about nothing": {"From: " + bob + "\r\nSubject: hello\r\n\r\nHow are you?", invite.ReasonNamesNothing},
		"no words":            {"From: " + bob + "\r\nSubject: " + event.UID + "\r\n\r\n", invite.ReasonNoWords},
		"a list":              {"From: " + bob + "\r\nList-Id: <x.example>\r\nSubject: " + event.UID + "\r\n\r\nHi", invite.ReasonAutomatic},
		"a vacation":          {"From: " + bob + "\r\nAuto-Submitted: auto-replied\r\nSubject: " + event.UID + "\r\n\r\nHi", mailauth.ReasonAutoReply},
	} {
		if got := w.read(test.raw); got.Action != invite.IncomingIgnore || got.Reason != test.reason {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestReadReplyCorpus(t *testing.T) {
	w := newWorld(t)
	read := map[string]int{}
	for _, kind := range []string{"replies", "counters", "not-invites", "requests", "cancels"} {
		files, err := filepath.Glob(filepath.Join("..", "..", "..", "shared", "corpus", kind, "*.eml"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := w.read(string(raw))
			read[kind+" "+got.Action]++
			if got.Action == invite.IncomingIgnore && got.Reason == "" {
				t.Errorf("%s is ignored without a reason", file)
			}
		}
	}
	if len(read) == 0 {
		t.Skip("the corpus of calendar mail is not beside this repository")
	}
	t.Log(read)
	if read["counters counter"] == 0 || read["replies reply"] == 0 {
		t.Errorf("read: %v", read)
	}
}

func TestCounter(t *testing.T) {
	w := newWorld(t)
	event := w.Create()
	w.Invite(event, bob)
	w.mails.take(t)
	uid := w.uidOf(event, bob, 1)
	propose := func(from, uid string, lines ...string) (invite.Counter, invite.Countered) {
		t.Helper()
		incoming := w.read(calendarMail(from, "COUNTER", append([]string{"UID:" + uid, w.stamp(), "SEQUENCE:0", "ATTENDEE;PARTSTAT=TENTATIVE;CN=Bob:mailto:" + from}, lines...)...))
		if incoming.Action != invite.IncomingCounter {
			t.Fatalf("read: %+v", incoming)
		}
		countered, err := w.Service.Counter(t.Context(), *incoming.Counter)
		if err != nil {
			t.Fatal(err)
		}
		return *incoming.Counter, countered
	}

	counter, got := propose(bob, uid, "DTSTART:20260401T110000Z", "DTEND:20260401T120000Z", "LOCATION:Room 1", "COMMENT:Later\\, please")
	at := time.Date(2026, 4, 1, 11, 0, 0, 0, time.UTC).Unix()
	want := invite.Proposal{
		UID: event.UID, Email: bob, Name: "Bob", Start: at, End: at + 3600, Comment: "Later, please", DTStamp: w.Clock.Now().Unix(), At: w.Clock.Now().Unix(),
		MessageID: counter.Reply.MessageID, State: invite.ProposalOpen, TZID: event.TZID,
	}
	expect(t, "proposal", want, got.Proposal)
	if got.Result != invite.CounterProposed || got.Organizer != ada || got.Event.Summary != "Planning" || got.Event.Calendar != nil || got.Grade != invite.Proven {
		t.Errorf("countered: %+v", got)
	}
	again, err := w.Service.Counter(t.Context(), counter)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "again", got, again)
	expect(t, "answers stay", map[string]int{"noaction": 1}, w.RSVP(event))

	w.Clock.Pass(time.Minute)
	_, newer := propose(bob, strings.ToUpper(uid), "DTSTART:20260402T090000Z", "LOCATION:Café")
	expect(t, "another place", "Café", newer.Proposal.Location)
	expect(t, "as long as before", newer.Proposal.Start+3600, newer.Proposal.End)
	page, next, err := w.Service.Proposals(t.Context(), event.UID, "", 10)
	if err != nil || next != "" {
		t.Fatal(next, err)
	}
	expect(t, "the newest alone", []invite.Proposal{newer.Proposal}, page)

	for name, test := range map[string]struct {
		from, uid string
		lines     []string
		reason    string
	}{
		"the present time": {bob, uid, []string{"DTSTART:20260401T090000Z", "DTEND:20260401T100000Z"}, itip.ReasonSameTime},
		"a stranger":       {eve, uid, []string{"DTSTART:20260401T110000Z"}, invite.ReasonUnknownAttendee},
		"another event":    {bob, "foreign@organizer.example", []string{"DTSTART:20260401T110000Z"}, invite.ReasonUnknownEvent},
		"no such event":    {bob, "nosuchevent@cis.example", []string{"DTSTART:20260401T110000Z"}, invite.ReasonUnknownEvent},
	} {
		if _, got := propose(test.from, test.uid, test.lines...); got.Result != invite.CounterIgnored || got.Reason != test.reason {
			t.Errorf("%s: %s %s", name, got.Result, got.Reason)
		}
	}

	w.Clock.Pass(time.Minute)
	w.update(event, "SEQUENCE:1", "DTSTART:20260408T090000Z", "DTEND:20260408T100000Z")
	if _, got := propose(bob, uid, "DTSTART:20260401T110000Z"); got.Reason != itip.ReasonOldTime {
		t.Errorf("against the old time: %+v", got)
	}
	w.cancel(event)
	if _, got := propose(bob, uid, "DTSTART:20260401T110000Z", "SEQUENCE:1"); got.Reason != itip.ReasonEventCancelled {
		t.Errorf("of a cancelled event: %+v", got)
	}
}

// The answer that comes with a proposal is read, too; no answer is none.
func TestCounterAnswers(t *testing.T) {
	w := newWorld(t)
	event := w.Create()
	w.Invite(event, bob)
	for partStat, want := range map[string]int{"TENTATIVE": 1, "DECLINED": 1, "ACCEPTED": 1, "NEEDS-ACTION": 0, "": 0} {
		attendee := "ATTENDEE;PARTSTAT=" + partStat + ":mailto:" + bob
		if partStat == "" {
			attendee = "ATTENDEE:mailto:" + bob
		}
		incoming := w.read(calendarMail(bob, "COUNTER", "UID:"+w.uidOf(event, bob, 1), w.stamp(), "SEQUENCE:0", attendee, "DTSTART:20260401T110000Z"))
		if len(incoming.Replies) != want || want == 1 && incoming.Replies[0].PartStat != partStat {
			t.Errorf("%q: %+v", partStat, incoming.Replies)
		}
		countered, err := w.Service.Counter(t.Context(), *incoming.Counter)
		if err != nil || !countered.Known {
			t.Errorf("%q: %+v %v", partStat, countered, err)
		}
	}
	stranger := w.read(calendarMail(eve, "COUNTER", "UID:"+event.UID+"@cis.example", w.stamp(), "SEQUENCE:0", "ATTENDEE;PARTSTAT=TENTATIVE:mailto:"+eve, "DTSTART:20260401T110000Z"))
	if countered, err := w.Service.Counter(t.Context(), *stranger.Counter); err != nil || countered.Known {
		t.Errorf("a stranger: %+v %v", countered, err)
	}
}

// A proposal instead of a time that is no longer leaves nothing to decide: it may even be the one that was taken up.
func TestProposalOver(t *testing.T) {
	w := newWorld(t)
	event := w.Create()
	for _, email := range []string{ann, bob} {
		w.Invite(event, email)
		if err := w.Store.PutProposal(t.Context(), invite.Proposal{
			UID: event.UID, Email: email, Start: event.DTStart + 3600, End: event.DTEnd + 3600, DTStamp: 1, State: invite.ProposalOpen, TZID: event.TZID,
		}); err != nil {
			t.Fatal(err)
		}
	}
	w.mails.take(t)
	states := func() (all []invite.ProposalState) {
		t.Helper()
		page, _, err := w.Service.Proposals(t.Context(), event.UID, "", 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range page {
			all = append(all, p.StateAt(w.Event(event.UID)))
		}
		return all
	}
	decline := func(email string) string {
		t.Helper()
		declined, err := w.Service.DeclineProposal(t.Context(), event.UID, email, "", "")
		if err != nil {
			t.Fatal(err)
		}
		return declined.Result
	}
	w.update(event, "SEQUENCE:1", "LOCATION:Room 2")
	expect(t, "after a detail", []invite.ProposalState{invite.ProposalOpen, invite.ProposalOpen}, states())
	expect(t, "decline", invite.DeclinedNow, decline(ann))
	w.mails.take(t)
	w.update(event, "SEQUENCE:2", "DTSTART:20260401T100000Z", "DTEND:20260401T110000Z")
	expect(t, "after a new time", []invite.ProposalState{invite.ProposalDeclined, invite.ProposalOver}, states())
	expect(t, "decline then", invite.DeclinedOver, decline(bob))
	expect(t, "mails", []string{}, w.mails.take(t))
}

// Nor is anything left to decide about a date that was called off.
func TestProposalForADateCalledOff(t *testing.T) {
	w := newWorld(t)
	event := w.Create("RRULE:FREQ=WEEKLY;COUNT=4")
	w.Invite(event, bob)
	at := map[string]invite.ProposalState{}
	look := func() map[string]invite.ProposalState {
		t.Helper()
		page, _, err := w.Service.Proposals(t.Context(), event.UID, "", 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range page {
			at[p.RecurrenceID] = p.StateAt(w.Event(event.UID))
		}
		return at
	}
	for _, instance := range []string{"20260408T090000Z", "20260415T090000Z"} {
		if err := w.Store.PutProposal(t.Context(), invite.Proposal{
			UID: event.UID, Email: bob, RecurrenceID: instance, Start: event.DTStart + 3600, End: event.DTEnd + 3600, DTStamp: 1, State: invite.ProposalOpen, TZID: event.TZID,
		}); err != nil {
			t.Fatal(err)
		}
	}
	expect(t, "before", map[string]invite.ProposalState{"20260408T090000Z": invite.ProposalOpen, "20260415T090000Z": invite.ProposalOpen}, look())
	w.cancel(event, "RECURRENCE-ID:20260408T090000Z")
	expect(t, "after", map[string]invite.ProposalState{"20260408T090000Z": invite.ProposalOver, "20260415T090000Z": invite.ProposalOpen}, look())
	w.mails.take(t)
	declined, err := w.Service.DeclineProposal(t.Context(), event.UID, bob, "20260408T090000Z", "")
	expect(t, "decline", []any{invite.DeclinedOver, nil}, []any{declined.Result, err})
	expect(t, "mails", []string{}, w.mails.take(t))
}

func TestDeclineProposal(t *testing.T) {
	w := newWorld(t)
	event := w.Create("RRULE:FREQ=WEEKLY;COUNT=4")
	for _, email := range []string{bob, "bo@example.com", "bob@example.co", "bob@example.com.au"} {
		w.Invite(event, email)
		for _, instance := range []string{"", "20260408T090000Z"} {
			p := invite.Proposal{UID: event.UID, Email: email, RecurrenceID: instance, Start: event.DTStart + 3600, End: event.DTEnd + 3600, DTStamp: 1, State: invite.ProposalOpen, MessageID: "m" + instance, TZID: event.TZID}
			if err := w.Store.PutProposal(t.Context(), p); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.mails.take(t)
	decline := func(email, instance string) invite.Declined {
		t.Helper()
		declined, err := w.Service.DeclineProposal(t.Context(), event.UID, email, instance, "Sorry,\r\nno room is free.")
		if err != nil {
			t.Fatal(err)
		}
		return declined
	}
	first := decline("Bob@example.com", "20260408T090000Z")
	expect(t, "result", invite.DeclinedNow, first.Result)
	if raw := string(w.mails.sent[0].Raw); !strings.Contains(raw, "COMMENT:Sorry") || !strings.Contains(raw, w.uidOf(event, bob, 1)[:60]) {
		t.Errorf("the mail lacks the words or the UID:\n%s", raw)
	}
	mails := w.mails.take(t)
	if len(mails) != 1 || !strings.HasPrefix(mails[0], bob+" DECLINECOUNTER seq=0 id=20260408T") {
		t.Errorf("mails: %v", mails)
	}
	expect(t, "again", invite.DeclinedAlready, decline(bob, "20260408T090000Z").Result)
	expect(t, "mails then", []string{}, w.mails.take(t))
	expect(t, "of the series", invite.DeclinedNow, decline(bob, "").Result)
	states := map[string]int{}
	page, _, err := w.Service.Proposals(t.Context(), event.UID, "", 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range page {
		states[p.Email+" "+string(p.State)]++
	}
	expect(t, "states", map[string]int{
		"bo@example.com open": 2, "bob@example.co open": 2, "bob@example.com declined": 2, "bob@example.com.au open": 2,
	}, states)
	for _, unknown := range [][2]string{{eve, ""}, {bob, "20260415T090000Z"}, {"zoe@example.com", ""}} {
		if _, err := w.Service.DeclineProposal(t.Context(), event.UID, unknown[0], unknown[1], ""); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%v: %v", unknown, err)
		}
	}
	if _, err := w.Service.DeclineProposal(t.Context(), event.UID, "bob", "", ""); fault.KindOf(err) != fault.InvalidRequest {
		t.Errorf("no address: %v", err)
	}
}

func TestDeclineProposalAfterACrash(t *testing.T) {
	w := newWorld(t)
	event := w.Create()
	w.Invite(event, bob)
	if err := w.Store.PutProposal(t.Context(), invite.Proposal{UID: event.UID, Email: bob, Start: event.DTStart + 3600, End: event.DTEnd + 3600, State: invite.ProposalOpen, MessageID: "m"}); err != nil {
		t.Fatal(err)
	}
	w.mails.take(t)
	w.mails.fail = func(int, invite.Outgoing) error {
		w.mails.fail = nil
		return fault.New(fault.Throttled, "ses", "")
	}
	if _, err := w.Service.DeclineProposal(t.Context(), event.UID, bob, "", ""); fault.KindOf(err) != fault.Throttled {
		t.Fatalf("SES is busy: %v", err)
	}
	declined, err := w.Service.DeclineProposal(t.Context(), event.UID, bob, "", "")
	if err != nil || declined.Result != invite.DeclinedNow || len(w.mails.take(t)) != 1 {
		t.Errorf("then: %+v %v", declined, err)
	}
}

func TestRefresh(t *testing.T) {
	w := newWorld(t)
	event := w.Create()
	w.Invite(event, bob)
	w.Answer(w.Reply(event, bob, "ACCEPTED"))
	w.Clock.Pass(time.Minute)
	w.update(event, "SEQUENCE:1", "SUMMARY:Planning, again")
	w.mails.take(t)
	uid := w.uidOf(event, bob, 1)
	ask := func(from, uid string) invite.Refreshed {
		t.Helper()
		incoming := w.read(calendarMail(from, "REFRESH", "UID:"+uid, w.stamp(), "ATTENDEE:mailto:"+from))
		if incoming.Action != invite.IncomingRefresh {
			t.Fatalf("read: %+v", incoming)
		}
		refreshed, err := w.Service.Refresh(t.Context(), *incoming.Refresh)
		if err != nil {
			t.Fatal(err)
		}
		return refreshed
	}
	w.calls.take()
	expect(t, "result", invite.Refreshed{Result: invite.RefreshSent, UID: event.UID, Attendee: bob, SESMessageID: "ses-1"}, ask(bob, uid))
	expect(t, "calls", map[string]int{"BatchGetItem": 2, "BatchExecuteStatement": 1}, w.calls.take())
	if raw := string(w.mails.sent[0].Raw); !strings.Contains(raw, uid[:60]) {
		t.Errorf("another UID:\n%s", raw)
	}
	expect(t, "mails", []string{bob + " REQUEST seq=1 ACCEPTED CONFIRMED"}, w.mails.take(t))
	expect(t, "is up to date", 1, w.Attendee(event, bob).SentSequence)
	for reason, refused := range map[string]invite.Refreshed{
		invite.ReasonUnknownAttendee: ask(eve, uid), invite.ReasonUnknownEvent: ask(bob, "nosuchevent"),
	} {
		if refused.Result != invite.RefreshRefused || refused.Reason != reason {
			t.Errorf("%s: %+v", reason, refused)
		}
	}
	w.Block(invite.Block{Attendee: bob, Organizer: owner, UID: event.UID}, true)
	expect(t, "blocked", invite.ReasonBlocked, ask(bob, uid).Reason)
	w.Block(invite.Block{Attendee: bob, Organizer: owner, UID: event.UID}, false)
	w.cancel(event)
	ask(bob, uid)
	expect(t, "mails about the cancelled event", []string{bob + " CANCEL seq=2 ACCEPTED CANCELLED"}, w.mails.take(t))

	bounced := w.Attendee(event, bob)
	bounced.Undeliverable = invite.HardBounce
	if err := w.Store.Amend(t.Context(), bounced, invite.Statistics{Bounced: 1}); err != nil {
		t.Fatal(err)
	}
	expect(t, "bounced", invite.ReasonUndeliverable, ask(bob, uid).Reason)
	expect(t, "nobody else gets mail", []string{}, w.mails.take(t))
}

func TestAsk(t *testing.T) {
	w := newWorld(t)
	event := w.Create()
	w.InviteAs(invite.InviteRequest{ID: "request-1", UID: event.UID, Email: bob, Name: "Bob B."})
	references := "References: <0100@email.amazonses.com> <" + w.uidOf(event, bob, 1) + ">\r\n"
	for name, test := range map[string]struct {
		raw            string
		result, reason string
		guest          string
	}{
		"an answer to the invitation": {"From: Bob <" + bob + ">\r\n" + references + "Subject: Re: Invitation\r\n\r\nWhere do I park?", invite.QuestionForward, "", "Bob B."},
		"in reply to":                 {"From: " + bob + "\r\nIn-Reply-To: <0.1772442000." + w.uidOf(event, bob, 1) + ">\r\n\r\nWhere?", invite.QuestionForward, "", "Bob B."},
		"a forwarded invitation":      {"From: Eve E. <" + eve + ">\r\n" + references + "\r\nMay I come?", invite.QuestionForward, "", "Eve E."},
		"the event in the subject":    {"From: " + bob + "\r\nSubject: about " + strings.ToUpper(event.UID) + "\r\n\r\nWhere?", invite.QuestionForward, "", "Bob B."},
		"a stranger with the subject": {"From: " + eve + "\r\nSubject: about " + event.UID + "\r\n\r\nBuy this!", invite.QuestionIgnored, invite.ReasonUnknownAttendee, ""},
		"an unknown event":            {"From: " + bob + "\r\nSubject: " + strings.Repeat("a1", 20) + "\r\n\r\nWhere?", invite.QuestionIgnored, invite.ReasonUnknownEvent, ""},
		"the organizer":               {"From: " + ada + "\r\n" + references + "\r\nHm", invite.QuestionIgnored, invite.ReasonOrganizer, ""},
	} {
		incoming := w.read(test.raw)
		if incoming.Action != invite.IncomingQuestion {
			t.Errorf("%s: %+v", name, incoming)
			continue
		}
		asked, err := w.Service.Ask(t.Context(), *incoming.Question)
		if err != nil {
			t.Fatal(err)
		}
		if asked.Result != test.result || asked.Reason != test.reason || asked.Name != test.guest {
			t.Errorf("%s: %s %s %q", name, asked.Result, asked.Reason, asked.Name)
		}
		if asked.Result == invite.QuestionForward && (asked.Organizer != ada || asked.Event.UID != event.UID || asked.Event.Calendar != nil || incoming.Question.Text == "") {
			t.Errorf("%s: %+v", name, asked)
		}
	}
}

// What is forwarded are the guest's words: not the invitation that they quote, which has the guest's own links in it.
func TestQuestionText(t *testing.T) {
	w := newWorld(t)
	event := w.Create()
	w.Invite(event, bob)
	head := "From: " + bob + "\r\nReferences: <" + w.uidOf(event, bob, 1) + ">\r\nMIME-Version: 1.0\r\n"
	for name, test := range map[string]struct{ raw, text string }{
		"quoted":           {"\r\nWhere?\r\n\r\nOn Monday Ada wrote:\r\n> Yes: https://example.com/rsvp/x\r\n", "Where?\n\n[The quoted message is left out.]"},
		"only HTML":        {"Content-Type: text/html\r\n\r\n<p>Where?</p>", "Where?"},
		"beside no text":   {"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\n \r\n--b\r\nContent-Type: text/html\r\n\r\n<p>Where?</p>\r\n--b--\r\n", "Where?"},
		"a file, no words": {"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: image/png\r\nContent-Disposition: attachment; filename=map.png\r\n\r\nx\r\n--b--\r\n", "Attached files: map.png"},
	} {
		incoming := w.read(head + test.raw)
		if incoming.Action != invite.IncomingQuestion || incoming.Question.Text != test.text {
			t.Errorf("%s: %+v %+v", name, incoming, incoming.Question)
		}
	}
}

// FuzzReadReply: no mail makes ReadReply panic, and what it says goes through JSON as it is.
func FuzzReadReply(f *testing.F) {
	keys, err := seal.ParseKeys([]byte("a secret for tests only"))
	if err != nil {
		f.Fatal(err)
	}
	uid := keys.UID(seal.Invitation{UID: "abc123", Email: bob, Generation: 1}, "cis.example")
	f.Add([]byte(calendarMail(bob, "REPLY", "UID:"+uid, "ATTENDEE;PARTSTAT=ACCEPTED:mailto:"+bob)))
	f.Add([]byte(calendarMail(bob, "COUNTER", "UID:"+uid, "DTSTART:99990101T000000Z", "DURATION:P999W", "COMMENT:x")))
	f.Add([]byte(calendarMail(bob, "REFRESH", "UID:"+uid)))
	f.Add([]byte("From: " + bob + "\r\nReferences: <" + uid + ">\r\n\r\nWhy?"))
	f.Add([]byte("From: " + bob + "\r\nIn-Reply-To: <.@>\r\nSubject: " + strings.Repeat("é1", 60) + "\r\n\r\nWhy?"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		message, err := imip.Read(raw, imip.Limits{})
		if err != nil {
			return
		}
		judged := mailauth.Judgement{Act: true, Answer: true, Authenticated: true, Person: strings.ToLower(message.From.Email)}
		incoming := invite.ReadReply(invite.Mail{MessageID: "m1", Received: 1772442000}, message, judged, keys)
		if _, err := json.Marshal(incoming); err != nil {
			t.Fatal(err)
		}
		if incoming.Action == invite.IncomingIgnore && incoming.Reason == "" {
			t.Fatal("ignored without a reason")
		}
	})
}
