package events

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/localstack/wiring"
)

const transformed = `{"detail-type":"d","time":"t","detail":{"s":"a \"b\" ü","n":12345678901234567890,"o":{"z":1,"a":[true,null]},"list":["x"],"deep":{"er":"here"}}}`

func TestTransform(t *testing.T) {
	tests := []struct {
		name, template string
		paths          map[string]string
		want           string // "error: …" for one
	}{
		{"a value of each kind", `{"s":<s>, "n":<n>, "o":<o>}`, map[string]string{"s": "$.detail.s", "n": "$.detail.n", "o": "$.detail.o"},
			`{"s":"a \"b\" ü", "n":12345678901234567890, "o":{"z":1,"a":[true,null]}}`},
		{"the whole input", `<d>`, map[string]string{"d": "$.detail.deep"}, `{"er":"here"}`},
		{"inside of strings", `{"x":"<s> and <n>: <o>"}`, map[string]string{"s": "$.detail.s", "n": "$.detail.n", "o": "$.detail.o"},
			`{"x":"a \"b\" ü and 12345678901234567890: {\"z\":1,\"a\":[true,null]}"}`},
		{"deep, with a hyphen", `{"x":<e>,"k":"<k>"}`, map[string]string{"e": "$.detail.deep.er", "k": "$.detail-type"}, `{"x":"here","k":"d"}`},
		{"the event", `{"e":<aws.events.event.json>}`, nil, `{"e":` + transformed + `}`},
		{"a string", `"<k> at <t>"`, map[string]string{"k": "$.detail-type", "t": "$.time"}, `"d at t"`},
		{"no placeholder", `{"a":1}`, nil, `{"a":1}`},
		{"an escaped quote before", `{"a":"\"","b":<t>}`, map[string]string{"t": "$.time"}, `{"a":"\"","b":"t"}`},
		{"nothing there, inside of a string", `{"x":"<x>."}`, map[string]string{"x": "$.detail.none.none"}, `{"x":"."}`},
		{"nothing there", `{"x":<x>}`, map[string]string{"x": "$.detail.none"}, "error: no value for <x>"},
		{"through a text", `{"x":<x>}`, map[string]string{"x": "$.detail.s.none"}, "error: no value for <x>"},
		{"a name that no path has", `{"x":<x>}`, nil, "error: names <x>"},
		{"not implemented", `{"x":<aws.events.rule-arn>}`, nil, "error: names <aws.events.rule-arn>"},
		{"no JSON", `{"x":<x>`, map[string]string{"x": "$.time"}, "error: no JSON"},
		{"a key", `{"<x>":1}`, map[string]string{"x": "$.time"}, "error: key of an object"},
		{"a key without quotes", `{<x>:1}`, map[string]string{"x": "$.time"}, "error: no JSON"},
		{"the event inside of a string", `"<aws.events.event.json>"`, nil, "error: inside of a string"},
		{"open", `{"x":"a < b"}`, nil, "error: < without a name"},
		{"an index", `{"x":<x>}`, map[string]string{"x": "$.detail.list[0]"}, "error: no path in dot notation"},
		{"everything", `{"x":<x>}`, map[string]string{"x": "$"}, "error: no path in dot notation"},
		{"an empty key", `{"x":<x>}`, map[string]string{"x": "$.detail..s"}, "error: no path in dot notation"},
		{"a reserved name", `{"x":<aws.x>}`, map[string]string{"aws.x": "$.detail"}, "error: is no name"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := ""
			transform, err := newTransformer(wiring.Input{Paths: test.paths, Template: test.template})
			if err == nil {
				var out []byte
				out, err = transform(json.RawMessage(transformed))
				got = string(out)
			}
			if err != nil {
				got = "error: " + err.Error()
			}
			if want, isError := strings.CutPrefix(test.want, "error: "); isError && (err == nil || !strings.Contains(got, want)) || !isError && got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
	many := wiring.Input{Paths: map[string]string{}, Template: "1"}
	for i := range 101 {
		many.Paths[fmt.Sprint("p", i)] = "$.detail"
	}
	if _, err := newTransformer(many); err == nil {
		t.Error("101 paths are accepted")
	}
}

// Whatever the template and the event are: the result is JSON, or there is an error.
func FuzzTransform(f *testing.F) {
	f.Add(`{"s":<s>,"t":"<s>"}`, `{"detail":{"s":"a\"b"}}`)
	f.Add(`"\\<s>"`, `{"detail":{"s":{"x":[1]}}}`)
	f.Add(`<aws.events.event.json>`, `{}`)
	f.Fuzz(func(t *testing.T, template, event string) {
		if !json.Valid([]byte(event)) {
			return
		}
		transform, err := newTransformer(wiring.Input{Paths: map[string]string{"s": "$.detail.s"}, Template: template})
		if err != nil {
			return
		}
		if out, err := transform(json.RawMessage(event)); err == nil && !json.Valid(out) {
			t.Errorf("%q of %q is %q", template, event, out)
		}
	})
}
