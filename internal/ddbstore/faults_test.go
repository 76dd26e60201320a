package ddbstore_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/ddbstore"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/invite/storetest"
	"github.com/calendarinvite/calendarinviteserver/localstack/dynamo/dynamotest"
)

// trouble makes calls of one action fail as DynamoDB does, the first times.
type trouble struct {
	mu     sync.Mutex
	action string
	times  int
	fail   func(*http.Request) (*http.Response, error)
}

// at is next for another action than transactions.
func (f *trouble) at(action string, times int, fail func(*http.Request) (*http.Response, error)) {
	f.next(times, fail)
	f.action = action
}

func (f *trouble) next(times int, fail func(*http.Request) (*http.Response, error)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.action, f.times, f.fail = "TransactWriteItems", times, fail
}

func (f *trouble) RoundTrip(r *http.Request) (*http.Response, error) {
	f.mu.Lock()
	fail := f.fail
	if strings.HasSuffix(r.Header.Get("X-Amz-Target"), "."+f.action) {
		f.times--
	} else {
		fail = nil
	}
	if f.times < 0 {
		fail = nil
	}
	f.mu.Unlock()
	if fail != nil {
		return fail(r)
	}
	return http.DefaultTransport.RoundTrip(r)
}

func answer(status int, body string) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: status, Request: r, Body: io.NopCloser(bytes.NewReader([]byte(body))),
			Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
		}, nil
	}
}

const conflict = `{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","message":"Transaction cancelled",
	"CancellationReasons":[{"Code":"None"},{"Code":"TransactionConflict","Message":"conflict"},{"Code":"None"},{"Code":"None"}]}`

// lost lets the call take effect and loses its answer.
func lost(r *http.Request) (*http.Response, error) {
	response, err := http.DefaultTransport.RoundTrip(r)
	if err == nil {
		response.Body.Close()
		err = errors.New("connection reset")
	}
	return nil, err
}

func TestTransactionTrouble(t *testing.T) {
	faults := &trouble{}
	cfg, table := dynamotest.NewTable(t, faults)
	w := storetest.NewWorld(t, ddbstore.New(cfg, table))
	event := w.Create()
	for _, test := range []struct {
		name  string
		times int
		fail  func(*http.Request) (*http.Response, error)
	}{
		{"conflicts", 4, answer(400, conflict)},
		{"throttling", 1, answer(400, `{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":"slow down"}`)},
		{"an internal error", 1, answer(500, `{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"oops"}`)},
		{"a lost answer", 1, lost},
	} {
		email := strings.ReplaceAll(test.name, " ", ".") + "@example.com"
		faults.next(test.times, test.fail)
		if result := w.Invite(event, email); result != invite.SentNow {
			t.Errorf("%s: %s", test.name, result)
		}
		if sent := w.Mails.To(email); len(sent) != 1 {
			t.Errorf("%s: %d mails", test.name, len(sent))
		}
		w.Clock.Pass(time.Minute)
		reply := w.Reply(event, email, "ACCEPTED")
		faults.next(test.times, test.fail)
		w.Answer(reply)
		if status := w.Attendee(event, email).Status; status != "accepted" {
			t.Errorf("%s: the answer is %s", test.name, status)
		}
		w.Check()
	}
}

// A single write waits for a transaction on its item: a mail that was sent must not be sent again because the note of it met one.
func TestWritesMeetATransaction(t *testing.T) {
	faults := &trouble{}
	cfg, table := dynamotest.NewTable(t, faults)
	store := ddbstore.New(cfg, table)
	busy := answer(400, `{"__type":"com.amazonaws.dynamodb.v20120810#TransactionConflictException","message":"Transaction is ongoing for the item"}`)
	organizer := invite.Organizer{Tenant: invite.DefaultTenant, Email: "ada@organizer.example"}
	for action, write := range map[string]func() error{
		"UpdateItem": func() error { return store.MarkAnswered(t.Context(), organizer.Email, "2026-01-02", "m1") },
		"PutItem":    func() error { return store.SetStanding(t.Context(), organizer, invite.BulkAllowed, true, 1) },
		"DeleteItem": func() error { return store.SetStanding(t.Context(), organizer, invite.BulkAllowed, false, 1) },
	} {
		faults.at(action, 2, busy)
		if err := write(); err != nil {
			t.Errorf("%s: %v", action, err)
		}
		faults.at(action, 100, busy)
		if err := write(); fault.KindOf(err) != fault.Throttled {
			t.Errorf("%s, without end: %v", action, err)
		}
	}
}

