package ddbstore

import (
	"context"

	"github.com/guregu/dynamo/v2"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

// granted is the record of a standing: its existence is what counts. A subscription is one with nothing said of its order.
type granted struct {
	Created int64 `json:"created"`
}

// SetStanding implements invite.Store. One DeleteItem, or one UpdateItem, which puts the organizer into the list, and one PutItem.
func (s *Store) SetStanding(ctx context.Context, o invite.Organizer, kind invite.StandingKind, on bool, at int64) error {
	k := standingKey(o, kind)
	if !on {
		return translate("delete standing", s.table.Delete(attrPK, k.pk).Range(attrSK, k.sk).Run(ctx))
	}
	record, err := item(k, granted{Created: at})
	if err != nil {
		return err
	}
	if err := s.enter(o).Run(ctx); err != nil {
		return translate("enter organizer", err)
	}
	return unlessRefused("put standing", s.table.Put(record).If(notExists).Run(ctx)) // the first moment stays
}

// Standings implements invite.Store. One BatchGetItem.
func (s *Store) Standings(ctx context.Context, o invite.Organizer) (invite.Standings, error) {
	found, err := s.batch(ctx, standingKey(o, invite.Subscription), standingKey(o, invite.Suspended), standingKey(o, invite.BulkAllowed))
	if err != nil {
		return invite.Standings{}, err
	}
	return standingsIn(found, o)
}

// standingsIn are the organizer's standings among the items that were read.
func standingsIn(found map[key]dynamo.Item, o invite.Organizer) (standings invite.Standings, err error) {
	subscription, suspended, bulk := standingKey(o, invite.Subscription), standingKey(o, invite.Suspended), standingKey(o, invite.BulkAllowed)
	if standings.Subscription, err = readIf[invite.SubscriptionRecord](found, subscription); err != nil {
		return invite.Standings{}, err
	}
	for k, since := range map[key]*int64{suspended: &standings.Suspended, bulk: &standings.Bulk} {
		record, err := readIf[granted](found, k)
		if err != nil {
			return invite.Standings{}, err
		}
		if record != nil {
			*since = max(1, record.Created) // 0 would say that there is none
		}
	}
	return standings, nil
}

// Subscribe implements invite.Store. One UpdateItem, which puts the organizer into the list, and one PutItem. The very record that is there
// already is this call's own, made before its answer was lost.
func (s *Store) Subscribe(ctx context.Context, o invite.Organizer, r invite.SubscriptionRecord) (*invite.SubscriptionRecord, error) {
	k := standingKey(o, invite.Subscription)
	record, err := item(k, r)
	if err != nil {
		return nil, err
	}
	if err := s.enter(o).Run(ctx); err != nil {
		return nil, translate("enter organizer", err)
	}
	err = s.table.Put(record).If(notExists).Run(ctx)
	found, refused := refusedBy(err)
	if !refused {
		return nil, translate("put subscription", err)
	}
	if len(found) == 0 {
		if found, err = s.get(ctx, k); err != nil {
			return nil, err
		}
	}
	if found == nil {
		return nil, fault.New(fault.Throttled, "contended", "") // taken away in between
	}
	existing, err := read[invite.SubscriptionRecord](found)
	if err != nil || existing == r {
		return nil, err
	}
	return &existing, nil
}
