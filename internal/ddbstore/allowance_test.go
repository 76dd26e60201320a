package ddbstore

import (
	"testing"

	"pgregory.net/rapid"
)

func TestDeal(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var left allowance
		for i := range left {
			left[i] = rapid.IntRange(0, 12).Draw(r, "left")
		}
		own, n := rapid.IntRange(0, Shards-1).Draw(r, "own"), rapid.IntRange(0, 100).Draw(r, "n")
		taken, ok := left.deal(own, n)
		if ok != (n <= left.total()) {
			r.Fatalf("%d of %v: %v", n, left, ok)
		}
		if !ok {
			return
		}
		if taken.total() != n || taken[own] != min(n, left[own]) {
			r.Errorf("%d of %v, first of %d: %v", n, left, own, taken)
		}
		for i := range taken {
			if taken[i] < 0 || taken[i] > left[i] {
				r.Errorf("%d of %v: %v", n, left, taken)
			}
		}
	})
}
