package crash

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack"
)

// listed is how many people are on the list: five batches.
const listed = 450

// listKills is how often the stack is killed while each kind of mail goes out.
func listKills() int {
	if testing.Short() {
		return 2
	}
	return 5
}

// TestKilledWhileAListIsSent kills the stack again and again while a list is sent, and then while all on it are told of a change. Nobody is
// left out, and a second copy has only who was being sent the first at a kill.
func TestKilledWhileAListIsSent(t *testing.T) {
	t.Parallel()
	s := newSite(t, "BULK_CONCURRENCY=1", "FAN_OUT_CONCURRENCY=1", "SEND_CONCURRENCY=2")
	p := s.start(t)
	p.waitReady(t)
	uid, err := stack.SendMail(p.smtp, host, "create@cis.localhost", invitation(t, host))
	if err != nil {
		t.Fatal(err)
	}
	await(t, "the host's event", func() bool { return p.statuses(t)["event-request/"+uid] == succeeded })
	p.post(t, "PUT", "/system/organizer/"+host+"/bulk", "") // the host may send lists
	p.slowSES(t)

	rows := "uid,email\r\n"
	for n := range listed {
		rows += uid + "," + listedGuest(n) + "\r\n"
	}
	list, err := stack.SendMail(p.smtp, host, "bulk@cis.localhost", listMail(host, rows))
	if err != nil {
		t.Fatal(err)
	}
	p, killed := s.killWhile(t, p, "Invitation: ")
	await(t, "the end of the list", func() bool { return p.ended(t, "bulk-invites/"+list) })
	p.checkMails(t, "Invitation: ", killed)

	changed := later(eventOf(host))
	raw, err := imiptest.ComposeRequest(changed)
	if err != nil {
		t.Fatal(err)
	}
	update, err := stack.SendMail(p.smtp, host, "create@cis.localhost", raw)
	if err != nil {
		t.Fatal(err)
	}
	p, killed = s.killWhile(t, p, "Updated invitation: ")
	await(t, "the end of the update", func() bool { return p.ended(t, "event-request/"+update) && p.idle(t) })
	p.checkMails(t, "Updated invitation: ", killed)

	for name, status := range p.statuses(t) {
		if status != succeeded {
			t.Errorf("execution %s: %s", name, status)
		}
	}
	party := eventsIn(scan(t, p.aws))[uid]
	party.checkStatistics(t)
	if n := party.counted["invites"]; n != listed || len(party.attendees) != listed {
		t.Errorf("%d attendees, %d invitations counted", len(party.attendees), n)
	}
	for email, a := range party.attendees {
		if a.text("delivery") != "sent" || a.number("generation") != 1 || a.number("sent_sequence") != 1 {
			t.Errorf("%s: %s, generation %d, revision %d", email, a.text("delivery"), a.number("generation"), a.number("sent_sequence"))
		}
	}
}

func listedGuest(n int) string { return fmt.Sprintf("listed%d@example.org", n) }

// await waits until the condition holds, as long as whole workflows may take that are tried again at their own pace.
func await(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !condition(); <-time.After(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not after %v", what, patience)
		}
	}
}

// killWhile kills the stack and starts it again while the mails with that subject go out: after the first, and then evenly over all of them. It
// returns when that was.
func (s site) killWhile(t *testing.T, p *process, subject string) (running *process, killed []time.Time) {
	t.Helper()
	for n := range listKills() {
		await(t, "the mails", func() bool { return p.countSent(t, subject) > n*listed/listKills() })
		p.kill(t)
		killed = append(killed, time.Now())
		p.gone(t)
		p = s.start(t)
		p.waitReady(t)
		p.slowSES(t)
	}
	return p, killed
}

// countSent counts the mails with that subject.
func (p *process) countSent(t *testing.T, subject string) (n int) {
	t.Helper()
	var sent []struct{ Subject string }
	getJSON(t, "http://"+p.api+"/_local/sent", &sent) // without the mails themselves: quickly
	for _, m := range sent {
		if strings.HasPrefix(m.Subject, subject) {
			n++
		}
	}
	return n
}

// checkMails: everybody on the list has the mail, once but for kills.
func (p *process) checkMails(t *testing.T, subject string, killed []time.Time) {
	t.Helper()
	out, twice, cut := p.outbox(t), 0, 0
	var first, last time.Time
	for n := range listed {
		var mails []sentMail
		for _, m := range out[listedGuest(n)] {
			if strings.HasPrefix(m.Subject, subject) {
				mails = append(mails, m)
			}
		}
		if len(mails) == 0 {
			t.Errorf("%s was not sent %q", listedGuest(n), subject)
			continue
		}
		for i := 1; i < len(mails); i++ {
			twice++
			if !between(killed, mails[i-1].Timestamp, mails[i].Timestamp) {
				t.Errorf("%s was sent %q again without a kill in between", listedGuest(n), subject)
			}
		}
		if at := mails[0].Timestamp; first.IsZero() || at.Before(first) {
			first = at
		}
		if at := mails[len(mails)-1].Timestamp; at.After(last) {
			last = at
		}
	}
	for _, k := range killed {
		if k.After(first) && k.Before(last) {
			cut++
		}
	}
	t.Logf("%s%d people; killed %d times while they were sent it, %d second copies", subject, listed, cut, twice)
	if cut == 0 {
		t.Errorf("no kill came while %q was sent", subject)
	}
}

// ended reports whether an execution has ended, by workflow and name.
func (p *process) ended(t *testing.T, execution string) bool {
	t.Helper()
	status := p.statuses(t)[execution]
	return status != "" && status != running
}

// idle reports whether no execution is under way.
func (p *process) idle(t *testing.T) bool {
	t.Helper()
	for _, status := range p.statuses(t) {
		if status == running {
			return false
		}
	}
	return true
}

// slowSES makes SES take its time, so that there is something to kill.
func (p *process) slowSES(t *testing.T) {
	t.Helper()
	p.post(t, "POST", "/_local/faults", `{"action": "ses:SendEmail", "kind": "delay", "delay_ms": 5, "times": -1}`)
}

// post makes a request as an administrator.
func (p *process) post(t *testing.T, method, path, body string) {
	t.Helper()
	req, err := http.NewRequest(method, "http://"+p.api+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("x-api-key", "local-admin-key")
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		t.Fatalf("%s %s: %s", method, path, resp.Status)
	}
}
