package e2e

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/localstack/states"
)

// letter is a mail in words to the mailbox that collects answers.
type letter struct {
	from     imiptest.Address
	answers  []byte // the mail of ours that it answers; nil = none
	subject  string // "" = Re: and that of the mail that it answers
	header   string // more lines, each with its end
	kind     string // Content-Type; "" = text/plain in UTF-8
	body     string
	envelope string // MAIL FROM; "" = from, "<>" = nobody
}

// write mails a letter and waits for the workflow's end.
func (s *system) write(l letter) states.Execution {
	s.t.Helper()
	if l.kind == "" {
		l.kind = "text/plain; charset=UTF-8"
	}
	if l.answers != nil {
		m := read(s.t, l.answers)
		if l.subject == "" {
			l.subject = "Re: " + m.Subject
		}
		// As mail programs thread (RFC 5322 §3.6.4): by the Message-ID that SES gave the mail, after what it refers to.
		l.header += "In-Reply-To: <" + m.MessageID + ">\r\nReferences:"
		for _, id := range append(m.References, m.MessageID) {
			l.header += "\r\n <" + id + ">"
		}
		l.header += "\r\n"
	}
	raw := fmt.Sprintf("From: %s\r\nTo: %s\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: <letter-%d@example.com>\r\nMIME-Version: 1.0\r\nContent-Type: %s\r\n%s\r\n%s",
		l.from, rsvp, l.subject, time.Now().Format(time.RFC1123Z), people.Add(1), l.kind, l.header, l.body)
	if l.envelope == "" {
		l.envelope = l.from.Email
	}
	return s.WaitExecution("event-reply", s.SendMail(strings.Trim(l.envelope, "<>"), rsvp, []byte(raw)))
}

// unread is why a mail to the mailbox was not forwarded to anybody: the step that reads it says so, or the one that forwards it found
// nobody who may have it, and mailed nothing.
func (s *system) unread(l letter, reason string) {
	s.t.Helper()
	before := len(s.Sent(""))
	x := s.write(l)
	if reason != "" {
		s.ignored(x, reason)
	}
	if n := len(s.Sent("")) - before; n != 0 || x.Status != "SUCCEEDED" {
		s.t.Errorf("%q is %s, and %d mails leave", l.body, x.Status, n)
	}
}

