// Package storetest checks that a Store keeps the promises that package invite relies on: limits that are exact whoever else
// writes, statistics that always equal the attendee records, and steps that may be repeated or cut short anywhere. It drives the
// store through invite.Service, as the steps do, and directly where a promise is the store's own.
package storetest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/calendarinvite/calendarinviteserver/internal/brand"
	"github.com/calendarinvite/calendarinviteserver/internal/ical"
	"github.com/calendarinvite/calendarinviteserver/internal/imip"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/itip"
	"github.com/calendarinvite/calendarinviteserver/internal/seal"
)

// Run runs the whole suite; open returns an empty store.
func Run(t *testing.T, open func(t *testing.T) invite.Store) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, *World)
	}{
		{"create", testCreate},
		{"create with limit", testEventLimit},
		{"create concurrently", testCreateConcurrently},
		{"suspended", testSuspended},
		{"same original UID", testSameOriginalUID},
		{"update", testUpdate},
		{"update again", testUpdateAgain},
		{"instance update", testInstanceUpdate},
		{"cancel", testCancel},
		{"cancel instance", testCancelInstance},
		{"foreign organizer", testForeignOrganizer},
		{"verify", testVerify},
		{"link caps", testLinkCaps},
		{"send", testSend},
		{"send after a crash", testSendAfterCrash},
		{"send concurrently", testSendConcurrently},
		{"invite limit", testInviteLimit},
		{"invite limit concurrently", testInviteLimitConcurrently},
		{"invite again", testInviteAgain},
		{"send to a revised event", testSendRevised},
		{"answer", testAnswer},
		{"answer order", testAnswerOrder},
		{"answer an instance", testAnswerInstance},
		{"answers concurrently", testAnswersConcurrently},
		{"aliases and guests", testAttribution},
		{"reschedule", testReschedule},
		{"reschedule while answers arrive", testRescheduleConcurrently},
		{"overtaken", testOvertaken},
		{"calendars counted", testProdIDs},
		{"attendee pages", testPages},
		{"invite limit note", testLimitNote},
		{"batch", testBatch},
		{"batch with known attendees", testBatchKnown},
		{"batch to a revised event", testBatchRevised},
		{"batch and reschedule", testBatchReschedule},
		{"batch at the limit", testBatchLimit},
		{"batches at the limit concurrently", testBatchLimitConcurrently},
		{"batches concurrently", testBatchesConcurrently},
		{"mark invited", testMarkInvited},
		{"mark updated", testMarkUpdated},
		{"amend", testAmend},
		{"blocks", testBlocks},
		{"blocks of several events", testBlocksOfSeveralEvents},
		{"blocks concurrently", testBlocksConcurrently},
		{"standings", testStandings},
		{"subscribe", testSubscribe},
		{"proposals", testProposals},
		{"guests", testGuests},
		{"event lists", testEventLists},
		{"tenants", testTenants},
		{"overview", testOverview},
		{"days", testDays},
		{"organizers", testOrganizers},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, NewWorld(t, open(t))) })
	}
}

// TB is what the suite needs of a test: *testing.T and *rapid.T have it.
type TB interface {
	Helper()
	Context() context.Context
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// World is a service over the store under test, with a clock and a mailer that the test controls.
type World struct {
	t       TB
	Store   invite.Store
	Service *invite.Service
	Config  invite.Config
	Mails   *Mailer
	Clock   *Clock
	Keys    *seal.Keys

	mu     sync.Mutex
	mails  int
	events []string
	blocks map[blocked]invite.Organizer // those that stand, and whom each is counted for
}

// blocked names a block.
type blocked struct{ attendee, organizer string }

// Clock is a clock that stands still until told.
type Clock struct {
	mu sync.Mutex
	at time.Time
}

// Now implements invite.Clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// Pass lets time pass.
func (c *Clock) Pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// Mailer keeps what is sent; Fail makes it fail before or after the mail has left.
type Mailer struct {
	mu   sync.Mutex
	Sent []invite.Outgoing
	// Fail is asked before every mail; left says that the mail leaves all the same.
	Fail func(mail invite.Outgoing) (left bool, err error)
}

// Send implements invite.Mailer.
func (m *Mailer) Send(_ context.Context, mail invite.Outgoing) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.Fail != nil {
		if left, err := m.Fail(mail); err != nil {
			if left {
				m.Sent = append(m.Sent, mail)
			}
			return "", err
		}
	}
	m.Sent = append(m.Sent, mail)
	return fmt.Sprintf("ses-%d", len(m.Sent)), nil
}

