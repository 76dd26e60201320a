package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
)

// Reasons of faults of Send.
const (
	ReasonBadURL      = "webhook-url"         // not https, nor http to this machine
	ReasonRefused     = "webhook-refused"     // the receiver will not take it, however often it is sent
	ReasonUnavailable = "webhook-unavailable" // the receiver did not take it now
)

// timeout is how long a receiver may take; 15 to 30 seconds are what the specification advises.
const timeout = 15 * time.Second

// maxAnswer is how much of a receiver's answer is read: nothing in it matters, but a connection whose answer was read is used again.
const maxAnswer = 16 << 10

const userAgent = "calendar-invite-server"

// Sender sends webhooks over HTTP.
type Sender struct{ client *http.Client }

// NewSender returns a Sender. It follows no redirects: where facts go is what the settings say, and nobody else.
func NewSender() *Sender {
	return &Sender{client: &http.Client{
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Send posts the body, JSON, to the address, signed as Sign does at the moment. The id stays the same when the message is sent again.
// Faults: InvalidRequest (a bad address or secret; the receiver answered 410: it wants no more), Throttled (429), Unavailable (no answer in
// 15 seconds, or any other than 2xx: a receiver that is being deployed may well answer 404). So Standard Webhooks has it.
func (s *Sender) Send(ctx context.Context, to, secrets, id string, at time.Time, body []byte) error {
	if err := checkURL(to); err != nil {
		return err
	}
	headers, err := Sign(secrets, id, at, body)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return fault.Wrap(fault.InvalidRequest, ReasonBadURL, err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", userAgent)
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	response, err := s.client.Do(request)
	if err != nil {
		return fault.Wrap(fault.Unavailable, ReasonUnavailable, fmt.Errorf("webhook: send %s: %w", id, withoutURL(err)))
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, maxAnswer)) // an answer that breaks off is one all the same
	return answerFault(id, response.StatusCode)
}

// withoutURL takes the address out of the error: it may hold a password of the receiver's.
func withoutURL(err error) error {
	if of := (*url.Error)(nil); errors.As(err, &of) {
		return of.Err
	}
	return err
}

// answerFault says what the receiver's status means.
func answerFault(id string, status int) error {
	kind, reason := fault.Unavailable, ReasonUnavailable
	switch {
	case status >= 200 && status <= 299:
		return nil
	case status == http.StatusTooManyRequests:
		kind = fault.Throttled
	case status == http.StatusGone:
		kind, reason = fault.InvalidRequest, ReasonRefused
	}
	return fault.Wrap(kind, reason, fmt.Errorf("webhook: send %s: the receiver answered %d", id, status))
}

// checkURL lets https pass, and http to this machine, for development.
func checkURL(to string) error {
	parsed, err := url.Parse(to)
	switch {
	case err != nil || parsed.Hostname() == "":
	case parsed.Scheme == "https", parsed.Scheme == "http" && loopback(parsed.Hostname()):
		return nil
	}
	return fault.New(fault.InvalidRequest, ReasonBadURL, "A webhook's address begins with https://.")
}

func loopback(host string) bool {
	address := net.ParseIP(host)
	return host == "localhost" || address != nil && address.IsLoopback()
}
