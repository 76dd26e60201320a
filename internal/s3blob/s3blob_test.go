package s3blob_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/internal/awstest"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/s3blob"
)

// The bucket stands in the path, because the host of an endpoint of its own has no names below it.
func TestGet(t *testing.T) {
	for key, path := range map[string]string{
		"event_request/m1":      "/cis-mail/event_request/m1",
		"event_request/m 1+a#b": "/cis-mail/event_request/m%201%2Ba%23b",
	} {
		s3 := awstest.Start(t, awstest.Answer{Body: "From: ada@example.com\r\n\r\nHi\r\n"})
		data, err := s3blob.New(awstest.Config(s3.URL)).Get(t.Context(), "cis-mail", key)
		if err != nil || string(data) != "From: ada@example.com\r\n\r\nHi\r\n" {
			t.Errorf("%q, %v", data, err)
		}
		got := s3.Only(t)
		if got.Method != "GET" || got.Path != path || "http://"+got.Host != s3.URL {
			t.Errorf("%s http://%s%s, want GET %s%s", got.Method, got.Host, got.Path, s3.URL, path)
		}
	}
}

func TestGetFaults(t *testing.T) {
	for _, test := range []struct {
		name   string
		answer awstest.Answer
		kind   fault.Kind
		reason string
	}{
		{"missing object", awstest.XMLError(404, "NoSuchKey"), fault.NotFound, "no-such-object"},
		{"slow down", awstest.XMLError(503, "SlowDown"), fault.Throttled, "s3"},
		{"request limit", awstest.XMLError(503, "RequestLimitExceeded"), fault.Throttled, "s3"},
		{"throttling", awstest.XMLError(400, "ThrottlingException"), fault.Throttled, "s3"},
		{"missing bucket", awstest.XMLError(404, "NoSuchBucket"), fault.Internal, "s3"},
		{"no permission", awstest.XMLError(403, "AccessDenied"), fault.Internal, "s3"},
		{"server error", awstest.XMLError(500, "InternalError"), fault.Unavailable, "s3"},
		{"no XML", awstest.Answer{Status: 502, Body: "Bad Gateway"}, fault.Unavailable, "s3"},
		{"cut off", awstest.Answer{Header: map[string]string{"Content-Length": "100"}, Body: "From:"}, fault.Unavailable, "s3"},
		{"declared over the limit", awstest.Answer{Header: map[string]string{"Content-Length": strconv.Itoa(s3blob.MaxBytes + 1)}, Body: "From:"}, fault.InvalidRequest, "too-large"},
		{"over the limit", awstest.Answer{Body: strings.Repeat("x", s3blob.MaxBytes+1)}, fault.InvalidRequest, "too-large"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s3 := awstest.Start(t, test.answer)
			data, err := s3blob.New(awstest.Config(s3.URL)).Get(t.Context(), "cis-mail", "event_request/m1")
			if data != nil || err == nil || fault.KindOf(err) != test.kind || fault.ReasonOf(err) != test.reason {
				t.Errorf("%d bytes, %v; want %s (%s)", len(data), err, test.kind, test.reason)
			}
		})
	}
}

func TestGetOfTheLargestObject(t *testing.T) {
	s3 := awstest.Start(t, awstest.Answer{Body: strings.Repeat("x", s3blob.MaxBytes)})
	data, err := s3blob.New(awstest.Config(s3.URL)).Get(t.Context(), "cis-mail", "event_request/m1")
	if err != nil || len(data) != s3blob.MaxBytes {
		t.Errorf("%d bytes, %v", len(data), err)
	}
}

func TestNoAnswer(t *testing.T) {
	_, err := s3blob.New(awstest.Config(awstest.Dead())).Get(t.Context(), "cis-mail", "event_request/m1")
	if err == nil || fault.KindOf(err) != fault.Unavailable || fault.ReasonOf(err) != "s3" {
		t.Errorf("%v", err)
	}
}
