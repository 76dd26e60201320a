package e2e

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/localstack/stack"
)

// webhook is somebody else's server that is told of facts.
type webhook struct{ server *httptest.Server }

func newWebhook(t *testing.T) *webhook {
	w := &webhook{}
	w.server = httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(w.server.Close)
	return w
}

func (w *webhook) subscribe(cfg *stack.Config) { cfg.Webhooks = map[string]string{"crm": w.server.URL} }
