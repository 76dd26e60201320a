package handlers_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/calendarinvite/calendarinviteserver/internal/api"
	"github.com/calendarinvite/calendarinviteserver/internal/awstest"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/seal"
)

const (
	landingPage = "https://api.example.org/landing"
	signing     = "a secret of many octets"
)

// inviteLink is the step behind the public link, with invite links of the mode, on an AWS whose workflow event-invite answers as given.
func inviteLink(t *testing.T, mode string, workflow awstest.Answer) (func(context.Context, api.Request) (api.Response, error), *awstest.Server) {
	t.Helper()
	aws := awstest.StartFunc(t, func(r awstest.Request) awstest.Answer {
		if r.Operation == "GetSecretValue" {
			return awstest.JSON(t, map[string]string{"SecretString": signing})
		}
		return workflow
	})
	return step[func(context.Context, api.Request) (api.Response, error)](t, "get-new-event-invite-from-api", newApp(io.Discard, map[string]string{
		"AWS_ENDPOINT_URL": aws.URL, "EVENT_INVITE_WORKFLOW": "arn:invite", "LINK_SIGNING_SECRET": "cis/link-signing",
		"INVITE_LINKS": mode, "LANDING_PAGE": landingPage, "LANDING_HOSTS": "shop.example.com", "BRAND_NAME": "Ada's Events",
	})), aws
}

// succeeded is the end of an execution with that output.
func succeeded(output string) awstest.Answer {
	text, _ := json.Marshal(output) // a string is always JSON
	return awstest.Answer{Body: `{"executionArn":"arn:e","name":"e1","status":"SUCCEEDED","startDate":1.7e9,"stopDate":1.7e9,"output":` + string(text) + `}`}
}

const sentNow = `{"verified":true,"request":{},"event":{},"sent":{"done":{"result":"sent"}}}`

func opened(query map[string]string) api.Request {
	request := api.Request{HTTPMethod: http.MethodGet, PathParameters: map[string]string{"uid": "M1"}, QueryStringParameters: query}
	request.RequestContext.RequestID, request.RequestContext.Identity.SourceIP = "r1", "192.0.2.1"
	return request
}

func asBrowser(request api.Request) api.Request {
	request.Headers = map[string]string{"accept": "text/html,*/*"}
	return request
}

