package invite_test

import (
	"strings"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

// The organizer gets what a guest gets, is counted nowhere, and cannot answer it.
func TestSendTest(t *testing.T) {
	w := newWorld(t)
	event := w.Create()
	w.facts.take()
	for range 2 { // as often as they ask
		id, err := w.Service.SendTest(t.Context(), event)
		if err != nil || id == "" {
			t.Fatalf("%q, %v", id, err)
		}
	}
	mail := w.mails.sent[0]
	uid := uidOf(t, mail)
	expect(t, "mails", []string{ada + " REQUEST seq=0 NEEDS-ACTION CONFIRMED", ada + " REQUEST seq=0 NEEDS-ACTION CONFIRMED"}, w.mails.take(t))
	if mail.From != w.Config.Sender || mail.Tags["uid"] != event.UID {
		t.Errorf("from %s, tags %v", mail.From, mail.Tags)
	}
	expect(t, "told", 0, len(w.facts.take()))
	expect(t, "record", "", w.Attendee(event, ada).Email)

	incoming := w.read(calendarMail(ada, "REPLY", "UID:"+uid, w.stamp(), "SEQUENCE:0", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:"+ada))
	if incoming.Action != invite.IncomingReply {
		t.Fatalf("%+v", incoming)
	}
	answered := w.Answer(incoming.Replies[0])
	expect(t, "answer", []string{invite.AnswerRefused, invite.ReasonOrganizer}, []string{answered.Result, answered.Reason})
	w.Check()
}

// SES's own trouble is whoever asked's to see.
func TestSendTestFails(t *testing.T) {
	w := newWorld(t)
	event := w.Create()
	w.mails.fail = func(int, invite.Outgoing) error { return fault.New(fault.Throttled, "ses", "") }
	if _, err := w.Service.SendTest(t.Context(), event); fault.KindOf(err) != fault.Throttled || !strings.Contains(err.Error(), "test invitation") {
		t.Errorf("%v", err)
	}
}
