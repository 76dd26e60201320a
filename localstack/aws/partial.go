package aws

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"

	"github.com/calendarinvite/calendarinviteserver/localstack/protocol"
)

// object is a decoded JSON object whose members stay as they were written.
type object map[string]json.RawMessage

// partial splits a request of several entries: less is what is done of it, nil for nothing, and merge adds to the answer what is said
// about the rest.
type partial func(request object) (less object, merge func(answer object) error, err error)

// partials are the actions that may be done in part, each in the way in which the service says so.
var partials = map[string]partial{
	"dynamodb:BatchExecuteStatement": throttleFirstStatement,
	"dynamodb:BatchWriteItem": func(request object) (object, func(object) error, error) {
		return leaveHalf(request, "UnprocessedItems")
	},
	"dynamodb:BatchGetItem": func(request object) (object, func(object) error, error) { return leaveHalf(request, "UnprocessedKeys") },
	"events:PutEvents":      failHalf,
}

// partially has a service do a part of a request.
func partially(c call, handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := doPartially(w, r, partials[c.name()], handler); err != nil {
			protocol.WriteError(w, r, c.format, err)
		}
	})
}

func doPartially(w http.ResponseWriter, r *http.Request, split partial, handler http.Handler) error {
	body, err := peek(r)
	if err != nil {
		return err
	}
	var request object
	if err := json.Unmarshal(body, &request); err != nil {
		return protocol.Errorf("SerializationException", "%v", err)
	}
	less, merge, err := split(request)
	if err != nil {
		return protocol.Errorf("SerializationException", "%v", err)
	}
	answer, said := newRecorder(), object{}
	if less == nil {
		answer.header.Set("Content-Type", r.Header.Get("Content-Type"))
	} else {
		if body, err = json.Marshal(less); err != nil {
			return err
		}
		setBody(r, body)
		handler.ServeHTTP(answer, r)
		if answer.status != http.StatusOK {
			answer.replay(w)
			return nil
		}
		if err := json.Unmarshal(answer.body.Bytes(), &said); err != nil {
			return err
		}
	}
	if err := merge(said); err != nil {
		return err
	}
	if body, err = json.Marshal(said); err != nil {
		return err
	}
	answer.setJSON(body)
	answer.replay(w)
	return nil
}

// setBody gives a request another body.
func setBody(r *http.Request, body []byte) {
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.ContentLength = int64(len(body))
	r.Header.Set("Content-Length", strconv.Itoa(len(body)))
}

// throttleFirstStatement answers the first statement with ThrottlingError (DynamoDB API reference, BatchStatementError).
func throttleFirstStatement(request object) (object, func(object) error, error) {
	var statements []json.RawMessage
	if err := decode(request, "Statements", &statements); err != nil || len(statements) == 0 {
		return request, func(object) error { return nil }, err
	}
	merge := func(answer object) error {
		var responses []json.RawMessage
		if err := decode(answer, "Responses", &responses); err != nil {
			return err
		}
		throttled := json.RawMessage(`{"Error":{"Code":"ThrottlingError","Message":"Throughput exceeds the current capacity of your table or index."}}`)
		return encode(answer, "Responses", append([]json.RawMessage{throttled}, responses...))
	}
	if len(statements) == 1 {
		return nil, merge, nil
	}
	return request, merge, encode(request, "Statements", statements[1:])
}

// leaveHalf leaves the last half of each table's entries, which come back in the member named (DynamoDB API reference, BatchWriteItem,
// BatchGetItem).
func leaveHalf(request object, member string) (object, func(object) error, error) {
	var tables map[string]json.RawMessage
	if err := decode(request, "RequestItems", &tables); err != nil {
		return nil, nil, err
	}
	done, left := make(map[string]any), make(map[string]any)
	for table, raw := range tables {
		var list []json.RawMessage
		if member == "UnprocessedItems" {
			if err := json.Unmarshal(raw, &list); err != nil {
				return nil, nil, err
			}
			n := len(list) / 2
			if left[table] = list[n:]; n > 0 {
				done[table] = list[:n]
			}
			continue
		}
		var first, second object // the keys, and how to read them
		if err := json.Unmarshal(raw, &first); err != nil {
			return nil, nil, err
		}
		if err := json.Unmarshal(raw, &second); err != nil {
			return nil, nil, err
		}
		if err := decode(first, "Keys", &list); err != nil {
			return nil, nil, err
		}
		n := len(list) / 2
		if err := encode(second, "Keys", list[n:]); err != nil {
			return nil, nil, err
		}
		if left[table] = second; n > 0 {
			if err := encode(first, "Keys", list[:n]); err != nil {
				return nil, nil, err
			}
			done[table] = first
		}
	}
	merge := func(answer object) error {
		if answer["Responses"] == nil && member == "UnprocessedKeys" {
			answer["Responses"] = json.RawMessage("{}")
		}
		return encode(answer, member, left)
	}
	if len(done) == 0 {
		return nil, merge, nil
	}
	return request, merge, encode(request, "RequestItems", done)
}

// failHalf refuses the last half of the entries (EventBridge API reference, PutEvents).
func failHalf(request object) (object, func(object) error, error) {
	var entries []json.RawMessage
	if err := decode(request, "Entries", &entries); err != nil {
		return nil, nil, err
	}
	n := len(entries) / 2
	merge := func(answer object) error {
		var results []json.RawMessage
		var failed int
		if err := decode(answer, "Entries", &results); err != nil {
			return err
		}
		if err := decode(answer, "FailedEntryCount", &failed); err != nil {
			return err
		}
		for range entries[n:] {
			results = append(results, json.RawMessage(`{"ErrorCode":"InternalFailure","ErrorMessage":"Internal failure."}`))
			failed++
		}
		if err := encode(answer, "FailedEntryCount", failed); err != nil {
			return err
		}
		return encode(answer, "Entries", results)
	}
	if n == 0 {
		return nil, merge, nil
	}
	return request, merge, encode(request, "Entries", entries[:n])
}

// decode reads a member, which may be missing.
func decode(o object, member string, v any) error {
	if o[member] == nil {
		return nil
	}
	return json.Unmarshal(o[member], v)
}

func encode(o object, member string, v any) error {
	data, err := json.Marshal(v)
	o[member] = data
	return err
}
