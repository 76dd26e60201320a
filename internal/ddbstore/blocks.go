package ddbstore

import (
	"context"

	"github.com/guregu/dynamo/v2"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

// block is the record of a block. It remembers what was counted for it, so that whoever undoes it, by whichever event's mail, takes
// back just that.
type block struct {
	Created int64  `json:"created"`
	By      string `json:"by,omitempty"`
	Tenant  string `json:"tenant"` // whose organizer it was counted for
	UID     string `json:"uid"`    // of the event where the attendee's record notes it; "" when no record does
}

// Blocked implements invite.Store. One GetItem.
func (s *Store) Blocked(ctx context.Context, attendee, organizer string) (bool, error) {
	record, err := s.get(ctx, blockKey(attendee, organizer))
	return record != nil, err
}

// SetBlock implements invite.Store. One BatchGetItem and, where anything changes, one TransactWriteItems. Undoing a block
// that came from another event than b.UID takes one GetItem more.
func (s *Store) SetBlock(ctx context.Context, b invite.Block, on bool) (changed bool, err error) {
	for try := 1; ; try++ {
		is, note, err := s.blockOf(ctx, b)
		if err != nil || (is != nil) == on {
			return false, err
		}
		switch {
		case on:
			made := block{Created: b.At, By: b.By, Tenant: tenantOf(b.Organizer.Tenant)}
			if note == notNoted {
				made.UID = b.UID
			}
			changed, err = s.makeBlock(ctx, b, made)
		case note != notNoted: // else somebody is undoing it: the block was read before, and the note after
			changed, err = s.undoBlock(ctx, b, *is, note == noted)
		}
		if err != nil || changed {
			return changed, err
		}
		if try == maxTries {
			return false, fault.New(fault.Throttled, "contended", "")
		}
		if err := pause(ctx, try); err != nil {
			return false, translate("set block", err)
		}
	}
}

// blockNote is what an attendee's record says of a block.
type blockNote int

const (
	noRecord blockNote = iota
	notNoted
	noted
)

// blockOf reads the block, nil without one, and what is noted of it: where it says that it is noted; without one, at b.UID.
func (s *Store) blockOf(ctx context.Context, b invite.Block) (*block, blockNote, error) {
	own, at := blockKey(b.Attendee, b.Organizer.Email), attendeeKey(b.UID, b.Attendee)
	found, err := s.batch(ctx, own, at)
	if err != nil {
		return nil, noRecord, err
	}
	is, err := readIf[block](found, own)
	if err != nil {
		return nil, noRecord, err
	}
	record := found[at]
	if is != nil && is.UID != b.UID {
		record = nil
	}
	if is != nil && is.UID != b.UID && is.UID != "" {
		if record, err = s.get(ctx, attendeeKey(is.UID, b.Attendee)); err != nil {
			return nil, noRecord, err
		}
	}
	switch {
	case record == nil:
		return is, noRecord, nil
	case record[attrBlocked] == nil:
		return is, notNoted, nil
	}
	return is, noted, nil
}

// makeBlock makes and counts the block; with a UID, in the attendee's record and at the event too. False when it found another state than
// was read.
func (s *Store) makeBlock(ctx context.Context, b invite.Block, made block) (bool, error) {
	record, err := item(blockKey(b.Attendee, b.Organizer.Email), made)
	if err != nil {
		return false, err
	}
	conditions, err := s.transact(ctx, "make block", func() *dynamo.WriteTx {
		tx := s.db.WriteTx().Put(unchanged(s.table.Put(record), 0))
		if made.UID != "" {
			tx = tx.Update(s.update(attendeeKey(made.UID, b.Attendee)).Set(attrBlocked, true).Add(attrVersion, 1).
				If("attribute_exists('pk') AND attribute_not_exists($)", attrBlocked))
		}
		return s.countBlock(tx, b, made, 1)
	})
	return err == nil && conditions == nil, err
}

// undoBlock undoes the block that was read and takes back what was counted for it. False when it found another state than was read.
func (s *Store) undoBlock(ctx context.Context, b invite.Block, made block, noted bool) (bool, error) {
	k := blockKey(b.Attendee, b.Organizer.Email)
	conditions, err := s.transact(ctx, "undo block", func() *dynamo.WriteTx {
		tx := s.db.WriteTx().Delete(s.table.Delete(attrPK, k.pk).Range(attrSK, k.sk).If("'tenant' = ? AND 'uid' = ?", made.Tenant, made.UID))
		if noted {
			tx = tx.Update(s.update(attendeeKey(made.UID, b.Attendee)).Remove(attrBlocked).Add(attrVersion, 1).If("$ = ?", attrBlocked, true))
		}
		return s.countBlock(tx, b, made, -1)
	})
	return err == nil && conditions == nil, err
}

// countBlock counts n blocks for the organizer and the tenant that the block was made at, and at the event where a record notes it.
func (s *Store) countBlock(tx *dynamo.WriteTx, b invite.Block, made block, n int) *dynamo.WriteTx {
	change := invite.Statistics{Blocked: n}
	own := shardOf(b.Attendee)
	if made.UID != "" {
		tx = tx.Update(s.add(eventShard(made.UID, own), change))
	}
	if n > 0 && b.By == invite.ByComplaint {
		tx = s.addDay(tx, systemDay(made.Tenant, dateOf(b.At), own), map[string]int{attrComplained: n})
	}
	return s.addToOwner(tx, invite.Organizer{Tenant: made.Tenant, Email: b.Organizer.Email}, own, change, b.At)
}