func TestFaultKinds(t *testing.T) {
	faults := &trouble{}
	cfg, table := dynamotest.NewTable(t, faults)
	cfg.RetryMaxAttempts = 1
	store := ddbstore.New(cfg, table)
	w := storetest.NewWorld(t, store)
	for _, test := range []struct {
		name string
		fail func(*http.Request) (*http.Response, error)
		kind fault.Kind
	}{
		{"conflicts without end", answer(400, conflict), fault.Throttled},
		{"throttled", answer(400, `{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException"}`), fault.Throttled},
		{"out of order", answer(500, `{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError"}`), fault.Unavailable},
		{"no network", func(*http.Request) (*http.Response, error) { return nil, errors.New("no route") }, fault.Unavailable},
		{"forbidden", answer(400, `{"__type":"com.amazonaws.dynamodb.v20120810#AccessDeniedException"}`), fault.Internal},
	} {
		faults.next(100, test.fail)
		_, err := w.Service.CreateEvent(t.Context(), w.Request("ada@organizer.example", storetest.Meeting()))
		if fault.KindOf(err) != test.kind {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	faults.next(100, answer(400, conflict))
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if _, err := w.Service.CreateEvent(ctx, w.Request("ada@organizer.example", storetest.Meeting())); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("out of time: %v", err)
	}
}

func TestBatchTrouble(t *testing.T) {
	faults := &trouble{}
	cfg, table := dynamotest.NewTable(t, faults)
	w := storetest.NewWorld(t, ddbstore.New(cfg, table))
	event := w.Create()
	for i, test := range []struct {
		name  string
		times int
		fail  func(*http.Request) (*http.Response, error)
	}{
		{"conflicts", 4, answer(400, conflict)},
		{"throttling", 1, answer(400, `{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":"slow down"}`)},
		{"an internal error", 1, answer(500, `{"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"oops"}`)},
		{"a lost answer", 1, lost},
	} {
		var emails []string
		for n := range invite.MaxBatch {
			emails = append(emails, fmt.Sprintf("guest%d-%d@example.com", i, n))
		}
		batch := w.Batch(event, test.name, emails...)
		faults.next(test.times, test.fail)
		if result := w.InviteBatch(batch); result.State != invite.InviteRecorded {
			t.Errorf("%s: %s", test.name, result.State)
		}
		faults.next(test.times, test.fail)
		w.Block(invite.Block{Attendee: emails[0], Organizer: event.Owner(), UID: event.UID, By: invite.ByLink, At: 1}, true)
		bounced := w.Attendee(event, emails[1])
		bounced.Undeliverable = invite.HardBounce
		faults.next(test.times, test.fail)
		if err := w.Store.Amend(t.Context(), bounced, invite.Statistics{Bounced: 1}); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		w.Check()
	}
	if answers := w.RSVP(event); answers["noaction"] != 4*invite.MaxBatch {
		t.Errorf("answers: %v", answers)
	}
}

// refuse makes the first statements of a call fail by themselves, under HTTP 200; the others are carried out.
func refuse(n int, codes ...string) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		return doctored(r, func(request map[string]any) func(map[string]any) {
			statements := request["Statements"].([]any)
			taken := min(n, len(statements)-1)
			request["Statements"] = statements[taken:]
			return func(response map[string]any) {
				var responses []any
				for i := range taken {
					responses = append(responses, map[string]any{"Error": map[string]any{"Code": codes[i%len(codes)], "Message": "made up"}})
				}
				response["Responses"] = append(responses, response["Responses"].([]any)...)
			}
		})
	}
}

// unprocessed leaves the last keys of a BatchGetItem for later.
func unprocessed(n int) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		return doctored(r, func(request map[string]any) func(map[string]any) {
			left := map[string]any{}
			for table, of := range request["RequestItems"].(map[string]any) {
				of := of.(map[string]any)
				keys := of["Keys"].([]any)
				left[table] = map[string]any{"Keys": keys[len(keys)-n:], "ConsistentRead": of["ConsistentRead"]}
				of["Keys"] = keys[:len(keys)-n]
			}
			return func(response map[string]any) { response["UnprocessedKeys"] = left }
		})
	}
}