// A guest who answers in words reaches the organizer, and the organizer's answer the guest.
func TestQuestions(t *testing.T) {
	s := start(t)

	t.Run("forwarded to the organizer, whose answer goes to the guest", func(t *testing.T) {
		s := s.on(t)
		p := s.party(tea(somebody("ada")), 1)
		guest, organizer := p.guests[0], p.event.Organizer
		x := s.write(letter{from: guest, answers: p.inbox(guest)[0], body: "Dear Ada,\r\n\r\nwhere do I park?\r\n\r\nGrüße, Grace\r\n"})
		s.endsIn(x, "ReplyForwarded")
		if n := s.sentTo(organizer.Email); n != 2 {
			t.Fatalf("%d mails to the organizer", n)
		}
		mail := p.lastMail(organizer)
		message, text := read(t, mail), read(t, mail).Text()
		if message.ReplyTo.Email != guest.Email || message.From.Email != "support@cis.localhost" || message.Header.Get("To") != organizer.Email || message.Auto.Submitted != "auto-generated" {
			t.Errorf("from %s to %s, Reply-To %s, %s", message.From.Email, message.Header.Get("To"), message.ReplyTo.Email, message.Auto.Submitted)
		}
		for _, want := range []string{guest.Name, guest.Email, "Event:   Tea", "Subject: Re: ", "Dear Ada,", "where do I park?", "Grüße, Grace"} {
			if !strings.Contains(text, want) {
				t.Errorf("the mail to the organizer does not say %q:\n%s", want, text)
			}
		}
		if !strings.Contains(message.Subject, "Tea") || s.sentTo(guest.Email) != 1 {
			t.Errorf("%q; %d mails to the guest", message.Subject, s.sentTo(guest.Email))
		}
		if counts := s.statistics(p.uid); counts.Pending != 1 || counts.Attendees != 1 {
			t.Errorf("words are no answer: %+v", counts)
		}
		s.startAgain("event-reply", x) // Express workflows may run twice
		if n := s.sentTo(organizer.Email); n != 2 {
			t.Errorf("read twice, it is forwarded %d times", n-1)
		}
	})

	t.Run("as mail programs write them, without the quoted invitation", func(t *testing.T) {
		s := s.on(t)
		p := s.party(tea(somebody("ada")), 1)
		guest, invitation := p.guests[0], p.inbox(p.guests[0])[0]
		secret := linkIn(t, invitation, "/rsvp/") // the invited person's own link, which is nobody else's business
		for name, c := range map[string]struct{ kind, header, body string }{
			"Gmail": {kind: `multipart/alternative; boundary="b"`, body: "--b\r\nContent-Type: text/plain; charset=\"UTF-8\"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" +
				"May I bring caf=C3=A9 cr=C3=A8me?\r\n\r\nOn Mon, 1 Dec 2025 at 10:00, Ada <invites@cis.localhost> wrote:\r\n\r\n> Yes: http://127.0.0.1" + secret + "\r\n> No: x\r\n" +
				"\r\n--b\r\nContent-Type: text/html; charset=\"UTF-8\"\r\n\r\n<div>May I bring café crème?</div><div class=\"gmail_quote\">http://127.0.0.1" + secret + "</div>\r\n--b--\r\n"},
			"Outlook":                      {header: "X-MS-Has-Attach:\r\n", body: "May I bring café crème?\r\n\r\n________________________________\r\nFrom: Ada <invites@cis.localhost>\r\nSent: Monday\r\nTo: Grace\r\nSubject: Tea\r\n\r\nhttp://127.0.0.1" + secret + "\r\n"},
			"only HTML":                    {kind: "text/html; charset=UTF-8", body: "<html><head><style>p {color: red}</style></head><body><p>May I bring<br>caf&eacute; cr&egrave;me?</p><script>alert(1)</script></body></html>\r\n"},
			"only HTML, quoted":            {kind: "text/html; charset=UTF-8", body: "<p>May I bring café crème?</p><hr><div><p><b>From:</b> Ada &lt;invites@cis.localhost&gt;<br><b>Sent:</b> Monday<br><b>To:</b> Grace<br><b>Subject:</b> Tea</p><p><a href=\"http://127.0.0.1" + secret + "\">Yes</a> http://127.0.0.1" + secret + "</p></div>\r\n"},
			"an empty text beside HTML":    {kind: `multipart/alternative; boundary="b"`, body: "--b\r\nContent-Type: text/plain\r\n\r\n \r\n--b\r\nContent-Type: text/html; charset=UTF-8\r\n\r\n<p>May I bring café crème?</p>\r\n--b--\r\n"},
			"base64 in another charset":    {kind: "text/plain; charset=ISO-8859-1", header: "Content-Transfer-Encoding: base64\r\n", body: base64.StdEncoding.EncodeToString([]byte("May I bring caf\xe9 cr\xe8me?\r\n"))},
			"with the invitation attached": {kind: `multipart/mixed; boundary="b"`, body: "--b\r\nContent-Type: text/plain; charset=UTF-8\r\n\r\nMay I bring café crème?\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n" + string(invitation) + "\r\n--b--\r\n"},
		} {
			before := s.sentTo(p.event.Organizer.Email)
			s.endsIn(s.write(letter{from: guest, answers: invitation, kind: c.kind, header: c.header, body: c.body}), "ReplyForwarded")
			if n := s.sentTo(p.event.Organizer.Email) - before; n != 1 {
				t.Fatalf("%s: %d mails", name, n)
			}
			mail := p.lastMail(p.event.Organizer)
			text := textOf(t, mail)
			if !strings.Contains(strings.ReplaceAll(text, "> ", ""), "May I bring café crème?") || strings.Contains(text, "alert(1)") || strings.Contains(text, "color: red") {
				t.Errorf("%s: the organizer reads\n%s", name, text)
			}
			if strings.Contains(string(read(t, mail).Parts[1].Body)+text, secret[:40]) {
				t.Errorf("%s: the organizer gets the guest's own link:\n%s", name, text)
			}
		}
	})

	t.Run("files are named", func(t *testing.T) {
		s := s.on(t)
		p := s.party(tea(somebody("ada")), 1)
		file := "--b\r\nContent-Type: application/pdf; name=\"menu.pdf\"\r\nContent-Disposition: attachment; filename=\"menu.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi0=\r\n--b--\r\n"
		for name, body := range map[string]string{
			"beside words":  "--b\r\nContent-Type: text/plain\r\n\r\nIs this the menu?\r\n" + file,
			"without words": file,
		} {
			s.endsIn(s.write(letter{from: p.guests[0], answers: p.inbox(p.guests[0])[0], kind: `multipart/mixed; boundary="b"`, body: body}), "ReplyForwarded")
			if text := textOf(t, p.lastMail(p.event.Organizer)); !strings.Contains(text, "menu.pdf") || strings.Contains(text, "Is this the menu?") != (name == "beside words") {
				t.Errorf("%s: the organizer reads\n%s", name, text)
			}
		}
	})

	t.Run("who may ask", func(t *testing.T) {
		s := s.on(t)
		p := s.party(tea(somebody("ada")), 1)
		guest, friend, stranger, organizer := p.guests[0], somebody("friend"), somebody("stranger"), p.event.Organizer
		asked := func(l letter) {
			t.Helper()
			before := s.sentTo(organizer.Email)
			s.endsIn(s.write(l), "ReplyForwarded")
			if n := s.sentTo(organizer.Email) - before; n != 1 {
				t.Fatalf("%q is forwarded %d times", l.body, n)
			}
			if m := read(t, p.lastMail(organizer)); m.ReplyTo.Email != l.from.Email || !strings.Contains(m.Text(), l.body) {
				t.Errorf("Reply-To %s: %s", m.ReplyTo.Email, m.Text())
			}
		}
		asked(letter{from: friend, answers: p.inbox(guest)[0], body: "Grace forwarded this to me. May I come?"})
		asked(letter{from: guest, subject: "About " + strings.ToUpper(p.uid), body: "By the uid in the subject"})
		p.update(p.next(func(e *imiptest.Event) { e.Summary = "Cake" }))
		asked(letter{from: guest, answers: p.lastMail(guest), body: "In answer to the update"})
		p.callOff(p.next(func(*imiptest.Event) {}))
		asked(letter{from: guest, answers: p.lastMail(guest), body: "What a pity"})

		forged := strings.Replace(string(p.inbox(guest)[0]), p.uid+"-", p.uid+"-a", -1)
		for _, c := range []struct {
			letter
			reason string
		}{
			{letter{from: stranger, subject: "About " + p.uid, body: "Buy this"}, ""}, // uids stand in public links
			{letter{from: organizer, answers: p.inbox(guest)[0], body: "The organizer, to herself"}, ""},
			{letter{from: guest, subject: "Hello", body: "About nothing"}, "names-no-event"},
			{letter{from: guest, subject: strings.Repeat("a1", 20), body: "About an event that is none"}, ""},
			{letter{from: stranger, answers: []byte(forged), body: "In answer to a forged mail"}, "names-no-event"},
			{letter{from: guest, answers: p.inbox(guest)[0], body: " \r\n\r\n"}, "no-words"},
			{letter{from: guest, answers: p.inbox(guest)[0], header: "X-Local-Verdicts: dmarc=fail\r\n", body: "Not from her"}, "dmarc-fail"},
			{letter{from: guest, answers: p.inbox(guest)[0], header: "X-Local-Verdicts: spf=fail dkim=fail dmarc=gray\r\n", body: "From nobody knows whom"}, "not-authenticated"},
			{letter{from: guest, answers: p.inbox(guest)[0], header: "X-Local-Verdicts: spam=fail\r\n", body: "Spam"}, "spam"},
			{letter{from: guest, answers: p.inbox(guest)[0], header: "X-Local-Verdicts: virus=fail\r\n", body: "A virus"}, "virus"},
		} {
			s.unread(c.letter, c.reason)
		}
	})

	t.Run("words stay words", func(t *testing.T) {
		s := s.on(t)
		p := s.party(tea(somebody("ada")), 1)
		guest := p.guests[0]
		guest.Name = `Grace <script>, {uid}`
		const evil = "<script>alert(1)</script> {summary} {?text} \u202egnitirw"
		s.endsIn(s.write(letter{from: guest, answers: p.inbox(guest)[0], subject: "{mailto} <b>Hi</b>", body: evil}), "ReplyForwarded")
		mail := p.lastMail(p.event.Organizer)
		if html := htmlOf(t, mail); strings.Contains(html, "<script") || strings.Contains(html, "<b>Hi") || strings.Contains(html, "\u202e") {
			t.Errorf("the mail reads\n%s", html)
		}
		if text := read(t, mail).Text(); !strings.Contains(text, "<script>alert(1)</script> {summary} {?text}") || !strings.Contains(text, "{mailto} <b>Hi</b>") {
			t.Errorf("the mail reads\n%s", text)
		}
	})

	t.Run("a long one is cut, and says so", func(t *testing.T) {
		s := s.on(t)
		p := s.party(tea(somebody("ada")), 1)
		s.endsIn(s.write(letter{from: p.guests[0], answers: p.inbox(p.guests[0])[0], body: strings.Repeat("Überlegungen zum Tee.\r\n", 20_000)}), "ReplyForwarded")
		mail := p.lastMail(p.event.Organizer)
		if text := textOf(t, mail); !strings.Contains(text, "The mail is longer than this") || len(mail) > 100_000 {
			t.Errorf("%d octets: %s", len(mail), text[:300])
		}
	})
}

