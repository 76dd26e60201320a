package ddbstore

import (
	"context"
	"errors"
	"strings"

	"github.com/guregu/dynamo/v2"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

// Attendee implements invite.Store. One GetItem.
func (s *Store) Attendee(ctx context.Context, uid, email string) (invite.Attendee, error) {
	found, err := s.get(ctx, attendeeKey(uid, email))
	switch {
	case err != nil:
		return invite.Attendee{}, err
	case found == nil:
		return invite.Attendee{}, fault.New(fault.NotFound, "unknown-attendee", "There is no such attendee.")
	}
	return read[invite.Attendee](found)
}

// Amend implements invite.Store. One TransactWriteItems; one PutItem where no count moves.
func (s *Store) Amend(ctx context.Context, a invite.Attendee, change invite.Statistics) error {
	version := a.Version
	a.Version++
	record, err := item(attendeeKey(a.UID, a.Email), a)
	if err != nil {
		return err
	}
	if change.IsZero() {
		err = unchanged(s.table.Put(record), version).Run(ctx)
		if _, refused := refusedBy(err); refused {
			return invite.ErrEventChanged
		}
		return translate("amend attendee", err)
	}
	own := shardOf(a.Email)
	conditions, err := s.transact(ctx, "amend attendee", func() *dynamo.WriteTx {
		tx := s.db.WriteTx().Put(unchanged(s.table.Put(record), version)).Update(s.add(eventShard(a.UID, own), change))
		return s.addToOwner(tx, invite.Organizer{Tenant: a.Tenant, Email: a.MailTo}, own, change, a.LastModified)
	})
	if err == nil && conditions != nil {
		err = invite.ErrEventChanged
	}
	return err
}

// Attendees implements invite.Store. One Query.
func (s *Store) Attendees(ctx context.Context, uid, after string, limit int) ([]invite.Attendee, string, error) {
	return page[invite.Attendee](ctx, s, uid, attendeePrefix, after, limit)
}

// page reads a page of the event's records whose sort keys have the prefix, in the order of what follows it. One Query.
func page[T any](ctx context.Context, s *Store, uid, prefix, after string, limit int) ([]T, string, error) {
	query := s.table.Get(attrPK, eventKey(uid).pk).Consistent(true).SearchLimit(limit + 1) // one more says whether there is another page
	if after == "" {
		query = query.Range(attrSK, dynamo.BeginsWith, prefix)
	} else {
		query = query.Range(attrSK, dynamo.Between, prefix+after+"\x01", behind(prefix)) // no address has a control character
	}
	var items []dynamo.Item
	more, err := query.AllWithLastEvaluatedKey(ctx, &items)
	if err != nil && !errors.Is(err, dynamo.ErrNotFound) {
		return nil, "", translate("list", err)
	}
	records := make([]T, 0, len(items))
	for _, item := range items {
		record, err := read[T](item)
		if err != nil {
			return nil, "", err
		}
		records = append(records, record)
	}
	switch {
	case len(items) > limit:
		records = records[:limit]
	case more == nil || len(items) == 0: // more is also where a Query ends by its size
		return records, "", nil
	}
	return records, strings.TrimPrefix(textOf(items[len(records)-1], attrSK), prefix), nil
}

// behind is a sort key that follows all those with a prefix that ends in #.
func behind(prefix string) string { return strings.TrimSuffix(prefix, "#") + "$" }
