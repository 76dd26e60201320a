package imip

import (
	"runtime"
	"strings"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
)

// TestLimits checks that each limit holds and that what could be read is still there.
func TestLimits(t *testing.T) {
	invitation := from + multi("mixed", "o", textPart, part("text/calendar; method=REQUEST", event("REQUEST", "Lunch")))
	t.Run("MessageBytes", func(t *testing.T) {
		m, err := Read([]byte("Subject: big\r\n"+invitation), Limits{MessageBytes: 100})
		if fault.ReasonOf(err) != ReasonTooLarge || m.Subject != "big" || !m.HasFrom {
			t.Errorf("got %v, subject %q", err, m.Subject)
		}
		if _, err := m.Calendar(); fault.ReasonOf(err) != ReasonTooLarge {
			t.Error(err)
		}
	})
	t.Run("CalendarBytes", func(t *testing.T) {
		m, _ := Read([]byte(invitation), Limits{CalendarBytes: 100})
		if _, err := m.Calendar(); fault.ReasonOf(err) != ReasonTooLarge {
			t.Error(err)
		}
	})
	t.Run("Parts", func(t *testing.T) {
		m, _ := Read([]byte(invitation), Limits{Parts: 1})
		if len(m.Parts) != 1 || !m.Truncated {
			t.Errorf("%d parts, truncated %v", len(m.Parts), m.Truncated)
		}
	})
	t.Run("Depth", func(t *testing.T) {
		deep := textPart
		for i := range 60 {
			deep = multi("mixed", strings.Repeat("b", i+1), deep)
		}
		m, _ := Read([]byte(from+deep), Limits{Depth: 5})
		if len(m.Parts) != 1 || len(m.Parts[0].Nesting) != 6 || !m.Truncated {
			t.Errorf("%d parts, truncated %v", len(m.Parts), m.Truncated)
		}
	})
	t.Run("HeaderBytes and HeaderFields", func(t *testing.T) {
		for _, lim := range []Limits{{HeaderBytes: 100}, {HeaderFields: 2}} {
			m, _ := Read([]byte("From: ada@example.com\r\nX-Long: "+strings.Repeat("x", 200)+"\r\nX-3: 3\r\nX-4: 4\r\n\r\nbody"), lim)
			if len(m.Header) == 0 || len(m.Header) > 2 || !m.Truncated || string(m.Parts[0].Body) != "body" {
				t.Errorf("%+v: header %v, truncated %v", lim, m.Header, m.Truncated)
			}
		}
	})
	t.Run("DecodedBytes", func(t *testing.T) {
		m, _ := Read([]byte(from+multi("mixed", "o", part("image/png", b64(strings.Repeat("x", 600)), base64Header), part("image/png", b64(strings.Repeat("y", 600)), base64Header))), Limits{DecodedBytes: 1000})
		if len(m.Parts) != 2 || len(m.Parts[0].Body) != 600 || m.Parts[1].Body != nil || !m.Truncated {
			t.Errorf("%+v", m.Parts)
		}
	})
}

// TestMemory checks that no message takes memory out of proportion, whatever it is made of.
func TestMemory(t *testing.T) {
	const size = 10 << 20
	fill := func(s string) string { return strings.Repeat(s, size/len(s)-100) }
	for _, tt := range []struct{ name, mail string }{
		{"parts", from + "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + fill("--b\r\n\r\nx\r\n")},
		{"parameters", from + "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + fill("--b\r\nContent-Type: a/b"+strings.Repeat(";a*=b", 3000)+"\r\n\r\nx\r\n")},
		{"fields", fill("a:\n")},
		{"one field", from + "To: " + fill("a@b,")},
		{"authors", "From: " + fill("a@b, ")},
		{"base64", from + part("image/png", fill("AAAA"), base64Header)},
		{"quoted-printable", from + part("text/calendar", fill("=41"), "Content-Transfer-Encoding: quoted-printable")},
		{"nested messages", from + fill("Content-Type: message/rfc822\r\n\r\n")},
		{"a report", from + "Content-Type: message/delivery-status\r\n\r\n" + fill("\r\n")},
		{"markup", from + part("text/html", fill("<p>"))},
		{"calendars", from + "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\nContent-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\n"+strings.Repeat("A:\n", 340_000), 9)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			raw := []byte(tt.mail)
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			m, err := Read(raw, Limits{})
			if err != nil {
				t.Fatal(err)
			}
			runtime.ReadMemStats(&after)
			allocated := after.TotalAlloc - before.TotalAlloc
			runtime.GC()
			runtime.ReadMemStats(&after)
			held := int64(after.HeapAlloc) - int64(before.HeapAlloc)
			runtime.KeepAlive(m)
			runtime.KeepAlive(raw)
			t.Logf("%d KiB allocated, %d KiB held", allocated>>10, held>>10)
			if allocated > 6*size || held > 2*size {
				t.Errorf("%d MiB allocated, %d MiB held for a message of %d MiB", allocated>>20, held>>20, len(raw)>>20)
			}
		})
	}
}
