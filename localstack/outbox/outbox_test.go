package outbox

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/aws/smithy-go"

	"github.com/calendarinvite/calendarinviteserver/localstack/journal"
)

func open(t *testing.T, dir string, change func(*Config)) *Outbox {
	t.Helper()
	j, err := journal.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{Journal: j, Region: "us-east-1", Domains: []string{"cis.localhost"}}
	if change != nil {
		change(&cfg)
	}
	o, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.Close(); j.Close() })
	return o
}

func serve(t *testing.T, o *Outbox) (*sesv2.Client, *httptest.Server) {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle("/", o.API(func(*http.Request) string { return "send-event-invite" }))
	mux.Handle(Path, o.Messages())
	web := httptest.NewServer(mux)
	t.Cleanup(web.Close)
	return sesv2.NewFromConfig(aws.Config{
		Region: "us-east-1", BaseEndpoint: &web.URL, Credentials: credentials.NewStaticCredentialsProvider("k", "s", ""), RetryMaxAttempts: 1,
	}), web
}

const message = "From: Invites <invites@cis.localhost>\r\nTo: jane@example.com\r\nBcc: secret@example.com\r\n" +
	"Subject: =?utf-8?q?Sommerfest_im_Gr=C3=BCnen?=\r\nmessage-id: <own@example>\r\nDate: Mon, 1 Jan 2001 00:00:00 +0000\r\n" +
	"X-SES-CONFIGURATION-SET: x,\r\n y\r\nReferences: <thread@cis.localhost>\r\n\r\nHello\r\n"

