package bulk_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/calendarinvite/calendarinviteserver/internal/bulk"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

// known is the events of an organizer, with the reason why nobody can be invited to them; it counts the questions.
type known struct {
	reasons map[string]string
	asked   map[string]int
}

func events(reasons map[string]string) *known {
	return &known{reasons: reasons, asked: map[string]int{}}
}

func (k *known) Event(_ context.Context, uid string) (string, error) {
	k.asked[uid]++
	if uid == "broken" {
		return "", fault.Wrap(fault.Unavailable, "dynamodb", errors.New("no answer"))
	}
	if reason, ok := k.reasons[uid]; ok {
		return reason, nil
	}
	return invite.ReasonUnknownEvent, nil
}

func split(t testing.TB, list string, check *bulk.Check) (accepted, rejected string, s bulk.Summary, err error) {
	t.Helper()
	rows, err := bulk.Rows([]byte(list), bulk.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var good, bad bytes.Buffer
	s, err = bulk.Split(t.Context(), rows, check, &good, &bad)
	return good.String(), bad.String(), s, err
}

func TestSplit(t *testing.T) {
	known := events(map[string]string{"u1": "", "u2": "", "over": invite.ReasonEventOver, "off": invite.ReasonEventCancelled})
	check := bulk.NewCheck(known, "Ada@example.com", "create@cis.localhost", "rsvp@cis.localhost")
	accepted, rejected, summary, err := split(t, strings.Join([]string{
		"uid,email,name",
		"u1,Bob@Example.COM,Bob <b>",
		"U1,bob@example.com,Bob again",
		"u2,bob@example.com,",
		"",
		"u1,,Nobody",
		"u1,nowhere,",
		"u1,carol@example.com carl@example.com,",
		"not a uid,carol@example.com,",
		",carol@example.com,",
		"u3,carol@example.com,",
		"u3,nowhere,",
		"over,carol@example.com,",
		"off,carol@example.com,",
		"u1,rsvp+u1@cis.localhost,",
		"u1,ada@example.com,",
		"u1,carol@example.com,\"=1+1\u2028\"",
		"u1," + strings.Repeat("x", 1000) + "@example.com,",
		"u1,dave@example.com,\"Dave",
	}, "\n"), check)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(`{"row":2,"uid":"u1","email":"bob@example.com","name":"Bob <b>"}
{"row":4,"uid":"u2","email":"bob@example.com"}
{"row":17,"uid":"u1","email":"carol@example.com","name":"=1+1"}
`, accepted); diff != "" {
		t.Errorf("accepted (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(`{"row":3,"uid":"u1","email":"bob@example.com","reason":"duplicate","known":true}
{"row":6,"uid":"u1","email":"","reason":"no-address","known":true}
{"row":7,"uid":"u1","email":"nowhere","reason":"bad-address","known":true}
{"row":8,"uid":"u1","email":"carol@example.com carl@example.com","reason":"bad-address","known":true}
{"row":9,"uid":"not a uid","email":"carol@example.com","reason":"bad-uid"}
{"row":10,"uid":"","email":"carol@example.com","reason":"bad-uid"}
{"row":11,"uid":"u3","email":"carol@example.com","reason":"unknown-event"}
{"row":12,"uid":"u3","email":"nowhere","reason":"unknown-event"}
{"row":13,"uid":"over","email":"carol@example.com","reason":"event-over","known":true}
{"row":14,"uid":"off","email":"carol@example.com","reason":"event-cancelled","known":true}
{"row":15,"uid":"u1","email":"rsvp+u1@cis.localhost","reason":"own-address","known":true}
{"row":16,"uid":"u1","email":"ada@example.com","reason":"organizer","known":true}
{"row":18,"uid":"u1","email":"`+strings.Repeat("x", 99)+`…","reason":"bad-address","known":true}
{"row":19,"uid":"u1","email":"dave@example.com","reason":"unclosed-quote"}
`, rejected); diff != "" {
		t.Errorf("rejected (-want +got):\n%s", diff)
	}
	want := bulk.Summary{Rows: 17, Accepted: 3, Rejected: 14, Events: map[string]int{"u1": 2, "u2": 1}, Reasons: map[string]int{
		"duplicate": 1, "no-address": 1, "bad-address": 3, "bad-uid": 2, "unknown-event": 2, "event-over": 1, "event-cancelled": 1, "own-address": 1,
		"organizer": 1, "unclosed-quote": 1}}
	if diff := cmp.Diff(want, summary); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
	for uid, times := range known.asked {
		if times != 1 {
			t.Errorf("asked %d times about %s", times, uid)
		}
	}
	for reason := range summary.Reasons {
		if bulk.Explain(reason) == "" {
			t.Errorf("%s is not explained", reason)
		}
	}
}

func TestSplitWithTooManyEvents(t *testing.T) {
	var list strings.Builder
	list.WriteString("uid,email\n")
	for i := range bulk.MaxEvents + 2 {
		fmt.Fprintf(&list, "u%d,a@example.com\n", i)
	}
	list.WriteString("u0,b@example.com\n")
	reasons := map[string]string{}
	for i := range bulk.MaxEvents + 2 {
		reasons[fmt.Sprintf("u%d", i)] = ""
	}
	known := events(reasons)
	_, rejected, summary, err := split(t, list.String(), bulk.NewCheck(known, "ada@example.com"))
	if err != nil || summary.Accepted != bulk.MaxEvents+1 || summary.Reasons[bulk.ReasonTooManyEvents] != 2 || len(known.asked) != bulk.MaxEvents {
		t.Errorf("%d accepted, %v, %d questions, %v\n%s", summary.Accepted, summary.Reasons, len(known.asked), err, rejected)
	}
}

type refusing struct{}

func (refusing) Write([]byte) (int, error) {
	return 0, fault.Wrap(fault.Throttled, "s3", errors.New("slow down"))
}

func TestSplitErrors(t *testing.T) {
	check := func() *bulk.Check { return bulk.NewCheck(events(map[string]string{"u1": ""}), "ada@example.com") }
	for _, test := range []struct {
		name, list string
		kind       fault.Kind
		reason     string
	}{
		{"header alone", "uid,email\n\n,\n", fault.InvalidRequest, bulk.ReasonEmptyList},
		{"too many rows", "uid,email\n" + strings.Repeat("u1,a@example.com\n", bulk.MaxRows+1), fault.InvalidRequest, bulk.ReasonTooManyRows},
		{"no answer about an event", "uid,email\nu1,a@example.com\nbroken,a@example.com\n", fault.Unavailable, "dynamodb"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, _, _, err := split(t, test.list, check()); fault.KindOf(err) != test.kind || fault.ReasonOf(err) != test.reason {
				t.Errorf("%v, want %s (%s)", err, test.kind, test.reason)
			}
		})
	}
	for name, list := range map[string]string{"accepted": "uid,email\nu1,a@example.com\n", "rejected": "uid,email\nu2,a@example.com\n"} {
		rows, err := bulk.Rows([]byte(list), bulk.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := bulk.Split(t.Context(), rows, check(), refusing{}, refusing{}); fault.KindOf(err) != fault.Throttled {
			t.Errorf("a writer that refuses the %s rows: %v", name, err)
		}
	}
}

// bigList is a list of that many rows in UTF-16, which cannot be read where it stands.
func bigList(t testing.TB, rows int) []byte {
	t.Helper()
	var list strings.Builder
	list.WriteString("uid,email,name\n")
	for i := range rows {
		fmt.Fprintf(&list, "%s,guest%d@example.com,\"Guest, %d\"\n", spring, i, i)
	}
	return utf16(t, list.String())
}

// counter counts bytes and forgets them.
type counter struct{ n int }

func (c *counter) Write(p []byte) (int, error) { c.n += len(p); return len(p), nil }

// What is held of a list of 100,000 rows, beside the mail itself, is a few megabytes.
func TestSplitMemory(t *testing.T) {
	list := bigList(t, bulk.MaxRows)
	check := bulk.NewCheck(events(map[string]string{spring: ""}), "ada@example.com")
	before := held()
	rows, err := bulk.Rows(list, bulk.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var accepted, rejected counter
	summary, err := bulk.Split(t.Context(), rows, check, &accepted, &rejected)
	if err != nil || summary.Accepted != bulk.MaxRows || accepted.n < 50*bulk.MaxRows {
		t.Fatalf("%+v, %d bytes, %v", summary, accepted.n, err)
	}
	if growth := held() - before; growth > 8<<20 {
		t.Errorf("%d KiB are held", growth>>10)
	}
	runtime.KeepAlive(rows)
	runtime.KeepAlive(check)
	runtime.KeepAlive(list)
}

// held is how many bytes are in use.
func held() int64 {
	runtime.GC()
	runtime.GC() // what the first one freed is swept
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func BenchmarkSplit(b *testing.B) {
	list := bigList(b, bulk.MaxRows)
	b.SetBytes(int64(len(list)))
	for b.Loop() {
		rows, err := bulk.Rows(list, bulk.Options{})
		if err != nil {
			b.Fatal(err)
		}
		var out counter
		if _, err := bulk.Split(b.Context(), rows, bulk.NewCheck(events(map[string]string{spring: ""}), "ada@example.com"), &out, &out); err != nil {
			b.Fatal(err)
		}
	}
}
