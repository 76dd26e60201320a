package main

import (
	"context"
	"fmt"
	"net/http"
)

// theUnsubscribe: a guest is invited to the new event and blocks the organizer with one click; no invitation of hers reaches him again.
func (s *story) theUnsubscribe(ctx context.Context) error {
	alan := s.three[1]
	box := &mailbox{d: s.d, address: alan.email, read: 3} // an invitation, an update, a cancellation
	var invitation received
	if err := s.out.step(alan.name+" opens the new event's link and gets an invitation", func() (string, error) {
		err := s.d.open(ctx, s.newest, alan.email, alan.name)
		if err != nil {
			return "", err
		}
		invitation, err = box.next(ctx, "an invitation")
		return invitation.subject, err
	}); err != nil {
		return err
	}
	if err := s.out.step(alan.name+" clicks on Unsubscribe in his mail program", func() (string, error) {
		link, err := invitation.unsubscribeLink()
		if err != nil {
			return "", err
		}
		_, err = s.d.expect(ctx, http.StatusOK, http.MethodPost, link, "List-Unsubscribe=One-Click", "Content-Type", "application/x-www-form-urlencoded", "Accept", "text/html")
		return "POST " + link[:min(len(link), 56)] + "…", err
	}); err != nil {
		return err
	}
	return s.out.step("An update of that event no longer goes to him", func() (string, error) {
		e := s.event
		e.Location, e.Sequence = "The Royal Society, London", 1
		if _, err := s.request(ctx, e); err != nil {
			return "", err
		}
		if err := s.d.finished(ctx, "event-update", s.newest+"-1", nil); err != nil {
			return "", err
		}
		mails, err := s.d.sentTo(ctx, alan.email)
		if err == nil && len(mails) != box.read {
			err = fmt.Errorf("%s got a mail after he unsubscribed: %q", alan.email, mails[len(mails)-1].Subject)
		}
		return "", err
	})
}