// doctored makes the call with another request, and answers with another response.
func doctored(r *http.Request, doctor func(request map[string]any) func(response map[string]any)) (*http.Response, error) {
	var request, response map[string]any
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		return nil, err
	}
	finish := doctor(request)
	body, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	r.Header.Del("Content-Length")
	from, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer from.Body.Close()
	if err := json.NewDecoder(from.Body).Decode(&response); err != nil {
		return nil, err
	}
	finish(response)
	if body, err = json.Marshal(response); err != nil {
		return nil, err
	}
	return answer(http.StatusOK, string(body))(r)
}

func TestUnprocessedKeys(t *testing.T) {
	faults := &trouble{}
	cfg, table := dynamotest.NewTable(t, faults)
	w := storetest.NewWorld(t, ddbstore.New(cfg, table))
	event := w.Create()
	var emails []string
	for n := range invite.MaxBatch {
		emails = append(emails, fmt.Sprintf("guest%d@example.com", n))
	}
	w.InviteBatch(w.Batch(event, "bulk-1", emails...))
	faults.at("BatchGetItem", 1, unprocessed(60))
	gathered, err := w.Store.Gather(t.Context(), invite.GatherQuery{UID: event.UID, Owner: event.Owner(), Emails: emails})
	if err != nil || len(gathered.Attendees) != invite.MaxBatch || gathered.Event == nil {
		t.Errorf("%d attendees, %v", len(gathered.Attendees), err)
	}
}

func TestMarkTrouble(t *testing.T) {
	faults := &trouble{}
	cfg, table := dynamotest.NewTable(t, faults)
	w := storetest.NewWorld(t, ddbstore.New(cfg, table))
	event := w.Create()
	busy := []string{"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded", "RequestLimitExceeded", "InternalServerError"}
	for i, test := range []struct {
		name  string
		times int
		fail  func(*http.Request) (*http.Response, error)
	}{
		{"some are too busy", 5, refuse(7, busy...)},
		{"throttling", 1, answer(400, `{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":"slow down"}`)},
		{"a lost answer", 1, lost},
	} {
		var emails []string
		var invited []invite.InviteMark
		var updated []invite.UpdateMark
		for n := range 60 {
			email := fmt.Sprintf("guest%d-%d@example.com", i, n)
			emails = append(emails, email)
			invited = append(invited, invite.InviteMark{UID: event.UID, Email: email, RequestID: "bulk-1", Generation: 1, SESMessageID: "ses-1", At: 1})
			updated = append(updated, invite.UpdateMark{UID: event.UID, Email: email, Sequence: 1, Rescheduled: 1, SESMessageID: "ses-2", At: 2})
		}
		w.InviteBatch(w.Batch(event, "bulk-1", emails...))
		faults.at("BatchExecuteStatement", test.times, test.fail)
		if err := w.Store.MarkInvited(t.Context(), invited); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		for _, email := range emails {
			if a := w.Attendee(event, email); a.Delivery != invite.DeliverySent || a.SESMessageID != "ses-1" || a.Version != 2 {
				t.Errorf("%s: %+v", test.name, a)
			}
		}
		faults.at("BatchExecuteStatement", test.times, test.fail)
		if err := w.Store.MarkUpdated(t.Context(), updated); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		for _, email := range emails {
			if a := w.Attendee(event, email); a.SentSequence != 1 || a.Rescheduled != 1 || a.SESMessageID != "ses-2" || a.Version != 3 {
				t.Errorf("%s: %+v", test.name, a)
			}
		}
		w.Check()
	}
	mark := []invite.InviteMark{{UID: event.UID, Email: "a@example.com"}}
	for _, test := range []struct {
		name, body string
		kind       fault.Kind
	}{
		{"too busy without end", `{"Responses":[{"Error":{"Code":"ThrottlingError","Message":"made up"}}]}`, fault.Throttled},
		{"forbidden", `{"Responses":[{"Error":{"Code":"AccessDenied","Message":"made up"}}]}`, fault.Internal},
		{"not understood", `{"Responses":[{"Error":{"Code":"ValidationError","Message":"made up"}}]}`, fault.Internal},
		{"no answer", `{"Responses":[]}`, fault.Internal},
	} {
		faults.at("BatchExecuteStatement", 100, answer(200, test.body))
		if err := w.Store.MarkInvited(t.Context(), mark); err == nil || fault.KindOf(err) != test.kind {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	faults.at("BatchExecuteStatement", 100, answer(200, `{"Responses":[{"Error":{"Code":"ThrottlingError","Message":"made up"}}]}`))
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if err := w.Store.MarkInvited(ctx, mark); err == nil || fault.KindOf(err) != fault.Unavailable {
		t.Errorf("out of time: %v", err)
	}
}
