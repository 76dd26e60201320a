package handlers

import (
	"context"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/notify"
)

// notifyOrganizerOfSuccessfulEnrollment welcomes an organizer whose order made a subscription.
func notifyOrganizerOfSuccessfulEnrollment(_ context.Context, a *app.App) any {
	notifier := a.Notifier()
	return asStep(a, func(ctx context.Context, done EnrollmentDone) (notify.Told, error) {
		s := done.Subscription
		return send(ctx, a, notifier, notify.Answer{
			To:        done.Organizer.Email,
			MessageID: executionName("order", s.OrderID, done.Organizer.Tenant, done.Organizer.Email),
			Auto:      "auto-generated",
			Received:  time.Unix(s.Created, 0),
			Tell:      notify.Enrollment{Mailto: done.Organizer.Email, Product: s.Product, Order: s.Order},
		})
	})
}
