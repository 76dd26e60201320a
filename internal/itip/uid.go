package itip

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Exchange's GlobalObjectId as a UID (MS-OXCICAL, PidLidGlobalObjectId): 16 octets that say what it is, 4 that hold the date of an
// instance, then creation time, 8 reserved octets, the length of the data, and the data; all in hexadecimal.
const (
	exchangeClass    = "040000008200e00074c5b7101a82e008"
	instanceDate     = len(exchangeClass) // octets 17-20
	instanceDateEnd  = instanceDate + 8
	exchangeData     = 40 // octets before the data
	thirdPartyMarker = "vCal-Uid"
)

// maxUIDKey is the longest key that UIDKey returns: well within DynamoDB's 1024 octets for a sort key.
const maxUIDKey = 512

// UIDKey is the form of a UID to compare and to look up by: without space, which a bad fold leaves inside, lower-case (RFC 5545 says a UID is case-sensitive, but
// calendars change its case), and for Exchange's without the date of the instance, so that a message about one instance finds its
// series; another system's UID that Exchange wrapped is unwrapped (field rule 29). A very long one becomes its hash.
func UIDKey(uid string) string {
	key := strings.ToLower(strings.Join(strings.Fields(uid), ""))
	if inner, ok := exchangeUID(key); ok {
		key = inner
	}
	if len(key) > maxUIDKey {
		sum := sha256.Sum256([]byte(key))
		key = "sha256-" + hex.EncodeToString(sum[:])
	}
	return key
}

// SameUID reports whether two UIDs name the same event.
func SameUID(a, b string) bool { return UIDKey(a) == UIDKey(b) }

// exchangeUID canonicalises a lower-case GlobalObjectId; false when it is something else.
func exchangeUID(uid string) (string, bool) {
	if !strings.HasPrefix(uid, exchangeClass) || len(uid) < 2*exchangeData {
		return "", false
	}
	octets, err := hex.DecodeString(uid)
	if err != nil {
		return "", false
	}
	if data, found := bytes.CutPrefix(octets[exchangeData:], []byte(thirdPartyMarker)); found && len(data) > 4 {
		inner, _, _ := bytes.Cut(data[4:], []byte{0}) // after a version of 4 octets; ends with NUL (MS-OXCICAL 2.1.3.1.1.20.26)
		if len(inner) > 0 {
			return strings.ToLower(string(inner)), true
		}
	}
	return uid[:instanceDate] + "00000000" + uid[instanceDateEnd:], true
}
