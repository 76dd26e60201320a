package stack_test

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/localstack/aws"
	"github.com/calendarinvite/calendarinviteserver/localstack/receiving"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
)

func TestMain(m *testing.M) { stacktest.Main(m) }

// invitation is a mail that registers an event next month.
func invitation(t *testing.T) []byte {
	t.Helper()
	start := time.Now().AddDate(0, 1, 0).Truncate(time.Hour).UTC()
	raw, err := imiptest.ComposeRequest(imiptest.Event{
		Client: imiptest.Gmail, Organizer: imiptest.Address{Name: "Ada", Email: "ada@example.com"}, To: imiptest.Address{Email: "create@cis.localhost"},
		Key: "stack", Summary: "Tea", Start: start, End: start.Add(time.Hour), At: time.Now(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestStackAnswers(t *testing.T) {
	s := stacktest.Start(t)
	if a := s.Do("GET", "/health", ""); a.Status != 200 {
		t.Errorf("health answers %d %s", a.Status, a.Body)
	}
	if a := s.Do("GET", "/event/nothing", ""); a.Status != 403 {
		t.Errorf("without a key: %d %s", a.Status, a.Body)
	}
	if a := s.Get("/event/nothing"); a.Status != 404 {
		t.Errorf("unknown event: %d %s", a.Status, a.Body)
	}
	// The stack's own pages are at both doors.
	for _, path := range []string{"/_local/", "/_local/calls", "/_localstack/health", "/_aws/ses"} {
		if a := s.Do("GET", path, "", "Accept", "application/json"); a.Status != 200 || !json.Valid([]byte(a.Body)) {
			t.Errorf("%s: %d %s", path, a.Status, a.Body)
		}
	}
	if a := s.Do("GET", "/_local/calls", ""); !strings.Contains(a.Body, "get-event-summary") {
		t.Errorf("calls are %s", a.Body)
	}
}

func TestMailStartsTheWorkflowOfItsMailbox(t *testing.T) {
	s := stacktest.Start(t)
	id := s.SendMail("ada@example.com", "create@cis.localhost", invitation(t))
	e := s.WaitExecution("event-request", id)
	if e.Status != "SUCCEEDED" {
		t.Fatalf("execution %s: %s %s", e.Status, e.Error, e.Cause)
	}
	var list []struct{ Machine, Name, Status string }
	a := s.Do("GET", "/_local/executions", "", "Accept", "application/json")
	if err := json.Unmarshal([]byte(a.Body), &list); err != nil {
		t.Fatal(err)
	}
	if len(list) != 1 || list[0].Machine != "event-request" || list[0].Name != id || list[0].Status != "SUCCEEDED" {
		t.Errorf("executions are %+v", list)
	}
	if a := s.Do("GET", "/_local/executions/event-request/"+id, "", "Accept", "text/html"); a.Status != 200 || !strings.Contains(a.Body, "<svg") {
		t.Errorf("page of the execution: %d", a.Status)
	}
	if sent := s.WaitSent("ada@example.com", 1); len(sent) != 1 {
		t.Errorf("%d mails to the organizer, want 1", len(sent))
	}
	all, err := s.Mail.All()
	if err != nil || len(all) != 1 || all[0].MessageID != id {
		t.Errorf("mail received: %+v, %v", all, err)
	}
}

func TestMailThatFailsItsChecksRegistersNothing(t *testing.T) {
	s := stacktest.Start(t)
	forged := append([]byte("X-Local-Verdicts: spf=fail dkim=fail dmarc=fail\r\n"), invitation(t)...)
	id := s.SendMail("ada@example.com", "create@cis.localhost", forged)
	s.WaitExecution("event-request", id)
	if a := s.Get("/event/" + id); a.Status != 404 {
		t.Errorf("event of a forged mail: %d %s", a.Status, a.Body)
	}
	if sent := s.Sent(""); len(sent) != 0 {
		t.Errorf("a forged mail is answered: %s", sent[0].Subject)
	}
}

func TestDataSurvivesARestart(t *testing.T) {
	s := stacktest.Start(t)
	id := s.SendMail("ada@example.com", "create@cis.localhost", invitation(t))
	s.WaitExecution("event-request", id)
	s.Restart()
	if a := s.Get("/event/" + id); a.Status != 200 || !strings.Contains(a.Body, "Tea") {
		t.Errorf("event after a restart: %d %s", a.Status, a.Body)
	}
	if e := s.WaitExecution("event-request", id); e.Status != "SUCCEEDED" || len(e.States) == 0 {
		t.Errorf("execution after a restart: %+v", e)
	}
	if len(s.Sent("ada@example.com")) != 1 {
		t.Errorf("mails after a restart: %d", len(s.Sent("")))
	}
}

// TestUndeliveredMailIsDeliveredAfterARestart stops the stack while receive-mail keeps failing.
func TestUndeliveredMailIsDeliveredAfterARestart(t *testing.T) {
	s := stacktest.Start(t, func(cfg *stack.Config) { cfg.DeliveryRetry = []time.Duration{time.Hour} })
	if err := s.Faults.Add(aws.Fault{Function: "receive-mail", Action: "states:StartExecution", Kind: "error:AccessDeniedException", Times: -1}); err != nil {
		t.Fatal(err)
	}
	id := s.SendMail("ada@example.com", "create@cis.localhost", invitation(t))
	s.Eventually("the first attempt", func() bool {
		all, err := s.Mail.All()
		return err == nil && len(all) == 1 && all[0].Attempts == 1
	})
	s.Restart()
	if e := s.WaitExecution("event-request", id); e.Status != "SUCCEEDED" {
		t.Errorf("execution: %s %s %s", e.Status, e.Error, e.Cause)
	}
	s.Eventually("the delivery's end", func() bool {
		all, err := s.Mail.All()
		return err == nil && all[0].Status == receiving.Delivered
	})
}

func TestSettingsOverrideTheWiring(t *testing.T) {
	s := stacktest.Start(t, stacktest.Env("EVENT_LIMIT", "1"), stacktest.Env("DOMAIN", "mail.example"))
	if s.Domain != "mail.example" {
		t.Errorf("domain is %s", s.Domain)
	}
	if got := s.Wiring.Environment("create-new-event-record")["EVENT_LIMIT"]; got != "1" {
		t.Errorf("EVENT_LIMIT is %q", got)
	}
	if _, err := stack.SendMail(s.SMTP, "a@example.com", "create@cis.localhost", invitation(t)); err == nil {
		t.Error("mail to the domain of wiring.yaml is accepted")
	}
}

func TestStartErrors(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	running := stacktest.Start(t)
	damaged := t.TempDir()
	if err := os.WriteFile(filepath.Join(damaged, "journal.db"), []byte(strings.Repeat("no journal ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	inUse := running.DataDir()
	for _, c := range []struct {
		name   string
		change func(*stack.Config)
		want   []string
	}{
		{"port in use", func(cfg *stack.Config) { cfg.SMTPAddr = busy.Addr().String() }, []string{busy.Addr().String() + " is in use", "CIS_SMTP_ADDR"}},
		{"no address", func(cfg *stack.Config) { cfg.APIAddr = "nonsense" }, []string{"CIS_API_ADDR"}},
		{"damaged data", func(cfg *stack.Config) { cfg.DataDir = damaged }, []string{"journal.db is damaged"}},
		{"data in use", func(cfg *stack.Config) { cfg.DataDir = inUse }, []string{"in use by another local stack"}},
		{"no emulator", func(cfg *stack.Config) { cfg.Dynoxide = "/nonexistent/dynoxide" }, []string{"CIS_DYNOXIDE"}},
		{"no program", func(cfg *stack.Config) { cfg.Binary = "/nonexistent/bootstrap" }, []string{"the functions' program"}},
		{"no project", func(cfg *stack.Config) { cfg.Root = t.TempDir() }, []string{"terraform/wiring.yaml"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := stack.Config{
				APIAddr: "127.0.0.1:0", SMTPAddr: "127.0.0.1:0", AWSAddr: "127.0.0.1:0", DataDir: t.TempDir(), Domain: "cis.localhost",
				Root: stacktest.Root(t), Binary: stacktest.Binary(t),
			}
			c.change(&cfg)
			s, err := stack.Start(t.Context(), cfg)
			if err == nil {
				_ = s.Stop(t.Context())
				t.Fatal("it started")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error is %q, want one that says %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("error has several lines: %q", err)
			}
		})
	}
}

func TestRootIsFoundFromBelow(t *testing.T) {
	root := stacktest.Root(t)
	got, err := stack.Root(filepath.Join(root, "localstack", "stack"))
	if err != nil || got != root {
		t.Errorf("root is %q, %v; want %q", got, err, root)
	}
	if _, err := stack.Root(t.TempDir()); err == nil || !strings.Contains(err.Error(), "not inside the project") {
		t.Errorf("outside the project: %v", err)
	}
}
