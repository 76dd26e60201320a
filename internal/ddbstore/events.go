package ddbstore

import (
	"context"
	"errors"

	"github.com/guregu/dynamo/v2"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/itip"
)

// notExists is the condition that there is no such item.
const notExists = "attribute_not_exists('pk')"

// lookUp is the record that leads from an original UID to an event.
type lookUp struct {
	UID     string `json:"uid"`
	Created int64  `json:"created"`
}

// LookUp implements invite.Store. One GetItem.
func (s *Store) LookUp(ctx context.Context, o invite.Organizer, originalUID string) (string, error) {
	found, err := s.get(ctx, lookUpKey(o, originalUID))
	return textOf(found, "uid"), err
}

// maxLookUps is how many organizers' events of one original UID are looked at.
const maxLookUps = 10

// LookUpAny implements invite.Store. One Query.
func (s *Store) LookUpAny(ctx context.Context, originalUID string) ([]string, error) {
	var items []dynamo.Item
	err := s.table.Get(attrPK, lookUpKey(invite.Organizer{}, originalUID).pk).Consistent(true).SearchLimit(maxLookUps).All(ctx, &items)
	if err != nil && !errors.Is(err, dynamo.ErrNotFound) {
		return nil, translate("look up original UID", err)
	}
	var uids []string
	for _, found := range items {
		uids = append(uids, textOf(found, "uid"))
	}
	return uids, nil
}

// Event implements invite.Store. One GetItem.
func (s *Store) Event(ctx context.Context, uid string) (invite.Event, error) {
	found, err := s.get(ctx, eventKey(uid))
	switch {
	case err != nil:
		return invite.Event{}, err
	case found == nil:
		return invite.Event{}, unknownEvent()
	}
	return read[invite.Event](found)
}

func unknownEvent() error {
	return fault.New(fault.NotFound, invite.ReasonUnknownEvent, "There is no such event.")
}

// Registration implements invite.Store. One BatchGetItem.
func (s *Store) Registration(ctx context.Context, o invite.Organizer, originalUID, uid string) (invite.Registration, error) {
	own, known := eventKey(uid), lookUpKey(o, originalUID)
	subscribed, suspended := standingKey(o, invite.Subscription), standingKey(o, invite.Suspended)
	total := organizerTotal(o)
	found, err := s.batch(ctx, own, known, subscribed, suspended, total)
	if err != nil {
		return invite.Registration{}, err
	}
	event, err := readIf[invite.Event](found, own)
	if err != nil {
		return invite.Registration{}, err
	}
	counted := invite.NewStatistics()
	sum(&counted, found[total])
	return invite.Registration{
		Events: counted.Events, Own: event, Known: textOf(found[known], "uid"), Subscribed: found[subscribed] != nil, Suspended: found[suspended] != nil,
	}, nil
}

// CreateEvent implements invite.Store. One TransactWriteItems.
func (s *Store) CreateEvent(ctx context.Context, e invite.Event, limit int) error {
	e.Version = 1
	event, err := item(eventKey(e.UID), e)
	if err != nil {
		return err
	}
	original, err := item(lookUpKey(e.Owner(), e.OriginalUID), lookUp{UID: e.UID, Created: e.Created})
	if err != nil {
		return err
	}
	one := invite.Statistics{Events: 1}
	conditions, err := s.transact(ctx, "create event", func() *dynamo.WriteTx {
		total := s.add(organizerTotal(e.Owner()), one)
		if limit > 0 {
			total = total.If("attribute_not_exists($) OR $ < ?", attrEvents, attrEvents, limit)
		}
		own := shardOf(e.UID)
		tx := s.db.WriteTx().Put(unchanged(s.table.Put(event), 0)).Put(unchanged(s.table.Put(original), 0)).Update(total).
			Update(s.add(systemShard(e.Tenant, own), one)).Update(s.enter(e.Owner()).SetExpr("$ = ?, $ = ?", attrName, e.Organizer, attrLastEvent, e.Created))
		return s.addDay(tx, systemDay(e.Tenant, dateOf(e.Created), own), arrivals(one))
	})
	if err != nil || conditions == nil {
		return err
	}
	if _, limited := conditions[2]; limited && len(conditions) == 1 {
		return invite.ErrEventLimit
	}
	return invite.ErrEventExists
}

