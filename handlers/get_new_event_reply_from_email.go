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
	"github.com/calendarinvite/calendarinviteserver/internal/seal"
)

// ReplyRead is what a mail to rsvp@ says; it runs through the workflow event-reply.
type ReplyRead struct {
	invite.Incoming
	Mail   invite.Mail   `json:"mail"`
	Sender Correspondent `json:"sender"`
}

// getNewEventReplyFromEmail reads a mail to rsvp@: answers, a proposal, a calendar that asks for the event again, or a question in
// words. Whose it is, and about which event, say the sealed tokens in the UIDs.
func getNewEventReplyFromEmail(ctx context.Context, a *app.App) any {
	policy := mailauth.Policy{OwnAddresses: a.OwnAddresses()}
	blobs, keys := a.Blobs(), a.Keys(ctx)
	return asStep(a, func(ctx context.Context, mail invite.Mail) (ReplyRead, error) {
		raw, err := blobs.Get(ctx, mail.Bucket, mail.Key)
		if err != nil {
			return ReplyRead{}, err
		}
		read := readReply(policy, keys, mail, raw)
		if read.Action == invite.IncomingIgnore {
			a.Log.Note(ctx, maillog.Ignored, slog.String("message_id", mail.MessageID), slog.String("reason", read.Reason), maillog.Address("source", mail.Source))
		}
		return read, nil
	})
}

func readReply(policy mailauth.Policy, keys *seal.Keys, mail invite.Mail, raw []byte) ReplyRead {
	message, err := imip.Read(raw, imip.Limits{})
	if err != nil {
		return ReplyRead{Incoming: invite.Incoming{Action: invite.IncomingIgnore, Reason: fault.ReasonOf(err)}, Mail: mail}
	}
	message.NullReturnPath = message.NullReturnPath || mail.Source == ""
	judged := mailauth.Judge(mail.Verdicts, message, policy)
	return ReplyRead{
		Incoming: invite.ReadReply(mail, message, judged, keys),
		Mail:     mail,
		Sender:   Correspondent{Email: judged.Person, Answer: judged.Answer, MessageID: message.MessageID, Subject: message.Subject},
	}
}
