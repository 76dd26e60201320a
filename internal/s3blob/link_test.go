package s3blob_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/calendarinvite/calendarinviteserver/internal/awstest"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/s3blob"
)

func TestLink(t *testing.T) {
	for _, test := range []struct {
		filename    string
		valid       time.Duration
		disposition string
		seconds     string
	}{
		{"outcome.csv", time.Hour, "attachment; filename=outcome.csv", "3600"},
		{"my outcome.csv", time.Minute, `attachment; filename="my outcome.csv"`, "60"},
		{"Gäste.csv", time.Hour, "attachment; filename*=utf-8''G%C3%A4ste.csv", "3600"},
		{"outcome.csv", 365 * 24 * time.Hour, "attachment; filename=outcome.csv", "604800"},
	} {
		s3 := awstest.Start(t, awstest.Answer{Body: "row,email\r\n"})
		link, err := s3blob.New(awstest.Config(s3.URL)).Link(t.Context(), "cis-mail", "reports/m 1.csv", test.filename, test.valid)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := url.Parse(link)
		if err != nil {
			t.Fatal(err)
		}
		query := parsed.Query()
		if parsed.EscapedPath() != "/cis-mail/reports/m%201.csv" || query.Get("response-content-disposition") != test.disposition ||
			query.Get("X-Amz-Expires") != test.seconds || query.Get("X-Amz-SignedHeaders") != "host" || query.Get("X-Amz-Signature") == "" {
			t.Errorf("%s", link)
		}
		if len(s3.Requests()) != 0 {
			t.Error("signing made a call")
		}

		answer, err := http.Get(link)
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || string(data) != "row,email\r\n" {
			t.Errorf("%q, %v", data, err)
		}
	}
}

// On AWS the bucket stands in the host name.
func TestLinkToAWS(t *testing.T) {
	config := awstest.Config("")
	config.BaseEndpoint = nil
	link, err := s3blob.New(config).Link(t.Context(), "cis-mail", "report.csv", "report.csv", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if parsed, err := url.Parse(link); err != nil || parsed.Host != "cis-mail.s3.us-east-1.amazonaws.com" || parsed.Scheme != "https" {
		t.Errorf("%s, %v", link, err)
	}
}

func TestLinkWithoutCredentials(t *testing.T) {
	config := awstest.Config(awstest.Dead())
	config.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{}, errors.New("nobody is logged in")
	})
	link, err := s3blob.New(config).Link(t.Context(), "cis-mail", "report.csv", "report.csv", time.Hour)
	if link != "" || err == nil || fault.KindOf(err) != fault.Unavailable || fault.ReasonOf(err) != "s3" {
		t.Errorf("%q, %v", link, err)
	}
}
