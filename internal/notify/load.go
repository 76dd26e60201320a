package notify

import (
	"context"
	"embed"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/template"
)

//go:embed templates/*.html templates/*.txt
var builtIn embed.FS

// override returns the templates to use for the kind: the bucket's where it has them, else the built-in ones. The notice is empty, or says why the bucket's
// are not used.
func (w *Writer) override(ctx context.Context, kind Kind) (use parts, notice string) {
	use = w.parts[kind]
	if w.settings.Bucket == "" {
		return use, ""
	}
	html, err := w.fetch(ctx, kind, ".html")
	if err == nil && html == nil {
		return use, ""
	}
	var text *template.Template
	if err == nil {
		text, err = w.fetch(ctx, kind, ".txt")
	}
	if err != nil {
		return use, fmt.Sprintf("built-in %s used: %v", kind, err)
	}
	use.html, use.text = html, text
	return use, ""
}

// fetch reads and parses one object of the template bucket. It returns nil if there is none.
func (w *Writer) fetch(ctx context.Context, kind Kind, ext string) (*template.Template, error) {
	key := string(kind) + ext
	data, err := w.blobs.Get(ctx, w.settings.Bucket, key)
	if err != nil {
		if fault.KindOf(err) == fault.NotFound {
			return nil, nil
		}
		return nil, fmt.Errorf("read template %s: %w", key, err)
	}
	if len(data) > template.MaxBytes {
		return nil, fmt.Errorf("template %s: %w", key, template.ErrTooLarge)
	}
	text := strings.TrimPrefix(string(data), "\ufeff")
	if !utf8.ValidString(text) || strings.TrimSpace(text) == "" {
		return nil, fmt.Errorf("template %s is empty or not UTF-8 text", key)
	}
	t, err := template.Parse(framed(text, ext), kind.names(), includes(text, ext))
	if err != nil {
		return nil, fmt.Errorf("template %s: %w", key, err)
	}
	return t, nil
}

// builtInParts reads and parses a kind's own templates, with the chosen subject if there is one.
func builtInParts(kind Kind, subject string) (p parts, err error) {
	opening := openings[kind]
	if subject == "" {
		subject = opening.subject
	}
	if p.subject, err = template.Parse(subject, kind.openingNames(), nil); err != nil {
		return p, fmt.Errorf("subject of %s: %w", kind, err)
	}
	if p.preview, err = template.Parse(opening.preview, kind.openingNames(), nil); err != nil {
		return p, fmt.Errorf("preview of %s: %w", kind, err)
	}
	if p.html, err = builtInTemplate(kind, ".html"); err != nil {
		return p, err
	}
	p.text, err = builtInTemplate(kind, ".txt")
	return p, err
}

func builtInTemplate(kind Kind, ext string) (*template.Template, error) {
	content, err := builtIn.ReadFile("templates/" + string(kind) + ext)
	if err != nil {
		return nil, err
	}
	text := string(content)
	t, err := template.Parse(framed(text, ext), kind.names(), includes(text, ext))
	if err != nil {
		return nil, fmt.Errorf("built-in template %s%s: %w", kind, ext, err)
	}
	return t, nil
}

// framed puts a template into the layout, with header and footer, unless it is a whole document of its own.
func framed(text, ext string) string {
	if ext == ".html" && !strings.Contains(strings.ToLower(text), "<html") {
		return "{>layout}"
	}
	return text
}

// includes finds what a template may include: the built-in parts, and in the layout, as {>content}, the template itself.
func includes(content, ext string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		if name == "content" {
			return content, true
		}
		part, err := builtIn.ReadFile("templates/" + name + ext)
		return string(part), err == nil
	}
}
