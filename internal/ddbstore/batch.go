package ddbstore

import (
	"context"

	"github.com/guregu/dynamo/v2"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

// Gather implements invite.Store. Two BatchGetItems for MaxBatch people: one reads 100 items.
func (s *Store) Gather(ctx context.Context, q invite.GatherQuery) (invite.Gathered, error) {
	event, suspended, bulk := eventKey(q.UID), standingKey(q.Owner, invite.Suspended), standingKey(q.Owner, invite.BulkAllowed)
	keys := []key{event}
	if q.Standings {
		keys = append(keys, suspended, bulk)
	}
	for _, email := range q.Emails {
		keys = append(keys, attendeeKey(q.UID, email), blockKey(email, q.Owner.Email))
	}
	found, err := s.batch(ctx, keys...)
	if err != nil {
		return invite.Gathered{}, err
	}
	gathered := invite.Gathered{
		Attendees: make(map[string]invite.Attendee, len(q.Emails)), Blocked: map[string]bool{},
		Suspended: found[suspended] != nil, BulkAllowed: found[bulk] != nil,
	}
	if gathered.Event, err = readIf[invite.Event](found, event); err != nil {
		return invite.Gathered{}, err
	}
	for _, email := range q.Emails {
		attendee, err := readIf[invite.Attendee](found, attendeeKey(q.UID, email))
		if err != nil {
			return invite.Gathered{}, err
		}
		if attendee != nil {
			gathered.Attendees[email] = *attendee
		}
		if found[blockKey(email, q.Owner.Email)] != nil {
			gathered.Blocked[email] = true
		}
	}
	return gathered, nil
}

// InviteBatch implements invite.Store. One TransactWriteItems. The address of the first attendee chooses the shard that counts all of
// them, so that batches spread over the shards; where its allowance is too small, a Query, and a transaction that takes from several.
func (s *Store) InviteBatch(ctx context.Context, b invite.InvitationBatch) (invite.InvitedBatch, error) {
	if len(b.Attendees) == 0 {
		return invite.InvitedBatch{State: invite.InviteRecorded}, nil
	}
	records := make([]dynamo.Item, len(b.Attendees))
	for i, a := range b.Attendees {
		a.Version++
		var err error
		if records[i], err = item(attendeeKey(a.UID, a.Email), a); err != nil {
			return invite.InvitedBatch{}, err
		}
	}
	own := shardOf(b.Attendees[0].Email)
	var taken allowance
	taken[own] = b.Change.Invites
	for range Shards * maxTries {
		conditions, err := s.transact(ctx, "record invitations", func() *dynamo.WriteTx { return s.invitations(b, records, own, taken) })
		switch {
		case err != nil:
			return invite.InvitedBatch{}, err
		case conditions == nil:
			return invite.InvitedBatch{State: invite.InviteRecorded}, nil
		}
		known, err := s.knownAttendees(ctx, b.Attendees, conditions)
		if err != nil || len(known) > 0 {
			return invite.InvitedBatch{State: invite.InviteKnown, Known: known}, err
		}
		changed := b.Event.InviteLimit <= 0 // without a limit there is no other condition
		for _, inTheWay := range conditions {
			changed = changed || revised(inTheWay, b.Event)
		}
		if changed {
			return invite.InvitedBatch{State: invite.InviteChanged}, nil
		}
		left, err := s.allowances(ctx, b.Event)
		if err != nil {
			return invite.InvitedBatch{}, err
		}
		var enough bool
		if taken, enough = left.deal(own, b.Change.Invites); !enough {
			return invite.InvitedBatch{State: invite.InviteLimit, Remaining: left.total()}, nil
		}
	}
	return invite.InvitedBatch{}, fault.New(fault.Throttled, "table-busy", "")
}

// invitations is the transaction that records a batch, counts it in one shard, and takes from the allowances of that one and others.
// The attendees' records come first in it.
func (s *Store) invitations(b invite.InvitationBatch, records []dynamo.Item, own int, taken allowance) *dynamo.WriteTx {
	tx := s.db.WriteTx()
	for i, record := range records {
		tx = tx.Put(unchanged(s.table.Put(record), b.Attendees[i].Version))
	}
	for shard, n := range taken {
		var change invite.Statistics
		if shard == own {
			change = b.Change
		}
		if shard == own || n > 0 {
			tx = tx.Update(take(s.addAt(shard, b.Event, change), b.Event.InviteLimit, shard, n))
		}
	}
	// No list moves an answer (BatchItem), so the event's day needs no place in the transaction, which is full.
	return s.addToOwner(tx, b.Event.Owner(), own, b.Change, b.Attendees[0].LastModified)
}

// knownAttendees are the records that were in the way of a batch, by address.
func (s *Store) knownAttendees(ctx context.Context, attendees []invite.Attendee, conditions failed) (map[string]invite.Attendee, error) {
	known := map[string]invite.Attendee{}
	for i, a := range attendees {
		inTheWay, has := conditions[i]
		if !has {
			continue
		}
		found, err := s.knownAttendee(ctx, a, inTheWay)
		if err != nil {
			return nil, err
		}
		known[a.Email] = found.Known
	}
	return known, nil
}
