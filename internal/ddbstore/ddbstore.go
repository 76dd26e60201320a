// Package ddbstore keeps invite's records in one DynamoDB table (spec §8), in the form of their JSON: an attribute has the name of
// the JSON field. One exported method is one conditional write or one transaction.
//
// Keys, beside those of spec §8:
//
//	proposal of a guest     event#<uid>           proposal#<email>[#<instance>]
//	forwarded guest         event#<uid>           guest#<email>
//	a day of an event       event#<uid>           event_timeline#<date>#<shard>
//	a day of a tenant       system#               system_day#<date>#<shard>, system_day@<tenant>#<date>#<shard>
//	work for an event       event#<uid>           event_work#<started>#<kind>    expires by ttl
//	counters of a window    cap#<name>#<hash>     cap#<window>[#<shard>]     expire by ttl
//	list of organizers      organizers#<tenant>   <email>
//	a token used up         used#<hash>           used#<hash>                expires by ttl
//	answers to an address   answers#<address>     answers#<day>[#guests]     expire by ttl
//
// Organizers are other ones at each tenant. The records of the default tenant have the keys of spec §8; at others the sort key goes on
// with the tenant's name: bulk#<email>#<tenant>, original_event#<mailto>#<tenant>, organizer_statistics#<email>#<tenant>[.<shard>],
// system_statistics#<tenant>.<shard>. Blocks are the same for all.
//
// Indexes: organizer_events (mailto, last_modified) and system_events (tenant, last_modified) hold exactly the events, because no other
// record has a last_modified; original_uid_lookup (original_uid, mailto) likewise. No method reads the last: looking up an original UID
// uses the look-up record instead, which is consistent and ignores case. The attribute for expiry is ttl.
//
// Statistics are counters in shards, the shard chosen by the attendee's address: flat numeric attributes (attendees, invites,
// rsvp#accepted, origin#api, prodid#<calendar>) that are summed when read. A single shard may hold negative numbers; sums never do.
// A batch of invitations counts in one shard, and its people's answers later in theirs. That is right at all times, because a
// reschedule makes all that a shard counts as attendees unanswered, and every attendee counts in exactly one.
// The shards of an event are also its gate: a revision writes its sequence into all of them, in the same transaction, and every
// invitation and answer, which updates one shard anyway, is refused if the shard knows another revision than the writer. So no
// request needs to touch the event's own record, which would make it the hot key of a popular event. The event's invite limit is
// dealt out to the shards as allowances; one that is used up borrows from the shard that has most left, and a batch takes from several.
//
// That somebody was sent an update, and that an answer from before a reschedule is none any more, is written by one statement for each
// record, without a transaction: the counts moved when the event was rescheduled.
//
// The IAM actions that each method needs (on the table; on the indexes where it says so):
//
//	LookUp, Event, Attendee, Blocked, KnownOrganizer
//	                                           dynamodb:GetItem
//	LookUpAny, Statistics, Overview, OrganizerStatistics, SystemStatistics, SystemDays, Organizers, CountOrganizers, Attendees, Proposals, Guests
//	                                           dynamodb:Query
//	OrganizerEvents, SystemEvents              dynamodb:Query on the index of that name
//	Registration, Standing, Standings, Gather, Answering, Overviews, Organizers
//	                                           dynamodb:BatchGetItem
//	CreateEvent                                dynamodb:PutItem, dynamodb:UpdateItem (a transaction)
//	Revise                                     dynamodb:PutItem, dynamodb:UpdateItem (a transaction), dynamodb:Query
//	Note, PutProposal, PutGuest, UseOnce
//	                                           dynamodb:PutItem
//	Invite, InviteBatch                        dynamodb:PutItem, dynamodb:UpdateItem (a transaction), dynamodb:Query (allowances),
//	                                           dynamodb:GetItem (only where an emulator does not return the item in the way)
//	Amend, RecordAnswer                        dynamodb:PutItem, dynamodb:UpdateItem (a transaction)
//	MarkInvited, MarkUpdated                   dynamodb:PartiQLUpdate
//	MarkSent, NoteInviteLimit, ClaimAnswer, MarkAnswered, Take, PutWork
//	                                           dynamodb:UpdateItem
//	SetStanding                                dynamodb:UpdateItem, dynamodb:PutItem, dynamodb:DeleteItem
//	Subscribe                                  dynamodb:UpdateItem, dynamodb:PutItem, dynamodb:GetItem (as with Invite)
//	SetBlock                                   dynamodb:BatchGetItem, dynamodb:GetItem, dynamodb:PutItem, dynamodb:DeleteItem,
//	                                           dynamodb:UpdateItem (a transaction)
//
// IAM has no action for TransactWriteItems: it needs those of the writes in it.
package ddbstore

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/guregu/dynamo/v2"
	"github.com/guregu/dynamo/v2/dynamodbiface"

	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/notify"
)

