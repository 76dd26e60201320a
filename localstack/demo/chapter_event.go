package main

import (
	"context"
	"fmt"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
)

// anEvent: the organizer's calendar mails an invitation, and she gets a confirmation.
func (s *story) anEvent(ctx context.Context) error {
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		return err
	}
	day := time.Now().AddDate(0, 1, 0)
	start := time.Date(day.Year(), day.Month(), day.Day(), 15, 0, 0, 0, zone)
	s.event = imiptest.Event{
		Client: imiptest.Gmail, Organizer: s.ada, To: imiptest.Address{Email: "create@" + s.d.domain}, Key: "tea",
		Summary: "Tea with the Analytical Engine", Description: "An hour of tea, punched cards and biscuits.", Location: "St James's Square 12, London",
		JoinLink: "https://meet.google.com/abc-defg-hij", Start: start, End: start.Add(90 * time.Minute),
	}
	if err := s.out.step("Ada invites "+s.event.To.Email+" in her Google Calendar", func() (string, error) {
		s.uid, err = s.mailRequest(s.event)
		s.calendars.event = s.uid
		return "uid " + s.uid, err
	}); err != nil {
		return err
	}
	return s.out.step("Ada gets a confirmation, with the link to share", func() (string, error) {
		if err := s.d.finished(ctx, "event-request", s.uid, nil); err != nil {
			return "", err
		}
		m, err := s.inbox.next(ctx, "the confirmation", "/event/"+s.uid+"/invite")
		return m.subject, err
	})
}

// request mails an event as the organizer's calendar does, and returns the mail's id when it has been dealt with.
func (s *story) request(ctx context.Context, e imiptest.Event) (id string, err error) {
	if id, err = s.mailRequest(e); err != nil {
		return "", err
	}
	return id, s.d.finished(ctx, "event-request", id, nil)
}

func (s *story) mailRequest(e imiptest.Event) (id string, err error) {
	e.At = s.moment()
	raw, err := imiptest.ComposeRequest(e)
	if err != nil {
		return "", err
	}
	return s.d.mail(s.ada.Email, "create", raw)
}

// asRegistered reports whether a calendar shows the event as it stands in the organizer's.
func (s *story) asRegistered(e imiptest.Entry) bool {
	return e.Summary == s.event.Summary && e.Location == s.event.Location && e.Start.Equal(s.event.Start) && e.End.Equal(s.event.End) &&
		e.Sequence == s.event.Sequence && !e.Cancelled
}

// threeGuests: three people open the link, and answer with three calendars.
func (s *story) threeGuests(ctx context.Context) error {
	for i, g := range s.three {
		if err := s.out.step(g.name+" opens the invite link and gets an invitation", func() (string, error) {
			if err := s.d.open(ctx, s.uid, g.email, g.name); err != nil {
				return "", err
			}
			if err := s.calendars.expect(ctx, 1, i+1, s.asRegistered); err != nil {
				return "", err
			}
			own := s.calendars.byOwner[g.email]
			if own == nil {
				return "", fmt.Errorf("%s got no invitation", g.email)
			}
			return own.last.subject, nil
		}); err != nil {
			return err
		}
	}
	counts := statistics{Attendees: 3, Pending: 3}
	if err := s.expect(ctx, counts); err != nil {
		return err
	}
	verbs := map[string]string{imiptest.Accepted: "accepts", imiptest.Declined: "declines", imiptest.Tentative: "says maybe"}
	for _, g := range s.three {
		if err := s.answer(ctx, g, g.answer, s.moment(), fmt.Sprintf("%s %s in %s", g.name, verbs[g.answer], g.calendar)); err != nil {
			return err
		}
		counts.count(g.answer)
	}
	if err := s.expect(ctx, counts); err != nil {
		return err
	}
	emmy, earlier, later := s.three[2], s.moment(), s.moment()
	if err := s.answer(ctx, emmy, imiptest.Accepted, later, emmy.name+" changes her mind and accepts"); err != nil {
		return err
	}
	// An answer that was overtaken on its way must not undo the later one.
	if err := s.answer(ctx, emmy, imiptest.Declined, earlier, "An older answer of hers arrives late and is ignored"); err != nil {
		return err
	}
	return s.expect(ctx, statistics{Attendees: 3, Yes: 2, No: 1})
}

// reply mails a guest's answer as her calendar would, to the last mail that she got.
func (s *story) reply(g guest, answer string, at time.Time) (id string, err error) {
	raw, err := imiptest.ComposeReply(s.calendars.byOwner[g.email].last.raw, imiptest.Reply{Client: g.client, Answer: answer, At: at})
	if err != nil {
		return "", err
	}
	return s.d.mail(g.email, "rsvp", raw)
}

// answer is the step in which a guest answers.
func (s *story) answer(ctx context.Context, g guest, answer string, at time.Time, what string) error {
	return s.out.step(what, func() (string, error) {
		id, err := s.reply(g, answer, at)
		if err != nil {
			return "", err
		}
		return "", s.d.finished(ctx, "event-reply", id, nil)
	})
}
