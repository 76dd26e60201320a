package ddbstore

import (
	"context"

	"github.com/guregu/dynamo/v2"

	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

// Answering implements invite.Store. One BatchGetItem; one more for an event of another tenant than the default one, whose counters are
// known by the event.
func (s *Store) Answering(ctx context.Context, uid string, emails []string) (invite.Answering, error) {
	keys := []key{eventKey(uid)}
	for _, email := range emails {
		keys = append(keys, attendeeKey(uid, email), systemShard(invite.DefaultTenant, shardOf(email)))
	}
	found, err := s.batch(ctx, keys...)
	if err != nil {
		return invite.Answering{}, err
	}
	answering := invite.Answering{Attendees: map[string]invite.Attendee{}}
	if answering.Event, err = readIf[invite.Event](found, eventKey(uid)); err != nil {
		return invite.Answering{}, err
	}
	for _, email := range emails {
		attendee, err := readIf[invite.Attendee](found, attendeeKey(uid, email))
		if err != nil {
			return invite.Answering{}, err
		}
		if attendee != nil {
			answering.Attendees[email] = *attendee
		}
	}
	if e := answering.Event; e != nil {
		answering.Prods, err = s.prods(ctx, e.Tenant, emails, found)
	}
	return answering, err
}

// prods are, by address, the calendars that the tenant's counters know; found are the counters of the default tenant.
func (s *Store) prods(ctx context.Context, tenant string, emails []string, found map[key]dynamo.Item) (map[string][]string, error) {
	if tenantOf(tenant) != invite.DefaultTenant && len(emails) > 0 {
		var keys []key
		for _, email := range emails {
			keys = append(keys, systemShard(tenant, shardOf(email)))
		}
		var err error
		if found, err = s.batch(ctx, keys...); err != nil {
			return nil, err
		}
	}
	prods := make(map[string][]string, len(emails))
	for _, email := range emails {
		prods[email] = members(found[systemShard(tenant, shardOf(email))], attrProdID)
	}
	return prods, nil
}

// RecordAnswer implements invite.Store. One TransactWriteItems.
func (s *Store) RecordAnswer(ctx context.Context, e invite.Event, after invite.Attendee, change invite.Statistics) error {
	version := after.Version
	after.Version++
	record, err := item(attendeeKey(after.UID, after.Email), after)
	if err != nil {
		return err
	}
	conditions, err := s.transact(ctx, "record answer", func() *dynamo.WriteTx {
		tx := s.db.WriteTx().Put(unchanged(s.table.Put(record), version))
		if change.IsZero() {
			return tx
		}
		own := shardOf(after.Email)
		event := s.add(eventShard(after.UID, own), change).If("attribute_not_exists($) OR $ = ?", attrRescheduled, attrRescheduled, e.Rescheduled)
		if !e.Cancelled() {
			event = event.If("attribute_not_exists($)", attrCancelled)
		}
		tx = s.addDay(tx.Update(event), eventDay(after.UID, dateOf(after.LastModified), own), answersMoved(change))
		return s.addToOwner(tx, e.Owner(), own, change, after.LastModified)
	})
	if err == nil && conditions != nil {
		err = invite.ErrEventChanged
	}
	return err
}
