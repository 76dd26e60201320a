package bench

import (
	"encoding/json"
	"testing"

	"github.com/calendarinvite/calendarinviteserver/internal/imip/imiptest"
	"github.com/calendarinvite/calendarinviteserver/localstack/outbox"
	"github.com/calendarinvite/calendarinviteserver/localstack/stack/stacktest"
)

// expectSent fails unless so many people got one mail each.
func expectSent(b testing.TB, s *stacktest.Stack, people int) {
	b.Helper()
	all, err := s.Outbox.List(outbox.Filter{})
	if err != nil {
		b.Fatal(err)
	}
	by := map[string]int{}
	for _, m := range all {
		by[m.To[0]]++
	}
	if len(all) != people || len(by) != people {
		b.Errorf("%d mails to %d people, want one to each of %d", len(all), len(by), people)
	}
}

// expectAnswers fails unless the event's statistics are these.
func expectAnswers(b testing.TB, s *stacktest.Stack, uid string, want map[string]int) {
	b.Helper()
	var got struct {
		Yes   int `json:"rsvp_confirmed"`
		No    int `json:"rsvp_declined"`
		Maybe int `json:"rsvp_tentative"`
	}
	if err := json.Unmarshal([]byte(s.Get("/event/"+uid+"/statistics").Body), &got); err != nil {
		b.Fatal(err)
	}
	if got.Yes != want[imiptest.Accepted] || got.No != want[imiptest.Declined] || got.Maybe != want[imiptest.Tentative] {
		b.Errorf("statistics are %+v, want %v", got, want)
	}
}
