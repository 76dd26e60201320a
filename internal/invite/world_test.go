package invite_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/calendarinvite/calendarinviteserver/internal/ddbstore"
	"github.com/calendarinvite/calendarinviteserver/internal/fact"
	"github.com/calendarinvite/calendarinviteserver/internal/imip"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/invite/storetest"
	"github.com/calendarinvite/calendarinviteserver/localstack/dynamo/dynamotest"
)

// world is a storetest.World on the emulator whose mailer and facts the test sees.
type world struct {
	*storetest.World
	t     *testing.T
	mails *mailer
	facts *facts
	calls *calls
}

const ada = "ada@organizer.example"

var owner = invite.Organizer{Tenant: invite.DefaultTenant, Email: ada}

func newWorld(t *testing.T) *world {
	t.Helper()
	counted := &calls{}
	cfg, table := dynamotest.NewTable(t, counted)
	w := &world{t: t, World: storetest.NewWorld(t, ddbstore.New(cfg, table)), mails: &mailer{}, facts: &facts{}, calls: counted}
	w.restart()
	return w
}

// restart starts the service anew: another process.
func (w *world) restart() {
	w.Service = invite.New(invite.Deps{Store: w.Store, Mailer: w.mails, Clock: w.Clock, Keys: w.Keys, Facts: w.facts, Config: w.Config})
}

// allowBulk lets the organizer send lists.
func (w *world) allowBulk() {
	w.t.Helper()
	if err := w.Store.SetStanding(w.t.Context(), owner, invite.BulkAllowed, true, 1); err != nil {
		w.t.Fatal(err)
	}
}

// update revises the event by another request with these lines; cancel calls it off.
func (w *world) update(e invite.Event, lines ...string) invite.Updated {
	w.t.Helper()
	updated, err := w.Service.UpdateEvent(w.t.Context(), e.UID, w.Request(ada, storetest.Meeting(lines...)))
	if err != nil {
		w.t.Fatal(err)
	}
	return updated
}

func (w *world) cancel(e invite.Event, lines ...string) invite.Cancelled {
	w.t.Helper()
	lines = append([]string{"METHOD:CANCEL", "SEQUENCE:9", "DTSTAMP:20260302T120000Z"}, lines...)
	cancelled, err := w.Service.CancelEvent(w.t.Context(), e.UID, w.Request(ada, storetest.Meeting(lines...)))
	if err != nil {
		w.t.Fatal(err)
	}
	return cancelled
}

// staged are whom a fan-out of the event's present revision stages.
func (w *world) staged(e invite.Event) []string {
	w.t.Helper()
	emails := []string{}
	found, err := w.Service.StageAttendees(w.t.Context(), e.UID, w.Event(e.UID).Sequence, func(email string) error {
		emails = append(emails, email)
		return nil
	})
	if err != nil || found.Behind != len(emails) {
		w.t.Fatalf("%d staged, %d counted, %v", len(emails), found.Behind, err)
	}
	return emails
}

// mailer keeps a copy of what is sent; fail decides about each mail first.
type mailer struct {
	mu    sync.Mutex
	sent  []invite.Outgoing
	tried int
	fail  func(try int, mail invite.Outgoing) error
}

func (m *mailer) Send(_ context.Context, mail invite.Outgoing) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tried++
	if m.fail != nil {
		if err := m.fail(m.tried, mail); err != nil {
			return "", err
		}
	}
	mail.Raw = bytes.Clone(mail.Raw)
	m.sent = append(m.sent, mail)
	return fmt.Sprintf("ses-%d", len(m.sent)), nil
}

// take returns what was sent since it was last asked, as text, by address and method.
func (m *mailer) take(t *testing.T) []string {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	lines := []string{}
	for _, mail := range m.sent {
		lines = append(lines, summary(t, mail))
	}
	m.sent = nil
	slices.Sort(lines)
	return lines
}

// summary is a mail in one line: to whom, METHOD and SEQUENCE, then of each VEVENT its RECURRENCE-ID, PARTSTAT and STATUS.
func summary(t *testing.T, mail invite.Outgoing) string {
	t.Helper()
	message, err := imip.Read(mail.Raw, imip.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	part, err := message.Calendar()
	if err != nil {
		t.Fatal(err)
	}
	parts := []string{mail.To, part.Method}
	for _, e := range part.Calendar.Events() {
		parts = append(parts, "seq="+e.Text("SEQUENCE"))
		if id := e.Text("RECURRENCE-ID"); id != "" {
			parts = append(parts, "id="+id)
		}
		for _, a := range e.Attendees() {
			parts = append(parts, a.PartStat)
		}
		parts = append(parts, e.Status())
	}
	return strings.Join(parts, " ")
}

// facts keeps what is told; fail is returned instead, once each time it is set.
type facts struct {
	mu    sync.Mutex
	told  []fact.Fact
	calls int
	fail  error
}

func (f *facts) Publish(_ context.Context, told ...fact.Fact) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	if err := f.fail; err != nil {
		f.fail = nil
		return err
	}
	f.told = append(f.told, told...)
	return nil
}

// take returns what was told since it was last asked.
func (f *facts) take() []fact.Fact {
	f.mu.Lock()
	defer f.mu.Unlock()
	told := f.told
	f.told = nil
	return told
}

// typesOf are the types of the facts, in their order.
func typesOf(told []fact.Fact) []string {
	names := []string{}
	for _, f := range told {
		names = append(names, string(f.Type))
	}
	return names
}

// idsOf are the IDs of the facts, in their order.
func idsOf(told []fact.Fact) []string {
	names := []string{}
	for _, f := range told {
		names = append(names, f.ID)
	}
	return names
}

// calls counts the calls to the table by their action.
type calls struct {
	mu   sync.Mutex
	made map[string]int
}

// RoundTrip implements http.RoundTripper.
func (c *calls) RoundTrip(r *http.Request) (*http.Response, error) {
	_, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	c.mu.Lock()
	if c.made == nil {
		c.made = map[string]int{}
	}
	c.made[action]++
	c.mu.Unlock()
	return http.DefaultTransport.RoundTrip(r)
}

// take returns what was counted and starts over.
func (c *calls) take() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	made := maps.Clone(c.made)
	clear(c.made)
	return made
}

// expect compares.
func expect[T any](t *testing.T, what string, want, got T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// uidOf is the UID in the mail's calendar.
func uidOf(t *testing.T, mail invite.Outgoing) string {
	t.Helper()
	message, err := imip.Read(mail.Raw, imip.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	part, err := message.Calendar()
	if err != nil {
		t.Fatal(err)
	}
	return part.Calendar.Events()[0].UID()
}