// What no person wrote is not forwarded, and nothing answers it: two machines that answer each other never end (RFC 3834 §2).
func TestAutomaticMailIsNoQuestion(t *testing.T) {
	s := start(t)
	p := s.party(tea(somebody("ada")), 1)
	guest, invitation := p.guests[0], p.inbox(p.guests[0])[0]
	for name, c := range map[string]struct{ header, reason string }{
		"out of office (RFC 3834)":  {"Auto-Submitted: auto-replied\r\n", "auto-reply"},
		"with a parameter":          {"Auto-Submitted: auto-replied; owner-email=\"x@example.com\"\r\n", "auto-reply"},
		"in capitals":               {"AUTO-SUBMITTED: Auto-Replied\r\n", "auto-reply"},
		"generated":                 {"Auto-Submitted: auto-generated\r\n", "auto-generated"},
		"notified (RFC 5436)":       {"Auto-Submitted: auto-notified\r\n", "auto-generated"},
		"of a kind that is to come": {"Auto-Submitted: x-robot\r\n", "auto-generated"},
		"of an old responder":       {"X-Autoreply: yes\r\n", "auto-reply"},
		"of another":                {"X-Autorespond: Out of office\r\n", "auto-reply"},
		"Precedence: bulk":          {"Precedence: bulk\r\n", "precedence"},
		"Precedence: junk":          {"Precedence: junk\r\n", "precedence"},
		"Precedence: list":          {"Precedence: list\r\n", "precedence"},
		"Precedence: auto_reply":    {"Precedence: auto_reply\r\n", "auto-reply"},
		"a mailing list":            {"List-Id: <tea.example.com>\r\n", "automatic"},
		"Exchange's out of office":  {"X-Auto-Response-Suppress: All\r\n", "automatic"},
		"from one of our addresses": {"Sender: invites@cis.localhost\r\n", "own-address"},
		"from our rsvp@ with a tag": {"Sender: rsvp+tag@cis.localhost\r\n", "own-address"},
	} {
		t.Run(name, func(t *testing.T) {
			s := s.on(t)
			s.unread(letter{from: guest, answers: invitation, header: c.header, body: "I am away until Monday."}, c.reason)
		})
	}

	report := func(kind, status string) letter {
		return letter{
			from: imiptest.Address{Name: "Mail Delivery Subsystem", Email: "mailer-daemon@example.com"}, answers: invitation, envelope: "<>",
			kind: `multipart/report; report-type=` + kind + `; boundary="b"`,
			body: "--b\r\nContent-Type: text/plain\r\n\r\nYour mail could not be delivered.\r\n--b\r\nContent-Type: " + status + "\r\n\r\n" +
				"Reporting-MTA: dns; example.com\r\n\r\nFinal-Recipient: rfc822; " + guest.Email + "\r\nAction: failed\r\nStatus: 5.1.1\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n" + string(invitation) + "\r\n--b--\r\n",
		}
	}
	for name, c := range map[string]struct {
		letter
		reason string
	}{
		"a delivery report":                        {report("delivery-status", "message/delivery-status"), "delivery-report"},
		"a read receipt":                           {report("disposition-notification", "message/disposition-notification"), "read-receipt"},
		"a complaint":                              {report("feedback-report", "message/feedback-report"), "complaint-report"},
		"nobody's: the null return path":           {letter{from: guest, answers: invitation, envelope: "<>", body: "I am away."}, "null-return-path"},
		"from our own mailbox":                     {letter{from: imiptest.Address{Email: rsvp}, answers: invitation, body: "A loop"}, "own-address"},
		"from our support":                         {letter{from: imiptest.Address{Email: "Support@CIS.localhost"}, answers: invitation, body: "A loop"}, "own-address"},
		"through us":                               {letter{from: guest, answers: invitation, envelope: "invites@cis.localhost", body: "A loop"}, "own-address"},
		"of nobody":                                {letter{from: imiptest.Address{}, answers: invitation, envelope: guest.Email, body: "Who am I?"}, "no-from"},
		"a vacation message that holds the invite": {letter{from: guest, answers: invitation, header: "Auto-Submitted: auto-replied\r\n", kind: read(t, invitation).Header.Get("Content-Type"), body: afterHeader(invitation)}, "auto-reply"},
	} {
		t.Run(name, func(t *testing.T) {
			s := s.on(t)
			s.unread(c.letter, c.reason)
		})
	}

	t.Run("the mail that forwards a question, when it comes back", func(t *testing.T) {
		s := s.on(t)
		s.endsIn(s.write(letter{from: guest, answers: invitation, body: "Where do I park?"}), "ReplyForwarded")
		forwarded := p.lastMail(p.event.Organizer)
		// The organizer's vacation responder answers it, to whoever it finds; and somebody's rule sends it to rsvp@ again.
		s.unread(letter{from: p.event.Organizer, answers: forwarded, header: "Auto-Submitted: auto-replied\r\n", body: "I am away."}, "auto-reply")
		s.unread(letter{from: p.event.Organizer, answers: forwarded, header: "X-Auto-Response-Suppress: All\r\n", body: "I am away."}, "automatic")
		before := len(s.Sent(""))
		s.WaitExecution("event-reply", s.SendMail(p.event.Organizer.Email, rsvp, forwarded))
		if n := len(s.Sent("")) - before; n != 0 {
			t.Errorf("%d mails", n)
		}
	})

	t.Run("a person's mail in between still comes through", func(t *testing.T) {
		s := s.on(t)
		s.endsIn(s.write(letter{from: guest, answers: invitation, header: "Auto-Submitted: no\r\n", body: "I am here again"}), "ReplyForwarded")
		if text := textOf(t, p.lastMail(p.event.Organizer)); !strings.Contains(text, "I am here again") || s.sentTo(guest.Email) != 1 {
			t.Errorf("%s", text)
		}
	})
	if counts := s.statistics(p.uid); counts.Pending != 1 || counts.Attendees != 1 || string(s.attendee(p.uid, guest.Email).Undeliverable) != "" {
		t.Errorf("%+v", counts)
	}
}

// afterHeader is the body of a mail.
func afterHeader(mail []byte) string {
	_, body, _ := strings.Cut(string(mail), "\r\n\r\n")
	return body
}
