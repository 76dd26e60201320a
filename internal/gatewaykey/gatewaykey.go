// Package gatewaykey finds out whose an API key is. Nobody but API Gateway knows the keys, so it asks the deployment's own API with the
// key: the route /dashboard/key answers whoever has one with whose it is.
package gatewaykey

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/internal/api"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
)

// Route answers with the api.Caller whose key came with the request.
const Route = "/dashboard/key"

// maxKey is the longest API key (API Gateway quotas), and maxAnswer more than any answer.
const (
	maxKey    = 128
	maxAnswer = 4 << 10
)

// Owners asks the API.
type Owners struct {
	API    string       // base URL
	Client *http.Client // nil means http.DefaultClient
}

// Owner is whose key it is. A fault NotAuthorized says that it is nobody's, Throttled that its quota is used up.
func (o Owners) Owner(ctx context.Context, key string) (api.Caller, error) {
	refused := fault.New(fault.NotAuthorized, "unknown-key", "This key may not do that.")
	if len(key) > maxKey || strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return api.Caller{}, refused
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, o.API+Route, nil)
	if err != nil {
		return api.Caller{}, fault.Wrap(fault.Internal, "own-api", err)
	}
	request.Header.Set("X-Api-Key", key)
	client := o.Client
	if client == nil {
		client = http.DefaultClient
	}
	answer, err := client.Do(request)
	if err != nil {
		return api.Caller{}, fault.Wrap(fault.Unavailable, "own-api", err)
	}
	defer func() { _ = answer.Body.Close() }()
	switch {
	case answer.StatusCode == http.StatusForbidden:
		return api.Caller{}, refused
	case answer.StatusCode == http.StatusTooManyRequests:
		return api.Caller{}, fault.New(fault.Throttled, "own-api", "")
	case answer.StatusCode != http.StatusOK:
		return api.Caller{}, fault.Wrap(fault.Unavailable, "own-api", fmt.Errorf("%s answers %s", Route, answer.Status))
	}
	var caller api.Caller
	if err := json.NewDecoder(io.LimitReader(answer.Body, maxAnswer)).Decode(&caller); err != nil {
		return api.Caller{}, fault.Wrap(fault.Unavailable, "own-api", err)
	}
	return caller, nil
}
