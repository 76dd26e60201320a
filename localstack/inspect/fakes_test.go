package inspect

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/localstack/objects"
	"github.com/calendarinvite/calendarinviteserver/localstack/outbox"
	"github.com/calendarinvite/calendarinviteserver/localstack/protocol"
	"github.com/calendarinvite/calendarinviteserver/localstack/receiving"
	"github.com/calendarinvite/calendarinviteserver/localstack/states"
)

// world is a set of sources with a little of everything.
type world struct {
	sent       []outbox.Sent
	received   []receiving.Delivery
	executions []states.Execution
	history    []states.HistoryEvent
	mapRun     states.MapRun
	items      map[string]map[string]any
	objects    map[string][]byte
}

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

const messageID = "0123456789abcdefghijklmnopqrstuvwxyz0123"

const invitation = "From: Ada <ada@example.org>\r\nTo: create@cis.localhost\r\nSubject: =?utf-8?q?Tee_=26_Kekse?=\r\nMIME-Version: 1.0\r\n" +
	"Content-Type: multipart/alternative; boundary=b\r\n\r\n" +
	"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nTea <b>and</b> biscuits\r\n" +
	"--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><head><style>p{color:teal}</style></head><body><p>Tea and biscuits</p><script>alert(1)</script></body></html>\r\n" +
	"--b\r\nContent-Type: text/calendar; charset=utf-8; method=REQUEST\r\n\r\n" +
	"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//EN\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:tea-1@example.org\r\nDTSTAMP:20260304T110000Z\r\n" +
	"DTSTART:20260310T150000Z\r\nDTEND:20260310T160000Z\r\nSUMMARY:Tea\\, <i>biscuits</i>\r\nLOCATION:Garden\r\nSEQUENCE:2\r\n" +
	"ORGANIZER;CN=Ada:mailto:ada@example.org\r\nATTENDEE;PARTSTAT=ACCEPTED;CN=Bob:mailto:bob@example.org\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n--b--\r\n"

