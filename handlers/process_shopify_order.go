package handlers

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/calendarinvite/calendarinviteserver/internal/api"
	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/maillog"
	"github.com/calendarinvite/calendarinviteserver/internal/order"
)

// EnrollmentDone is the data of the workflow enrollment.
type EnrollmentDone struct {
	Organizer    invite.Organizer          `json:"organizer"`
	Subscription invite.SubscriptionRecord `json:"subscription"`
}

// processShopifyOrder answers POST /order, Shopify's webhook for orders that were paid: every line item enrolls an organizer. Who has
// a subscription keeps it as it is, and gets no second mail. Shopify sends an order again until it is answered with 200.
func processShopifyOrder(ctx context.Context, a *app.App) any {
	service, flows := a.Editor(), a.Flows()
	workflow, tenant := a.Settings.Text("ENROLLMENT_WORKFLOW"), a.Settings.Text("TENANT")
	secret := a.Secret(ctx, "SHOPIFY_SECRET")
	return asRoute(a, func(ctx context.Context, request api.Request) (api.Response, error) {
		body, err := api.Body(request)
		if err != nil {
			return api.Response{}, err
		}
		if !order.Verify(string(secret), api.Header(request, order.SignatureHeader), body) {
			a.Log.Note(ctx, maillog.Refused, slog.String("reason", "signature"))
			return api.JSON(http.StatusUnauthorized, api.Message{Message: "The signature is missing or wrong."}), nil
		}
		bought, err := order.Read(body)
		if err != nil {
			return api.Response{}, err
		}
		for _, item := range bought {
			organizer := invite.Organizer{Tenant: tenant, Email: item.Organizer}
			enrolled, err := service.Enroll(ctx, organizer, invite.SubscriptionRecord{
				Product: item.Product, ProductID: item.ProductID, Order: item.Order, OrderID: item.OrderID, Purchaser: item.Purchaser,
			})
			if err != nil {
				return api.Response{}, err
			}
			a.Log.Note(ctx, maillog.Enrolled, slog.String("result", enrolled.Result), slog.String("order", item.Order), maillog.Address("organizer", organizer.Email))
			if enrolled.Result == invite.EnrolledBefore {
				continue
			}
			done := EnrollmentDone{Organizer: organizer, Subscription: enrolled.Subscription}
			if err := flows.Start(ctx, workflow, executionName("order", item.OrderID, organizer.Tenant, organizer.Email), done); err != nil {
				return api.Response{}, err
			}
		}
		if len(bought) == 0 {
			return api.Response{}, fault.New(fault.NotFound, "empty-order", "The order holds nothing to enroll for.")
		}
		return api.JSON(http.StatusOK, api.Message{Message: "Acknowledged"}), nil
	})
}
