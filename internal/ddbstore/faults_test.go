package ddbstore_test

import (
	"bytes"
	"context"
	"errors"
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
)

// trouble makes transactions fail as DynamoDB does, the first times.
type trouble struct {
	mu    sync.Mutex
	times int
	fail  func(*http.Request) (*http.Response, error)
}

func (f *trouble) next(times int, fail func(*http.Request) (*http.Response, error)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.times, f.fail = times, fail
}

func (f *trouble) RoundTrip(r *http.Request) (*http.Response, error) {
	f.mu.Lock()
	fail := f.fail
	if f.times--; f.times < 0 || !strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".TransactWriteItems") {
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
	cfg, table := newTable(t, faults)
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

func TestFaultKinds(t *testing.T) {
	faults := &trouble{}
	cfg, table := newTable(t, faults)
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
