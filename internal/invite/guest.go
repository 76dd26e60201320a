package invite

// Guest is somebody to whom an invitation was forwarded, and whose answer waits for the organizer (FORWARDED_GUESTS=hold).
type Guest struct {
	UID     string     `json:"uid"` // of the event
	Email   string     `json:"email"`
	Name    string     `json:"name,omitempty"`
	Reply   Reply      `json:"reply"`   // the answer, to be given again when the guest is admitted
	State   GuestState `json:"state"`   // held, admitted, refused
	Updated int64      `json:"updated"` // seconds since 1970
}

// GuestState says what the organizer made of a forwarded guest.
type GuestState string

// The states.
const (
	GuestHeld     GuestState = "held"
	GuestAdmitted GuestState = "admitted"
	GuestRefused  GuestState = "refused"
)
