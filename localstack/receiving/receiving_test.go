package receiving

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"github.com/calendarinvite/calendarinviteserver/localstack/journal"
)

// memory keeps objects and deliveries and records invocations.
type memory struct {
	mu         sync.Mutex
	objects    map[string][]byte
	deliveries map[string]Delivery
	events     []events.SimpleEmailEvent
	failures   int           // so many invocations fail first
	changed    chan struct{} // one token for each Save
	putErr     error
}

func newMemory() *memory {
	return &memory{objects: map[string][]byte{}, deliveries: map[string]Delivery{}, changed: make(chan struct{}, 1000)}
}

func (m *memory) Put(_ context.Context, bucket, key string, body []byte, _ map[string]string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.objects[bucket+"/"+key] = bytes.Clone(body)
	return m.putErr
}

func (m *memory) Invoke(_ context.Context, function string, payload []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failures > 0 {
		m.failures--
		return errors.New("Internal")
	}
	var e events.SimpleEmailEvent
	if err := json.Unmarshal(payload, &e); err != nil || function != "receive-mail" {
		return fmt.Errorf("bad invocation of %s: %w", function, err)
	}
	m.events = append(m.events, e)
	return nil
}

func (m *memory) Save(d Delivery) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.deliveries[d.Key()] = d
	m.changed <- struct{}{}
	return nil
}

func (m *memory) All() ([]Delivery, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []Delivery
	for _, d := range m.deliveries {
		all = append(all, d)
	}
	slices.SortFunc(all, func(a, b Delivery) int { return strings.Compare(a.Key(), b.Key()) })
	return all, nil
}

// wait returns the deliveries when the condition holds for all of them.
func (m *memory) wait(t *testing.T, want func([]Delivery) bool) []Delivery {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		if all, _ := m.All(); want(all) {
			return all
		}
		select {
		case <-m.changed:
		case <-deadline:
			all, _ := m.All()
			t.Fatalf("deliveries are still %+v", all)
		}
	}
}

func allHave(s Status, n int) func([]Delivery) bool {
	return func(all []Delivery) bool {
		for _, d := range all {
			if d.Status != s {
				return false
			}
		}
		return len(all) == n
	}
}

func config(m *memory) Config {
	return Config{
		Domains: []string{"cis.localhost", "other.localhost"},
		Mailboxes: []Mailbox{
			{Name: "create", Prefix: "event_request/", Invoke: true},
			{Name: "rsvp", Prefix: "event_reply/", Invoke: true},
			{Name: "abuse", Prefix: "mailbox/abuse/"},
		},
		Bucket: "cis-mail", Region: "us-east-1", Function: "receive-mail",
		FunctionARN: "arn:aws:lambda:us-east-1:000000000000:function:cis-receive-mail",
		Objects:     m, Invoker: m, Deliveries: m,
		Retry: []time.Duration{time.Millisecond, time.Millisecond},
		Now:   func() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC) },
	}
}

