// Package e2e tests the whole system through its real doors: mail goes in by SMTP, links and the API are opened by HTTP, records and
// executions are looked at as a person would.
package e2e

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
	"github.com/calendarinvite/calendarinviteserver/internal/imip"
	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
	"github.com/calendarinvite/calendarinviteserver/localstack/states"
)

func TestMain(m *testing.M) { stacktest.Main(m) }

const (
	create = "create@cis.localhost"
	rsvp   = "rsvp@cis.localhost"
)

// system is a running stack and the words that the stories are told in.
type system struct {
	*stacktest.Stack
	t       testing.TB
	failing []string // workflows whose executions are meant to fail
}

// start starts a system. When the test is over and every execution has ended, its counts must be those of its records, no function may
// have been refused anything, and no execution may have failed.
func start(t testing.TB, changes ...func(*stack.Config)) *system {
	t.Helper()
	s := &system{Stack: stacktest.Start(t, changes...), t: t}
	t.Cleanup(func() {
		s.settle()
		s.countsAreSums()
		for _, d := range s.Endpoint.Permissions().Denied() {
			t.Errorf("%s was refused %s on %s", d.Function, d.Action, d.Resource)
		}
		all, err := s.States.List("")
		if err != nil {
			t.Error(err)
		}
		for _, x := range all {
			if x.Status != "SUCCEEDED" && !slices.Contains(s.failing, strings.TrimPrefix(x.Machine, s.Wiring.Prefix()+"-")) {
				t.Errorf("execution %s of %s is %s", x.Name, x.Machine, x.Status)
			}
		}
	})
	return s
}

// settle waits until no execution is under way and no event is on its way to one: fan-outs, feedback and webhooks run on after the mail's
// own execution has ended.
func (s *system) settle() {
	s.t.Helper()
	var running []string
	defer func() {
		if len(running) > 0 {
			s.t.Errorf("still under way: %v", running)
		}
	}()
	s.Eventually("the end of every execution", func() bool {
		pending, err := s.Events.Pending()
		if err != nil {
			s.t.Fatal(err)
		}
		all, err := s.States.List("")
		if err != nil {
			s.t.Fatal(err)
		}
		running = nil
		for _, d := range pending {
			running = append(running, "an event for the rule "+d.Rule)
		}
		for _, x := range all {
			if x.Status == "RUNNING" {
				running = append(running, x.Machine+"/"+x.Name)
			}
		}
		return len(running) == 0
	})
}

// on is the same system in a subtest.
func (s *system) on(t testing.TB) *system { return &system{Stack: s.Stack.On(t), t: t} }

var people atomic.Int64

// somebody is a person whom no other test knows.
func somebody(name string) imiptest.Address {
	return imiptest.Address{Name: name, Email: fmt.Sprintf("%s.%d@example.com", url.PathEscape(name), people.Add(1))}
}

// tea is an event of the organizer's next month, in the morning, as Google writes it.
func tea(organizer imiptest.Address) imiptest.Event {
	now := time.Now().UTC().Truncate(time.Second)
	at := now.AddDate(0, 1, 0).Truncate(24 * time.Hour).Add(9 * time.Hour)
	return imiptest.Event{
		Client: imiptest.Gmail, Organizer: organizer, To: imiptest.Address{Email: create}, Key: "tea",
		Summary: "Tea", Location: "London", Start: at, End: at.Add(time.Hour), At: now.Add(-time.Hour),
	}
}

// mail sends an organizer's mail and waits for the end of its workflow.
func (s *system) mail(from string, raw []byte) states.Execution {
	s.t.Helper()
	return s.WaitExecution("event-request", s.SendMail(from, create, raw))
}

// request mails the event's request.
func (s *system) request(e imiptest.Event) states.Execution {
	s.t.Helper()
	raw, err := imiptest.ComposeRequest(e)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.mail(e.Organizer.Email, raw)
}

// cancel mails the event's cancellation.
func (s *system) cancel(e imiptest.Event) states.Execution {
	s.t.Helper()
	raw, err := imiptest.ComposeCancel(e)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.mail(e.Organizer.Email, raw)
}

// register makes an event and returns its uid.
func (s *system) register(e imiptest.Event) string {
	s.t.Helper()
	x := s.request(e)
	s.endsIn(x, "EventCreated")
	return x.Name
}

// endsIn checks that the execution succeeded in the state.
func (s *system) endsIn(x states.Execution, state string) {
	s.t.Helper()
	if last := x.States[len(x.States)-1].Name; x.Status != "SUCCEEDED" || last != state {
		s.t.Fatalf("execution %s of %s is %s in %s, want %s: %s %s\n%s", x.Name, x.Machine, x.Status, last, state, x.Error, x.Cause, x.Output)
	}
}

// reason is why an execution did nothing: the first step's reason, or the result of the step that found nothing to do.
func (s *system) reason(x states.Execution) string {
	s.t.Helper()
	type step struct{ Done struct{ Result string } }
	var out struct {
		Reason                      string
		Created, Updated, Cancelled step
	}
	if err := json.Unmarshal(x.Output, &out); err != nil {
		s.t.Fatalf("output of %s: %v: %s", x.Name, err, x.Output)
	}
	return cmp.Or(out.Reason, out.Cancelled.Done.Result, out.Updated.Done.Result, out.Created.Done.Result)
}

// ignored checks that the execution did nothing, for the reason.
func (s *system) ignored(x states.Execution, reason string) {
	s.t.Helper()
	s.endsIn(x, "NothingToDo")
	if got := s.reason(x); got != reason {
		s.t.Errorf("nothing is done because of %q, want %q", got, reason)
	}
}

