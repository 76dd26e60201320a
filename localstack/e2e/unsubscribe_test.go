package e2e

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
)

const unsubscribe = "unsubscribe@cis.localhost"

var asForm = []string{"Content-Type", "application/x-www-form-urlencoded"}

// unsubscribeLink is the path of the one-click link in an invitation's List-Unsubscribe, and mailtoLink what follows mailto: in it.
func unsubscribeLink(t testing.TB, invitation []byte) string {
	t.Helper()
	field := read(t, invitation).Header.Get("List-Unsubscribe")
	_, link, found := strings.Cut(field, "/unsubscribe/")
	if !found {
		t.Fatalf("List-Unsubscribe: %s", field)
	}
	return "/unsubscribe/" + link[:strings.IndexByte(link, '>')]
}

func mailtoLink(t testing.TB, invitation []byte) (to, subject string) {
	t.Helper()
	field := read(t, invitation).Header.Get("List-Unsubscribe")
	_, link, found := strings.Cut(field, "<mailto:")
	if !found {
		t.Fatalf("List-Unsubscribe: %s", field)
	}
	to, query, _ := strings.Cut(link[:strings.IndexByte(link, '>')], "?")
	values, err := url.ParseQuery(strings.ReplaceAll(query, "+", "%2B"))
	if err != nil {
		t.Fatal(err)
	}
	return to, values.Get("subject")
}

// unsubscribed mails to the unsubscribe mailbox and says what came of it: blocked, or why it was ignored.
func (s *system) unsubscribed(from, to string, raw []byte) string {
	s.t.Helper()
	x := s.WaitExecution("unsubscribe-request", s.SendMail(from, to, raw))
	s.endsIn(x, "RequestSettled")
	var out struct {
		Done struct {
			Done struct{ Result, Reason string }
		}
	}
	s.output(x.Output, &out)
	if out.Done.Done.Result == "blocked" {
		return "blocked"
	}
	return out.Done.Done.Reason
}

