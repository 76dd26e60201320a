package receiving

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// Status is how far a delivery has come.
type Status string

// A delivery is stored (nothing more to do), or pending until it is delivered or has failed for good.
const (
	Stored    Status = "stored"
	Pending   Status = "pending"
	Delivered Status = "delivered"
	Failed    Status = "failed"
)

// Delivery is one mail under one receipt rule: where it is stored and whether the function has it.
type Delivery struct {
	MessageID  string          `json:"message_id"`
	Mailbox    string          `json:"mailbox"`
	Bucket     string          `json:"bucket"`
	ObjectKey  string          `json:"key"`
	Size       int             `json:"size"` // bytes, with SES's headers
	Received   time.Time       `json:"received"`
	Source     string          `json:"source"` // envelope sender; "" when null
	Recipients []string        `json:"recipients"`
	Subject    string          `json:"subject"`
	Verdicts   Verdicts        `json:"verdicts"`
	Status     Status          `json:"status"`
	Attempts   int             `json:"attempts"`
	Error      string          `json:"error,omitempty"` // of the last attempt
	Event      json.RawMessage `json:"event,omitempty"` // function payload; dropped when delivered
}

// Key orders deliveries by time and is unique.
func (d Delivery) Key() string {
	return fmt.Sprintf("%013d/%s/%s", d.Received.UnixMilli(), d.MessageID, d.Mailbox)
}

func (d *Delivery) setPending(event events.SimpleEmailEvent) error {
	payload, err := json.Marshal(event)
	if err != nil {
		return fmt.Errorf("encoding the SES event of %s: %w", d.MessageID, err)
	}
	d.Event, d.Status = payload, Pending
	return nil
}

// Resume starts the deliveries that an earlier run left pending. Call it once, when functions can be invoked.
func (s *Server) Resume() error {
	all, err := s.cfg.Deliveries.All()
	if err != nil {
		return fmt.Errorf("reading pending deliveries: %w", err)
	}
	for _, d := range all {
		if d.Status == Pending {
			s.start(d)
		}
	}
	return nil
}

func (s *Server) start(d Delivery) {
	s.work.Go(func() { s.deliver(d) })
}

// deliver invokes the function until it succeeds or the attempts are used up, as Lambda's asynchronous invocation does. Stopped before that, the
// delivery stays pending.
func (s *Server) deliver(d Delivery) {
	for {
		err := s.attempt(d.Event)
		if s.ctx.Err() != nil && err != nil {
			return
		}
		d.Attempts++
		if err == nil {
			d.Status, d.Error, d.Event = Delivered, "", nil
			s.save(d)
			return
		}
		d.Error = err.Error()
		s.cfg.Log.Warn("delivery failed", "message", d.MessageID, "mailbox", d.Mailbox, "attempt", d.Attempts, "error", err)
		if d.Attempts > len(s.cfg.Retry) {
			d.Status = Failed
			s.save(d)
			return
		}
		s.save(d)
		select {
		case <-s.ctx.Done():
			return
		case <-time.After(s.cfg.Retry[d.Attempts-1]):
		}
	}
}

func (s *Server) attempt(payload []byte) error {
	select {
	case s.slots <- struct{}{}:
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
	defer func() { <-s.slots }()
	return s.cfg.Invoker.Invoke(s.ctx, s.cfg.Function, payload)
}

func (s *Server) save(d Delivery) {
	if err := s.cfg.Deliveries.Save(d); err != nil {
		s.cfg.Log.Error("delivery not recorded", "message", d.MessageID, "mailbox", d.Mailbox, "error", err)
	}
}
