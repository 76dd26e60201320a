package lambda

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/localstack/protocol"
)

// PathPrefix is where RuntimeAPI must be mounted on the AWS endpoint. Each process has its own base below it, because the path
// that the Runtime API documents has no room to say who asks.
const PathPrefix = "/_runtime/"

const (
	payloadLimit = 6 << 20 // Lambda quotas: synchronous payloads, each way
	apiVersion   = "/2018-06-01/runtime/"
)

// RuntimeAPI is the Lambda Runtime API (Lambda guide, "Using the Lambda runtime API") for the processes of this Runtime.
func (r *Runtime) RuntimeAPI() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		id, path, ok := strings.Cut(strings.TrimPrefix(req.URL.Path, PathPrefix), apiVersion)
		r.mu.Lock()
		in := r.instances[id]
		r.mu.Unlock()
		if !ok || in == nil {
			http.Error(w, "no such process", http.StatusForbidden)
			return
		}
		switch parts := strings.Split(path, "/"); {
		case req.Method == http.MethodGet && path == "invocation/next":
			in.serveNext(w, req)
		case req.Method == http.MethodPost && len(parts) == 3 && parts[0] == "invocation" && parts[2] == "response":
			in.serveResponse(w, req, parts[1])
		case req.Method == http.MethodPost && len(parts) == 3 && parts[0] == "invocation" && parts[2] == "error":
			in.serveError(w, req, parts[1])
		case req.Method == http.MethodPost && path == "init/error":
			in.serveInitError(w, req)
		default:
			http.NotFound(w, req)
		}
	})
}

func (in *instance) serveNext(w http.ResponseWriter, req *http.Request) {
	in.ready()
	select {
	case inv := <-in.work:
		deadline := in.begin(inv)
		h := w.Header()
		h.Set("Lambda-Runtime-Aws-Request-Id", inv.id)
		h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(deadline.UnixMilli(), 10))
		h.Set("Lambda-Runtime-Invoked-Function-Arn", in.runtime.cfg.Wiring.FunctionARN(in.function))
		h.Set("Content-Type", "application/json")
		_, _ = w.Write(inv.payload) // a process that is gone is noticed by watch
	case <-req.Context().Done():
	case <-in.gone:
	}
}

func (in *instance) serveResponse(w http.ResponseWriter, req *http.Request, id string) {
	body, err := protocol.ReadBody(req, payloadLimit)
	functionError := ""
	if err != nil {
		body = failure("Function.ResponseSizeTooLarge", fmt.Sprintf("Response payload size exceeded maximum allowed payload size (%d bytes).", payloadLimit)).Payload
		functionError = unhandled
	}
	if req.Trailer.Get("Lambda-Runtime-Function-Error-Type") != "" { // the answer broke off while it was being written
		if detail, err := base64.StdEncoding.DecodeString(req.Trailer.Get("Lambda-Runtime-Function-Error-Body")); err == nil {
			body, functionError = detail, unhandled
		}
	}
	in.accept(w, id, body, functionError)
}

func (in *instance) serveError(w http.ResponseWriter, req *http.Request, id string) {
	body, err := protocol.ReadBody(req, payloadLimit)
	if err != nil {
		body = failure("Runtime.Unknown", err.Error()).Payload
	}
	in.accept(w, id, body, unhandled)
}

func (in *instance) accept(w http.ResponseWriter, id string, body []byte, functionError string) {
	if !in.respond(id, body, functionError) {
		http.Error(w, `{"errorMessage":"no such invocation","errorType":"InvalidRequestID"}`, http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	_, _ = w.Write([]byte(`{"status":"OK"}`)) // a process that is gone is noticed by watch
}

// serveInitError keeps a start-up failure as the answer to the invocation that waits for the process.
func (in *instance) serveInitError(w http.ResponseWriter, req *http.Request) {
	body, err := protocol.ReadBody(req, payloadLimit)
	if err != nil {
		body = failure("Runtime.Unknown", err.Error()).Payload
	}
	in.mu.Lock()
	if in.current != nil && in.answer == nil {
		in.answer = &Result{Payload: body, FunctionError: unhandled}
	}
	in.mu.Unlock()
	w.WriteHeader(http.StatusAccepted)
}
