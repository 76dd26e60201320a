package ddbstore

import (
	"context"
	"errors"

	"github.com/guregu/dynamo/v2"

	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

// Statistics implements invite.Store. One Query: the event's own record and its statistics are neighbours.
func (s *Store) Statistics(ctx context.Context, uid string) (invite.Event, invite.Statistics, error) {
	own := eventKey(uid)
	items, err := s.query(ctx, own.pk, own.sk, afterStatistics)
	if err != nil {
		return invite.Event{}, invite.Statistics{}, err
	}
	total := invite.NewStatistics()
	var record dynamo.Item
	for _, found := range items {
		if textOf(found, attrSK) == own.sk {
			record = found
		} else {
			sum(&total, found)
		}
	}
	if record == nil {
		return invite.Event{}, invite.Statistics{}, unknownEvent()
	}
	tidy(&total)
	event, err := read[invite.Event](record)
	return event, total, err
}

// OrganizerStatistics implements invite.Store. One Query.
func (s *Store) OrganizerStatistics(ctx context.Context, mailto string) (invite.Statistics, error) {
	k := organizerTotal(mailto)
	return s.total(ctx, k.pk, k.sk)
}

// SystemStatistics implements invite.Store. One Query.
func (s *Store) SystemStatistics(ctx context.Context) (invite.Statistics, error) {
	return s.total(ctx, "system#", "system_statistics")
}

func (s *Store) total(ctx context.Context, pk, from string) (invite.Statistics, error) {
	items, err := s.query(ctx, pk, from, from+"$")
	total := invite.NewStatistics()
	for _, item := range items {
		sum(&total, item)
	}
	tidy(&total)
	return total, err
}

// Attendees implements invite.Store. One Query.
func (s *Store) Attendees(ctx context.Context, uid, after string, limit int) ([]invite.Attendee, string, error) {
	query := s.table.Get(attrPK, eventKey(uid).pk).Consistent(true).SearchLimit(limit)
	if after == "" {
		query = query.Range(attrSK, dynamo.BeginsWith, attendeePrefix)
	} else {
		query = query.Range(attrSK, dynamo.Between, attendeePrefix+after+"\x01", afterAttendees) // no address has a control character
	}
	var items []dynamo.Item
	more, err := query.AllWithLastEvaluatedKey(ctx, &items)
	if err != nil && !errors.Is(err, dynamo.ErrNotFound) {
		return nil, "", translate("list attendees", err)
	}
	page := make([]invite.Attendee, 0, len(items))
	for _, item := range items {
		attendee, err := read[invite.Attendee](item)
		if err != nil {
			return nil, "", err
		}
		page = append(page, attendee)
	}
	if more == nil || len(page) == 0 {
		return page, "", nil
	}
	return page, page[len(page)-1].Email, nil
}
