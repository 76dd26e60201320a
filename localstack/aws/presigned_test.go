package aws

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

func fetch(t *testing.T, url string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest("GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

// A link that a function has made works for anybody, as long as it is good, unchanged, and the function may read what it leads to.
func TestPresignedLinks(t *testing.T) {
	e := start(t)
	for _, key := range []string{"lists/a report ü+&.csv", "other"} {
		if err := e.objects.Put(t.Context(), "cis-mail", key, []byte("email,status\r\n"), map[string]string{"Content-Type": "text/csv"}); err != nil {
			t.Fatal(err)
		}
	}
	link := func(caller, key string, expires time.Duration) string {
		cfg := e.as(caller)
		cfg.Credentials = credentials.NewStaticCredentialsProvider(caller, "local", "a session/token+=")
		out, err := s3.NewPresignClient(s3.NewFromConfig(cfg)).PresignGetObject(t.Context(), &s3.GetObjectInput{
			Bucket: sdk.String("cis-mail"), Key: &key, ResponseContentDisposition: sdk.String(`attachment; filename="report.csv"`),
		}, s3.WithPresignExpires(expires))
		if err != nil {
			t.Fatal(err)
		}
		return out.URL
	}
	good := link("lister", "lists/a report ü+&.csv", time.Hour)
	tests := []struct {
		name, url string
		later     time.Duration
		status    int
		want      string
	}{
		{"good", good, 0, 200, "email,status\r\n"},
		{"in the last second", good, time.Hour - 2*time.Second, 200, "email,status\r\n"},
		{"expired", good, time.Hour + time.Second, 403, "Request has expired"},
		{"not valid yet", good, -16 * time.Minute, 403, "Request is not yet valid"},
		{"another object", strings.Replace(good, "lists/a%20report%20%C3%BC%2B%26.csv", "other", 1), 0, 403, "SignatureDoesNotMatch"},
		{"longer", strings.Replace(good, "X-Amz-Expires=3600", "X-Amz-Expires=36000", 1), 0, 403, "SignatureDoesNotMatch"},
		{"too long", strings.Replace(good, "X-Amz-Expires=3600", "X-Amz-Expires=604801", 1), 0, 400, "AuthorizationQueryParametersError"},
		{"no number", strings.Replace(good, "X-Amz-Expires=3600", "X-Amz-Expires=x", 1), 0, 400, "AuthorizationQueryParametersError"},
		{"no date", strings.Replace(good, "X-Amz-Date=", "X-Amz-Date=x", 1), 0, 400, "AuthorizationQueryParametersError"},
		{"another method", strings.Replace(good, "AWS4-HMAC-SHA256", "AWS4-ECDSA", 1), 0, 400, "AuthorizationQueryParametersError"},
		{"of a function that may not read", link("writer", "other", time.Hour), 0, 403, "AccessDenied"},
		{"somebody else's", link("test", "other", time.Hour), 0, 200, "email,status\r\n"},
		{"nothing there", link("lister", "lists/none", time.Hour), 0, 404, "NoSuchKey"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e.Server.now = func() time.Time { return time.Now().Add(test.later) }
			resp, body := fetch(t, test.url)
			if resp.StatusCode != test.status || !strings.Contains(body, test.want) {
				t.Errorf("%d %s", resp.StatusCode, body)
			}
			if test.status == 200 && (resp.Header.Get("Content-Disposition") != `attachment; filename="report.csv"` || resp.Header.Get("Content-Type") != "text/csv") {
				t.Errorf("header %v", resp.Header)
			}
		})
	}
	e.Server.now = time.Now
	if resp, body := fetch(t, good, "Range", "bytes=6-11"); resp.StatusCode != 206 || body != "status" {
		t.Errorf("range: %d %q", resp.StatusCode, body)
	}
	e.faults.Record()
	if err := e.faults.Add(Fault{Kind: "fail", Times: -1}); err != nil {
		t.Fatal(err)
	}
	if resp, _ := fetch(t, good); resp.StatusCode != 200 || len(e.faults.Recorded()) != 0 {
		t.Errorf("a person's download counts as a function's call: %d, %v", resp.StatusCode, e.faults.Recorded())
	}
}
