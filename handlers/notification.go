package handlers

import (
	"context"
	"log/slog"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/maillog"
	"github.com/calendarinvite/calendarinviteserver/internal/notify"
)

// tell sends the notification about an organizer's mail to the person who wrote it, if an answer may go there.
func tell(ctx context.Context, a *app.App, notifier *notify.Notifier, read RequestRead, what notify.Notification) (notify.Told, error) {
	if !read.Sender.Answer || read.Sender.Email == "" {
		a.Log.Note(ctx, maillog.Silent, slog.String("message_id", read.Mail.MessageID), slog.String("reason", "no-answer-to-this-mail"))
		return notify.Told{Claim: notify.Done}, nil
	}
	answered := read.Mail.MessageID
	if read.Mail.Confirmed { // the question whether it is theirs was the mail's own answer; this one answers the click
		answered += "-confirmed"
	}
	return send(ctx, a, notifier, notify.Answer{
		To:        read.Sender.Email,
		MessageID: answered,
		InReplyTo: read.Sender.MessageID,
		Auto:      "auto-replied",
		Received:  time.Unix(read.Mail.Received, 0),
		Tell:      what,
	})
}

func send(ctx context.Context, a *app.App, notifier *notify.Notifier, answer notify.Answer) (notify.Told, error) {
	told, err := notifier.Notify(ctx, answer)
	if err != nil {
		return told, err
	}
	for _, notice := range told.Notices {
		a.Log.Note(ctx, maillog.Fallback, slog.String("notice", maillog.MaskText(notice)))
	}
	happened := maillog.Notified
	if told.Claim != notify.Claimed {
		happened = maillog.Silent
	}
	a.Log.Note(ctx, happened, slog.String("message_id", answer.MessageID), slog.String("kind", string(answer.Tell.Kind())),
		slog.String("claim", string(told.Claim)), maillog.Address("to", answer.To), slog.String("ses_message_id", told.SESMessageID))
	return told, nil
}