// newWorld reads the definition of the graph from testdata.
func newWorld(t testing.TB) *world {
	t.Helper()
	definition, err := os.ReadFile("graph/testdata/event-request.asl.json")
	if err != nil {
		t.Fatal(err)
	}
	at := func(ms int) time.Time { return noon.Add(time.Duration(ms) * time.Millisecond) }
	end := func(ms int) *time.Time { x := at(ms); return &x }
	input := json.RawMessage(`{"message_id":"` + messageID + `","source":"<script>alert(1)</script>"}`)
	ok := states.Execution{
		Summary:    states.Summary{Machine: "event-request", Name: messageID, Status: "SUCCEEDED", Start: at(0), Stop: end(412), Input: input},
		Type:       "STANDARD",
		Output:     json.RawMessage(`{"notified":true}`),
		Definition: definition,
		States: []states.Visit{
			{Name: "ReadRequest", Type: "Task", Entered: at(1), Exited: end(80), Input: input, Output: json.RawMessage(`{"action":"create"}`), Retries: 2},
			{Name: "WhatIsAsked", Type: "Choice", Entered: at(80), Exited: end(80), Input: json.RawMessage(`{"action":"create"}`), Output: json.RawMessage(`{"action":"create"}`)},
			{Name: "CreateEvent", Type: "Task", Entered: at(80), Exited: end(140), Input: input, Output: json.RawMessage(`{"result":"created"}`)},
			{Name: "WhatWasCreated", Type: "Choice", Entered: at(140), Exited: end(141), Input: input, Output: input},
			{Name: "NotifyOfSuccess", Type: "Task", Entered: at(141), Exited: end(411), Input: input, Error: "Throttled", Cause: `{"errorMessage":"slow down"}`, Retries: 6},
			{Name: "NotNotified", Type: "Fail", Entered: at(411), Input: input},
		},
	}
	ok.Status = "FAILED"
	ok.Error, ok.Cause = "Throttled", "slow down"
	running := states.Execution{
		Summary:    states.Summary{Machine: "event-reply", Name: "running-one", Status: "RUNNING", Start: at(900), Input: json.RawMessage(`{}`)},
		Type:       "EXPRESS",
		Definition: json.RawMessage(`{"StartAt":"A","States":{"A":{"Type":"Task","End":true}}}`),
		States:     []states.Visit{{Name: "A", Type: "Task", Entered: at(901), Input: json.RawMessage(`{}`)}},
	}
	run := states.MapRun{
		ID: "ad9b5f27-090b-4ac6-9beb-243cd77144a7", Machine: "event-request", Execution: messageID, Label: "Rows", Type: "EXPRESS", Status: "RUNNING", Start: at(2),
		MaxConcurrency: 4, Items: states.Counts{All: 450, Running: 90, Succeeded: 90, Failed: 90}, Children: states.Counts{All: 5, Running: 1, Succeeded: 1, Failed: 1},
	}
	child := states.Execution{
		Summary: states.Summary{Machine: "event-request/Rows", Name: run.ID + "-0", Status: "FAILED", Start: at(3), Stop: end(9), Items: 90, Input: json.RawMessage(`{"Items":[1]}`)},
		Type:    "EXPRESS", MapRun: run.ID, Error: "Bad",
		Definition: json.RawMessage(`{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"EXPRESS"},"StartAt":"A","States":{"A":{"Type":"Task","End":true}}}`),
		States:     []states.Visit{{Name: "A", Type: "Task", Entered: at(4), Input: json.RawMessage(`{}`), Error: "Bad"}},
	}
	return &world{
		mapRun: run,
		sent: []outbox.Sent{
			{ID: "sent-1", Time: at(400), Source: "invites@cis.localhost", Caller: "send-event-invite", To: []string{"ada@example.org"}, Subject: "Tea <b>confirmed</b>", Raw: []byte(invitation)},
			{ID: "sent-2", Time: at(500), Source: "invites@cis.localhost", Caller: "send-event-invite", To: []string{"bob@example.org"}, Raw: []byte("To: bob@example.org\r\n\r\nplain")},
		},
		received: []receiving.Delivery{
			{MessageID: messageID, Mailbox: "create", Bucket: "cis-mail", ObjectKey: "event_request/" + messageID, Received: at(0), Source: "ada@example.org",
				Recipients: []string{"create@cis.localhost"}, Subject: "Tee & Kekse", Status: receiving.Delivered, Attempts: 2,
				Verdicts: receiving.Verdicts{SPF: "PASS", DKIM: "PASS", DMARC: "GRAY", Spam: "PASS", Virus: "FAIL"}},
			{MessageID: "stored-only", Mailbox: "abuse", Bucket: "cis-mail", ObjectKey: "gone", Received: at(10), Status: receiving.Stored},
		},
		executions: []states.Execution{ok, running, child},
		history:    []states.HistoryEvent{{ID: 1, Time: at(0), Type: "ExecutionStarted", Details: input}},
		items: map[string]map[string]any{
			"event#e1/event#e1": {"pk": typed("S", "event#e1"), "sk": typed("S", "event#e1"), "reach": typed("N", "12345678901234567890"),
				"rsvp": typed("M", map[string]any{"accepted": typed("N", "1")}), "tags": typed("L", []any{typed("S", "<x>")}), "gone": typed("NULL", true)},
			"event#e1/attendee#bob": {"pk": typed("S", "event#e1"), "sk": typed("S", "attendee#bob"), "name": typed("S", "Bob <script>")},
			"organizer#a/bulk#a":    {"pk": typed("S", "organizer#a"), "sk": typed("S", "bulk#a"), "on": typed("BOOL", true)},
		},
		objects: map[string][]byte{"event_request/" + messageID: []byte(invitation), "binary": {0, 1, 2, 0xff}},
	}
}

func typed(kind string, v any) map[string]any { return map[string]any{kind: v} }

func (w *world) sources() Sources {
	return Sources{
		About:  About{API: "127.0.0.1:8080", SMTP: "127.0.0.1:2525", AWS: "127.0.0.1:4566", Domain: "cis.localhost", DataDir: ".local", Bucket: "cis-mail"},
		Outbox: outboxOf{w}, Received: w, Executions: executionsOf{w}, MapRuns: mapRunsOf{w}, Tables: tablesOf{w}, Objects: objectsOf{w}, Functions: w,
	}
}

type outboxOf struct{ *world }

func (w outboxOf) List(outbox.Filter) ([]outbox.Sent, error) { return w.sent, nil }

func (w outboxOf) Get(id string) (outbox.Sent, bool, error) {
	for _, m := range w.sent {
		if m.ID == id {
			return m, true, nil
		}
	}
	return outbox.Sent{}, false, nil
}

func (w *world) All() ([]receiving.Delivery, error) { return w.received, nil }

type executionsOf struct{ *world }

func (w executionsOf) List(string) ([]states.Summary, error) {
	all := []states.Summary{}
	for _, e := range w.executions {
		if e.MapRun == "" {
			all = append(all, e.Summary)
		}
	}
	return all, nil
}

