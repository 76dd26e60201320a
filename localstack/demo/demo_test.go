package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/calendarinvite/calendarinviteserver/internal/bulk"
	"github.com/calendarinvite/calendarinviteserver/internal/imip"
	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
)

func TestMain(m *testing.M) { stacktest.Main(m) }

// TestStory plays the story twice against a running stack, as a person does.
func TestStory(t *testing.T) {
	s := stacktest.Start(t)
	env := map[string]string{"CIS_API_ADDR": s.API, "CIS_SMTP_ADDR": s.SMTP, "CIS_AWS_ADDR": s.AWS}
	for range 2 {
		var b bytes.Buffer
		if err := run(t.Context(), func(name string) string { return env[name] }, nil, &terminal{w: &b}); err != nil {
			t.Fatalf("%v\n%s", err, &b)
		}
		for _, want := range []string{
			`✓ Ada invites create@cis\.localhost`, `✓ Ada gets a confirmation`, `✓ Grace Hopper opens`, `✓ Alan Turing declines in Outlook`,
			`✓ Emmy Noether changes her mind`,
			`✓ Ada mails bulk@cis\.localhost a CSV file of 1,003 rows`, `Your list: 1,000 invited, 2 not\n`, `results\.csv: 1,000 sent, 1 invited before, 2 invalid\n`,
			`✓ 1,003 calendars have the event`,
			`✓ 125 people on the list answer`, `yes +77  █+\n`, `maybe +25  █+\n`, `no +26  █+\n`, `no answer +875  █{48}\n`,
			`New time proposed: Tea`, `✓ Ada moves the event to 16:30`, `✓ 1,003 calendars show the new time`, `yes +3  █\n`, `no answer +1,000  █{48}\n`,
			`✓ 1,003 calendars show it as cancelled`, `attendees\.csv: 1,003 rows, 77 accepted, 25 tentative, 26 declined\n`,
			`Your event limit is reached`, `Welcome to`, `✓ The sixth event is registered`, `✓ Alan Turing clicks on Unsubscribe`, `✓ An update of that event no longer goes to him`, `✓ He takes it back`,
			`All of this was checked: 3,021 mails to 1,004 people`,
			`/_local/executions/bulk-invites/[a-z0-9]{40}\n`,
		} {
			if !regexp.MustCompile(want).MatchString(b.String()) {
				t.Errorf("output lacks %s:\n%s", want, &b)
			}
		}
		for line := range strings.Lines(b.String()) {
			if utf8.RuneCountInString(strings.TrimRight(line, "\n")) > 80 && !strings.Contains(line, "/_local/") {
				t.Errorf("wider than most terminals: %s", line)
			}
		}
		if strings.Contains(b.String(), "\x1b") {
			t.Error("output to a file has terminal codes")
		}
	}
	if denied := s.Endpoint.Permissions().Denied(); len(denied) != 0 {
		t.Errorf("the story needs permissions that wiring.yaml does not give: %+v", denied)
	}
}

