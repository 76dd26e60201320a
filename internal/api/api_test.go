package api_test

import (
	"encoding/base64"
	"errors"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/calendarinvite/calendarinviteserver/internal/api"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
)

func TestLandingIsNeverAnOpenRedirect(t *testing.T) {
	const own = "https://api.example.org/landing"
	hosts := []string{"", "example.com", "shop.example.com:8443"}
	for wanted, want := range map[string]string{
		"":                                        own,
		"https://example.com/thanks?x=1":          "https://example.com/thanks?x=1",
		"http://EXAMPLE.com/":                     "http://EXAMPLE.com/",
		"https://shop.example.com:8443/":          "https://shop.example.com:8443/",
		"https://api.example.org/other":           "https://api.example.org/other",
		"example.com/thanks":                      "http://example.com/thanks",
		"example.com?next=https://evil.example/":  "http://example.com?next=https://evil.example/",
		"shop.example.com:8443":                   "http://shop.example.com:8443",
		"evil.example/":                           own,
		"example.com@evil.example":                own,
		"evil.example/https://example.com":        own,
		"ftp://example.com/":                      own,
		"https://evil.example/":                   own,
		"https://example.com.evil.example/":       own,
		"https://evil.example/example.com":        own,
		"https://example.com@evil.example/":       own,
		"//example.com/":                          own,
		"/landing":                                own,
		"javascript:alert(1)":                     own,
		"https:example.com":                       own,
		"https://example.com\r\nSet-Cookie: a=b":  own,
		`https:\\example.com`:                     own,
		"https://sub.example.com/":                own,
		"data:text/html,<script>alert(1)</script": own,
	} {
		if got := api.Landing(wanted, own, hosts); got != want {
			t.Errorf("Landing(%q) = %q, want %q", wanted, got, want)
		}
	}
}

func TestErrorHidesTheCause(t *testing.T) {
	for _, test := range []struct {
		err    error
		status int
		body   string
	}{
		{fault.New(fault.NotFound, "unknown-event", "There is no such event."), 404, `{"message":"There is no such event."}`},
		{fault.Wrap(fault.Throttled, "ses", errors.New("secret detail")), 429, `{"message":"Too Many Requests"}`},
		{errors.New("secret detail"), 500, `{"message":"Internal Server Error"}`},
	} {
		answer := api.Error(test.err)
		if answer.StatusCode != test.status || answer.Body != test.body {
			t.Errorf("%v: %d %s", test.err, answer.StatusCode, answer.Body)
		}
	}
}

func TestCaller(t *testing.T) {
	keys := api.Keys{"id1": {Tenant: "default", Admin: true}}
	request := api.Request{RequestContext: events.APIGatewayProxyRequestContext{Identity: events.APIGatewayRequestIdentity{APIKeyID: "id1"}}}
	if caller, err := keys.Caller(request); err != nil || caller.Tenant != "default" || !caller.Admin {
		t.Errorf("%+v, %v", caller, err)
	}
	if _, err := keys.Caller(api.Request{}); fault.KindOf(err) != fault.NotAuthorized {
		t.Errorf("no key: %v", err)
	}
}

// Whoever chooses a request's plain id does not choose its name.
func TestRequestID(t *testing.T) {
	for _, test := range []struct {
		context events.APIGatewayProxyRequestContext
		want    string
	}{
		{events.APIGatewayProxyRequestContext{RequestID: "chosen", ExtendedRequestID: "cvRFwE8_oAMFkHA="}, "cvRFwE8_oAMFkHA="},
		{events.APIGatewayProxyRequestContext{RequestID: "r1"}, "r1"},
	} {
		if got := api.RequestID(test.context); got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}

func TestForm(t *testing.T) {
	form, err := api.Form(api.Request{Body: "answer=accepted&comment=a+b%26c"})
	if err != nil || form.Get("answer") != "accepted" || form.Get("comment") != "a b&c" {
		t.Errorf("%v, %v", form, err)
	}
	form, err = api.Form(api.Request{Body: base64.StdEncoding.EncodeToString([]byte("answer=declined")), IsBase64Encoded: true})
	if err != nil || form.Get("answer") != "declined" {
		t.Errorf("%v, %v", form, err)
	}
	for _, bad := range []api.Request{{Body: "%zz"}, {Body: "!", IsBase64Encoded: true}, {Body: string(make([]byte, 65<<10))}} {
		if _, err := api.Form(bad); fault.KindOf(err) != fault.InvalidRequest {
			t.Errorf("a bad form gives %v", err)
		}
	}
}
