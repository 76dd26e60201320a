package invite

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/imip"
)

// defaultConcurrency is how many mails one step hands to SES at a time, unless Config says otherwise.
const defaultConcurrency = 10

// maxHandOvers is how often one call hands over a mail that SES does not take for now.
const maxHandOvers = 12

// What of a step's time is kept for noting what was sent: a quarter, at most markMargin. Calls to SES are cut off in the middle of it.
const markMargin = 10 * time.Second

// parcel is the mail that tells one attendee something; of a series' instances, it may take two.
type parcel struct {
	to        imip.Recipient
	tags      map[string]string
	composers []Composer
}

// handed is what became of a parcel.
type handed struct {
	sesMessageID string // of its last mail
	err          error  // nil: SES has it; a permanent fault: SES will never take it; any other: not sent yet
}

func (h handed) refused() bool { return h.err != nil && fault.KindOf(h.err).Permanent() }
func (h handed) unsent() bool  { return h.err != nil && !fault.KindOf(h.err).Permanent() }

// deliver hands the parcels to SES, several at a time, as fast as SES takes them, until all are through, or the step's time is used
// up but for noting what was sent. The answer is in the order of the parcels.
func (s *Service) deliver(ctx context.Context, parcels []parcel) []handed {
	results := make([]handed, len(parcels))
	concurrency := s.config.SendConcurrency
	if concurrency <= 0 {
		concurrency = defaultConcurrency
	}
	starting, sending, cancel := sendingTime(ctx)
	defer cancel()
	d := deliverer{mailer: s.mailer, sender: s.config.Sender, pace: newPace(concurrency), starting: starting, sending: sending}
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(concurrency, len(parcels)) {
		workers.Go(func() {
			var buffer []byte
			for i := int(next.Add(1)) - 1; i < len(parcels); i = int(next.Add(1)) - 1 {
				results[i], buffer = d.handOver(parcels[i], buffer)
			}
		})
	}
	workers.Wait()
	return results
}

// sendingTime are the contexts for starting a mail and for waiting for SES's answer.
func sendingTime(ctx context.Context) (starting, sending context.Context, cancel func()) {
	deadline, has := ctx.Deadline()
	if !has {
		return ctx, ctx, func() {}
	}
	margin := min(markMargin, time.Until(deadline)/4)
	starting, cancelStarting := context.WithDeadline(ctx, deadline.Add(-margin))
	sending, cancelSending := context.WithDeadline(ctx, deadline.Add(-margin/2))
	return starting, sending, func() { cancelStarting(); cancelSending() }
}

// deliverer is one run of deliver.
type deliverer struct {
	mailer            Mailer
	sender            string
	pace              *pace
	starting, sending context.Context
}

// handOver composes and sends the mails of a parcel. The buffer is used again for the next one.
func (d *deliverer) handOver(p parcel, buffer []byte) (handed, []byte) {
	var done handed
	for _, composer := range p.composers {
		buffer, done.err = composer.Append(buffer[:0], p.to)
		if done.err == nil {
			done.sesMessageID, done.err = d.send(Outgoing{From: d.sender, To: p.to.Email, Raw: buffer, Tags: p.tags})
		}
		if done.err != nil {
			break
		}
	}
	return done, buffer
}

// ReasonNotVerified is why SES, in its sandbox, takes no mail for somebody, or none from us before the DNS records are there. The mail stays unsent;
// others may be taken.
const ReasonNotVerified = "ses-not-verified"

// send sends one mail, again and again while SES is throttling or away. A fault of kind Internal (the account may not send) stops
// all: the next mail would meet the same, unless it is ReasonNotVerified.
func (d *deliverer) send(mail Outgoing) (string, error) {
	last := error(fault.New(fault.Throttled, "out-of-time", ""))
	for range maxHandOvers {
		if err := d.pace.enter(d.starting); err != nil {
			if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
				return "", last
			}
			return "", err
		}
		id, err := d.mailer.Send(d.sending, mail)
		switch kind := fault.KindOf(err); {
		case err == nil || kind.Permanent() || fault.ReasonOf(err) == ReasonNotVerified:
			d.pace.leave(true)
			return id, err
		case kind == fault.Internal:
			d.pace.stop(err)
			return "", err
		}
		d.pace.leave(false)
		last = err
	}
	return "", last
}
