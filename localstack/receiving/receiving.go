// Package receiving acts as Amazon SES receiving: an SMTP server (RFC 5321) that accepts mail for the mailboxes of wiring.yaml,
// stamps it as SES does, stores it as an S3 object and invokes receive-mail with the SES event, again and again until that succeeds.
package receiving

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// MaxMessageBytes is the largest mail that SES receives, headers included (SES quotas).
const MaxMessageBytes = 40 << 20

// Objects stores received mail. *objects.Store does.
type Objects interface {
	Put(ctx context.Context, bucket, key string, body []byte, metadata map[string]string) error
}

// Invoker runs a function with a payload. A failed function, like an unreachable one, is an error.
type Invoker interface {
	Invoke(ctx context.Context, function string, payload []byte) error
}

// Deliveries keeps deliveries over restarts. Journal does.
type Deliveries interface {
	// Save stores a delivery under its Key, replacing the earlier version. What it stored survives kill -9.
	Save(Delivery) error
	// All lists the deliveries, oldest first.
	All() ([]Delivery, error)
}

// Config says what to receive and where to take it.
type Config struct {
	Domains     []string  // mail domains of the tenants; mail for others is refused
	Mailboxes   []Mailbox // one receipt rule each, matched in this order
	Bucket      string    // mail bucket
	Region      string    // for the Received header
	Function    string    // step to invoke, "receive-mail"
	FunctionARN string    // its ARN, as the event states it

	Objects    Objects
	Invoker    Invoker
	Deliveries Deliveries

	Retry []time.Duration  // waits before the second and further attempts; nil means DefaultRetry
	Now   func() time.Time // nil means time.Now
	Log   *slog.Logger     // nil discards
}

// DefaultRetry gives a failing delivery five attempts in about a quarter of a minute. Lambda's own asynchronous invocation waits one and
// two minutes; nobody wants to watch that locally.
var DefaultRetry = []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second}

// Server receives mail. Create it with New, then call Resume and Serve.
type Server struct {
	cfg  Config
	smtp *smtp.Server

	ctx   context.Context // ends when Close is called; deliveries run under it
	stop  context.CancelFunc
	work  sync.WaitGroup
	slots chan struct{} // limits how many deliveries run at once

	mu        sync.Mutex
	listeners []net.Listener
	closed    bool
}

// concurrentDeliveries is how many receive-mail invocations may run at once.
const concurrentDeliveries = 16

// New checks the configuration and returns a server that listens nowhere yet.
func New(cfg Config) (*Server, error) {
	if len(cfg.Domains) == 0 || len(cfg.Mailboxes) == 0 {
		return nil, errors.New("receiving: no mail domain or no mailbox to receive for")
	}
	if cfg.Retry == nil {
		cfg.Retry = DefaultRetry
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{cfg: cfg, slots: make(chan struct{}, concurrentDeliveries)}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.smtp = smtp.NewServer(smtp.BackendFunc(s.newSession))
	s.smtp.Domain = cfg.Domains[0]
	s.smtp.MaxMessageBytes = MaxMessageBytes
	s.smtp.MaxRecipients = 100           // SES: 100 recipients per message
	s.smtp.MaxLineLength = 1 << 20       // real mail breaks RFC 5321 §4.5.3.1.6; what SES takes, we take
	s.smtp.ReadTimeout = 5 * time.Minute // RFC 5321 §4.5.3.2.7
	s.smtp.WriteTimeout = 5 * time.Minute
	s.smtp.ErrorLog = log.New(io.Discard, "", 0) // it reports broken connections only
	return s, nil
}

// Serve accepts mail on l until Close. It returns nil after Close.
func (s *Server) Serve(l net.Listener) error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return l.Close()
	}
	s.listeners = append(s.listeners, l)
	s.mu.Unlock()
	if err := s.smtp.Serve(l); err != nil && !errors.Is(err, smtp.ErrServerClosed) {
		return fmt.Errorf("receiving mail on %s: %w", l.Addr(), err)
	}
	return nil
}

// Close stops receiving and delivering, and waits for what runs, at most until ctx ends. Unfinished deliveries stay pending.
func (s *Server) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	_ = s.smtp.Close() // closes connections; what it says about listeners is told below
	var err error
	for _, l := range s.listeners { // go-smtp knows only those that it already accepts on
		if e := l.Close(); e != nil && !errors.Is(e, net.ErrClosed) {
			err = e
		}
	}
	s.mu.Unlock()
	s.stop()
	done := make(chan struct{})
	go func() { s.work.Wait(); close(done) }()
	select {
	case <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("waiting for deliveries to stop: %w", ctx.Err())
	}
}
