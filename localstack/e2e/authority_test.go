package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
)

// with puts header lines on top of a mail.
func with(raw []byte, lines ...string) []byte {
	return append([]byte(strings.Join(lines, "\r\n")+"\r\n"), raw...)
}

func TestWhoMaySpeak(t *testing.T) {
	s := start(t)

	// What SES finds wrong changes nothing and is not answered: an answer would go to the victim of a spoofed address.
	for _, c := range []struct{ verdicts, reason string }{
		{"virus=fail", "virus"},
		{"spam=fail", "spam"},
		{"dmarc=fail", "dmarc-fail"},
		{"spf=fail dkim=fail", "not-authenticated"},
		{"spf=gray dkim=gray dmarc=gray", "not-authenticated"},
		{"spf=processing_failed dkim=fail dmarc=gray", "not-authenticated"},
		{"spf=fail", ""},
		{"dkim=fail", ""},
		{"dmarc=gray", ""},
		{"spam=gray virus=gray", ""},
	} {
		t.Run("verdicts "+c.verdicts, func(t *testing.T) {
			s := s.on(t)
			e := tea(somebody("ada"))
			raw, err := imiptest.ComposeRequest(e)
			if err != nil {
				t.Fatal(err)
			}
			forged := []string{"X-Local-Verdicts: " + c.verdicts, "X-SES-Spam-Verdict: PASS", "X-SES-Virus-Verdict: PASS",
				"Authentication-Results: amazonses.com; spf=pass; dkim=pass; dmarc=pass"}
			x := s.mail(e.Organizer.Email, with(raw, forged...))
			if c.reason == "" {
				s.endsIn(x, "EventCreated")
				return
			}
			s.ignored(x, c.reason)
			if a := s.Get("/event/" + x.Name); a.Status != 404 || s.sentTo(e.Organizer.Email) != 0 {
				t.Errorf("event: %d; %d answers", a.Status, s.sentTo(e.Organizer.Email))
			}
		})
		t.Run("a reply with verdicts "+c.verdicts, func(t *testing.T) {
			s := s.on(t)
			uid := s.register(tea(somebody("ada")))
			guest := somebody("guest")
			raw, err := imiptest.ComposeReply(s.invite(uid, guest), imiptest.Reply{Client: imiptest.Gmail, Answer: imiptest.Accepted, At: time.Now()})
			if err != nil {
				t.Fatal(err)
			}
			x := s.WaitExecution("event-reply", s.SendMail(guest.Email, rsvp, with(raw, "X-Local-Verdicts: "+c.verdicts,
				"X-SES-Spam-Verdict: PASS", "Authentication-Results: amazonses.com; spf=pass; dkim=pass; dmarc=pass")))
			want := 0
			if c.reason == "" {
				want = 1
			} else {
				s.ignored(x, c.reason)
			}
			if counts := s.statistics(uid); counts.Confirmed != want || s.sentTo(guest.Email) != 1 {
				t.Errorf("%+v, %d mails to the guest", counts, s.sentTo(guest.Email))
			}
		})
	}

	t.Run("verdicts in the mail itself are anybody's", func(t *testing.T) {
		s := s.on(t)
		e := tea(somebody("ada"))
		raw, err := imiptest.ComposeRequest(e)
		if err != nil {
			t.Fatal(err)
		}
		s.endsIn(s.mail(e.Organizer.Email, with(raw, "X-SES-Virus-Verdict: FAIL", "X-SES-Spam-Verdict: FAIL", "Received-SPF: fail",
			"Authentication-Results: amazonses.com; spf=fail; dkim=fail; dmarc=fail")), "EventCreated")
	})

	t.Run("From speaks, whatever Reply-To and Sender say", func(t *testing.T) {
		s := s.on(t)
		e, mallory := tea(somebody("ada")), somebody("mallory")
		e.Client = imiptest.Generic
		raw, err := imiptest.ComposeRequest(e)
		if err != nil {
			t.Fatal(err)
		}
		x := s.mail(mallory.Email, with(raw, "Reply-To: "+mallory.Email, "Sender: "+mallory.Email))
		s.endsIn(x, "EventCreated")
		if got := s.event(x.Name); got.MailTo != e.Organizer.Email || s.sentTo(e.Organizer.Email) != 1 || s.sentTo(mallory.Email) != 0 {
			t.Errorf("%+v; %d mails to From, %d to the others", got, s.sentTo(e.Organizer.Email), s.sentTo(mallory.Email))
		}
	})

	// Automatic mail starts nothing and is never answered (RFC 3834); calendars that mail as auto-generated are read all the same.
	// A room answers as auto-replied, but no organizer invites so.
	for _, c := range []struct {
		name, header   string
		nullReturnPath bool
		request, reply string // the reasons to ignore it
	}{
		{name: "vacation", header: "Auto-Submitted: auto-replied", request: "auto-reply"},
		{name: "mailing list", header: "Precedence: list", request: "precedence", reply: "precedence"},
		{name: "bulk mail", header: "Precedence: bulk", request: "precedence", reply: "precedence"},
		{name: "junk mail", header: "Precedence: junk", request: "precedence", reply: "precedence"},
		{name: "calendar service", header: "Auto-Submitted: auto-generated"},
		{name: "null return path", nullReturnPath: true, header: "X-Test: 1", request: "null-return-path", reply: "null-return-path"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := s.on(t)
			e, guest := tea(somebody("ada")), somebody("guest")
			from := func(email string) string {
				if c.nullReturnPath {
					return ""
				}
				return email
			}
			e.Client = imiptest.Generic
			raw, err := imiptest.ComposeRequest(e)
			if err != nil {
				t.Fatal(err)
			}
			x := s.mail(from(e.Organizer.Email), with(raw, c.header))
			if c.request == "" {
				s.endsIn(x, "EventCreated")
			} else if s.ignored(x, c.request); s.sentTo(e.Organizer.Email) != 0 {
				t.Errorf("%d answers", s.sentTo(e.Organizer.Email))
			}

			uid := s.register(tea(somebody("ada")))
			answer, err := imiptest.ComposeReply(s.invite(uid, guest), imiptest.Reply{Client: imiptest.Generic, Answer: imiptest.Accepted, At: time.Now()})
			if err != nil {
				t.Fatal(err)
			}
			x = s.WaitExecution("event-reply", s.SendMail(from(guest.Email), rsvp, with(answer, c.header)))
			want := 1
			if c.reply != "" {
				s.ignored(x, c.reply)
				want = 0
			}
			if counts := s.statistics(uid); counts.Confirmed != want || s.sentTo(guest.Email) != 1 {
				t.Errorf("%+v, %d mails to the guest", counts, s.sentTo(guest.Email))
			}
		})
	}

	t.Run("automatic mail without an invitation", func(t *testing.T) {
		s := s.on(t)
		for _, box := range []struct{ address, workflow string }{{create, "event-request"}, {rsvp, "event-reply"}} {
			robot := somebody("robot")
			raw := fmt.Appendf(nil, "From: %s\r\nTo: %s\r\nSubject: I am a robot\r\nAuto-Submitted: auto-generated\r\n\r\nBeep.\r\n", robot.Email, box.address)
			if s.ignored(s.WaitExecution(box.workflow, s.SendMail(robot.Email, box.address, raw)), "auto-generated"); s.sentTo(robot.Email) != 0 {
				t.Errorf("%s answers", box.address)
			}
		}
	})

	t.Run("our own invitation, returned as undeliverable", func(t *testing.T) {
		s := s.on(t)
		uid := s.register(tea(somebody("ada")))
		invitation := s.invite(uid, somebody("gone"))
		daemon := somebody("mailer-daemon")
		raw := fmt.Appendf(nil, "From: %s\r\nTo: invites@cis.localhost\r\nSubject: Undelivered Mail Returned to Sender\r\nMIME-Version: 1.0\r\n"+
			"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nNo such user.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"+
			"Reporting-MTA: dns; mx.example.com\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n%s\r\n--b--\r\n", daemon.Email, invitation)
		for _, from := range []string{"", daemon.Email} { // a bad bouncer gives an envelope sender
			s.ignored(s.mail(from, raw), "delivery-report")
			s.ignored(s.WaitExecution("event-reply", s.SendMail(from, rsvp, raw)), "delivery-report")
		}
		if counts := s.statistics(uid); counts.Attendees != 1 || counts.Pending != 1 || s.sentTo(daemon.Email) != 0 {
			t.Errorf("%+v, %d answers", counts, s.sentTo(daemon.Email))
		}
	})

	t.Run("our own invitation, mailed to create@ by a guest", func(t *testing.T) {
		s := s.on(t)
		uid := s.register(tea(somebody("ada")))
		s.ignored(s.mail("guest@example.com", s.invite(uid, somebody("guest"))), "own-address")
	})

	t.Run("our own addresses", func(t *testing.T) {
		s := s.on(t)
		for _, own := range []string{"support@cis.localhost", "invites@cis.localhost", "rsvp+x@cis.localhost"} {
			before := s.sentTo("cis.localhost")
			s.ignored(s.request(tea(imiptest.Address{Email: own})), "own-address")
			if s.sentTo("cis.localhost") != before {
				t.Errorf("%s is answered", own)
			}
		}
	})

	t.Run("nobody", func(t *testing.T) {
		s := s.on(t)
		raw, err := imiptest.ComposeRequest(tea(somebody("ada")))
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := bytes.Cut(raw, []byte("From:"))
		_, rest, _ = bytes.Cut(rest, []byte("\r\n"))
		s.ignored(s.mail("envelope@example.com", rest), "no-from")
		s.ignored(s.mail("envelope@example.com", with(rest, "From: a@example.com, b@example.com", "Sender: a@example.com")), "several-from")
	})

	t.Run("told why, once", func(t *testing.T) {
		s := s.on(t)
		ada := somebody("ada")
		x := s.mail(ada.Email, fmt.Appendf(nil, "From: %s\r\nTo: %s\r\nSubject: Lunch?\r\nMessage-ID: <lunch@example.com>\r\n\r\nShall we?\r\n", ada.Email, create))
		s.endsIn(x, "RequestRefused")
		told := s.WaitSent(ada.Email, 1)
		if mail := read(t, told[0].Raw); len(told) != 1 || mail.InReplyTo != "lunch@example.com" || !strings.Contains(string(mail.Parts[0].Body), "calendar") {
			t.Errorf("%d mails: %s", len(told), told[0].Raw)
		}
	})

	t.Run("too large, and told so", func(t *testing.T) {
		s := s.on(t)
		line := strings.Repeat("x", 900) + "\r\n"
		for name, body := range map[string]string{
			"a message over 10 MiB": "Content-Type: text/plain\r\n\r\n" + strings.Repeat(line, 12_000),
			"a calendar over 1 MiB": "MIME-Version: 1.0\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:big\r\n" +
				"DTSTART:20300101T100000Z\r\nSUMMARY:Big\r\nDESCRIPTION:x\r\n" + strings.Repeat(" "+line, 1300) + "END:VEVENT\r\nEND:VCALENDAR\r\n",
		} {
			ada := somebody("ada")
			x := s.mail(ada.Email, fmt.Appendf(nil, "From: %s\r\nTo: %s\r\nSubject: Big\r\n%s", ada.Email, create, body))
			s.endsIn(x, "RequestRefused")
			if reason := s.reason(x); reason != "too-large" {
				t.Errorf("%s: reason %q", name, reason)
			}
			s.WaitSent(ada.Email, 1)
		}
	})

	t.Run("one delivery, one execution, one answer", func(t *testing.T) {
		s := s.on(t)
		e := tea(somebody("ada"))
		x := s.request(e)
		var record events.SimpleEmailRecord // what SES delivers again when it is not sure
		record.SES.Mail.MessageID, record.SES.Mail.Source = x.Name, e.Organizer.Email
		record.SES.Receipt.Recipients, record.SES.Receipt.Timestamp = []string{create}, time.Now()
		again, err := json.Marshal(events.SimpleEmailEvent{Records: []events.SimpleEmailRecord{record}})
		if err != nil {
			t.Fatal(err)
		}
		if result, err := s.Runtime.Invoke(t.Context(), "receive-mail", again); err != nil || result.FunctionError != "" {
			t.Errorf("a repeated delivery fails: %v, %s", err, result.Payload)
		}
		all, err := s.States.List("cis-event-request")
		if err != nil {
			t.Fatal(err)
		}
		runs := 0
		for _, other := range all {
			if other.Name == x.Name {
				runs++
			}
		}
		if runs != 1 || s.sentTo(e.Organizer.Email) != 1 {
			t.Errorf("%d executions, %d confirmations", runs, s.sentTo(e.Organizer.Email))
		}
		// Even another execution about the same mail finds its work done.
		again2 := s.startAgain("event-request", x)
		if s.endsIn(again2, "EventCreated"); s.sentTo(e.Organizer.Email) != 1 {
			t.Errorf("%d confirmations", s.sentTo(e.Organizer.Email))
		}
	})
}

// A daily cap keeps us from flooding an address, whatever is mailed in its name.
func TestDailyCap(t *testing.T) {
	s := start(t, stacktest.Env("ANSWER_CAP", "2"), stacktest.Env("EVENT_LIMIT", "0"))
	organizer := somebody("ada")
	for i := range 4 {
		e := tea(organizer)
		e.Key = fmt.Sprint("event", i)
		s.register(e)
	}
	for range 2 {
		s.endsIn(s.mail(organizer.Email, fmt.Appendf(nil, "From: %s\r\nTo: %s\r\n\r\nHello?\r\n", organizer.Email, create)), "RequestRefused")
	}
	if n := s.sentTo(organizer.Email); n != 2 {
		t.Errorf("%d answers", n)
	}
	other := somebody("grace")
	if s.register(tea(other)); s.sentTo(other.Email) != 1 {
		t.Errorf("somebody else gets %d answers", s.sentTo(other.Email))
	}
}
