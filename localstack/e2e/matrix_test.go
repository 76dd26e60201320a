package e2e

import (
	"github.com/calendarinvite/calendarinviteserver/localstack/stack"
	"github.com/calendarinvite/calendarinviteserver/localstack/wiring"
)

// acme is a second tenant, with a mail domain and keys of its own.
const (
	acmeKey      = "local-acme-key"
	acmeAdminKey = "local-acme-admin"
	acmeCreate   = "create@acme.localhost"
)

func withAcme(cfg *stack.Config) {
	cfg.Tenants = map[string]wiring.Tenant{
		"acme": {Domain: "acme.localhost", Keys: []wiring.Key{{Name: "acme-key"}, {Name: "acme-admin", Admin: true}}},
	}
}
