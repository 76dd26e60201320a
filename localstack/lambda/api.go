package lambda

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/localstack/protocol"
)

// API is the part of the Lambda API that the stack offers: Invoke in all its types, and what the AWS CLI lists.
func (r *Runtime) API() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		path := strings.Trim(strings.TrimPrefix(req.URL.EscapedPath(), "/2015-03-31/functions"), "/")
		ref, action, _ := strings.Cut(path, "/")
		if path == "" && req.Method == http.MethodGet {
			r.serveList(w)
			return
		}
		name, err := url.PathUnescape(ref)
		function, ok := r.cfg.Wiring.FunctionOf(name)
		switch {
		case err != nil || !ok:
			protocol.WriteError(w, req, protocol.RESTJSON, r.notFound(name))
		case action == "invocations" && req.Method == http.MethodPost:
			r.serveInvoke(w, req, function)
		case action == "" && req.Method == http.MethodGet:
			protocol.WriteJSON(w, protocol.RESTJSON, map[string]any{"Configuration": r.configuration(function)})
		case action == "configuration" && req.Method == http.MethodGet:
			protocol.WriteJSON(w, protocol.RESTJSON, r.configuration(function))
		default:
			protocol.WriteError(w, req, protocol.RESTJSON, &protocol.Error{Status: 501, Code: "NotImplementedException", Message: "the local stack's Lambda has Invoke, GetFunction and ListFunctions"})
		}
	})
}

func (r *Runtime) serveInvoke(w http.ResponseWriter, req *http.Request, function string) {
	payload, err := protocol.ReadBody(req, payloadLimit)
	if err != nil {
		protocol.WriteError(w, req, protocol.RESTJSON, err)
		return
	}
	switch req.Header.Get("X-Amz-Invocation-Type") {
	case "DryRun":
		w.WriteHeader(http.StatusNoContent)
		return
	case "Event":
		if err := r.InvokeAsync(function, payload); err != nil {
			protocol.WriteError(w, req, protocol.RESTJSON, err)
			return
		}
		w.WriteHeader(http.StatusAccepted)
		return
	}
	result, err := r.Invoke(req.Context(), function, payload)
	if err != nil {
		protocol.WriteError(w, req, protocol.RESTJSON, err)
		return
	}
	h := w.Header()
	h.Set("X-Amz-Executed-Version", "$LATEST")
	h.Set("X-Amzn-Requestid", result.RequestID)
	if result.FunctionError != "" {
		h.Set("X-Amz-Function-Error", result.FunctionError)
	}
	if req.Header.Get("X-Amz-Log-Type") == "Tail" {
		h.Set("X-Amz-Log-Result", base64.StdEncoding.EncodeToString(lastKiB(result.Log)))
	}
	h.Set("Content-Type", "application/json")
	_, _ = w.Write(result.Payload) // the client may be gone; nobody else is to be told
}

// lastKiB is the last 4 KiB of the log, as Lambda returns them.
func lastKiB(lines []string) []byte {
	text := strings.Join(lines, "\n") + "\n"
	return []byte(text[max(0, len(text)-4<<10):])
}

func (r *Runtime) serveList(w http.ResponseWriter) {
	list := []map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(r.cfg.Wiring.Functions)) {
		list = append(list, r.configuration(name))
	}
	protocol.WriteJSON(w, protocol.RESTJSON, map[string]any{"Functions": list})
}

func (r *Runtime) configuration(function string) map[string]any {
	w, f := r.cfg.Wiring, r.cfg.Wiring.Functions[function]
	return map[string]any{
		"FunctionName": w.Prefix() + "-" + function,
		"FunctionArn":  w.FunctionARN(function),
		"Runtime":      "provided.al2023",
		"Handler":      "bootstrap",
		"Role":         fmt.Sprintf("arn:%s:iam::%s:role/%s-%s", w.Partition(), w.Account(), w.Prefix(), function),
		"MemorySize":   f.Memory,
		"Timeout":      f.Timeout,
		"Version":      "$LATEST",
		"State":        "Active",
		"PackageType":  "Zip",
		"Environment":  map[string]any{"Variables": w.Environment(function)},
	}
}