func (w executionsOf) Describe(machine, name string) (states.Execution, error) {
	for _, e := range w.executions {
		if e.Machine == machine && e.Name == name {
			return e, nil
		}
	}
	return states.Execution{}, protocol.Errorf("ExecutionDoesNotExist", "no %s", name)
}

func (w executionsOf) History(string, string) ([]states.HistoryEvent, error) { return w.history, nil }

type mapRunsOf struct{ *world }

func (w mapRunsOf) MapRuns(_, name string) ([]states.MapRun, error) {
	if name != w.mapRun.Execution {
		return nil, nil
	}
	return []states.MapRun{w.mapRun}, nil
}

func (w mapRunsOf) MapRun(id string) (states.MapRun, error) {
	if id != w.mapRun.ID {
		return states.MapRun{}, protocol.Errorf("ResourceNotFound", "no %s", id)
	}
	return w.mapRun, nil
}

// Children are, of 300, the first one and many of the same.
func (w mapRunsOf) Children(_, status string, from, limit int) ([]states.Summary, int, error) {
	var all []states.Summary
	for range 300 {
		if child := w.executions[2].Summary; status == "" || status == child.Status {
			all = append(all, child)
		}
	}
	from = min(from, len(all))
	return all[from:min(from+limit, len(all))], len(all), nil
}

type tablesOf struct{ *world }

func (w tablesOf) Tables(context.Context) ([]string, error) { return []string{"cis"}, nil }

// Call answers Scan with the items two at a time, and GetItem.
func (w tablesOf) Call(_ context.Context, action string, in, out any) error {
	data, err := json.Marshal(in)
	if err != nil {
		return err
	}
	var q struct {
		Key, ExclusiveStartKey    map[string]struct{ S string }
		ExpressionAttributeValues map[string]struct{ S string }
	}
	if err := json.Unmarshal(data, &q); err != nil {
		return err
	}
	answer := map[string]any{}
	switch action {
	case "GetItem":
		if item, ok := w.items[q.Key["pk"].S+"/"+q.Key["sk"].S]; ok {
			answer["Item"] = item
		}
	case "Query":
		items := []any{}
		for _, key := range sortedKeys(w.items) {
			if strings.HasPrefix(key, q.ExpressionAttributeValues[":pk"].S+"/") {
				items = append(items, w.items[key])
			}
		}
		answer["Items"] = items
	case "Scan":
		items := []any{}
		seen := 0
		for _, key := range sortedKeys(w.items) {
			if start := q.ExclusiveStartKey; start != nil && key <= start["pk"].S+"/"+start["sk"].S {
				continue
			}
			if seen++; seen > 2 {
				break
			}
			item := w.items[key]
			answer["LastEvaluatedKey"] = map[string]any{"pk": item["pk"], "sk": item["sk"]}
			if strings.HasPrefix(key, q.ExpressionAttributeValues[":prefix"].S) {
				items = append(items, item)
			}
		}
		if seen <= 2 {
			delete(answer, "LastEvaluatedKey")
		}
		answer["Items"] = items
	}
	if data, err = json.Marshal(answer); err != nil {
		return err
	}
	return json.Unmarshal(data, out)
}

type objectsOf struct{ *world }

func (w objectsOf) Buckets() ([]string, error) { return []string{"cis-mail", "cis-templates"}, nil }

func (w objectsOf) List(_ context.Context, bucket, prefix, after string, limit int) ([]objects.Object, error) {
	var out []objects.Object
	for _, key := range sortedKeys(w.objects) {
		if bucket == "cis-mail" && strings.HasPrefix(key, prefix) && key > after && len(out) < limit {
			out = append(out, objects.Object{Key: key, Size: int64(len(w.objects[key])), Modified: noon})
		}
	}
	return out, nil
}

func (w objectsOf) Get(_ context.Context, _, key string) (objects.Object, error) {
	body, ok := w.objects[key]
	if !ok {
		return objects.Object{}, objects.ErrNotFound
	}
	return objects.Object{Key: key, Body: body}, nil
}

func (w *world) Functions() []Function {
	return []Function{
		{Name: "health", Memory: 128, Timeout: 10},
		{Name: "send-event-invite", Memory: 128, Timeout: 30, Processes: 2, Peak: 31e6, Calls: map[string]int{"ses:SendEmail": 3, "dynamodb:Query": 1},
			Grants:  []Grant{{Permission: "send-mail", Action: "ses:SendEmail", Resource: "*", Used: true}, {Permission: "put-records", Action: "dynamodb:PutItem", Resource: "arn:x"}},
			Refused: []string{"s3:GetObject on arn:secret"},
			Log:     []string{`{"level":"INFO","msg":"<sent>"}`}},
	}
}