// Revise implements invite.Store. One TransactWriteItems; for a reschedule, a Query before it.
func (s *Store) Revise(ctx context.Context, e invite.Event, rescheduled bool) error {
	var shards [Shards]dynamo.Item
	if rescheduled {
		var err error
		if shards, err = s.eventShards(ctx, e.UID); err != nil {
			return err
		}
	}
	event, err := nextVersion(e)
	if err != nil {
		return err
	}
	conditions, err := s.transact(ctx, "revise event", func() *dynamo.WriteTx {
		tx := s.db.WriteTx().Put(unchanged(s.table.Put(event), e.Version))
		moved := invite.Statistics{RSVP: map[string]int{}}
		for i := range Shards {
			update := s.update(eventShard(e.UID, i)).Set(attrSequence, e.Sequence).Add(attrVersion, 1)
			if e.Cancelled() {
				update = update.Set(attrCancelled, true)
			}
			if rescheduled {
				update = resetShard(update, shards[i], e.Rescheduled, moved.RSVP)
			}
			tx = tx.Update(update)
		}
		if len(counts(moved)) > 0 {
			own := shardOf(e.UID)
			tx = s.addDay(tx, eventDay(e.UID, dateOf(e.LastModified), own), answersMoved(moved))
			tx = s.addToOwner(tx, e.Owner(), own, moved, e.LastModified)
		}
		return tx
	})
	if err == nil && conditions != nil {
		err = invite.ErrEventChanged
	}
	return err
}

// resetShard makes all attendees that the shard counts unanswered, if it still counts what was read, and adds up what that moves.
func resetShard(update *dynamo.Update, shard dynamo.Item, rescheduled int, moved map[string]int) *dynamo.Update {
	if shard == nil {
		update = update.If(notExists)
	} else {
		version, _ := numberOf(shard, attrVersion)
		update = update.If("$ = ?", attrVersion, version)
	}
	attendees, _ := numberOf(shard, attrAttendees)
	for _, status := range itip.Statuses() {
		name, now := attrRSVP+string(status), 0
		if status == itip.NoAction {
			now = attendees
		}
		before, has := numberOf(shard, name)
		if moved[string(status)] += now - before; has || now != 0 {
			update = update.SetExpr("$ = ?", name, now)
		}
	}
	return update.Set(attrRescheduled, rescheduled)
}

// eventShards reads the shards of an event's statistics; one that counts nothing yet is nil.
func (s *Store) eventShards(ctx context.Context, uid string) (shards [Shards]dynamo.Item, err error) {
	items, err := s.query(ctx, "event#"+uid, statistics, afterStatistics)
	for _, shard := range items {
		for i := range Shards {
			if textOf(shard, attrSK) == eventShard(uid, i).sk {
				shards[i] = shard
			}
		}
	}
	return shards, err
}

// Note implements invite.Store. One PutItem.
func (s *Store) Note(ctx context.Context, e invite.Event) error {
	event, err := nextVersion(e)
	if err != nil {
		return err
	}
	err = unchanged(s.table.Put(event), e.Version).Run(ctx)
	if _, refused := refusedBy(err); refused {
		return invite.ErrEventChanged
	}
	return translate("note event", err)
}

// nextVersion is the event's item for the version after the one that was read.
func nextVersion(e invite.Event) (dynamo.Item, error) {
	e.Version++
	return item(eventKey(e.UID), e)
}

// NoteInviteLimit implements invite.Store. One UpdateItem.
func (s *Store) NoteInviteLimit(ctx context.Context, uid, requestID string, at int64) (bool, error) {
	err := s.update(eventKey(uid)).SetExpr("'invite_limit_notification' = ?, 'invite_limit_request' = ?", at, requestID).Add(attrVersion, 1).
		If("attribute_exists('pk') AND attribute_not_exists('invite_limit_request')").Run(ctx)
	if event, refused := refusedBy(err); refused {
		if len(event) == 0 {
			return false, unknownEvent()
		}
		return textOf(event, "invite_limit_request") == requestID, nil
	}
	if err != nil {
		return false, translate("note invite limit", err)
	}
	return true, nil
}
