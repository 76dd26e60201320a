package e2e

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/fact"
	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
	"github.com/calendarinvite/calendarinviteserver/localstack/states"
)

// webhook is somebody else's server that is told of facts. It believes only what is signed.
type webhook struct {
	server *httptest.Server
	answer func(attempt int) (status int) // nil: 204 at once

	mu   sync.Mutex
	told []told // in the order in which they came
}

// told is one request to a webhook.
type told struct {
	fact   map[string]any
	body   string
	header http.Header
}

func newWebhook(t testing.TB) *webhook {
	w := &webhook{}
	w.server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		of := told{body: string(body), header: r.Header}
		if err == nil {
			err = errors.Join(json.Unmarshal(body, &of.fact), signedBy(hookSecret, r.Header, body))
		}
		if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s: %v: %s", r.Method, r.Header, err, body)
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		attempt := 1
		for _, before := range w.told {
			if before.header.Get("webhook-id") == r.Header.Get("webhook-id") {
				attempt++
			}
		}
		w.told = append(w.told, of)
		status := http.StatusNoContent
		if w.answer != nil {
			status = w.answer(attempt)
		}
		rw.WriteHeader(status)
	}))
	t.Cleanup(w.server.Close)
	return w
}

const hookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// subscribe is the one line of configuration that a webhook takes.
func (w *webhook) subscribe(cfg *stack.Config) {
	name := fmt.Sprintf("crm-%d", len(cfg.Webhooks))
	if cfg.Webhooks == nil {
		cfg.Webhooks = map[string]string{}
	}
	cfg.Webhooks[name] = w.server.URL
	keep(cfg, "webhook-"+name, hookSecret)
}

// take returns what came since the last time.
func (w *webhook) take() []told {
	w.mu.Lock()
	defer w.mu.Unlock()
	came := w.told
	w.told = nil
	return came
}

// signedBy checks a request as the Standard Webhooks specification tells a receiver to.
func signedBy(secret string, header http.Header, body []byte) error {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		return err
	}
	at, err := strconv.ParseInt(header.Get("webhook-timestamp"), 10, 64)
	if age := time.Since(time.Unix(at, 0)); err != nil || age.Abs() > 5*time.Minute {
		return fmt.Errorf("it is from %d: %w", at, err)
	}
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%d.%s", header.Get("webhook-id"), at, body)
	if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); header.Get("webhook-signature") != want {
		return fmt.Errorf("signed %q, want %q", header.Get("webhook-signature"), want)
	}
	return nil
}

// documented are the examples of docs/events.md, by type.
func documented(t *testing.T) map[string]map[string]any {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(stacktest.Root(t), "docs", "events.md"))
	if err != nil {
		t.Fatal(err)
	}
	examples := map[string]map[string]any{}
	for _, section := range strings.Split(string(text), "\n### `")[1:] {
		name, rest, _ := strings.Cut(section, "`")
		_, rest, _ = strings.Cut(rest, "```json")
		example, _, _ := strings.Cut(rest, "```")
		var decoded map[string]any
		if err := json.Unmarshal([]byte(example), &decoded); err != nil {
			t.Fatalf("the example of %s: %v", name, err)
		}
		examples[name] = decoded
	}
	return examples
}

// mayMiss are the members that a fact may go without.
var mayMiss = []string{"name", "location", "tzid", "rrule", "change", "instances", "ses_message_id", "reason", "recurrence_id", "comment", "subtype", "diagnostic"}

// unlike says in which member a fact has another shape than its example.
func unlike(example, got any, at string) []string {
	if reflect.TypeOf(example) != reflect.TypeOf(got) {
		return []string{fmt.Sprintf("%s is %v", at, got)}
	}
	var found []string
	switch got := got.(type) {
	case map[string]any:
		example := example.(map[string]any)
		for name, value := range got {
			found = append(found, unlike(example[name], value, at+"."+name)...)
		}
		for name := range example {
			if _, has := got[name]; !has && !slices.Contains(mayMiss, name) {
				found = append(found, at+"."+name+" is missing")
			}
		}
	case []any:
		for _, value := range got {
			found = append(found, unlike(example.([]any)[0], value, at+"[]")...)
		}
	}
	return found
}

// line is what a fact says, in a line.
func line(of map[string]any) string {
	data, _ := of["data"].(map[string]any)
	words := []any{of["type"]}
	add := func(from map[string]any, names ...string) {
		for _, name := range names {
			if value, has := from[name]; has {
				words = append(words, value)
			}
		}
	}
	add(data, "attendee", "status", "previous", "grade", "channel", "comment", "change", "sequence", "summary", "type", "final", "by", "product")
	invites, _ := data["invites"].([]any)
	for _, one := range invites {
		invite, _ := one.(map[string]any)
		add(invite, "attendee", "origin", "reason")
	}
	return strings.TrimSpace(fmt.Sprintln(words...))
}

