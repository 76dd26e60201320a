package notify

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/imip"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

// account is Claims in memory. Its log is what was asked of it and of the outbox, in order.
type account struct {
	log             []string
	claim           Claim
	failing, marked error // errors of ClaimAnswer and MarkAnswered
	cap             int
}

func (a *account) ClaimAnswer(_ context.Context, address, day, messageID string, dailyCap int) (Claim, error) {
	a.log = append(a.log, strings.Join([]string{"claim", address, day, messageID}, " "))
	a.cap = dailyCap
	return a.claim, a.failing
}

func (a *account) MarkAnswered(_ context.Context, address, day, messageID string) error {
	a.log = append(a.log, strings.Join([]string{"mark", address, day, messageID}, " "))
	return a.marked
}

// outbox is a mailer that keeps what it is given.
type outbox struct {
	account *account
	failing error
	sent    []invite.Outgoing
}

func (o *outbox) Send(_ context.Context, mail invite.Outgoing) (string, error) {
	o.account.log = append(o.account.log, "send "+mail.To)
	if o.failing != nil {
		return "", o.failing
	}
	o.sent = append(o.sent, mail)
	return "ses-1", nil
}

func notifier(t *testing.T, settings Settings, blobs Blobs) (*Notifier, *account, *outbox) {
	t.Helper()
	w, err := New(settings, blobs)
	if err != nil {
		t.Fatal(err)
	}
	claims := &account{claim: Claimed}
	mailer := &outbox{account: claims}
	return &Notifier{
		Writer: w, Claims: claims, Mailer: mailer, Sender: imip.Address{Name: "Kalender, Söhne & Co", Email: "support@example.org"}, Cap: 20,
	}, claims, mailer
}

func answer() Answer {
	return Answer{
		To: "ada@example.com", MessageID: "0100018d", InReplyTo: "<CAF=1@mail.example.com>", Auto: imip.AutoReplied,
		Received: time.Date(2026, 3, 12, 23, 30, 0, 0, time.FixedZone("", -5*3600)), Tell: newEvent(), References: "event-" + testUID + "@example.org",
	}
}

const (
	asked   = "claim ada@example.com 2026-03-13 0100018d" // the day is UTC's
	mailed  = "send ada@example.com"
	settled = "mark ada@example.com 2026-03-13 0100018d"
)

// The mail is claimed before it leaves and marked after: a crash in between sends it again, a second run after that does not.
func TestNotify(t *testing.T) {
	away := fault.New(fault.Unavailable, "away", "")
	tests := []struct {
		name    string
		prepare func(*Notifier, *account, *outbox, *Answer)
		want    Told
		fails   fault.Kind // empty = no error
		log     []string
	}{
		{"claimed", func(*Notifier, *account, *outbox, *Answer) {}, Told{Claim: Claimed, SESMessageID: "ses-1"}, "", []string{asked, mailed, settled}},
		{"answered before", func(_ *Notifier, a *account, _ *outbox, _ *Answer) { a.claim = Done }, Told{Claim: Done}, "", []string{asked}},
		{"enough for today", func(_ *Notifier, a *account, _ *outbox, _ *Answer) { a.claim = Capped }, Told{Claim: Capped}, "", []string{asked}},
		{"claims away", func(_ *Notifier, a *account, _ *outbox, _ *Answer) { a.claim, a.failing = "", away }, Told{}, fault.Unavailable, []string{asked}},
		{"mailer away", func(_ *Notifier, _ *account, o *outbox, _ *Answer) { o.failing = away }, Told{}, fault.Unavailable, []string{asked, mailed}},
		{"not marked", func(_ *Notifier, a *account, _ *outbox, _ *Answer) { a.marked = away },
			Told{Claim: Claimed, SESMessageID: "ses-1"}, fault.Unavailable, []string{asked, mailed, settled}},
		{"nothing to write", func(_ *Notifier, _ *account, _ *outbox, a *Answer) { a.Tell = NewEvent{InviteLink: "javascript:x"} }, Told{}, fault.Internal, []string{asked}},
		{"no sender", func(n *Notifier, _ *account, _ *outbox, _ *Answer) { n.Sender.Email = "" }, Told{}, fault.InvalidRequest, []string{asked}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			n, claims, mailer := notifier(t, full(), nil)
			a := answer()
			test.prepare(n, claims, mailer, &a)
			got, err := n.Notify(t.Context(), a)
			if (err != nil) != (test.fails != "") || err != nil && fault.KindOf(err) != test.fails {
				t.Errorf("error %v, want one of kind %q", err, test.fails)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.log, claims.log); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			if claims.cap != 20 {
				t.Errorf("claimed with a cap of %d", claims.cap)
			}
		})
	}
}

