package ddbstore

import (
	"context"

	"github.com/guregu/dynamo/v2"

	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

// Answering implements invite.Store. One BatchGetItem.
func (s *Store) Answering(ctx context.Context, uid string, emails []string) (invite.Answering, error) {
	keys := []key{eventKey(uid)}
	for _, email := range emails {
		keys = append(keys, attendeeKey(uid, email), systemShard(shardOf(email)))
	}
	found, err := s.batch(ctx, keys...)
	if err != nil {
		return invite.Answering{}, err
	}
	answering := invite.Answering{Attendees: map[string]invite.Attendee{}, Prods: map[string][]string{}}
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
		answering.Prods[email] = members(found[systemShard(shardOf(email))], attrProdID)
	}
	return answering, nil
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
		return tx.Update(event).Update(s.add(organizerShard(after.MailTo, own), change)).Update(s.add(systemShard(own), change))
	})
	if err == nil && conditions != nil {
		err = invite.ErrEventChanged
	}
	return err
}
