package dynamo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/localstack/protocol"
	"github.com/calendarinvite/calendarinviteserver/localstack/wiring"
)

type (
	keySchema struct{ AttributeName, KeyType string }
	attribute struct{ AttributeName, AttributeType string }
	index     struct {
		IndexName  string
		KeySchema  []keySchema
		Projection projection
	}
	projection struct {
		ProjectionType   string
		NonKeyAttributes []string `json:",omitempty"`
	}
)

// ensureTable makes the table of the wiring, and the indexes that an existing one lacks.
func (s *Server) ensureTable(ctx context.Context, t wiring.Table) error {
	var have struct {
		Table struct {
			GlobalSecondaryIndexes []struct{ IndexName string }
		}
	}
	err := s.Call(ctx, "DescribeTable", map[string]any{"TableName": t.Name}, &have)
	if e, ok := errors.AsType[*protocol.Error](err); ok && e.Code == "ResourceNotFoundException" {
		return s.createTable(ctx, t)
	}
	if err != nil {
		return fmt.Errorf("table %s: %w", t.Name, err)
	}
	for _, name := range slices.Sorted(maps.Keys(t.Indexes)) {
		if slices.ContainsFunc(have.Table.GlobalSecondaryIndexes, func(i struct{ IndexName string }) bool { return i.IndexName == name }) {
			continue
		}
		err := s.Call(ctx, "UpdateTable", map[string]any{
			"TableName":                   t.Name,
			"AttributeDefinitions":        attributes(t),
			"GlobalSecondaryIndexUpdates": []any{map[string]any{"Create": makeIndex(name, t.Indexes[name])}},
		}, nil)
		if err != nil {
			return fmt.Errorf("table %s: adding index %s: %w", t.Name, name, err)
		}
	}
	return nil
}

func (s *Server) createTable(ctx context.Context, t wiring.Table) error {
	in := map[string]any{
		"TableName":            t.Name,
		"BillingMode":          "PAY_PER_REQUEST",
		"KeySchema":            []keySchema{{"pk", "HASH"}, {"sk", "RANGE"}},
		"AttributeDefinitions": attributes(t),
	}
	var indexes []index
	for _, name := range slices.Sorted(maps.Keys(t.Indexes)) {
		indexes = append(indexes, makeIndex(name, t.Indexes[name]))
	}
	if indexes != nil {
		in["GlobalSecondaryIndexes"] = indexes
	}
	if err := s.Call(ctx, "CreateTable", in, nil); err != nil {
		return fmt.Errorf("table %s: %w", t.Name, err)
	}
	if t.TTL == "" {
		return nil
	}
	err := s.Call(ctx, "UpdateTimeToLive", map[string]any{
		"TableName":               t.Name,
		"TimeToLiveSpecification": map[string]any{"AttributeName": t.TTL, "Enabled": true},
	}, nil)
	if err != nil {
		return fmt.Errorf("table %s: time to live: %w", t.Name, err)
	}
	return nil
}

func makeIndex(name string, i wiring.Index) index {
	made := index{IndexName: name, KeySchema: []keySchema{{i.Hash, "HASH"}}, Projection: projection{ProjectionType: "KEYS_ONLY"}}
	if i.Range != "" {
		made.KeySchema = append(made.KeySchema, keySchema{i.Range, "RANGE"})
	}
	if i.Include != nil {
		made.Projection = projection{"INCLUDE", i.Include}
	}
	return made
}

// attributes are the key attributes of the table and all its indexes, with their types.
func attributes(t wiring.Table) []attribute {
	names := map[string]bool{"pk": true, "sk": true}
	for _, i := range t.Indexes {
		names[i.Hash] = true
		if i.Range != "" {
			names[i.Range] = true
		}
	}
	var list []attribute
	for _, name := range slices.Sorted(maps.Keys(names)) {
		kind := "S"
		if slices.Contains(t.Numbers, name) {
			kind = "N"
		}
		list = append(list, attribute{name, kind})
	}
	return list
}

// refusal is DynamoDB's error in an answer: {"__type":"com.amazonaws.dynamodb.v20120810#Code","message":…}.
func refusal(status int, body []byte) error {
	var e struct {
		Type     string `json:"__type"`
		Message  string `json:"message"`
		MessageU string `json:"Message"`
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return fmt.Errorf("dynamo: HTTP %d: %.200s", status, body)
	}
	_, code, ok := strings.Cut(e.Type, "#")
	if !ok {
		code = e.Type
	}
	return &protocol.Error{Status: status, Code: code, Message: e.Message + e.MessageU}
}
