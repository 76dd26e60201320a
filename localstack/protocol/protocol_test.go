package protocol

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

func TestErrorsInEveryFormat(t *testing.T) {
	conflict := &Error{Status: 409, Code: "ConflictException", Message: "a < b", Fields: map[string]any{"Reasons": []string{"x"}}}
	tests := []struct {
		format Format
		method string
		err    error
		status int
		want   []string
	}{
		{JSON, "POST", conflict, 409, []string{`"__type":"ConflictException"`, `"Reasons":["x"]`}},
		{RESTJSON, "POST", fmt.Errorf("wrapped: %w", conflict), 409, []string{`"ConflictException"`}},
		{RESTXML, "GET", conflict, 409, []string{"<Code>ConflictException</Code>", "<Message>a &lt; b</Message>", "<Resource>/b/k</Resource>"}},
		{RESTXML, "HEAD", conflict, 409, []string{""}},
		{Query, "POST", conflict, 409, []string{"<ErrorResponse>", "<Code>ConflictException</Code>"}},
		{JSON, "POST", Errorf("ValidationException", "no %s", "key"), 400, []string{"no key"}},
		{JSON, "POST", &Error{Code: "X"}, 400, []string{"X"}},
		{JSON, "POST", errors.New("a secret of ours"), 500, []string{"InternalFailure"}},
	}
	for _, test := range tests {
		w := httptest.NewRecorder()
		WriteError(w, httptest.NewRequest(test.method, "/b/k", nil), test.format, test.err)
		if w.Code != test.status {
			t.Errorf("%v: status %d; want %d", test.err, w.Code, test.status)
		}
		for _, want := range test.want {
			if !strings.Contains(w.Body.String(), want) {
				t.Errorf("%v: %s lacks %s", test.err, w.Body, want)
			}
		}
		if test.method == "HEAD" && w.Body.Len() > 0 || strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%v: %s", test.err, w.Body)
		}
	}
}

func TestReadJSON(t *testing.T) {
	var v struct{ Name string }
	for body, want := range map[string]string{`{"Name":"x"}`: "", "": "", "{": "SerializationException", `{"Name":"` + strings.Repeat("x", 100) + `"}`: "RequestEntityTooLargeException"} {
		err := ReadJSON(httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body)), 100, &v)
		if (err == nil) != (want == "") || err != nil && !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%.20s: %v; want %q", body, err, want)
		}
	}
}

func TestRequestID(t *testing.T) {
	if id := RequestID(); !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(id) {
		t.Error(id)
	}
}
