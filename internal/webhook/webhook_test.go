package webhook_test

import (
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/webhook"
)

// The specification's own test vector.
const (
	secret    = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	id        = "msg_p5jXN8AQM9LWM0D4loKWxJek"
	body      = `{"test": 2432232314}`
	signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
)

var at = time.Unix(1614265330, 0)

var otherSecret = "whsec_" + base64.StdEncoding.EncodeToString([]byte("another key of at least 24 octets"))

func TestSign(t *testing.T) {
	headers, err := webhook.Sign(secret, id, at, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{webhook.HeaderID: id, webhook.HeaderTimestamp: "1614265330", webhook.HeaderSignature: signature} {
		if headers[name] != want {
			t.Errorf("%s: %q, want %q", name, headers[name], want)
		}
	}
	headers, err = webhook.Sign(otherSecret+" "+strings.TrimPrefix(secret, "whsec_")+"\n", id, at, []byte(body))
	if signatures := strings.Fields(headers[webhook.HeaderSignature]); err != nil || len(signatures) != 2 || signatures[1] != signature {
		t.Errorf("two secrets: %v %v", headers, err)
	}
	for _, bad := range []string{"", "  ", "whsec_", "whsec_!", "whsec_c2hvcnQ=", secret + " x", "whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 65))} {
		_, err := webhook.Sign(bad, id, at, nil)
		if fault.ReasonOf(err) != webhook.ReasonBadSecret {
			t.Errorf("secret %q: %v", bad, err)
		}
	}
}

func TestVerify(t *testing.T) {
	good := map[string]string{webhook.HeaderID: id, webhook.HeaderTimestamp: "1614265330", webhook.HeaderSignature: signature}
	for _, test := range []struct {
		name    string
		secrets string
		change  map[string]string
		body    string
		late    time.Duration
		reason  string
	}{
		{name: "good"},
		{name: "second of two secrets", secrets: otherSecret + " " + secret},
		{name: "one good signature among others", change: map[string]string{webhook.HeaderSignature: "v2,abc v1,AAAA v1 " + signature}},
		{name: "just in time", late: webhook.Tolerance},
		{name: "late", late: webhook.Tolerance + time.Second, reason: webhook.ReasonBadTime},
		{name: "from the future", late: -webhook.Tolerance - time.Second, reason: webhook.ReasonBadTime},
		{name: "no time", change: map[string]string{webhook.HeaderTimestamp: ""}, reason: webhook.ReasonBadTime},
		{name: "another time", change: map[string]string{webhook.HeaderTimestamp: "1614265331"}, reason: webhook.ReasonBadSignature},
		{name: "another id", change: map[string]string{webhook.HeaderID: "msg_x"}, reason: webhook.ReasonBadSignature},
		{name: "no signature", change: map[string]string{webhook.HeaderSignature: ""}, reason: webhook.ReasonBadSignature},
		{name: "empty signature", change: map[string]string{webhook.HeaderSignature: "v1,"}, reason: webhook.ReasonBadSignature},
		{name: "another version", change: map[string]string{webhook.HeaderSignature: "v1a" + signature[2:]}, reason: webhook.ReasonBadSignature},
		{name: "another body", body: body + " ", reason: webhook.ReasonBadSignature},
		{name: "another secret", secrets: otherSecret, reason: webhook.ReasonBadSignature},
		{name: "no secret", secrets: "-", reason: webhook.ReasonBadSecret},
	} {
		header := func(name string) string {
			if value, changed := test.change[name]; changed {
				return value
			}
			return good[name]
		}
		secrets, text := test.secrets, test.body
		if secrets == "" {
			secrets = secret
		}
		if text == "" {
			text = body
		}
		err := webhook.Verify(secrets, header, []byte(text), at.Add(test.late))
		if fault.ReasonOf(err) != test.reason || (err == nil) != (test.reason == "") {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func TestSend(t *testing.T) {
	var verified error
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, err := io.ReadAll(r.Body)
		if err == nil {
			err = webhook.Verify(secret, r.Header.Get, got, at)
		}
		verified = err
		if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" || r.Header.Get("User-Agent") == "" || string(got) != body {
			t.Errorf("the request: %s %v %q", r.Method, r.Header, got)
		}
		w.WriteHeader(http.StatusAccepted)
	}))
	defer receiver.Close()
	if err := webhook.NewSender().Send(t.Context(), receiver.URL+"/hook", secret, id, at, []byte(body)); err != nil || verified != nil {
		t.Errorf("sent: %v, verified: %v", err, verified)
	}
}

func TestSendFaults(t *testing.T) {
	for status, want := range map[int]fault.Kind{
		204: "", 410: fault.InvalidRequest,
		301: fault.Unavailable, 400: fault.Unavailable, 401: fault.Unavailable, 404: fault.Unavailable, 408: fault.Unavailable, 425: fault.Unavailable, 429: fault.Throttled, 500: fault.Unavailable, 503: fault.Unavailable,
	} {
		asked := 0
		receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked++
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
		}))
		err := webhook.NewSender().Send(t.Context(), receiver.URL, secret, id, at, []byte(body))
		receiver.Close()
		if (want == "") != (err == nil) || want != "" && fault.KindOf(err) != want || asked != 1 {
			t.Errorf("%d: %v after %d requests", status, err, asked)
		}
	}
}

func TestSendNowhere(t *testing.T) {
	sender := webhook.NewSender()
	for _, to := range []string{"", "example.com", "http://example.com/", "ftp://localhost/", "https://", "http://localhost.example.com/", "https://exa mple.com/"} {
		if err := sender.Send(t.Context(), to, secret, id, at, nil); fault.ReasonOf(err) != webhook.ReasonBadURL {
			t.Errorf("%q: %v", to, err)
		}
	}
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	err := sender.Send(t.Context(), gone.URL+"/?password=hidden", secret, id, at, nil)
	if fault.KindOf(err) != fault.Unavailable || strings.Contains(err.Error(), "hidden") {
		t.Errorf("nobody listens: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := sender.Send(ended, gone.URL, secret, id, at, nil); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("no time left: %v", err)
	}
	if err := sender.Send(t.Context(), gone.URL, "whsec_x", id, at, nil); fault.ReasonOf(err) != webhook.ReasonBadSecret {
		t.Errorf("a bad secret: %v", err)
	}
}
