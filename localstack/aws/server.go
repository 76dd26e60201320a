// Package aws is the local stack's AWS endpoint: one address for all services, as LocalStack has it. It tells the service by the
// request's signature scope and the caller by its access key, refuses a function what its permissions in the wiring do not allow,
// counts what is asked, and fails on demand.
package aws

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/calendarinvite/calendarinviteserver/localstack/objects"
	"github.com/calendarinvite/calendarinviteserver/localstack/outbox"
	"github.com/calendarinvite/calendarinviteserver/localstack/protocol"
	"github.com/calendarinvite/calendarinviteserver/localstack/wiring"
)

// Config is what a Server needs. Everything but Pages is required.
type Config struct {
	Wiring   *wiring.Wiring
	Services map[string]http.Handler // by signing name: s3, dynamodb, ses, secretsmanager, events, states, lambda. STS is built in
	Objects  *objects.Store          // to tell a missing object from a forbidden one
	Runtime  http.Handler            // lambda.Runtime.RuntimeAPI
	Messages http.Handler            // outbox.Outbox.Messages
	Kill     func(id string) bool    // lambda.Runtime.Kill
	Faults   *Faults
	Events   http.Handler // events.Bus.Deliveries; nil without a bus
	Pages    http.Handler // what else is under /_local/
	Version  string       // told by /_localstack/health
}

// Server is the endpoint: an http.Handler.
type Server struct {
	cfg         Config
	permissions *Permissions
	calls       *Calls
	local       *http.ServeMux
	now         func() time.Time
}

// New makes the endpoint.
func New(cfg Config) *Server {
	s := &Server{cfg: cfg, permissions: newPermissions(cfg.Wiring), calls: newCalls(), local: http.NewServeMux(), now: time.Now}
	s.local.Handle("/_runtime/", cfg.Runtime)
	s.local.Handle(outbox.Path, cfg.Messages)
	s.local.HandleFunc("GET /_localstack/health", s.health)
	s.local.Handle("/_local/calls", s.calls)
	s.local.HandleFunc("GET /_local/units", s.calls.ServeUnits)
	s.local.Handle("/_local/faults", cfg.Faults)
	s.local.HandleFunc("/_local/faults/record", cfg.Faults.ServeRecord)
	s.local.Handle("GET /_local/permissions", s.permissions)
	if cfg.Events != nil {
		s.local.Handle("GET /_local/events", cfg.Events)
	}
	if cfg.Pages != nil {
		s.local.Handle("/_local/", cfg.Pages)
	}
	return s
}

// Local serves the stack's own paths (/_local/…, /_aws/…, /_localstack/…), for an address that serves other things besides.
func (s *Server) Local() http.Handler { return s.local }

// Calls are the AWS calls that were made.
func (s *Server) Calls() *Calls { return s.calls }

// Permissions says which grants were used and what was refused.
func (s *Server) Permissions() *Permissions { return s.permissions }

// ServeHTTP answers one request: the stack's own paths begin with an underscore, which no bucket's name does.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := s.checkLink(r); err != nil {
		protocol.WriteError(w, r, protocol.RESTXML, err)
		return
	}
	objects.NormalizeHost(r, s.cfg.Objects.HasBucket)
	if strings.HasPrefix(r.URL.Path, "/_") {
		s.local.ServeHTTP(w, r)
		return
	}
	call, err := s.identify(r)
	if err != nil {
		protocol.WriteError(w, r, call.format, err)
		return
	}
	s.calls.count(call)
	if err := s.allow(r.Context(), call); err != nil {
		protocol.WriteError(w, r, call.format, err)
		return
	}
	s.serve(w, r, call)
}

// serve lets the faults that are due happen around the service's own answer.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, call call) {
	handler := s.cfg.Services[call.service]
	if call.service == "sts" {
		handler = http.HandlerFunc(s.serveSTS)
	}
	if handler == nil {
		protocol.WriteError(w, r, call.format, &protocol.Error{Status: 501, Code: "NotImplementedException", Message: "the local stack has no service " + call.service})
		return
	}
	if call.service == "dynamodb" {
		handler = s.metered(call, handler)
	}
	var after []due
	for _, f := range s.cfg.Faults.due(call) {
		switch {
		case f.When == After:
			after = append(after, f)
		case f.Kind == "partial":
			handler = partially(call, handler)
		case s.strike(w, r, call, f):
			return
		}
	}
	if after == nil {
		handler.ServeHTTP(w, r)
		return
	}
	answer := newRecorder()
	handler.ServeHTTP(answer, r)
	for _, f := range after {
		if s.strike(w, r, call, f) {
			return
		}
	}
	answer.replay(w)
}

// allow checks a function's call against its permissions. Everybody else may do everything.
func (s *Server) allow(ctx context.Context, c call) error {
	if !c.function {
		return nil
	}
	for _, n := range c.needs {
		if !s.permissions.check(c.caller, n) {
			return s.denied(c, n)
		}
	}
	if c.object.key == "" {
		return nil
	}
	// S3 tells only those that may list a bucket that an object does not exist (S3 API reference, GetObject).
	exists, err := s.cfg.Objects.Has(ctx, c.object.bucket, c.object.key)
	list := need{"s3:ListBucket", s.cfg.Wiring.BucketARN(c.object.bucket)}
	if err == nil && !exists && !s.permissions.check(c.caller, list) {
		return s.denied(c, list)
	}
	return err
}

// CallerOf is the access key that signed a request; "" if none did.
func CallerOf(r *http.Request) string {
	key, _ := credential(r)
	return key
}

func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	services := map[string]string{"sts": "running"}
	for name := range s.cfg.Services {
		services[strings.Replace(name, "states", "stepfunctions", 1)] = "running" // as LocalStack names it
	}
	w.Header().Set("Content-Type", "application/json")
	writeJSON(w, map[string]any{"services": services, "edition": "calendar-invite-server", "version": s.cfg.Version})
}

func writeJSON(w http.ResponseWriter, v any) {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	_ = enc.Encode(v) // the client may be gone; nobody else is to be told
}

// isFunction says whether an access key is a function's.
func (s *Server) isFunction(key string) bool {
	_, ok := s.cfg.Wiring.Functions[key]
	return ok
}
