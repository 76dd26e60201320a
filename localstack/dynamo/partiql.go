package dynamo

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// requestLimit is how many bytes of a request are read: DynamoDB takes no more than 16 MB, of a BatchWriteItem.
const requestLimit = 16 << 20

// hold reads the request's body, for a proxy that may still be looking whether there is more when the emulator answers already: the server closes
// the body with the answer's first byte, and the proxy would then break its connection to the emulator in the middle of the answer.
func hold(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, requestLimit))
	if err != nil {
		return nil, err
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return body, nil
}

// Translate puts the PartiQL statements of a request, which are in the words of AWS, into those that the emulator understands. It holds the body.
func Translate(r *http.Request) error {
	body, err := hold(r)
	if err != nil {
		return err
	}
	_, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if action != "ExecuteStatement" && action != "BatchExecuteStatement" && action != "ExecuteTransaction" {
		return nil
	}
	var request map[string]any
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if err := dec.Decode(&request); err == nil && translateIn(request) {
		if body, err = json.Marshal(request); err != nil {
			return err
		}
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.ContentLength = int64(len(body))
	r.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return nil
}

// translateIn changes the statements of a decoded request, and says whether there was anything to change.
func translateIn(request map[string]any) bool {
	changed := false
	one := func(holder map[string]any) {
		if text, ok := holder["Statement"].(string); ok {
			if joined := joinClauses(text); joined != text {
				holder["Statement"], changed = joined, true
			}
		}
	}
	one(request)
	for _, list := range []string{"Statements", "TransactStatements"} {
		entries, _ := request[list].([]any)
		for _, e := range entries {
			if holder, ok := e.(map[string]any); ok {
				one(holder)
			}
		}
	}
	return changed
}

// joinClauses makes UPDATE t SET a=1 SET b=2 REMOVE c REMOVE d WHERE … , which is how DynamoDB has it (developer guide, "PartiQL update
// statements for DynamoDB"), into UPDATE t SET a=1, b=2 REMOVE c, d WHERE … , which is all that the emulator knows. Everything else
// stays as it is.
func joinClauses(statement string) string {
	words := clauses(statement)
	if len(words) < 3 || words[0].is("SET") == words[0].is("REMOVE") {
		return statement
	}
	var sets, removes []string
	rest := len(statement)
	for i, w := range words {
		if !w.is("SET") && !w.is("REMOVE") {
			rest = w.at
			break
		}
		end := len(statement)
		if i+1 < len(words) {
			end = words[i+1].at
		}
		text := strings.TrimSpace(statement[w.at+len(w.text) : end])
		if text == "" {
			return statement // the emulator says what is wrong with it
		}
		if w.is("SET") {
			sets = append(sets, text)
		} else {
			removes = append(removes, text)
		}
	}
	joined := strings.TrimSpace(statement[:words[0].at])
	if sets != nil {
		joined += " SET " + strings.Join(sets, ", ")
	}
	if removes != nil {
		joined += " REMOVE " + strings.Join(removes, ", ")
	}
	if rest < len(statement) {
		joined += " " + statement[rest:]
	}
	return joined
}

// word is a key word that begins a clause.
type word struct {
	at   int
	text string
}

func (w word) is(name string) bool { return strings.EqualFold(w.text, name) }

// clauses finds the clauses of an UPDATE statement, of which WHERE or RETURNING is the last that matters; nothing in another statement.
func clauses(statement string) []word {
	if first := strings.Fields(statement); len(first) == 0 || !strings.EqualFold(first[0], "UPDATE") {
		return nil
	}
	var list []word
	depth := 0
	for i := 0; i < len(statement); {
		switch c := statement[i]; {
		case c == '\'' || c == '"': // a quote inside is doubled: two strings, one after the other
			end := strings.IndexByte(statement[i+1:], c)
			if end < 0 {
				return list
			}
			i += end + 2
		case c == '{' || c == '[' || c == '(' || c == '<':
			depth++
			i++
		case c == '}' || c == ']' || c == ')' || c == '>':
			depth--
			i++
		case isLetter(c):
			end := i
			for end < len(statement) && (isLetter(statement[end]) || statement[end] >= '0' && statement[end] <= '9') {
				end++
			}
			w := word{i, statement[i:end]}
			switch {
			case depth == 0 && (w.is("SET") || w.is("REMOVE")):
				list = append(list, w)
			case depth == 0 && (w.is("WHERE") || w.is("RETURNING")):
				return append(list, w)
			}
			i = end
		default:
			i++
		}
	}
	return list
}

func isLetter(c byte) bool {
	return c == '_' || c == '.' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}
