package crash

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
)

// kills is how often the stack is killed.
func kills() int {
	if testing.Short() {
		return 12
	}
	return 24
}

// How much it is doing meanwhile.
const (
	perRound = 10 // jobs between two kills
	guests   = 60 // who answer
	host     = "host@example.com"
)

// moment is when the stack is killed.
type moment struct {
	accepted int           // after so many jobs were accepted; 0: counted from the start of the process, ready or not
	delay    time.Duration // after that
}

func (m moment) String() string { return fmt.Sprintf("%d accepted + %v", m.accepted, m.delay) }

// moments spreads the kills: over the first mails, over the work that follows them, and over the start itself, when the work of the last
// round is taken up again.
func moments(random *rand.Rand) (all []moment) {
	for i := range kills() {
		m := moment{accepted: 1 + i%8, delay: time.Duration(random.IntN(250)) * time.Millisecond}
		switch i % 4 {
		case 0:
			m.delay = 0 // between the 250 and the first step
		case 3:
			m = moment{delay: time.Duration(random.IntN(1200)) * time.Millisecond}
		}
		all = append(all, m)
	}
	return all
}

// TestKilledAtAnyMoment kills the stack again and again while mails and invitations come in. Whoever got no answer tries again, as mail servers
// do; in the end everything must be as if nothing had happened.
func TestKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("CIS_TEST_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("CIS_TEST_SEED: %v", err)
		}
	}
	t.Logf("CIS_TEST_SEED=%d", seed)
	random := rand.New(rand.NewPCG(seed, 0))

	s := newSite(t)
	p := s.start(t)
	p.waitReady(t)
	uid, jobs := prepare(t, p)
	random.Shuffle(len(jobs), func(i, j int) { jobs[i], jobs[j] = jobs[j], jobs[i] })
	todo := &queue{jobs: append([]*job(nil), jobs...)}
	p.kill(t)
	p.gone(t)

	var killed []time.Time
	for _, m := range moments(random) {
		p = s.start(t)
		if m.accepted == 0 {
			<-time.After(m.delay)
			p.kill(t)
			killed = append(killed, time.Now())
		} else {
			p.waitReady(t)
			killed = append(killed, todo.workUntil(t, p, m))
		}
		p.gone(t)
		if t.Failed() {
			t.Fatalf("at the kill %s: %s", m, p.text())
		}
	}

	p = s.start(t)
	p.waitReady(t)
	todo.work(t, p, len(jobs), new(atomic.Bool), func(int) {})
	cut := waitExecutions(t, p, jobs, killed)
	t.Logf("killed %d times; %d of %d jobs got no answer at first; %d executions outlived a kill", len(killed), retried(jobs), len(jobs), cut)
	if cut == 0 {
		t.Error("no kill hit an execution under way")
	}
	check(t, p, uid, jobs, killed)
}

// prepare registers the host's event, invites the guests, and makes the jobs: their answers, other organizers' mails, and more guests.
func prepare(t *testing.T, p *process) (uid string, jobs []*job) {
	t.Helper()
	uid, err := stack.SendMail(p.smtp, host, "create@cis.localhost", invitation(t, host))
	if err != nil {
		t.Fatal(err)
	}
	stacktest.Eventually(t, "the host's event", func() bool { return p.statuses(t)["event-request/"+uid] == "SUCCEEDED" })
	invites := &queue{}
	for i := range guests {
		invites.jobs = append(invites.jobs, &job{kind: invite, person: fmt.Sprintf("guest%d@example.org", i), uid: uid})
	}
	invites.work(t, p, guests, new(atomic.Bool), func(int) {})
	sent := p.outbox(t)
	answers := []string{imiptest.Accepted, imiptest.Declined, imiptest.Tentative}
	for i := range guests {
		guest := fmt.Sprintf("guest%d@example.org", i)
		if len(sent[guest]) != 1 {
			t.Fatalf("%d invitations to %s", len(sent[guest]), guest)
		}
		answer := imiptest.Reply{Client: imiptest.Clients[i%len(imiptest.Clients)], Answer: answers[i%len(answers)], At: time.Now()}
		raw, err := imiptest.ComposeReply([]byte(sent[guest][0].RawData), answer)
		if err != nil {
			t.Fatal(err)
		}
		jobs = append(jobs, &job{kind: reply, person: guest, answer: strings.ToLower(answer.Answer), raw: raw})
	}
	for len(jobs) < kills()*perRound {
		i := len(jobs)
		if i%4 == 0 {
			jobs = append(jobs, &job{kind: invite, person: fmt.Sprintf("late%d@example.org", i), uid: uid})
			continue
		}
		organizer := fmt.Sprintf("organizer%d@example.com", i)
		jobs = append(jobs, &job{kind: create, person: organizer, raw: invitation(t, organizer)})
	}
	return uid, jobs
}

// workUntil does jobs until the moment has come and kills the stack. It returns when that was.
func (q *queue) workUntil(t *testing.T, p *process, m moment) time.Time {
	t.Helper()
	var killed atomic.Bool
	var reached sync.Once
	come := make(chan struct{})
	worked := make(chan struct{})
	go func() {
		defer close(worked)
		q.work(t, p, perRound, &killed, func(n int) {
			if n == m.accepted {
				reached.Do(func() { close(come) })
			}
		})
	}()
	select {
	case <-come:
		<-time.After(m.delay)
	case <-worked:
	}
	killed.Store(true)
	p.kill(t)
	at := time.Now()
	<-worked
	return at
}

