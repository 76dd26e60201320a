package main

import (
	"context"
	"fmt"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
)

// theUpdate: a guest proposes another time, the organizer moves the event, and all calendars follow. Everybody is asked again.
func (s *story) theUpdate(ctx context.Context) error {
	s.event.Start, s.event.End, s.event.Sequence = s.event.Start.Add(90*time.Minute), s.event.End.Add(90*time.Minute), 1
	if err := s.proposal(ctx, s.three[0]); err != nil {
		return err
	}
	if err := s.out.step("Ada moves the event to "+s.event.Start.Format("15:04")+" in her calendar", func() (string, error) {
		if _, err := s.request(ctx, s.event); err != nil {
			return "", err
		}
		return "", s.fannedOut(ctx, "event-update", s.event.Sequence)
	}); err != nil {
		return err
	}
	if err := s.out.step(fmt.Sprintf("%s calendars show the new time, after one mail each", count(s.everybody())), func() (string, error) {
		err := s.calendars.expect(ctx, s.everybody(), s.everybody(), s.asRegistered)
		return s.calendars.byOwner[s.three[0].email].last.subject, err
	}); err != nil {
		return err
	}
	// An answer was an answer to the old time.
	counts := statistics{Attendees: s.everybody(), Pending: s.everybody()}
	if err := s.expect(ctx, counts); err != nil {
		return err
	}
	for _, g := range s.three {
		if err := s.answer(ctx, g, imiptest.Accepted, s.moment(), g.name+" accepts the new time in "+g.calendar); err != nil {
			return err
		}
		counts.count(imiptest.Accepted)
	}
	if err := s.expect(ctx, counts); err != nil {
		return err
	}
	s.show(s.event.Summary+", at the new time", counts)
	return nil
}

// lateTrain is what the guest says to the proposal.
const lateTrain = "My train arrives at four."

// proposal is the step in which a guest proposes the time that the event then moves to.
func (s *story) proposal(ctx context.Context, g guest) error {
	return s.out.step(g.name+" proposes "+s.event.Start.Format("15:04")+" in "+g.calendar+", and Ada gets the proposal", func() (string, error) {
		raw, err := imiptest.ComposeCounter(s.calendars.byOwner[g.email].last.raw, imiptest.Counter{
			Reply: imiptest.Reply{Client: g.client, Answer: imiptest.Tentative, At: s.moment(), Comment: lateTrain},
			Start: s.event.Start, End: s.event.End,
		})
		if err != nil {
			return "", err
		}
		if _, err := s.d.mail(g.email, "rsvp", raw); err != nil {
			return "", err
		}
		m, err := s.inbox.next(ctx, "the proposal", lateTrain)
		return m.subject, err
	})
}

// theCancellation: the organizer calls the event off, and it leaves all calendars.
func (s *story) theCancellation(ctx context.Context) error {
	if err := s.out.step("Ada deletes the event in her calendar", func() (string, error) {
		e := s.event
		e.Sequence, e.At = 2, s.moment()
		raw, err := imiptest.ComposeCancel(e)
		if err != nil {
			return "", err
		}
		id, err := s.d.mail(s.ada.Email, "create", raw)
		if err != nil {
			return "", err
		}
		if err := s.d.finished(ctx, "event-request", id, nil); err != nil {
			return "", err
		}
		return "", s.fannedOut(ctx, "event-cancellation", 2)
	}); err != nil {
		return err
	}
	return s.out.step(fmt.Sprintf("%s calendars show it as cancelled, after one mail each", count(s.everybody())), func() (string, error) {
		err := s.calendars.expect(ctx, s.everybody(), s.everybody(), func(e imiptest.Entry) bool { return e.Cancelled })
		return s.calendars.byOwner[s.three[0].email].last.subject, err
	})
}

// fannedOut waits until everybody has been told of a revision of the event.
func (s *story) fannedOut(ctx context.Context, workflow string, sequence int) error {
	return s.d.finished(ctx, workflow, fmt.Sprintf("%s-%d", s.uid, sequence), func(m mapRun) { s.out.progress(m.Items.Succeeded, m.Items.All) })
}
