package handlers

import (
	"context"
	"encoding/json"
	"log/slog"

	"github.com/calendarinvite/calendarinviteserver/internal/app"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/maillog"
	"github.com/calendarinvite/calendarinviteserver/internal/webhook"
)

// WebhookDelivery is the data of the workflow webhook-delivery: a fact, and the webhook of wiring.yaml that is to have it.
type WebhookDelivery struct {
	Webhook string          `json:"webhook"`
	Fact    json.RawMessage `json:"fact"` // fact.Fact as it was published
}

// WebhookDelivered is the answer of deliver-webhook.
type WebhookDelivered struct {
	Webhook string `json:"webhook"`
	ID      string `json:"id"` // the fact's
}

// Webhook is where facts go (wiring.yaml, webhooks).
type Webhook struct {
	URL    string `json:"url"`
	Secret string `json:"secret"` // name of the secret that signs
}

// deliverWebhook sends one fact to one webhook, signed as Standard Webhooks says. The workflow repeats it until it is taken.
func deliverWebhook(_ context.Context, a *app.App) any {
	var webhooks map[string]Webhook
	a.Settings.JSON("WEBHOOKS", &webhooks)
	secrets, sender := a.Secrets(), webhook.NewSender()
	return asStep(a, func(ctx context.Context, in WebhookDelivery) (WebhookDelivered, error) {
		to, known := webhooks[in.Webhook]
		if !known {
			return WebhookDelivered{}, fault.New(fault.NotFound, "no-webhook", "There is no such webhook.")
		}
		var named struct {
			ID string `json:"id"`
		}
		if err := json.Unmarshal(in.Fact, &named); err != nil || named.ID == "" {
			return WebhookDelivered{}, fault.New(fault.InvalidRequest, "no-fact", "The data holds no fact.")
		}
		secret, err := secrets.Get(ctx, to.Secret)
		if err != nil {
			return WebhookDelivered{}, err
		}
		if err := sender.Send(ctx, to.URL, string(secret), named.ID, a.Now(), in.Fact); err != nil {
			return WebhookDelivered{}, err
		}
		a.Log.Note(ctx, maillog.Delivered, slog.String("webhook", in.Webhook), slog.String("fact", named.ID))
		return WebhookDelivered{Webhook: in.Webhook, ID: named.ID}, nil
	})
}
