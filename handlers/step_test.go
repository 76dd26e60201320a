package handlers_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambda/messages"

	"github.com/calendarinvite/calendarinviteserver/handlers"
	"github.com/calendarinvite/calendarinviteserver/internal/api"
	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/page"
)

// invokeError is the type and the message of an error as Lambda reports it, which is what a Retry and a Catch match.
func invokeError(t *testing.T, err error) (kind, message string) {
	t.Helper()
	reported, ok := err.(messages.InvokeResponse_Error) // as the runtime asks: the outermost error itself
	if !ok {
		t.Fatalf("%T: %v", err, err)
	}
	return reported.Type, reported.Message
}

// mishap is what a step does instead of answering.
type mishap struct {
	name  string
	err   error
	panic any

	kind    fault.Kind
	message string // part of the error's text
	level   string // of the line in the log
}

var mishaps = []mishap{
	{name: "permanent", err: fault.New(fault.NotFound, "unknown-event", "There is no such event."), kind: fault.NotFound, message: "NotFound (unknown-event): There is no such event.", level: "INFO"},
	{name: "wrapped", err: fmt.Errorf("read: %w", fault.Wrap(fault.Throttled, "ses", errors.New("slow down"))), kind: fault.Throttled, message: "read: Throttled (ses): slow down", level: "ERROR"},
	{name: "unclassified", err: io.ErrUnexpectedEOF, kind: fault.Internal, message: "unexpected EOF", level: "ERROR"},
	{name: "with an address", err: fault.Wrap(fault.Unavailable, "ses", errors.New("550 <ada@example.com> unknown")), kind: fault.Unavailable, message: "<a*******@example.com>", level: "ERROR"},
	{name: "panic", panic: "index out of range", kind: fault.Internal, message: "Internal (panic): index out of range", level: "ERROR"},
	{name: "panic with an address", panic: errors.New("no ada@example.com here"), kind: fault.Internal, message: "no a*******@example.com here", level: "ERROR"},
}

func (m mishap) happen() error {
	if m.panic != nil {
		panic(m.panic)
	}
	return m.err
}

// checkLog asks for one line, about the error, that shows no address.
func (m mishap) checkLog(t *testing.T, log string) {
	t.Helper()
	var line struct{ Level, Msg, Kind, Error string }
	if err := json.Unmarshal([]byte(log), &line); err != nil {
		t.Fatalf("the log is not one line: %v\n%s", err, log)
	}
	if line.Level != m.level || line.Msg != "failed" || line.Kind != string(m.kind) || !strings.Contains(line.Error, m.message) || strings.Contains(log, "ada@") {
		t.Errorf("log: %s", log)
	}
}

// Whatever happens in a step of a workflow leaves it under the name of its kind.
func TestErrorsOfSteps(t *testing.T) {
	for _, m := range mishaps {
		t.Run(m.name, func(t *testing.T) {
			var log bytes.Buffer
			run := handlers.AsStep(newApp(&log, nil), func(context.Context, string) (string, error) { return "", m.happen() })
			_, err := run(t.Context(), "in")
			kind, message := invokeError(t, err)
			if kind != string(m.kind) || !strings.Contains(message, m.message) || strings.Contains(message, "ada@") {
				t.Errorf("%s: %s", kind, message)
			}
			m.checkLog(t, log.String())
			_, err = lambda.NewHandler(run).Invoke(t.Context(), []byte(`"in"`))
			if kind, _ := invokeError(t, err); kind != string(m.kind) {
				t.Errorf("invoked by Lambda: %v", err)
			}
		})
	}
}

func TestStepThatAnswers(t *testing.T) {
	var log bytes.Buffer
	run := handlers.AsStep(newApp(&log, nil), func(_ context.Context, in string) (string, error) { return in + "!", nil })
	if out, err := run(t.Context(), "in"); out != "in!" || err != nil || log.Len() != 0 {
		t.Errorf("%q, %v, log %q", out, err, log.String())
	}
}

// Behind API Gateway, an error is an answer that says no more than people may read.
func TestErrorsOfRoutes(t *testing.T) {
	brand := newApp(io.Discard, map[string]string{"BRAND_NAME": "Ada's Events"})
	pages := brand.Pages()
	if err := brand.Err(); err != nil {
		t.Fatal(err)
	}
	type route = func(context.Context, api.Request) (api.Response, error)
	for kind, test := range map[string]struct {
		wrap        func(*app.App, route) route
		contentType string
	}{
		"route": {handlers.AsRoute, "application/json"},
		"page":  {func(a *app.App, f route) route { return handlers.AsPage(a, pages, f) }, "text/html; charset=utf-8"},
	} {
		for _, m := range mishaps {
			t.Run(kind+" "+m.name, func(t *testing.T) {
				var log bytes.Buffer
				run := test.wrap(newApp(&log, nil), func(context.Context, api.Request) (api.Response, error) {
					return api.Response{StatusCode: http.StatusOK}, m.happen()
				})
				answer, err := run(t.Context(), api.Request{})
				if err != nil {
					t.Fatal(err)
				}
				if answer.StatusCode != m.kind.HTTPStatus() || answer.Headers["Content-Type"] != test.contentType {
					t.Errorf("%d %s", answer.StatusCode, answer.Headers["Content-Type"])
				}
				for _, secret := range []string{"@example.com", "slow down", "out of range", "goroutine", "EOF"} {
					if strings.Contains(answer.Body, secret) {
						t.Errorf("the answer shows %q:\n%s", secret, answer.Body)
					}
				}
				m.checkLog(t, log.String())
			})
		}
	}
}

func TestProblemReason(t *testing.T) {
	for _, test := range []struct {
		err  error
		want page.Reason
	}{
		{fault.New(fault.NotFound, "link-broken", ""), page.LinkBroken},
		{fault.New(fault.NotAuthorized, "link-broken", ""), page.LinkBroken},
		{fault.New(fault.NotFound, "link-expired", ""), page.LinkExpired},
		{fault.New(fault.Conflict, "event-cancelled", ""), page.EventCancelled},
		{fault.New(fault.Conflict, "event-over", ""), page.EventOver},
		{fault.New(fault.InvalidRequest, "bad-address", ""), page.BadAddress},
		{fmt.Errorf("read: %w", fault.New(fault.NotFound, "unknown-event", "")), page.NotFound},
		{fault.New(fault.NotAuthorized, "suspended", ""), page.NotAllowed},
		{fault.New(fault.Throttled, "address-cap", ""), page.TooMany},
		{fault.New(fault.Conflict, "invite-limit", ""), "invite-limit"},
		{fault.New(fault.InvalidRequest, "own-address", ""), "own-address"},
		{fault.New(fault.Unavailable, "states", ""), page.Unavailable},
		{io.EOF, page.Unavailable},
	} {
		if got := handlers.ProblemReason(test.err); got != test.want {
			t.Errorf("%v: %s, want %s", test.err, got, test.want)
		}
	}
}

func TestWantsPage(t *testing.T) {
	for _, test := range []struct {
		headers map[string]string
		want    bool
	}{
		{map[string]string{"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}, true},
		{map[string]string{"accept": "text/html"}, true},
		{map[string]string{"Accept": "*/*"}, false},
		{map[string]string{"Accept": "application/json"}, false},
		{map[string]string{"Accept-Language": "text/html"}, false},
		{nil, false},
	} {
		if got := handlers.WantsPage(api.Request{Headers: test.headers}); got != test.want {
			t.Errorf("%v: %t", test.headers, got)
		}
	}
}