// TestList: a thousand people with a thousand addresses, in a mail that the server reads as it is meant.
func TestList(t *testing.T) {
	people := listed(".test@")
	seen := map[string]bool{}
	for _, g := range people {
		seen[g.email] = true
	}
	if len(people) != 1000 || len(seen) != 1000 {
		t.Fatalf("%d people with %d addresses", len(people), len(seen))
	}
	file, err := listFile("u1", people)
	if err != nil {
		t.Fatal(err)
	}
	m, err := imip.Read(listMail(imiptest.Address{Name: "Ada", Email: "ada@example.com"}, "bulk@example.org", "guests.csv", file, time.Now()), imip.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	part, err := bulk.Attachment(m)
	if err != nil || !bytes.Equal(part.Body, file) || part.Filename != "guests.csv" {
		t.Errorf("%q, %v", part.Filename, err)
	}
}

func TestNobodyAnswers(t *testing.T) {
	var b bytes.Buffer
	err := run(t.Context(), func(string) string { return "127.0.0.1:1" }, nil, &terminal{w: &b})
	if err == nil || !strings.Contains(err.Error(), "no local stack answers at 127.0.0.1:1") {
		t.Errorf("error is %v", err)
	}
}

// TestUnexpectedMail: a mail that is not what the story says, and one that nobody told of, end it.
func TestUnexpectedMail(t *testing.T) {
	const raw = "Subject: Tea\r\nContent-Type: text/plain\r\n\r\nTea at three.\r\n"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/_aws/ses" {
			fmt.Fprintf(w, `{"Messages":[{"RawData":%q}]}`, raw)
			return
		}
		fmt.Fprint(w, `[{"ID":"1","To":["ada@example.com"],"Subject":"Tea"},{"ID":"2","To":["ada@example.com"],"Subject":"Coffee"}]`)
	}))
	defer server.Close()
	address := strings.TrimPrefix(server.URL, "http://")
	box := &mailbox{d: doors{api: address, aws: address}, address: "ada@example.com"}
	if m, err := box.next(t.Context(), "an invitation", "at three"); err != nil || m.subject != "Tea" {
		t.Errorf("got %q, %v", m.subject, err)
	}
	if err := box.nothingElse(t.Context()); err == nil || !strings.Contains(err.Error(), `nobody told of: "Coffee"`) {
		t.Errorf("error is %v", err)
	}
	if _, err := box.next(t.Context(), "a confirmation", "at four"); err == nil || !strings.Contains(err.Error(), `is not a confirmation: it lacks "at four"`) {
		t.Errorf("error is %v", err)
	}
	if err := box.nothingElse(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestWaitEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := wait(ctx, "nothing", func() (bool, error) { return false, nil }); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "waiting for nothing") {
		t.Errorf("error is %v", err)
	}
	broken := errors.New("broken")
	if err := wait(t.Context(), "x", func() (bool, error) { return false, broken }); !errors.Is(err, broken) {
		t.Errorf("error is %v", err)
	}
}

func TestTerminal(t *testing.T) {
	var b bytes.Buffer
	live := &terminal{w: &b, live: true, color: true}
	if err := live.step("Works", func() (string, error) { live.progress(90, 1003); return "result", nil }); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\x1b[33m•\x1b[0m Works\r\x1b[K", "Works  \x1b[2m90 of 1,003\x1b[0m\r\x1b[K", "\x1b[32m✓\x1b[0m Works", "result"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("live output is %q and lacks %q", &b, want)
		}
	}
	b.Reset()
	failure := errors.New("no tea")
	plain := &terminal{w: &b}
	if err := plain.step("Fails", func() (string, error) { plain.progress(1, 2); return "", failure }); !errors.Is(err, failure) || b.String() != "  ✗ Fails\n" {
		t.Errorf("output is %q, error %v", &b, err)
	}
}

func TestTable(t *testing.T) {
	for _, test := range []struct {
		rows []row
		want string
	}{
		{[]row{{"yes", 2, green}, {"no", 1, red}, {"no answer", 0, faint}}, "yes 2 48|no 1 24|no answer 0 0"},
		{[]row{{"yes", 1, green}, {"no", 1003, red}, {"maybe", 502, yellow}}, "yes 1 1|no 1,003 48|maybe 502 25"},
		{[]row{{"yes", 0, green}, {"no", 1234567, red}}, "yes 0 0|no 1,234,567 48"},
	} {
		var b bytes.Buffer
		(&terminal{w: &b}).table("Tea", test.rows)
		var got []string
		for _, line := range strings.Split(strings.TrimSpace(b.String()), "\n")[2:] {
			bar := strings.Count(line, "█")
			got = append(got, strings.Join(strings.Fields(strings.TrimRight(line, "█")), " ")+" "+strings.TrimSpace(count(bar)))
		}
		if text := strings.Join(got, "|"); text != test.want {
			t.Errorf("table is %s, want %s", text, test.want)
		}
	}
}