func TestRawIsSentAsSESDoes(t *testing.T) {
	now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	o := open(t, t.TempDir(), func(c *Config) { c.Now = func() time.Time { return now } })
	client, _ := serve(t, o)
	out, err := client.SendEmail(t.Context(), &sesv2.SendEmailInput{
		FromEmailAddress: aws.String("invites@cis.localhost"), Destination: &types.Destination{ToAddresses: []string{"jane@example.com"}},
		Content: &types.EmailContent{Raw: &types.RawMessage{Data: []byte(message)}}, ConfigurationSetName: aws.String("cis"),
		EmailTags: []types.MessageTag{{Name: aws.String("event"), Value: aws.String("abc")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	sent, ok, err := o.Get(*out.MessageId)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	want := "From: Invites <invites@cis.localhost>\r\nTo: jane@example.com\r\nSubject: =?utf-8?q?Sommerfest_im_Gr=C3=BCnen?=\r\n" +
		"message-id: <" + sent.ID + "@email.amazonses.com>\r\nDate: Fri, 20 Nov 2026 10:00:00 +0000\r\nReferences: <thread@cis.localhost>\r\n\r\nHello\r\n"
	if string(sent.Raw) != want {
		t.Errorf("raw:\n%s\nwant:\n%s", sent.Raw, want)
	}
	if sent.Subject != "Sommerfest im Grünen" || sent.Caller != "send-event-invite" || sent.ConfigurationSet != "cis" || sent.Tags["event"][0] != "abc" || strings.Join(sent.Recipients(), " ") != "jane@example.com" || sent.Size != len(want) {
		t.Errorf("sent = %+v", sent)
	}
	if !regexp.MustCompile(`^0100[0-9a-f]{12}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}-000000$`).MatchString(sent.ID) {
		t.Errorf("id %q", sent.ID)
	}
}

func TestHeadersThatAreMissingAreAdded(t *testing.T) {
	o := open(t, t.TempDir(), nil)
	s, err := o.Send(Message{Raw: []byte("From: a@cis.localhost\nTo: b@example.com, \"C, D\" <c@example.com>\nCc: d@example.com\n\nbody")})
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := mail.ReadMessage(bytes.NewReader(s.Raw))
	if err != nil || parsed.Header.Get("Message-Id") != "<"+s.ID+"@email.amazonses.com>" || parsed.Header.Get("Date") == "" {
		t.Errorf("%v: %s", err, s.Raw)
	}
	if got := strings.Join(s.Recipients(), " "); got != "b@example.com c@example.com d@example.com" {
		t.Errorf("recipients %s", got)
	}
}

func TestRefusals(t *testing.T) {
	o := open(t, t.TempDir(), nil)
	client, _ := serve(t, o)
	many := make([]string, 51)
	for i := range many {
		many[i] = fmt.Sprintf("p%d@example.com", i)
	}
	tests := []struct {
		name, from, raw string
		to              []string
		want            string
	}{
		{"foreign From", "x@example.org", "From: x@example.org\r\n\r\n", []string{"a@example.com"}, "MessageRejected"},
		{"foreign From inside", "x@cis.localhost", "From: x@example.org\r\n\r\n", []string{"a@example.com"}, "MessageRejected"},
		{"subdomain", "x@sub.cis.localhost", "From: x@sub.cis.localhost\r\n\r\n", []string{"a@example.com"}, "MessageRejected"},
		{"no From", "x@cis.localhost", "To: a@example.com\r\n\r\n", []string{"a@example.com"}, "BadRequestException"},
		{"nobody to send to", "x@cis.localhost", "From: x@cis.localhost\r\n\r\n", nil, "BadRequestException"},
		{"51 recipients", "x@cis.localhost", "From: x@cis.localhost\r\n\r\n", many, "BadRequestException"},
		{"bad address", "x@cis.localhost", "From: x@cis.localhost\r\n\r\n", []string{"nobody"}, "BadRequestException"},
		{"long line", "x@cis.localhost", "From: x@cis.localhost\r\n\r\n" + strings.Repeat("x", 999) + "\r\n", []string{"a@example.com"}, "BadRequestException"},
		{"line that just fits", "X <x@CIS.localhost>", "From: x@cis.localhost\r\n\r\n" + strings.Repeat("x", 998) + "\r\n", []string{"a@example.com"}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := client.SendEmail(t.Context(), &sesv2.SendEmailInput{
				FromEmailAddress: &test.from, Destination: &types.Destination{ToAddresses: test.to}, Content: &types.EmailContent{Raw: &types.RawMessage{Data: []byte(test.raw)}},
			})
			got := ""
			if e, ok := errors.AsType[smithy.APIError](err); ok {
				got = e.ErrorCode()
			}
			if got != test.want {
				t.Errorf("got %q (%v); want %q", got, err, test.want)
			}
		})
	}
}

func TestMessageLimit(t *testing.T) {
	o := open(t, t.TempDir(), nil)
	head, line := "From: x@cis.localhost\r\nTo: a@example.com\r\n\r\n", strings.Repeat("x", 98)+"\r\n"
	for size, fits := range map[int]bool{31_000_000: true, 31_500_000: false} { // 40 MiB after base64
		_, err := o.Send(Message{Raw: []byte(head + strings.Repeat(line, size/100))})
		if fits != (err == nil) || err != nil && !strings.Contains(err.Error(), "Message length is more than") {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

func TestSimpleIsRendered(t *testing.T) {
	o := open(t, t.TempDir(), nil)
	client, _ := serve(t, o)
	out, err := client.SendEmail(t.Context(), &sesv2.SendEmailInput{
		FromEmailAddress: aws.String("a@cis.localhost"), Destination: &types.Destination{ToAddresses: []string{"b@example.com"}},
		Content: &types.EmailContent{Simple: &types.Message{Subject: &types.Content{Data: aws.String("Grüße")},
			Body: &types.Body{Text: &types.Content{Data: aws.String("täxt")}, Html: &types.Content{Data: aws.String("<p>html</p>")}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	s, _, err := o.Get(*out.MessageId)
	if err != nil || s.Subject != "Grüße" || !strings.Contains(string(s.Raw), "t=C3=A4xt") || !strings.Contains(string(s.Raw), "<p>html</p>") {
		t.Errorf("%v %+v\n%s", err, s, s.Raw)
	}
	if acc, err := client.GetAccount(t.Context(), nil); err != nil || !acc.SendingEnabled {
		t.Errorf("%v, %v", acc, err)
	}
	if id, err := client.GetEmailIdentity(t.Context(), &sesv2.GetEmailIdentityInput{EmailIdentity: aws.String("cis.localhost")}); err != nil || !id.VerifiedForSendingStatus {
		t.Errorf("%v, %v", id, err)
	}
	if _, err := client.GetEmailIdentity(t.Context(), &sesv2.GetEmailIdentityInput{EmailIdentity: aws.String("example.org")}); err == nil {
		t.Error("an identity that nobody has")
	}
}

// The format of the page is a promise to others.
func TestMessages(t *testing.T) {
	dir := t.TempDir()
	o := open(t, dir, nil)
	_, web := serve(t, o)
	var ids []string
	for _, from := range []string{"a@cis.localhost", "B <b@cis.localhost>", "a@cis.localhost"} {
		s, err := o.Send(Message{Raw: []byte("From: " + from + "\r\nTo: x@example.com\r\nSubject: S\r\n\r\n<&>\r\n")})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, s.ID)
	}
	get := func(query string) []map[string]any {
		t.Helper()
		resp, err := http.Get(web.URL + Path + query)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var out struct{ Messages []map[string]any }
		if err := json.NewDecoder(resp.Body).Decode(&out); err != nil || out.Messages == nil {
			t.Fatal(out, err)
		}
		return out.Messages
	}
	all := get("")
	if len(all) != 3 || all[0]["Id"] != ids[0] || all[2]["Id"] != ids[2] {
		t.Fatalf("messages: %v", all)
	}
	m := all[0]
	if m["Region"] != "us-east-1" || m["Source"] != "a@cis.localhost" || m["Subject"] != "S" || !strings.HasSuffix(m["RawData"].(string), "\r\n\r\n<&>\r\n") ||
		fmt.Sprint(m["Destination"]) != "map[ToAddresses:[x@example.com]]" {
		t.Errorf("message: %v", m)
	}
	if _, err := time.Parse(time.RFC3339, m["Timestamp"].(string)); err != nil {
		t.Error(err)
	}
	if got := get("?id=" + ids[1]); len(got) != 1 || got[0]["Id"] != ids[1] {
		t.Errorf("by id: %v", got)
	}
	for email, n := range map[string]int{"a@cis.localhost": 2, "B@cis.localhost": 1, "none@cis.localhost": 0} {
		if got := get("?email=" + url.QueryEscape(email)); len(got) != n {
			t.Errorf("by email %s: %d", email, len(got))
		}
	}
	req, err := http.NewRequest("DELETE", web.URL+Path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp, err := http.DefaultClient.Do(req); err != nil || resp.StatusCode != 204 {
		t.Fatal(resp, err)
	}
	if got := get(""); len(got) != 0 {
		t.Errorf("after DELETE: %v", got)
	}
}

func TestSESv1(t *testing.T) {
	o := open(t, t.TempDir(), nil)
	_, web := serve(t, o)
	form := url.Values{"Action": {"SendRawEmail"}, "Version": {"2010-12-01"}, "RawMessage.Data": {"RnJvbTogYUBjaXMubG9jYWxob3N0DQpUbzogYkBleGFtcGxlLmNvbQ0KDQpoaQ0K"}}
	resp, err := http.PostForm(web.URL, form)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	line, _ := bufio.NewReader(resp.Body).ReadString(0)
	if list, err := o.List(Filter{}); err != nil || len(list) != 1 || !strings.Contains(line, "<MessageId>"+list[0].ID) {
		t.Errorf("%s, %v", line, err)
	}
}

// server is an SMTP server that answers to DATA with the codes given, one after the other.
func server(t *testing.T, answers ...string) (addr string, got chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	got = make(chan string, 10)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			answer := answers[0]
			if len(answers) > 1 {
				answers = answers[1:]
			}
			in := bufio.NewReader(conn)
			fmt.Fprint(conn, "220 hello\r\n")
			var text strings.Builder
			for data := false; ; {
				line, err := in.ReadString('\n')
				if err != nil {
					break
				}
				text.WriteString(line)
				switch {
				case data && line == ".\r\n":
					data = false
					fmt.Fprint(conn, answer+"\r\n")
					got <- text.String()
				case data:
				case line == "DATA\r\n":
					data = true
					fmt.Fprint(conn, "354 go\r\n")
				case line == "QUIT\r\n":
					fmt.Fprint(conn, "221 bye\r\n")
				default:
					fmt.Fprint(conn, "250 fine\r\n")
				}
			}
			conn.Close()
		}
	}()
	return l.Addr().String(), got
}

func TestRelay(t *testing.T) {
	addr, got := server(t, "250 taken")
	o := open(t, t.TempDir(), func(c *Config) { c.Relay = "smtp://" + addr })
	if _, err := o.Send(Message{Source: "Invites <a@cis.localhost>", Raw: []byte(message)}); err != nil {
		t.Fatal(err)
	}
	text := <-got
	if !strings.Contains(text, "MAIL FROM:<a@cis.localhost>") || !strings.Contains(text, "RCPT TO:<secret@example.com>") || !strings.Contains(text, "\r\nHello\r\n") || strings.Contains(text, "Bcc:") {
		t.Error(text)
	}
}

// What the relay could not hand on is handed on after a restart; what is refused for good is not tried again.
func TestRelaySurvivesARestart(t *testing.T) {
	dir := t.TempDir()
	j, err := journal.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	addr, got := server(t, "451 later", "554 never", "250 taken")
	cfg := Config{Journal: j, Region: "us-east-1", Domains: []string{"cis.localhost"}, Relay: "smtp://" + addr}
	o, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	s, err := o.Send(Message{Raw: []byte(message)})
	if err != nil {
		t.Fatal(err)
	}
	<-got
	list := j.Bucket(relayBucket)
	var p pending
	for deadline := time.Now().Add(5 * time.Second); p.Attempts == 0 && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if ok, err := list.Get(s.ID, &p); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	o.Close()
	p.Next = time.Time{} // as if the time had come
	if err := list.Put(s.ID, p); err != nil {
		t.Fatal(err)
	}
	o, err = New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	<-got
	for deadline := time.Now().Add(5 * time.Second); list.Len() > 0 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	if list.Len() != 0 {
		t.Error("a message that was refused for good is kept for another attempt")
	}
	o.Close()
	j.Close()
}

func TestRelayAddress(t *testing.T) {
	for _, bad := range []string{"localhost:25", "http://localhost", "smtp://"} {
		j, err := journal.Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := New(Config{Journal: j, Relay: bad}); err == nil || !strings.Contains(err.Error(), "CIS_RELAY") {
			t.Errorf("%s: %v", bad, err)
		}
		j.Close()
	}
}
