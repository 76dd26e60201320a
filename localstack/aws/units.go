package aws

import (
	"bytes"
	"encoding/json"
	"math"
	"net/http"
	"strings"
)

// reads and writes are DynamoDB's actions on items. Those of PartiQL are one or the other by their statements.
var (
	reads  = map[string]bool{"GetItem": true, "BatchGetItem": true, "Query": true, "Scan": true, "TransactGetItems": true}
	writes = map[string]bool{"PutItem": true, "UpdateItem": true, "DeleteItem": true, "BatchWriteItem": true, "TransactWriteItems": true}
	either = map[string]bool{"ExecuteStatement": true, "BatchExecuteStatement": true, "ExecuteTransaction": true}
)

// metered adds up what DynamoDB says that a call consumed. It asks where the caller has not, and then keeps the answer to itself.
func (s *Server) metered(c call, handler http.Handler) http.Handler {
	if !reads[c.action] && !writes[c.action] && !either[c.action] {
		return handler
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := peek(r)
		if err != nil {
			handler.ServeHTTP(w, r) // it finds the same
			return
		}
		with, asked := askForCapacity(body)
		setBody(r, with)
		r.Header.Del("Accept-Encoding") // so that the answer can be read
		answer := newRecorder()
		handler.ServeHTTP(answer, r)
		var said object
		if err := json.Unmarshal(answer.body.Bytes(), &said); err == nil {
			s.calls.charge(c.caller, s.consumed(r, c, body, answer, said))
			if !asked && said["ConsumedCapacity"] != nil {
				delete(said, "ConsumedCapacity")
				answer.setJSON(plain(said))
			}
		}
		answer.replay(w)
	})
}

// plain is an object as JSON in which every member stands as it stood.
func plain(o object) []byte {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(o) // raw members that were decoded always encode
	return bytes.TrimRight(out.Bytes(), "\n")
}

const capacityMember = "ReturnConsumedCapacity"

// askForCapacity adds to a request that it wants to know what it consumes. asked says that it did so already.
func askForCapacity(body []byte) (with []byte, asked bool) {
	trimmed := bytes.TrimSpace(body)
	if !bytes.Contains(body, []byte(capacityMember)) && len(trimmed) > 2 && trimmed[0] == '{' { // the usual case, without decoding
		return append([]byte(`{"`+capacityMember+`":"TOTAL",`), trimmed[1:]...), false
	}
	var request object
	if err := json.Unmarshal(body, &request); err != nil {
		return body, true
	}
	var wanted string
	if err := decode(request, capacityMember, &wanted); err != nil || wanted == "TOTAL" || wanted == "INDEXES" {
		return body, true
	}
	request[capacityMember] = json.RawMessage(`"TOTAL"`)
	return plain(request), false
}

// consumed reads an answer. A write whose condition failed consumes, too, but the answer does not say so.
func (s *Server) consumed(r *http.Request, c call, request []byte, answer *recorder, said object) Units {
	if answer.status == http.StatusBadRequest {
		return Units{Write: s.failedWrites(r, c.action, request, said)}
	}
	type capacity struct{ CapacityUnits, ReadCapacityUnits, WriteCapacityUnits float64 }
	var list []capacity
	if err := decode(said, "ConsumedCapacity", &list); err != nil {
		list = make([]capacity, 1)
		if err := decode(said, "ConsumedCapacity", &list[0]); err != nil {
			return Units{}
		}
	}
	var sum Units
	for _, u := range list {
		switch {
		case u.ReadCapacityUnits+u.WriteCapacityUnits > 0: // a transaction; one that is repeated with its token only reads
			sum.Read += u.ReadCapacityUnits
			sum.Write += u.WriteCapacityUnits
		case reads[c.action] || either[c.action] && c.selects():
			sum.Read += u.CapacityUnits
		default:
			sum.Write += u.CapacityUnits
		}
	}
	if c.action == "BatchExecuteStatement" && len(list) == 0 {
		sum.Write += float64(strings.Count(string(said["Responses"]), `"ConditionalCheckFailed"`)) // all of them failed, and none tells its size
	}
	return sum
}

// selects says that a statement only reads.
func (c call) selects() bool {
	return len(c.needs) > 0 && c.needs[0].action == "dynamodb:PartiQLSelect"
}

// failedWrites is what writes consumed that their conditions refused: a unit for every started KB of the item that is there or of the one
// that was to replace it, whichever is larger, at least one; in a transaction twice that for every entry, because all were prepared
// (DynamoDB developer guide, "Capacity unit consumption for conditional writes" and "Transactions: capacity management").
func (s *Server) failedWrites(r *http.Request, action string, request []byte, said object) float64 {
	var code string
	if err := decode(said, "__type", &code); err != nil {
		return 0
	}
	cancelled := strings.HasSuffix(code, "TransactionCanceledException")
	if !cancelled && !strings.HasSuffix(code, "ConditionalCheckFailedException") {
		return 0
	}
	var in struct {
		write
		TransactItems      []map[string]write
		TransactStatements []any
	}
	if err := json.Unmarshal(request, &in); err != nil {
		return 0
	}
	switch {
	case action == "ExecuteStatement":
		return 1
	case action == "ExecuteTransaction":
		return 2 * float64(len(in.TransactStatements))
	case !cancelled:
		return s.prepared(r, []write{in.write})
	}
	var list []write
	for _, entry := range in.TransactItems {
		for _, w := range entry {
			list = append(list, w)
		}
	}
	return 2 * s.prepared(r, list)
}

// write is what is to become of one item.
type write struct {
	TableName string
	Key, Item attributes
}

// key is the item's key, by the names that the wiring's table gives it.
func (w write) key() attributes {
	if w.Key != nil {
		return w.Key
	}
	return attributes{"pk": w.Item["pk"], "sk": w.Item["sk"]}
}

// prepared adds up the units of writes that were not done.
func (s *Server) prepared(r *http.Request, list []write) float64 {
	sum := 0.0
	for _, w := range list {
		size := max(w.Item.size(), s.stored(r, w).size())
		sum += max(1, math.Ceil(float64(size)/1024))
	}
	return sum
}

// stored is an item as the table has it.
func (s *Server) stored(r *http.Request, w write) attributes {
	body, err := json.Marshal(map[string]any{"TableName": w.TableName, "Key": w.key(), "ConsistentRead": true})
	if err != nil {
		return nil
	}
	req, err := http.NewRequestWithContext(r.Context(), http.MethodPost, "/", bytes.NewReader(body))
	if err != nil {
		return nil
	}
	req.Header.Set("X-Amz-Target", "DynamoDB_20120810.GetItem")
	req.Header.Set("Content-Type", "application/x-amz-json-1.0")
	answer := newRecorder()
	s.cfg.Services["dynamodb"].ServeHTTP(answer, req)
	var out struct{ Item attributes }
	if err := json.Unmarshal(answer.body.Bytes(), &out); err != nil {
		return nil
	}
	return out.Item
}