// Whatever the system learns it tells, once, in the documented shape, and signed.
func TestFacts(t *testing.T) {
	hook := newWebhook(t)
	s := start(t, hook.subscribe, withShop, stacktest.Env("EVENT_INVITE_LIMIT", "8"))
	p := &party{system: s, event: tea(somebody("ada"))}
	organizer, bob, cat := p.event.Organizer, somebody("bob"), somebody("cat")
	examples, seen, types := documented(t), map[string]bool{}, map[string]bool{}
	answer := func(word string) imiptest.Reply {
		return imiptest.Reply{Client: imiptest.Gmail, Answer: word, At: time.Now(), Comment: "See you"}
	}
	late, away := somebody("late"), "attendee.bounced ooto@simulator.amazonses.com Transient false"
	var created, answered states.Execution
	for _, step := range []struct {
		what string
		do   func()
		want []string
	}{
		{"an event", func() { created = p.request(p.event); p.uid = created.Name }, []string{"event.created confirmed 0 Tea"}},
		{"the same request", func() { p.request(p.event) }, nil},
		{"an invitation", func() { p.invite(p.uid, bob) }, []string{"invite.sent " + bob.Email + " api"}},
		{"it is there already", func() { p.link(p.uid, bob.Email) }, nil},
		{"no permission", func() { p.link(p.uid, cat.Email, "origin", "vip") }, []string{"invite.refused " + cat.Email + " vip no-bulk-permission"}},
		{"the organizer's own address", func() { p.link(p.uid, organizer.Email) }, []string{"invite.refused " + organizer.Email + " api organizer"}},
		{"an event that nobody knows", func() { p.link(strings.Repeat("z", 40), cat.Email) }, nil},
		{"an answer", func() { answered = p.reply(p.lastMail(bob), bob.Email, answer(imiptest.Accepted)) },
			[]string{"rsvp.changed " + bob.Email + " accepted noaction proven mail See you"}},
		{"another, on the page", func() { p.presses(p.leads(bob, "/rsvp/"), "answer", "declined") },
			[]string{"rsvp.changed " + bob.Email + " declined accepted proven page See you"}},
		{"a list", func() {
			p.administer("PUT", organizer.Email, "bulk")
			p.mailList(organizer.Email, fmt.Sprintf("uid,email\n%s,%s\n%s,%s\n%s,nobody\n", p.uid, cat.Email, p.uid, "anybody@bounce.localhost", p.uid))
			p.feedbackOf("anybody@bounce.localhost", 1)
		}, []string{"attendee.bounced anybody@bounce.localhost Permanent true", "invite.sent " + cat.Email + " bulk anybody@bounce.localhost bulk"}},
		{"who cannot be reached", func() { p.link(p.uid, "anybody@bounce.localhost", "origin", "test") },
			[]string{"invite.refused anybody@bounce.localhost test undeliverable"}},
		{"out of office, as after every mail", func() { p.link(p.uid, "ooto@simulator.amazonses.com"); p.feedbackOf("ooto@simulator.amazonses.com", 1) },
			[]string{away, "invite.sent ooto@simulator.amazonses.com api"}},
		{"a complaint", func() { p.link(p.uid, "anybody@complaint.localhost"); p.feedbackOf("anybody@complaint.localhost", 1) },
			[]string{"attendee.bounced anybody@complaint.localhost Complaint true", "invite.sent anybody@complaint.localhost api", "organizer.blocked anybody@complaint.localhost complaint"}},
		{"one click", func() { p.oneClick(p.lastMail(cat)) }, []string{"organizer.blocked " + cat.Email + " link"}},
		{"who blocked", func() { p.link(p.uid, cat.Email, "origin", "test") }, []string{"invite.refused " + cat.Email + " test blocked"}},
		{"taken back", func() { p.presses(unsubscribeLink(t, p.lastMail(cat)), "choice", "undo") }, []string{"organizer.unblocked " + cat.Email + " link"}},
		{"by mail", func() {
			to, subject := mailtoLink(t, p.lastMail(cat))
			p.unsubscribed(cat.Email, to, fmt.Appendf(nil, "From: %s\r\nSubject: %s\r\n\r\n\r\n", cat.Email, subject))
		}, []string{"organizer.blocked " + cat.Email + " mail"}},
		{"other words", func() {
			p.update(p.next(func(e *imiptest.Event) { e.Summary = "Cake" }))
			p.feedbackOf("ooto@simulator.amazonses.com", 2)
		}, []string{away, "event.updated confirmed details 1 Cake"}},
		{"another time", func() {
			p.update(p.next(func(e *imiptest.Event) { e.Start, e.End = e.Start.Add(time.Hour), e.End.Add(time.Hour) }))
		},
			[]string{away, "event.updated confirmed reschedule 2 Cake"}},
		{"called off", func() {
			p.callOff(p.next(func(*imiptest.Event) {}))
			p.feedbackOf("ooto@simulator.amazonses.com", 4)
		}, []string{away, "event.cancelled cancelled cancelled 3 Cake"}},
		{"too late", func() { p.link(p.uid, late.Email) }, []string{"invite.refused " + late.Email + " api event-cancelled"}},
		{"an order", func() { p.order(bought(organizer.Email, shopItem{ProductID: 1, Name: "Pro"})) }, []string{"organizer.enrolled Pro"}},
	} {
		step.do()
		s.settle()
		came := hook.take()
		var lines []string
		for _, of := range came {
			f := of.fact
			id, _ := f["id"].(string)
			at, err := time.Parse(time.RFC3339, fmt.Sprint(f["timestamp"]))
			if seen[id] || id != of.header.Get("webhook-id") || err != nil || time.Since(at).Abs() > 5*time.Minute || at.Location() != time.UTC || f["tenant"] != "default" || f["version"] != 1.0 {
				t.Errorf("%s: told before: %t, webhook-id %s, %v: %s", step.what, seen[id], of.header.Get("webhook-id"), err, of.body)
			}
			for _, problem := range unlike(examples[fmt.Sprint(f["type"])], f, "") {
				t.Errorf("%s: %s, which docs/events.md does not say: %s", step.what, problem, of.body)
			}
			seen[id], types[fmt.Sprint(f["type"])] = true, true
			lines = append(lines, line(f))
		}
		slices.Sort(lines) // one step tells several in any order
		if !slices.Equal(lines, step.want) {
			t.Errorf("%s: told %q, want %q", step.what, lines, step.want)
		}
	}
	for _, one := range fact.Types() {
		if !types[string(one)] {
			t.Errorf("nobody is told of %s", one)
		}
	}

	// Nobody knows of a step that is run again whether it had told: it tells again, under the same id.
	for workflow, x := range map[string]states.Execution{"event-request": created, "event-reply": answered} {
		s.startAgain(workflow, x)
		s.settle()
		for _, of := range hook.take() {
			if !seen[of.header.Get("webhook-id")] {
				t.Errorf("%s, run again, tells anew: %s", workflow, of.body)
			}
		}
	}
}

