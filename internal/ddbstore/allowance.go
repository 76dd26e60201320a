package ddbstore

import (
	"context"

	"github.com/guregu/dynamo/v2"

	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

// allowance is what each of an event's shards may still send. Shards only ever lower it.
type allowance [Shards]int

// allowances reads them, consistently. One Query.
func (s *Store) allowances(ctx context.Context, e invite.Event) (left allowance, err error) {
	shards, err := s.eventShards(ctx, e.UID)
	for i, shard := range shards {
		var used bool
		if left[i], used = numberOf(shard, attrRemaining); !used {
			left[i] = share(e.InviteLimit, i)
		}
	}
	return left, err
}

// most is the shard that may send most.
func (left allowance) most() (shard int) {
	for i, n := range left {
		if n > left[shard] {
			shard = i
		}
	}
	return shard
}

// deal takes n from a shard as far as it goes, and the rest from those that may send most; false when all together may send fewer.
func (left allowance) deal(own, n int) (taken allowance, ok bool) {
	if left.total() < n {
		return taken, false
	}
	for shard := own; n > 0; shard = left.most() {
		part := min(n, left[shard])
		taken[shard] += part
		left[shard] -= part
		n -= part
	}
	return taken, true
}

func (left allowance) total() (n int) {
	for _, part := range left {
		n += part
	}
	return n
}

// addAt is the update that counts a change in a shard of the event, unless the shard knows another revision than this one.
func (s *Store) addAt(shard int, e invite.Event, change invite.Statistics) *dynamo.Update {
	return s.add(eventShard(e.UID, shard), change).
		If("(attribute_not_exists($) OR $ = ?) AND attribute_not_exists($)", attrSequence, attrSequence, e.Sequence, attrCancelled)
}

// revised reports whether the item of a shard, which was in the way, knows another revision than this one.
func revised(shard dynamo.Item, e invite.Event) bool {
	sequence, has := numberOf(shard, attrSequence)
	return has && sequence != e.Sequence || shard[attrCancelled] != nil
}

// take makes the update lower the shard's allowance by n, if that much is left. Without a limit there is nothing to lower.
func take(update *dynamo.Update, limit, shard, n int) *dynamo.Update {
	if n <= 0 || limit <= 0 {
		return update
	}
	initial := share(limit, shard)
	update = update.SetExpr("$ = if_not_exists($, ?) - ?", attrRemaining, attrRemaining, initial, n)
	if initial >= n {
		return update.If("attribute_not_exists($) OR $ >= ?", attrRemaining, attrRemaining, n)
	}
	return update.If("$ >= ?", attrRemaining, n)
}
