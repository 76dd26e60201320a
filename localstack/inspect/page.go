package inspect

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"time"
)

//go:embed templates style.css
var files embed.FS

// errNotFound is answered 404.
var errNotFound = errors.New("there is nothing here")

// parseTemplates reads each page together with what all pages share.
func parseTemplates() (map[string]*template.Template, error) {
	base, err := template.New("").Funcs(functions).ParseFS(files, "templates/base.html", "templates/parts.html")
	if err != nil {
		return nil, err
	}
	pages, err := files.ReadDir("templates")
	if err != nil {
		return nil, err
	}
	all := map[string]*template.Template{}
	for _, f := range pages {
		name := strings.TrimSuffix(f.Name(), ".html")
		if name == "base" || name == "parts" {
			continue
		}
		page, err := base.Clone()
		if err != nil {
			return nil, err
		}
		if all[name], err = page.ParseFS(files, "templates/"+f.Name()); err != nil {
			return nil, err
		}
	}
	return all, nil
}

var functions = template.FuncMap{
	"time":     func(t time.Time) string { return t.Local().Format("15:04:05") },
	"datetime": func(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05") },
	"iso":      func(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) },
	"bytes":    formatBytes,
	"count":    formatCount,
	"duration": formatDuration,
	"json":     indent,
	"lower":    func(v any) string { return strings.ToLower(fmt.Sprint(v)) },
	"short":    short,
	"took":     took,
}

// view is what the base template shows around a page.
type view struct {
	Title   string
	Section string // of the navigation
	Refresh int    // seconds until the browser asks again; 0 = never
	About   About
	Page    any
}

// render answers with a page, or with data as JSON for those who ask for that.
func (p *Pages) render(w http.ResponseWriter, r *http.Request, name string, v view, data any) error {
	if wantsJSON(r) {
		return writeJSON(w, http.StatusOK, data)
	}
	return p.html(w, http.StatusOK, name, v)
}

func (p *Pages) html(w http.ResponseWriter, status int, name string, v view) error {
	v.About = p.About
	var b bytes.Buffer // complete before the first byte leaves, so that an error can still be told
	if err := p.templates[name].ExecuteTemplate(&b, "base.html", v); err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the client may be gone
	return nil
}

func writeJSON(w http.ResponseWriter, status int, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
	return nil
}

// fail answers an error as a page or as JSON.
func (p *Pages) fail(w http.ResponseWriter, r *http.Request, err error) {
	status := http.StatusInternalServerError
	if errors.Is(err, errNotFound) {
		status = http.StatusNotFound
	} else {
		p.log.Error("page failed", "page", r.Pattern, "error", err)
	}
	if wantsJSON(r) {
		_ = writeJSON(w, status, map[string]string{"message": err.Error()}) // strings always encode
		return
	}
	if err := p.html(w, status, "error", view{Title: http.StatusText(status), Page: err.Error()}); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

func (p *Pages) stylesheet(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Cache-Control", "max-age=60")
	http.ServeFileFS(w, r, files, "style.css")
	return nil
}

// longList is how many entries a list page shows at most.
const longList = 200

// listPage is a list that may be cut.
type listPage[T any] struct {
	Rows   []T
	Total  int
	Filter string
}

// notNil makes an empty list [] in JSON.
func notNil[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// formatCount writes a number with commas between thousands.
func formatCount(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// formatBytes writes a size for people: 512 B, 3.4 kB, 1.2 MB.
func formatBytes(n any) string {
	size := 0.0
	switch n := n.(type) {
	case int:
		size = float64(n)
	case int64:
		size = float64(n)
	}
	switch {
	case size < 1000:
		return fmt.Sprintf("%.0f B", size)
	case size < 1e6:
		return fmt.Sprintf("%.1f kB", size/1e3)
	}
	return fmt.Sprintf("%.1f MB", size/1e6)
}

// formatDuration writes a duration in three digits: 840 µs, 12 ms, 1.3 s, 2 min 5 s.
func formatDuration(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%d µs", d.Microseconds())
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
}

// indent lays out JSON; what is none stays as it is.
func indent(v any) string {
	var raw []byte
	switch v := v.(type) {
	case json.RawMessage:
		raw = v
	case string:
		raw = []byte(v)
	default:
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false) // the template escapes
		if err := enc.Encode(v); err != nil {
			return err.Error()
		}
		raw = b.Bytes()
	}
	var b bytes.Buffer
	if json.Indent(&b, bytes.TrimSpace(raw), "", "  ") != nil {
		return string(raw)
	}
	return b.String()
}

// short cuts a text to n characters.
func short(n int, s string) string {
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	return string(runes[:n-1]) + "…"
}
