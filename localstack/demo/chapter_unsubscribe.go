package main

import (
	"context"
	"net/http"
)

// theUnsubscribe: a guest is invited to the new event and blocks the organizer with one click; nothing of hers reaches him until he takes
// it back.
func (s *story) theUnsubscribe(ctx context.Context) error {
	alan := s.three[1]
	box := &mailbox{d: s.d, address: alan.email, read: 2} // an invitation, an update
	var invitation received
	var link string
	if err := s.out.step(alan.name+" opens the new event's link and gets an invitation", func() (string, error) {
		err := s.d.open(ctx, s.newest, alan.email, alan.name)
		if err != nil {
			return "", err
		}
		invitation, err = box.next(ctx, "an invitation", s.sixth.Summary)
		return invitation.subject, err
	}); err != nil {
		return err
	}
	if err := s.out.step(alan.name+" clicks on Unsubscribe in his mail program", func() (string, error) {
		var err error
		if link, err = invitation.unsubscribeLink(); err != nil {
			return "", err
		}
		_, err = s.d.expect(ctx, http.StatusOK, http.MethodPost, link, "List-Unsubscribe=One-Click", "Content-Type", "application/x-www-form-urlencoded", "Accept", "text/html")
		return "POST " + link[:min(len(link), 56)] + "…", err
	}); err != nil {
		return err
	}
	if err := s.out.step("An update of that event no longer goes to him", func() (string, error) {
		e := s.sixth
		e.Location, e.Sequence = "The Royal Society, London", 1
		if _, err := s.request(ctx, e); err != nil {
			return "", err
		}
		if err := s.d.finished(ctx, "event-update", s.newest+"-1", nil); err != nil {
			return "", err
		}
		if err := box.nothingElse(ctx); err != nil {
			return "", err
		}
		_, err := s.calendars.follow(ctx)
		return "", err
	}); err != nil {
		return err
	}
	return s.out.step("He takes it back, on the same page", func() (string, error) {
		_, err := s.d.expect(ctx, http.StatusOK, http.MethodPost, link, "choice=undo", "Content-Type", "application/x-www-form-urlencoded", "Accept", "text/html")
		return "", err
	})
}
