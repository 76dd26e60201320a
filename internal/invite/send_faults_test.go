package invite_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

// shaky fails writes at random, before their effect or after it.
type shaky struct {
	invite.Store
	mu     sync.Mutex
	random *rand.Rand
}

func (s *shaky) do(write func() error) error {
	s.mu.Lock()
	before, after := s.random.IntN(4) == 0, s.random.IntN(4) == 0
	s.mu.Unlock()
	if before {
		return fault.New(fault.Unavailable, "table", "")
	}
	if err := write(); err != nil {
		return err
	}
	if after {
		return fault.New(fault.Unavailable, "table", "")
	}
	return nil
}

func (s *shaky) InviteBatch(ctx context.Context, b invite.InvitationBatch) (done invite.InvitedBatch, err error) {
	err = s.do(func() (err error) { done, err = s.Store.InviteBatch(ctx, b); return err })
	return done, err
}

func (s *shaky) MarkInvited(ctx context.Context, marks []invite.InviteMark) error {
	half := len(marks) / 2
	if err := s.do(func() error { return s.Store.MarkInvited(ctx, marks[:half]) }); err != nil {
		return err
	}
	return s.do(func() error { return s.Store.MarkInvited(ctx, marks[half:]) })
}

func (s *shaky) MarkUpdated(ctx context.Context, marks []invite.UpdateMark) error {
	return s.do(func() error { return s.Store.MarkUpdated(ctx, marks) })
}

func (s *shaky) Amend(ctx context.Context, a invite.Attendee, change invite.Statistics) error {
	return s.do(func() error { return s.Store.Amend(ctx, a, change) })
}

// Whatever fails wherever, repeating the steps until they succeed loses nobody, counts everybody once, and leaves everybody with the
// newest revision.
func TestStepsUnderFaults(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			w := newWorld(t)
			w.allowBulk()
			event := w.Create()
			store := &shaky{Store: w.Store, random: random}
			w.mails.fail = func(_ int, mail invite.Outgoing) error {
				switch n := random.IntN(12); {
				case mail.To == "guest03@example.com":
					return fault.New(fault.InvalidRequest, "rejected", "")
				case n == 0:
					return fault.New(fault.Internal, "ses-account", "")
				}
				return nil
			}
			service := invite.New(invite.Deps{Store: store, Mailer: w.mails, Clock: w.Clock, Keys: w.Keys, Facts: w.facts, Config: w.Config})
			until := func(step func() error) {
				t.Helper()
				for range 200 {
					w.Clock.Pass(time.Second)
					if step() == nil {
						return
					}
				}
				t.Fatal("it never succeeds")
			}
			b := list("bulk-1", event, guests(20)...)
			until(func() error { _, err := service.SendBatch(t.Context(), b); return err })
			w.update(event, "LOCATION:Room 2", "SEQUENCE:1")
			until(func() error { _, err := service.SendUpdates(t.Context(), event.UID, 1, guests(20)); return err })

			for _, email := range guests(20) {
				a := w.Attendee(event, email)
				if refused := email == "guest03@example.com"; refused != (a.Undeliverable == invite.Rejected) || !refused && a.SentSequence != 1 {
					t.Errorf("%+v", a)
				}
			}
			mailed := map[string]bool{}
			for _, mail := range w.mails.sent {
				mailed[mail.To] = true
			}
			expect(t, "mailed", 19, len(mailed))
			expect(t, "behind", []string{}, w.staged(event))
			_, counts, err := w.Store.Statistics(t.Context(), event.UID)
			if err != nil || counts.Invites != 20 || counts.Bounced != 1 || counts.Attendees != 20 {
				t.Errorf("%+v, %v", counts, err)
			}
			w.Check()
		})
	}
}
