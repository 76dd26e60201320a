// Package gateway acts as API Gateway's REST API: it serves the routes of terraform/openapi.yaml, checks API keys and usage plans, and
// hands requests to functions as Lambda proxy events (payload version 1.0).
package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path"
	"time"
)

// MaxBodyBytes is the largest request body that API Gateway takes (API Gateway quotas).
const MaxBodyBytes = 10 << 20

// keyHeader names the header that carries the API key.
const keyHeader = "X-Api-Key"

// Config says what to serve and who may ask.
type Config struct {
	OpenAPI    []byte                                  // the document, its placeholders filled in
	FunctionOf func(ref string) (name string, ok bool) // the function that an integration's ARN means
	// Invoke runs a function and returns its answer. A function that fails is an error, as is one that cannot be run.
	Invoke  func(ctx context.Context, function string, payload []byte) ([]byte, error)
	Keys    []string // values of the API keys; locally a key's id is its value
	Plan    Plan     // of each key
	Account string
	Stage   string
	Now     func() time.Time // nil means time.Now
	Log     *slog.Logger     // nil discards
}

// Gateway is an http.Handler.
type Gateway struct {
	cfg    Config
	mux    *http.ServeMux
	limits map[string]*limiter // by key
	binary []string            // media types whose bodies go to functions in base64
}

// New reads the document and returns the API it describes. What it does not support is an error.
func New(cfg Config) (*Gateway, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	routes, binary, err := parse(cfg.OpenAPI, cfg.FunctionOf)
	if err != nil {
		return nil, err
	}
	g := &Gateway{cfg: cfg, mux: http.NewServeMux(), limits: map[string]*limiter{}, binary: binary}
	for _, key := range cfg.Keys {
		g.limits[key] = newLimiter(cfg.Plan, cfg.Now())
	}
	for _, r := range routes {
		if err := g.register(r); err != nil {
			return nil, err
		}
	}
	g.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fail(w, http.StatusNotFound, "Not Found") })
	return g, nil
}

// register adds a route. ServeMux panics about patterns that it cannot keep apart; that becomes an error.
func (g *Gateway) register(r route) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("openapi: %s %s: %v", r.method, r.resource, p)
		}
	}()
	g.mux.HandleFunc(r.pattern(), func(w http.ResponseWriter, req *http.Request) { g.serve(w, req, r) })
	return nil
}

// ServeHTTP implements http.Handler.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	// ServeMux would redirect /event//x to /event/x; to API Gateway an empty segment is a path like any other, and none of ours.
	if clean := path.Clean(req.URL.Path); req.URL.Path != clean && (clean == "/" || req.URL.Path != clean+"/") {
		fail(w, http.StatusNotFound, "Not Found")
		return
	}
	g.mux.ServeHTTP(w, req)
}

func (g *Gateway) serve(w http.ResponseWriter, req *http.Request, r route) {
	id := requestID()
	w.Header().Set("X-Amzn-Requestid", id)
	if req.Method != r.method { // a GET pattern of ServeMux takes HEAD too; API Gateway's does not
		fail(w, http.StatusNotFound, "Not Found")
		return
	}
	key := req.Header.Get(keyHeader)
	if r.keyed {
		limits, known := g.limits[key]
		if !known {
			fail(w, http.StatusForbidden, "Forbidden")
			return
		}
		if message := limits.take(g.cfg.Now()); message != "" {
			fail(w, http.StatusTooManyRequests, message)
			return
		}
	} else {
		key = "" // API Gateway names the key only where the method asks for one
	}
	if r.function == "" {
		fail(w, http.StatusNotImplemented, "Not implemented yet")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, MaxBodyBytes))
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong):
		fail(w, http.StatusRequestEntityTooLarge, "Request Too Long")
		return
	case err != nil:
		return // the client went away
	}
	g.invoke(w, req, r, g.event(req, r, id, key, body))
}

func (g *Gateway) invoke(w http.ResponseWriter, req *http.Request, r route, event proxyEvent) {
	payload, err := json.Marshal(event)
	if err != nil {
		g.cfg.Log.Error("proxy event", "route", r.resource, "error", err)
		fail(w, http.StatusInternalServerError, "Internal server error")
		return
	}
	ctx, cancel := context.WithTimeout(req.Context(), r.timeout)
	defer cancel()
	answer, err := g.cfg.Invoke(ctx, r.function, payload)
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		g.cfg.Log.Warn("function too slow", "function", r.function, "timeout", r.timeout)
		fail(w, http.StatusGatewayTimeout, "Endpoint request timed out")
	case err != nil:
		g.cfg.Log.Warn("function failed", "function", r.function, "error", err)
		fail(w, http.StatusBadGateway, "Internal server error")
	default:
		if err := respond(w, answer); err != nil {
			g.cfg.Log.Warn("malformed Lambda proxy response", "function", r.function, "error", err)
			fail(w, http.StatusBadGateway, "Internal server error")
		}
	}
}

// fail answers in the shape of all our errors, which is API Gateway's own.
func fail(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"message": message}) // the client may be gone
}
