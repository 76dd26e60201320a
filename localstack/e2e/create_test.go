package e2e

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
)

func TestOrganizersEvents(t *testing.T) {
	s := start(t)

	for _, client := range []imiptest.Client{imiptest.Gmail, imiptest.Outlook, imiptest.Apple} {
		t.Run("registered and confirmed from "+string(client), func(t *testing.T) {
			s := s.on(t)
			e := tea(somebody("ada"))
			e.Client = client
			request, err := imiptest.ComposeRequest(e)
			if err != nil {
				t.Fatal(err)
			}
			uid := s.SendMail(e.Organizer.Email, create, request) // the uid is the id that SMTP answers with
			s.endsIn(s.WaitExecution("event-request", uid), "EventCreated")
			got := s.event(uid)
			if got.UID != uid || got.Summary != "Tea" || got.Status != "confirmed" || got.MailTo != e.Organizer.Email || got.DTStart != e.Start.Unix() || got.Sequence != 0 {
				t.Errorf("registered as %+v", got)
			}
			told := s.WaitSent(e.Organizer.Email, 1)
			confirmation := read(t, told[0].Raw)
			if len(told) != 1 || confirmation.From.Email != "support@cis.localhost" || confirmation.Header.Get("To") != e.Organizer.Email ||
				confirmation.Auto.Submitted != "auto-replied" || confirmation.InReplyTo != read(t, request).MessageID || !strings.Contains(confirmation.Subject, "Tea") {
				t.Errorf("%d confirmations, the first: %+v", len(told), confirmation)
			}
			var kinds []string
			for _, part := range confirmation.Parts {
				kinds = append(kinds, part.Type)
				if text := string(part.Body); !strings.Contains(text, uid) || !strings.Contains(text, "/event/"+uid+"/invite") {
					t.Errorf("the %s part lacks the uid or the invite link", part.Type)
				}
			}
			if fmt.Sprint(kinds) != "[text/plain text/html]" {
				t.Errorf("confirmation has %v", kinds)
			}
		})
	}

	t.Run("with thousands of other guests, who stay unknown", func(t *testing.T) {
		s := s.on(t)
		e := tea(somebody("ada"))
		for i := range 5000 {
			e.Guests = append(e.Guests, imiptest.Address{Name: "Other", Email: fmt.Sprintf("other%d@example.net", i)})
		}
		mail := string(s.invite(s.register(e), somebody("guest")))
		if strings.Contains(mail, "example.net") || len(mail) > 50_000 {
			t.Errorf("the invitation of %d octets names other guests", len(mail))
		}
	})

	t.Run("sent again in silence", func(t *testing.T) {
		s := s.on(t)
		e := tea(somebody("ada"))
		uid := s.register(e)
		e.At = e.At.Add(time.Minute)
		s.ignored(s.request(e), "unchanged")
		s.ignored(s.request(e), "unchanged") // the same bytes
		if got := s.event(uid); got.Sequence != 0 || s.sentTo(e.Organizer.Email) != 1 {
			t.Errorf("%+v, %d mails", got, s.sentTo(e.Organizer.Email))
		}
	})

	t.Run("changed, moved, and never back", func(t *testing.T) {
		s := s.on(t)
		e := tea(somebody("ada"))
		old := e
		uid := s.register(e)
		guest := s.invite(uid, somebody("guest"))
		s.reply(guest, "guest@example.com", imiptest.Reply{Client: imiptest.Gmail, Answer: imiptest.Accepted, At: time.Now()})
		e.Summary, e.At = "Tea and cake", e.At.Add(time.Minute)
		s.endsIn(s.request(e), "EventUpdated")
		if got := s.event(uid); got.Summary != "Tea and cake" || got.Sequence != 1 {
			t.Errorf("after a new title: %+v", got)
		}
		if counts := s.statistics(uid); counts.Confirmed != 1 {
			t.Errorf("a new title resets answers: %+v", counts)
		}
		e.Start, e.End, e.At, e.Sequence = e.Start.Add(time.Hour), e.End.Add(time.Hour), e.At.Add(time.Minute), 1
		s.endsIn(s.request(e), "EventUpdated")
		if got := s.event(uid); got.DTStart != e.Start.Unix() || got.Sequence != 2 {
			t.Errorf("after a move: %+v", got)
		}
		if counts := s.statistics(uid); counts.Confirmed != 0 || counts.Pending != 1 {
			t.Errorf("a move keeps answers: %+v", counts)
		}
		old.Summary = "Late copy of an old version"
		s.ignored(s.request(old), "stale")
		old.Summary, old.At = "An old version, sent anew", e.At.Add(time.Minute) // SEQUENCE decides before DTSTAMP (RFC 5546 §2.1.5)
		s.ignored(s.request(old), "stale")
		if got := s.event(uid); got.Summary != "Tea and cake" || got.Sequence != 2 {
			t.Errorf("after an old request: %+v", got)
		}
	})

	t.Run("cancelled once", func(t *testing.T) {
		s := s.on(t)
		e := tea(somebody("ada"))
		uid := s.register(e)
		e.At, e.Sequence = e.At.Add(time.Minute), 1
		s.endsIn(s.cancel(e), "EventCancelled")
		if got := s.event(uid); got.Status != "cancelled" || got.Sequence != 1 {
			t.Errorf("%+v", got)
		}
		s.ignored(s.cancel(e), "already")
		e.At, e.Sequence = e.At.Add(time.Minute), 2
		s.ignored(s.cancel(e), "already")
		if got := s.event(uid); got.Sequence != 1 {
			t.Errorf("cancelled twice: %+v", got)
		}
		if a := s.link(uid, "late@example.com"); a.Status != 409 {
			t.Errorf("inviting to a cancelled event answers %d %s", a.Status, a.Body)
		}
	})

	t.Run("cancelled by a request that says so", func(t *testing.T) {
		s := s.on(t)
		e := tea(somebody("ada"))
		e.Client = imiptest.Generic
		uid := s.register(e)
		e.At, e.Sequence = e.At.Add(time.Minute), 1
		raw, err := imiptest.ComposeRequest(e)
		if err != nil {
			t.Fatal(err)
		}
		s.endsIn(s.mail(e.Organizer.Email, bytes.ReplaceAll(raw, []byte("STATUS:CONFIRMED"), []byte("STATUS:CANCELLED"))), "EventCancelled")
		if got := s.event(uid); got.Status != "cancelled" || got.Sequence != 1 {
			t.Errorf("%+v", got)
		}
	})

	t.Run("not cancelled, because nobody registered it", func(t *testing.T) {
		s := s.on(t)
		e := tea(somebody("ada"))
		x := s.cancel(e)
		s.endsIn(x, "NothingToDo")
		if a := s.Get("/event/" + x.Name); a.Status != 404 || s.sentTo(e.Organizer.Email) != 0 {
			t.Errorf("%d %s, %d mails", a.Status, a.Body, s.sentTo(e.Organizer.Email))
		}
	})

	t.Run("one instance of a series cancelled", func(t *testing.T) {
		s := s.on(t)
		e := tea(somebody("ada"))
		e.Rule = "FREQ=WEEKLY;COUNT=5"
		uid := s.register(e)
		series := e
		e.Instance, e.At, e.Sequence = e.Start.AddDate(0, 0, 7), e.At.Add(time.Minute), 1
		s.endsIn(s.cancel(e), "EventCancelled")
		if got := s.event(uid); got.Status != "confirmed" || got.Sequence != 1 {
			t.Errorf("the series is %+v", got)
		}
		s.ignored(s.cancel(e), "already")
		invited := s.invited(s.invite(uid, somebody("guest")))
		if exdate := invited.Props.Get("EXDATE"); exdate == nil || !strings.Contains(exdate.Value, e.Instance.Format("20060102T150405")) || invited.RRule() != series.Rule {
			t.Errorf("the next guest gets %v", invited.Props)
		}
	})

	t.Run("whole days and far zones", func(t *testing.T) {
		s := s.on(t)
		days := tea(somebody("ada"))
		days.Client, days.AllDay = imiptest.Apple, true
		days.Start = days.Start.Truncate(24 * time.Hour)
		days.End = days.Start.AddDate(0, 0, 2)
		uid := s.register(days)
		if got := s.event(uid); !got.AllDay || got.DTStart != days.Start.Unix() || got.DTEnd != days.End.Unix() {
			t.Errorf("%+v", got)
		}
		if invited := s.invited(s.invite(uid, somebody("guest"))); invited.Props.Get("DTSTART").Value != days.Start.Format("20060102") || invited.Props.Get("DTEND").Value != days.End.Format("20060102") {
			t.Errorf("invited to %v", invited.Props)
		}
		tokyo, err := time.LoadLocation("Asia/Tokyo")
		if err != nil {
			t.Fatal(err)
		}
		weekly := tea(somebody("ada"))
		weekly.Client, weekly.Start, weekly.End, weekly.Rule = imiptest.Outlook, weekly.Start.In(tokyo), weekly.End.In(tokyo), "FREQ=WEEKLY;COUNT=3"
		uid = s.register(weekly)
		if got := s.event(uid); got.DTStart != weekly.Start.Unix() || got.RRule != weekly.Rule || got.TZID != "Tokyo Standard Time" {
			t.Errorf("%+v", got)
		}
		if start, ok := s.invited(s.invite(uid, somebody("guest"))).Start(); !ok || !start.At.Equal(weekly.Start) || start.TZID == "" {
			t.Errorf("invited to %+v", start)
		}
	})

	t.Run("another organizer's event of the same UID is another event", func(t *testing.T) {
		s := s.on(t)
		mine, yours := tea(somebody("ada")), tea(somebody("mallory"))
		mine.UID, yours.UID = "shared-uid@example.com", "shared-uid@example.com"
		first := s.register(mine)
		yours.Summary = "Hijacked"
		second := s.register(yours)
		if first == second || s.event(first).Summary != "Tea" {
			t.Errorf("%s, %s: %+v", first, second, s.event(first))
		}
		s.endsIn(s.cancel(yours), "EventCancelled")
		if got := s.event(first); got.Status != "confirmed" {
			t.Errorf("a stranger's cancellation reached it: %+v", got)
		}
	})

	t.Run("five events without a subscription", func(t *testing.T) {
		s := s.on(t)
		organizer := somebody("ada")
		event := func(i int) imiptest.Event {
			e := tea(organizer)
			e.Key = fmt.Sprint("event", i)
			return e
		}
		for i := range 5 {
			s.register(event(i))
		}
		x := s.request(event(5))
		s.endsIn(x, "LimitReached")
		if a := s.Get("/event/" + x.Name); a.Status != 404 {
			t.Errorf("the sixth event is there: %d %s", a.Status, a.Body)
		}
		told := s.WaitSent(organizer.Email, 6)[5]
		if !strings.Contains(told.Subject, "limit") {
			t.Errorf("the organizer is told %q", told.Subject)
		}
		s.put("organizer#"+organizer.Email, "subscription#"+organizer.Email)
		s.register(event(6))
	})

	t.Run("five events also when all are mailed at once", func(t *testing.T) {
		s := s.on(t)
		organizer := somebody("ada")
		var ids []string
		for i := range 12 {
			e := tea(organizer)
			e.Key = fmt.Sprint("event", i)
			raw, err := imiptest.ComposeRequest(e)
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, s.SendMail(organizer.Email, create, raw))
		}
		ends := map[string]int{}
		for _, id := range ids {
			x := s.WaitExecution("event-request", id)
			ends[x.States[len(x.States)-1].Name]++
		}
		if ends["EventCreated"] != 5 || ends["LimitReached"] != 7 {
			t.Errorf("%v", ends)
		}
	})

	t.Run("the same event mailed twice at once is one event", func(t *testing.T) {
		s := s.on(t)
		e := tea(somebody("ada"))
		raw, err := imiptest.ComposeRequest(e)
		if err != nil {
			t.Fatal(err)
		}
		first, second := s.SendMail(e.Organizer.Email, create, raw), s.SendMail(e.Organizer.Email, create, raw)
		ends := map[string]int{}
		for _, id := range []string{first, second} {
			x := s.WaitExecution("event-request", id)
			ends[x.States[len(x.States)-1].Name]++
		}
		if ends["EventCreated"] != 1 || ends["NothingToDo"] != 1 || s.sentTo(e.Organizer.Email) != 1 {
			t.Errorf("%v, %d confirmations", ends, s.sentTo(e.Organizer.Email))
		}
	})

	t.Run("nothing for a suspended organizer", func(t *testing.T) {
		s := s.on(t)
		e := tea(somebody("ada"))
		s.put("organizer#"+e.Organizer.Email, "suspended#"+e.Organizer.Email)
		x := s.request(e)
		s.ignored(x, "suspended")
		if a := s.Get("/event/" + x.Name); a.Status != 404 {
			t.Errorf("the event is there: %d %s", a.Status, a.Body)
		}
	})

	t.Run("no key, a wrong key", func(t *testing.T) {
		s := s.on(t)
		uid := s.register(tea(somebody("ada")))
		for _, key := range []string{"", "wrong"} {
			if a := s.Do("GET", "/event/"+uid, "", "x-api-key", key); a.Status != 403 || !strings.Contains(a.Body, `"message"`) {
				t.Errorf("key %q: %d %s", key, a.Status, a.Body)
			}
		}
	})
}

