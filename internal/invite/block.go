package invite

// Block is an attendee's wish to get nothing more from an organizer (spec §7).
type Block struct {
	Attendee  string
	Organizer Organizer // whose counts it moves; the block itself holds for the address, whatever the tenant
	UID       string    // of the event whose mail it came from; "" when unknown
	By        string    // how: ByLink, ByMail, ByComplaint
	At        int64
}

// How a block came.
const (
	ByLink      = "link"
	ByMail      = "mail"
	ByComplaint = "complaint"
)
