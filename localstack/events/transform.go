package events

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/localstack/wiring"
)

// transformer makes a target's input out of an event.
type transformer func(event json.RawMessage) ([]byte, error)

// wholeEvent is the predefined variable that stands for the event as it came.
const wholeEvent = "aws.events.event.json"

// pathLimit is the largest number of paths of one input (EventBridge API reference, InputTransformer).
const pathLimit = 100

// segment is a piece of a template: text, and the value that follows it.
type segment struct {
	text   string
	name   string // of the value; "" after the last text
	quoted bool   // the value stands inside of a string
}

// newTransformer reads an input (EventBridge guide, "Input transformation"): paths in dot notation, and a template that is JSON in which
// <name> stands for a value, or for a piece of a string, but not for an object's key.
//
// A path that leads nowhere is an empty text inside of a string. Anywhere else it is an error here, because the guide does not say
// what AWS makes of it.
func newTransformer(in wiring.Input) (transformer, error) {
	if len(in.Paths) > pathLimit {
		return nil, fmt.Errorf("%d paths are more than %d", len(in.Paths), pathLimit)
	}
	paths := make(map[string][]string)
	for name, path := range in.Paths {
		if !isName(name) || strings.HasPrefix(strings.ToLower(name), "aws") {
			return nil, fmt.Errorf("%q is no name", name)
		}
		keys, ok := strings.CutPrefix(path, "$.")
		if !ok || strings.ContainsAny(keys, "[]*'\"@?() ") || strings.Contains("."+keys+".", "..") {
			return nil, fmt.Errorf("%q is no path in dot notation", path)
		}
		paths[name] = strings.Split(keys, ".")
	}
	segments, err := split(in.Template)
	if err != nil {
		return nil, err
	}
	for _, s := range segments {
		if _, ok := paths[s.name]; !ok && s.name != "" && s.name != wholeEvent {
			return nil, fmt.Errorf("the template names <%s>, and no path does", s.name)
		}
		if s.name == wholeEvent && s.quoted {
			return nil, fmt.Errorf("<%s> stands inside of a string", wholeEvent)
		}
	}
	if err := checkTemplate(segments); err != nil {
		return nil, err
	}
	return func(event json.RawMessage) ([]byte, error) {
		out, err := fill(segments, func(s segment) (json.RawMessage, bool) {
			if s.name == wholeEvent {
				return event, true
			}
			return lookUp(event, paths[s.name])
		})
		if err == nil && !json.Valid(out) {
			err = errors.New("the filled template is no JSON")
		}
		return out, err
	}, nil
}

func isName(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == ""
}

// split cuts a template at its placeholders.
func split(template string) ([]segment, error) {
	var list []segment
	inString, from := false, 0
	for i := 0; i < len(template); i++ {
		switch template[i] {
		case '\\':
			if inString {
				i++
			}
		case '"':
			inString = !inString
		case '<':
			end := strings.IndexByte(template[i:], '>')
			if end < 0 || !isName(template[i+1:i+end]) {
				return nil, fmt.Errorf("the template has < without a name and > after it")
			}
			list = append(list, segment{template[from:i], template[i+1 : i+end], inString})
			i += end
			from = i + 1
		}
	}
	return append(list, segment{text: template[from:]}), nil
}

// checkTemplate fills a template with something, to see that it is JSON whatever comes, and that no key of an object depends on it.
func checkTemplate(segments []segment) error {
	const mark = "\uE000" // of no meaning to anybody
	filled, err := fill(segments, func(s segment) (json.RawMessage, bool) {
		if s.quoted {
			return json.RawMessage(`"` + mark + `"`), true
		}
		return json.RawMessage("0"), true
	})
	if err != nil {
		return err
	}
	var value any
	if err := json.Unmarshal(filled, &value); err != nil {
		return fmt.Errorf("the template is no JSON: %w", err)
	}
	if keyWith(value, mark) {
		return errors.New("the template has a placeholder in the key of an object")
	}
	return nil
}

func keyWith(v any, mark string) bool {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			if keyWith(e, mark) {
				return true
			}
		}
	case map[string]any:
		for key, e := range v {
			if strings.Contains(key, mark) || keyWith(e, mark) {
				return true
			}
		}
	}
	return false
}

// fill puts the values into a template.
func fill(segments []segment, value func(segment) (json.RawMessage, bool)) ([]byte, error) {
	var out bytes.Buffer
	for _, s := range segments {
		out.WriteString(s.text)
		if s.name == "" {
			continue
		}
		v, found := value(s)
		switch {
		case !found && s.quoted:
		case !found:
			return nil, fmt.Errorf("the event has no value for <%s>", s.name)
		case !s.quoted:
			out.Write(v)
		case v[0] == '"':
			out.Write(v[1 : len(v)-1]) // escaped as it must be
		default:
			text, err := json.Marshal(string(v))
			if err != nil {
				return nil, err
			}
			out.Write(text[1 : len(text)-1])
		}
	}
	return out.Bytes(), nil
}

// lookUp goes down into an object.
func lookUp(value json.RawMessage, keys []string) (json.RawMessage, bool) {
	for _, key := range keys {
		var object map[string]json.RawMessage
		if err := json.Unmarshal(value, &object); err != nil {
			return nil, false
		}
		next, ok := object[key]
		if !ok {
			return nil, false
		}
		value = next
	}
	return value, true
}
