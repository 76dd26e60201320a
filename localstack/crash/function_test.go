package crash

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/localstack/aws"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
)

// point is where a function's process is killed: before or after the effect of the nth of its calls of an action.
type point struct {
	function, action string
	nth              int
	when             string
	cold             bool // only a process's first invocation makes this call
}

func (p point) String() string {
	return fmt.Sprintf("%s/%s %s #%d", p.function, p.when, p.action, p.nth)
}

// outcome is what an operation leaves behind, without what is different each time.
type outcome struct {
	Mails   int                 // to the person
	Records []map[string]string // that name the person, by their keys
}

// operation is one run of a workflow for one person.
type operation struct {
	s    *stacktest.Stack
	only string              // the function to kill; empty: each
	run  func(person string) // returns when the workflow has ended well; calls are counted from its last Reset
}

// TestFunctionKilledAtEachCall kills the process of each function at each of its AWS calls, before and after the call's effect. The retries of the
// state machines, of mail deliveries and of people must lead to the outcome of an undisturbed run.
func TestFunctionKilledAtEachCall(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*testing.T) operation{
		"create": requests, "update": updates, "cancel": cancellations, "invite": invites, "reply": replies,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			op := prepare(t)
			killAtEachCall(t, op)
			for _, e := range events(scan(t, op.s.AWS)) {
				e.checkStatistics(t)
			}
		})
	}
}

func killAtEachCall(t *testing.T, op operation) {
	n := 0
	observe := func() (outcome, map[string]map[string]int) {
		n++
		person := fmt.Sprintf("person%d@example.com", n)
		op.s.Endpoint.Calls().Reset()
		op.run(person)
		calls := op.s.Endpoint.Calls().Counts()
		if op.only != "" {
			calls = map[string]map[string]int{op.only: calls[op.only]}
		}
		return op.outcome(t, person), calls
	}
	_, cold := observe()
	want, warm := observe()
	if want.Mails == 0 && len(want.Records) == 0 {
		t.Fatal("an undisturbed run leaves nothing behind")
	}
	all := points(cold, warm)
	for _, p := range all {
		op.kill(t, p, warm)
		got, _ := observe()
		for _, f := range op.faults(t) {
			if f.Hits != 1 {
				t.Errorf("%s: the fault %+v did not happen", p, f)
			}
		}
		if again := p.mailsAgain(warm); got.Mails == want.Mails+1 && again {
			got.Mails-- // nobody can know that the first copy left
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("killed %s, the outcome is another (-undisturbed +killed):\n%s", p, diff)
		}
	}
	t.Logf("killed at %d points: %v", len(all), all)
}

// points are all calls that functions make for one operation, in a first or a later invocation of their processes.
func points(cold, warm map[string]map[string]int) (all []point) {
	for _, function := range slices.Sorted(maps.Keys(cold)) {
		for _, action := range slices.Sorted(maps.Keys(cold[function])) {
			for nth := range cold[function][action] {
				for _, when := range []string{aws.Before, aws.After} {
					all = append(all, point{function, action, nth + 1, when, nth >= warm[function][action]})
				}
			}
		}
	}
	return all
}

// mailsAgain says whether the process dies between SES's taking the mail and the note that it was sent, which is the last update.
func (p point) mailsAgain(warm map[string]map[string]int) bool {
	of := warm[p.function]
	return p.action == "ses:SendEmail" && p.when == aws.After ||
		of["ses:SendEmail"] > 0 && p.action == "dynamodb:UpdateItem" && p.nth == of["dynamodb:UpdateItem"] && p.when == aws.Before
}

// kill asks for the kill through the stack's door. A call that only a new process makes needs another kill, before any call, to get one.
func (op operation) kill(t *testing.T, p point, warm map[string]map[string]int) {
	t.Helper()
	if a := op.s.Do("DELETE", "/_local/faults", ""); a.Status != http.StatusNoContent {
		t.Fatal(a.Body)
	}
	add := func(p point) {
		body, err := json.Marshal(aws.Fault{Function: p.function, Action: p.action, Nth: p.nth, When: p.when, Kind: "kill"})
		if err != nil {
			t.Fatal(err)
		}
		if a := op.s.Do("POST", "/_local/faults", string(body)); a.Status != http.StatusNoContent {
			t.Fatal(a.Body)
		}
	}
	if p.cold {
		add(point{function: p.function, action: slices.Sorted(maps.Keys(warm[p.function]))[0], nth: 1, when: aws.Before})
	}
	add(p)
}

