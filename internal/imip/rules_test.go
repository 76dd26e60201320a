package imip_test

import (
	"bytes"
	"net/mail"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/imip"
)

// The rules of interoperability that concern composing, by their numbers: messages (1-7), identity (8-14).

func TestRule01_MessageShape(t *testing.T) {
	for name, mail := range goldenMails(t) {
		s := readSent(t, mail)
		var tree []string
		for _, p := range s.parts {
			tree = append(tree, p.path)
		}
		want := []string{
			"multipart/mixed > multipart/alternative > text/plain", "multipart/mixed > multipart/alternative > text/html",
			"multipart/mixed > multipart/alternative > text/calendar", "multipart/mixed > application/ics",
		}
		if strings.Join(tree, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s: parts %q", name, tree)
		}
		calendar, file := s.part(t, "text/calendar"), s.part(t, "application/ics")
		if calendar.params["charset"] != "UTF-8" || calendar.params["component"] != "VEVENT" {
			t.Errorf("%s: text/calendar has parameters %v", name, calendar.params)
		}
		if file.params["name"] != "invite.ics" || file.disposition != `attachment; filename="invite.ics"` {
			t.Errorf("%s: application/ics has %v, %q", name, file.params, file.disposition)
		}
		if calendar.body != file.body {
			t.Errorf("%s: the two calendars differ", name)
		}
	}
}

func TestRule02_OneCalendarPartWithoutDisposition(t *testing.T) {
	for name, mail := range goldenMails(t) {
		if n := bytes.Count(mail, []byte("Content-Type: text/calendar")); n != 1 {
			t.Errorf("%s: %d text/calendar parts", name, n)
		}
		if d := readSent(t, mail).part(t, "text/calendar").disposition; d != "" {
			t.Errorf("%s: the calendar has disposition %q", name, d)
		}
	}
}

func TestRule03_MethodTwice(t *testing.T) {
	for name, mail := range goldenMails(t) {
		s := readSent(t, mail)
		param := s.part(t, "text/calendar").params["method"]
		if body := s.calendar(t).one(t, "METHOD"); body != "METHOD:"+param || param == "" {
			t.Errorf("%s: method=%s, %s", name, param, body)
		}
	}
}

func TestRule04_ContentClassOnce(t *testing.T) {
	for name, mail := range goldenMails(t) {
		if n := bytes.Count(mail, []byte("\r\nContent-Class: urn:content-classes:calendarmessage\r\n")); n != 1 {
			t.Errorf("%s: Content-Class %d times", name, n)
		}
	}
}

func TestRule05_CalendarInsideAlternative(t *testing.T) {
	for name, mail := range goldenMails(t) {
		if p := readSent(t, mail).part(t, "text/calendar").path; !strings.Contains(p, "multipart/alternative > text/calendar") {
			t.Errorf("%s: the calendar is at %s", name, p)
		}
	}
}

func TestRule06_OnTheWire(t *testing.T) {
	for name, mail := range goldenMails(t) {
		checkWire(t, mail)
		for _, p := range readSent(t, mail).parts {
			if p.encoding != "quoted-printable" && p.encoding != "base64" {
				t.Errorf("%s: %s in %s", name, p.contentType, p.encoding)
			}
			if p.contentType != "text/calendar" && p.contentType != "application/ics" {
				continue
			}
			if strings.Contains(p.body, "\r\r") || strings.Count(p.body, "\n") != strings.Count(p.body, "\r\n") ||
				!strings.HasPrefix(p.body, "BEGIN:VCALENDAR\r\n") || !strings.HasSuffix(p.body, "\r\nEND:VCALENDAR\r\n") {
				t.Errorf("%s: %s has odd line ends: %q", name, p.contentType, p.body)
			}
		}
		for line := range bytes.SplitSeq(mail, []byte("\r\n")) {
			if len(line) > 78 && (bytes.HasPrefix(line, []byte("Subject:")) || bytes.HasPrefix(line, []byte(" =?"))) {
				t.Errorf("%s: long header line %q", name, line)
			}
		}
	}
}

func TestRule07_NobodyElseVisible(t *testing.T) {
	s := readSent(t, compose(t, invitation(t, zoned(single))))
	if to, err := mail.ParseAddressList(s.header.Get("To")); err != nil || len(to) != 1 || to[0].Address != grace.Email {
		t.Errorf("To %q, %v", s.header.Get("To"), err)
	}
	if attendee := s.calendar(t).one(t, "ATTENDEE"); !strings.HasSuffix(attendee, ":mailto:"+grace.Email) {
		t.Errorf("%q", attendee)
	}
	for _, p := range s.parts {
		for _, secret := range []string{"secret@example.com", "create@cis.localhost", "original@example.com"} {
			if strings.Contains(p.body, secret) {
				t.Errorf("%s shows %s", p.contentType, secret)
			}
		}
	}
}

