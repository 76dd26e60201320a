package handlers

import (
	"context"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/imip"
	"github.com/calendarinvite/calendarinviteserver/internal/notify"
)

// notifyOrganizerOfFailedBulkInvites tells the sender of a list why it cannot be used and what to do.
func notifyOrganizerOfFailedBulkInvites(_ context.Context, a *app.App) any {
	notifier := a.Notifier()
	return asStep(a, func(ctx context.Context, read BulkRead) (notify.Told, error) {
		about := read.File
		if about == "" {
			about = read.Sender.Subject
		}
		return send(ctx, a, notifier, notify.Answer{
			To: read.Sender.Email, MessageID: read.Mail.MessageID, InReplyTo: read.Sender.MessageID, Auto: imip.AutoReplied,
			Received: time.Unix(read.Mail.Received, 0),
			Tell:     notify.BulkFailed{Mailto: read.Sender.Email, Summary: about, Reason: read.Reason, Public: read.Public},
		})
	})
}
