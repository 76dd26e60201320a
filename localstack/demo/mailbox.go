package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/emersion/go-message"
)

// sentMail is a mail in the list of those that were sent.
type sentMail struct {
	ID      string
	To      []string
	Subject string
}

// sentTo lists the mails to addresses that hold a text, oldest first.
func (d doors) sentTo(ctx context.Context, part string) (list []sentMail, err error) {
	return list, d.getJSON(ctx, d.page("sent?to="+url.QueryEscape(part)), &list)
}

// text is a mail as it was sent.
func (d doors) text(ctx context.Context, id string) ([]byte, error) {
	var found struct{ Messages []struct{ RawData string } }
	if err := d.getJSON(ctx, "http://"+d.aws+"/_aws/ses?id="+url.QueryEscape(id), &found); err != nil {
		return nil, err
	}
	if len(found.Messages) != 1 {
		return nil, fmt.Errorf("%d mails have the id %s", len(found.Messages), id)
	}
	return []byte(found.Messages[0].RawData), nil
}

// mailbox is what one person gets.
type mailbox struct {
	d       doors
	address string
	read    int // mails
}

// received is a mail that somebody got.
type received struct {
	subject string
	raw     []byte
}

// next waits for the next mail, which should be what about says: its text has to hold holds.
func (m *mailbox) next(ctx context.Context, about, holds string) (got received, err error) {
	if err := m.wait(ctx, about, &got); err != nil {
		return got, err
	}
	text, err := got.part("text/plain")
	if err == nil && !strings.Contains(text, holds) {
		err = fmt.Errorf("the mail %q to %s is not %s: it lacks %q", got.subject, m.address, about, holds)
	}
	return got, err
}

func (m *mailbox) wait(ctx context.Context, about string, got *received) error {
	return wait(ctx, about+" to "+m.address, func() (bool, error) {
		list, err := m.d.sentTo(ctx, m.address)
		if err != nil || len(list) <= m.read {
			return false, err
		}
		got.subject = list[m.read].Subject
		got.raw, err = m.d.text(ctx, list[m.read].ID)
		m.read++
		return true, err
	})
}

// nothingElse fails if there are mails that were not read.
func (m *mailbox) nothingElse(ctx context.Context) error {
	list, err := m.d.sentTo(ctx, m.address)
	if err == nil && len(list) != m.read {
		err = fmt.Errorf("%s got a mail that nobody told of: %q", m.address, list[len(list)-1].Subject)
	}
	return err
}

// part is the decoded text of the mail's first part of a media type.
func (r received) part(mediaType string) (text string, err error) {
	errFound := errors.New("found")
	entity, err := message.Read(bytes.NewReader(r.raw))
	if err != nil {
		return "", err
	}
	err = entity.Walk(func(_ []int, part *message.Entity, err error) error {
		if err != nil {
			return err
		}
		if kind, _, err := part.Header.ContentType(); err != nil || kind != mediaType {
			return err
		}
		body, err := io.ReadAll(part.Body)
		if err != nil {
			return err
		}
		text = string(body)
		return errFound
	})
	switch {
	case errors.Is(err, errFound):
		return text, nil
	case err != nil:
		return "", err
	}
	return "", fmt.Errorf("the mail %q has no %s", r.subject, mediaType)
}

// unsubscribeLink is the link of List-Unsubscribe for one click (RFC 8058).
func (r received) unsubscribeLink() (string, error) {
	entity, err := message.Read(bytes.NewReader(r.raw))
	if err != nil {
		return "", err
	}
	for field := range strings.SplitSeq(entity.Header.Get("List-Unsubscribe"), ",") {
		if link := strings.Trim(strings.TrimSpace(field), "<>"); strings.HasPrefix(link, "http") {
			return link, nil
		}
	}
	return "", fmt.Errorf("the mail %q has no link to unsubscribe", r.subject)
}