func TestUnsubscribeByLink(t *testing.T) {
	s := start(t)
	organizer, guest := somebody("ada"), somebody("guest")
	e := tea(organizer)
	uid := s.register(e)
	later := tea(organizer)
	later.Key = "later"
	laterUID := s.register(later)
	link := unsubscribeLink(t, s.invite(uid, guest))
	blocked := func(uid string) int {
		t.Helper()
		var counts struct{ Blocked int }
		s.get("/event/"+uid+"/statistics", &counts)
		return counts.Blocked
	}

	// Mail scanners open links: looking changes nothing.
	for range 2 {
		a := s.Do("GET", link, "")
		if a.Status != 200 || !strings.Contains(a.Body, "<form") || !strings.Contains(a.Body, guest.Email) || blocked(uid) != 0 {
			t.Fatalf("%d, %d blocked: %s", a.Status, blocked(uid), a.Body)
		}
	}
	if a := s.Do("POST", link, "choice=", asForm...); a.Status != 400 || blocked(uid) != 0 {
		t.Errorf("a form without a choice: %d, %d blocked", a.Status, blocked(uid))
	}
	if a := s.Do("POST", link, "", asForm...); a.Status != 400 || blocked(uid) != 0 {
		t.Errorf("an empty form: %d, %d blocked", a.Status, blocked(uid))
	}

	// RFC 8058 §3.1: one POST, no cookies or other context, no redirect; §3.2: as multipart/form-data, or urlencoded.
	parts := "--FormBoundaryjWmhtjORrn\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--FormBoundaryjWmhtjORrn--\r\n"
	for _, post := range [][2]string{
		{"multipart/form-data; boundary=FormBoundaryjWmhtjORrn", parts}, {"application/x-www-form-urlencoded", "List-Unsubscribe=One-Click"},
		{"multipart/form-data; boundary=FormBoundaryjWmhtjORrn", parts},
	} {
		a := s.Do("POST", link, post[1], "Content-Type", post[0])
		if a.Status != 200 || a.Header.Get("Set-Cookie") != "" || a.Header.Get("Location") != "" || blocked(uid) != 1 {
			t.Errorf("one click: %d %v, %d blocked", a.Status, a.Header, blocked(uid))
		}
	}
	if a := s.Do("GET", link, ""); !strings.Contains(a.Body, "undo") {
		t.Errorf("the page offers no undo: %s", a.Body)
	}
	var own, system tenantStatistics
	s.get("/shadow/organizer/"+organizer.Email+"/statistics", &own)
	if err := s.asAdmin("/system/statistics", &system); err != nil || own.Blocked != 1 || system.Blocked != 1 {
		t.Errorf("%v: the organizer counts %d blocked, the system %d", err, own.Blocked, system.Blocked)
	}

	// Whoever opens an invite link need not be the person: it looks like success, and sends nothing. It holds for all events of the organizer.
	before := s.sentTo(guest.Email)
	for _, to := range []string{uid, laterUID} {
		if a := s.link(to, guest.Email); a.Status != 302 {
			t.Errorf("an invite link answers %d %s", a.Status, a.Body)
		}
	}
	other := somebody("another organizer")
	otherUID := s.register(tea(other))
	if s.invite(otherUID, guest); s.sentTo(guest.Email) != before+1 {
		t.Errorf("%d mails", s.sentTo(guest.Email)-before)
	}
	before++

	// A list says so; an update leaves the person out.
	s.administer("PUT", organizer.Email, "bulk")
	x := s.mailList(organizer.Email, fmt.Sprintf("uid,email\n%s,%s\n%s,%s\n", laterUID, guest.Email, laterUID, somebody("friend").Email))
	s.endsIn(x, "ListSettled")
	told := s.Sent(organizer.Email)
	results := ""
	for _, part := range read(t, told[len(told)-1].Raw).Parts {
		if strings.HasSuffix(part.Filename, ".csv") {
			results = string(part.Body)
		}
	}
	if !strings.Contains(results, guest.Email) || !strings.Contains(results, "blocked") {
		t.Errorf("the results are %q", results)
	}
	e.Location, e.Sequence, e.At = "Paris", 1, e.At.Add(time.Minute)
	s.endsIn(s.request(e), "EventUpdated")
	s.settle()
	if n := s.sentTo(guest.Email); n != before {
		t.Errorf("%d mails to who blocked", n-before)
	}
	if _, rows := s.report(uid, organizer.Email); rows[guest.Email]["blocked"] != "yes" {
		t.Errorf("the report says %v", rows[guest.Email])
	}

	// Undo, and again.
	for range 2 {
		if a := s.Do("POST", link, "choice=undo", asForm...); a.Status != 200 || blocked(uid) != 0 {
			t.Errorf("undo: %d, %d blocked", a.Status, blocked(uid))
		}
	}
	if a := s.link(laterUID, guest.Email); a.Status != 302 || s.sentTo(guest.Email) != before+1 {
		t.Errorf("after the undo: %d, %d mails", a.Status, s.sentTo(guest.Email)-before)
	}
	if a := s.Do("POST", link, "choice=block", asForm...); a.Status != 200 || blocked(uid) != 1 {
		t.Errorf("the page's button: %d, %d blocked", a.Status, blocked(uid))
	}
}