// To are the mails that were sent to the address.
func (m *Mailer) To(email string) (mails []invite.Outgoing) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, mail := range m.Sent {
		if mail.To == email {
			mails = append(mails, mail)
		}
	}
	return mails
}

// start is the moment at which every World begins.
var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// NewWorld returns a World over the store, which should be empty.
func NewWorld(t TB, store invite.Store) *World {
	keys, err := seal.ParseKeys([]byte("a secret for tests only"))
	if err != nil {
		t.Fatal(err)
	}
	w := &World{
		t: t, Store: store, Mails: &Mailer{}, Clock: &Clock{at: start}, Keys: keys, blocks: map[blocked]invite.Organizer{},
		Config: invite.Config{
			Domain: "cis.example", Sender: "invites@cis.example", RSVP: "rsvp@cis.example", Unsubscribe: "unsubscribe@cis.example",
			LinkBase: "https://api.cis.example", Brand: brand.Brand{Name: "Calendar Invites"},
			OwnAddresses: []string{"create@cis.example", "rsvp@cis.example", "invites@cis.example"},
		},
	}
	w.Reconfigure(func(*invite.Config) {})
	return w
}

// Reconfigure starts the service anew with other settings: a new process.
func (w *World) Reconfigure(change func(*invite.Config)) {
	change(&w.Config)
	w.Service = invite.New(invite.Deps{Store: w.Store, Mailer: w.Mails, Clock: w.Clock, Keys: w.Keys, Config: w.Config})
}

const organizer = "ada@organizer.example"

var ada = invite.Organizer{Tenant: invite.DefaultTenant, Email: organizer}

// Meeting is an organizer's event; other lines may replace or follow those of the VEVENT.
func Meeting(lines ...string) string {
	event := []string{
		"UID:meeting-1@organizer.example", "SEQUENCE:0", "DTSTAMP:20260301T120000Z", "DTSTART:20260401T090000Z", "DTEND:20260401T100000Z",
		"SUMMARY:Planning", "LOCATION:Room 1", "ORGANIZER;CN=Ada Ng:mailto:ada@organizer.example", "ATTENDEE:mailto:create@cis.example",
	}
	method := "METHOD:REQUEST"
next:
	for _, line := range lines {
		name := nameOf(line)
		if name == "METHOD" {
			method = line
			continue
		}
		for i, has := range event {
			if nameOf(has) == name {
				event[i] = line
				continue next
			}
		}
		event = append(event, line)
	}
	text := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Organizer//EN\r\n" + method + "\r\nBEGIN:VEVENT\r\n"
	for _, line := range event {
		if nameOf(line) != line { // a name alone takes the line out
			text += line + "\r\n"
		}
	}
	return text + "END:VEVENT\r\nEND:VCALENDAR\r\n"
}

func nameOf(line string) string {
	for i := range len(line) {
		if line[i] == ':' || line[i] == ';' {
			return line[:i]
		}
	}
	return line
}

// mailID is a new message id as SES makes them.
func (w *World) mailID() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mails++
	return fmt.Sprintf("mail%036d", w.mails)
}

// Request is a mail with the calendar from the organizer.
func (w *World) Request(from, calendar string) invite.Request {
	w.t.Helper()
	parsed, err := ical.Read([]byte(calendar), ical.Limits{})
	if err != nil {
		w.t.Fatal(err)
	}
	mail := invite.Mail{MessageID: w.mailID(), Tenant: "default", Received: w.Clock.Now().Unix()}
	part := &imip.CalendarPart{Method: parsed.Method(), BodyMethod: parsed.Method(), Calendar: parsed}
	request, err := invite.NewRequest(mail, &imip.Message{From: imip.Address{Name: "Ada Ng", Email: from}, HasFrom: true}, part)
	if err != nil {
		w.t.Fatal(err)
	}
	return request
}

