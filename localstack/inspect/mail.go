package inspect

import (
	"net/http"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/internal/ical"
	"github.com/calendarinvite/calendarinviteserver/internal/imip"
	"github.com/calendarinvite/calendarinviteserver/localstack/outbox"
)

// mailPage is one mail, taken apart.
type mailPage struct {
	Base     string // path of this page; the mail's HTML and raw text are below it
	Sent     *outbox.Sent
	Received *receivedRow
	Subject  string
	Headers  []imip.Field
	HasHTML  bool
	Text     string
	Calendar *calendarView
	Parts    []partView
	Size     int
	Problem  string // why the mail could not be read whole
}

type partView struct {
	Type, Filename, Encoding string
	Size                     int
}

// newMailPage reads a mail for showing it.
func newMailPage(base string, raw []byte) mailPage {
	m, err := imip.Read(raw, imip.Limits{})
	page := mailPage{Base: base, Size: len(raw)}
	if err != nil {
		page.Problem = err.Error()
	}
	if m == nil {
		return page
	}
	page.Subject, page.Headers, page.Text = m.Subject, m.Header, m.Text()
	_, page.HasHTML = htmlPart(m)
	for _, part := range m.Parts {
		page.Parts = append(page.Parts, partView{Type: strings.Join(part.Nesting, " › "), Filename: part.Filename, Encoding: part.Encoding, Size: len(part.Body)})
	}
	if part, err := m.Calendar(); err == nil {
		page.Calendar = explain(part)
	}
	return page
}

// htmlPart is the first HTML body, in UTF-8.
func htmlPart(m *imip.Message) (string, bool) {
	for _, part := range m.Parts {
		if part.Type == "text/html" && part.Disposition != "attachment" {
			text, _ := ical.DecodeText(part.Body, part.Params["charset"])
			return string(text), true
		}
	}
	return "", false
}

// writeHTMLPart answers with a mail's HTML as the mail's writer meant it, but without scripts and without loading anything from elsewhere. Its
// links open in a new window.
func writeHTMLPart(w http.ResponseWriter, raw []byte) error {
	m, err := imip.Read(raw, imip.Limits{})
	if m == nil {
		return err
	}
	html, ok := htmlPart(m)
	if !ok {
		return errNotFound
	}
	const base = `<base target="_blank">`
	if i := strings.Index(strings.ToLower(html), "<head>"); i >= 0 {
		html = html[:i+len("<head>")] + base + html[i+len("<head>"):]
	} else {
		html = "<!doctype html>" + base + html
	}
	w.Header().Set("Content-Security-Policy", "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(html)) // the client may be gone
	return nil
}

func writeRaw(w http.ResponseWriter, raw []byte) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write(raw) // the client may be gone
	return nil
}
