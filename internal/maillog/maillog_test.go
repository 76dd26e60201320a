package maillog_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/maillog"
)

func TestMask(t *testing.T) {
	for address, want := range map[string]string{
		"johndoe@example.com":     "j*******@example.com",
		"j@example.com":           "j*******@example.com",
		"élan@example.com":        "é*******@example.com",
		`"odd@local"@example.com`: `"*******@example.com`,
		"@example.com":            "@*******",
		"nobody":                  "n*******",
		"":                        "",
	} {
		if got := maillog.Mask(address); got != want {
			t.Errorf("Mask(%q) = %q, want %q", address, got, want)
		}
	}
}

func TestMaskText(t *testing.T) {
	for text, want := range map[string]string{
		"no address here":                                  "no address here",
		"550 5.1.1 <ada.ng@example.com>: unknown":          "550 5.1.1 <a*******@example.com>: unknown",
		"MessageRejected: ada@example.com,bob@example.org": "MessageRejected: a*******@example.com,b*******@example.org",
		"key attendee#ada@example.com":                     "key attendee#a*******@example.com",
	} {
		if got := maillog.MaskText(text); got != want {
			t.Errorf("MaskText(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestLines(t *testing.T) {
	var out bytes.Buffer
	log := maillog.New(&out, slog.LevelInfo, "receive-mail")
	ctx := context.Background()
	log.Note(ctx, maillog.Received, slog.String("message_id", "m1"), maillog.Address("from", "ada@example.com"))
	log.Fail(ctx, fault.Wrap(fault.Unavailable, "ses", errors.New("dial ada@example.com: refused")))
	log.Fail(ctx, fault.New(fault.NotFound, "unknown-event", "There is no such event."))
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	for i, parts := range [][]string{
		{`"msg":"received"`, `"step":"receive-mail"`, `"message_id":"m1"`, `"from":"a*******@example.com"`},
		{`"level":"ERROR"`, `"msg":"failed"`, `"kind":"Unavailable"`, `"reason":"ses"`, `a*******@example.com`},
		{`"level":"INFO"`, `"msg":"failed"`, `"kind":"NotFound"`, `"reason":"unknown-event"`},
	} {
		for _, part := range parts {
			if !strings.Contains(lines[i], part) {
				t.Errorf("line %d lacks %s: %s", i, part, lines[i])
			}
		}
	}
	if strings.Contains(out.String(), "ada@") {
		t.Errorf("an address is not masked: %s", out.String())
	}
}
