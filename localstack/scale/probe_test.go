package scale

import (
	"os"
	"strconv"
	"testing"
	"time"
)

func TestProbe(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("PROBE"))
	if n == 0 {
		t.Skip()
	}
	s := start(t)
	uid := s.request(tea(s))
	s.allow()
	defer func() {
		for _, f := range []string{"get-new-bulk-event-invites-from-email", "send-bulk-event-invites", "notify-organizer-of-bulk-invites"} {
			for i, l := range s.Runtime.Log(f) {
				if i < 5 {
					t.Log(f, l)
				}
			}
		}
	}()
	s.Endpoint.Calls().Reset()
	since := time.Now()
	x := s.ended("bulk-invites", s.SendMail(host.Email, "bulk@"+s.Domain, s.list(uid, n)))
	t.Log("took", time.Since(since))
	for _, st := range x.States {
		t.Log(st.Name, st.Entered, st.Exited)
	}
	for f, of := range s.Endpoint.Calls().Counts() {
		t.Log(f, of, s.Endpoint.Calls().Units(f))
	}
	for f, p := range s.Runtime.Peak() {
		t.Log(f, float64(p)/(1<<20))
	}
}
