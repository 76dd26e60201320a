package receiving

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/emersion/go-smtp"
)

// session is one SMTP connection; it holds the envelope of one mail at a time.
type session struct {
	server     *Server
	conn       *smtp.Conn
	from       string // "" for the null return path (RFC 5321 §4.5.5)
	recipients []string
}

func (s *Server) newSession(c *smtp.Conn) (smtp.Session, error) {
	return &session{server: s, conn: c}, nil
}

func (s *session) Reset()        { s.from, s.recipients = "", nil }
func (s *session) Logout() error { return nil }

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.Reset()
	s.from = from
	return nil
}

// Rcpt accepts a recipient only when a rule matches it, as SES does within the SMTP conversation.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if _, ok := s.server.cfg.match(to); !ok {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "No such mailbox here"}
	}
	s.recipients = append(s.recipients, to)
	return nil
}

// Data stores the mail and answers "250 2.0.0 <message id>" once nothing can be lost any more.
func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err // go-smtp's own: 552 too large, or the connection broke
	}
	host, loopback := remote(s.conn.Conn().RemoteAddr())
	id, err := s.server.accept(s.server.ctx, envelope{
		helo: s.conn.Hostname(), host: host, loopback: loopback, from: s.from, recipients: s.recipients,
	}, raw)
	var refused *refusal
	switch {
	case errors.As(err, &refused):
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: refused.text}
	case err != nil:
		s.server.cfg.Log.Error("mail not accepted", "error", err)
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "Could not store the mail, try again later"}
	}
	return &smtp.SMTPError{Code: 250, EnhancedCode: smtp.EnhancedCode{2, 0, 0}, Message: id}
}

// envelope is what the SMTP conversation told about a mail.
type envelope struct {
	helo       string // name the client gave
	host       string // its IP address
	loopback   bool   // the client runs on this machine
	from       string // reverse-path, "" when null
	recipients []string
}

// refusal is an error that the sender must hear about and not try again.
type refusal struct{ text string }

func (r *refusal) Error() string { return r.text }

// accept stamps the mail, stores it once per matched rule, records the pending deliveries and starts them. When it returns without an
// error, the mail is safe: a restart picks up whatever was not delivered.
func (s *Server) accept(ctx context.Context, env envelope, raw []byte) (id string, err error) {
	raw, verdicts, err := takeVerdicts(raw, env.loopback)
	if err != nil {
		return "", &refusal{err.Error()}
	}
	received := s.cfg.Now().UTC().Truncate(time.Millisecond)
	id = messageID()
	var deliveries []Delivery
	for _, rule := range s.cfg.group(env.recipients) {
		stamped := append(stamp(stampInput{
			ID: id, Region: s.cfg.Region, Env: env, For: rule.recipients[0], Verdicts: verdicts, At: received,
		}), raw...)
		key := rule.Prefix + id
		if err := s.cfg.Objects.Put(ctx, s.cfg.Bucket, key, stamped, nil); err != nil {
			return "", fmt.Errorf("storing mail %s: %w", key, err)
		}
		d := Delivery{
			MessageID: id, Mailbox: rule.Name, Bucket: s.cfg.Bucket, ObjectKey: key, Size: len(stamped), Received: received,
			Source: env.from, Recipients: rule.recipients, Verdicts: verdicts, Status: Stored,
		}
		event := newEvent(eventInput{ID: id, Env: env, Rule: rule, Verdicts: verdicts, At: received, Raw: stamped, FunctionARN: s.cfg.FunctionARN})
		d.Subject = event.Records[0].SES.Mail.CommonHeaders.Subject
		if rule.Invoke {
			if err := d.setPending(event); err != nil {
				return "", err
			}
		}
		deliveries = append(deliveries, d)
	}
	for _, d := range deliveries {
		if err := s.cfg.Deliveries.Save(d); err != nil {
			return "", fmt.Errorf("recording delivery of %s: %w", d.ObjectKey, err)
		}
	}
	for _, d := range deliveries {
		s.cfg.Log.Info("mail received", "message", d.MessageID, "mailbox", d.Mailbox, "bytes", d.Size, "status", d.Status)
		if d.Status == Pending {
			s.start(d)
		}
	}
	return id, nil
}

// messageID makes an id in the form of SES's own: 40 characters of [a-z0-9].
func messageID() string {
	const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"
	id := make([]byte, 0, 40)
	var random [64]byte
	for len(id) < 40 {
		rand.Read(random[:]) // never fails (crypto/rand)
		for _, b := range random {
			// 252 = 7 * 36: larger bytes would favour the first letters.
			if b < 252 && len(id) < 40 {
				id = append(id, alphabet[b%36])
			}
		}
	}
	return string(id)
}

// remote tells the client's IP address, and whether it is this machine.
func remote(addr net.Addr) (host string, loopback bool) {
	host, _, err := net.SplitHostPort(addr.String())
	if err != nil {
		return addr.String(), false
	}
	ip := net.ParseIP(host)
	return host, ip != nil && ip.IsLoopback()
}
