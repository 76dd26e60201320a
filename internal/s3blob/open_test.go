package s3blob_test

import (
	"io"
	"strings"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/internal/awstest"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/s3blob"
)

func TestOpen(t *testing.T) {
	body := strings.Repeat("row\r\n", 1<<20)
	s3 := awstest.Start(t, awstest.Answer{Body: body})
	stream, err := s3blob.New(awstest.Config(s3.URL)).Open(t.Context(), "cis-mail", "lists/m1/accepted.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	data, err := io.ReadAll(stream)
	if err != nil || string(data) != body {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	if got := s3.Only(t); got.Method != "GET" || got.Path != "/cis-mail/lists/m1/accepted.jsonl" {
		t.Errorf("%s %s", got.Method, got.Path)
	}
}

func TestOpenFaults(t *testing.T) {
	for _, test := range []struct {
		name   string
		answer awstest.Answer
		kind   fault.Kind
		reason string
	}{
		{"missing object", awstest.XMLError(404, "NoSuchKey"), fault.NotFound, "no-such-object"},
		{"slow down", awstest.XMLError(503, "SlowDown"), fault.Throttled, "s3"},
		{"missing bucket", awstest.XMLError(404, "NoSuchBucket"), fault.Internal, "s3"},
		{"no permission", awstest.XMLError(403, "AccessDenied"), fault.Internal, "s3"},
		{"server error", awstest.XMLError(500, "InternalError"), fault.Unavailable, "s3"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s3 := awstest.Start(t, test.answer)
			stream, err := s3blob.New(awstest.Config(s3.URL)).Open(t.Context(), "cis-mail", "list")
			if stream != nil || err == nil || fault.KindOf(err) != test.kind || fault.ReasonOf(err) != test.reason {
				t.Errorf("%v; want %s (%s)", err, test.kind, test.reason)
			}
		})
	}
}

func TestAStreamThatBreaks(t *testing.T) {
	s3 := awstest.Start(t, awstest.Answer{Header: map[string]string{"Content-Length": "100"}, Body: "row,"})
	stream, err := s3blob.New(awstest.Config(s3.URL)).Open(t.Context(), "cis-mail", "list")
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	data, err := io.ReadAll(stream)
	if string(data) != "row," || err == nil || fault.KindOf(err) != fault.Unavailable || fault.ReasonOf(err) != "s3" {
		t.Errorf("%q, %v", data, err)
	}
}