// Create registers the organizer's event and returns it.
func (w *World) Create(lines ...string) invite.Event {
	w.t.Helper()
	return w.CreateAt(invite.DefaultTenant, lines...)
}

// CreateAt registers an event that the organizer mailed to the tenant.
func (w *World) CreateAt(tenant string, lines ...string) invite.Event {
	w.t.Helper()
	request := w.Request(organizer, Meeting(lines...))
	request.Tenant = tenant
	created := must(w.Service.CreateEvent(w.ctx(), request))(w.t)
	if created.Result != invite.ResultCreated {
		w.t.Fatalf("create: %s", created.Result)
	}
	w.mu.Lock()
	w.events = append(w.events, created.Event.UID)
	w.mu.Unlock()
	return created.Event
}

// Invite verifies and sends, as the workflow does, and returns the result or the reason of the refusal.
func (w *World) Invite(e invite.Event, email string) string {
	w.t.Helper()
	return w.InviteAs(invite.InviteRequest{ID: w.mailID(), UID: e.UID, Email: email})
}

// InviteAs is Invite for any request.
func (w *World) InviteAs(r invite.InviteRequest) string {
	w.t.Helper()
	verified := must(w.Service.Verify(w.ctx(), r))(w.t)
	if !verified.Verified {
		return verified.Reason
	}
	return must(w.Service.Send(w.ctx(), verified.Request, verified.Event))(w.t).Result
}

// Reply is an authenticated answer to the person's invitation as it stands.
func (w *World) Reply(e invite.Event, email, partStat string) invite.Reply {
	e = w.Event(e.UID)
	attendee := w.Attendee(e, email)
	return invite.Reply{
		MessageID: w.mailID(), UID: e.UID, Attendee: email, Invited: email, Generation: attendee.Generation, From: email, Authenticated: true,
		PartStat: partStat, DTStamp: w.Clock.Now().Unix(), Sequence: e.Sequence, ProdID: "-//Google Inc//Google Calendar 70.9054//EN",
	}
}

// Answer answers a reply and returns the result.
func (w *World) Answer(r invite.Reply) invite.Answered {
	w.t.Helper()
	return must(w.Service.Answer(w.ctx(), r))(w.t)
}

// Event reads the event.
func (w *World) Event(uid string) invite.Event {
	w.t.Helper()
	return must(w.Store.Event(w.ctx(), uid))(w.t)
}

// Attendee reads the attendee's record; the zero record when there is none.
func (w *World) Attendee(e invite.Event, email string) invite.Attendee {
	w.t.Helper()
	return must(w.Store.Answering(w.ctx(), e.UID, []string{email}))(w.t).Attendees[email]
}

// Block makes or undoes a block and returns whether that changed anything.
func (w *World) Block(b invite.Block, on bool) bool {
	w.t.Helper()
	changed := must(w.Store.SetBlock(w.ctx(), b, on))(w.t)
	w.mu.Lock()
	defer w.mu.Unlock()
	switch name := (blocked{b.Attendee, b.Organizer.Email}); {
	case changed && on:
		w.blocks[name] = b.Organizer
	case changed:
		delete(w.blocks, name)
	}
	return changed
}

