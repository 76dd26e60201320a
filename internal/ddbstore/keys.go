package ddbstore

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"strconv"

	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/itip"
)

// Attributes that are not fields of a record.
const (
	attrPK  = "pk"
	attrSK  = "sk"
	attrTTL = "ttl" // seconds since 1970 when DynamoDB may delete the item
)

// key names an item of the table (spec §8).
type key struct{ pk, sk string }

func eventKey(uid string) key { return key{"event#" + uid, "event#" + uid} }

func attendeeKey(uid, email string) key { return key{"event#" + uid, attendeePrefix + email} }

// The sort keys of attendees lie between these.
const (
	attendeePrefix = "attendee#"
	afterAttendees = "attendee$"
)

func lookUpKey(mailto, originalUID string) key {
	return key{"original_event#" + itip.UIDKey(originalUID), "original_event#" + mailto}
}

func blockKey(attendee, organizer string) key {
	return key{"attendee#" + attendee, "block#" + organizer}
}

func standingKey(organizer string, kind invite.StandingKind) key {
	return key{"organizer#" + organizer, string(kind) + "#" + organizer}
}

// Shards is how many items share the counting of one set of statistics. An item takes about 500 transactional writes a second.
const Shards = 8

// shardOf is the shard that counts an attendee, or an event.
func shardOf(address string) int {
	h := fnv.New32a()
	h.Write([]byte(address))
	return int(h.Sum32() % Shards)
}

// The sort keys of an event's statistics lie between these.
const (
	statistics      = "event_statistics#"
	afterStatistics = "event_statistics$"
)

func eventShard(uid string, shard int) key {
	return key{"event#" + uid, statistics + uid + "#" + strconv.Itoa(shard)}
}

// organizerTotal is the organizer's count of events: one item, so that the event limit is exact.
func organizerTotal(mailto string) key {
	return key{"organizer#" + mailto, "organizer_statistics#" + mailto}
}

func organizerShard(mailto string, shard int) key {
	return key{"organizer#" + mailto, "organizer_statistics#" + mailto + "#" + strconv.Itoa(shard)}
}

func systemShard(shard int) key {
	return key{"system#", "system_statistics#" + strconv.Itoa(shard)}
}

// minCapShare is the least that a shard of a cap's counter may allow; a smaller cap is one item.
const minCapShare = 64

// capKey is the counter of a cap for what the attendee's address falls to, and how much that counter allows.
func capKey(c invite.Cap, email string) (key, int) {
	sum := sha256.Sum256([]byte(c.Key))
	k := key{"cap#" + c.Name + "#" + hex.EncodeToString(sum[:16]), "cap#" + strconv.FormatInt(c.Window, 10)}
	if c.Limit < Shards*minCapShare {
		return k, c.Limit
	}
	shard := shardOf(email)
	k.sk += "#" + strconv.Itoa(shard)
	return k, share(c.Limit, shard)
}

// share is what a shard gets of a number that is dealt out evenly.
func share(n, shard int) int {
	part := n / Shards
	if shard < n%Shards {
		part++
	}
	return part
}

func answersKey(address, day string) key {
	return key{"answers#" + address, fmt.Sprintf("answers#%s", day)}
}
