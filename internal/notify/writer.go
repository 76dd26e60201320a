package notify

import (
	"context"
	"fmt"

	"github.com/calendarinvite/calendarinviteserver/internal/brand"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/plain"
	"github.com/calendarinvite/calendarinviteserver/internal/template"
)

// Blobs reads objects. A missing object is an error of kind fault.NotFound.
type Blobs interface {
	Get(ctx context.Context, bucket, key string) ([]byte, error)
}

// Settings are what a deployment chooses about its mails.
type Settings struct {
	Brand    brand.Brand
	Create   string          // the mailbox that organizers invite, such as create@example.org
	Bulk     string          // the mailbox that takes CSV lists
	Bucket   string          // the template bucket; empty = built-in templates only
	Subjects map[Kind]string // in place of the built-in subjects; may have placeholders
}

// Mail is a written mail: what imip.ComposeMail needs beside the addresses.
type Mail struct {
	Kind    Kind
	Subject string // one line of at most 200 characters
	HTML    string
	Text    string
	Notices []string // for the log: what was wrong with an override, which then was not used
}

// Writer writes mails for one deployment. It is safe for concurrent use.
type Writer struct {
	settings Settings
	blobs    Blobs
	parts    map[Kind]parts
}

// parts are a mail's templates.
type parts struct{ subject, preview, html, text *template.Template }

// New returns a Writer, or an error that names the setting that cannot be used. blobs may be nil if there is no template bucket.
func New(settings Settings, blobs Blobs) (*Writer, error) {
	if err := settings.Brand.Check(); err != nil {
		return nil, err
	}
	if settings.Bucket != "" && blobs == nil {
		return nil, fmt.Errorf("template bucket %q without access to it", settings.Bucket)
	}
	w := &Writer{settings: settings, blobs: blobs, parts: map[Kind]parts{}}
	for kind := range openings {
		p, err := builtInParts(kind, settings.Subjects[kind])
		if err != nil {
			return nil, err
		}
		w.parts[kind] = p
	}
	for kind := range settings.Subjects {
		if _, ok := openings[kind]; !ok {
			return nil, fmt.Errorf("subject of %s: there is no such mail", kind)
		}
	}
	return w, nil
}

// Write writes the mail. Trouble with an override is not an error: the built-in template is used and the Mail's Notices say so. An error of kind
// fault.Internal means that the notification itself cannot be written, such as a link that is none.
func (w *Writer) Write(ctx context.Context, n Notification) (Mail, error) {
	kind := n.Kind()
	v := newValues()
	w.fillBrand(v)
	if err := n.fill(v, w.settings); err != nil {
		return Mail{}, fault.Wrap(fault.Internal, "notification", fmt.Errorf("write %s: %w", kind, err))
	}
	use, notice := w.override(ctx, kind)
	mail := Mail{Kind: kind}
	if notice != "" {
		mail.Notices = append(mail.Notices, notice)
	}
	mail.Subject = firstOf(plain.Line(use.subject.Render(v.texts, v.lists, template.Text), maxSubject), v.texts["brand"])
	v.set("subject", mail.Subject)
	v.set("preview", use.preview.Render(v.texts, v.lists, template.Text))
	mail.HTML = use.html.Render(v.texts, v.lists, escapeHTML)
	if use.text != nil {
		mail.Text = tidy(use.text.Render(v.texts, v.lists, template.Text))
	} else {
		mail.Text = textOf(mail.HTML)
	}
	return mail, nil
}

// maxSubject is the longest subject in characters; longer ones are cut by clients and disliked by filters.
const maxSubject = 200

func (w *Writer) fillBrand(v values) {
	b := w.settings.Brand
	color := b.Main()
	v.line("brand", b.Name)
	v.set("brand_color", color.String())
	v.set("brand_text", color.Text().String())
	v.set("link_color", color.On(lightGround).String())
	v.set("link_color_dark", color.On(darkGround).String())
	v.set("logo", b.LogoURL)
	v.set("dashboard", b.DashboardURL)
	v.set("support_url", b.SupportURL)
	v.set("docs_url", b.DocsURL)
	v.set("pricing_url", b.PricingURL)
	v.line("support_email", b.SupportEmail)
	v.block("address", b.Address)
	v.line("copyright", b.CopyrightLine())
	v.line("create", w.settings.Create)
	v.line("bulk", w.settings.Bulk)
}

// The grounds on which the templates put links: of the light ones the darkest, of the dark ones the lightest.
var (
	lightGround = brand.Color{R: 0xf3, G: 0xf4, B: 0xf6}
	darkGround  = brand.Color{R: 0x22, G: 0x26, B: 0x2e}
)
