package notify

import (
	"context"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/imip"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

// Claim is what became of the wish to answer somebody.
type Claim string

// The claims.
const (
	Claimed Claim = "claimed" // send it, then mark it; also when an earlier run claimed it and may not have sent it
	Done    Claim = "done"    // the message has been answered
	Capped  Claim = "capped"  // the address has had its answers of the day
)

// Claims keeps account of answers, so that a message is answered at most once and nobody is flooded (RFC 3834 §2, field rule 44).
type Claims interface {
	// ClaimAnswer asks to answer the message of the day (2006-01-02, and an account of its own may follow). It answers the same again until
	// MarkAnswered.
	ClaimAnswer(ctx context.Context, address, day, messageID string, dailyCap int) (Claim, error)
	// MarkAnswered notes that the answer left.
	MarkAnswered(ctx context.Context, address, day, messageID string) error
}

// Notifier writes notifications and sends them, each at most once per message that it answers.
type Notifier struct {
	Writer *Writer
	Claims Claims
	Mailer invite.Mailer
	Sender imip.Address // From
	Cap    int          // answers per address and day: those that guests cause have an account of their own
}

// Answer is a notification and what it answers.
type Answer struct {
	To         string // address
	MessageID  string // the key of "at most once": SES's id of the mail, or the execution's name where no mail is answered
	InReplyTo  string // Message-ID header of the mail; empty when it had none
	Auto       string // Auto-Submitted: "auto-replied" to a mail, "auto-generated" otherwise (RFC 3834 §5)
	Received   time.Time
	Tell       Notification
	References string // an own stable id that keeps the mails about one event together; may be empty

	ReplyTo     imip.Address // where a reply goes; empty = to the sender
	Attachments []imip.Attachment
}

// Told is what became of a notification.
type Told struct {
	Claim        Claim    `json:"claim"`
	SESMessageID string   `json:"ses_message_id,omitempty"`
	Notices      []string `json:"notices,omitempty"` // what was wrong with a template override
}

// Notify sends the notification unless the message has been answered or the address has had its share. Run again after a crash
// it sends what may not have been sent.
func (n *Notifier) Notify(ctx context.Context, a Answer) (Told, error) {
	day := a.Received.UTC().Format(time.DateOnly) + a.Tell.Kind().account()
	claim, err := n.Claims.ClaimAnswer(ctx, a.To, day, a.MessageID, n.Cap)
	if err != nil || claim != Claimed {
		return Told{Claim: claim}, err
	}
	written, err := n.Writer.Write(ctx, a.Tell)
	if err != nil {
		return Told{}, err
	}
	raw, err := imip.ComposeMail(imip.Mail{
		From:          n.Sender,
		To:            imip.Address{Email: a.To},
		ReplyTo:       a.ReplyTo,
		Subject:       written.Subject,
		Text:          written.Text,
		HTML:          written.HTML,
		InReplyTo:     a.InReplyTo,
		References:    references(a),
		AutoSubmitted: a.Auto,
		Attachments:   a.Attachments,
		Date:          a.Received,
	})
	if err != nil {
		return Told{}, err
	}
	id, err := n.Mailer.Send(ctx, invite.Outgoing{From: n.Sender.Email, To: a.To, Raw: raw, Tags: map[string]string{"notification": string(written.Kind)}})
	if err != nil {
		return Told{}, err
	}
	return Told{Claim: Claimed, SESMessageID: id, Notices: written.Notices}, n.Claims.MarkAnswered(ctx, a.To, day, a.MessageID)
}

func references(a Answer) []string {
	var ids []string
	for _, id := range []string{a.References, a.InReplyTo} {
		if id != "" {
			ids = append(ids, id)
		}
	}
	return ids
}
