// Package awstest answers tests as an AWS service would: it records the requests of a client and gives back what the test decides,
// errors in the shapes of the services' protocols included. What the services themselves do, the local stack shows.
package awstest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// Request is what arrived.
type Request struct {
	Method    string
	Host      string
	Path      string // as sent, still escaped
	Operation string // of the JSON protocols: the last part of X-Amz-Target; "" otherwise
	Body      []byte
}

// Field is a field of the request's JSON body; nil when it is absent.
func (r Request) Field(t *testing.T, name string) any {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal(r.Body, &fields); err != nil {
		t.Fatalf("the body of %s %s is no JSON object: %v\n%s", r.Method, r.Path, err, r.Body)
	}
	return fields[name]
}

// Answer is what goes back. A zero Status is 200.
type Answer struct {
	Status int
	Header map[string]string
	Body   string
}

// JSON is the answer 200 with v as JSON.
func JSON(t *testing.T, v any) Answer {
	t.Helper()
	body, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return Answer{Body: string(body)}
}

// RESTError is an error in the REST-JSON protocol (SES), whose code stands in a header.
// https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html#operation-error-serialization
func RESTError(status int, code string) Answer {
	return Answer{Status: status, Header: map[string]string{"X-Amzn-Errortype": code}, Body: `{"message":"no"}`}
}

// JSONError is an error in the JSON 1.0 and 1.1 protocols (Step Functions, Secrets Manager), whose code stands in the body behind a
// namespace. https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html#operation-error-serialization
func JSONError(status int, code string) Answer {
	return Answer{Status: status, Body: fmt.Sprintf(`{"__type":"com.amazonaws.service#%s","message":"no"}`, code)}
}

// XMLError is an error of S3.
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#RESTErrorResponses
func XMLError(status int, code string) Answer {
	return Answer{Status: status, Header: map[string]string{"Content-Type": "application/xml"},
		Body: fmt.Sprintf("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>%s</Code><Message>no</Message><RequestId>r1</RequestId></Error>", code)}
}

func (a Answer) write(w http.ResponseWriter) {
	for name, value := range a.Header {
		w.Header().Set(name, value)
	}
	if a.Status != 0 {
		w.WriteHeader(a.Status)
	}
	fmt.Fprint(w, a.Body)
}

// Server is a running server.
type Server struct {
	URL string

	mu       sync.Mutex
	requests []Request
}

// Start starts a server that gives every request the same answer, until the test ends.
func Start(t *testing.T, answer Answer) *Server {
	t.Helper()
	return StartFunc(t, func(Request) Answer { return answer })
}

// StartFunc starts a server that gives a request the answer that f decides on, until the test ends.
func StartFunc(t *testing.T, f func(Request) Answer) *Server {
	t.Helper()
	s := &Server{}
	served := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the client is gone
		}
		_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		request := Request{Method: r.Method, Host: r.Host, Path: r.URL.EscapedPath(), Operation: operation, Body: body}
		s.mu.Lock()
		s.requests = append(s.requests, request)
		s.mu.Unlock()
		f(request).write(w)
	}))
	t.Cleanup(served.Close)
	s.URL = served.URL
	return s
}

// Dead is the address of a server that is no more: nobody listens there.
func Dead() string {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	return gone.URL
}

// Config makes a client talk to the server at the URL, and try once.
func Config(url string) aws.Config {
	return aws.Config{
		Region:           "us-east-1",
		BaseEndpoint:     &url,
		RetryMaxAttempts: 1,
		Credentials:      credentials.NewStaticCredentialsProvider("id", "secret", ""),
	}
}

// Requests are those that arrived so far.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Only is the one request that arrived; any other number ends the test.
func (s *Server) Only(t *testing.T) Request {
	t.Helper()
	requests := s.Requests()
	if len(requests) != 1 {
		t.Fatalf("%d requests, want 1", len(requests))
	}
	return requests[0]
}
