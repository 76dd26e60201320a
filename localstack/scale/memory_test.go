package scale

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"runtime"
	"slices"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/handlers"
	"github.com/calendarinvite/calendarinviteserver/internal/bulk"
)

const (
	maxMemory = 128 << 20 // bytes of any step's process
	// What a step's process may need more for ten times as many people: buffers that are full only then, of a multipart upload for example.
	// A record of each of 90,000 people more would be 70 MB at least.
	maxGrowth = 24 << 20
	// A mail is read as a whole: what it needs grows with the mail, which has 10 MiB at most, as it came, decoded, and with the garbage
	// collector's room.
	growthOfMail = 4
)

// TestMemory does what concerns all people of an event at once, with 10,000 and with 100,000 of them: reads a list of them, runs it (all are
// invited already, or the test would take half an hour), reports about it, stages them for an update and for a cancellation, and
// reports about them. The steps that compose and send mails never hold more than a batch; TestTenThousand holds them to the same memory.
func TestMemory(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells what memory a process has had")
	}
	s := start(t)
	s.allow()
	few, many := size(t, 10_000, 500), size(t, 100_000, 5_000)
	small, smallMail := s.everybody("few", few)
	large, largeMail := s.everybody("many", many)
	s.slim(large)
	for _, function := range slices.Sorted(maps.Keys(large)) {
		peak, allowed := large[function], int64(maxGrowth)
		if function == "get-new-bulk-event-invites-from-email" {
			allowed += growthOfMail * int64(largeMail-smallMail)
		}
		t.Logf("%-45s %5.1f MB for %d, %5.1f MB for %d", function, mb(small[function]), few, mb(peak), many)
		if grown := peak - small[function]; grown > allowed {
			t.Errorf("%s had %.1f MB more for %d people than for %d, at most %.1f are allowed", function, mb(grown), many, few, mb(allowed))
		}
	}
}

func mb(bytes int64) float64 { return float64(bytes) / (1 << 20) }

// slim checks that no step's process had more memory than any may have.
func (s *system) slim(peaks map[string]int64) {
	s.t.Helper()
	for function, peak := range peaks {
		if peak >= maxMemory {
			s.t.Errorf("%s had %.1f MB, less than %.0f are allowed", function, mb(peak), mb(maxMemory))
		}
	}
}

// everybody measures the largest memory, in bytes, that each step's processes have had with an event of so many people, and the size of the
// mail that lists them.
func (s *system) everybody(key string, people int) (peaks map[string]int64, mailSize int) {
	s.t.Helper()
	e := tea(s)
	e.Key = key
	uid := s.register(e)
	s.invited(uid, people)
	mail := s.list(uid, people)
	s.Runtime.ResetPeak()

	x := s.bulk(mail)
	s.mapped(x, people)
	if got, want := s.tally(x), (bulk.Tally{Already: people}); got != want {
		s.t.Errorf("the report says %+v, want %+v", got, want)
	}
	s.revised(uid, 1)
	for _, step := range []string{"stage-attendees-for-updated-event", "stage-attendees-for-cancelled-event"} {
		var staged handlers.Staged
		s.call(step, handlers.FanOut{UID: uid, Sequence: 1}, &staged)
		if staged.Count != people {
			s.t.Errorf("%s counts %d people, want %d", step, staged.Count, people)
		}
		s.staged(staged, people)
	}
	if a := s.Get("/event/" + uid + "/report"); a.Status != 200 {
		s.t.Fatalf("the report: %d %s", a.Status, a.Body)
	}
	all, err := s.States.List(s.Wiring.Prefix() + "-attendee-report")
	if err != nil || len(all) == 0 {
		s.t.Fatalf("no report is under way: %v", err)
	}
	s.ended("attendee-report", all[len(all)-1].Name)
	return s.Runtime.Peak(), len(mail)
}

// staged checks that the list names everybody once, in order.
func (s *system) staged(of handlers.Staged, people int) {
	s.t.Helper()
	_, body, err := s.Objects.Open(s.t.Context(), of.Bucket, of.List)
	if err != nil {
		s.t.Fatal(err)
	}
	defer body.Close()
	list, err := io.ReadAll(body)
	if err != nil {
		s.t.Fatal(err)
	}
	n := 0
	for line := range bytes.Lines(list) {
		var one handlers.StagedAttendee
		if err := json.Unmarshal(line, &one); err != nil || one.Email != guest(n) {
			s.t.Fatalf("line %d is %s: %v", n+1, line, err)
		}
		n++
	}
	if n != people {
		s.t.Errorf("the list has %d lines, want %d", n, people)
	}
}

// call invokes a function.
func (s *system) call(function string, in, out any) {
	s.t.Helper()
	payload, err := json.Marshal(in)
	if err != nil {
		s.t.Fatal(err)
	}
	result, err := s.Runtime.Invoke(s.t.Context(), function, payload)
	if err != nil || result.FunctionError != "" {
		s.t.Fatalf("%s: %v %s %s", function, err, result.FunctionError, result.Payload)
	}
	if err := json.Unmarshal(result.Payload, out); err != nil {
		s.t.Fatal(err)
	}
}