// Check compares all statistics with the attendee records and the blocks.
func (w *World) Check() {
	w.t.Helper()
	tenants, organizers := counts[string]{invite.DefaultTenant: fresh()}, counts[invite.Organizer]{}
	for _, uid := range w.events {
		event := w.Event(uid)
		want, tenant, owner := fresh(), tenants.of(event.Tenant), organizers.of(event.Owner())
		tenant.Events++
		owner.Events++
		for after := ""; ; {
			page, next, err := w.Store.Attendees(w.ctx(), uid, after, 7)
			if err != nil {
				w.t.Fatal(err)
			}
			for _, attendee := range page {
				want.Count(event, attendee)
				tenant.Count(event, attendee)
				owner.Count(event, attendee)
			}
			if after = next; after == "" {
				break
			}
		}
		_, got, err := w.Store.Statistics(w.ctx(), uid)
		if err != nil {
			w.t.Fatal(err)
		}
		w.compare("event "+uid, *want, got)
		w.compareDays(uid, got)
	}
	for _, want := range slices.Concat(slices.Collect(maps.Values(tenants)), slices.Collect(maps.Values(organizers))) {
		want.Blocked = 0 // here the blocks count, and not who noted one
	}
	for _, o := range w.blocks {
		tenants.of(o.Tenant).Blocked++
		organizers.of(o).Blocked++
	}
	for o, want := range organizers {
		w.compare("organizer at "+o.Tenant, *want, must(w.Store.OrganizerStatistics(w.ctx(), o))(w.t))
	}
	for tenant, want := range tenants {
		got := must(w.Store.SystemStatistics(w.ctx(), tenant))(w.t)
		w.compare("tenant "+tenant, *want, got)
		var came invite.Day
		for _, day := range must(w.Store.SystemDays(w.ctx(), tenant, "0000-00-00", "9999-99-99"))(w.t) {
			came.Events += day.Events
			came.Invites += day.Invites
		}
		expect(w.t, "what came to tenant "+tenant+" by day", invite.Day{Events: got.Events, Invites: got.Invites}, came)
	}
}

// compareDays compares the answers that the event's days add up to with its statistics.
func (w *World) compareDays(uid string, counted invite.Statistics) {
	w.t.Helper()
	moved := map[string]int{}
	for _, day := range must(w.Store.Overview(w.ctx(), uid))(w.t).Days {
		for status, n := range day.Answers {
			moved[status] += n
		}
	}
	want := maps.Clone(counted.RSVP)
	delete(want, string(itip.NoAction))
	for status, n := range want {
		if n == 0 {
			delete(want, status)
		}
	}
	maps.DeleteFunc(moved, func(_ string, n int) bool { return n == 0 })
	expect(w.t, "answers by day of event "+uid, want, moved)
}

// counts are statistics of several.
type counts[K comparable] map[K]*invite.Statistics

func (c counts[K]) of(name K) *invite.Statistics {
	if c[name] == nil {
		c[name] = fresh()
	}
	return c[name]
}

func fresh() *invite.Statistics {
	s := invite.NewStatistics()
	return &s
}

// compare compares counts that attendee records determine: all but the number of invitations, which repeats raise.
func (w *World) compare(what string, want, got invite.Statistics) {
	w.t.Helper()
	got.Invites = want.Invites
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Errorf("%s: statistics differ from the attendee records (-records +statistics):\n%s", what, diff)
	}
}

// RSVP are the event's answers by status, without zeros.
func (w *World) RSVP(e invite.Event) map[string]int {
	w.t.Helper()
	_, counts, err := w.Store.Statistics(w.ctx(), e.UID)
	if err != nil {
		w.t.Fatal(err)
	}
	for status, n := range counts.RSVP {
		if n == 0 {
			delete(counts.RSVP, status)
		}
	}
	return counts.RSVP
}

func (w *World) ctx() context.Context { return w.t.Context() }

// must unpacks a result whose error ends the test.
func must[T any](value T, err error) func(TB) T {
	return func(t TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// expect compares two values.
func expect[T any](t TB, what string, want, got T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// parallel runs f n times at once, at most eight at a time, and waits.
func parallel(n int, f func(i int)) {
	var group sync.WaitGroup
	slots := make(chan struct{}, 8)
	for i := range n {
		group.Add(1)
		slots <- struct{}{}
		go func() {
			defer group.Done()
			f(i)
			<-slots
		}()
	}
	group.Wait()
}

// answers is how an RSVP map is written in expectations.
type answers = map[string]int

var noAnswer = string(itip.NoAction)