// What leaves is a mail that its reader can file: from us, to the organizer, threaded, marked as automatic, with the words of the Writer.
func TestNotifyMail(t *testing.T) {
	tests := []struct {
		name           string
		change         func(*Answer)
		auto, replyTo  string
		references     []string
		hasNoInReplyTo bool
	}{
		{"answer to a mail", func(*Answer) {}, "auto-replied", "CAF=1@mail.example.com", []string{"event-" + testUID + "@example.org", "CAF=1@mail.example.com"}, false},
		{"mail without an id", func(a *Answer) { a.InReplyTo = "" }, "auto-replied", "", []string{"event-" + testUID + "@example.org"}, true},
		{"nobody asked", func(a *Answer) { a.InReplyTo, a.References, a.Auto = "", "", imip.AutoGenerated }, "auto-generated", "", nil, true},
		{"an id with a header in it", func(a *Answer) { a.InReplyTo, a.References = "<x@y>\r\nBcc: all@example.com", "" }, "auto-replied", "", nil, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			n, _, mailer := notifier(t, full(), nil)
			a := answer()
			test.change(&a)
			if _, err := n.Notify(t.Context(), a); err != nil {
				t.Fatal(err)
			}
			out := mailer.sent[0]
			if out.From != n.Sender.Email || out.To != a.To || out.Tags["notification"] != string(KindNewEvent) {
				t.Errorf("envelope from %q to %q, tags %v", out.From, out.To, out.Tags)
			}
			m, err := imip.Read(out.Raw, imip.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			written := write(t, full(), nil, a.Tell)
			if m.From != n.Sender || m.Subject != written.Subject || !m.Date.Equal(a.Received) {
				t.Errorf("From %v, Subject %q, Date %v", m.From, m.Subject, m.Date)
			}
			for name, want := range map[string]string{"To": a.To, "Auto-Submitted": test.auto} { // RFC 3834 §5
				if got := m.Header.Values(name); len(got) != 1 || strings.Trim(got[0], " <>") != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			if m.InReplyTo != test.replyTo || m.Header.Has("In-Reply-To") == test.hasNoInReplyTo || m.Header.Has("Bcc") {
				t.Errorf("In-Reply-To %q, want %q", m.InReplyTo, test.replyTo)
			}
			if diff := cmp.Diff(test.references, m.References); diff != "" {
				t.Errorf("References (-want +got):\n%s", diff)
			}
			if m.Auto.Submitted != test.auto || m.Auto.DeliveryReport || m.Auto.ListID != "" {
				t.Errorf("reads as %+v", m.Auto)
			}
			checkBodies(t, m, written)
		})
	}
}

// A reply to what a guest wrote goes to the guest, and files go along as they are.
func TestNotifyReplyToAndAttachments(t *testing.T) {
	n, _, mailer := notifier(t, full(), nil)
	a := answer()
	a.Tell = Question{Mailto: a.To, Guest: "Grace Hopper", Email: "grace@example.com", Text: "Is there tea?"}
	a.ReplyTo = imip.Address{Name: "Grace Hopper", Email: "grace@example.com"}
	a.Attachments = []imip.Attachment{{Filename: "guests.csv", Type: "text/csv; charset=UTF-8", Body: []byte("row,email\r\n1,grace@example.com\r\n")}}
	if _, err := n.Notify(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	m, err := imip.Read(mailer.sent[0].Raw, imip.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if m.ReplyTo != a.ReplyTo || m.From != n.Sender {
		t.Errorf("From %v, Reply-To %v", m.From, m.ReplyTo)
	}
	last := m.Parts[len(m.Parts)-1]
	if len(m.Parts) != 3 || last.Type != "text/csv" || string(last.Body) != string(a.Attachments[0].Body) {
		t.Errorf("%d parts, the last is %s: %q", len(m.Parts), last.Type, last.Body)
	}
}

// checkBodies compares the two alternatives with what was written.
func checkBodies(t *testing.T, m *imip.Message, written Mail) {
	t.Helper()
	var types []string
	for _, part := range m.Parts {
		types = append(types, part.Type)
		want := map[string]string{"text/plain": written.Text, "text/html": written.HTML}[part.Type]
		body := strings.TrimRight(strings.ReplaceAll(string(part.Body), "\r\n", "\n"), "\n")
		if body != strings.TrimRight(want, "\n") {
			t.Errorf("%s differs from what was written:\n%s", part.Type, body)
		}
	}
	if diff := cmp.Diff([]string{"text/plain", "text/html"}, types); diff != "" {
		t.Errorf("alternatives (-want +got):\n%s", diff)
	}
}

// What was wrong with a template of the bucket reaches whoever logs, and the mail leaves all the same.
func TestNotifyPassesNoticesOn(t *testing.T) {
	n, _, mailer := notifier(t, withBucket(), bucket{"cis-templates/new_event_notification.html": []byte("<html>{sumary}</html>")})
	told, err := n.Notify(t.Context(), answer())
	if err != nil {
		t.Fatal(err)
	}
	if len(mailer.sent) != 1 || len(told.Notices) != 1 || !strings.Contains(told.Notices[0], "{sumary}") {
		t.Errorf("%d mails, notices %q", len(mailer.sent), told.Notices)
	}
}

// Run again after the mailer failed, the mail leaves once and is marked once.
func TestNotifyAgainAfterAFailure(t *testing.T) {
	n, claims, mailer := notifier(t, full(), nil)
	mailer.failing = errors.New("connection reset")
	if _, err := n.Notify(t.Context(), answer()); !errors.Is(err, mailer.failing) {
		t.Fatalf("error %v", err)
	}
	mailer.failing = nil
	if _, err := n.Notify(t.Context(), answer()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{asked, mailed, asked, mailed, settled}, claims.log); diff != "" || len(mailer.sent) != 1 {
		t.Errorf("%d mails, calls (-want +got):\n%s", len(mailer.sent), diff)
	}
}

// Guests cannot use up what an organizer is mailed a day.
func TestGuestsHaveAnAccountOfTheirOwn(t *testing.T) {
	for _, test := range []struct {
		tell Notification
		day  string
	}{
		{Question{Mailto: "ada@example.com", Email: "grace@example.com"}, "2026-03-02#guests"},
		{SignIn{Mailto: "ada@example.com", Link: testLink, Minutes: 15}, "2026-03-02"},
	} {
		n, claims, _ := notifier(t, bare(), nil)
		answer := Answer{To: "ada@example.com", MessageID: "m1", Auto: "auto-generated", Received: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), Tell: test.tell}
		if _, err := n.Notify(t.Context(), answer); err != nil {
			t.Fatal(err)
		}
		if want := "claim ada@example.com " + test.day + " m1"; claims.log[0] != want {
			t.Errorf("%q, want %q", claims.log[0], want)
		}
	}
}
