package outbox

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/calendarinvite/calendarinviteserver/localstack/journal"
)

// feedbackBucket holds the events that are still to be handed on, in their order.
const feedbackBucket = "outbox-feedback"

// publishPause lies between attempts to hand an event on.
const publishPause = time.Second

// publisher hands events on, one after the other, and each at least once.
type publisher struct {
	list   *journal.Bucket
	kick   chan struct{}
	ctx    context.Context // ends with close
	cancel context.CancelFunc
	done   sync.WaitGroup
}

func newPublisher(j *journal.DB) *publisher {
	p := &publisher{list: j.Bucket(feedbackBucket), kick: make(chan struct{}, 1)}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	return p
}

// Publish begins to hand SES's events to publish, first those that an earlier run has left. When publish returns nil it has taken an
// event for good; else it is asked again. Call it once.
func (o *Outbox) Publish(publish func(context.Context, Feedback) error) {
	o.publisher.done.Go(func() { o.publisher.run(publish) })
	o.publisher.wake()
}

func (p *publisher) close() {
	p.cancel()
	p.done.Wait()
}

// wake makes the publisher look at its list.
func (p *publisher) wake() {
	select {
	case p.kick <- struct{}{}:
	default: // it will look anyway
	}
}

func (p *publisher) run(publish func(context.Context, Feedback) error) {
	for {
		select {
		case <-p.ctx.Done():
			return
		case <-p.kick:
		}
		err := journal.Each(p.list, "", func(key string, f Feedback) error {
			if p.ctx.Err() != nil {
				return p.ctx.Err()
			}
			if err := publish(p.ctx, f); err != nil {
				return err
			}
			return p.list.Delete(key)
		})
		if err == nil || p.ctx.Err() != nil {
			continue
		}
		slog.Error("local stack: an event about a mail could not be published yet", "error", err)
		select {
		case <-p.ctx.Done():
		case <-time.After(publishPause):
			p.wake()
		}
	}
}
