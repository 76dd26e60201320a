package invite

// DefaultTenant is the tenant that is there from the start. Its records have the keys of spec §8 as they stand there; those of other
// tenants carry the tenant's name where one organizer could be known to several tenants.
const DefaultTenant = "default"

// Organizer is an organizer as one tenant knows them. The same person at another tenant is another organizer: with events, limits,
// standings and counts of their own. Only blocks hold everywhere, because it is the person who is blocked.
type Organizer struct {
	Tenant string `json:"tenant"`
	Email  string `json:"email"` // lower-case
}

// Owner is the organizer whom the event belongs to.
func (e Event) Owner() Organizer { return Organizer{Tenant: e.Tenant, Email: e.MailTo} }

// owner is the organizer who sent the request.
func (r Request) owner() Organizer { return Organizer{Tenant: r.Tenant, Email: r.MailTo} }

// owner is the organizer whom the attendee's event belongs to.
func (a Attendee) owner() Organizer { return Organizer{Tenant: a.Tenant, Email: a.MailTo} }

// Standings are what an organizer was granted, or denied.
type Standings struct {
	Subscription *SubscriptionRecord // nil without one
	Suspended    int64               // since when, seconds since 1970; 0 = not
	Bulk         int64               // likewise: since when lists may be sent
}

// OrganizerEntry is an organizer in the list of them.
type OrganizerEntry struct {
	Email     string
	Name      string // in the newest event; may be empty
	LastEvent int64  // when that was made; 0 = none was
	Events    int
	Invites   int
	Standings Standings
}

// SubscriptionRecord is what lifts an organizer's event limit.
type SubscriptionRecord struct {
	Created   int64  `json:"created"`
	Product   string `json:"product,omitempty"` // as the shop names it
	ProductID string `json:"product_id,omitempty"`
	Order     string `json:"order,omitempty"` // the order's number
	OrderID   string `json:"order_id,omitempty"`
	Purchaser string `json:"purchaser,omitempty"` // the address that bought it
}
