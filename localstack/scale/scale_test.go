// Package scale holds the whole system to its sizes: lists and events of 10,000 and 100,000 people, what each of them costs in AWS calls and
// write units, and what a step holds in memory meanwhile. With -short the sizes are smaller.
package scale

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/localstack/outbox"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
	"github.com/calendarinvite/calendarinviteserver/localstack/states"
)

func TestMain(m *testing.M) { stacktest.Main(m) }

// batch is how many rows or attendees a child of a Distributed Map is given (statemachines/*.asl.json).
const batch = 89

// children are so many that it takes for a list.
func children(people int) int { return (people + batch - 1) / batch }

// size is how many people a test is about.
func size(t testing.TB, full, short int) int {
	t.Helper()
	if !testing.Short() {
		return full
	}
	t.Logf("-short: %d people instead of %d", short, full)
	return short
}

// system is a running stack of a test.
type system struct {
	*stacktest.Stack
	t testing.TB
}

// start starts a stack without limits. Workflows do not wait, and a retry comes at once.
func start(t testing.TB) *system {
	t.Helper()
	return &system{stacktest.Start(t,
		stacktest.Env("EVENT_LIMIT", "0"), stacktest.Env("EVENT_INVITE_LIMIT", "0"),
		stacktest.Env("BULK_CONCURRENCY", "4"), stacktest.Env("FAN_OUT_CONCURRENCY", "4"),
		func(cfg *stack.Config) { cfg.Pace = 0.01 },
	), t}
}

// on is the same system in a subtest.
func (s *system) on(t testing.TB) *system { return &system{s.Stack.On(t), t} }

var host = imiptest.Address{Name: "Ada Lovelace", Email: "ada@example.com"}

// tea is the event that everybody is invited to.
func tea(s *system) imiptest.Event {
	start := time.Now().AddDate(0, 1, 0).Truncate(time.Hour).UTC()
	return imiptest.Event{
		Client: imiptest.Gmail, Organizer: host, To: imiptest.Address{Email: "create@" + s.Domain}, Key: "tea", Summary: "Tea",
		Description: "An hour of tea.", Location: "St James's Square 12, London", Start: start, End: start.Add(time.Hour), At: time.Now().Add(-time.Hour),
	}
}

// mail mails the organizer's event to create@ and waits for the end.
func (s *system) mail(compose func(imiptest.Event) ([]byte, error), e imiptest.Event) states.Execution {
	s.t.Helper()
	raw, err := compose(e)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.ended("event-request", s.SendMail(host.Email, "create@"+s.Domain, raw))
}

// register makes the event and returns its uid.
func (s *system) register(e imiptest.Event) string {
	s.t.Helper()
	return s.mail(imiptest.ComposeRequest, e).Name
}

// allow gives the organizer the permission to send lists.
func (s *system) allow() {
	s.t.Helper()
	if a := s.Do("PUT", "/system/organizer/"+host.Email+"/bulk", "", "x-api-key", "local-admin-key"); a.Status != 200 {
		s.t.Fatalf("permission for lists: %d %s", a.Status, a.Body)
	}
}

// guest is the nth person of a list.
func guest(n int) string { return fmt.Sprintf("guest.%06d@example.org", n) }

// list is a mail with so many people in its CSV; its subject names the event. 100,000 rows are nearly as large as a mail may be.
func (s *system) list(uid string, people int) []byte {
	var csv bytes.Buffer
	csv.WriteString("email,name,company\r\n")
	for n := range people {
		fmt.Fprintf(&csv, "%s,Guest Number %d,Analytical Engines Ltd\r\n", guest(n), n)
	}
	var mail bytes.Buffer
	fmt.Fprintf(&mail, "From: %s\r\nTo: bulk@%s\r\nSubject: The guests of %s\r\nMessage-ID: <list-%d@example.com>\r\nDate: %s\r\nMIME-Version: 1.0\r\n",
		host.Email, s.Domain, uid, people, time.Now().Format(time.RFC1123Z))
	mail.WriteString("Content-Type: text/csv; charset=UTF-8; name=guests.csv\r\nContent-Disposition: attachment; filename=guests.csv\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	const line = 57 // octets, which are 76 characters
	for rest := csv.Bytes(); len(rest) > 0; rest = rest[min(line, len(rest)):] {
		mail.WriteString(base64.StdEncoding.EncodeToString(rest[:min(line, len(rest))]) + "\r\n")
	}
	return mail.Bytes()
}

// bulk mails a list and waits for the end.
func (s *system) bulk(mail []byte) states.Execution {
	s.t.Helper()
	return s.ended("bulk-invites", s.SendMail(host.Email, "bulk@"+s.Domain, mail))
}

// ended waits for the end of an execution, which may take minutes, and checks that it succeeded.
func (s *system) ended(workflow, name string) states.Execution {
	s.t.Helper()
	machine := s.Wiring.Prefix() + "-" + workflow
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for status := "RUNNING"; status == "RUNNING"; {
		<-tick.C
		if now, err := s.States.Status(machine, name); err == nil { // else it has not begun
			status = now
		}
		if s.t.Context().Err() != nil {
			s.t.Fatalf("%s %s does not end", workflow, name)
		}
	}
	x, err := s.States.Describe(machine, name)
	if err != nil {
		s.t.Fatal(err)
	}
	if x.Status != "SUCCEEDED" {
		s.t.Fatalf("%s %s: %s %s %s", workflow, name, x.Status, x.Error, x.Cause)
	}
	return x
}

// mapped checks that an execution ran one Distributed Map, over so many items in so many children, of which all succeeded.
func (s *system) mapped(x states.Execution, items int) {
	s.t.Helper()
	runs, err := s.States.MapRuns(x.Machine, x.Name)
	if err != nil || len(runs) != 1 {
		s.t.Fatalf("%d Map Runs of %s: %v", len(runs), x.Name, err)
	}
	r := runs[0]
	if r.Items.All != items || r.Items.Succeeded != items || r.Children.All != children(items) || r.Children.Succeeded != children(items) {
		s.t.Errorf("the Map Run has %+v items in %+v children, want %d in %d", r.Items, r.Children, items, children(items))
	}
}

// sentBy lists the mails of a function, without their texts.
func (s *system) sentBy(function string) (sent []outbox.Sent) {
	s.t.Helper()
	all, err := s.Outbox.List(outbox.Filter{})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, m := range all {
		if m.Caller == function {
			sent = append(sent, m)
		}
	}
	return sent
}

// everybodyOnce checks that a function has sent one mail to each of so many people, and returns their ids by address.
func (s *system) everybodyOnce(function string, people int) map[string]string {
	s.t.Helper()
	sent, mails, ids := s.sentBy(function), map[string]int{}, map[string]string{}
	for _, m := range sent {
		for _, to := range m.Recipients() {
			mails[to]++
			ids[to] = m.ID
		}
	}
	wrong := 0
	for n := range people {
		if got := mails[guest(n)]; got != 1 {
			if wrong++; wrong <= 10 {
				s.t.Errorf("%s got %d mails", guest(n), got)
			}
		}
	}
	if len(sent) != people || len(mails) != people {
		s.t.Errorf("%d mails to %d people, want one to each of %d", len(sent), len(mails), people)
	}
	return ids
}

// get reads JSON from the REST API.
func (s *system) get(path, key string, into any) {
	s.t.Helper()
	a := s.Do("GET", path, "", "x-api-key", key)
	if a.Status != 200 {
		s.t.Fatalf("GET %s: %d %s", path, a.Status, a.Body)
	}
	if err := json.Unmarshal([]byte(a.Body), into); err != nil {
		s.t.Fatal(err)
	}
}
