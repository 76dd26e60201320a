package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"
)

const document = `
openapi: 3.0.3
components: {securitySchemes: {api_key: {type: apiKey, in: header, name: x-api-key}}}
paths:
  /health:
    summary: not a method
    get: {security: [], x-amazon-apigateway-integration: {type: aws_proxy, httpMethod: POST, uri: "arn:x:function:cis-health/invocations"}}
  /event/{uid}/invite:
    get:
      security: [{api_key: []}]
      x-amazon-apigateway-integration: {type: aws_proxy, httpMethod: POST, timeoutInMillis: 50, uri: "arn:x:function:cis-invite/invocations"}
    post: {x-amazon-apigateway-integration: {type: aws_proxy, httpMethod: POST, uri: "arn:x:function:cis-invite/invocations"}}
  /organizer/{organizer}/attendees/{email}:
    put: {x-amazon-apigateway-integration: {type: aws_proxy, httpMethod: POST, uri: "arn:x:function:cis-block/invocations"}}
    delete: {x-amazon-apigateway-integration: {type: aws_proxy, httpMethod: POST, uri: "arn:x:function:cis-unblock/invocations"}}
  /later: {get: {security: [{api_key: []}]}}
`

func functionOf(ref string) (string, bool) {
	_, name, ok := strings.Cut(ref, "function:cis-")
	return name, ok
}

// serve starts a gateway whose functions answer as the test says.
func serve(t *testing.T, cfg Config) *httptest.Server {
	t.Helper()
	cfg.OpenAPI, cfg.FunctionOf, cfg.Keys, cfg.Account, cfg.Stage = []byte(document), functionOf, []string{"local-key"}, "000000000000", "local"
	g, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	return server
}

func answering(answer string) func(context.Context, string, []byte) ([]byte, error) {
	return func(context.Context, string, []byte) ([]byte, error) { return []byte(answer), nil }
}

func do(t *testing.T, method, url, body string, header http.Header) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range header {
		req.Header[name] = values
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(text)
}

