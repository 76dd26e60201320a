package dashboard

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/calendarinvite/calendarinviteserver/internal/dashboard/view"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

// midnight is the beginning of a day of the month in which the tests happen.
func midnight(day int) time.Time { return time.Date(2026, 4, day, 0, 0, 0, 0, time.UTC) }

// of is a day with answers.
func of(date string, accepted, tentative, declined int) invite.Day {
	return invite.Day{Date: date, Answers: map[string]int{"accepted": accepted, "tentative": tentative, "declined": declined, "delegated": 7}}
}

func TestSeriesOf(t *testing.T) {
	for _, test := range []struct {
		name string
		days []invite.Day
		want []view.Moment
	}{
		{"no day", nil, nil},
		{"today only", []invite.Day{of("2026-04-15", 1, 2, 3)}, []view.Moment{{At: midnight(15)}, {At: now, Accepted: 1, Tentative: 2, Declined: 3}}},
		{"who changes their mind is taken back", []invite.Day{of("2026-04-14", 2, 0, 0), of("2026-04-15", -1, 0, 1)}, []view.Moment{
			{At: midnight(14)}, {At: midnight(15), Accepted: 2}, {At: now, Accepted: 1, Declined: 1},
		}},
		{"nothing happens between two days", []invite.Day{of("2026-04-01", 5, 0, 0), of("2026-04-15", 1, 0, 0)}, []view.Moment{
			{At: midnight(1)}, {At: midnight(2), Accepted: 5}, {At: midnight(15), Accepted: 5}, {At: now, Accepted: 6},
		}},
		{"nothing happens any more", []invite.Day{of("2026-04-01", 5, 0, 0)}, []view.Moment{{At: midnight(1)}, {At: midnight(2), Accepted: 5}, {At: now, Accepted: 5}}},
		{"a day that is none", []invite.Day{of("today", 9, 0, 0)}, nil},
		{"and one that is", []invite.Day{of("today", 9, 0, 0), of("2026-04-15", 1, 0, 0)}, []view.Moment{{At: midnight(15)}, {At: now, Accepted: 1}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, seriesOf(test.days, now)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFunnelOf(t *testing.T) {
	counts := invite.Statistics{Attendees: 100, Origin: map[string]int{invite.OriginShared: 10}, Bounced: 4, Blocked: 2}
	list := invite.Work{Kind: invite.WorkList, People: 60}
	old := invite.Work{Kind: invite.WorkUpdate, Sequence: 1, People: 90, Behind: 5, OutOfDate: 30}
	update := invite.Work{Kind: invite.WorkUpdate, Sequence: 2, People: 80, OutOfDate: 6}
	failed := invite.Work{Kind: invite.WorkUpdate, Sequence: 2, People: 80, Behind: 70, OutOfDate: 6}
	for _, test := range []struct {
		name  string
		works []invite.Work
		left  int // of the newest, if it runs
		want  view.Funnel
	}{
		{"nothing runs", nil, 0, view.Funnel{Current: 86}},
		{"a list was sent", []invite.Work{list}, 0, view.Funnel{Current: 86}},
		{"a list is being sent, of whose people nobody is recorded who waits", []invite.Work{list}, 60, view.Funnel{Current: 86}},
		{"an update was sent", []invite.Work{old, update}, 0, view.Funnel{Current: 80, Outdated: 6}},
		{"an update is being sent", []invite.Work{old, update}, 50, view.Funnel{Current: 30, Outdated: 56, Behind: 50}},
		{"an update failed on its way", []invite.Work{old, failed}, 0, view.Funnel{Current: 10, Outdated: 76, Behind: 70}},
		{"what failed is being sent again", []invite.Work{old, failed}, 20, view.Funnel{Current: 60, Outdated: 26, Behind: 20}},
		{"a list after an update that failed", []invite.Work{failed, list}, 60, view.Funnel{Current: 10, Outdated: 76, Behind: 70}},
		{"a list after the update", []invite.Work{update, list}, 60, view.Funnel{Current: 80, Outdated: 6}},
		{"an update before this revision", []invite.Work{old}, 0, view.Funnel{Current: 86}},
		{"more than there are", []invite.Work{update}, 500, view.Funnel{Outdated: 506, Behind: 500}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.want.Invited, test.want.Sent, test.want.Bounced, test.want.Blocked = 90, 90, 4, 2
			var running *view.Progress
			if test.left > 0 {
				running = &view.Progress{Total: test.left + 7, Done: 7}
			}
			if diff := cmp.Diff(test.want, funnelOf(invite.Overview{Event: invite.Event{Sequence: 2}, Statistics: counts, Works: test.works}, running)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// However many days there are, the chart has at most so many points: the first and the last, and others in their order.
func TestThin(t *testing.T) {
	for n := range 4 * view.Points {
		series := make([]view.Moment, n)
		for i := range series {
			series[i].At = midnight(1).AddDate(0, 0, i)
		}
		kept := thin(series)
		if want := min(n, view.Points); len(kept) != want {
			t.Fatalf("of %d points %d are kept, not %d", n, len(kept), want)
		}
		if n == 0 {
			continue
		}
		if kept[0] != series[0] || kept[len(kept)-1] != series[n-1] {
			t.Errorf("of %d points the first or the last is lost", n)
		}
		for i := 1; i < len(kept); i++ {
			if !kept[i].At.After(kept[i-1].At) {
				t.Errorf("of %d points, point %d is at %v, the one before at %v", n, i, kept[i].At, kept[i-1].At)
			}
		}
	}
}
