package bench

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
)

// system is a stack without limits.
func system(b testing.TB) *stacktest.Stack {
	return stacktest.Start(b, stacktest.Env("EVENT_LIMIT", "0"), stacktest.Env("EVENT_INVITE_LIMIT", "0"), stacktest.Env("LINK_SOURCE_CAP", "0"))
}

// BenchmarkCreate: organizers' calendars mail their events; each is done when the event is registered and the confirmation has left.
func BenchmarkCreate(b *testing.B) {
	s := system(b)
	n := measure(b, s, "create", func(n int) error {
		_, err := register(s, fmt.Sprintf("organizer%d@example.com", n))
		return err
	})
	expectSent(b, s, n)
}

// BenchmarkInvite: people open the public link of one popular event; each is done when the invitation has left.
func BenchmarkInvite(b *testing.B) {
	s := system(b)
	uid, err := register(s, "host@example.com")
	if err != nil {
		b.Fatal(err)
	}
	n := measure(b, s, "invite", func(n int) error { return open(s, uid, guest(n)) })
	expectSent(b, s, n+1)
}

// BenchmarkReply: the guests of one event answer, and change their minds again and again; each is done when the answer is counted.
func BenchmarkReply(b *testing.B) {
	s := system(b)
	uid, err := register(s, "host@example.com")
	if err != nil {
		b.Fatal(err)
	}
	const guests = 128
	inviting := begin(func(n int) error { return open(s, uid, guest(n)) })
	for range guests {
		inviting.next(b)
	}
	inviting.end()
	var invitations [guests][]byte
	for i := range invitations {
		invitations[i] = s.WaitSent(guest(i), 1)[0].Raw
	}
	answers := []string{imiptest.Accepted, imiptest.Declined, imiptest.Tentative}
	began := time.Now()
	answerOf := func(n int) string { return answers[n/guests%len(answers)] }
	n := measure(b, s, "reply", func(n int) error {
		raw, err := imiptest.ComposeReply(invitations[n%guests], imiptest.Reply{
			Client: imiptest.Clients[n%len(imiptest.Clients)], Answer: answerOf(n), At: began.Add(time.Duration(n/guests) * time.Second),
		})
		if err != nil {
			return err
		}
		id, err := stack.SendMail(s.SMTP, guest(n%guests), "rsvp@"+s.Domain, raw)
		if err != nil {
			return err
		}
		return finished(s, "event-reply", id)
	})
	want := map[string]int{}
	for i := max(0, n-guests); i < n; i++ {
		want[answerOf(i)]++
	}
	expectAnswers(b, s, uid, want)
}

func guest(n int) string { return fmt.Sprintf("guest%d@example.org", n) }

// register mails an event of an organizer and waits for the end.
func register(s *stacktest.Stack, organizer string) (uid string, err error) {
	start := time.Now().AddDate(0, 1, 0).Truncate(time.Hour).UTC()
	raw, err := imiptest.ComposeRequest(imiptest.Event{
		Client: imiptest.Gmail, Organizer: imiptest.Address{Name: "Ada Lovelace", Email: organizer}, To: imiptest.Address{Email: "create@" + s.Domain},
		Key: "bench", Summary: "Tea", Description: "An hour of tea.", Location: "St James's Square 12, London", Start: start, End: start.Add(time.Hour), At: time.Now(),
	})
	if err != nil {
		return "", err
	}
	if uid, err = stack.SendMail(s.SMTP, organizer, "create@"+s.Domain, raw); err != nil {
		return "", err
	}
	return uid, finished(s, "event-request", uid)
}

var browser = http.Client{
	Timeout:       stacktest.Patience,
	Transport:     &http.Transport{MaxIdleConnsPerHost: concurrency},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// open opens the invite link up to the redirect, which comes when the invitation has left.
func open(s *stacktest.Stack, uid, email string) error {
	resp, err := browser.Get("http://" + s.API + "/event/" + uid + "/invite?" + url.Values{"email": {email}}.Encode())
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusFound {
		err = fmt.Errorf("the invite link answers %s: %s", resp.Status, body)
	}
	return err
}