func TestProxyEvent(t *testing.T) {
	var function string
	var got map[string]any
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	server := serve(t, Config{
		Now: func() time.Time { return now },
		Invoke: func(_ context.Context, name string, payload []byte) ([]byte, error) {
			function, got = name, nil
			if err := json.Unmarshal(payload, &got); err != nil {
				return nil, err
			}
			var asLibrary events.APIGatewayProxyRequest
			if err := json.Unmarshal(payload, &asLibrary); err != nil {
				return nil, err
			}
			return []byte(`{"statusCode":200}`), nil
		},
	})
	host := strings.TrimPrefix(server.URL, "http://")
	resp, _ := do(t, "GET", server.URL+"/event/a%2Bb/invite?email=a%2Bb%40x.org&origin=api&origin=test", "",
		http.Header{"X-Api-Key": {"local-key"}, "X-Two": {"1", "2"}, "User-Agent": {"test"}, "Accept-Encoding": {"identity"}})
	if resp.StatusCode != 200 || function != "invite" {
		t.Fatalf("status %d from %q", resp.StatusCode, function)
	}
	context := got["requestContext"].(map[string]any)
	id := context["requestId"].(string)
	if id == "" || id != resp.Header.Get("X-Amzn-Requestid") || id != context["extendedRequestId"] {
		t.Errorf("request id is %q, header %q", id, resp.Header.Get("X-Amzn-Requestid"))
	}
	headers := got["headers"].(map[string]any)
	multi := got["multiValueHeaders"].(map[string]any)
	want := map[string]any{
		"resource": "/event/{uid}/invite", "path": "/event/a%2Bb/invite", "httpMethod": "GET",
		"headers": map[string]any{"Host": host, "User-Agent": "test", "X-Api-Key": "local-key", "X-Two": "2", "Accept-Encoding": "identity",
			"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "http", "X-Forwarded-Port": headers["X-Forwarded-Port"]},
		"multiValueHeaders":               multi,
		"queryStringParameters":           map[string]any{"email": "a+b@x.org", "origin": "test"},
		"multiValueQueryStringParameters": map[string]any{"email": []any{"a+b@x.org"}, "origin": []any{"api", "test"}},
		"pathParameters":                  map[string]any{"uid": "a+b"}, "stageVariables": nil, "body": nil, "isBase64Encoded": false,
		"requestContext": map[string]any{
			"accountId": "000000000000", "apiId": "local", "domainName": host, "domainPrefix": "local", "extendedRequestId": id, "httpMethod": "GET",
			"identity": map[string]any{"apiKey": "local-key", "apiKeyId": "local-key", "accountId": nil, "caller": nil, "sourceIp": "127.0.0.1",
				"user": nil, "userAgent": "test", "userArn": nil},
			"path": "/event/a%2Bb/invite", "protocol": "HTTP/1.1", "requestId": id, "requestTime": "04/Mar/2026:05:06:07 +0000",
			"requestTimeEpoch": float64(now.UnixMilli()), "resourceId": "local", "resourcePath": "/event/{uid}/invite", "stage": "local",
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("event (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]any{"1", "2"}, multi["X-Two"]); diff != "" {
		t.Errorf("multiValueHeaders (-want +got):\n%s", diff)
	}

	do(t, "GET", server.URL+"/health", "", nil)
	for _, name := range []string{"queryStringParameters", "multiValueQueryStringParameters", "pathParameters", "body"} {
		if got[name] != nil {
			t.Errorf("%s is %v, want null", name, got[name])
		}
	}
	// An open route does not name the key, even if one is sent.
	do(t, "POST", server.URL+"/event/x/invite", "gr\xfc\xdfe", http.Header{"X-Api-Key": {"local-key"}})
	if key := got["requestContext"].(map[string]any)["identity"].(map[string]any)["apiKey"]; key != nil || got["body"] != "gr\uFFFDe" {
		t.Errorf("key %v, body %q; want none and UTF-8 text", key, got["body"])
	}
}

// Parameters arrive decoded, as they do from API Gateway; a plus sign in a path is a plus sign.
func TestPathParameters(t *testing.T) {
	var function string
	var got events.APIGatewayProxyRequest
	server := serve(t, Config{Invoke: func(_ context.Context, name string, payload []byte) ([]byte, error) {
		function, got = name, events.APIGatewayProxyRequest{}
		return []byte(`{"statusCode":204}`), json.Unmarshal(payload, &got)
	}})
	for _, test := range []struct{ method, path, function, organizer, email, body string }{
		{"PUT", "/organizer/ada%40example.com/attendees/jane%2Bnews%40example.org", "block", "ada@example.com", "jane+news@example.org", `{"reason":"x"}`},
		{"DELETE", "/organizer/ada@example.com/attendees/jane+news@example.org", "unblock", "ada@example.com", "jane+news@example.org", ""},
		{"DELETE", "/organizer/a%2Fb/attendees/%C3%BC%20x%25", "unblock", "a/b", "ü x%", ""},
	} {
		resp, body := do(t, test.method, server.URL+test.path, test.body, nil)
		if resp.StatusCode != 204 || body != "" || function != test.function {
			t.Fatalf("%s %s: %d %s from %s", test.method, test.path, resp.StatusCode, body, function)
		}
		want := map[string]string{"organizer": test.organizer, "email": test.email}
		if diff := cmp.Diff(want, got.PathParameters); diff != "" || got.HTTPMethod != test.method || got.Path != test.path || got.Body != test.body || got.Resource != "/organizer/{organizer}/attendees/{email}" {
			t.Errorf("%s %s: %+v %s", test.method, test.path, got, diff)
		}
	}
	for _, method := range []string{"GET", "POST", "PATCH"} {
		if resp, _ := do(t, method, server.URL+"/organizer/a/attendees/b", "", nil); resp.StatusCode != 404 {
			t.Errorf("%s: %d", method, resp.StatusCode)
		}
	}
}

func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		name, answer string
		status       int
		body         string
		header       http.Header
	}{
		{"plain", `{"statusCode":201,"body":"{}"}`, 201, "{}", http.Header{"Content-Type": {"application/json"}}},
		{"headers", `{"statusCode":302,"headers":{"location":"/x","A":"1"},"multiValueHeaders":{"A":["1","2"],"Set-Cookie":["a","b"]},"body":null}`, 302, "",
			http.Header{"Location": {"/x"}, "A": {"1", "2"}, "Set-Cookie": {"a", "b"}}},
		{"base64", `{"statusCode":200,"headers":{"Content-Type":"text/csv"},"body":"YSxi","isBase64Encoded":true}`, 200, "a,b", http.Header{"Content-Type": {"text/csv"}}},
		{"bad base64", `{"statusCode":200,"body":"!","isBase64Encoded":true}`, 502, `{"message":"Internal server error"}` + "\n", nil},
		{"no JSON", `oops`, 502, `{"message":"Internal server error"}` + "\n", nil},
		{"other shape", `{"errorMessage":"x"}`, 502, `{"message":"Internal server error"}` + "\n", nil},
		{"no status", `{"body":"x"}`, 502, `{"message":"Internal server error"}` + "\n", nil},
		{"null", `null`, 502, `{"message":"Internal server error"}` + "\n", nil},
		{"body is an object", `{"statusCode":200,"body":{}}`, 502, `{"message":"Internal server error"}` + "\n", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := serve(t, Config{Invoke: answering(c.answer)})
			resp, body := do(t, "GET", server.URL+"/health", "", nil)
			if resp.StatusCode != c.status || body != c.body {
				t.Errorf("got %d %q, want %d %q", resp.StatusCode, body, c.status, c.body)
			}
			for name, values := range c.header {
				if diff := cmp.Diff(values, resp.Header.Values(name)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	server := serve(t, Config{Invoke: answering(`{"statusCode":200,"body":"ok"}`)})
	key := http.Header{"X-Api-Key": {"local-key"}}
	for _, c := range []struct {
		name, method, path, body string
		header                   http.Header
		status                   int
		answer                   string
	}{
		{"no key", "GET", "/event/x/invite", "", nil, 403, "Forbidden"},
		{"wrong key", "GET", "/event/x/invite", "", http.Header{"X-Api-Key": {"local-keys"}}, 403, "Forbidden"},
		{"unknown path", "GET", "/nothing", "", key, 404, "Not Found"},
		{"empty segment", "GET", "/event//invite", "", key, 404, "Not Found"},
		{"dots", "GET", "/event/../health", "", key, 404, "Not Found"},
		{"only slashes", "GET", "//", "", key, 404, "Not Found"},
		{"unknown method", "DELETE", "/health", "", key, 404, "Not Found"},
		{"no integration", "GET", "/later", "", key, 501, "Not implemented yet"},
		{"no integration, no key", "GET", "/later", "", nil, 403, "Forbidden"},
		{"long body", "POST", "/event/x/invite", strings.Repeat("x", MaxBodyBytes+1), nil, 413, "Request Too Long"},
	} {
		t.Run(c.name, func(t *testing.T) {
			resp, body := do(t, c.method, server.URL+c.path, c.body, c.header)
			if want := `{"message":"` + c.answer + `"}` + "\n"; resp.StatusCode != c.status || body != want {
				t.Errorf("got %d %q, want %d %q", resp.StatusCode, body, c.status, want)
			}
			if got := resp.Header.Get("Content-Type"); got != "application/json" {
				t.Errorf("Content-Type is %q", got)
			}
		})
	}
	if resp, _ := do(t, "HEAD", server.URL+"/health", "", nil); resp.StatusCode != 404 {
		t.Errorf("HEAD answers %d, want 404: the document has only GET", resp.StatusCode)
	}
	if resp, body := do(t, "POST", server.URL+"/event/x/invite", strings.Repeat("x", MaxBodyBytes), nil); resp.StatusCode != 200 {
		t.Errorf("body of the largest size: %d %s", resp.StatusCode, body)
	}
}

func TestFailingFunctions(t *testing.T) {
	failed := serve(t, Config{Invoke: func(context.Context, string, []byte) ([]byte, error) { return nil, errors.New("secret detail") }})
	if resp, body := do(t, "GET", failed.URL+"/health", "", nil); resp.StatusCode != 502 || strings.Contains(body, "secret") {
		t.Errorf("failed function: %d %s", resp.StatusCode, body)
	}
	slow := serve(t, Config{Invoke: func(ctx context.Context, _ string, _ []byte) ([]byte, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}})
	resp, body := do(t, "GET", slow.URL+"/event/x/invite", "", http.Header{"X-Api-Key": {"local-key"}})
	if resp.StatusCode != 504 || body != `{"message":"Endpoint request timed out"}`+"\n" {
		t.Errorf("slow function: %d %s", resp.StatusCode, body)
	}
}

func TestUsagePlan(t *testing.T) {
	now := time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
	l := newLimiter(Plan{Rate: 2, Burst: 3, Quota: 6}, now)
	take := func(at time.Duration, want string) {
		t.Helper()
		if got := l.take(now.Add(at)); got != want {
			t.Errorf("at %s: %q, want %q", at, got, want)
		}
	}
	for range 3 {
		take(0, "")
	}
	take(0, "Too Many Requests")
	take(time.Second/2, "")
	take(time.Second/2, "Too Many Requests")
	take(time.Hour, "")
	take(time.Hour, "")
	take(time.Hour, "Limit Exceeded")
	take(24*time.Hour, "")

	unlimited := newLimiter(Plan{}, now)
	for range 1000 {
		if got := unlimited.take(now); got != "" {
			t.Fatalf("without a plan: %q", got)
		}
	}
}

func TestThrottledKey(t *testing.T) {
	server := serve(t, Config{Plan: Plan{Quota: 1}, Invoke: answering(`{"statusCode":200}`)})
	key := http.Header{"X-Api-Key": {"local-key"}}
	if resp, _ := do(t, "GET", server.URL+"/event/x/invite", "", key); resp.StatusCode != 200 {
		t.Errorf("first request: %d", resp.StatusCode)
	}
	if resp, body := do(t, "GET", server.URL+"/event/x/invite", "", key); resp.StatusCode != 429 || !strings.Contains(body, "Limit Exceeded") {
		t.Errorf("second request: %d %s", resp.StatusCode, body)
	}
	if resp, _ := do(t, "GET", server.URL+"/health", "", key); resp.StatusCode != 200 {
		t.Errorf("open route: %d, want 200", resp.StatusCode)
	}
}

func TestDocumentErrors(t *testing.T) {
	for _, c := range []struct{ name, document, want string }{
		{"not YAML", "{", "openapi: "},
		{"version", "openapi: 2.0.0", `version "2.0.0"`},
		{"integration", `{openapi: 3.0.3, paths: {/x: {get: {x-amazon-apigateway-integration: {type: mock}}}}}`, `get /x: integration "mock"`},
		{"function", `{openapi: 3.0.3, paths: {/x: {get: {x-amazon-apigateway-integration: {type: aws_proxy, httpMethod: POST, uri: y}}}}}`, `no known function: "y"`},
		{"timeout", `{openapi: 3.0.3, paths: {/x: {get: {x-amazon-apigateway-integration: {type: aws_proxy, httpMethod: POST, uri: "function:cis-x", timeoutInMillis: 30000}}}}}`, "timeoutInMillis 30000"},
		{"security", `{openapi: 3.0.3, paths: {/x: {get: {security: [{oauth: []}]}}}}`, `security scheme "oauth"`},
		{"ambiguous", `{openapi: 3.0.3, paths: {"/a/{x}": {get: {}}, "/a/{y}": {get: {}}}}`, "GET /a/{y}"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := New(Config{OpenAPI: []byte(c.document), FunctionOf: functionOf})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want one that says %s", err, c.want)
			}
		})
	}
}