// waitExecutions waits until every accepted mail's execution has ended, and says how many went on after a kill.
func waitExecutions(t *testing.T, p *process, jobs []*job, killed []time.Time) (cut int) {
	t.Helper()
	workflow := map[string]string{create: "event-request/", reply: "event-reply/"}
	var open []string
	defer func() {
		if t.Failed() {
			t.Logf("no end of %v: %s", open, p.text())
		}
	}()
	stacktest.Eventually(t, "the end of all executions", func() bool {
		statuses := p.statuses(t)
		open = open[:0]
		for _, j := range jobs {
			for _, id := range j.ids {
				if status := statuses[workflow[j.kind]+id]; status == "" || status == "RUNNING" {
					open = append(open, workflow[j.kind]+id)
				}
			}
		}
		return len(open) == 0
	})
	for name, status := range p.statuses(t) {
		if status != "SUCCEEDED" {
			t.Errorf("execution %s: %s", name, status)
		}
	}
	var list []struct{ Start, Stop time.Time }
	getJSON(t, "http://"+p.api+"/_local/executions", &list)
	for _, e := range list {
		if between(killed, e.Start, e.Stop) {
			cut++
		}
	}
	return cut
}

// between reports whether one of the moments lies between two others.
func between(moments []time.Time, from, to time.Time) bool {
	for _, m := range moments {
		if m.After(from) && m.Before(to) {
			return true
		}
	}
	return false
}

func retried(jobs []*job) (n int) {
	for _, j := range jobs {
		if j.retried {
			n++
		}
	}
	return n
}

// check compares what is there with what the jobs were.
func check(t *testing.T, p *process, uid string, jobs []*job, killed []time.Time) {
	t.Helper()
	all := scan(t, p.aws)
	registered, sent := eventsIn(all), p.outbox(t)
	party, ok := registered[uid]
	if !ok {
		t.Fatal("the host's event is lost")
	}
	owned := map[string][]event{}
	for _, e := range registered {
		owned[e.text("mailto")] = append(owned[e.text("mailto")], e)
		e.checkStatistics(t)
	}
	twice := 0
	for _, j := range jobs {
		switch j.kind {
		case create:
			twice += checkCreated(t, j, owned[j.person], sent[j.person], killed)
		case invite:
			checkInvited(t, j, party, sent[j.person])
		case reply:
			checkAnswered(t, j, party)
		}
	}
	for _, r := range all {
		if pk := r.text("pk"); r.text("sk") == strings.Replace(pk, "organizer#", "organizer_statistics#", 1) && r.number("events") != len(owned[strings.TrimPrefix(pk, "organizer#")]) {
			t.Errorf("%s: %d events counted", pk, r.number("events"))
		}
	}
	t.Logf("%d events, %d attendees, %d confirmations sent twice", len(registered), len(party.attendees), twice)
	checkAPI(t, p, uid, party)
}

// checkCreated: one event, and a confirmation that was sent again only where a kill lost SES's answer. It returns 1 if that happened.
func checkCreated(t *testing.T, j *job, owned []event, confirmations []sentMail, killed []time.Time) (twice int) {
	t.Helper()
	if len(owned) != 1 {
		t.Errorf("%s: %d events instead of one", j.person, len(owned))
		return 0
	}
	e := owned[0]
	if e.text("summary") != eventOf(j.person).Summary || !j.retried && e.text("uid") != j.ids[0] {
		t.Errorf("%s: event is %s %q, of the mails %v", j.person, e.text("uid"), e.text("summary"), j.ids)
	}
	if len(confirmations) == 0 {
		t.Errorf("%s: no confirmation", j.person)
	}
	for i := 1; i < len(confirmations); i++ {
		twice = 1
		if !between(killed, confirmations[i-1].Timestamp, confirmations[i].Timestamp) {
			t.Errorf("%s: a confirmation was sent again without a kill in between", j.person)
		}
	}
	return twice
}

// checkInvited: who was led to the landing page at the first attempt has the invitation, once. A first attempt that was cut off between the
// record and the mail leaves a queued record, which the next request takes over once the first can no longer be alive.
func checkInvited(t *testing.T, j *job, party event, invitations []sentMail) {
	t.Helper()
	a, recorded := party.attendees[j.person]
	switch {
	case !j.invited || !recorded:
		t.Errorf("%s: no attendee", j.person)
	case len(invitations) > 1, len(invitations) == 0 && (!j.retried || a.text("delivery") != "queued"):
		t.Errorf("%s: %d invitations, the record says %s", j.person, len(invitations), a.text("delivery"))
	}
}

// checkAnswered: the answer stands, and was recorded once.
func checkAnswered(t *testing.T, j *job, party event) {
	t.Helper()
	a := party.attendees[j.person]
	if a.text("status") != j.answer || len(a.list("history")) != 1 {
		t.Errorf("%s: recorded is %q with %d answers, given was %q", j.person, a.text("status"), len(a.list("history")), j.answer)
	}
}

// checkAPI: what the REST API tells of the event is what its attendees' records say.
func checkAPI(t *testing.T, p *process, uid string, party event) {
	t.Helper()
	status, body, err := get("http://" + p.api + "/event/" + uid + "/statistics")
	if err != nil || status != http.StatusOK {
		t.Fatalf("statistics: %d %v", status, err)
	}
	var got map[string]any
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatal(err)
	}
	count := party.count()
	for field, name := range map[string]string{
		"attendee_count": "attendees", "rsvp_confirmed": "rsvp#accepted", "rsvp_declined": "rsvp#declined", "rsvp_tentative": "rsvp#tentative", "rsvp_pending": "rsvp#noaction",
	} {
		if got[field] != float64(count[name]) {
			t.Errorf("%s is %v, the records make %d", field, got[field], count[name])
		}
	}
}
