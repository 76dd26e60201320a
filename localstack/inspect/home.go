package inspect

import (
	"net/http"
	"slices"

	"github.com/calendarinvite/calendarinviteserver/localstack/outbox"
	"github.com/calendarinvite/calendarinviteserver/localstack/states"
)

type homePage struct {
	Counts     []count
	Executions []states.Summary // newest first
	Sent       []outbox.Sent
	Received   []receivedRow
}

type count struct {
	Label, Link string
	N           int
	Bad         bool
}

func (p *Pages) home(w http.ResponseWriter, r *http.Request) error {
	executions, err := p.Executions.List("")
	if err != nil {
		return err
	}
	sent, err := p.Outbox.List(outbox.Filter{})
	if err != nil {
		return err
	}
	received, err := p.received()
	if err != nil {
		return err
	}
	status := map[string]int{}
	for _, e := range executions {
		status[e.Status]++
	}
	page := homePage{
		Counts: []count{
			{Label: "mails received", Link: "received", N: len(received)},
			{Label: "mails sent", Link: "sent", N: len(sent)},
			{Label: "executions", Link: "executions", N: len(executions)},
			{Label: "running", Link: "executions?status=RUNNING", N: status["RUNNING"]},
			{Label: "failed", Link: "executions?status=FAILED", N: status["FAILED"], Bad: status["FAILED"] > 0},
		},
		Executions: newest(executions, 8), Sent: newest(sent, 5), Received: newest(received, 5),
	}
	return p.render(w, r, "home", view{Title: "Overview", Section: "home", Page: page}, map[string]any{
		"about": p.About, "received": len(received), "sent": len(sent), "executions": status,
	})
}

// newest returns the last n entries, the last one first.
func newest[T any](all []T, n int) []T {
	out := slices.Clone(all[max(0, len(all)-n):])
	slices.Reverse(out)
	return out
}
