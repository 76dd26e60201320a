package inspect

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
	"github.com/calendarinvite/calendarinviteserver/localstack/states"
)

func pages(t testing.TB) *Pages {
	t.Helper()
	p, err := New(newWorld(t).sources(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func get(t testing.TB, p *Pages, path, accept string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest("GET", path, nil)
	r.Header.Set("Accept", accept)
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	return w
}

const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

func TestPages(t *testing.T) {
	p := pages(t)
	for _, c := range []struct {
		path   string
		status int
		want   []string // fragments of the page
		not    []string
	}{
		{"/_local/", 200, []string{"<b>2</b> mails received", "<b>1</b> failed", "local-admin-key", "Tee &amp; Kekse"}, nil},
		{"/_local/sent", 200, []string{"Tea &lt;b&gt;confirmed&lt;/b&gt;", "(no subject)"}, nil},
		{"/_local/sent?to=BOB", 200, []string{"sent-2"}, []string{"sent-1"}},
		{"/_local/sent?to=nobody", 200, []string{"No mail was sent to nobody"}, nil},
		{"/_local/sent/sent-1", 200, []string{"REQUEST", "Invites Bob &lt;bob@example.org&gt;, and asks for an answer.", "Tea, &lt;i&gt;biscuits&lt;/i&gt;",
			"Tue 10 Mar 2026, 15:00 – 16:00 UTC", `src="/_local/sent/sent-1/html" sandbox=`, "Tea &lt;b&gt;and&lt;/b&gt; biscuits", "revision: a higher one"}, nil},
		{"/_local/sent/sent-2", 200, []string{"plain"}, []string{"<iframe"}},
		{"/_local/sent/nothing", 404, []string{"there is nothing here"}, nil},
		{"/_local/received", 200, []string{"Tee &amp; Kekse", ">failed<", ">stored<"}, nil},
		{"/_local/received?mailbox=abuse", 200, []string{"stored-only"}, []string{messageID}},
		{"/_local/received/" + messageID, 200, []string{"after 2 attempts", "/_local/executions/event-request/" + messageID, ">gray<"}, nil},
		{"/_local/received/stored-only", 500, []string{"its object is gone"}, nil},
		{"/_local/executions", 200, []string{"event-request", "running-one"}, nil},
		{"/_local/executions?status=RUNNING", 200, []string{"running-one"}, []string{messageID}},
		{"/_local/executions?machine=event-request", 200, []string{messageID}, []string{"running-one"}},
		{"/_local/executions/event-request/" + messageID, 200, []string{"<svg", "NotifyOfSuccess", "the mail that started it", `class="node caught task`,
			`class="node failed fail`, `class="node retried task`, `class="node unvisited`, "2 retries", ">create</text>", "ExecutionStarted",
			"&lt;script&gt;alert(1)"}, []string{`http-equiv="refresh"`}},
		{"/_local/executions/event-reply/running-one", 200, []string{`http-equiv="refresh"`, `class="node running`}, nil},
		{"/_local/executions/event-reply/nothing", 404, nil, nil},
		{"/_local/executions/event-request/" + messageID, 200, []string{"/_local/mapruns/ad9b5f27", "1 of 5 children succeeded, 1 failed, 1 running, 2 pending"}, nil},
		{"/_local/mapruns/ad9b5f27-090b-4ac6-9beb-243cd77144a7", 200, []string{"1 to 200 of 300", "from=200", `http-equiv="refresh"`, ">450<", ">180<", ">90<",
			"/_local/executions/event-request/Rows/ad9b5f27-090b-4ac6-9beb-243cd77144a7-0"}, nil},
		{"/_local/mapruns/ad9b5f27-090b-4ac6-9beb-243cd77144a7?status=FAILED&from=200", 200, []string{"201 to 300 of 300"}, []string{"Next page"}},
		{"/_local/mapruns/ad9b5f27-090b-4ac6-9beb-243cd77144a7?status=RUNNING", 200, []string{"No children."}, nil},
		{"/_local/mapruns/nothing", 404, nil, nil},
		{"/_local/executions/event-request/Rows/ad9b5f27-090b-4ac6-9beb-243cd77144a7-0", 200, []string{"Child of", "/_local/mapruns/ad9b5f27", "<svg"}, nil},
		{"/_local/tables", 200, []string{"attendee#bob", "12345678901234567890", "Bob &lt;script&gt;", "organizer#a"}, []string{"Next page"}},
		{"/_local/tables/cis?prefix=organizer%23", 200, []string{"bulk#a"}, []string{"event#e1", "Next page"}},
		{"/_local/tables/cis/item?pk=event%23e1&sk=event%23e1", 200, []string{"reach&#34;: 12345678901234567890", "With DynamoDB's types"}, nil},
		{"/_local/tables/cis/item?pk=x&sk=y", 404, nil, nil},
		{"/_local/event/e1", 200, []string{"<b>1</b> guests", "Bob &lt;script&gt;", "All records of event#e1"}, nil},
		{"/_local/event/other", 404, nil, nil},
		{"/_local/tables/other", 404, nil, nil},
		{"/_local/objects", 200, []string{"event_request/" + messageID}, nil},
		{"/_local/objects?bucket=cis-templates", 200, []string{"No objects."}, nil},
		{"/_local/objects?bucket=other", 404, nil, nil},
		{"/_local/functions", 200, []string{"send-event-invite", "31.0 MB"}, nil},
		{"/_local/functions/send-event-invite", 200, []string{"ses:SendEmail", "not yet", "&lt;sent&gt;", "Refused: s3:GetObject on arn:secret"}, nil},
		{"/_local/functions/nothing", 404, nil, nil},
		{"/_local/grants", 200, []string{"dynamodb:PutItem"}, []string{"<td class=\"mono\">ses:SendEmail"}},
		{"/_local/nothing", 404, nil, nil},
	} {
		t.Run(c.path, func(t *testing.T) {
			w := get(t, p, c.path, browser)
			body := w.Body.String()
			if w.Code != c.status {
				t.Errorf("status is %d, want %d", w.Code, c.status)
			}
			for _, want := range c.want {
				if !strings.Contains(body, want) {
					t.Errorf("page lacks %q", want)
				}
			}
			for _, not := range append(c.not, "<script", "ZgotmplZ", "no value") {
				if strings.Contains(body, not) {
					t.Errorf("page has %q", not)
				}
			}
			if got := w.Header().Get("Content-Type"); got != "text/html; charset=utf-8" {
				t.Errorf("Content-Type is %q", got)
			}
			if got := w.Header().Get("Content-Security-Policy"); !strings.Contains(got, "default-src 'none'") {
				t.Errorf("Content-Security-Policy is %q", got)
			}
			if t.Failed() {
				t.Log(body)
			}
		})
	}
}

// TestLinks follows every link of every page: each leads somewhere, and nothing is loaded from elsewhere.
func TestLinks(t *testing.T) {
	p := pages(t)
	seen := map[string]bool{}
	queue := []string{"/_local/"}
	for len(queue) > 0 {
		path := queue[0]
		queue = queue[1:]
		if seen[path] {
			continue
		}
		seen[path] = true
		w := get(t, p, path, browser)
		// The one mail whose object is gone says so.
		if w.Code != 200 && path != "/_local/received/stored-only" {
			t.Errorf("%s answers %d", path, w.Code)
		}
		if !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") || strings.HasSuffix(path, "/html") {
			continue
		}
		doc, err := html.Parse(w.Body)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		ids, fragments := map[string]bool{}, []string{}
		for n := range doc.Descendants() {
			for _, a := range n.Attr {
				if a.Key == "id" {
					if ids[a.Val] {
						t.Errorf("%s: id %s is there twice", path, a.Val)
					}
					ids[a.Val] = true
				}
				if a.Key != "href" && a.Key != "src" || strings.HasPrefix(a.Val, "data:") {
					continue
				}
				if fragment, ok := strings.CutPrefix(a.Val, "#"); ok {
					fragments = append(fragments, fragment)
					continue
				}
				u, err := url.Parse(a.Val)
				if err != nil || u.Host != "" || !strings.HasPrefix(u.Path, "/_local/") {
					t.Errorf("%s: link %s leads away", path, a.Val)
					continue
				}
				queue = append(queue, u.String())
			}
		}
		for _, f := range fragments {
			if !ids[f] {
				t.Errorf("%s: nothing has the id %s", path, f)
			}
		}
	}
	if len(seen) < 20 {
		t.Errorf("only %d pages are linked: %v", len(seen), seen)
	}
}

func TestMailParts(t *testing.T) {
	p := pages(t)
	w := get(t, p, "/_local/sent/sent-1/html", browser)
	if got := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(got, "sandbox allow-popups") || strings.Contains(got, "script-src") {
		t.Errorf("Content-Security-Policy of a mail's HTML is %q", got)
	}
	if !strings.Contains(w.Body.String(), `<head><base target="_blank"><style>`) {
		t.Errorf("links of a mail's HTML do not open in a new window: %s", w.Body)
	}
	if w := get(t, p, "/_local/sent/sent-2/html", browser); w.Code != 404 {
		t.Errorf("HTML of a mail without any: %d", w.Code)
	}
	for _, path := range []string{"/_local/sent/sent-1/raw", "/_local/received/" + messageID + "/raw", "/_local/objects/cis-mail/event_request/" + messageID} {
		w := get(t, p, path, browser)
		if w.Body.String() != invitation || w.Header().Get("Content-Type") != "text/plain; charset=utf-8" {
			t.Errorf("%s: %s %q", path, w.Header().Get("Content-Type"), w.Body)
		}
	}
	if w := get(t, p, "/_local/objects/cis-mail/binary", browser); w.Header().Get("Content-Disposition") != "attachment" || w.Body.Len() != 4 {
		t.Errorf("binary object: %v", w.Header())
	}
}

func TestExecutionsAsJSON(t *testing.T) {
	p := pages(t)
	w := get(t, p, "/_local/executions", "application/json")
	var list []map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil {
		t.Fatal(err)
	}
	want := []map[string]any{
		{"machine": "event-request", "name": messageID, "status": "FAILED", "start": "2026-03-04T12:00:00Z", "stop": "2026-03-04T12:00:00.412Z",
			"input": map[string]any{"message_id": messageID, "source": "<script>alert(1)</script>"}},
		{"machine": "event-reply", "name": "running-one", "status": "RUNNING", "start": "2026-03-04T12:00:00.9Z", "stop": nil, "input": map[string]any{}},
	}
	if diff := cmp.Diff(want, list); diff != "" {
		t.Errorf("executions, newest last (-want +got):\n%s", diff)
	}

	w = get(t, p, "/_local/executions/event-request/"+messageID, "application/json")
	var e struct {
		Machine, Status, Type, Error string
		Output                       map[string]any
		States                       []map[string]any
	}
	if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil {
		t.Fatal(err)
	}
	if e.Machine != "event-request" || e.Status != "FAILED" || e.Type != "STANDARD" || e.Error != "Throttled" || len(e.States) != 6 {
		t.Errorf("execution is %+v", e)
	}
	if diff := cmp.Diff(map[string]any{"name": "NotifyOfSuccess", "type": "Task", "entered": "2026-03-04T12:00:00.141Z", "exited": "2026-03-04T12:00:00.411Z",
		"input": map[string]any{"message_id": messageID, "source": "<script>alert(1)</script>"}, "error": "Throttled", "cause": `{"errorMessage":"slow down"}`,
		"retries": 6.0}, e.States[4]); diff != "" {
		t.Errorf("state (-want +got):\n%s", diff)
	}
	for _, path := range []string{"/_local/", "/_local/sent", "/_local/sent/sent-1", "/_local/received", "/_local/received/" + messageID, "/_local/tables",
		"/_local/tables/cis/item?pk=event%23e1&sk=event%23e1", "/_local/objects", "/_local/functions", "/_local/functions/health", "/_local/grants", "/_local/nothing"} {
		w := get(t, p, path, "application/json")
		if !json.Valid(w.Body.Bytes()) || w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s: %s %s", path, w.Header().Get("Content-Type"), w.Body)
		}
	}
}

func TestEmptyListsAreLists(t *testing.T) {
	w := &world{}
	p, err := New(w.sources(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/_local/executions", "/_local/sent", "/_local/received", "/_local/objects"} {
		if got := strings.TrimSpace(get(t, p, path, "application/json").Body.String()); got != "[]" {
			t.Errorf("%s is %s, want []", path, got)
		}
	}
	if got := get(t, p, "/_local/", browser).Body.String(); !strings.Contains(got, "create@cis.localhost") {
		t.Error("an empty stack does not say what to do first")
	}
}

// TestStatesInsideMapRuns: the graph shows what the children of a Map Run did, and those that failed before the others.
func TestStatesInsideMapRuns(t *testing.T) {
	w := newWorld(t)
	w.executions[0].Definition = json.RawMessage(`{"StartAt":"Rows","States":{"Rows":{"Type":"Map","End":true,
		"ItemProcessor":{"StartAt":"A","States":{"A":{"Type":"Task","Next":"B"},"B":{"Type":"Pass","End":true}}}}}}`)
	w.executions[0].States = []states.Visit{{Name: "Rows", Type: "Map", Entered: noon}}
	p, err := New(w.sources(), nil)
	if err != nil {
		t.Fatal(err)
	}
	body := get(t, p, "/_local/executions/event-request/"+messageID, browser).Body.String()
	for _, want := range []string{`<a href="/_local/mapruns/` + w.mapRun.ID + `"><g class="node failed task"`, `<g class="node unvisited pass"`} {
		if !strings.Contains(body, want) {
			t.Errorf("page lacks %s", want)
		}
	}
	if strings.Contains(body, `class="badge"`) {
		t.Error("the visits of some children are counted as if they were all")
	}
}

func TestOutcome(t *testing.T) {
	end := noon
	for _, c := range []struct {
		name      string
		visit     states.Visit
		execution string
		want      Outcome
	}{
		{"left", states.Visit{Exited: &end}, "SUCCEEDED", Succeeded},
		{"left after retries", states.Visit{Exited: &end, Retries: 1}, "SUCCEEDED", Retried},
		{"left through a Catch", states.Visit{Exited: &end, Error: "E"}, "SUCCEEDED", Caught},
		{"failed", states.Visit{Error: "E"}, "FAILED", Failed},
		{"retrying", states.Visit{Error: ""}, "RUNNING", Running},
		{"cut off", states.Visit{}, "ABORTED", Failed},
		{"Fail state", states.Visit{Type: "Fail", Exited: &end}, "FAILED", Failed},
	} {
		if got := outcome(c.visit, c.execution); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestFormats(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{formatBytes(512), "512 B"}, {formatBytes(3400), "3.4 kB"}, {formatBytes(int64(1.25e6)), "1.2 MB"},
		{formatDuration(840 * time.Microsecond), "840 µs"}, {formatDuration(12 * time.Millisecond), "12 ms"}, {formatDuration(1300 * time.Millisecond), "1.3 s"},
		{formatDuration(125 * time.Second), "2 min 5 s"}, {formatDuration(3700 * time.Second), "1 h 1 min"},
		{formatCount(0), "0"}, {formatCount(999), "999"}, {formatCount(1003), "1,003"}, {formatCount(1234567), "1,234,567"},
		{short(4, "ümlaut"), "üml…"}, {short(6, "ümlaut"), "ümlaut"}, {indent(json.RawMessage("{")), "{"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestWhen(t *testing.T) {
	for _, c := range []struct{ lines, want string }{
		{"DTSTART:20260310T150000Z\nDTEND:20260310T160000Z", "Tue 10 Mar 2026, 15:00 – 16:00 UTC"},
		{"DTSTART;TZID=Europe/Berlin:20260710T230000\nDURATION:PT2H", "Fri 10 Jul 2026, 23:00 – Sat 11 Jul 2026, 01:00 (Europe/Berlin)"},
		{"DTSTART:20260310T150000", "Tue 10 Mar 2026, 15:00 (wherever you are)"},
		{"DTSTART;VALUE=DATE:20260310", "Tue 10 Mar 2026, all day"},
		{"DTSTART;VALUE=DATE:20260310\nDTEND;VALUE=DATE:20260312\nRRULE:FREQ=WEEKLY", "Tue 10 Mar 2026 – Wed 11 Mar 2026, all day, repeated: FREQ=WEEKLY"},
		{"SUMMARY:never", ""},
	} {
		calendar, err := ical.Read([]byte("BEGIN:VCALENDAR\nBEGIN:VEVENT\n"+c.lines+"\nEND:VEVENT\nEND:VCALENDAR\n"), ical.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		event, _ := calendar.Main()
		if got := span(event); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.lines, got, c.want)
		}
	}
}

func TestSentences(t *testing.T) {
	for method, want := range map[string]string{
		"REQUEST": "Invites Bob and 1 more, and asks for an answer.", "CANCEL": "Takes the event out of the calendar of Bob and 1 more.",
		"REPLY": "Bob answers declined.", "COUNTER": "Bob proposes a change.", "REFRESH": "Bob asks for the newest version.",
		"PUBLISH": "Announces the event; no answer is expected.", "": "Holds an event without saying what to do with it.", "ADD": "Method ADD.",
	} {
		v := calendarView{Method: method, Organizer: "Ada", Guests: []guestView{{"Ada", "ACCEPTED"}, {"Bob", "DECLINED"}, {"Eve", "ACCEPTED"}}}
		if got := v.sentence(); got != want {
			t.Errorf("%s: %q, want %q", method, got, want)
		}
	}
}

func TestMethods(t *testing.T) {
	r := httptest.NewRequest("POST", "/_local/sent", nil)
	w := httptest.NewRecorder()
	pages(t).ServeHTTP(w, r)
	if w.Code != http.StatusNotFound {
		t.Errorf("POST answers %d", w.Code)
	}
}
