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

// Actions of a ReplyRead.
const (
	actionReply  = "reply"
	actionIgnore = "ignore"
)

// ReplyRead is what a mail to rsvp@ says; it runs through the workflow event-reply.
type ReplyRead struct {
	Action  string         `json:"action"`           // reply or ignore
	Reason  string         `json:"reason,omitempty"` // why it is ignored
	Mail    invite.Mail    `json:"mail"`
	Replies []invite.Reply `json:"replies,omitempty"` // one per instance that the mail answers
}

// getNewEventReplyFromEmail reads a mail to rsvp@ and attributes the answers in it by the sealed tokens in their UIDs.
func getNewEventReplyFromEmail(ctx context.Context, a *app.App) any {
	policy := mailauth.Policy{OwnAddresses: a.OwnAddresses()}
	blobs, keys := a.Blobs(), a.Keys(ctx)

	return asStep(a, func(ctx context.Context, mail invite.Mail) (ReplyRead, error) {
		raw, err := blobs.Get(ctx, mail.Bucket, mail.Key)
		if err != nil {
			return ReplyRead{}, err
		}
		read := readReply(policy, keys, mail, raw)
		if read.Action == actionIgnore {
			a.Log.Note(ctx, maillog.Ignored, slog.String("message_id", mail.MessageID), slog.String("reason", read.Reason), maillog.Address("source", mail.Source))
		}
		return read, nil
	})
}

func readReply(policy mailauth.Policy, keys *seal.Keys, mail invite.Mail, raw []byte) ReplyRead {
	ignore := func(reason string) ReplyRead { return ReplyRead{Action: actionIgnore, Reason: reason, Mail: mail} }
	message, err := imip.Read(raw, imip.Limits{})
	if err != nil {
		return ignore(fault.ReasonOf(err))
	}
	message.NullReturnPath = message.NullReturnPath || mail.Source == ""
	judged := mailauth.Judge(mail.Verdicts, message, policy)
	if !judged.Act {
		return ignore(judged.Reason)
	}
	part, err := message.Calendar()
	if err != nil {
		return ignore(fault.ReasonOf(err))
	}
	if part.Method != "REPLY" {
		return ignore("not-a-reply")
	}
	replies, err := invite.NewReplies(mail, message, part, judged, keys)
	if err != nil {
		return ignore(fault.ReasonOf(err))
	}
	return ReplyRead{Action: actionReply, Mail: mail, Replies: replies}
}
