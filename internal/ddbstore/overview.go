package ddbstore

import (
	"context"
	"strings"

	"github.com/guregu/dynamo/v2"

	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

// attrPeople is how many people a work concerns: as its first note said, since an execution that is started again finds only who is left.
const attrPeople = "people"

// Overview implements invite.Store. One Query: the event's record, its statistics, its days and its works are neighbours.
func (s *Store) Overview(ctx context.Context, uid string) (invite.Overview, error) {
	own := eventKey(uid)
	items, err := s.query(ctx, own.pk, own.sk, afterWorks)
	if err != nil {
		return invite.Overview{}, err
	}
	found := invite.Overview{Statistics: invite.NewStatistics()}
	var days []dynamo.Item
	known := false
	for _, item := range items {
		switch sk := textOf(item, attrSK); {
		case sk == own.sk:
			known = true
			found.Event, err = read[invite.Event](item)
		case strings.HasPrefix(sk, eventDays):
			days = append(days, item)
		case strings.HasPrefix(sk, eventWorks):
			var w invite.Work
			w, err = read[invite.Work](item)
			found.Works = append(found.Works, w)
		default:
			sum(&found.Statistics, item)
		}
		if err != nil {
			return invite.Overview{}, err
		}
	}
	if !known {
		return invite.Overview{}, unknownEvent()
	}
	tidy(&found.Statistics)
	found.Days = daysOf(days, eventDays)
	return found, nil
}

// Overviews implements invite.Store. One BatchGetItem.
func (s *Store) Overviews(ctx context.Context, uids []string) (map[string]invite.Overview, error) {
	var keys []key
	for _, uid := range uids {
		keys = append(keys, eventKey(uid))
		for i := range Shards {
			keys = append(keys, eventShard(uid, i))
		}
	}
	if len(keys) == 0 {
		return nil, nil
	}
	found, err := s.batch(ctx, keys...)
	if err != nil {
		return nil, err
	}
	overviews := make(map[string]invite.Overview, len(uids))
	for _, uid := range uids {
		event, err := readIf[invite.Event](found, eventKey(uid))
		if err != nil {
			return nil, err
		}
		if event == nil {
			continue
		}
		of := invite.Overview{Event: *event, Statistics: invite.NewStatistics()}
		for i := range Shards {
			sum(&of.Statistics, found[eventShard(uid, i)])
		}
		tidy(&of.Statistics)
		overviews[uid] = of
	}
	return overviews, nil
}

// PutWork implements invite.Store. One UpdateItem.
func (s *Store) PutWork(ctx context.Context, w invite.Work) error {
	record, err := item(workKey(w), w)
	if err != nil {
		return err
	}
	record[attrTTL] = number(w.Started + invite.WorkKept)
	update := s.update(workKey(w))
	for name, value := range record {
		switch name {
		case attrPK, attrSK:
		case attrPeople:
			update = update.SetExpr("$ = if_not_exists($, ?)", name, name, value)
		default:
			update = update.SetExpr("$ = ?", name, value)
		}
	}
	return translate("put work", update.Run(ctx))
}
