package scale

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/handlers"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
)

func TestMemoryIsFlat(t *testing.T) {
	s := start(t, stacktest.Env("EVENT_LIMIT", "0"))
	s.allow()
	var peaks []map[string]int64
	for _, people := range []int{10_000, 100_000} {
		e := tea(s)
		e.Key = map[int]string{10_000: "a", 100_000: "b"}[people]
		uid := s.request(e)
		since := time.Now()
		s.invited(uid, people)
		t.Log("seeded", time.Since(since))
		e.Sequence, e.At, e.Summary = 1, e.At.Add(time.Minute), "More tea"
		s.Runtime.ResetPeak()

		since = time.Now()
		s.ended("bulk-invites", s.SendMail(host.Email, "bulk@"+s.Domain, s.list(uid, people)))
		t.Log("bulk", time.Since(since))

		// cheat: look at the event as sequence 1
		since = time.Now()
		var staged handlers.Staged
		s.call("stage-attendees-for-updated-event", handlers.FanOut{UID: uid, Sequence: 1}, &staged)
		t.Log("stage", time.Since(since), staged)

		since = time.Now()
		if a := s.Get("/event/" + uid + "/report"); a.Status != 200 {
			t.Fatal(a)
		}
		for range 2 {
			all, _ := s.States.List("cis-attendee-report")
			for _, x := range all {
				s.ended("attendee-report", x.Name)
			}
			time.Sleep(time.Second)
		}
		t.Log("report", time.Since(since))
		peaks = append(peaks, s.Runtime.Peak())
	}
	for f := range peaks[1] {
		t.Logf("%-50s %.1f %.1f", f, float64(peaks[0][f])/(1<<20), float64(peaks[1][f])/(1<<20))
	}
}

// call invokes a function.
func (s *system) call(function string, in, out any) {
	s.t.Helper()
	payload, err := json.Marshal(in)
	if err != nil {
		s.t.Fatal(err)
	}
	result, err := s.Runtime.Invoke(context.Background(), function, payload)
	if err != nil || result.FunctionError != "" {
		s.t.Fatalf("%s: %v %s %s", function, err, result.FunctionError, result.Payload)
	}
	if err := json.Unmarshal(result.Payload, out); err != nil {
		s.t.Fatal(err)
	}
}
