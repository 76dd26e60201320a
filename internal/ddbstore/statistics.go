package ddbstore

import (
	"context"
	"slices"

	"github.com/guregu/dynamo/v2"

	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

// Statistics implements invite.Store. One Query: the event's own record and its statistics are neighbours.
func (s *Store) Statistics(ctx context.Context, uid string) (invite.Event, invite.Statistics, error) {
	own := eventKey(uid)
	items, err := s.query(ctx, own.pk, own.sk, afterStatistics)
	if err != nil {
		return invite.Event{}, invite.Statistics{}, err
	}
	total := invite.NewStatistics()
	var record dynamo.Item
	for _, found := range items {
		if textOf(found, attrSK) == own.sk {
			record = found
		} else {
			sum(&total, found)
		}
	}
	if record == nil {
		return invite.Event{}, invite.Statistics{}, unknownEvent()
	}
	tidy(&total)
	event, err := read[invite.Event](record)
	return event, total, err
}

// OrganizerStatistics implements invite.Store. One Query.
func (s *Store) OrganizerStatistics(ctx context.Context, o invite.Organizer) (invite.Statistics, error) {
	keys := []key{organizerTotal(o)}
	for i := range Shards {
		keys = append(keys, organizerShard(o, i))
	}
	return s.total(ctx, keys)
}

// SystemStatistics implements invite.Store. One Query.
func (s *Store) SystemStatistics(ctx context.Context, tenant string) (invite.Statistics, error) {
	var keys []key
	for i := range Shards {
		keys = append(keys, systemShard(tenant, i))
	}
	return s.total(ctx, keys)
}

// total sums the counters with these keys, given in their order. What else lies between them belongs to other tenants.
func (s *Store) total(ctx context.Context, keys []key) (invite.Statistics, error) {
	first, last := keys[0], keys[len(keys)-1]
	items, err := s.query(ctx, first.pk, first.sk, last.sk)
	total := invite.NewStatistics()
	for _, item := range items {
		if slices.Contains(keys, key{first.pk, textOf(item, attrSK)}) {
			sum(&total, item)
		}
	}
	tidy(&total)
	return total, err
}
