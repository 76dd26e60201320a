package events

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/calendarinvite/calendarinviteserver/localstack/protocol"
)

// Limits of PutEvents (EventBridge API reference, PutEvents; guide, "Calculating PutEvents event entry size").
const (
	entryLimit = 10
	sizeLimit  = 256 << 10 // bytes of all entries together
	typeLimit  = 128       // characters of a detail-type
)

// API is the EventBridge API: PutEvents and ListRules.
func (b *Bus) API() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var answer any
		var err error
		switch _, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), "."); action {
		case "PutEvents":
			answer, err = b.putEvents(r)
		case "ListRules":
			list := []any{}
			for _, rule := range b.rules {
				pattern, _ := json.Marshal(rule.Pattern) // it came from YAML
				list = append(list, map[string]any{"Name": rule.name, "State": "ENABLED", "EventPattern": string(pattern), "EventBusName": "default"})
			}
			answer = map[string]any{"Rules": list}
		default:
			err = &protocol.Error{Status: 501, Code: "NotImplementedException", Message: fmt.Sprintf("the local stack's EventBridge does not have %s", action)}
		}
		if err != nil {
			protocol.WriteError(w, r, protocol.JSON, err)
			return
		}
		protocol.WriteJSON(w, protocol.JSON, answer)
	})
}

// Deliveries answers GET, as JSON, with what is still to be delivered and what could not be.
func (b *Bus) Deliveries() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		pending, err := b.Pending()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		dead, err := b.DeadLetters()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		_ = enc.Encode(map[string]any{"pending": pending, "dead_letters": dead}) // the client may be gone; nobody else is to be told
	})
}

// entry is one event of PutEvents.
type entry struct {
	Source, DetailType, Detail, EventBusName string

	Time      float64 // seconds since 1970
	Resources []string
}

// size is what AWS counts.
func (e entry) size() int {
	n := len(e.Source) + len(e.DetailType) + len(e.Detail)
	if e.Time != 0 {
		n += 14
	}
	for _, r := range e.Resources {
		n += len(r)
	}
	return n
}

// refusal is why EventBridge does not take an entry; "" if it does.
func (e entry) refusal() (code, message string) {
	bus := e.EventBusName[strings.LastIndexByte(e.EventBusName, '/')+1:]
	var detail map[string]any
	switch {
	case bus != "" && bus != "default":
		return "ResourceNotFoundException", "Event bus " + bus + " does not exist."
	case e.Source == "":
		return "InvalidArgument", "Parameter Source is not valid. Reason: Source is a required argument."
	case strings.HasPrefix(strings.ToLower(e.Source), "aws."):
		return "NotAuthorizedForSource", "Not authorized for the source."
	case e.DetailType == "":
		return "InvalidArgument", "Parameter DetailType is not valid. Reason: DetailType is a required argument."
	case len(e.DetailType) > typeLimit:
		return "InvalidArgument", fmt.Sprintf("Parameter DetailType is not valid. Reason: DetailType is over %d characters.", typeLimit)
	case e.Detail == "":
		return "InvalidArgument", "Parameter Detail is not valid. Reason: Detail is a required argument."
	case json.Unmarshal([]byte(e.Detail), &detail) != nil || detail == nil:
		return "MalformedDetail", "Detail is malformed."
	}
	return "", ""
}

func (b *Bus) putEvents(r *http.Request) (any, error) {
	var in struct{ Entries []entry }
	if err := protocol.ReadJSON(r, 4<<20, &in); err != nil {
		return nil, err
	}
	if n := len(in.Entries); n == 0 || n > entryLimit {
		return nil, protocol.Errorf("ValidationException", "1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length between 1 and %d, not %d", entryLimit, n)
	}
	size := 0
	for _, e := range in.Entries {
		size += e.size()
	}
	if size > sizeLimit {
		return nil, protocol.Errorf("ValidationException", "Total size of the entries in the request is over the limit.")
	}
	type result struct {
		EventId      string `json:",omitempty"`
		ErrorCode    string `json:",omitempty"`
		ErrorMessage string `json:",omitempty"`
	}
	results, failed := make([]result, len(in.Entries)), 0
	for i, entry := range in.Entries {
		if code, message := entry.refusal(); code != "" {
			results[i] = result{ErrorCode: code, ErrorMessage: message}
			failed++
			continue
		}
		e := Event{Source: entry.Source, DetailType: entry.DetailType, Detail: json.RawMessage(entry.Detail), Resources: entry.Resources}
		if entry.Time > 0 {
			e.Time = time.UnixMilli(int64(entry.Time * 1000))
		}
		id, err := b.Publish(r.Context(), e)
		if err != nil {
			b.cfg.Log.Error("events: an event could not be kept", "error", err)
			results[i] = result{ErrorCode: "InternalFailure", ErrorMessage: "The request processing has failed because of an unknown error, exception or failure."}
			failed++
			continue
		}
		results[i].EventId = id
	}
	return map[string]any{"FailedEntryCount": failed, "Entries": results}, nil
}