// serve starts a server on a free port and returns its address.
func serve(t *testing.T, cfg Config) (*Server, string) {
	t.Helper()
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			t.Errorf("Close: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return s, l.Addr().String()
}

// send delivers a mail by SMTP and returns the answer to DATA.
func send(t *testing.T, addr, from string, to []string, raw string) (string, error) {
	t.Helper()
	c, err := smtp.Dial(addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Hello("client.example"); err != nil {
		t.Fatal(err)
	}
	if err := c.Mail(from, nil); err != nil {
		return "", err
	}
	for _, r := range to {
		if err := c.Rcpt(r, nil); err != nil {
			return "", err
		}
	}
	w, err := c.Data()
	if err != nil {
		return "", err
	}
	if _, err := w.Write([]byte(raw)); err != nil {
		return "", err
	}
	resp, err := w.CloseWithResponse()
	if err != nil {
		return "", err
	}
	return resp.StatusText, nil
}

const mail = "From: =?utf-8?q?J=C3=B6rg?= <joerg@example.org>\r\n" +
	"To: create@cis.localhost, \"Doe, Jane\"\r\n <jane@example.org>\r\n" +
	"x-local-verdicts: dmarc=fail,\r\n spam=gray\r\n" +
	"Subject: =?iso-8859-1?q?Gru=DF?=\r\n" +
	"Message-ID: <1@example.org>\r\n" +
	"Date: Wed, 04 Mar 2026 05:06:00 +0000\r\n" +
	"X-Local-Verdicts: virus=disabled\r\n" +
	"\r\nX-Local-Verdicts: in the body stays\r\n.dot\r\n"

func TestReceivedMailIsStampedStoredAndDelivered(t *testing.T) {
	m := newMemory()
	_, addr := serve(t, config(m))
	answer, err := send(t, addr, "joerg@example.org", []string{"create@cis.localhost"}, mail)
	if err != nil {
		t.Fatal(err)
	}
	id := strings.TrimPrefix(answer, "2.0.0 ")
	if !regexp.MustCompile(`^[a-z0-9]{40}$`).MatchString(id) {
		t.Fatalf("answer to DATA is %q, want a message id", answer)
	}
	m.wait(t, allHave(Delivered, 1))

	want := "Return-Path: <joerg@example.org>\r\n" +
		"Received: from client.example (client.example [127.0.0.1])\r\n" +
		" by inbound-smtp.us-east-1.amazonaws.com with SMTP id " + id + "\r\n" +
		" for create@cis.localhost;\r\n Wed, 04 Mar 2026 05:06:07 +0000 (UTC)\r\n" +
		"X-SES-Spam-Verdict: GRAY\r\nX-SES-Virus-Verdict: DISABLED\r\nReceived-SPF: pass "
	stored := string(m.objects["cis-mail/event_request/"+id])
	if !strings.HasPrefix(stored, want) {
		t.Errorf("stored mail begins\n%s\nwant\n%s", stored[:min(len(stored), len(want))], want)
	}
	var order []string
	fields, rest := splitHeader([]byte(stored))
	for _, f := range fields[:8] {
		order = append(order, f.name())
	}
	if diff := cmp.Diff([]string{"Return-Path", "Received", "X-SES-Spam-Verdict", "X-SES-Virus-Verdict", "Received-SPF",
		"Authentication-Results", "X-SES-RECEIPT", "X-SES-DKIM-SIGNATURE"}, order); diff != "" {
		t.Errorf("headers on top (-want +got):\n%s", diff)
	}
	if got := string(rest); got != "\r\nX-Local-Verdicts: in the body stays\r\n.dot\r\n" {
		t.Errorf("body is %q", got)
	}
	if strings.Count(strings.ToLower(stored), "x-local-verdicts") != 1 {
		t.Errorf("an X-Local-Verdicts header is left:\n%s", stored)
	}

	rec := m.events[0].Records[0]
	if rec.EventSource != "aws:ses" || rec.EventVersion != "1.0" || rec.SES.Mail.MessageID != id || rec.SES.Mail.Source != "joerg@example.org" {
		t.Errorf("event is %+v", rec)
	}
	wantCommon := events.SimpleEmailCommonHeaders{
		From: []string{"Jörg <joerg@example.org>"}, To: []string{"create@cis.localhost", `"Doe, Jane" <jane@example.org>`},
		ReturnPath: "joerg@example.org", MessageID: "<1@example.org>", Date: "Wed, 04 Mar 2026 05:06:00 +0000", Subject: "Gruß",
	}
	if diff := cmp.Diff(wantCommon, rec.SES.Mail.CommonHeaders); diff != "" {
		t.Errorf("common headers (-want +got):\n%s", diff)
	}
	wantReceipt := events.SimpleEmailReceipt{
		Recipients: []string{"create@cis.localhost"}, Timestamp: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC),
		SpamVerdict: events.SimpleEmailVerdict{Status: "GRAY"}, VirusVerdict: events.SimpleEmailVerdict{Status: "DISABLED"},
		SPFVerdict: events.SimpleEmailVerdict{Status: "PASS"}, DKIMVerdict: events.SimpleEmailVerdict{Status: "PASS"},
		DMARCVerdict: events.SimpleEmailVerdict{Status: "FAIL"}, DMARCPolicy: "none",
		Action: events.SimpleEmailReceiptAction{Type: "Lambda", InvocationType: "Event",
			FunctionARN: "arn:aws:lambda:us-east-1:000000000000:function:cis-receive-mail"},
	}
	if diff := cmp.Diff(wantReceipt, rec.SES.Receipt); diff != "" {
		t.Errorf("receipt (-want +got):\n%s", diff)
	}
}

func TestRecipients(t *testing.T) {
	for _, c := range []struct {
		to, mailbox string // mailbox "" = refused with 550
	}{
		{"create@cis.localhost", "create"},
		{"CREATE@CIS.localhost", "create"},
		{"create+label@cis.localhost", "create"},
		{"rsvp@other.localhost", "rsvp"},
		{"abuse@cis.localhost", "abuse"},
		{"nobody@cis.localhost", ""},
		{"create@elsewhere.example", ""},
		{"create@sub.cis.localhost", ""},
		{"creates@cis.localhost", ""},
	} {
		t.Run(c.to, func(t *testing.T) {
			m := newMemory()
			_, addr := serve(t, config(m))
			_, err := send(t, addr, "a@example.org", []string{c.to}, "Subject: x\r\n\r\n")
			if c.mailbox == "" {
				var answer *smtp.SMTPError
				if !errors.As(err, &answer) || answer.Code != 550 {
					t.Fatalf("answer is %v, want 550", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			all := m.wait(t, func(all []Delivery) bool { return len(all) == 1 && all[0].Status != Pending })
			if all[0].Mailbox != c.mailbox {
				t.Errorf("mailbox is %q, want %q", all[0].Mailbox, c.mailbox)
			}
		})
	}
}

func TestMailToSeveralMailboxesIsOneMessageUnderEachRule(t *testing.T) {
	m := newMemory()
	_, addr := serve(t, config(m))
	answer, err := send(t, addr, "a@example.org", []string{"rsvp@cis.localhost", "abuse@cis.localhost", "rsvp+x@cis.localhost"}, "Subject: x\r\n\r\n")
	if err != nil {
		t.Fatal(err)
	}
	id := strings.TrimPrefix(answer, "2.0.0 ")
	m.wait(t, func(all []Delivery) bool {
		return len(all) == 2 && all[0].Status == Stored && all[1].Status == Delivered
	})
	if len(m.events) != 1 {
		t.Fatalf("%d invocations, want 1: a mailbox without a workflow is stored only", len(m.events))
	}
	ses := m.events[0].Records[0].SES
	if diff := cmp.Diff([]string{"rsvp@cis.localhost", "rsvp+x@cis.localhost"}, ses.Receipt.Recipients); diff != "" {
		t.Errorf("recipients of the rule (-want +got):\n%s", diff)
	}
	if len(ses.Mail.Destination) != 3 {
		t.Errorf("destination is %v, want all three", ses.Mail.Destination)
	}
	for _, key := range []string{"event_reply/" + id, "mailbox/abuse/" + id} {
		if m.objects["cis-mail/"+key] == nil {
			t.Errorf("object %s is missing", key)
		}
	}
}

func TestNullReturnPath(t *testing.T) {
	m := newMemory()
	_, addr := serve(t, config(m))
	answer, err := send(t, addr, "", []string{"rsvp@cis.localhost"}, "Subject: bounce\r\n\r\n")
	if err != nil {
		t.Fatal(err)
	}
	m.wait(t, allHave(Delivered, 1))
	stored := string(m.objects["cis-mail/event_reply/"+strings.TrimPrefix(answer, "2.0.0 ")])
	if !strings.HasPrefix(stored, "Return-Path: <>\r\n") {
		t.Errorf("stored mail begins %.40q", stored)
	}
	if got := m.events[0].Records[0].SES.Mail.Source; got != "" {
		t.Errorf("source is %q, want none", got)
	}
}

func TestFailingDeliveryIsRetried(t *testing.T) {
	m := newMemory()
	m.failures = 2
	_, addr := serve(t, config(m))
	if _, err := send(t, addr, "a@example.org", []string{"create@cis.localhost"}, "Subject: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	all := m.wait(t, allHave(Delivered, 1))
	if all[0].Attempts != 3 || all[0].Event != nil || all[0].Error != "" {
		t.Errorf("delivery is %+v, want 3 attempts, no event, no error", all[0])
	}
}

func TestDeliveryFailsForGoodAfterItsAttempts(t *testing.T) {
	m := newMemory()
	m.failures = 1000
	_, addr := serve(t, config(m))
	if _, err := send(t, addr, "a@example.org", []string{"create@cis.localhost"}, "Subject: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	all := m.wait(t, allHave(Failed, 1))
	if all[0].Attempts != 3 || all[0].Error != "Internal" || all[0].Event == nil {
		t.Errorf("delivery is %+v, want 3 attempts with the error and the event kept", all[0])
	}
}

func TestPendingDeliveriesResume(t *testing.T) {
	m := newMemory()
	d := Delivery{MessageID: "m1", Mailbox: "create"}
	if err := d.setPending(events.SimpleEmailEvent{Records: []events.SimpleEmailRecord{{EventSource: "aws:ses"}}}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(m.Save(d), m.Save(Delivery{MessageID: "m2", Status: Failed})); err != nil {
		t.Fatal(err)
	}
	s, _ := serve(t, config(m))
	if err := s.Resume(); err != nil {
		t.Fatal(err)
	}
	m.wait(t, func(all []Delivery) bool { return all[0].Status == Delivered && all[1].Status == Failed })
	if len(m.events) != 1 {
		t.Errorf("%d invocations, want 1", len(m.events))
	}
}

func TestJournalKeepsDeliveries(t *testing.T) {
	db, err := journal.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	j := NewJournal(db)
	if all, err := j.All(); err != nil || len(all) != 0 {
		t.Fatalf("an empty journal has %v, %v", all, err)
	}
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	later := Delivery{MessageID: "a", Mailbox: "rsvp", Received: at.Add(time.Second), Status: Pending, Event: json.RawMessage(`{"x":1}`)}
	earlier := Delivery{MessageID: "b", Mailbox: "create", Received: at, Status: Stored}
	if err := errors.Join(j.Save(later), j.Save(earlier)); err != nil {
		t.Fatal(err)
	}
	later.Status, later.Event = Delivered, nil
	if err := j.Save(later); err != nil {
		t.Fatal(err)
	}
	all, err := j.All()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Delivery{earlier, later}, all); diff != "" {
		t.Errorf("deliveries, oldest first (-want +got):\n%s", diff)
	}
}

func TestMailThatCannotBeStoredIsNotAccepted(t *testing.T) {
	m := newMemory()
	m.putErr = errors.New("disk full")
	_, addr := serve(t, config(m))
	_, err := send(t, addr, "a@example.org", []string{"create@cis.localhost"}, "Subject: x\r\n\r\n")
	var answer *smtp.SMTPError
	if !errors.As(err, &answer) || answer.Code != 451 || strings.Contains(answer.Message, "disk") {
		t.Errorf("answer is %v, want 451 without details", err)
	}
}

func TestTooLargeMailIsRefused(t *testing.T) {
	_, addr := serve(t, config(newMemory()))
	c, err := smtp.Dial(addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var answer *smtp.SMTPError
	if err := c.Mail("a@example.org", &smtp.MailOptions{Size: MaxMessageBytes + 1}); !errors.As(err, &answer) || answer.Code != 552 {
		t.Errorf("answer is %v, want 552", err)
	}
	if err := c.Mail("a@example.org", &smtp.MailOptions{Size: MaxMessageBytes}); err != nil {
		t.Errorf("mail of the largest size: %v", err)
	}
}

func TestCloseBeforeServe(t *testing.T) {
	for range 50 { // whichever comes first
		s, err := New(config(newMemory()))
		if err != nil {
			t.Fatal(err)
		}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		served := make(chan error, 1)
		go func() { served <- s.Serve(l) }()
		if err := s.Close(t.Context()); err != nil {
			t.Fatalf("Close: %v", err)
		}
		if err := <-served; err != nil {
			t.Fatalf("Serve: %v", err)
		}
	}
}
