package handlers

import (
	"context"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/notify"
)

// once sends what answers a guest's mail at most once for each mail, and not without end to one address (RFC 3834 §2).
type once struct {
	claims notify.Claims
	cap    int // answers per address and day
}

func newOnce(a *app.App) once { return once{claims: a.Store(), cap: a.Settings.Count("ANSWER_CAP")} }

// do runs answer unless the mail has been answered or the address has had its share.
func (o once) do(ctx context.Context, address string, mail invite.Mail, answer func() error) (notify.Claim, error) {
	day := time.Unix(mail.Received, 0).UTC().Format(time.DateOnly)
	claim, err := o.claims.ClaimAnswer(ctx, address, day, mail.MessageID, o.cap)
	if err != nil || claim != notify.Claimed {
		return claim, err
	}
	if err := answer(); err != nil {
		return claim, err
	}
	return claim, o.claims.MarkAnswered(ctx, address, day, mail.MessageID)
}
