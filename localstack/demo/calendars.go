package main

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
)

// calendars are those of everybody who was invited. Each reads only its owner's mail.
type calendars struct {
	d       doors
	people  string // in the addresses of all people of this story, and of nobody else
	except  string // the organizer's address
	event   string // uid of the event that all of them were invited to
	read    int    // mails
	byOwner map[string]*calendar
}

type calendar struct {
	*imiptest.Calendar
	last received
}

func newCalendars(d doors, people, except string) *calendars {
	return &calendars{d: d, people: people, except: except, byOwner: map[string]*calendar{}}
}

// follow lets the calendars read the mail that came since the last time, and says how many mails each got.
func (c *calendars) follow(ctx context.Context) (mails map[string]int, err error) {
	all, err := c.d.sentTo(ctx, c.people)
	if err != nil {
		return nil, err
	}
	fresh := all[min(c.read, len(all)):]
	c.read = len(all)
	texts, err := c.fetch(ctx, fresh)
	if err != nil {
		return nil, err
	}
	mails = map[string]int{}
	for i, m := range fresh {
		owner := m.To[0]
		if owner == c.except {
			continue
		}
		mails[owner]++
		if c.byOwner[owner] == nil {
			c.byOwner[owner] = &calendar{Calendar: imiptest.NewCalendar()}
		}
		c.byOwner[owner].last = received{m.Subject, texts[i]}
		if err := c.byOwner[owner].Receive(texts[i]); err != nil {
			return nil, fmt.Errorf("the calendar of %s: %w", owner, err)
		}
	}
	return mails, nil
}

// fetch gets the texts of mails, a few at a time.
func (c *calendars) fetch(ctx context.Context, list []sentMail) ([][]byte, error) {
	texts, failures := make([][]byte, len(list)), make([]error, len(list))
	var workers sync.WaitGroup
	next := make(chan int)
	for range 4 {
		workers.Go(func() {
			for i := range next {
				texts[i], failures[i] = c.d.text(ctx, list[i].ID)
			}
		})
	}
	for i := range list {
		next <- i
	}
	close(next)
	workers.Wait()
	for _, err := range failures {
		if err != nil {
			return nil, err
		}
	}
	return texts, nil
}

// show reports how many calendars show the event once, and so. The UID of an invitation begins with the event's.
func (c *calendars) show(so func(imiptest.Entry) bool) (n int) {
	for _, own := range c.byOwner {
		var entries []imiptest.Entry
		for _, e := range own.Events() {
			if strings.HasPrefix(e.UID, c.event+"-") {
				entries = append(entries, e)
			}
		}
		if len(entries) == 1 && so(entries[0]) {
			n++
		}
	}
	return n
}

// expect lets the calendars read their mail. It fails unless people have got a mail each and nobody more than that, and all calendars, so many,
// show the event so now.
func (c *calendars) expect(ctx context.Context, people, all int, so func(imiptest.Entry) bool) error {
	mails, err := c.follow(ctx)
	if err != nil {
		return err
	}
	for owner, n := range mails {
		if n != 1 {
			return fmt.Errorf("%s got %d mails instead of one", owner, n)
		}
	}
	if len(mails) != people {
		return fmt.Errorf("%d people got a mail instead of %d", len(mails), people)
	}
	if n := c.show(so); n != all || len(c.byOwner) != all {
		return fmt.Errorf("%d of %d calendars show the event as they should, instead of %d", n, len(c.byOwner), all)
	}
	return nil
}
