// Package protocol speaks the wire formats of AWS's services as far as the local stack needs: which one a request uses, and how
// each words an answer and an error.
package protocol

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
)

// Format is a wire format. The names are those of Smithy's protocols.
type Format int

// The formats.
const (
	JSON     Format = iota // awsJson1_0 and 1_1: POST / with X-Amz-Target (DynamoDB, Step Functions, Secrets Manager, EventBridge)
	RESTJSON               // restJson1: method and path name the action (Lambda, SESv2)
	RESTXML                // restXml: S3
	Query                  // awsQuery: a form with Action (STS, SES v1)
)

// Error is an error as an AWS API words it.
type Error struct {
	Status  int // HTTP status; 0 means 400
	Code    string
	Message string
	Fields  map[string]any // further members of a JSON error, such as CancellationReasons
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Errorf is a client error (HTTP 400).
func Errorf(code, format string, args ...any) *Error {
	return &Error{Status: http.StatusBadRequest, Code: code, Message: fmt.Sprintf(format, args...)}
}

// AsError is err as an Error: itself, or InternalFailure for anything that is none, whose text is logged and not told.
func AsError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		if e.Status == 0 {
			e.Status = http.StatusBadRequest
		}
		return e
	}
	slog.Error("local stack: a service failed", "error", err)
	return &Error{Status: http.StatusInternalServerError, Code: "InternalFailure", Message: "The request processing has failed because of an unknown error, exception or failure."}
}

// WriteError answers with err in the words of format.
func WriteError(w http.ResponseWriter, r *http.Request, format Format, err error) {
	e := AsError(err)
	id := RequestID()
	w.Header().Set("X-Amzn-Requestid", id)
	switch format {
	case RESTXML:
		w.Header().Set("Content-Type", "application/xml")
		w.Header().Set("X-Amz-Request-Id", id)
		w.WriteHeader(e.Status)
		if r.Method != http.MethodHead { // RFC 9110 §9.3.2
			writeXML(w, struct {
				XMLName   xml.Name `xml:"Error"`
				Code      string
				Message   string
				Resource  string
				RequestID string `xml:"RequestId"`
			}{Code: e.Code, Message: e.Message, Resource: r.URL.Path, RequestID: id})
		}
	case Query:
		w.Header().Set("Content-Type", "text/xml")
		w.WriteHeader(e.Status)
		type detail struct{ Type, Code, Message string }
		writeXML(w, struct {
			XMLName   xml.Name `xml:"ErrorResponse"`
			Error     detail
			RequestID string `xml:"RequestId"`
		}{Error: detail{"Sender", e.Code, e.Message}, RequestID: id})
	default:
		body := map[string]any{"__type": e.Code, "message": e.Message, "Message": e.Message}
		for name, value := range e.Fields {
			body[name] = value
		}
		w.Header().Set("X-Amzn-Errortype", e.Code)
		w.Header().Set("Content-Type", contentType(format))
		w.WriteHeader(e.Status)
		_ = json.NewEncoder(w).Encode(body) // the client may be gone; nobody else is to be told
	}
}

// WriteJSON answers 200 with v.
func WriteJSON(w http.ResponseWriter, format Format, v any) {
	w.Header().Set("X-Amzn-Requestid", RequestID())
	w.Header().Set("Content-Type", contentType(format))
	_ = json.NewEncoder(w).Encode(v) // the client may be gone; nobody else is to be told
}

// WriteXML answers 200 with v.
func WriteXML(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "text/xml")
	writeXML(w, v)
}

func writeXML(w io.Writer, v any) {
	_, _ = io.WriteString(w, xml.Header) // the client may be gone; nobody else is to be told
	_ = xml.NewEncoder(w).Encode(v)
}

func contentType(f Format) string {
	if f == JSON {
		return "application/x-amz-json-1.0"
	}
	return "application/json"
}

// ReadBody reads a request's body of at most limit bytes.
func ReadBody(r *http.Request, limit int64) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
	if err != nil {
		return nil, Errorf("SerializationException", "the body could not be read: %v", err)
	}
	if int64(len(body)) > limit {
		return nil, &Error{Status: http.StatusRequestEntityTooLarge, Code: "RequestEntityTooLargeException", Message: fmt.Sprintf("the body is over %d bytes", limit)}
	}
	return body, nil
}

// ReadJSON decodes a request's body of at most limit bytes; an empty one leaves v as it is.
func ReadJSON(r *http.Request, limit int64, v any) error {
	body, err := ReadBody(r, limit)
	if err != nil || len(body) == 0 {
		return err
	}
	if err := json.Unmarshal(body, v); err != nil {
		return Errorf("SerializationException", "the body is not the JSON that was expected: %v", err)
	}
	return nil
}

// RequestID is a fresh UUID, as AWS puts one on every answer.
func RequestID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
