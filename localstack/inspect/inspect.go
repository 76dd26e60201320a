// Package inspect serves the pages under /_local/ on which a person sees what the local stack did: mail sent and received, executions as graphs
// with the data of every state, records, objects, functions and permissions. With Accept: application/json the same addresses answer JSON.
package inspect

import (
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"strings"
)

// Prefix is the path that the pages live under.
const Prefix = "/_local/"

// Pages is the http.Handler of all pages.
type Pages struct {
	Sources
	mux       *http.ServeMux
	templates map[string]*template.Template
	log       *slog.Logger
}

// New returns the pages over their sources. log may be nil.
func New(s Sources, log *slog.Logger) (*Pages, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	templates, err := parseTemplates()
	if err != nil {
		return nil, fmt.Errorf("inspect: %w", err)
	}
	p := &Pages{Sources: s, mux: http.NewServeMux(), templates: templates, log: log}
	for pattern, handle := range map[string]func(http.ResponseWriter, *http.Request) error{
		"{$}":                                 p.home,
		"style.css":                           p.stylesheet,
		"sent":                                p.sentList,
		"sent/{id}":                           p.sentMail,
		"sent/{id}/html":                      p.sentHTML,
		"sent/{id}/raw":                       p.sentRaw,
		"received":                            p.receivedList,
		"received/{id}":                       p.receivedMail,
		"received/{id}/html":                  p.receivedHTML,
		"received/{id}/raw":                   p.receivedRaw,
		"executions":                          p.executionList,
		"executions/{machine}/{name}":         p.execution,
		"executions/{machine}/{label}/{name}": p.execution, // a child of a Map Run
		"mapruns/{id}":                        p.mapRun,
		"tables":                              p.table,
		"tables/{table}":                      p.table,
		"tables/{table}/item":                 p.item,
		"event/{uid}":                         p.event,
		"objects":                             p.objectList,
		"objects/{bucket}/{key...}":           p.object,
		"functions":                           p.functionList,
		"functions/{name}":                    p.function,
		"grants":                              p.grants,
	} {
		p.mux.HandleFunc("GET "+Prefix+pattern, func(w http.ResponseWriter, r *http.Request) {
			if err := handle(w, r); err != nil {
				p.fail(w, r, err)
			}
		})
	}
	p.mux.HandleFunc(Prefix, func(w http.ResponseWriter, r *http.Request) { p.fail(w, r, errNotFound) })
	p.mux.Handle("/_local", http.RedirectHandler(Prefix, http.StatusMovedPermanently))
	return p, nil
}

// ServeHTTP implements http.Handler.
func (p *Pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Referrer-Policy", "same-origin")
	w.Header().Set("Cache-Control", "no-store")
	// The pages run no script at all, and what mails bring along loads nothing from elsewhere.
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-src 'self'; form-action 'self'; base-uri 'none'")
	p.mux.ServeHTTP(w, r)
}

// wantsJSON reports whether the client asked for JSON rather than for a page. A browser names text/html.
func wantsJSON(r *http.Request) bool {
	accept := r.Header.Get("Accept")
	return strings.Contains(accept, "application/json") && !strings.Contains(accept, "text/html")
}
