package wiring

import (
	"net/url"
	"regexp"
)

const (
	// WebhookWorkflow is the workflow that tells a webhook of a fact.
	WebhookWorkflow = "webhook-delivery"
	// EventSource is the source of the system's own events.
	EventSource = "calendar-invite-server"

	webhookPrefix = "webhook-" // of rules and secrets
)

// Webhook is somebody else's address that is told of the system's facts.
type Webhook struct {
	URL   string   `yaml:"url"`
	Types []string `yaml:"types"` // detail-types of the events; none: all
}

// WebhookSecret is the name, in Secrets Manager, of the secret that a webhook's messages are signed with.
func (w *Wiring) WebhookSecret(name string) string { return w.Prefix() + "/" + webhookPrefix + name }

// webhookName keeps the rule's name within EventBridge's 64 characters, and the name free of what JSON would have to escape.
var webhookName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

// addWebhooks takes in webhooks from outside the file, and gives every webhook the rule that leads the system's events to it.
func (w *Wiring) addWebhooks(more map[string]string) error {
	for name, address := range more {
		if w.Webhooks == nil {
			w.Webhooks = make(map[string]Webhook)
		}
		w.Webhooks[name] = Webhook{URL: address}
	}
	for _, name := range sorted(w.Webhooks) {
		hook := w.Webhooks[name]
		if !webhookName.MatchString(name) {
			return errorf("webhooks: %q is no name of at most 40 small letters, digits and hyphens", name)
		}
		if u, err := url.Parse(hook.URL); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return errorf("webhooks: %s: %q is no URL", name, hook.URL)
		}
		if _, ok := w.Workflows[WebhookWorkflow]; !ok {
			return errorf("webhooks: %s: there is no workflow %s to deliver to it", name, WebhookWorkflow)
		}
		if _, ok := w.Rules[webhookPrefix+name]; ok {
			return errorf("webhooks: %s: there is a rule %s%s already", name, webhookPrefix, name)
		}
		if w.Rules == nil {
			w.Rules = make(map[string]Rule)
		}
		pattern := map[string]any{"source": []any{EventSource}}
		if len(hook.Types) > 0 {
			var types []any
			for _, t := range hook.Types {
				types = append(types, t)
			}
			pattern["detail-type"] = types
		}
		w.Rules[webhookPrefix+name] = Rule{
			Pattern: pattern, Workflow: WebhookWorkflow,
			Input: &Input{Paths: map[string]string{"fact": "$.detail"}, Template: `{"webhook":"` + name + `","fact":<fact>}`},
		}
	}
	return nil
}
