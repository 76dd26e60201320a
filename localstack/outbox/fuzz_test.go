package outbox

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// Whatever comes in, the body stays as it was, and what goes out has one Message-ID and one Date.
func FuzzRewrite(f *testing.F) {
	f.Add([]byte(message))
	f.Add([]byte("From: a@cis.localhost\n\nbody"))
	f.Add([]byte("no field\r\n folded\r\nDate: x\r\nDate: y"))
	f.Add([]byte("\r\n\r\n"))
	f.Add([]byte(":\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		head, body := split(raw)
		out := (&Outbox{cfg: Config{Region: "us-east-1"}}).rewrite(parseFields(head), body, "id", time.Unix(0, 0))
		newHead, newBody := split(out)
		if !bytes.Equal(newBody, body) {
			t.Errorf("body %q became %q", body, newBody)
		}
		count := make(map[string]int)
		for _, field := range parseFields(newHead) {
			count[strings.ToLower(field.name)]++
		}
		if count["message-id"] != 1 || count["date"] != 1 || count["bcc"] != 0 {
			t.Errorf("%q became %q", raw, out)
		}
	})
}