func TestUnsubscribeByMail(t *testing.T) {
	s := start(t)
	organizer := somebody("ada")
	uid := s.register(tea(organizer))

	for name, compose := range map[string]func(from, to, subject string) []byte{
		// What Apple Mail and Gmail send when their button is pressed.
		"Apple": func(from, to, subject string) []byte {
			return fmt.Appendf(nil, "From: Grace <%s>\r\nContent-Type: text/plain;\r\n\tcharset=us-ascii\r\nContent-Transfer-Encoding: 7bit\r\n"+
				"Mime-Version: 1.0 (1.0)\r\nSubject: %s\r\nDate: Sat, 21 Nov 2026 12:00:00 +0100\r\nMessage-Id: <%d@example.com>\r\nTo: %s\r\nAuto-Submitted: auto-generated\r\n\r\n"+
				"Apple Mail sent this email to unsubscribe from the message.\r\n", from, subject, people.Add(1), to)
		},
		"Gmail": func(from, to, subject string) []byte {
			return fmt.Appendf(nil, "MIME-Version: 1.0\r\nDate: Sat, 21 Nov 2026 12:00:00 +0100\r\nMessage-ID: <%d@mail.gmail.com>\r\nSubject: %s\r\nFrom: %s\r\nTo: %s\r\n"+
				"Content-Type: text/plain; charset=\"UTF-8\"\r\n\r\nThis message was automatically generated by Gmail.\r\n", people.Add(1), subject, from, to)
		},
		"a person with a folded subject": func(from, to, subject string) []byte {
			half := len(subject) / 2
			return fmt.Appendf(nil, "From: %s\r\nTo: %s\r\nSubject: Re: %s=?utf-8?q?%s?=\r\nMessage-ID: <%d@example.com>\r\n\r\nPlease stop.\r\n",
				from, to, "=?utf-8?q?"+strings.ReplaceAll(subject[:half], " ", "_")+"?=\r\n ", strings.ReplaceAll(subject[half:], " ", "_"), people.Add(1))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := s.on(t)
			guest := somebody("guest")
			to, subject := mailtoLink(t, s.invite(uid, guest))
			if to != unsubscribe {
				t.Errorf("mailto:%s", to)
			}
			raw := compose(guest.Email, to, subject)
			for range 2 {
				if got := s.unsubscribed(guest.Email, to, raw); got != "blocked" {
					t.Errorf("the mail is %s:\n%s", got, raw)
				}
			}
			if got := s.attendee(uid, guest.Email); !got.Blocked || s.sentTo(guest.Email) != 1 { // such a mail is not answered
				t.Errorf("%+v; %d mails", got, s.sentTo(guest.Email))
			}
			if a := s.link(uid, guest.Email, "origin", "test"); a.Status != 302 || s.sentTo(guest.Email) != 1 {
				t.Errorf("%d, %d mails", a.Status, s.sentTo(guest.Email))
			}
		})
	}

	t.Run("by an answer to the invitation, of the invited person alone", func(t *testing.T) {
		s := s.on(t)
		guest, stranger := somebody("guest"), somebody("stranger")
		invitation := s.invite(uid, guest)
		answer := func(from string) []byte {
			return fmt.Appendf(nil, "From: %s\r\nTo: %s\r\nSubject: unsubscribe\r\nReferences: <%s>\r\n\r\nStop.\r\n", from, unsubscribe, s.invited(invitation).UID())
		}
		if got := s.unsubscribed(stranger.Email, unsubscribe, answer(stranger.Email)); got == "blocked" || s.attendee(uid, guest.Email).Blocked {
			t.Errorf("a stranger's is %s", got)
		}
		if got := s.unsubscribed(guest.Email, unsubscribe, answer(guest.Email)); got != "blocked" || !s.attendee(uid, guest.Email).Blocked {
			t.Errorf("the guest's is %s", got)
		}
	})

	t.Run("not by who may not", func(t *testing.T) {
		s := s.on(t)
		guest := somebody("guest")
		invitation := s.invite(uid, guest)
		to, subject := mailtoLink(t, invitation)
		rsvpToken := strings.TrimPrefix(linkIn(t, invitation, "/rsvp/"), "/rsvp/")
		mail := func(subject string) []byte {
			return fmt.Appendf(nil, "From: %s\r\nTo: %s\r\nSubject: %s\r\n\r\n\r\n", guest.Email, to, subject)
		}
		for _, c := range []struct {
			name, reason string
			raw          []byte
		}{
			{"a forged token", "forged-token", mail(forge(subject))},
			{"a token of another kind", "forged-token", mail(rsvpToken)},
			{"nobody named", "names-nobody", mail("unsubscribe")},
			{"a forged sender", "dmarc-fail", with(mail(subject), "X-Local-Verdicts: dmarc=fail")},
			{"a virus", "virus", with(mail(subject), "X-Local-Verdicts: virus=fail")},
			{"an absence note", "auto-reply", with(mail(subject), "Auto-Submitted: auto-replied")},
		} {
			if got := s.unsubscribed(guest.Email, to, c.raw); got != c.reason || s.attendee(uid, guest.Email).Blocked {
				t.Errorf("%s is %s, want %s", c.name, got, c.reason)
			}
		}
		if n := s.sentTo(guest.Email); n != 1 {
			t.Errorf("%d mails", n)
		}
	})

	t.Run("an answer afterwards still counts", func(t *testing.T) {
		s := s.on(t)
		guest := somebody("guest")
		invitation := s.invite(uid, guest)
		s.Do("POST", unsubscribeLink(t, invitation), "List-Unsubscribe=One-Click", asForm...)
		if got := s.result(s.reply(invitation, guest.Email, imiptest.Reply{Client: imiptest.Gmail, Answer: imiptest.Declined, At: time.Now()})); got.Result != "applied" {
			t.Errorf("%+v", got)
		}
	})
}
