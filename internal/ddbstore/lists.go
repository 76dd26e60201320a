package ddbstore

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/guregu/dynamo/v2"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

// Indexes of the table (spec §8) and their keys.
const (
	organizerEvents = "organizer_events"
	systemEvents    = "system_events"

	attrMailTo       = "mailto"
	attrTenant       = "tenant"
	attrLastModified = "last_modified"
)

// OrganizerEvents implements invite.Store. One Query of an index, more where the organizer is known to several tenants.
func (s *Store) OrganizerEvents(ctx context.Context, o invite.Organizer, after string, limit int) ([]invite.Event, string, error) {
	return s.events(ctx, index{organizerEvents, attrMailTo, o.Email}, tenantOf(o.Tenant), after, limit)
}

// SystemEvents implements invite.Store. One Query of an index.
func (s *Store) SystemEvents(ctx context.Context, tenant, after string, limit int) ([]invite.Event, string, error) {
	tenant = tenantOf(tenant)
	return s.events(ctx, index{systemEvents, attrTenant, tenant}, tenant, after, limit)
}

// index is one part of an index over the events: those whose attribute has the value.
type index struct{ name, attribute, value string }

// events reads a page of the tenant's events. The position names the last event of the page before and when that was last modified; it
// holds a place in the index even when the event has moved on.
func (s *Store) events(ctx context.Context, in index, tenant, after string, limit int) ([]invite.Event, string, error) {
	start, err := in.startAfter(after)
	if err != nil {
		return nil, "", err
	}
	page := make([]invite.Event, 0, limit)
	for search := limit + 1; ; search *= 4 { // one more says whether there is another page
		query := s.table.Get(in.attribute, in.value).Index(in.name).Order(dynamo.Descending).SearchLimit(search)
		if start != nil {
			query = query.StartFrom(start)
		}
		var items []dynamo.Item
		start, err = query.AllWithLastEvaluatedKey(ctx, &items)
		if err != nil && !errors.Is(err, dynamo.ErrNotFound) {
			return nil, "", translate("list events", err)
		}
		for _, item := range items {
			if textOf(item, attrTenant) != tenant {
				continue
			}
			if len(page) == limit {
				return page, position(page[limit-1]), nil
			}
			event, err := read[invite.Event](item)
			if err != nil {
				return nil, "", err
			}
			page = append(page, event)
		}
		if start == nil {
			return page, "", nil
		}
	}
}

// position is the place of an event in the indexes, as text.
func position(e invite.Event) string { return strconv.FormatInt(e.LastModified, 10) + "." + e.UID }

// startAfter is the place in the index that a position names; nil for the start.
func (in index) startAfter(after string) (dynamo.PagingKey, error) {
	if after == "" {
		return nil, nil
	}
	modified, rest, _ := strings.Cut(after, ".")
	at, err := strconv.ParseInt(modified, 10, 64)
	uid, bad := invite.ParseUID(rest)
	if err != nil || bad != nil {
		return nil, fault.New(fault.InvalidRequest, "bad-position", "This is not a page of the list.")
	}
	own := eventKey(uid)
	return dynamo.PagingKey{attrPK: text(own.pk), attrSK: text(own.sk), in.attribute: text(in.value), attrLastModified: number(at)}, nil
}
