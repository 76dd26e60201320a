package dashboard

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/calendarinvite/calendarinviteserver/internal/dashboard/view"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

func TestSystemSeries(t *testing.T) {
	days := []invite.Day{{Date: "2026-04-12", Invites: 5, Bounced: 1, Answers: map[string]int{"accepted": 2, "declined": 1}}, {Date: "2026-04-14", Invites: 7}}
	want := []view.SystemMoment{{At: midnight(12), Invites: 5, Bounces: 1, Answers: 3}, {At: midnight(13)}, {At: midnight(14), Invites: 7}, {At: midnight(15)}}
	if diff := cmp.Diff(want, systemSeries(days, now)); diff != "" {
		t.Error(diff)
	}
	for name, days := range map[string][]invite.Day{"no day": nil, "a day that is none": {{Date: "today"}}} {
		if got := systemSeries(days, now); got != nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestRates(t *testing.T) {
	for _, test := range []struct {
		name string
		days []invite.Day
		want view.Rates
	}{
		{"nothing was sent", nil, view.Rates{}},
		{"too little to say", []invite.Day{{Date: "2026-04-15", Invites: 99, Bounced: 50}}, view.Rates{}},
		{"enough", []invite.Day{{Date: "2026-04-15", Invites: 50, Bounced: 5}, {Date: "2026-04-02", Invites: 50, Complained: 1}}, view.Rates{Bounce: 0.05, Complaint: 0.01, Known: true}},
		{"what is too long ago does not count", []invite.Day{{Date: "2026-04-01", Invites: 900, Bounced: 900}, {Date: "2026-04-15", Invites: 100, Bounced: 1}}, view.Rates{Bounce: 0.01, Known: true}},
		{"nor does it make enough", []invite.Day{{Date: "2026-04-01", Invites: 900}, {Date: "2026-04-15", Invites: 1}}, view.Rates{}},
		{"none is bad", []invite.Day{{Date: "2026-04-15", Invites: 100}}, view.Rates{Known: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, rates(test.days, now)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
