package stacktest

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/localstack/outbox"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack"
	"github.com/calendarinvite/calendarinviteserver/localstack/states"
)

// SendMail sends a mail through the SMTP door and returns its message id.
func (s *Stack) SendMail(from, to string, raw []byte) string {
	s.t.Helper()
	id, err := stack.SendMail(s.SMTP, from, to, raw)
	if err != nil {
		s.t.Fatalf("mail to %s: %v", to, err)
	}
	return id
}

// Answer is the answer to an HTTP request.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// Do makes a request to the REST API with headers given as name, value, name, value. It does not follow redirects.
func (s *Stack) Do(method, path, body string, header ...string) Answer {
	s.t.Helper()
	req, err := http.NewRequest(method, "http://"+s.API+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	client := http.Client{Timeout: Patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return Answer{resp.StatusCode, resp.Header, string(text)}
}

// Get asks the REST API with the key local-key.
func (s *Stack) Get(path string) Answer {
	s.t.Helper()
	return s.Do("GET", path, "", "x-api-key", "local-key")
}

// Eventually waits until the condition holds; what says what is waited for.
func (s *Stack) Eventually(what string, condition func() bool) {
	s.t.Helper()
	Eventually(s.t, what, condition)
}

// Eventually waits until the condition holds; what says what is waited for.
func Eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	deadline := time.After(Patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%s: not after %s", what, Patience)
		}
	}
}

// WaitExecution waits for the end of an execution of a workflow, by their names in wiring.yaml.
func (s *Stack) WaitExecution(workflow, name string) states.Execution {
	s.t.Helper()
	var e states.Execution
	s.Eventually("the end of execution "+workflow+"/"+name, func() bool {
		var err error
		e, err = s.States.Describe(s.Wiring.Prefix()+"-"+workflow, name)
		return err == nil && e.Status != "RUNNING"
	})
	return e
}

// Sent lists the mails that were sent to an address, or all if it is empty, oldest first and with their text.
func (s *Stack) Sent(to string) []outbox.Sent {
	s.t.Helper()
	all, err := s.Outbox.List(outbox.Filter{})
	if err != nil {
		s.t.Fatal(err)
	}
	var chosen []outbox.Sent
	for _, m := range all {
		if to != "" && !strings.Contains(strings.ToLower(strings.Join(m.Recipients(), " ")), strings.ToLower(to)) {
			continue
		}
		whole, ok, err := s.Outbox.Get(m.ID)
		if err != nil {
			s.t.Fatal(err)
		}
		if ok { // else it was deleted meanwhile
			chosen = append(chosen, whole)
		}
	}
	return chosen
}

// WaitSent waits until at least n mails were sent to an address, and returns them.
func (s *Stack) WaitSent(to string, n int) []outbox.Sent {
	s.t.Helper()
	var sent []outbox.Sent
	s.Eventually("mail to "+to, func() bool {
		sent = s.Sent(to)
		return len(sent) >= n
	})
	return sent
}