func TestInviteLink(t *testing.T) {
	link, aws := inviteLink(t, "open", succeeded(sentNow))
	answer, err := link(t.Context(), opened(map[string]string{"email": " Ada b@Example.com", "name": "Ada", "origin": "mailchimpcta", "landing": "https://shop.example.com/thanks"}))
	if err != nil || answer.StatusCode != http.StatusFound || answer.Headers["Location"] != "https://shop.example.com/thanks" {
		t.Fatalf("%d %v, %v", answer.StatusCode, answer.Headers, err)
	}
	execution := aws.Only(t)
	if execution.Operation != "StartSyncExecution" || execution.Field(t, "stateMachineArn") != "arn:invite" {
		t.Errorf("%s %s", execution.Operation, execution.Body)
	}
	var input invite.InviteRequest
	if err := json.Unmarshal([]byte(execution.Field(t, "input").(string)), &input); err != nil {
		t.Fatal(err)
	}
	want := invite.InviteRequest{ID: "r1", UID: "m1", Email: "ada+b@example.com", Name: "Ada", Origin: "mailchimpcta", SourceIP: "192.0.2.1"}
	if diff := cmp.Diff(want, input); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What cannot be invited is refused before anything is started.
func TestInviteLinkWithBadParameters(t *testing.T) {
	for name, query := range map[string]map[string]string{
		"no email":       {"name": "Ada"},
		"blank email":    {"email": "  "},
		"no address":     {"email": "ada"},
		"several":        {"email": "ada@example.com,bob@example.com"},
		"unknown origin": {"email": "ada@example.com", "origin": "nowhere"},
	} {
		link, aws := inviteLink(t, "open", succeeded(sentNow))
		answer, err := link(t.Context(), opened(query))
		if err != nil || answer.StatusCode != http.StatusBadRequest || !strings.Contains(answer.Body, "The parameter ") || len(aws.Requests()) != 0 {
			t.Errorf("%s: %d %s, %v, %d calls", name, answer.StatusCode, answer.Body, err, len(aws.Requests()))
		}
	}
}

// The outcome of the workflow is told honestly, except what concerns the invited person alone.
func TestInviteLinkOutcomes(t *testing.T) {
	refused := func(reason string) string { return `{"verified":false,"reason":"` + reason + `"}` }
	verified := func(result, reason string) string {
		return `{"verified":true,"sent":{"done":{"result":"` + result + `","reason":"` + reason + `"}}}`
	}
	for _, test := range []struct {
		name, output string
		status       int
	}{
		{"sent", verified("sent", ""), 302},
		{"already", verified("already", ""), 302},
		{"blocked", refused("blocked"), 302},
		{"undeliverable", refused("undeliverable"), 302},
		{"found undeliverable when sending", verified("refused", "undeliverable"), 302},
		{"unknown event", refused("unknown-event"), 404},
		{"gone since", verified("refused", "unknown-event"), 404},
		{"bad uid", refused("bad-uid"), 404},
		{"cancelled", refused("event-cancelled"), 409},
		{"cancelled since", verified("refused", "event-cancelled"), 409},
		{"over", refused("event-over"), 409},
		{"limit", refused("invite-limit"), 409},
		{"limit when sending", verified("limit-reached", ""), 409},
		{"suspended", refused("suspended"), 403},
		{"no bulk permission", refused("no-bulk-permission"), 403},
		{"address cap", refused("address-cap"), 429},
		{"source cap", refused("source-cap"), 429},
		{"capped when sending", verified("capped", "source-cap"), 429},
		{"bad address", refused("bad-address"), 400},
		{"our own address", refused("own-address"), 400},
		{"the organizer's address", refused("organizer"), 400},
		{"a reason that nobody knows", refused("because"), 400},
		{"a result that nobody knows", verified("lost", ""), 400},
	} {
		t.Run(test.name, func(t *testing.T) {
			link, _ := inviteLink(t, "open", succeeded(test.output))
			request := opened(map[string]string{"email": "ada@example.com"})
			for kind, asked := range map[string]api.Request{"application/json": request, "text/html; charset=utf-8": asBrowser(request)} {
				answer, err := link(t.Context(), asked)
				if err != nil || answer.StatusCode != test.status {
					t.Errorf("%s: %d, %v, want %d", kind, answer.StatusCode, err, test.status)
				}
				if test.status == http.StatusFound {
					if answer.Headers["Location"] != landingPage {
						t.Errorf("%s: leads to %q", kind, answer.Headers["Location"])
					}
				} else if answer.Headers["Content-Type"] != kind {
					t.Errorf("the answer is %s, want %s", answer.Headers["Content-Type"], kind)
				}
			}
		})
	}
}

// Where links must be signed, one opens for the event, and for the address if it names one, until it expires.
func TestSignedInviteLinks(t *testing.T) {
	keys, err := seal.ParseKeys([]byte(signing))
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := seal.ParseKeys([]byte("another secret of many octets"))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().Unix()
	for _, test := range []struct {
		name  string
		token string
		opens bool
	}{
		{"for the event", keys.Link(seal.Link{Purpose: seal.Invite, UID: "m1"}), true},
		{"for the address", keys.Link(seal.Link{Purpose: seal.Invite, UID: "m1", Email: "ada@example.com"}), true},
		{"for now", keys.Link(seal.Link{Purpose: seal.Invite, UID: "m1", Expires: now + 3600}), true},
		{"in capitals", strings.ToUpper(keys.Link(seal.Link{Purpose: seal.Invite, UID: "m1"})), true},
		{"none", "", false},
		{"no token", "abc", false},
		{"another event", keys.Link(seal.Link{Purpose: seal.Invite, UID: "m2"}), false},
		{"another address", keys.Link(seal.Link{Purpose: seal.Invite, UID: "m1", Email: "bob@example.com"}), false},
		{"another purpose", keys.Link(seal.Link{Purpose: seal.RSVP, UID: "m1"}), false},
		{"another key", foreign.Link(seal.Link{Purpose: seal.Invite, UID: "m1"}), false},
		{"expired", keys.Link(seal.Link{Purpose: seal.Invite, UID: "m1", Expires: now - 3600}), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			link, aws := inviteLink(t, "signed", succeeded(sentNow))
			answer, err := link(t.Context(), opened(map[string]string{"email": "Ada@example.com", "token": test.token}))
			if err != nil {
				t.Fatal(err)
			}
			calls := aws.Requests()
			if !test.opens {
				if answer.StatusCode != http.StatusForbidden || len(calls) != 1 {
					t.Errorf("%d, %d calls", answer.StatusCode, len(calls))
				}
				return
			}
			if answer.StatusCode != http.StatusFound || len(calls) != 2 || !strings.Contains(calls[1].Field(t, "input").(string), `"signed":true`) {
				t.Errorf("%d, %d calls", answer.StatusCode, len(calls))
			}
		})
	}
}

// A link that must be confirmed shows a button and starts nothing; the button does.
func TestConfirmedInviteLinks(t *testing.T) {
	link, aws := inviteLink(t, "confirm", succeeded(sentNow))
	query := map[string]string{"email": "ada@example.com", "name": "<Ada>"}
	answer, err := link(t.Context(), asBrowser(opened(query)))
	if err != nil || answer.StatusCode != http.StatusOK || !strings.Contains(answer.Body, "&lt;Ada&gt;") || len(aws.Requests()) != 0 {
		t.Fatalf("%d, %v, %d calls:\n%s", answer.StatusCode, err, len(aws.Requests()), answer.Body)
	}
	form := url.Values{}
	for name, value := range query {
		form.Set(name, value)
	}
	pressed := asBrowser(opened(nil))
	pressed.HTTPMethod, pressed.Body = http.MethodPost, form.Encode()
	answer, err = link(t.Context(), pressed)
	if err != nil || answer.StatusCode != http.StatusFound || answer.Headers["Location"] != landingPage {
		t.Errorf("%d %v, %v", answer.StatusCode, answer.Headers, err)
	}
	if execution := aws.Only(t); !strings.Contains(execution.Field(t, "input").(string), `"email":"ada@example.com"`) {
		t.Errorf("%s", execution.Body)
	}
}

// A workflow that fails is not the caller's fault, and the page does not say more than that.
func TestInviteLinkWhenTheWorkflowFails(t *testing.T) {
	for name, status := range map[string]int{"Throttled": 429, "Unavailable": 503, "States.Timeout": 500, "Lambda.Unknown": 500} {
		link, _ := inviteLink(t, "open", awstest.Answer{Body: `{"executionArn":"arn:e","name":"e1","status":"FAILED","startDate":1.7e9,"stopDate":1.7e9,"error":"` + name + `","cause":"details"}`})
		answer, err := link(t.Context(), opened(map[string]string{"email": "ada@example.com"}))
		if err != nil || answer.StatusCode != status || strings.Contains(answer.Body, "details") {
			t.Errorf("%s: %d %s, %v", name, answer.StatusCode, answer.Body, err)
		}
	}
}
