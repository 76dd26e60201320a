package dashboard

import (
	"slices"
	"testing"
	"time"

	"github.com/calendarinvite/calendarinviteserver/internal/dashboard/view"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

// now is when all tests here happen.
var now = time.Date(2026, 4, 15, 10, 30, 0, 0, time.UTC)

// listed is an event as lists hold it, so many days from now; a second one of the same day comes after the first.
func listed(uid, summary string, days int, status string) invite.Event {
	start := now.AddDate(0, 0, days)
	return invite.Event{UID: uid, SummaryHTML: summary, LocationHTML: "Caf&eacute; &amp; Bar", Status: status, DTStart: start.Unix(), DTEnd: start.Add(time.Hour).Unix(), Ends: start.Add(time.Hour).Unix()}
}

func TestNextFirst(t *testing.T) {
	endless := listed("endless", "Stand-up", -100, "CONFIRMED")
	endless.Ends = 0
	events := []invite.Event{
		listed("past", "Tea &lt;b&gt;", -2, "CONFIRMED"), listed("later", "Dinner", 9, "CONFIRMED"), listed("longer-past", "Lunch", -9, "CONFIRMED"),
		listed("soon", "Tea", 1, invite.StatusTentative), listed("off", "Tea", 2, invite.StatusCancelled), listed("same-day", "Tea", 1, "CONFIRMED"), endless,
	}
	given := slices.Clone(events)
	for _, test := range []struct {
		name, search string
		state        view.EventState
		want         []string
	}{
		{"all", "", "", []string{"endless", "soon", "same-day", "off", "later", "past", "longer-past"}},
		{"a word, whatever its case", " TEA ", "", []string{"soon", "same-day", "off", "past"}},
		{"what was escaped", "<B>", "", []string{"past"}},
		{"a place", "café & bar", "", []string{"endless", "soon", "same-day", "off", "later", "past", "longer-past"}},
		{"not the mark-up", "&amp;", "", nil},
		{"to come, sure or not", "", view.Upcoming, []string{"endless", "soon", "same-day", "later"}},
		{"not sure", "", view.Unsure, []string{"soon"}},
		{"over", "", view.Over, []string{"past", "longer-past"}},
		{"called off", "", view.Cancelled, []string{"off"}},
		{"both", "dinner", view.Over, nil},
		{"no state of ours", "", "nonsense", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, e := range nextFirst(events, test.search, test.state, now) {
				got = append(got, e.UID)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
	for i, e := range given {
		if events[i].UID != e.UID {
			t.Fatal("the list that was given is in another order now")
		}
	}
}
