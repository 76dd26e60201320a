package inspect

import (
	"net/http"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/localstack/outbox"
)

// sentList shows the mail that was sent.
func (p *Pages) sentList(w http.ResponseWriter, r *http.Request) error {
	all, err := p.Outbox.List(outbox.Filter{})
	if err != nil {
		return err
	}
	to := r.FormValue("to")
	chosen := []outbox.Sent{}
	for _, m := range all {
		if strings.Contains(strings.ToLower(strings.Join(m.Recipients(), " ")), strings.ToLower(to)) {
			chosen = append(chosen, m)
		}
	}
	page := listPage[outbox.Sent]{Rows: newest(chosen, longList), Total: len(chosen), Filter: to}
	return p.render(w, r, "sent", view{Title: "Mail sent", Section: "sent", Page: page}, chosen)
}

func (p *Pages) findSent(r *http.Request) (outbox.Sent, error) {
	m, ok, err := p.Outbox.Get(r.PathValue("id"))
	if err == nil && !ok {
		err = errNotFound
	}
	return m, err
}

func (p *Pages) sentMail(w http.ResponseWriter, r *http.Request) error {
	m, err := p.findSent(r)
	if err != nil {
		return err
	}
	page := newMailPage(Prefix+"sent/"+m.ID, m.Raw)
	page.Sent = &m
	return p.render(w, r, "mail", view{Title: m.Subject, Section: "sent", Page: page}, map[string]any{"mail": m, "raw": string(m.Raw)})
}

func (p *Pages) sentHTML(w http.ResponseWriter, r *http.Request) error {
	m, err := p.findSent(r)
	if err != nil {
		return err
	}
	return writeHTMLPart(w, m.Raw)
}

func (p *Pages) sentRaw(w http.ResponseWriter, r *http.Request) error {
	m, err := p.findSent(r)
	if err != nil {
		return err
	}
	return writeRaw(w, m.Raw)
}
