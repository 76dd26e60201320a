package inspect

import "net/http"

type functionRow struct {
	Function
	Total  int // AWS calls
	Unused int // grants
}

func row(f Function) functionRow {
	r := functionRow{Function: f}
	for _, n := range f.Calls {
		r.Total += n
	}
	for _, g := range f.Grants {
		if !g.Used {
			r.Unused++
		}
	}
	return r
}

// functionList shows what each function did.
func (p *Pages) functionList(w http.ResponseWriter, r *http.Request) error {
	all := p.Functions.Functions()
	rows := make([]functionRow, 0, len(all))
	for _, f := range all {
		rows = append(rows, row(f))
	}
	return p.render(w, r, "functions", view{Title: "Functions", Section: "functions", Page: rows}, notNil(all))
}

// function shows one function: calls, permissions, log.
func (p *Pages) function(w http.ResponseWriter, r *http.Request) error {
	for _, f := range p.Functions.Functions() {
		if f.Name == r.PathValue("name") {
			return p.render(w, r, "function", view{Title: f.Name, Section: "functions", Page: row(f)}, f)
		}
	}
	return errNotFound
}

type unusedGrants struct {
	Function string  `json:"function"`
	Ran      bool    `json:"ran"` // a function that never ran proves nothing about its permissions
	Grants   []Grant `json:"grants"`
}

// grants shows what was granted and never used since the stack started.
func (p *Pages) grants(w http.ResponseWriter, r *http.Request) error {
	rows := []unusedGrants{}
	for _, f := range p.Functions.Functions() {
		unused := unusedGrants{Function: f.Name, Ran: f.Peak > 0 || len(f.Calls) > 0}
		for _, g := range f.Grants {
			if !g.Used {
				unused.Grants = append(unused.Grants, g)
			}
		}
		if len(unused.Grants) > 0 {
			rows = append(rows, unused)
		}
	}
	return p.render(w, r, "grants", view{Title: "Unused permissions", Section: "functions", Page: rows}, rows)
}
