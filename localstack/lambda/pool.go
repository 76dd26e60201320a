package lambda

import (
	"context"
	"sync"
)

// pool is the processes of one function: a place for each that may run at once, and those that wait for work.
type pool struct {
	places chan struct{} // a token is held from acquire to release: while a process is busy
	log    *functionLog

	mu   sync.Mutex
	idle []*instance // last used last
}

func newPool(concurrency int, log *functionLog) *pool {
	return &pool{places: make(chan struct{}, concurrency), log: log}
}

// acquire waits for a place. It fails with the caller's reason, or ErrClosed when the runtime stops.
func (p *pool) acquire(caller, runtime context.Context) error {
	if runtime.Err() != nil {
		return ErrClosed
	}
	select {
	case p.places <- struct{}{}:
		return nil
	case <-caller.Done():
		return context.Cause(caller)
	case <-runtime.Done():
		return ErrClosed
	}
}

func (p *pool) release() { <-p.places }

// takeIdle is the process that was used last, so that those not needed stay idle long enough to be ended.
func (p *pool) takeIdle() *instance {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) == 0 {
		return nil
	}
	in := p.idle[len(p.idle)-1]
	p.idle = p.idle[:len(p.idle)-1]
	return in
}

func (p *pool) putIdle(in *instance) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, in)
}

// forget takes a process out and reports whether it was idle.
func (p *pool) forget(in *instance) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, other := range p.idle {
		if other == in {
			p.idle = append(p.idle[:i], p.idle[i+1:]...)
			return true
		}
	}
	return false
}

// snapshot is a copy of the idle processes.
func (p *pool) snapshot() []*instance {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]*instance(nil), p.idle...)
}
