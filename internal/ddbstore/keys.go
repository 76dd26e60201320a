package ddbstore

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"

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

// Prefixes of the sort keys of an event's lists. None of them lies between the event's own sort key and those of its statistics.
const (
	attendeePrefix = "attendee#"
	guestPrefix    = "guest#"
	proposalPrefix = "proposal#"
)

func attendeeKey(uid, email string) key { return key{"event#" + uid, attendeePrefix + email} }

func guestKey(uid, email string) key { return key{"event#" + uid, guestPrefix + email} }

// proposalKey is a guest's proposal for the whole event, or for one instance.
func proposalKey(uid, email, instance string) key {
	k := key{"event#" + uid, proposalPrefix + email}
	if instance != "" {
		k.sk += "#" + instanceName(instance)
	}
	return k
}

// maxInstanceName is the longest name of an instance that stands in a sort key as it is: 20260408T090000Z has 16 octets.
const maxInstanceName = 32

// instanceName is the instance's key, or the hash of one that somebody's calendar made up.
func instanceName(instance string) string {
	plain := len(instance) <= maxInstanceName
	for _, c := range []byte(instance) {
		plain = plain && (c >= '0' && c <= '9' || c >= 'A' && c <= 'Z')
	}
	if plain {
		return instance
	}
	sum := sha256.Sum256([]byte(instance))
	return "sha256-" + hex.EncodeToString(sum[:16])
}

// tenantOf is the tenant's name; records made before there were several have none.
func tenantOf(tenant string) string {
	if tenant == "" {
		return invite.DefaultTenant
	}
	return tenant
}

// scope is what the sort keys of a tenant's records carry after the address: nothing at the default tenant (spec §8), else its name.
func scope(tenant string) string {
	if tenantOf(tenant) == invite.DefaultTenant {
		return ""
	}
	_, err := strconv.Atoi(tenant[strings.LastIndexByte(tenant, '.')+1:])
	if err == nil || strings.HasPrefix(tenant, "~") {
		tenant = "~" + tenant // a tenant called 3, or a.3, has other counters than shard 3 of the default tenant, or of a
	}
	return "#" + tenant
}

func lookUpKey(o invite.Organizer, originalUID string) key {
	return key{"original_event#" + itip.UIDKey(originalUID), "original_event#" + o.Email + scope(o.Tenant)}
}

// blockKey is the same at all tenants: it is the person who is blocked.
func blockKey(attendee, organizer string) key {
	return key{"attendee#" + attendee, "block#" + organizer}
}

func standingKey(o invite.Organizer, kind invite.StandingKind) key {
	return key{"organizer#" + o.Email, string(kind) + "#" + o.Email + scope(o.Tenant)}
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

// The sort keys of an event's days and of the work for it follow those of its statistics, so that one Query reads an overview.
const (
	eventDays  = "event_timeline#"
	eventWorks = "event_work#"
	afterWorks = "event_work$"
)

// eventDay is what a shard counts of one day of the event.
func eventDay(uid, date string, shard int) key {
	return key{"event#" + uid, eventDays + date + "#" + strconv.Itoa(shard)}
}

// workKey is a work's; they lie in the order of their starts.
func workKey(w invite.Work) key {
	return key{"event#" + w.UID, fmt.Sprintf("%s%011d#%s", eventWorks, w.Started, w.Kind)}
}

// systemDay is what a shard counts of one day of the tenant.
func systemDay(tenant, date string, shard int) key {
	return key{"system#", systemDays(tenant) + date + "#" + strconv.Itoa(shard)}
}

// systemDays is the prefix of the sort keys of the tenant's days. No name of a tenant makes it that of another.
func systemDays(tenant string) string {
	if tenantOf(tenant) == invite.DefaultTenant {
		return "system_day#"
	}
	return "system_day@" + tenant + "#"
}

// organizerEntryKey is the organizer's place in the list of the tenant's organizers.
func organizerEntryKey(o invite.Organizer) key {
	return key{"organizers#" + tenantOf(o.Tenant), o.Email}
}

// organizerTotal is the organizer's count of events: one item, so that the event limit is exact.
func organizerTotal(o invite.Organizer) key {
	return key{"organizer#" + o.Email, "organizer_statistics#" + o.Email + scope(o.Tenant)}
}

func organizerShard(o invite.Organizer, shard int) key {
	k := organizerTotal(o)
	k.sk += shardName(o.Tenant, shard)
	return k
}

func systemShard(tenant string, shard int) key {
	return key{"system#", "system_statistics" + scope(tenant) + shardName(tenant, shard)}
}

// shardName ends the sort keys of a tenant's shards: #3 at the default tenant, .3 after the name of any other.
func shardName(tenant string, shard int) string {
	if scope(tenant) == "" {
		return "#" + strconv.Itoa(shard)
	}
	return "." + strconv.Itoa(shard)
}

// minCapShare is the least that a shard of a cap's counter may allow; a smaller cap is one item.
const minCapShare = 64

// capKey is the counter of a cap for what the attendee's address falls to, and how much that counter allows.
func capKey(c invite.Cap, email string) (key, int) {
	k := wholeCapKey(c)
	if c.Limit < Shards*minCapShare {
		return k, c.Limit
	}
	shard := shardOf(email)
	k.sk += "#" + strconv.Itoa(shard)
	return k, share(c.Limit, shard)
}

// wholeCapKey is the counter of a cap that is not shared out.
func wholeCapKey(c invite.Cap) key {
	sum := sha256.Sum256([]byte(c.Key))
	return key{"cap#" + c.Name + "#" + hex.EncodeToString(sum[:16]), "cap#" + strconv.FormatInt(c.Window, 10)}
}

// usedKey is the note that a token was used.
func usedKey(token string) key {
	sum := sha256.Sum256([]byte(token))
	name := "used#" + hex.EncodeToString(sum[:16])
	return key{name, name}
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
