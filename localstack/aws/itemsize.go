package aws

import (
	"encoding/base64"
	"encoding/json"
	"strings"
)

// attributes are an item, or its key, in DynamoDB's JSON.
type attributes map[string]json.RawMessage

// size is what DynamoDB takes an item for, in bytes (developer guide, "DynamoDB item sizes and formats").
func (a attributes) size() int {
	n := 0
	for name, value := range a {
		n += len(name) + valueSize(value)
	}
	return n
}

func valueSize(raw json.RawMessage) int {
	var v struct {
		S, N, B    *string
		SS, NS, BS []string
		L          []json.RawMessage
		M          attributes
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		return 0
	}
	n := 0
	for _, s := range append(v.SS, text(v.S)...) {
		n += len(s)
	}
	for _, s := range append(v.NS, text(v.N)...) {
		n += numberSize(s)
	}
	for _, s := range append(v.BS, text(v.B)...) {
		n += base64.StdEncoding.DecodedLen(len(s)) - strings.Count(s, "=")
	}
	if v.L != nil || v.M != nil {
		n += 3 + len(v.L) + len(v.M)
		for _, e := range v.L {
			n += valueSize(e)
		}
		n += v.M.size()
	}
	if n == 0 && v.S == nil && v.B == nil {
		return 1 // true, false and null
	}
	return n
}

func text(s *string) []string {
	if s == nil {
		return nil
	}
	return []string{*s}
}

// numberSize is about a byte for two significant digits, and one more.
func numberSize(s string) int {
	mantissa, _, _ := strings.Cut(strings.ToLower(s), "e")
	digits := strings.Trim(strings.ReplaceAll(strings.TrimLeft(mantissa, "-+"), ".", ""), "0")
	n := (len(digits)+1)/2 + 1
	if strings.HasPrefix(s, "-") {
		n++
	}
	return n
}
