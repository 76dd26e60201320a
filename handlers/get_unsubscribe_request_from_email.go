package handlers

import (
	"context"
	"log/slog"

	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/imip"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/mailauth"
	"github.com/calendarinvite/calendarinviteserver/internal/maillog"
	"github.com/calendarinvite/calendarinviteserver/internal/suppress"
)

// UnsubscribeDone is what became of a mail to unsubscribe@.
type UnsubscribeDone struct {
	Result string `json:"result"`           // blocked, ignored
	Reason string `json:"reason,omitempty"` // why it is ignored
}

// getUnsubscribeRequestFromEmail reads a mail to unsubscribe@ and blocks the organizer whom its sealed token names, for the address that
// it names. A mail that asks for nothing is an answer, not an error.
func getUnsubscribeRequestFromEmail(ctx context.Context, a *app.App) any {
	policy := mailauth.Policy{OwnAddresses: a.OwnAddresses()}
	blobs, store, facts, keys := a.Blobs(), a.Store(), a.Facts(), a.Keys(ctx)
	return asStep(a, func(ctx context.Context, mail invite.Mail) (UnsubscribeDone, error) {
		raw, err := blobs.Get(ctx, mail.Bucket, mail.Key)
		if err != nil {
			return UnsubscribeDone{}, err
		}
		about, err := readUnsubscribe(mail, raw, func(m *imip.Message) (suppress.Subscription, error) {
			return suppress.FromMail(m, mailauth.Judge(mail.Verdicts, m, policy), keys)
		})
		var done suppress.Blocked
		if err == nil {
			done, err = suppress.Apply(ctx, store, facts, about, suppress.Block, mail.Received)
		}
		if err != nil && !fault.KindOf(err).Permanent() {
			return UnsubscribeDone{}, err
		}
		if err != nil {
			a.Log.Note(ctx, maillog.Ignored, slog.String("message_id", mail.MessageID), slog.String("reason", fault.ReasonOf(err)), maillog.Address("source", mail.Source))
			return UnsubscribeDone{Result: "ignored", Reason: fault.ReasonOf(err)}, nil
		}
		a.Log.Note(ctx, maillog.Blocked, slog.String("message_id", mail.MessageID), slog.Bool("blocked", true),
			maillog.Address("attendee", done.Attendee), maillog.Address("organizer", done.Organizer))
		return UnsubscribeDone{Result: "blocked"}, nil
	})
}

func readUnsubscribe(mail invite.Mail, raw []byte, read func(*imip.Message) (suppress.Subscription, error)) (suppress.Subscription, error) {
	message, err := imip.Read(raw, imip.Limits{})
	if err != nil {
		return suppress.Subscription{}, err
	}
	message.NullReturnPath = message.NullReturnPath || mail.Source == ""
	return read(message)
}