// Store keeps the records. It is safe for use by several goroutines.
type Store struct {
	db    *dynamo.DB
	table dynamo.Table
	api   *dynamodb.Client // for what the library has not: statements
}

var (
	_ invite.Store  = (*Store)(nil)
	_ notify.Claims = (*Store)(nil)
)

// New returns a Store on the table.
func New(cfg aws.Config, table string) *Store {
	api := dynamodb.NewFromConfig(cfg)
	db := dynamo.NewFromIface(client{api})
	return &Store{db: db, table: db.Table(table), api: api}
}

// client asks DynamoDB to return the item that failed a condition, so that what is in the way needs no second read. A single write that
// meets a transaction on its item is tried again, which the SDK does not do.
type client struct{ dynamodbiface.DynamoDBAPI }

func (c client) PutItem(ctx context.Context, in *dynamodb.PutItemInput, options ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	in.ReturnValuesOnConditionCheckFailure = types.ReturnValuesOnConditionCheckFailureAllOld
	return patiently(ctx, func() (*dynamodb.PutItemOutput, error) { return c.DynamoDBAPI.PutItem(ctx, in, options...) })
}

func (c client) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, options ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	in.ReturnValuesOnConditionCheckFailure = types.ReturnValuesOnConditionCheckFailureAllOld
	return patiently(ctx, func() (*dynamodb.UpdateItemOutput, error) { return c.DynamoDBAPI.UpdateItem(ctx, in, options...) })
}

func (c client) DeleteItem(ctx context.Context, in *dynamodb.DeleteItemInput, options ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error) {
	return patiently(ctx, func() (*dynamodb.DeleteItemOutput, error) { return c.DynamoDBAPI.DeleteItem(ctx, in, options...) })
}

func (c client) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, options ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	for _, item := range in.TransactItems {
		switch {
		case item.Put != nil:
			item.Put.ReturnValuesOnConditionCheckFailure = types.ReturnValuesOnConditionCheckFailureAllOld
		case item.Update != nil:
			item.Update.ReturnValuesOnConditionCheckFailure = types.ReturnValuesOnConditionCheckFailureAllOld
		}
	}
	return c.DynamoDBAPI.TransactWriteItems(ctx, in, options...)
}

// get reads one item, consistently; nil when there is none.
func (s *Store) get(ctx context.Context, k key) (dynamo.Item, error) {
	var item dynamo.Item
	err := s.table.Get(attrPK, k.pk).Range(attrSK, dynamo.Equal, k.sk).Consistent(true).One(ctx, &item)
	if errors.Is(err, dynamo.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, translate("read", err)
	}
	return item, nil
}

// batch reads items, consistently, in one call; those that are absent are not in the map.
func (s *Store) batch(ctx context.Context, keys ...key) (map[key]dynamo.Item, error) {
	asked := map[key]bool{}
	var keyed []dynamo.Keyed
	for _, k := range keys {
		if !asked[k] {
			asked[k] = true
			keyed = append(keyed, dynamo.Keys{k.pk, k.sk})
		}
	}
	found := make(map[key]dynamo.Item, len(keyed))
	iter := s.table.Batch(attrPK, attrSK).Get(keyed...).Consistent(true).Iter()
	for {
		var item dynamo.Item
		if !iter.Next(ctx, &item) {
			break
		}
		found[key{textOf(item, attrPK), textOf(item, attrSK)}] = item
	}
	if err := iter.Err(); err != nil && !errors.Is(err, dynamo.ErrNotFound) {
		return nil, translate("read", err)
	}
	return found, nil
}

// query reads all items of a partition whose sort keys lie between from and to.
func (s *Store) query(ctx context.Context, pk, from, to string) ([]dynamo.Item, error) {
	var items []dynamo.Item
	err := s.table.Get(attrPK, pk).Range(attrSK, dynamo.Between, from, to).Consistent(true).All(ctx, &items)
	if err != nil && !errors.Is(err, dynamo.ErrNotFound) {
		return nil, translate("query", err)
	}
	return items, nil
}

func (s *Store) update(k key) *dynamo.Update { return s.table.Update(attrPK, k.pk).Range(attrSK, k.sk) }
