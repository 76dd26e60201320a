package invite

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// The pause after SES asked for less doubles from the first to the longest.
const (
	firstPause   = 100 * time.Millisecond
	longestPause = 5 * time.Second
)

// pace lets so many mails be handed over at a time as SES takes: it starts with the most, halves and pauses when SES asks for less,
// and comes back one by one.
type pace struct {
	mu      sync.Mutex
	most    int
	limit   int
	active  int
	streak  int           // mails taken since the limit moved
	pause   time.Duration // the last one
	until   time.Time     // of the pause that is on
	stopped error
	changed chan struct{} // closed when somebody who waits may go
}

func newPace(most int) *pace {
	return &pace{most: most, limit: most, changed: make(chan struct{})}
}

// enter waits until a mail may go, and says why none may any more: the context's end, or what pace was stopped with.
func (p *pace) enter(ctx context.Context) error {
	for {
		wait, changed, err := p.tryEnter(ctx)
		if err != nil || changed == nil {
			return err
		}
		var over <-chan time.Time
		if wait > 0 {
			over = time.After(wait)
		}
		select {
		case <-over:
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// tryEnter enters and returns no channel, or says for how long (0 = as long as nothing changes) and for which change to wait.
func (p *pace) tryEnter(ctx context.Context) (wait time.Duration, changed <-chan struct{}, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped != nil {
		return 0, nil, p.stopped
	}
	if err := ctx.Err(); err != nil {
		return 0, nil, err
	}
	wait = max(0, time.Until(p.until))
	if wait == 0 && p.active < p.limit {
		p.active++
		return 0, nil, nil
	}
	return wait, p.changed, nil
}

// leave says that the mail was handed over, or that SES did not take it for now.
func (p *pace) leave(taken bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.active--
	switch {
	case taken:
		p.pause -= p.pause / 8
		if p.streak++; p.streak >= p.limit && p.limit < p.most {
			p.limit, p.streak = p.limit+1, 0
		}
	case time.Until(p.until) <= 0: // not one of those that were on their way when the pause began
		p.streak = 0
		p.limit = max(1, p.limit/2)
		p.pause = min(longestPause, max(firstPause, 2*p.pause))
		p.until = time.Now().Add(p.pause/2 + rand.N(p.pause/2))
	}
	p.wake()
}

// stop lets nobody enter any more.
func (p *pace) stop(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.active--
	p.stopped = err
	p.wake()
}

func (p *pace) wake() {
	close(p.changed)
	p.changed = make(chan struct{})
}