// link opens the public invite link.
func (s *system) link(uid, email string, query ...string) stacktest.Answer {
	s.t.Helper()
	values := url.Values{"email": {email}}
	for i := 0; i+1 < len(query); i += 2 {
		values.Set(query[i], query[i+1])
	}
	return s.Do("GET", "/event/"+uid+"/invite?"+values.Encode(), "")
}

// invite invites somebody by the link and returns the mail that they got.
func (s *system) invite(uid string, who imiptest.Address) []byte {
	s.t.Helper()
	if a := s.link(uid, who.Email, "name", who.Name); a.Status != 302 {
		s.t.Fatalf("the link for %s answers %d %s", who.Email, a.Status, a.Body)
	}
	sent := s.WaitSent(who.Email, 1)
	return sent[len(sent)-1].Raw
}

// reply answers an invitation and waits for the workflow's end.
func (s *system) reply(invitation []byte, from string, r imiptest.Reply) states.Execution {
	s.t.Helper()
	raw, err := imiptest.ComposeReply(invitation, r)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.WaitExecution("event-reply", s.SendMail(from, rsvp, raw))
}

// result is what became of the (first) answer of a reply.
func (s *system) result(x states.Execution) invite.Answered {
	s.t.Helper()
	var out struct {
		Updated struct {
			Done struct{ Results []invite.Answered }
		}
	}
	if err := json.Unmarshal(x.Output, &out); err != nil || len(out.Updated.Done.Results) == 0 {
		s.t.Fatalf("no result in the output of %s (%s): %v: %s", x.Name, x.Status, err, x.Output)
	}
	return out.Updated.Done.Results[0]
}

// event reads the event by the API.
func (s *system) event(uid string) (e struct {
	UID, Summary, Status, MailTo, TZID, RRule string
	Sequence                                  int
	DTStart, DTEnd                            int64
	AllDay                                    bool `json:"all_day"`
}) {
	s.t.Helper()
	s.get("/event/"+uid, &e)
	return e
}

type statistics struct {
	EventID       string         `json:"event_id"`
	AttendeeCount int            `json:"attendee_count"`
	Confirmed     int            `json:"rsvp_confirmed"`
	Declined      int            `json:"rsvp_declined"`
	Tentative     int            `json:"rsvp_tentative"`
	Pending       int            `json:"rsvp_pending"`
	Attendees     int            `json:"attendees"`
	Origin        map[string]int `json:"origin"`
	ProdID        map[string]int `json:"prodid"`
	RSVP          map[string]int `json:"rsvp"`
}

// statistics reads the counts by the API, and holds them against the records.
func (s *system) statistics(uid string) statistics {
	s.t.Helper()
	var counts statistics
	s.get("/event/"+uid+"/statistics", &counts)
	event, attendees := s.records(uid)
	want := invite.NewStatistics()
	for _, a := range attendees {
		want.Count(event, a)
	}
	if !maps.Equal(counts.RSVP, want.RSVP) || !maps.Equal(counts.Origin, want.Origin) || !maps.Equal(counts.ProdID, want.ProdID) {
		s.t.Errorf("statistics are %+v, the records make %+v", counts, want)
	}
	if counts.Attendees != len(attendees) || counts.AttendeeCount != len(attendees) || counts.EventID != uid {
		s.t.Errorf("statistics of %s count %d attendees, there are %d records", counts.EventID, counts.Attendees, len(attendees))
	}
	return counts
}

func (s *system) get(path string, into any) {
	s.t.Helper()
	a := s.Get(path)
	if a.Status != 200 {
		s.t.Fatalf("GET %s: %d %s", path, a.Status, a.Body)
	}
	if err := json.Unmarshal([]byte(a.Body), into); err != nil {
		s.t.Fatalf("GET %s: %v: %s", path, err, a.Body)
	}
}

// sentTo counts the mails to an address.
func (s *system) sentTo(email string) int {
	s.t.Helper()
	return len(s.Sent(email))
}

// read parses a mail with our own reader; the composer's tests have a second reader from another hand.
func read(t testing.TB, raw []byte) *imip.Message {
	t.Helper()
	m, err := imip.Read(raw, imip.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// invited is the event that an invitation invites to.
func (s *system) invited(invitation []byte) ical.Event {
	s.t.Helper()
	part, err := read(s.t, invitation).Calendar()
	if err != nil {
		s.t.Fatal(err)
	}
	event, ok := part.Calendar.Main()
	if !ok {
		s.t.Fatalf("nothing is invited to: %s", invitation)
	}
	return event
}

// linkIn is the path of the first link in a mail's text that leads below a route.
func linkIn(t testing.TB, mail []byte, route string) string {
	t.Helper()
	_, link, found := strings.Cut(string(read(t, mail).Parts[0].Body), route)
	if !found {
		t.Fatalf("the mail has no link to %s:\n%s", route, mail)
	}
	if end := strings.IndexAny(link, "? \r\n>"); end >= 0 {
		link = link[:end]
	}
	return route + link
}

// startAgain starts a workflow once more with an execution's input, and waits for its end.
func (s *system) startAgain(workflow string, x states.Execution) states.Execution {
	s.t.Helper()
	name := fmt.Sprintf("again-%d-%s", people.Add(1), x.Name)
	name = name[:min(len(name), 80)] // the longest name of an execution
	if _, err := s.States.Start(context.Background(), "cis-"+workflow, name, x.Input); err != nil {
		s.t.Fatal(err)
	}
	return s.WaitExecution(workflow, name)
}

// forge changes one character in the middle of a sealed token.
func forge(token string) string {
	at, other := len(token)-20, byte('a')
	if token[at] == other {
		other = 'b'
	}
	return token[:at] + string(other) + token[at+1:]
}
