package asl

import (
	"fmt"
	"math/rand/v2"
	"sync"
)

// random serves everything that an execution leaves to chance, from one source.
type random struct {
	mu     sync.Mutex
	source rand.Source
}

func (r *random) uint64() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.source.Uint64()
}

// float64 returns a number from 0 up to but not including 1.
func (r *random) float64() float64 { return float64(r.uint64()>>11) / (1 << 53) }

// uuid returns a random UUID (RFC 9562 §5.4).
func (r *random) uuid() string {
	a, b := r.uint64(), r.uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", a>>32, a>>16&0xffff, a&0xfff, 0x8000|b>>48&0x3fff, b&0xffffffffffff)
}

// javaRandom returns what new java.util.Random(seed).nextInt(bound) returns, for 0 < bound ≤ 2^31-1.
// https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/util/Random.html#nextInt(int)
func javaRandom(seed, bound int64) int64 {
	const multiplier, mask = 0x5DEECE66D, 1<<48 - 1
	state := (uint64(seed) ^ multiplier) & mask
	next := func() int64 {
		state = (state*multiplier + 0xB) & mask
		return int64(state >> 17)
	}
	if bound&-bound == bound {
		return bound * next() >> 31
	}
	for {
		bits := next()
		if n := bits % bound; int64(int32(bits-n+bound-1)) == bits-n+bound-1 {
			return n
		}
	}
}
