package invite

// Guest is somebody who answered without being invited, mostly by an invitation that was forwarded to them, and whose answer waits for the
// organizer (FORWARDED_GUESTS=hold).
type Guest struct {
	UID     string     `json:"uid"` // of the event
	Email   string     `json:"email"`
	Name    string     `json:"name,omitempty"`
	Reply   Reply      `json:"reply"`   // the answer, to be given again when the guest is admitted
	State   GuestState `json:"state"`   // held, admitted, refused
	Updated int64      `json:"updated"` // seconds since 1970
}

// GuestState says what the organizer made of such a guest.
type GuestState string

// The states.
const (
	GuestHeld     GuestState = "held"
	GuestAdmitted GuestState = "admitted"
	GuestRefused  GuestState = "refused"
)
