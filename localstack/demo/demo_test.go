package main

import (
	"bytes"
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
)

func TestMain(m *testing.M) { stacktest.Main(m) }

// TestStory plays the story twice against a running stack, as a person does.
func TestStory(t *testing.T) {
	s := stacktest.Start(t)
	env := map[string]string{"CIS_API_ADDR": s.API, "CIS_SMTP_ADDR": s.SMTP, "CIS_AWS_ADDR": s.AWS}
	for range 2 {
		var b bytes.Buffer
		if err := run(t.Context(), func(name string) string { return env[name] }, &terminal{w: &b}); err != nil {
			t.Fatalf("%v\n%s", err, &b)
		}
		for _, want := range []string{
			`✓ Ada invites create@cis\.localhost`, `✓ Ada gets a confirmation`, `✓ Grace Hopper opens`, `✓ Alan Turing declines in Outlook`,
			`✓ Emmy Noether changes her mind`, `yes +2  █+\n`, `maybe +0  \n`, `no +1  █+\n`, `/_local/executions/event-request/[a-z0-9]{40}\n`,
		} {
			if !regexp.MustCompile(want).MatchString(b.String()) {
				t.Errorf("output lacks %s:\n%s", want, &b)
			}
		}
		if strings.Contains(b.String(), "\x1b") {
			t.Error("output to a file has terminal codes")
		}
	}
	if denied := s.Endpoint.Permissions().Denied(); len(denied) != 0 {
		t.Errorf("the story needs permissions that wiring.yaml does not give: %+v", denied)
	}
}

func TestNobodyAnswers(t *testing.T) {
	var b bytes.Buffer
	err := run(t.Context(), func(string) string { return "127.0.0.1:1" }, &terminal{w: &b})
	if err == nil || !strings.Contains(err.Error(), "no local stack answers at 127.0.0.1:1") {
		t.Errorf("error is %v", err)
	}
}

func TestWaitEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := wait(ctx, "nothing", func() (bool, error) { return false, nil }); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "waiting for nothing") {
		t.Errorf("error is %v", err)
	}
	broken := errors.New("broken")
	if err := wait(t.Context(), "x", func() (bool, error) { return false, broken }); !errors.Is(err, broken) {
		t.Errorf("error is %v", err)
	}
}

func TestTerminal(t *testing.T) {
	var b bytes.Buffer
	live := &terminal{w: &b, live: true, color: true}
	if err := live.step("Works", func() (string, error) { return "result", nil }); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); !strings.Contains(got, "\x1b[33m•\x1b[0m Works\r\x1b[K") || !strings.Contains(got, "\x1b[32m✓\x1b[0m Works") || !strings.Contains(got, "result") {
		t.Errorf("live output is %q", got)
	}
	b.Reset()
	failure := errors.New("no tea")
	if err := (&terminal{w: &b}).step("Fails", func() (string, error) { return "", failure }); !errors.Is(err, failure) || b.String() != "  ✗ Fails\n" {
		t.Errorf("output is %q, error %v", &b, err)
	}
}
