// Package dynamo is the local stack's Amazon DynamoDB: the emulator dynoxide as a child process with its data on disk, or another
// emulator that runs already, behind a proxy that makes the wiring's table.
package dynamo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"

	"github.com/calendarinvite/calendarinviteserver/localstack/protocol"
	"github.com/calendarinvite/calendarinviteserver/localstack/wiring"
)

// Config is what a Server needs. Wiring is required, and Root and DataDir unless Endpoint is given.
type Config struct {
	Wiring   *wiring.Wiring
	Root     string // the project's folder: the emulator is at localstack/node_modules there
	DataDir  string
	Program  string // the emulator, if not there (CIS_DYNOXIDE)
	Endpoint string // http://host:port of an emulator that runs already (DYNAMODB_ENDPOINT): none is started
}

// Server passes requests to the emulator. Its methods may be called from many goroutines at once.
type Server struct {
	base  *url.URL
	proxy *httputil.ReverseProxy
	http  *http.Client
	emu   *emulator // nil for one that we did not start
}

// Start starts the emulator, waits until it answers, and makes the table. The errors are one line that a person can act on.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	s := &Server{}
	address := cfg.Endpoint
	if address == "" {
		program, err := find(cfg.Program, cfg.Root)
		if err != nil {
			return nil, err
		}
		if s.emu, err = startEmulator(ctx, program, cfg.DataDir); err != nil {
			return nil, err
		}
		address = "http://" + s.emu.address()
	}
	base, err := url.Parse(address)
	if err != nil || base.Host == "" {
		return nil, fmt.Errorf("DYNAMODB_ENDPOINT: %q is no URL", address)
	}
	s.base = base
	transport := &http.Transport{MaxIdleConns: 256, MaxIdleConnsPerHost: 256, IdleConnTimeout: time.Minute}
	s.http = &http.Client{Transport: transport}
	s.proxy = &httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			to := s.url()
			r.SetURL(to)
			r.Out.Host = to.Host
			authorize(r.Out)
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if r.Context().Err() == nil {
				slog.Warn("local stack: the DynamoDB emulator did not answer", "error", err)
			}
			protocol.WriteError(w, r, protocol.JSON, &protocol.Error{Status: 500, Code: "InternalServerError", Message: "The request processing has failed because of an unknown error, exception or failure."})
		},
	}
	if err := s.ensureTable(ctx, cfg.Wiring.Table); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// url is where DynamoDB answers now.
func (s *Server) url() *url.URL {
	if s.emu == nil {
		return s.base
	}
	return &url.URL{Scheme: "http", Host: s.emu.address()}
}

// ServeHTTP is the DynamoDB API.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	prepare := Translate
	if s.emu == nil { // another emulator speaks for itself
		prepare = func(r *http.Request) error { _, err := hold(r); return err }
	}
	if err := prepare(r); err != nil {
		protocol.WriteError(w, r, protocol.JSON, protocol.Errorf("SerializationException", "the body could not be read: %v", err))
		return
	}
	s.proxy.ServeHTTP(w, r)
}

// Close stops the emulator, if we started it, and waits until its data is on disk.
func (s *Server) Close() error {
	s.http.CloseIdleConnections()
	if s.emu != nil {
		return s.emu.stop()
	}
	return nil
}

// Call makes one request for the stack itself: action such as "Scan", in and out as JSON. The errors are *protocol.Error when
// DynamoDB refuses.
func (s *Server) Call(ctx context.Context, action string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url().String(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("X-Amz-Target", "DynamoDB_20120810."+action)
	req.Header.Set("Content-Type", "application/x-amz-json-1.0")
	authorize(req)
	resp, err := s.http.Do(req)
	if err != nil {
		return fmt.Errorf("dynamo: %s: %w", action, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("dynamo: %s: %w", action, err)
	}
	if resp.StatusCode != http.StatusOK {
		return refusal(resp.StatusCode, answer)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(answer, out)
}

// Item is an item with typed attributes, as in DynamoDB's JSON: {"pk": {"S": "…"}}.
type Item map[string]json.RawMessage

// Scan returns a page of a table, of at most limit items, and the key to go on after; nil after the last page.
func (s *Server) Scan(ctx context.Context, table string, after Item, limit int) (items []Item, next Item, err error) {
	in := map[string]any{"TableName": table, "Limit": limit}
	if after != nil {
		in["ExclusiveStartKey"] = after
	}
	var out struct {
		Items            []Item
		LastEvaluatedKey Item
	}
	err = s.Call(ctx, "Scan", in, &out)
	return out.Items, out.LastEvaluatedKey, err
}

// Tables are the names of all tables.
func (s *Server) Tables(ctx context.Context) ([]string, error) {
	var out struct{ TableNames []string }
	err := s.Call(ctx, "ListTables", map[string]any{}, &out)
	return out.TableNames, err
}

// authorize signs a request that is not: emulators want to see a signature, but check none.
func authorize(r *http.Request) {
	if r.Header.Get("Authorization") == "" {
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=local/20200101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0")
		r.Header.Set("X-Amz-Date", "20200101T000000Z")
	}
}
