package eventbus_test

import (
	"context"
	"encoding/json"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/calendarinvite/calendarinviteserver/internal/awstest"
	"github.com/calendarinvite/calendarinviteserver/internal/eventbus"
	"github.com/calendarinvite/calendarinviteserver/internal/fact"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
)

func blocked(by string) fact.Fact {
	return fact.New(fact.OrganizerBlocked, "default", 1_772_442_000, fact.Block{Attendee: "bob@guest.example", Organizer: "ada@organizer.example", By: by}, by)
}

// put is the body of a PutEvents call.
type put struct {
	Entries []struct {
		EventBusName, Source, DetailType, Detail string
		Time                                     float64
	}
}

func read(t *testing.T, r awstest.Request) put {
	t.Helper()
	var body put
	if err := json.Unmarshal(r.Body, &body); err != nil || r.Operation != "PutEvents" {
		t.Fatalf("%s %s: %v", r.Operation, r.Body, err)
	}
	return body
}

// results answers a call: one error code for each entry, "" where it was taken.
func results(t *testing.T, codes ...string) awstest.Answer {
	t.Helper()
	type entry map[string]string
	entries, failed := []entry{}, 0
	for _, code := range codes {
		if code == "" {
			entries = append(entries, entry{"EventId": "e1"})
			continue
		}
		entries, failed = append(entries, entry{"ErrorCode": code, "ErrorMessage": "no"}), failed+1
	}
	return awstest.JSON(t, map[string]any{"FailedEntryCount": failed, "Entries": entries})
}

// taken answers a call of any number of entries.
func taken(t *testing.T) func(awstest.Request) awstest.Answer {
	return func(r awstest.Request) awstest.Answer { return results(t, make([]string, len(read(t, r).Entries))...) }
}

func TestPublish(t *testing.T) {
	server := awstest.StartFunc(t, taken(t))
	told := blocked("link & <mail>")
	if err := eventbus.New(awstest.Config(server.URL), "facts").Publish(t.Context(), told); err != nil {
		t.Fatal(err)
	}
	entry := read(t, server.Only(t)).Entries[0]
	if entry.EventBusName != "facts" || entry.Source != fact.Source || entry.DetailType != "organizer.blocked" || entry.Time != 1_772_442_000 {
		t.Errorf("%+v", entry)
	}
	want := `{"id":"` + told.ID + `","type":"organizer.blocked","version":1,"timestamp":"2026-03-02T09:00:00Z","tenant":"default",` +
		`"data":{"attendee":"bob@guest.example","organizer":"ada@organizer.example","by":"link & <mail>"}}`
	if diff := cmp.Diff(want, entry.Detail); diff != "" {
		t.Error(diff)
	}
}

func TestPublishNothing(t *testing.T) {
	server := awstest.StartFunc(t, taken(t))
	if err := eventbus.New(awstest.Config(server.URL), "facts").Publish(t.Context()); err != nil || len(server.Requests()) != 0 {
		t.Errorf("%d calls, %v", len(server.Requests()), err)
	}
}

// A call holds ten entries, and no more than it may weigh.
func TestPublishMany(t *testing.T) {
	for _, test := range []struct {
		name  string
		facts int
		octet int // of each
		calls []int
	}{
		{"ten", 10, 10, []int{10}},
		{"eleven", 11, 10, []int{10, 1}},
		{"large", 5, 100 << 10, []int{2, 2, 1}},
		{"larger than a call", 2, 300 << 10, []int{1, 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := awstest.StartFunc(t, taken(t))
			var facts []fact.Fact
			for range test.facts {
				facts = append(facts, blocked(strings.Repeat("x", test.octet)))
			}
			if err := eventbus.New(awstest.Config(server.URL), "facts").Publish(t.Context(), facts...); err != nil {
				t.Fatal(err)
			}
			var calls []int
			for _, r := range server.Requests() {
				calls = append(calls, len(read(t, r).Entries))
			}
			if diff := cmp.Diff(test.calls, calls); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Only what was not taken is put again.
func TestPublishAgain(t *testing.T) {
	var calls atomic.Int32
	server := awstest.StartFunc(t, func(r awstest.Request) awstest.Answer {
		if calls.Add(1) == 1 {
			return results(t, "", "ThrottlingException", "InternalFailure")
		}
		return taken(t)(r)
	})
	if err := eventbus.New(awstest.Config(server.URL), "facts").Publish(t.Context(), blocked("link"), blocked("mail"), blocked("complaint")); err != nil {
		t.Fatal(err)
	}
	requests := server.Requests()
	if len(requests) != 2 {
		t.Fatalf("%d calls", len(requests))
	}
	again := read(t, requests[1]).Entries
	if len(again) != 2 || !strings.Contains(again[0].Detail, `"mail"`) || !strings.Contains(again[1].Detail, `"complaint"`) {
		t.Errorf("%+v", again)
	}
}

func TestFaults(t *testing.T) {
	for _, test := range []struct {
		name   string
		answer awstest.Answer
		want   fault.Kind
		calls  int
	}{
		{"entry throttled", results(t, "ThrottlingException"), fault.Throttled, 5},
		{"entry failed", results(t, "InternalFailure"), fault.Unavailable, 5},
		{"entry refused", results(t, "NotAuthorizedForSourceException"), fault.Internal, 1},
		{"call throttled", awstest.JSONError(400, "ThrottlingException"), fault.Throttled, 1},
		{"no bus", awstest.JSONError(400, "ResourceNotFoundException"), fault.Internal, 1},
		{"service failed", awstest.JSONError(500, "InternalException"), fault.Unavailable, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := awstest.Start(t, test.answer)
			err := eventbus.New(awstest.Config(server.URL), "facts").Publish(t.Context(), blocked("link"))
			if got := fault.KindOf(err); err == nil || got != test.want {
				t.Errorf("%v, want %s", err, test.want)
			}
			if calls := len(server.Requests()); calls != test.calls {
				t.Errorf("%d calls, want %d", calls, test.calls)
			}
		})
	}
	t.Run("nobody there", func(t *testing.T) {
		err := eventbus.New(awstest.Config(awstest.Dead()), "facts").Publish(t.Context(), blocked("link"))
		if fault.KindOf(err) != fault.Unavailable {
			t.Error(err)
		}
	})
	t.Run("no time left", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		server := awstest.StartFunc(t, func(awstest.Request) awstest.Answer { defer cancel(); return results(t, "ThrottlingException") })
		if err := eventbus.New(awstest.Config(server.URL), "facts").Publish(ctx, blocked("link")); err == nil {
			t.Error("no error")
		}
	})
}