func TestRule08_FromIsOurs(t *testing.T) {
	s := readSent(t, compose(t, invitation(t, zoned(single))))
	for name, want := range map[string]string{"From": `"Ada Ng via Calendar Snack" <invites@cis.localhost>`, "Reply-To": `"Ada Ng" <ada@example.com>`} {
		if got := s.header.Get(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	inv := invitation(t, zoned(single))
	inv.OrganizerName = ""
	s = readSent(t, compose(t, inv))
	if got := s.header.Get("From"); got != `"Calendar Snack" <invites@cis.localhost>` {
		t.Errorf("From of a nameless organizer: %s", got)
	}
}

func TestRule09_OrganizerIsOursAndConstant(t *testing.T) {
	want := "ORGANIZER;CN=Ada Ng:mailto:rsvp@cis.localhost"
	for _, name := range []string{"single", "update", "cancel", "series", "instance", "cancel-instance"} {
		for _, got := range readSent(t, goldenMails(t)[name]).calendar(t).all("ORGANIZER") {
			if got != want {
				t.Errorf("%s: %q", name, got)
			}
		}
	}
}

func TestRule10_NoSentBy(t *testing.T) {
	calendar := event("DTSTART:20260312T090000Z\nSUMMARY:x\nORGANIZER;SENT-BY=\"mailto:assistant@example.com\":mailto:ada@example.com")
	if body := readSent(t, compose(t, invitation(t, calendar))).part(t, "text/calendar").body; strings.Contains(body, "SENT-BY") {
		t.Errorf("SENT-BY in\n%s", body)
	}
}

func TestRule11_NeverToTheOrganizer(t *testing.T) {
	composer := mustComposer(t, invitation(t, zoned(single)))
	for _, address := range []string{"rsvp@cis.localhost", "RSVP@CIS.localhost", "invites@cis.localhost"} {
		if _, err := composer.Append(nil, imip.Recipient{Email: address}); fault.ReasonOf(err) != "recipient-is-organizer" {
			t.Errorf("to %s: %v", address, err)
		}
	}
}

func TestRule12_TokenInUID(t *testing.T) {
	composer := mustComposer(t, invitation(t, zoned(single)))
	keys := testKeys(t)
	seen := map[string]bool{}
	for _, r := range []imip.Recipient{grace, {Email: "other@example.org"}, {Email: grace.Email, Generation: 1}} {
		uid := strings.TrimPrefix(readSent(t, mustAppend(t, composer, r)).calendar(t).one(t, "UID"), "UID:")
		opened, err := keys.OpenUID(uid)
		if err != nil || opened.UID != testUID || opened.Email != r.Email || opened.Generation != r.Generation {
			t.Errorf("%s opens as %+v, %v", uid, opened, err)
		}
		if seen[uid] {
			t.Errorf("%s twice", uid)
		}
		seen[uid] = true
	}
}

func TestRule14_SecondChannel(t *testing.T) {
	keys := testKeys(t)
	s := readSent(t, compose(t, invitation(t, zoned(single))))
	for _, kind := range []string{"text/plain", "text/html"} {
		body := s.part(t, kind).body
		for _, answer := range []string{"accepted", "tentative", "declined"} {
			link := regexp.MustCompile(`https://api\.cis\.localhost/rsvp/([a-z2-7]+)\?answer=` + answer).FindStringSubmatch(body)
			if link == nil {
				t.Errorf("%s has no link to answer %s", kind, answer)
				continue
			}
			if opened, err := keys.OpenLink("rsvp", link[1]); err != nil || opened.UID != testUID || opened.Email != grace.Email {
				t.Errorf("%s link opens as %+v, %v", kind, opened, err)
			}
		}
	}
	cancelled := readSent(t, goldenMails(t)["cancel"])
	for _, kind := range []string{"text/plain", "text/html"} {
		if strings.Contains(cancelled.part(t, kind).body, "/rsvp/") {
			t.Errorf("%s of a cancellation asks for an answer", kind)
		}
	}
}

// Rules on the bulk senders' and our own headers (38-45).

func TestRule39_OneClickUnsubscribe(t *testing.T) {
	s := readSent(t, compose(t, invitation(t, zoned(single))))
	if got := s.header.Get("List-Unsubscribe-Post"); got != "List-Unsubscribe=One-Click" {
		t.Errorf("List-Unsubscribe-Post %q", got)
	}
	list := s.header.Get("List-Unsubscribe")
	links := regexp.MustCompile(`^<https://api\.cis\.localhost/unsubscribe/([a-z2-7]+)>,\s*<mailto:unsubscribe@cis\.localhost\?subject=([a-z2-7]+)>$`).FindStringSubmatch(list)
	if links == nil || links[1] != links[2] {
		t.Fatalf("List-Unsubscribe %q", list)
	}
	opened, err := testKeys(t).OpenLink("unsubscribe", links[1])
	if err != nil || opened.Email != grace.Email || opened.Extra != "ada@example.com" {
		t.Errorf("opens as %+v, %v", opened, err)
	}
	for _, kind := range []string{"text/plain", "text/html"} {
		if body := s.part(t, kind).body; !strings.Contains(body, "https://api.cis.localhost/unsubscribe/"+links[1]) || !strings.Contains(body, "nothing from this organizer") {
			t.Errorf("%s does not say how to unsubscribe", kind)
		}
	}
}

func TestRule40_CancellationsCarryItToo(t *testing.T) {
	if readSent(t, goldenMails(t)["cancel"]).header.Get("List-Unsubscribe") == "" {
		t.Error("no List-Unsubscribe")
	}
}

func TestRule42_NoAdvertisementInNames(t *testing.T) {
	composer := mustComposer(t, invitation(t, zoned(single)))
	for _, name := range []string{"Win money http://evil.example/", "see WWW.evil.example", strings.Repeat("long ", 100)} {
		mail := mustAppend(t, composer, imip.Recipient{Email: grace.Email, Name: name})
		for _, p := range readSent(t, mail).parts {
			if strings.Contains(strings.ToLower(p.body), "evil") || strings.Contains(p.body, strings.Repeat("long ", 25)) {
				t.Errorf("%q reaches %s", name, p.contentType)
			}
		}
	}
}

func TestRule43_StableReferences(t *testing.T) {
	mails := goldenMails(t)
	first, update := readSent(t, mails["single"]), readSent(t, mails["update"])
	uid := strings.TrimPrefix(first.calendar(t).one(t, "UID"), "UID:")
	for _, s := range []sent{first, update, readSent(t, mails["cancel"])} {
		if got := s.header.Get("References"); got != "<"+uid+">" {
			t.Errorf("References %q, want <%s>", got, uid)
		}
	}
	if first.header.Get("Message-ID") == update.header.Get("Message-ID") {
		t.Error("two revisions have one Message-ID")
	}
	if date, err := first.header.Text("Date"); err != nil || date != testStamp.Format(time.RFC1123Z) {
		t.Errorf("Date %q, %v", date, err)
	}
}

func TestRule44_AutoSubmitted(t *testing.T) {
	for name, mail := range goldenMails(t) {
		h := readSent(t, mail).header
		if h.Get("Auto-Submitted") != "auto-generated" || h.Get("X-Auto-Response-Suppress") != "OOF, AutoReply" {
			t.Errorf("%s: %q, %q", name, h.Get("Auto-Submitted"), h.Get("X-Auto-Response-Suppress"))
		}
	}
}

func TestRule45_NoHeaderInjection(t *testing.T) {
	for _, evil := range []string{"x\r\nBcc: v@example.net", "x\nBcc: v@example.net", "x\rBcc: v@example.net", "x\u2028Bcc: v@example.net", "x\x00\x85Bcc: v", "\r\n\r\nbody", "=?UTF-8?Q?=0D=0ABcc:_v?="} {
		inv := invitation(t, zoned(single))
		inv.OrganizerName, inv.Subject, inv.Brand.Name = evil, evil, evil
		mail := mustAppend(t, mustComposer(t, inv), imip.Recipient{Email: grace.Email, Name: evil})
		checkWire(t, mail)
		s := readSent(t, mail)
		if s.header.Get("Bcc") != "" || len(s.parts) != 4 {
			t.Errorf("%q: header %v", evil, s.header)
		}
		calendar := s.calendar(t)
		if len(calendar.all("ATTENDEE")) != 1 || len(calendar.all("Bcc")) != 0 {
			t.Errorf("%q: %q", evil, calendar)
		}
	}
	long := invitation(t, event("DTSTART:20260312T090000Z\nSUMMARY:"+strings.Repeat("äöü 🎉 ", 200)))
	subject, err := readSent(t, compose(t, long)).header.Text("Subject")
	if n := utf8.RuneCountInString(subject); err != nil || n > 200 || !strings.HasPrefix(subject, "Invitation: äöü 🎉 äöü 🎉") || !strings.HasSuffix(subject, "…") {
		t.Errorf("subject of %d characters: %q, %v", n, subject, err)
	}
	composer := mustComposer(t, invitation(t, zoned(single)))
	for _, address := range []string{"", "a@b\r\nBcc: v@example.net", "a b@c", "a@b@c", "<a@b>", "ü@example.org", strings.Repeat("a", 255) + "@b.c"} {
		if _, err := composer.Append(nil, imip.Recipient{Email: address}); fault.ReasonOf(err) != "bad-address" {
			t.Errorf("to %q: %v", address, err)
		}
	}
}
