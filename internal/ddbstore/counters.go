package ddbstore

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/guregu/dynamo/v2"

	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

// Attributes of a shard of statistics.
const (
	attrEvents    = "events"
	attrAttendees = "attendees"
	attrInvites   = "invites"
	attrBounced   = "bounced"
	attrBlocked   = "blocked" // also the flag in an attendee's record

	attrRSVP   = "rsvp#"
	attrOrigin = "origin#"
	attrProdID = "prodid#"

	attrSequence    = "sequence"    // of the event's revision that this shard knows; absent = the first
	attrRescheduled = "rescheduled" // likewise
	attrCancelled   = "cancelled"   // the event is called off
	attrRemaining   = "remaining"   // what is left of the shard's share of the invite limit; absent = all
	attrVersion     = "version"     // counts the writes of the shard
)

// counts turns statistics into the attributes of a shard; zeros are left out.
func counts(s invite.Statistics) map[string]int {
	all := map[string]int{
		attrEvents: s.Events, attrAttendees: s.Attendees, attrInvites: s.Invites, attrBounced: s.Bounced, attrBlocked: s.Blocked,
	}
	for prefix, group := range map[string]map[string]int{attrRSVP: s.RSVP, attrOrigin: s.Origin, attrProdID: s.ProdID} {
		for name, n := range group {
			all[prefix+name] = n
		}
	}
	for name, n := range all {
		if n == 0 {
			delete(all, name)
		}
	}
	return all
}

// add is the update that counts a change in a shard.
func (s *Store) add(k key, change invite.Statistics) *dynamo.Update {
	return raise(s.update(k).Add(attrVersion, 1), counts(change))
}

// raise makes the update add to numeric attributes.
func raise(update *dynamo.Update, by map[string]int) *dynamo.Update {
	for name, n := range by {
		update = update.SetExpr("$ = if_not_exists($, ?) + ?", name, name, 0, n)
	}
	return update
}

// addToOwner adds to the transaction that the change counts for the organizer and for the tenant, and what came in with it at that moment
// for the tenant's day.
func (s *Store) addToOwner(tx *dynamo.WriteTx, o invite.Organizer, shard int, change invite.Statistics, at int64) *dynamo.WriteTx {
	tx = tx.Update(s.add(organizerShard(o, shard), change)).Update(s.add(systemShard(o.Tenant, shard), change))
	return s.addDay(tx, systemDay(o.Tenant, dateOf(at), shard), arrivals(change))
}

// sum adds a shard to the statistics.
func sum(to *invite.Statistics, item dynamo.Item) {
	for name, value := range item {
		if _, isNumber := value.(*types.AttributeValueMemberN); !isNumber {
			continue
		}
		n, _ := numberOf(item, name)
		switch {
		case name == attrEvents:
			to.Events += n
		case name == attrAttendees:
			to.Attendees += n
		case name == attrInvites:
			to.Invites += n
		case name == attrBounced:
			to.Bounced += n
		case name == attrBlocked:
			to.Blocked += n
		default:
			sumGroup(to, name, n)
		}
	}
}

func sumGroup(to *invite.Statistics, name string, n int) {
	for prefix, group := range map[string]map[string]int{attrRSVP: to.RSVP, attrOrigin: to.Origin, attrProdID: to.ProdID} {
		if member, ok := strings.CutPrefix(name, prefix); ok {
			group[member] += n
		}
	}
}

// tidy drops the counts that came back to zero; the RSVP statuses stay.
func tidy(s *invite.Statistics) {
	for _, group := range []map[string]int{s.Origin, s.ProdID} {
		for name, n := range group {
			if n == 0 {
				delete(group, name)
			}
		}
	}
}

// members are the names that a shard counts in a group.
func members(item dynamo.Item, prefix string) (names []string) {
	for name := range item {
		if member, ok := strings.CutPrefix(name, prefix); ok {
			names = append(names, member)
		}
	}
	return names
}
