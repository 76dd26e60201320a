package invite

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/imip"
)

// service is SES as the tests make it: it takes so many mails in a second, and answers after a while.
type service struct {
	mu      sync.Mutex
	rate    int // mails a second; 0 = any number
	latency time.Duration
	answer  func(to string) error

	second int64
	taken  int
	tried  int
	most   int // mails at a time
	now    int
	sent   map[string]int
	bodies map[string]string
}

func (s *service) Send(ctx context.Context, mail Outgoing) (string, error) {
	s.mu.Lock()
	s.tried++
	s.now++
	s.most = max(s.most, s.now)
	s.mu.Unlock()
	select {
	case <-time.After(s.latency):
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now--
	if ctx.Err() != nil {
		return "", fault.Wrap(fault.Unavailable, "ses", ctx.Err())
	}
	if s.answer != nil {
		if err := s.answer(mail.To); err != nil {
			return "", err
		}
	}
	if second := time.Now().Unix(); second != s.second {
		s.second, s.taken = second, 0
	}
	if s.taken++; s.rate > 0 && s.taken > s.rate {
		return "", fault.New(fault.Throttled, "ses", "")
	}
	if s.sent == nil {
		s.sent, s.bodies = map[string]int{}, map[string]string{}
	}
	s.sent[mail.To]++
	s.bodies[mail.To] = string(mail.Raw)
	return "id-" + mail.To, nil
}

// plainComposer writes the address alone.
type plainComposer struct{}

func (plainComposer) Append(dst []byte, to imip.Recipient) ([]byte, error) {
	if to.Name == "broken" {
		return dst, fault.New(fault.InvalidRequest, "bad-address", "")
	}
	return append(dst, to.Email...), nil
}

func parcels(n int) (list []parcel) {
	for i := range n {
		list = append(list, parcel{to: imip.Recipient{Email: fmt.Sprintf("guest%d@example.com", i)}, composers: []Composer{plainComposer{}}})
	}
	return list
}

func (s *service) service() *Service { return New(Deps{Mailer: s}) }

func TestDeliver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ses := &service{latency: 80 * time.Millisecond}
		started := time.Now()
		for i, handed := range ses.service().deliver(t.Context(), parcels(90)) {
			want := fmt.Sprintf("guest%d@example.com", i)
			if handed.err != nil || handed.sesMessageID != "id-"+want || ses.bodies[want] != want {
				t.Fatalf("%d: %+v, body %q", i, handed, ses.bodies[want])
			}
		}
		if ses.most != 10 || time.Since(started) != 9*80*time.Millisecond {
			t.Errorf("%d at a time, %v", ses.most, time.Since(started))
		}
	})
}

// Where SES takes a few mails a second, all go out in not much more than the time that it takes, with few refusals.
func TestDeliverThrottled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ses := &service{latency: 50 * time.Millisecond, rate: 5}
		started := time.Now()
		for i, handed := range ses.service().deliver(t.Context(), parcels(90)) {
			if handed.err != nil {
				t.Fatalf("%d: %v", i, handed.err)
			}
		}
		if least := 17 * time.Second; time.Since(started) < least || time.Since(started) > 3*least {
			t.Errorf("took %v, SES needs %v", time.Since(started), least)
		}
		if ses.tried > 3*90 {
			t.Errorf("%d tries for 90 mails", ses.tried)
		}
	})
}

// What does not go out before the step's time is up is left for the next run, with time left to note what went.
func TestDeliverOutOfTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ses := &service{latency: 50 * time.Millisecond, rate: 1}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		sent := 0
		for i, handed := range ses.service().deliver(ctx, parcels(90)) {
			switch {
			case handed.err == nil:
				sent++
			case !handed.unsent() || fault.KindOf(handed.err) != fault.Throttled:
				t.Fatalf("%d: %v", i, handed.err)
			}
		}
		deadline, _ := ctx.Deadline()
		if left := time.Until(deadline); sent == 0 || sent != len(ses.sent) || left < markMargin/2 {
			t.Errorf("%d sent, SES took %d, %v left", sent, len(ses.sent), left)
		}
	})
}

// A call to SES that hangs is cut off.
func TestDeliverHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ses := &service{latency: time.Hour}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for _, handed := range ses.service().deliver(ctx, parcels(20)) {
			if !handed.unsent() {
				t.Fatal(handed.err)
			}
		}
		if ctx.Err() != nil {
			t.Error("no time left")
		}
	})
}

func TestDeliverFaults(t *testing.T) {
	for _, test := range []struct {
		name   string
		answer error
		tries  int // at most, for ten mails
		refuse bool
	}{
		{"refused for good", fault.New(fault.InvalidRequest, "rejected", ""), 10, true},
		{"the account may not send", fault.New(fault.Internal, "ses-account", ""), 10, false},
		{"away", fault.New(fault.Unavailable, "ses", ""), 10 * maxHandOvers, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ses := &service{answer: func(string) error { return test.answer }}
				for i, handed := range ses.service().deliver(t.Context(), parcels(10)) {
					if handed.refused() != test.refuse || handed.unsent() == test.refuse || fault.KindOf(handed.err) != fault.KindOf(test.answer) {
						t.Fatalf("%d: %v", i, handed.err)
					}
				}
				if ses.tried > test.tries {
					t.Errorf("%d tries", ses.tried)
				}
			})
		})
	}
}

// One address that SES or the composer refuses holds nobody else up, and the second mail of a parcel follows only a first one that went.
func TestDeliverOneRefused(t *testing.T) {
	ses := &service{answer: func(to string) error {
		if to == "guest1@example.com" {
			return fault.New(fault.InvalidRequest, "rejected", "")
		}
		return nil
	}}
	list := parcels(3)
	list[2].to.Name = "broken"
	for i := range list {
		list[i].composers = append(list[i].composers, plainComposer{})
	}
	var refused []bool
	for _, handed := range ses.service().deliver(t.Context(), list) {
		refused = append(refused, handed.refused())
	}
	if !slices.Equal(refused, []bool{false, true, true}) || ses.sent["guest0@example.com"] != 2 || ses.tried != 3 {
		t.Errorf("%v, %d tries, sent %v", refused, ses.tried, ses.sent)
	}
}

// A caller who goes away stops everything.
func TestDeliverCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ses := &service{}
	for _, handed := range ses.service().deliver(ctx, parcels(3)) {
		if !handed.unsent() || ses.tried != 0 {
			t.Errorf("%v after %d tries", handed.err, ses.tried)
		}
	}
}
