package dashboard

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/dashboard/view"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
	"github.com/calendarinvite/calendarinviteserver/internal/sfnflow"
)

// day is how long one is.
const day = 24 * time.Hour

// How far back the system's page looks, and from how many mails on a rate says something.
const (
	systemDays   = view.Points
	ratedDays    = 14
	leastToRate  = 100
	queuesListed = 100
)

// system is how the whole system fares.
func (s *Site) system(w http.ResponseWriter, r *http.Request, who Session) error {
	ctx, now := r.Context(), s.Now().UTC()
	counts, err := s.Events.SystemStatistics(ctx, who.Tenant)
	if err != nil {
		return err
	}
	days, err := s.Events.SystemDays(ctx, who.Tenant, now.AddDate(0, 0, 1-systemDays).Format(time.DateOnly), now.Format(time.DateOnly))
	if err != nil {
		return err
	}
	page := view.System{
		Frame: frameOf(r, who), Events: counts.Events, Attendees: counts.Attendees, Invites: counts.Invites, Answers: answersOf(counts), Blocked: counts.Blocked,
		Series: systemSeries(days, now), Rates: rates(days, now), At: now,
	}
	if page.Organizers, err = s.Events.CountOrganizers(ctx, who.Tenant); err != nil {
		return err
	}
	if who.operates() {
		if page.Queues, err = s.queues(ctx); err != nil {
			return err
		}
		for _, queue := range page.Queues {
			page.Failed += queue.Dead
		}
	}
	html, err := s.Views.System(page)
	return show(w, html, err)
}

// queues are the workflows with their newest executions.
func (s *Site) queues(ctx context.Context) ([]view.Queue, error) {
	running, err := s.executionsWith(ctx, statusRunning)
	if err != nil {
		return nil, err
	}
	failed, err := s.executionsWith(ctx, failedStatuses...)
	if err != nil {
		return nil, err
	}
	var queues []view.Queue
	for _, name := range s.standardWorkflows() {
		queue := view.Queue{Name: name, Running: len(running[name]), Dead: len(failed[name])}
		for _, x := range running[name] {
			if queue.Oldest.IsZero() || x.Started.Before(queue.Oldest) {
				queue.Oldest = x.Started.UTC()
			}
		}
		queues = append(queues, queue)
	}
	return queues, nil
}

// systemSeries are the days, without gaps.
func systemSeries(days []invite.Day, now time.Time) []view.SystemMoment {
	if len(days) == 0 {
		return nil
	}
	known := map[string]invite.Day{}
	for _, d := range days {
		known[d.Date] = d
	}
	first, err := time.Parse(time.DateOnly, days[0].Date)
	if err != nil {
		return nil
	}
	var series []view.SystemMoment
	for at := first; !at.After(now); at = at.AddDate(0, 0, 1) {
		d := known[at.Format(time.DateOnly)]
		moment := view.SystemMoment{At: at, Invites: d.Invites, Bounces: d.Bounced}
		for _, n := range d.Answers {
			moment.Answers += n
		}
		series = append(series, moment)
	}
	return series
}

// rates are the shares of the invitations of the last days that bounced and were complained about. SES counts over a number of mails that it
// does not tell; this is near enough to be warned in time.
func rates(days []invite.Day, now time.Time) view.Rates {
	since := now.AddDate(0, 0, 1-ratedDays).Format(time.DateOnly)
	var sum invite.Day
	for _, d := range days {
		if d.Date >= since {
			sum.Invites += d.Invites
			sum.Bounced += d.Bounced
			sum.Complained += d.Complained
		}
	}
	if sum.Invites < leastToRate {
		return view.Rates{}
	}
	return view.Rates{Bounce: float64(sum.Bounced) / float64(sum.Invites), Complaint: float64(sum.Complained) / float64(sum.Invites), Known: true}
}

// Statuses of executions.
const statusRunning = "RUNNING"

var failedStatuses = []string{"FAILED", "TIMED_OUT", "ABORTED"}

// standardWorkflows are those that keep their executions.
func (s *Site) standardWorkflows() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(s.Workflows)), func(name string) bool { return s.Workflows[name].Express })
}

// executionsWith are the newest executions of each Standard workflow that have one of the statuses. One call for each pair, all at once.
func (s *Site) executionsWith(ctx context.Context, statuses ...string) (map[string][]sfnflow.Execution, error) {
	var mu sync.Mutex
	var failure error
	found := map[string][]sfnflow.Execution{}
	var wait sync.WaitGroup
	for _, name := range s.standardWorkflows() {
		for _, status := range statuses {
			wait.Go(func() {
				list, err := s.Flows.List(ctx, s.Workflows[name].ARN, status, queuesListed)
				mu.Lock()
				defer mu.Unlock()
				found[name] = append(found[name], list...)
				if err != nil {
					failure = err
				}
			})
		}
	}
	wait.Wait()
	return found, failure
}
