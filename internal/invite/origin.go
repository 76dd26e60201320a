package invite

import "slices"

// Origins that mean something to the rules.
const (
	OriginAPI       = "api"  // the default
	OriginBulk      = "bulk" // needs the organizer's bulk permission
	OriginDashboard = "dashboard"
	OriginVIP       = "vip"    // likewise
	OriginTest      = "test"   // sends again
	OriginShared    = "shared" // was not invited by us
)

var origins = []string{
	OriginAPI, OriginBulk, "convertkit", OriginDashboard, "emailcta", "hubspot", "klaviyo", "klaviyocta", "landingpage", "mailchimpcta",
	"multievent", "sendgrid", "sendgridcta", OriginShared, "singlesend", OriginTest, OriginVIP, "webform", "wix", "wixv2", "zoho",
}

// KnownOrigin reports whether an invitation may name this origin (spec §4).
func KnownOrigin(origin string) bool { return slices.Contains(origins, origin) }

// needsPermission reports whether the organizer needs the bulk permission for the origin.
func needsPermission(origin string) bool { return origin == OriginBulk || origin == OriginVIP }
