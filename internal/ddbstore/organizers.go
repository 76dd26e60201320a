package ddbstore

import (
	"context"
	"errors"

	"github.com/guregu/dynamo/v2"

	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

// Attributes of an organizer's entry in the list of organizers.
const (
	attrEmail     = "email"
	attrName      = "name"
	attrLastEvent = "last_event"
)

// enter is the update that puts the organizer into the list. The list tells who there is; what is known of each stands elsewhere.
func (s *Store) enter(o invite.Organizer) *dynamo.Update {
	return s.update(organizerEntryKey(o)).Set(attrEmail, o.Email)
}

// KnownOrganizer implements invite.Store. One GetItem.
func (s *Store) KnownOrganizer(ctx context.Context, o invite.Organizer) (bool, error) {
	item, err := s.get(ctx, organizerEntryKey(o))
	return item != nil, err
}

// CountOrganizers implements invite.Store. One Query for each MB of the list.
func (s *Store) CountOrganizers(ctx context.Context, tenant string) (int, error) {
	n, err := s.table.Get(attrPK, organizerEntryKey(invite.Organizer{Tenant: tenant}).pk).Consistent(true).Count(ctx)
	return n, translate("count organizers", err)
}

// Organizers implements invite.Store. One Query, and one BatchGetItem for each eight organizers.
func (s *Store) Organizers(ctx context.Context, tenant, prefix, after string, limit int) ([]invite.OrganizerEntry, string, error) {
	query := s.table.Get(attrPK, organizerEntryKey(invite.Organizer{Tenant: tenant}).pk).Consistent(true).
		SearchLimit(limit + 1) // one more says whether there is another page
	switch {
	case after != "":
		query = query.Range(attrSK, dynamo.Between, after+"\x01", prefix+"\U0010ffff")
	case prefix != "":
		query = query.Range(attrSK, dynamo.BeginsWith, prefix)
	}
	var items []dynamo.Item
	if err := query.All(ctx, &items); err != nil && !errors.Is(err, dynamo.ErrNotFound) {
		return nil, "", translate("list organizers", err)
	}
	next := ""
	if len(items) > limit { // entries are small: no Query of a page ends by its size
		items = items[:limit]
		next = textOf(items[limit-1], attrSK)
	}
	var keys []key
	for _, item := range items {
		o := invite.Organizer{Tenant: tenant, Email: textOf(item, attrSK)}
		keys = append(keys, organizerTotal(o), standingKey(o, invite.Subscription), standingKey(o, invite.Suspended), standingKey(o, invite.BulkAllowed))
		for i := range Shards {
			keys = append(keys, organizerShard(o, i))
		}
	}
	if len(keys) == 0 {
		return nil, "", nil
	}
	found, err := s.batch(ctx, keys...)
	if err != nil {
		return nil, "", err
	}
	page := make([]invite.OrganizerEntry, len(items))
	for n, item := range items {
		o := invite.Organizer{Tenant: tenant, Email: textOf(item, attrSK)}
		last, _ := numberOf(item, attrLastEvent)
		counted := invite.NewStatistics()
		sum(&counted, found[organizerTotal(o)])
		for i := range Shards {
			sum(&counted, found[organizerShard(o, i)])
		}
		page[n] = invite.OrganizerEntry{
			Email: o.Email, Name: textOf(item, attrName), LastEvent: int64(last), Events: counted.Events, Invites: counted.Invites,
		}
		if page[n].Standings, err = standingsIn(found, o); err != nil {
			return nil, "", err
		}
	}
	return page, next, nil
}
