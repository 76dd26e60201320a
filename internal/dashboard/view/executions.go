package view

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/plain"
)

// Executions is an administrator's list of executions that failed, newest first.
type Executions struct {
	Frame Frame
	Items []ExecutionRow
	After string // the cursor of this page; empty = it is the first
	Next  string // the cursor of the next page; empty = there is none
}

// ExecutionRow is one execution of the list.
type ExecutionRow struct {
	ID       string // as the page's address has it
	Name     string
	Workflow string
	Outcome  string // FAILED, TIMED_OUT, ABORTED, SUCCEEDED or RUNNING, as Step Functions names it
	Error    string
	Stopped  time.Time
}

func (r ExecutionRow) fill(to values) {
	to.line("name", r.Name)
	to.line("workflow", r.Workflow)
	to.set("outcome", "")
	switch r.Outcome {
	case "FAILED":
		to.set("outcome", "Failed")
	case "TIMED_OUT":
		to.set("outcome", "Timed out")
	case "ABORTED":
		to.set("outcome", "Aborted")
	case "SUCCEEDED":
		to.set("outcome", "Succeeded")
	case "RUNNING":
		to.set("outcome", "Running")
	}
	to.flag("good", r.Outcome == "SUCCEEDED")
	to.flag("failure", r.Outcome != "SUCCEEDED" && r.Outcome != "RUNNING")
	to.line("error", r.Error)
	to.moment("stopped", r.Stopped)
	to.set("execution_path", ExecutionPath(r.ID))
}

// Executions draws the page.
func (v *Views) Executions(p Executions) ([]byte, error) { return v.draw("executions", p) }

func (p Executions) fill(to values) error {
	p.Frame.fill(to)
	to.in("executions")
	to.set("heading", "Failed executions")
	to.flag("any", len(p.Items) > 0)
	for _, row := range p.Items {
		row.fill(to.item("executions"))
	}
	to.pages(ExecutionsPath, p.After, p.Next)
	return nil
}

// Execution is one execution: as a rule one that failed, but an address may outlive a redrive that went well.
type Execution struct {
	Frame   Frame
	Row     ExecutionRow
	Started time.Time
	State   string // the state that failed; may be empty
	Cause   string // text, often JSON
	Input   string // JSON
}

// Execution draws the page.
func (v *Views) Execution(p Execution) ([]byte, error) { return v.draw("execution", p) }

func (p Execution) fill(to values) error {
	p.Frame.fill(to)
	to.in("executions")
	p.Row.fill(to)
	to.set("heading", "Failed execution")
	if to.texts["failure"] == "" {
		to.set("heading", "Execution")
	}
	to.set("executions_path", ExecutionsPath)
	to.moment("started", p.Started)
	to.set("took", "")
	if took := p.Row.Stopped.Sub(p.Started); !p.Started.IsZero() && took > 0 {
		to.set("took", took.Round(time.Millisecond).String())
	}
	to.line("failed_state", p.State)
	to.code("cause", p.Cause)
	to.code("input", p.Input)
	return nil
}

// Limits of code on a page: with two of them it stays well under its weight, and laid out it does not grow without end.
const (
	maxCode  = 8 << 10 // bytes
	maxDepth = 32      // of JSON that is laid out
)

// code adds text as a program wrote it; JSON is laid out.
func (v values) code(name, text string) {
	var laidOut bytes.Buffer
	if len(text) <= maxCode && depth(text) <= maxDepth && json.Indent(&laidOut, []byte(text), "", "  ") == nil {
		text = laidOut.String()
	}
	v.flag(name+"_cut", len(text) > maxCode)
	if len(text) > maxCode {
		text = strings.ToValidUTF8(text[:maxCode], "")
	}
	v.set(name, plain.Lines(strings.ReplaceAll(text, "\t", "  "), maxCode))
}

// depth is at least how deeply the JSON is nested.
func depth(text string) int {
	deepest, open := 0, 0
	for i := range len(text) {
		switch text[i] {
		case '{', '[':
			open++
			deepest = max(deepest, open)
		case '}', ']':
			open--
		}
	}
	return deepest
}
