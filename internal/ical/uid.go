package ical

import (
	"encoding/hex"
	"strings"
)

// exchangeUID is what every UID that Exchange makes begins with: the Byte Array ID of a Global Object ID (MS-OXOCAL
// §2.2.1.27).
const exchangeUID = "040000008200e00074c5b7101a82e008"

// vCalUID marks, in the data of a Global Object ID, the UID that another system gave the event (MS-OXCICAL §2.1.3.1.1.20.26).
const vCalUID = "vCal-Uid\x01\x00\x00\x00"

// UIDKey is a form in which UIDs that mean the same event are equal: in lower case and without space; of Exchange's, without
// the date of the instance (bytes 17 to 20); and where Exchange has wrapped the UID of another system, that UID.
func UIDKey(uid string) string {
	key := strings.ToLower(strings.Join(strings.Fields(uid), ""))
	if !strings.HasPrefix(key, exchangeUID) {
		return key
	}
	id, err := hex.DecodeString(key)
	if err != nil || len(id) < 40 {
		return key
	}
	// The data begin after the Byte Array ID (16), instance date (4), creation time (8), zeros (8) and size (4).
	if data := string(id[40:]); strings.HasPrefix(data, vCalUID) {
		if inner := strings.TrimRight(data[len(vCalUID):], "\x00"); inner != "" {
			return strings.ToLower(inner)
		}
	}
	clear(id[16:20])
	return hex.EncodeToString(id)
}
