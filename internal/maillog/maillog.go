// Package maillog writes one line per thing that happens to a message or a request, in a fixed vocabulary and with addresses
// masked, so that an operator can follow one mail through every step by its message id and nobody's address stands in a log.
package maillog

import (
	"context"
	"io"
	"log/slog"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
)

// What is the word for something that happened. Alarms and searches rely on the words: add new ones, never change one.
type What string

// The vocabulary.
const (
	Received  What = "received"  // a mail came in and its workflow was started
	Ignored   What = "ignored"   // a mail starts nothing; reason says why
	Refused   What = "refused"   // a request is answered with a reason
	Held      What = "held"      // a request waits for its organizer's confirmation
	Created   What = "created"   // an event was registered
	Updated   What = "updated"   // an event's record was changed
	Cancelled What = "cancelled" // an event, or an instance, was cancelled
	Invited   What = "invited"   // an attendee's invitation was handed to SES
	Answered  What = "answered"  // an attendee's reply was recorded
	Blocked   What = "blocked"   // an attendee blocked an organizer, or took it back
	Notified  What = "notified"  // an organizer's notification was handed to SES
	Silent    What = "silent"    // an organizer's notification was withheld: a repeat, or the daily cap
	Staged    What = "staged"    // attendees were listed for a fan-out
	Updates   What = "updates"   // a batch of attendees was sent an event's newest revision
	Feedback  What = "feedback"  // SES reported what became of a mail
	Granted   What = "granted"   // an administrator changed an organizer's standing
	Enrolled  What = "enrolled"  // an order enrolled an organizer
	Delivered What = "delivered" // a webhook took a fact
	Acted     What = "acted"     // somebody did something on the dashboard
	Proposed  What = "proposed"  // a guest's proposal of another time was recorded
	Fallback  What = "fallback"  // a template override cannot be used; the built-in one went out
	Failed    What = "failed"    // a step failed; the error's name and cause follow
)

// Log writes the lines of one step.
type Log struct{ out *slog.Logger }

// New returns a Log that writes JSON lines of at least the level to w, each with the step's name.
func New(w io.Writer, level slog.Level, step string) *Log {
	handler := slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level})
	return &Log{out: slog.New(handler).With("step", step)}
}

// Note writes one line. Values that are addresses must have gone through Mask.
func (l *Log) Note(ctx context.Context, what What, attrs ...slog.Attr) {
	l.out.LogAttrs(ctx, slog.LevelInfo, string(what), attrs...)
}

// Fail writes the one line of a step that failed: at level error for what should not happen, at info for a permanent fault,
// which is an answer.
func (l *Log) Fail(ctx context.Context, err error, attrs ...slog.Attr) {
	kind := fault.KindOf(err)
	level := slog.LevelError
	if kind.Permanent() {
		level = slog.LevelInfo
	}
	attrs = append(attrs, slog.String("kind", string(kind)), slog.String("reason", fault.ReasonOf(err)), slog.String("error", MaskText(err.Error())))
	l.out.LogAttrs(ctx, level, string(Failed), attrs...)
}

// Address is the attribute of a masked address.
func Address(key, address string) slog.Attr { return slog.String(key, Mask(address)) }

// Mask hides an address's local part behind its first character: jane@example.com becomes j*******@example.com, whatever its
// length.
func Mask(address string) string {
	at := strings.LastIndexByte(address, '@')
	if at <= 0 {
		return MaskName(address)
	}
	return MaskName(address[:at]) + address[at:]
}

// MaskName hides a name behind its first character: Jane becomes J*******.
func MaskName(name string) string {
	for _, first := range name {
		return string(first) + "*******"
	}
	return ""
}

// MaskText masks every address inside a text, such as a service's error message. It takes one pass.
func MaskText(text string) string {
	if !strings.Contains(text, "@") {
		return text
	}
	var masked strings.Builder
	for len(text) > 0 {
		end := strings.IndexFunc(text, separatesAddress)
		if end == 0 {
			masked.WriteByte(text[0])
			text = text[1:]
			continue
		}
		if end < 0 {
			end = len(text)
		}
		word := text[:end]
		if strings.Contains(word, "@") {
			word = Mask(word)
		}
		masked.WriteString(word)
		text = text[end:]
	}
	return masked.String()
}

func separatesAddress(r rune) bool {
	return r <= ' ' || strings.ContainsRune(`<>()[]",;:#'`, r)
}
