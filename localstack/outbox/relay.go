package outbox

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/smtp"
	"net/textproto"
	"net/url"
	"sync"
	"time"

	"github.com/calendarinvite/calendarinviteserver/localstack/journal"
)

// relayBucket holds the messages that are still to be handed on, by id.
const relayBucket = "outbox-relay"

// pending is how far the relay is with a message.
type pending struct {
	Attempts int       `json:"attempts"`
	Next     time.Time `json:"next"` // not before
}

// relayPauses lie between attempts; the last one repeats until relayFor has passed since the message was accepted.
var relayPauses = []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute}

const (
	relayFor     = 24 * time.Hour
	relayTimeout = 2 * time.Minute // for one message
)

// relay hands messages to a real SMTP server, one at a time, and tries again what fails for now (RFC 5321 §4.5.4.1).
type relay struct {
	outbox *Outbox
	addr   string
	host   string
	auth   smtp.Auth
	tls    bool // from the first byte
	kick   chan struct{}
	cancel context.CancelFunc
	done   sync.WaitGroup
}

func newRelay(address string, o *Outbox) (*relay, error) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" {
		return nil, fmt.Errorf("CIS_RELAY: want smtp://user:password@host:port or smtps://…")
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"smtp": "587", "smtps": "465"}[u.Scheme]
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &relay{outbox: o, addr: net.JoinHostPort(u.Hostname(), port), host: u.Hostname(), tls: u.Scheme == "smtps", kick: make(chan struct{}, 1), cancel: cancel}
	if u.User != nil {
		password, _ := u.User.Password()
		r.auth = smtp.PlainAuth("", u.User.Username(), password, u.Hostname())
	}
	r.done.Go(func() { r.run(ctx) })
	r.wake()
	return r, nil
}

func (r *relay) close() {
	r.cancel()
	r.done.Wait()
}

// wake makes the relay look at its list.
func (r *relay) wake() {
	select {
	case r.kick <- struct{}{}:
	default: // it will look anyway
	}
}

func (r *relay) run(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.kick:
		case <-timer.C:
		}
		next := time.Now().Add(time.Hour)
		err := journal.Each(r.outbox.cfg.Journal.Bucket(relayBucket), "", func(id string, p pending) error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if p.Next.After(time.Now()) {
				next = earlier(next, p.Next)
				return nil
			}
			again, err := r.deliver(ctx, id, p)
			next = earlier(next, again)
			return err
		})
		if err != nil && ctx.Err() == nil {
			slog.Error("local stack: relay", "error", err)
		}
		timer.Reset(max(0, time.Until(next)))
	}
}

// deliver makes one attempt and says when the next is due, if one is; the zero time if not.
func (r *relay) deliver(ctx context.Context, id string, p pending) (again time.Time, err error) {
	list := r.outbox.cfg.Journal.Bucket(relayBucket)
	s, ok, err := r.outbox.Get(id)
	if err != nil {
		return again, err
	}
	if !ok { // deleted by hand
		return again, list.Delete(id)
	}
	failure := r.send(ctx, s)
	if ctx.Err() != nil {
		return again, nil
	}
	code := 0
	if reply, ok := errors.AsType[*textproto.Error](failure); ok {
		code = reply.Code
	}
	switch {
	case failure == nil:
		return again, list.Delete(id)
	case code >= 500 || time.Since(s.Time) > relayFor:
		slog.Warn("local stack: the relay refused a message", "id", id, "error", failure)
		return again, list.Delete(id)
	}
	pause := relayPauses[min(p.Attempts, len(relayPauses)-1)]
	slog.Warn("local stack: the relay did not take a message yet", "id", id, "again in", pause, "error", failure)
	p.Attempts, p.Next = p.Attempts+1, time.Now().Add(pause)
	return p.Next, list.Put(id, p)
}

func (r *relay) send(ctx context.Context, s Sent) error {
	ctx, cancel := context.WithTimeout(ctx, relayTimeout)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", r.addr)
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	config := &tls.Config{ServerName: r.host}
	if r.tls {
		conn = tls.Client(conn, config)
	}
	c, err := smtp.NewClient(conn, r.host)
	if err != nil {
		return errors.Join(err, conn.Close())
	}
	defer c.Close()
	if ok, _ := c.Extension("STARTTLS"); ok && !r.tls {
		if err := c.StartTLS(config); err != nil {
			return err
		}
	}
	if r.auth != nil {
		if err := c.Auth(r.auth); err != nil {
			return err
		}
	}
	if err := c.Mail(bare(s.Source)); err != nil {
		return err
	}
	for _, to := range s.Recipients() {
		if err := c.Rcpt(bare(to)); err != nil {
			return err
		}
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(s.Raw); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return c.Quit()
}

// earlier is the earlier of two moments, of which the second may be none.
func earlier(a, b time.Time) time.Time {
	if b.IsZero() || a.Before(b) {
		return a
	}
	return b
}
