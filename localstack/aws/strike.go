package aws

import (
	"bytes"
	"hash/crc32"
	"net/http"
	"strconv"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/localstack/protocol"
)

// strike lets a fault happen. It returns true if that answered the request.
func (s *Server) strike(w http.ResponseWriter, r *http.Request, c call, f due) bool {
	switch f.Kind {
	case "delay":
		f.wait(r.Context())
		return false
	case "kill":
		s.cfg.Kill(c.instance)
		panic(http.ErrAbortHandler) // the connection breaks, as it does when the other end dies
	}
	protocol.WriteError(w, r, c.format, words(c, f.Kind))
	return true
}

// words are a failure as the service words it.
func words(c call, kind string) *protocol.Error {
	if code, ok := strings.CutPrefix(kind, "error:"); ok {
		return protocol.Errorf(code, "This error was asked for by a test.")
	}
	switch kind {
	case "throttle":
		switch c.service {
		case "dynamodb":
			return protocol.Errorf("ThrottlingException", "Throughput exceeds the current capacity of your table or index.")
		case "s3":
			return &protocol.Error{Status: 503, Code: "SlowDown", Message: "Please reduce your request rate."}
		case "ses":
			return &protocol.Error{Status: 429, Code: "TooManyRequestsException", Message: "Maximum sending rate exceeded."}
		case "lambda":
			return &protocol.Error{Status: 429, Code: "TooManyRequestsException", Message: "Rate Exceeded."}
		}
		return protocol.Errorf("ThrottlingException", "Rate exceeded")
	case "conflict":
		return conflict(c)
	}
	switch c.service {
	case "dynamodb":
		return &protocol.Error{Status: 500, Code: "InternalServerError", Message: "Internal server error"}
	case "s3":
		return &protocol.Error{Status: 500, Code: "InternalError", Message: "We encountered an internal error. Please try again."}
	case "lambda":
		return &protocol.Error{Status: 500, Code: "ServiceException", Message: "Service encountered an internal error."}
	}
	return &protocol.Error{Status: 500, Code: "InternalFailure", Message: "The request processing has failed because of an unknown error, exception or failure."}
}

// conflict is what two writers of the same thing see. In a transaction every entry may be the reason.
func conflict(c call) *protocol.Error {
	switch {
	case c.service == "dynamodb" && c.items > 0:
		reasons := make([]map[string]string, c.items)
		codes := make([]string, c.items)
		for i := range reasons {
			codes[i] = "TransactionConflict"
			reasons[i] = map[string]string{"Code": codes[i], "Message": "Transaction is ongoing for the item"}
		}
		e := protocol.Errorf("TransactionCanceledException", "Transaction cancelled, please refer cancellation reasons for specific reasons [%s]", strings.Join(codes, ", "))
		e.Fields = map[string]any{"CancellationReasons": reasons}
		return e
	case c.service == "dynamodb":
		return protocol.Errorf("TransactionConflictException", "Transaction is ongoing for the item")
	case c.service == "s3":
		return &protocol.Error{Status: 409, Code: "OperationAborted", Message: "A conflicting conditional operation is currently in progress against this resource. Please try again."}
	}
	return &protocol.Error{Status: 409, Code: "ConflictException", Message: "A conflicting operation is in progress."}
}

// recorder keeps a service's answer back, until the faults after it have been decided, or to change it.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func newRecorder() *recorder { return &recorder{header: make(http.Header), status: http.StatusOK} }

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }

// setJSON replaces the answer's body, and what the header says about it.
func (r *recorder) setJSON(body []byte) {
	r.body.Reset()
	r.body.Write(body)
	r.header.Set("Content-Length", strconv.Itoa(len(body)))
	if r.header.Get("X-Amz-Crc32") != "" { // DynamoDB's, which SDKs check
		r.header.Set("X-Amz-Crc32", strconv.FormatUint(uint64(crc32.ChecksumIEEE(body)), 10))
	}
}

func (r *recorder) replay(w http.ResponseWriter) {
	for name, values := range r.header {
		w.Header()[name] = values
	}
	w.WriteHeader(r.status)
	_, _ = w.Write(r.body.Bytes()) // the client may be gone; nobody else is to be told
}