func (op operation) faults(t *testing.T) (list []aws.Fault) {
	t.Helper()
	if err := json.Unmarshal([]byte(op.s.Do("GET", "/_local/faults", "").Body), &list); err != nil {
		t.Fatal(err)
	}
	return list
}

// different is what is different each time: seconds since 1970, and the ids of calendars, mails, requests and SES.
var different = regexp.MustCompile(`\b1[5-9]\d{8}\b|[0-9a-f]{26}@google\.com|[a-z0-9]{40}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{16}-[-0-9a-f]+-000000`)

// outcome looks at what is there for a person.
func (op operation) outcome(t *testing.T, person string) outcome {
	t.Helper()
	found := outcome{Mails: len(op.s.Sent(person))}
	for _, r := range scan(t, op.s.AWS) {
		if !strings.Contains(r.text("pk")+r.text("sk")+r.text("mailto"), person) {
			continue
		}
		same := map[string]string{}
		for name := range r {
			value := fmt.Sprint(plain(r[name]))
			if name == "calendar" {
				value = "…" // has the ids in it, packed
			}
			same[alike(name, person)] = alike(value, person)
		}
		found.Records = append(found.Records, same)
	}
	slices.SortFunc(found.Records, func(a, b map[string]string) int { return strings.Compare(a["pk"]+a["sk"], b["pk"]+b["sk"]) })
	return found
}

func alike(text, person string) string {
	return different.ReplaceAllString(strings.ReplaceAll(text, person, "PERSON"), "…")
}

// requests: a person's calendar mails an event.
func requests(t *testing.T) operation {
	s := stacktest.Start(t)
	return operation{s: s, run: func(person string) { request(t, s, person, invitation(t, person)) }}
}

// updates: the calendar mails a change of it.
func updates(t *testing.T) operation {
	return changes(t, "update-event", func(e imiptest.Event) ([]byte, error) {
		e.Start, e.End = e.Start.Add(time.Hour), e.End.Add(time.Hour)
		return imiptest.ComposeRequest(e)
	})
}

// cancellations: the calendar mails that it is called off.
func cancellations(t *testing.T) operation { return changes(t, "cancel-event", imiptest.ComposeCancel) }

func changes(t *testing.T, function string, compose func(imiptest.Event) ([]byte, error)) operation {
	op := requests(t)
	register := op.run
	return operation{s: op.s, only: function, run: func(person string) {
		register(person)
		op.s.Endpoint.Calls().Reset()
		e := eventOf(person)
		e.Sequence++
		e.At = e.At.Add(time.Minute)
		raw, err := compose(e)
		if err != nil {
			t.Fatal(err)
		}
		request(t, op.s, person, raw)
	}}
}

func request(t *testing.T, s *stacktest.Stack, person string, raw []byte) {
	t.Helper()
	id := s.SendMail(person, "create@cis.localhost", raw)
	if e := s.WaitExecution("event-request", id); e.Status != "SUCCEEDED" {
		t.Errorf("%s: %s %s", e.Status, e.Error, e.Cause)
	}
}

// invites: a person opens the public link, and again where the function that answers it is killed.
func invites(t *testing.T) operation {
	s := stacktest.Start(t)
	uid := s.SendMail(host, "create@cis.localhost", invitation(t, host))
	s.WaitExecution("event-request", uid)
	return operation{s: s, run: func(person string) { open(t, s, uid, person) }}
}

func open(t *testing.T, s *stacktest.Stack, uid, person string) {
	t.Helper()
	var a stacktest.Answer
	for range 3 {
		if a = s.Get("/event/" + uid + "/invite?" + url.Values{"email": {person}}.Encode()); a.Status < 500 {
			break
		}
	}
	if a.Status != http.StatusFound {
		t.Errorf("the invite link answers %d %s", a.Status, a.Body)
	}
}

// replies: an invited person's calendar answers.
func replies(t *testing.T) operation {
	op := invites(t)
	open := op.run
	op.run = func(person string) {
		open(person)
		op.s.Endpoint.Calls().Reset()
		raw, err := imiptest.ComposeReply(op.s.Sent(person)[0].Raw, imiptest.Reply{Client: imiptest.Outlook, Answer: imiptest.Tentative, At: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		id := op.s.SendMail(person, "rsvp@cis.localhost", raw)
		if e := op.s.WaitExecution("event-reply", id); e.Status != "SUCCEEDED" {
			t.Errorf("%s: %s %s", e.Status, e.Error, e.Cause)
		}
	}
	return op
}
