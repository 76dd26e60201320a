package events

import (
	"encoding/json"
	"testing"

	"go.yaml.in/yaml/v3"
)

func TestPatterns(t *testing.T) {
	const event = `{"source":"aws.ses","detail":{"n":5,"s":"Hello","list":["a","b"],"nil":null,"deep":{"yes":true}}}`
	tests := []struct {
		pattern string
		want    bool
	}{
		{`{source: [aws.ses]}`, true},
		{`{source: [aws.s3, aws.ses]}`, true},
		{`{source: [aws.s3]}`, false},
		{`{detail: {n: [5]}}`, true},
		{`{detail: {n: [6]}}`, false},
		{`{detail: {list: [b]}}`, true},
		{`{detail: {list: [c]}}`, false},
		{`{detail: {deep: {yes: [true]}}}`, true},
		{`{detail: {nil: [null]}}`, true},
		{`{detail: {none: [null]}}`, false},
		{`{detail: {s: [{prefix: He}]}}`, true},
		{`{detail: {s: [{suffix: LO}, {suffix: lo}]}}`, true},
		{`{detail: {s: [{equals-ignore-case: HELLO}]}}`, true},
		{`{detail: {s: [{anything-but: Hello}]}}`, false},
		{`{detail: {s: [{anything-but: [a, b]}]}}`, true},
		{`{detail: {s: [{anything-but: {prefix: He}}]}}`, false},
		{`{detail: {none: [{anything-but: a}]}}`, false},
		{`{detail: {none: [{exists: false}]}}`, true},
		{`{detail: {s: [{exists: false}]}}`, false},
		{`{nowhere: {none: [{exists: false}]}}`, true},
		{`{detail: {n: [{numeric: [">", 4, "<=", 5]}]}}`, true},
		{`{detail: {n: [{numeric: [">", 5]}]}}`, false},
		{`{detail: {s: [{numeric: [">", 5]}]}}`, false},
		{`{source: [aws.ses], detail: {n: [6]}}`, false},
	}
	for _, test := range tests {
		var pattern, fields map[string]any
		if err := yaml.Unmarshal([]byte(test.pattern), &pattern); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(event), &fields); err != nil {
			t.Fatal(err)
		}
		match, err := compile(pattern)
		if err != nil {
			t.Errorf("%s: %v", test.pattern, err)
		} else if got := match(fields); got != test.want {
			t.Errorf("%s: %v", test.pattern, got)
		}
	}
	for _, bad := range []string{`{source: aws.ses}`, `{$or: [{a: [1]}]}`, `{a: [{wildcard: "*"}]}`, `{a: [{numeric: [">"]}]}`, `{a: [{numeric: ["~", 1]}]}`, `{a: [{exists: 1}]}`, `{a: [{prefix: 1}]}`, `{a: [{prefix: x, suffix: y}]}`} {
		var pattern map[string]any
		if err := yaml.Unmarshal([]byte(bad), &pattern); err != nil {
			t.Fatal(err)
		}
		if _, err := compile(pattern); err == nil {
			t.Errorf("%s is accepted", bad)
		}
	}
}
