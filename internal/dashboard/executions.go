package dashboard

import (
	"net/http"
	"slices"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/internal/dashboard/view"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/sfnflow"
)

// executions are the newest that failed, of all workflows that keep their executions.
func (s *Site) executions(w http.ResponseWriter, r *http.Request, who Session) error {
	failed, err := s.executionsWith(r.Context(), failedStatuses...)
	if err != nil {
		return err
	}
	page := view.Executions{Frame: frameOf(r, who)}
	for workflow, list := range failed {
		for _, x := range list {
			page.Items = append(page.Items, executionRow(workflow, x))
		}
	}
	slices.SortFunc(page.Items, func(a, b view.ExecutionRow) int { return b.Stopped.Compare(a.Stopped) })
	if len(page.Items) > view.Rows {
		page.Items = page.Items[:view.Rows]
	}
	html, err := s.Views.Executions(page)
	return show(w, html, err)
}

func executionRow(workflow string, x sfnflow.Execution) view.ExecutionRow {
	return view.ExecutionRow{
		ID: workflow + ":" + x.Name, Name: x.Name, Workflow: workflow, Outcome: x.Status, Error: x.Error, Stopped: x.Stopped.UTC(),
	}
}

// execution is one that failed, with its error and its input.
func (s *Site) execution(w http.ResponseWriter, r *http.Request, who Session) error {
	workflow, name, ok := strings.Cut(r.PathValue("id"), ":")
	machine, known := s.Workflows[workflow]
	if !ok || !known || machine.Express {
		return fault.New(fault.NotFound, "unknown-execution", "")
	}
	x, err := s.Flows.Describe(r.Context(), machine.ARN, name)
	if err != nil {
		return err
	}
	html, err := s.Views.Execution(view.Execution{
		Frame: frameOf(r, who), Row: executionRow(workflow, x), Started: x.Started.UTC(), Cause: x.Cause, Input: x.Input,
	})
	return show(w, html, err)
}
