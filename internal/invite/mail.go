package invite

import "github.com/calendarinvite/calendarinviteserver/internal/mailauth"

// Mail is a received message as its mailbox's workflow gets it: where it lies and what SES says about it. The step receive-mail
// makes it of the SES event; nothing in it comes from the message's own text.
type Mail struct {
	MessageID  string            `json:"message_id"` // SES's, lower-case; also the execution's name and a new event's uid
	Bucket     string            `json:"bucket"`
	Key        string            `json:"key"`
	Mailbox    string            `json:"mailbox"` // name of the mailbox in wiring.yaml, such as "create"
	Tenant     string            `json:"tenant"`
	Domain     string            `json:"domain"`     // the domain it was mailed to
	Recipients []string          `json:"recipients"` // envelope recipients
	Source     string            `json:"source"`     // envelope sender; empty for a null return path
	Verdicts   mailauth.Verdicts `json:"verdicts"`
	Received   int64             `json:"received"`            // seconds since 1970
	Confirmed  bool              `json:"confirmed,omitempty"` // the organizer confirmed a held mail by its link
}
