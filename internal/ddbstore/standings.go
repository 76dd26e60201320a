package ddbstore

import (
	"context"

	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

// granted is the record of a standing or a block: its existence is what counts.
type granted struct {
	Created int64 `json:"created"`
}

// SetStanding implements invite.Store. One PutItem or DeleteItem.
func (s *Store) SetStanding(ctx context.Context, organizer string, kind invite.StandingKind, on bool, at int64) error {
	return s.set(ctx, standingKey(organizer, kind), on, at)
}

// SetBlock implements invite.Store. One PutItem or DeleteItem.
func (s *Store) SetBlock(ctx context.Context, attendee, organizer string, on bool, at int64) error {
	return s.set(ctx, blockKey(attendee, organizer), on, at)
}

// Blocked implements suppress.Blocks. One GetItem.
func (s *Store) Blocked(ctx context.Context, attendee, organizer string) (bool, error) {
	record, err := s.get(ctx, blockKey(attendee, organizer))
	return record != nil, err
}

func (s *Store) set(ctx context.Context, k key, on bool, at int64) error {
	if !on {
		return translate("delete", s.table.Delete(attrPK, k.pk).Range(attrSK, k.sk).Run(ctx))
	}
	record, err := item(k, granted{Created: at})
	if err != nil {
		return err
	}
	err = s.table.Put(record).If(notExists).Run(ctx) // the first moment stays
	if _, refused := refusedBy(err); refused {
		return nil
	}
	return translate("put", err)
}
