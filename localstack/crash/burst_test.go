package crash

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/localstack/aws"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack"
)

// Test500Replies: the guests of one event answer at the same moment. Every answer is counted, the sums are exact, and nobody's answer fails
// because it met another's.
func Test500Replies(t *testing.T) {
	t.Parallel()
	t.Run("at once", func(t *testing.T) {
		t.Parallel()
		burst(t, 500, func(*world) {})
	})
	// The emulator takes one transaction after the other, so none ever meets another by itself.
	t.Run("every seventh transaction meets another", func(t *testing.T) {
		t.Parallel()
		burst(t, 105, func(w *world) {
			for nth := 7; nth <= 280; nth += 7 {
				if err := w.Faults.Add(aws.Fault{Action: "dynamodb:TransactWriteItems", Nth: nth, Kind: "conflict"}); err != nil {
					t.Fatal(err)
				}
			}
		})
	})
}

// connections is how many mail servers deliver at a time.
const connections = 50

func burst(t *testing.T, guests int, trouble func(*world)) {
	w := newWorld(t, 0, "EVENT_INVITE_LIMIT=0")
	r := w.newRun(operation{arrange: func(r *run) {
		r.register()
		r.put("organizer#"+r.organizer(), "bulk#"+r.organizer())
		rows := "uid,email\r\n"
		for n := range guests {
			rows += r.uid + "," + r.guest(n) + "\r\n"
		}
		r.mail(r.organizer(), "bulk", listMail(r.organizer(), rows))
	}})
	invitations := map[string][]byte{}
	for _, m := range r.sent() {
		whole, _, err := r.Outbox.Get(m.ID)
		if err != nil {
			t.Fatal(err)
		}
		invitations[strings.Join(m.Recipients(), ",")] = whole.Raw
	}
	answers := []string{imiptest.Accepted, imiptest.Declined, imiptest.Tentative}
	want := map[string]int{}
	type mail struct {
		from string
		raw  []byte
	}
	mails := make(chan mail, guests)
	for n := range guests {
		answer := answers[n%len(answers)]
		raw, err := imiptest.ComposeReply(invitations[r.guest(n)], imiptest.Reply{Client: imiptest.Clients[n%len(imiptest.Clients)], Answer: answer, At: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		want["rsvp#"+strings.ToLower(answer)]++
		mails <- mail{r.guest(n), raw}
	}
	close(mails)

	trouble(w)
	var wait sync.WaitGroup
	for range connections {
		wait.Go(func() {
			for m := range mails {
				if _, err := stack.SendMail(w.SMTP, m.from, "rsvp@cis.localhost", m.raw); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	r.settle()
	hits := 0
	for _, f := range w.Faults.List() {
		hits += f.Hits
	}
	w.Faults.Clear()

	replies, retries := 0, 0
	for _, x := range r.executions()[r.executions0:] {
		e, err := r.States.Describe(x.Machine, x.Name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(x.Machine, "-event-reply") {
			replies++
		}
		for _, visit := range e.States {
			retries += visit.Retries
		}
		if e.Status != "SUCCEEDED" || strings.Contains(fmt.Sprint(e.States), "Throttled") {
			t.Errorf("execution %s of %s is %s: %s %s", x.Name, x.Machine, e.Status, e.Error, e.Cause)
		}
	}
	if replies != guests {
		t.Errorf("%d executions for %d replies", replies, guests)
	}
	found := r.outcome() // which compares the sums with the records
	counts := found.Counts["event#…"]
	got := maps.Clone(counts)
	maps.DeleteFunc(got, func(name string, _ int) bool { return !strings.HasPrefix(name, "rsvp#") })
	if !maps.Equal(want, got) || counts["attendees"] != guests {
		t.Errorf("counted are %v, given were %v by %d guests", counts, want, guests)
	}
	told := 0
	for _, fact := range found.Facts {
		if strings.HasPrefix(fact, "rsvp.changed ") {
			told++
		}
	}
	if told != guests {
		t.Errorf("%d answers were told", told)
	}
	if a := r.Get("/event/" + r.uid + "/statistics"); a.Status != http.StatusOK || !strings.Contains(a.Body, fmt.Sprintf(`"attendee_count":%d`, guests)) {
		t.Errorf("statistics: %d %s", a.Status, a.Body)
	}
	t.Logf("%d replies; %d transactions met another, %d times a machine ran a step again", replies, hits, retries)
}
