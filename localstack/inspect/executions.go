package inspect

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/calendarinvite/calendarinviteserver/localstack/inspect/graph"
	"github.com/calendarinvite/calendarinviteserver/localstack/states"
)

type executionsPage struct {
	listPage[states.Summary]
	Machines, Statuses []string // to choose from
	Machine, Status    string   // chosen
	Name               string
}

// executionList answers JSON with the newest execution last; the page has the newest first.
func (p *Pages) executionList(w http.ResponseWriter, r *http.Request) error {
	all, err := p.Executions.List("")
	if err != nil {
		return err
	}
	page := executionsPage{Machine: r.FormValue("machine"), Status: r.FormValue("status")}
	chosen := []states.Summary{}
	for _, e := range all {
		page.Machines = append(page.Machines, e.Machine)
		page.Statuses = append(page.Statuses, e.Status)
		if (page.Machine == "" || e.Machine == page.Machine) && (page.Status == "" || e.Status == page.Status) {
			chosen = append(chosen, e)
		}
	}
	slices.Sort(page.Machines)
	slices.Sort(page.Statuses)
	page.Machines, page.Statuses = slices.Compact(page.Machines), slices.Compact(page.Statuses)
	page.Rows, page.Total = newest(chosen, longList), len(chosen)
	return p.render(w, r, "executions", view{Title: "Executions", Section: "executions", Page: page}, chosen)
}

// took is how long something lasted; 0 while it does.
func took(from time.Time, to *time.Time) time.Duration {
	if to == nil {
		return 0
	}
	return to.Sub(from)
}

// Outcome is how a visit of a state went.
type Outcome string

// A state was left as planned, left at the first or a later attempt, left through a Catch, was where the execution failed, or still runs.
const (
	Succeeded Outcome = "succeeded"
	Retried   Outcome = "retried"
	Caught    Outcome = "caught"
	Failed    Outcome = "failed"
	Running   Outcome = "running"
	Unvisited Outcome = "unvisited"
)

// outcome tells how a visit went, in an execution with the given status.
func outcome(v states.Visit, execution string) Outcome {
	switch {
	case v.Type == "Fail":
		return Failed
	case v.Error != "" && v.Exited != nil:
		return Caught
	case v.Exited == nil && execution != "RUNNING":
		return Failed
	case v.Exited == nil:
		return Running
	case v.Retries > 0:
		return Retried
	}
	return Succeeded
}

type executionPage struct {
	states.Execution
	MapRuns  []states.MapRun
	Visits   []visitView
	History  []states.HistoryEvent
	Graph    *graphView
	Problem  string // why there is no graph
	Received bool   // the execution is named after a received mail
}

type visitView struct {
	states.Visit
	Outcome Outcome
	Anchor  string // where it is on the page; none of those inside Map Runs
	Link    string // what the state leads to in the graph
}

func (p *Pages) execution(w http.ResponseWriter, r *http.Request) error {
	machine := r.PathValue("machine")
	if label := r.PathValue("label"); label != "" {
		machine += "/" + label
	}
	e, err := p.Executions.Describe(machine, r.PathValue("name"))
	if isRefused(err, "ExecutionDoesNotExist") {
		return errNotFound
	}
	if err != nil {
		return err
	}
	page := executionPage{Execution: e}
	if p.MapRuns != nil {
		if page.MapRuns, err = p.MapRuns.MapRuns(e.Machine, e.Name); err != nil {
			return err
		}
	}
	if wantsJSON(r) {
		return writeJSON(w, http.StatusOK, struct {
			states.Execution
			MapRuns []states.MapRun `json:"mapRuns,omitempty"`
		}{e, page.MapRuns})
	}
	for i, v := range e.States {
		page.Visits = append(page.Visits, visitView{Visit: v, Outcome: outcome(v, e.Status), Anchor: anchor(i), Link: "#" + anchor(i)})
	}
	if drawing, err := graph.Draw(e.Definition); err != nil {
		page.Problem = err.Error()
	} else {
		inside, err := p.insideMaps(page.MapRuns)
		if err != nil {
			return err
		}
		page.Graph = colour(drawing, append(inside, page.Visits...))
	}
	if page.History, err = p.Executions.History(e.Machine, e.Name); err != nil {
		return err
	}
	deliveries, err := p.Received.All()
	if err != nil {
		return err
	}
	for _, d := range deliveries {
		page.Received = page.Received || d.MessageID == e.Name
	}
	v := view{Title: e.Machine, Section: "executions", Page: page}
	if e.Status == "RUNNING" {
		v.Refresh = 2
	}
	return p.html(w, http.StatusOK, "execution", v)
}

func anchor(visit int) string { return "state-" + strconv.Itoa(visit) }