// The organizer's mails can be changed without a deployment; a template that cannot be read never keeps a mail from being sent.
func TestTemplatesFromTheBucket(t *testing.T) {
	s := start(t)
	bucket := s3.New(s3.Options{BaseEndpoint: aws.String("http://" + s.AWS), Region: "us-east-1", Credentials: admin, UsePathStyle: true})
	for _, c := range []struct {
		template, want string
	}{
		{"<html><body><p>Hooray: {summary} is {uid}</p></body></html>", "Hooray: Tea &amp; &lt;cake&gt; is "},
		{"<html><body>\xff{summary}", "/invite"}, // not UTF-8
	} {
		if _, err := bucket.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("cis-templates"), Key: aws.String("new_event_notification.html"), Body: strings.NewReader(c.template)}); err != nil {
			t.Fatal(err)
		}
		e := tea(somebody("ada"))
		e.Summary = "Tea & <cake>"
		s.register(e)
		confirmation := read(t, s.WaitSent(e.Organizer.Email, 1)[0].Raw)
		if html := string(confirmation.Parts[len(confirmation.Parts)-1].Body); !strings.Contains(html, c.want) {
			t.Errorf("with the template %s: %s", c.template, html)
		}
	}
}

// EVENT_LIMIT=0 in the environment of make run lifts the limit.
func TestNoEventLimit(t *testing.T) {
	s := start(t, stacktest.Env("EVENT_LIMIT", "0"))
	organizer := somebody("ada")
	for i := range 7 {
		e := tea(organizer)
		e.Key = fmt.Sprint("event", i)
		s.register(e)
	}
}
