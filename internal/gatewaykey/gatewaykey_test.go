package gatewaykey_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/internal/api"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/gatewaykey"
)

func TestOwner(t *testing.T) {
	for _, test := range []struct {
		name, key string
		status    int
		body      string
		want      api.Caller
		kind      fault.Kind
	}{
		{"an administrator's", "k", 200, `{"tenant":"default","admin":true}`, api.Caller{Tenant: "default", Admin: true}, ""},
		{"somebody's", "k", 200, `{"tenant":"acme","admin":false}`, api.Caller{Tenant: "acme"}, ""},
		{"nobody's", "k", 403, `{"message":"Forbidden"}`, api.Caller{}, fault.NotAuthorized},
		{"used up", "k", 429, `{}`, api.Caller{}, fault.Throttled},
		{"trouble", "k", 500, `{}`, api.Caller{}, fault.Unavailable},
		{"no answer", "k", 200, `{`, api.Caller{}, fault.Unavailable},
		{"a header too many", "k\r\nX-Evil: 1", 200, `{"admin":true}`, api.Caller{}, fault.NotAuthorized},
		{"too long", strings.Repeat("k", 129), 200, `{"admin":true}`, api.Caller{}, fault.NotAuthorized},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != gatewaykey.Route || r.Header.Get("X-Api-Key") != test.key {
					t.Errorf("%s with key %q", r.URL, r.Header.Get("X-Api-Key"))
				}
				w.WriteHeader(test.status)
				_, _ = w.Write([]byte(test.body))
			}))
			defer server.Close()
			got, err := gatewaykey.Owners{API: server.URL}.Owner(t.Context(), test.key)
			if got != test.want || fault.KindOf(err) != test.kind && (err != nil || test.kind != "") {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
	if _, err := (gatewaykey.Owners{API: "http://127.0.0.1:1"}).Owner(t.Context(), "k"); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("nobody there: %v", err)
	}
}
