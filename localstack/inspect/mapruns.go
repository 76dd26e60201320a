package inspect

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/calendarinvite/calendarinviteserver/localstack/protocol"
	"github.com/calendarinvite/calendarinviteserver/localstack/states"
)

// MapRuns are the Map Runs of distributed Map states. *states.Service is one.
type MapRuns interface {
	// MapRuns returns those of an execution, oldest first; the error is as that of Executions.Describe.
	MapRuns(machine, name string) ([]states.MapRun, error)
	// MapRun returns one by its id; the error is a *protocol.Error ResourceNotFound if there is none.
	MapRun(id string) (states.MapRun, error)
	// Children returns up to limit children that have begun, from the one at place from on, without their inputs, and how many there
	// are in all. status chooses among them unless it is empty. The error is as that of MapRun.
	Children(id, status string, from, limit int) (page []states.Summary, all int, err error)
}

// childStatuses are what the children of a Map Run can be chosen by.
var childStatuses = []string{"RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"}

// isRefused reports whether an error is that of a service, with this code.
func isRefused(err error, code string) bool {
	var refused *protocol.Error
	return errors.As(err, &refused) && refused.Code == code
}

type mapRunPage struct {
	states.MapRun
	Statuses []string
	Chosen   string
	Rows     []states.Summary
	All      int // that were chosen
	From, To int // places of the first and the last row, from 1
	Next     int // place to go on from; 0 = there are no more
}

// sampled is how many children of a Map Run colour the states inside its Map state.
const sampled = 50

// insideMaps are the visits of the states inside an execution's distributed Map states: those of the first children of each Map Run, and
// then of the first that failed, so that the colour tells of them.
func (p *Pages) insideMaps(runs []states.MapRun) (visits []visitView, err error) {
	for _, run := range runs {
		for _, status := range []string{"", "FAILED"} {
			children, _, err := p.MapRuns.Children(run.ID, status, 0, sampled)
			if err != nil {
				return nil, err
			}
			for _, child := range children {
				e, err := p.Executions.Describe(child.Machine, child.Name)
				if isRefused(err, "ExecutionDoesNotExist") {
					continue // it has just become too old to be kept
				}
				if err != nil {
					return nil, err
				}
				for _, v := range e.States {
					v.Within = e.Name + "/" + v.Within
					visits = append(visits, visitView{Visit: v, Outcome: outcome(v, e.Status), Link: "/_local/mapruns/" + run.ID})
				}
			}
		}
	}
	return visits, nil
}

// mapRun shows how a Map Run stands, and its children.
func (p *Pages) mapRun(w http.ResponseWriter, r *http.Request) error {
	if p.MapRuns == nil {
		return errNotFound
	}
	run, err := p.MapRuns.MapRun(r.PathValue("id"))
	if isRefused(err, "ResourceNotFound") {
		return errNotFound
	}
	if err != nil {
		return err
	}
	page := mapRunPage{MapRun: run, Statuses: childStatuses, Chosen: r.FormValue("status")}
	from, _ := strconv.Atoi(r.FormValue("from"))
	from = max(0, from) // as for anything that is no number
	if page.Rows, page.All, err = p.MapRuns.Children(run.ID, page.Chosen, from, longList); err != nil {
		return err
	}
	page.From, page.To = from+1, from+len(page.Rows)
	if page.To < page.All {
		page.Next = page.To
	}
	v := view{Title: run.Label, Section: "executions", Page: page}
	if run.Stop == nil {
		v.Refresh = 2
	}
	return p.render(w, r, "maprun", v, struct {
		states.MapRun
		List []states.Summary `json:"list"` // of the children, from the place that was asked for on
	}{run, notNil(page.Rows)})
}
