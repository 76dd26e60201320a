package ddbstore

import (
	"context"

	"github.com/guregu/dynamo/v2"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

// attrUsed counts in a cap's item.
const attrUsed = "used"

// Standing implements invite.Store. One BatchGetItem.
func (s *Store) Standing(ctx context.Context, q invite.StandingQuery) (invite.Standing, error) {
	event, attendee := eventKey(q.UID), attendeeKey(q.UID, q.Email)
	block, suspended, bulk := blockKey(q.Email, q.Owner.Email), standingKey(q.Owner, invite.Suspended), standingKey(q.Owner, invite.BulkAllowed)
	keys := []key{attendee, block, suspended}
	if !q.Known {
		keys = append(keys, event)
	}
	if q.Bulk {
		keys = append(keys, bulk)
		for i := range Shards {
			keys = append(keys, eventShard(q.UID, i))
		}
	}
	for _, c := range q.Caps {
		k, _ := capKey(c, q.Email)
		keys = append(keys, k)
	}
	found, err := s.batch(ctx, keys...)
	if err != nil {
		return invite.Standing{}, err
	}
	standing := invite.Standing{Blocked: found[block] != nil, Suspended: found[suspended] != nil, BulkAllowed: found[bulk] != nil}
	if standing.Event, err = readIf[invite.Event](found, event); err != nil {
		return invite.Standing{}, err
	}
	if standing.Attendee, err = readIf[invite.Attendee](found, attendee); err != nil {
		return invite.Standing{}, err
	}
	for i := range Shards {
		sent, _ := numberOf(found[eventShard(q.UID, i)], attrInvites)
		standing.Sent += sent
	}
	for _, c := range q.Caps {
		k, allowed := capKey(c, q.Email)
		if used, _ := numberOf(found[k], attrUsed); used >= allowed {
			standing.Full = append(standing.Full, c.Name)
		}
	}
	return standing, nil
}

// Places of the operations in the transaction of Invite. Those of the owner's counters follow; they have no condition.
const (
	placeAttendee = iota
	placeEventShard
	placeCaps
)

// Invite implements invite.Store. One TransactWriteItems; where a shard's allowance is used up, a Query and another transaction.
func (s *Store) Invite(ctx context.Context, i invite.Invitation) (invite.Invited, error) {
	shard := shardOf(i.Attendee.Email)
	written := i.Attendee
	written.Version++
	record, err := item(attendeeKey(written.UID, written.Email), written)
	if err != nil {
		return invite.Invited{}, err
	}
	for range Shards * maxTries {
		conditions, err := s.transact(ctx, "record invitation", func() *dynamo.WriteTx { return s.invitation(i, record, shard) })
		switch {
		case err != nil:
			return invite.Invited{}, err
		case conditions == nil:
			return invite.Invited{State: invite.InviteRecorded}, nil
		}
		if known, has := conditions[placeAttendee]; has {
			return s.knownAttendee(ctx, i.Attendee, known)
		}
		if revised(conditions[placeEventShard], i.Event) {
			return invite.Invited{State: invite.InviteChanged}, nil
		}
		for n, c := range i.Caps {
			if _, full := conditions[placeCaps+n]; full {
				return invite.Invited{State: invite.InviteCapped, Cap: c.Name}, nil
			}
		}
		if i.Event.InviteLimit <= 0 {
			return invite.Invited{State: invite.InviteChanged}, nil // there is no other condition
		}
		left, err := s.allowances(ctx, i.Event)
		if err != nil {
			return invite.Invited{}, err
		}
		if shard = left.most(); left[shard] < i.Change.Invites {
			return invite.Invited{State: invite.InviteLimit}, nil
		}
	}
	return invite.Invited{}, fault.New(fault.Throttled, "table-busy", "")
}

// invitation is the transaction that records an invitation and counts it in the given shard of the event.
func (s *Store) invitation(i invite.Invitation, record dynamo.Item, shard int) *dynamo.WriteTx {
	a := i.Attendee
	event := take(s.addAt(shard, i.Event, i.Change), i.Event.InviteLimit, shard, i.Change.Invites)
	tx := s.db.WriteTx().Put(unchanged(s.table.Put(record), a.Version)).Update(event)
	for _, c := range i.Caps {
		k, allowed := capKey(c, a.Email)
		tx = tx.Update(s.update(k).Add(attrUsed, 1).Set(attrTTL, c.Until).If("attribute_not_exists($) OR $ < ?", attrUsed, attrUsed, allowed))
	}
	own := shardOf(a.Email)
	tx = s.addDay(tx, eventDay(a.UID, dateOf(a.LastModified), own), answersMoved(i.Change))
	return s.addToOwner(tx, i.Event.Owner(), own, i.Change, a.LastModified)
}

// knownAttendee is the answer that the attendee has a record already.
func (s *Store) knownAttendee(ctx context.Context, a invite.Attendee, item dynamo.Item) (invite.Invited, error) {
	if len(item) == 0 {
		var err error
		if item, err = s.get(ctx, attendeeKey(a.UID, a.Email)); err != nil {
			return invite.Invited{}, err
		}
	}
	known, err := read[invite.Attendee](item)
	return invite.Invited{State: invite.InviteKnown, Known: known}, err
}

// MarkSent implements invite.Store. One UpdateItem.
func (s *Store) MarkSent(ctx context.Context, a invite.Attendee, sesMessageID string, at int64) error {
	update := s.update(attendeeKey(a.UID, a.Email)).
		SetExpr("'delivery' = ?, 'ses_message_id' = ?, 'sent_at' = ?", string(invite.DeliverySent), sesMessageID, at).Add(attrVersion, 1).
		If("'delivery' = ? AND 'generation' = ?", string(invite.DeliveryQueued), a.Generation)
	if a.RequestID == "" {
		update = update.If("attribute_not_exists('request_id')")
	} else {
		update = update.If("'request_id' = ?", a.RequestID)
	}
	return unlessRefused("mark invitation sent", update.Run(ctx))
}
