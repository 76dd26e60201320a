package ddbstore

import (
	"context"
	"strings"
	"time"

	"github.com/guregu/dynamo/v2"

	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/itip"
)

// attrComplained counts in the item of a day.
const attrComplained = "complained"

// arrivals are the counts of a change that a day keeps: what came in. That somebody has not answered yet comes in with nothing.
func arrivals(change invite.Statistics) map[string]int {
	came := map[string]int{attrEvents: change.Events, attrInvites: change.Invites, attrBounced: change.Bounced}
	for status, n := range change.RSVP {
		if status != string(itip.NoAction) {
			came[attrRSVP+status] = n
		}
	}
	for name, n := range came {
		if n <= 0 {
			delete(came, name)
		}
	}
	return came
}

// answersMoved are the counts of a change that an event's day keeps.
func answersMoved(change invite.Statistics) map[string]int {
	moved := map[string]int{}
	for status, n := range change.RSVP {
		if n != 0 && status != string(itip.NoAction) {
			moved[attrRSVP+status] = n
		}
	}
	return moved
}

// dateOf is the day of a moment, in UTC.
func dateOf(at int64) string { return time.Unix(at, 0).UTC().Format(time.DateOnly) }

// addDay adds to the transaction that these came in on a day.
func (s *Store) addDay(tx *dynamo.WriteTx, day key, came map[string]int) *dynamo.WriteTx {
	if len(came) == 0 {
		return tx
	}
	return tx.Update(raise(s.update(day), came))
}

// SystemDays implements invite.Store. One Query.
func (s *Store) SystemDays(ctx context.Context, tenant, from, to string) ([]invite.Day, error) {
	prefix := systemDays(tenant)
	items, err := s.query(ctx, "system#", prefix+from, prefix+to+"$")
	return daysOf(items, prefix), err
}

// daysOf adds up the shards of each day. The items are in the order of their sort keys: the shards of a day are neighbours.
func daysOf(items []dynamo.Item, prefix string) (days []invite.Day) {
	for _, item := range items {
		date, _, _ := strings.Cut(strings.TrimPrefix(textOf(item, attrSK), prefix), "#")
		if len(days) == 0 || days[len(days)-1].Date != date {
			days = append(days, invite.Day{Date: date, Answers: map[string]int{}})
		}
		day := &days[len(days)-1]
		counted := invite.NewStatistics()
		sum(&counted, item)
		complained, _ := numberOf(item, attrComplained)
		day.Events += counted.Events
		day.Invites += counted.Invites
		day.Bounced += counted.Bounced
		day.Complained += complained
		for status, n := range counted.RSVP {
			if n != 0 {
				day.Answers[status] += n
			}
		}
	}
	return days
}
