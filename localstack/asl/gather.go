package asl

import (
	"context"
	"sync"
)

// gather calls do for 0 to n-1, at most limit at once and in order, and returns what they gave. The first
// error ends the others and, when they have ended, is returned.
func gather(ctx context.Context, n, limit int, do func(ctx context.Context, i int) (any, error)) ([]any, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := make([]any, n)
	slots := make(chan struct{}, max(1, min(limit, n)))
	var (
		wg    sync.WaitGroup
		once  sync.Once
		first error
	)
	for i := range n {
		slots <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		wg.Go(func() {
			defer func() { <-slots }()
			var err error
			if results[i], err = do(ctx, i); err != nil {
				once.Do(func() { first = err; cancel() })
			}
		})
	}
	wg.Wait()
	if first == nil {
		first = ctx.Err()
	}
	return results, first
}