// Whoever cannot take a fact now gets it later, under the same id and signed anew; whoever will not take it is left alone, and the fact is
// kept. The others get theirs all the while.
func TestWebhooksInTrouble(t *testing.T) {
	busy, gone, down, well := newWebhook(t), newWebhook(t), newWebhook(t), newWebhook(t)
	trouble := []int{500, 429, 503, 408}
	busy.answer = func(attempt int) int {
		if attempt > len(trouble) {
			return http.StatusOK
		}
		return trouble[attempt-1]
	}
	gone.answer = func(int) int { return http.StatusGone }
	var repaired atomic.Bool
	down.answer = func(int) int {
		if repaired.Load() {
			return http.StatusAccepted
		}
		return http.StatusBadGateway
	}
	s := &system{Stack: stacktest.Start(t, busy.subscribe, gone.subscribe, down.subscribe, well.subscribe, func(cfg *stack.Config) { cfg.Pace = 1e-6 }), t: t}
	organizer := somebody("ada")
	s.register(tea(organizer))
	s.settle()
	attempts := func(w *webhook, want int) {
		t.Helper()
		came := w.take()
		for _, of := range came {
			if of.body != came[0].body || of.header.Get("webhook-id") != came[0].header.Get("webhook-id") || of.fact["type"] != "event.created" {
				t.Errorf("told %s and %s", of.body, came[0].body)
			}
		}
		if len(came) != want {
			t.Errorf("%d attempts, want %d", len(came), want)
		}
	}
	attempts(well, 1)
	attempts(busy, len(trouble)+1)
	attempts(gone, 1)
	attempts(down, 25) // over two days, half of the longest there can be; at this pace a moment

	// What was not delivered is a failed execution, which names the fact; started again, it delivers.
	repaired.Store(true)
	failed := map[string]bool{}
	for _, summary := range s.executions("webhook-delivery") {
		if summary.Status == "SUCCEEDED" {
			continue
		}
		var of struct {
			Webhook string
			Fact    struct{ Type string }
		}
		s.output(summary.Input, &of)
		failed[of.Webhook] = true
		x, err := s.States.Describe("cis-webhook-delivery", summary.Name)
		if err != nil {
			t.Fatal(err)
		}
		if x.Status != "FAILED" || x.Error == "" || of.Fact.Type != "event.created" || x.States[len(x.States)-1].Name != "NotDelivered" {
			t.Errorf("%s: %s %s: %s", of.Webhook, x.Status, x.Error, x.Input)
		}
		if of.Webhook == "crm-2" {
			s.endsIn(s.startAgain("webhook-delivery", x), "Delivered")
		}
	}
	if len(failed) != 2 || !failed["crm-1"] || !failed["crm-2"] {
		t.Errorf("not delivered: %v", failed)
	}
	attempts(down, 1)
	s.countsAreSums()
}
