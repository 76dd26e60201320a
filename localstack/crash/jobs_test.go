package crash

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack"
)

// Kinds of jobs.
const (
	create = "create" // an organizer's mail
	reply  = "reply"  // a guest's answer to an invitation
	invite = "invite" // somebody opens the invite link
)

// job is something that a person does once. Where the stack dies before it answers, the person, or the mail server in between, does it again.
type job struct {
	kind   string
	person string // address
	answer string // of a reply
	raw    []byte // the mail
	uid    string // the event of an invite link

	ids     []string // message ids of the mails that were accepted with 250
	invited bool     // the link was answered with its redirect
	retried bool     // an attempt before was not answered
}

// do does the job; it reports whether the stack said that it is done.
func (j *job) do(p *process) (err error) {
	if j.kind == invite {
		if err = p.invite(j.uid, j.person); err == nil {
			j.invited = true
		}
		return err
	}
	to := "create@cis.localhost"
	if j.kind == reply {
		to = "rsvp@cis.localhost"
	}
	id, err := stack.SendMail(p.smtp, j.person, to, j.raw)
	if id != "" {
		j.ids = append(j.ids, id) // whatever became of the connection after the 250
		return nil
	}
	return err
}

// queue is the jobs that are not done.
type queue struct {
	mu   sync.Mutex
	jobs []*job
}

func (q *queue) take() *job {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.jobs) == 0 {
		return nil
	}
	j := q.jobs[0]
	q.jobs = q.jobs[1:]
	return j
}

func (q *queue) putBack(j *job) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.jobs = append([]*job{j}, q.jobs...)
}

// workers is how many do jobs at the same time.
const workers = 6

// work does up to limit jobs. It calls done after each, with how many are done. An error before killed is set is the test's failure; after it,
// the job goes back into the queue.
func (q *queue) work(t *testing.T, p *process, limit int, killed *atomic.Bool, done func(n int)) {
	var started, ended atomic.Int64
	var wait sync.WaitGroup
	for range workers {
		wait.Go(func() {
			for !killed.Load() && started.Add(1) <= int64(limit) {
				j := q.take()
				if j == nil {
					return
				}
				if err := j.do(p); err != nil {
					if !killed.Load() {
						t.Errorf("%s of %s: %v", j.kind, j.person, err)
					}
					j.retried = true
					q.putBack(j)
					return
				}
				done(int(ended.Add(1)))
			}
		})
	}
	wait.Wait()
}

// eventOf is the event of an organizer, next month.
func eventOf(organizer string) imiptest.Event {
	start := time.Now().AddDate(0, 1, 0).Truncate(24 * time.Hour).UTC()
	return imiptest.Event{
		Client: imiptest.Gmail, Organizer: imiptest.Address{Name: "Ada", Email: organizer}, To: imiptest.Address{Email: "create@cis.localhost"},
		Key: "crash", Summary: "Tea with " + organizer, Start: start, End: start.Add(time.Hour), At: time.Now(),
	}
}

// invitation is the mail by which an organizer's calendar registers the event.
func invitation(t testing.TB, organizer string) []byte {
	t.Helper()
	raw, err := imiptest.ComposeRequest(eventOf(organizer))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
